"""Correct an answer: a new row, the old one struck through, with who, when and why.

A correction changes what stands in the case, never the way it has gone: no step is run again, no
role is given, nobody who was named stops being named, and a shield is only ever made stricter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select

from engine.cases import exchange, given, notices, receipts, roster, tasks
from engine.cases.answers import name_of, title_in
from engine.cases.desk import Desk, case_id_of, no_access, open_case
from engine.cases.facts import Facts, ScopeFact
from engine.cases.scripting import evaluate
from engine.cases.wording import form_of, step_name_of
from engine.database.tables import Account, Answer, Case, NamedPerson, Scope, Task
from engine.definitions.deciding import deciding
from engine.definitions.forms import Form
from engine.people import access, register
from engine.people.access import Permission
from engine.people.register import Kind as Person
from engine.people.register import Option
from engine.people.roles import Role
from engine.records import reading
from engine.records.log import Kind
from engine.refusals import Fault, Reason, Refusal
from engine.rules import workdays
from engine.sentences import say

REASON = "grunn"  # the page's field for why; no form has one of this name
LONGEST = 2_000  # characters in a reason
SHIELDS = ("skjermet_ansatt", "skjermet_ledelse")
_LEFT_ALONE = say(
    "Hvem som har rollen, byttes ikke ved å rette svaret. Sett tilbake det som stod, "
    "og be den som leder saken, om å gi den videre."
)
_STILL_SHIELDED = say(
    "Saken er skjermet, og det kan ikke fjernes ved å rette svaret. Sett tilbake det som stod."
)
_OTHER_PUPIL = say("Bare ledelsen kan rette hvilken elev saken gjelder. Snakk med rektor.")


@dataclass(frozen=True)
class CorrectAnswer:
    """answer_id: any version of the answer; typed: the form's fields; seen: the id of the version
    that the page showed; receipt: the page's own key."""

    number: str
    answer_id: int
    account_id: int
    typed: dict[str, Any]
    reason: str
    seen: int | None
    receipt: str


@dataclass(frozen=True)
class CorrectionPage:
    """The form with the answers as they stand, or as they are typed now.

    seen: the version's id; decides: the labels of the fields that have decided the case's way;
    can_shield: a field can shield the case, which is open yet.
    """

    case_number: str
    answer_id: int
    pupil: str
    shielded: bool
    step_name: str
    by: str | None
    at: datetime
    form: Form
    typed: dict[str, Any]
    context: Mapping[str, Any]
    options: Mapping[str, Sequence]
    seen: int
    decides: tuple[str, ...]
    can_shield: bool
    may_see_case: bool


def correction_page(
    product, account_id: int, number: str, answer_id: int, typed: dict[str, Any] | None = None
) -> CorrectionPage:
    """The page where an answer is corrected; the reading is logged. Raises Refusal."""
    with open_case(product, case_id_of(product, number), account_id) as desk:
        work = _Work(desk, answer_id)
        reading.record(desk.session, desk.case.id, account_id, desk.now, reading.What.SVAR)
        about = {"case": desk.case, "now": desk.now}
        decided = deciding(desk.definition, work.first.step)
        return CorrectionPage(
            case_number=number,
            answer_id=work.first.id,
            pupil=title_in(desk.session, desk.case),
            shielded=desk.case.shielded is not None,
            step_name=step_name_of(desk, work.first),
            by=name_of(desk.session, work.first.account_id),
            at=work.first.at,
            form=work.form,
            typed=work.old if typed is None else typed,
            context=work.context,
            options=work.options(),
            seen=work.current.id,
            decides=tuple(
                field.label
                for path, field in work.form.fields()
                if path.partition(".")[0] in decided and "." not in path
            ),
            can_shield=desk.case.shielded is None
            and any(field.marks in SHIELDS for _, field in work.form.fields()),
            may_see_case=access.may(desk.session, work.account, Permission.SEE_CASE, **about),
        )


def correct(product, command: CorrectAnswer) -> bool:
    """Correct an answer. Whether that shielded the case, which no case of § 12-5 comes of: it must
    be reported. Raises Refusal with every fault at once; then nothing was changed."""
    case_id = case_id_of(product, command.number)
    shielded = _correct(product, case_id, command)
    exchange.deliver(product, case_id)
    return shielded


def _correct(product, case_id: int, command: CorrectAnswer) -> bool:
    with open_case(product, case_id, command.account_id) as desk:
        if receipts.find(desk.session, command.receipt, command.account_id, "rett") is not None:
            return False
        work = _Work(desk, command.answer_id)
        if command.seen != work.current.id:
            raise _changed(desk, work.current)
        new = work.judged(command.typed, command.reason)
        row = Answer(
            case_id=desk.case.id,
            scope_id=work.first.scope_id,
            process_id=work.first.process_id,
            step=work.first.step,
            task_id=work.first.task_id,
            account_id=desk.actor_id,
            at=desk.now,
            performed_by_id=work.first.performed_by_id,
            performed_at=work.first.performed_at,
            form_version=work.form.sha256,
            sealed_answers=desk.seal(new, "answer"),
            corrects_id=work.first.id,
            sealed_reason=desk.seal(command.reason.strip(), "reason"),
            in_sight=work.current.in_sight,
        )
        work.current.in_sight = False
        desk.session.add(row)
        was_open = desk.case.shielded is None
        work.follow_up(new)
        receipts.keep(desk, command.receipt, "rett")
        return was_open and desk.case.shielded is not None


class _Work:
    """One answer on the desk, to be corrected. Raises Refusal for those who may not."""

    def __init__(self, desk: Desk, answer_id: int):
        row = desk.session.get(Answer, answer_id)
        if row is None or row.case_id != desk.case.id or row.task_id is None:
            raise no_access()
        self.desk = desk
        every = given.versions(desk.session, row)
        self.first, self.current = every[0], every[-1]
        self.task = desk.session.get_one(Task, self.first.task_id)
        self.account = desk.session.get(Account, desk.actor_id)
        self._allow(every)
        self.form = form_of(desk, self.first)
        self.old = desk.unseal(self.current.sealed_answers, "answer")
        self.context = self._context()

    def _may(self, permission: Permission) -> bool:
        about = {"case": self.desk.case, "now": self.desk.now}
        return access.may(self.desk.session, self.account, permission, **about)

    def _allow(self, every: list[Answer]) -> None:
        """Those who lead the case, and the one who answered while nobody else has corrected it."""
        if self._may(Permission.CORRECT):
            return
        if self.first.account_id != self.desk.actor_id:
            raise no_access()
        about = {"case": self.desk.case, "task": self.task, "now": self.desk.now}
        access.require(self.desk.session, self.account, Permission.SEE_TASK, **about)
        if any(row.account_id != self.desk.actor_id for row in every):
            raise Refusal(
                Reason.FEIL_ROLLE,
                say(
                    "Svaret er rettet av en som behandler saken. "
                    "Snakk med rektor om det er noe mer."
                ),
            )

    def _context(self) -> dict[str, Any]:
        """What the form's rules saw when it was answered: what was known then, corrected since."""
        desk, at = self.desk, self.first.at
        facts = Facts(_known_at(desk, self.first.account_id, at))
        facts.scopes = _scopes(desk)
        for row in desk.session.scalars(
            select(Answer)
            .where(
                Answer.case_id == desk.case.id,
                given.first_id < self.first.id,
                given.as_they_stand(desk.case.id),
            )
            .order_by(given.first_id)
        ):
            facts.put(row.scope_id, row.step, desk.unseal(row.sealed_answers, "answer"))
        chain, scope_id = [], self.first.scope_id
        while scope_id:
            chain.append(scope_id)
            scope_id = facts.scopes[scope_id].parent
        late = self.task.due_at is not None and self.task.due_at < at
        return {**facts.context(chain[::-1]), "over_frist": late}

    def options(self) -> dict[str, list]:
        """Who can be chosen: as now, and those who were chosen then, also when they have left."""
        found = {source: list(each) for source, each in roster.pickers(self.desk).items()}
        names = register.names_of(self.desk.session, self.form.persons(self.old))
        sources = {Person.ELEV: "elever", Person.ANSATT: "ansatte", Person.FORESATT: "foresatte"}
        for ref, name in sorted(names.items()):
            there = found[sources[register.parse(ref)[0]]]
            if ref not in {option.value for option in there}:
                there.append(Option(ref, name))
        return found

    def judged(self, typed: dict[str, Any], reason: str) -> dict:
        """The new answers, by the form's own rules. Raises Refusal with every fault."""
        faults: list[Fault] = []
        new: dict[str, Any] = {}
        answered_by = self.first.performed_by_id or self.first.account_id
        try:
            new = self.form.judge(
                typed,
                self.context,
                evaluate,
                self.options(),
                named=roster.named(self.desk) - self.form.persons(self.old),
                person=register.ref(Person.ANSATT, answered_by) if answered_by else None,
            )
            faults += self._not_here(new)
        except Refusal as refusal:
            faults += refusal.faults
        if not 0 < len(reason.strip()) <= LONGEST:
            words = say("Skriv hvorfor svaret rettes, med høyst %(most)s tegn.", most=LONGEST)
            faults.append(Fault(REASON, Reason.MANGLER_FELT, words))
        if faults:
            raise Refusal.of_answers(faults)
        if new == self.old:
            said = say("Du har ikke endret noe. Rett det som er feil.")
            raise Refusal(Reason.UGYLDIG_SVAR, said)
        return new

    def _not_here(self, new: dict) -> list[Fault]:
        """What a correction can't do, each under its field."""
        faults = []
        if set(self.form.case_roles(self.old)) != set(self.form.case_roles(new)):
            faults.append(self._fault(lambda field: bool(field.gives_role), _LEFT_ALONE))
        before, after = dict(self.form.marks(self.old)), dict(self.form.marks(new))
        for mark in SHIELDS:
            if before.get(mark) == "ja" and after.get(mark) != "ja":
                faults.append(self._fault(lambda f, mark=mark: f.marks == mark, _STILL_SHIELDED))
        moved = before.get("elev") != after.get("elev")
        if moved and not self._may(Permission.CORRECT_PUPIL):
            faults.append(self._fault(lambda field: field.marks == "elev", _OTHER_PUPIL))
        return faults

    def _fault(self, is_it, words: str) -> Fault:
        path = next(path for path, field in self.form.fields() if is_it(field))
        return Fault(path, Reason.IKKE_VALGBAR, words)

    def follow_up(self, new: dict) -> None:
        """What follows for the case itself, and what is told."""
        desk, form = self.desk, self.form
        shielded, named, pupil = desk.case.shielded, roster.named(desk), desk.case.pupil_id
        old_named = {ref for ref, _ in form.named(self.old)}
        for ref, part in form.named(new):
            tasks.name_in_case(desk, ref, part)
        marked = dict(form.marks(self.old))
        for mark, value in form.marks(new):
            if marked.get(mark) != value:
                tasks.mark(desk, mark, value)
        desk.session.flush()
        changed = [key for key in _keys(form) if self.old.get(key) != new.get(key)]
        detail = {
            "svar": self.first.id,
            "felt": changed,
            "fortsatt_nevnt": sorted(old_named - {ref for ref, _ in form.named(new)}),
        }
        desk.log_task(Kind.RETTET, self.task, detail)
        if desk.case.shielded != shielded:
            desk.log(Kind.SAK_SKJERMET, step=self.first.step)
        if desk.case.pupil_id != pupil:
            tasks.give_anew(desk, moved={Role.KONTAKTLAERER})
        elif (desk.case.shielded, roster.named(desk)) != (shielded, named):
            tasks.give_anew(desk)
        if deciding(desk.definition, self.first.step) & set(changed):
            notices.tell_role(desk, "rektor", notices.INFORMED, self.first.step)


def _keys(form: Form) -> list[str]:
    return [path for path, _ in form.fields() if "." not in path]


def _scopes(desk: Desk) -> dict[str, ScopeFact]:
    """Every scope of the case, those too that are out of sight by now, in order."""
    rows = desk.session.scalars(
        select(Scope).where(Scope.case_id == desk.case.id).order_by(Scope.seq)
    )
    return {
        row.id: ScopeFact(
            row.id,
            row.kind,
            row.step,
            row.parent_id,
            row.group,
            row.variable,
            desk.unseal(row.sealed_item, "item") if row.sealed_item else None,
            row.result,
            row.seq,
        )
        for row in rows
    }


def _known_at(desk: Desk, answered_by: int | None, at: datetime) -> dict[str, Any]:
    """What the product itself knew at that moment, and told the one who answered."""
    local, received = workdays.local(at), desk.case.received_at
    known = received if received is not None and received <= at else None
    return {
        **desk.facts.system,
        "naa": local.strftime("%Y-%m-%dT%H:%M"),
        "i_dag": local.date().isoformat(),
        "mottatt": known and workdays.local(known).strftime("%Y-%m-%dT%H:%M"),
        "finnes_aapen_sak": _had_open_case(desk, answered_by, at),
    }


def _had_open_case(desk: Desk, account_id: int | None, at: datetime) -> bool:
    """Whether the pupil had another open case at that moment, in which this person is not named."""
    if desk.case.pupil_id is None or desk.case.shielded is not None:
        return False
    found = select(Case.id).where(
        Case.pupil_id == desk.case.pupil_id,
        Case.id != desk.case.id,
        Case.process_id == desk.case.process_id,
        Case.shielded.is_(None),
        Case.opened_at <= at,
        or_(Case.ended_at.is_(None), Case.ended_at > at),
        Case.id.not_in(select(NamedPerson.case_id).where(NamedPerson.account_id == account_id)),
    )
    return desk.session.scalar(found.limit(1)) is not None


def _changed(desk: Desk, current: Answer) -> Refusal:
    who = name_of(desk.session, current.account_id)
    said = say(
        "%(who)s rettet svaret %(at)s, mens du skrev. Se over det som står nå, og send på nytt.",
        who=who,
        at=current.at,
    )
    return Refusal(Reason.ENDRET, said, who=who, at=current.at)
