"""Meldingene mine: what a person has reported, in that person's own words, and nothing later.

Everything here is read from the answers that the reporter sent, never from what the case became.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import aliased

from engine.cases import linked, receipts
from engine.cases.desk import no_access, open_case
from engine.cases.notices import INFORMED, tell_role
from engine.cases.report import ACT, AT_ONCE, PROCESS, REPORT, SUSPECT
from engine.database.tables import Account, Answer, Case, Note, Task
from engine.definitions.forms import Form, Line
from engine.people import access, register
from engine.records import reading
from engine.records.log import Kind
from engine.records.reading import What
from engine.refusals import Reason, Refusal
from engine.rules import workdays
from engine.sentences import say

STEPS = (REPORT, ACT, SUSPECT, AT_ONCE)
UNASKED = frozenset({"kilde", "kanal", "stilling"})  # the page answers these itself
TWICE = frozenset({"elev", "hva_sett_hort"})  # of § 12-5's first step: said in the report already
LAST_STEP = "logg_og_gi_beskjed"  # what the reporter still does after «Nei»
LONGEST = 20_000  # characters in an addition


class Receiver(StrEnum):
    """Who got the report."""

    REKTOR = "rektor"
    SKOLEEIER = "skoleeier"
    KONTAKTLAERER = "kontaktlaerer"


@dataclass(frozen=True)
class MyReport:
    """One own report. pupil: name and class; adult: a § 12-5 box was ticked; sent_at is UTC."""

    number: str
    sent_at: datetime
    receiver: Receiver
    adult: bool
    acute: bool
    pupil: str | None


@dataclass(frozen=True)
class Registered:
    """Who told what another reported, when (UTC), and who reported it."""

    told_by: str
    told_at: datetime
    by: str


@dataclass(frozen=True)
class MyWords:
    """One own report with what was written.

    lines: label and answer, in the forms' order; added: what was added later, with when (UTC);
    days: the day by which a rule of regelverk.toml lets something happen, as counted when it was
    sent; task_id: the open task that is left to the reporter; registered: when one reported it for
    another.
    """

    report: MyReport
    lines: tuple[Line, ...]
    added: tuple[tuple[datetime, str], ...]
    days: dict[str, date]
    task_id: int | None
    registered: Registered | None


DAYS = ("motta_varsel", "undersok_start", "plan", "motta_rektor", "motta_skoleeier")


def my_reports(product, account_id: int) -> list[MyReport]:
    """What the account has reported, the newest first."""
    with product.database.session() as session:
        return [
            _report(session, case, _own_answers(product, session, case))
            for case in _own_cases(product, session, account_id)
        ]


def my_report(product, account_id: int, number: str) -> MyWords:
    """One own report. Writes the reading down. Raises Refusal (IKKE_TILGANG)."""
    with product.database.transaction() as session:
        case = _own_case(product, session, account_id, number)
        reading.record(session, case.id, account_id, product.clock(), What.SVAR)
        sent = _own_answers(product, session, case)
        corrected = _own_answers(product, session, case, corrected=True)
        return MyWords(
            report=_report(session, case, sent),
            lines=tuple(_lines(product, session, case, corrected)),
            added=tuple(_added(product, session, case, account_id)),
            registered=_registered(session, case),
            days=_days(product, session, case),
            task_id=session.scalar(
                select(Task.id).where(
                    Task.case_id == case.id, Task.step == LAST_STEP, Task.state == "open"
                )
            ),
        )


def add_to_report(product, account_id: int, number: str, text: str, receipt: str) -> None:
    """Add to an own report, as a note on the case; what was sent stays as it is. Whoever handles
    the case is told. receipt: the page's own key; sent twice it is added once. Raises Refusal."""
    with product.database.session() as session:
        case_id = _own_case(product, session, account_id, number).id
    if not text.strip() or len(text) > LONGEST:
        raise Refusal(Reason.MANGLER_FELT, say("Skriv mellom 1 og %(most)s tegn.", most=LONGEST))
    with open_case(product, case_id, account_id) as desk:
        _own_case(product, desk.session, account_id, number)
        if receipts.find(desk.session, receipt, account_id, "tillegg") is not None:
            return
        receipts.keep(desk, receipt, "tillegg")
        _keep_addition(desk, text.strip())
        if desk.case.merged_into_id is not None:
            other = desk.beside(desk.session.get_one(Case, desk.case.merged_into_id))
            _keep_addition(other, text.strip())


def _keep_addition(desk, text: str) -> None:
    desk.session.add(
        Note(
            case_id=desk.case.id,
            account_id=desk.actor_id,
            at=desk.now,
            sealed_text=desk.seal(text, "note"),
        )
    )
    desk.log(Kind.NOTAT, role="melder")
    if desk.case.ended_at is None:
        tell_role(desk, "saksansvarlig", INFORMED, REPORT)
        if desk.case.shielded is not None:  # to who investigates, too
            tell_role(desk, "rektor", INFORMED, REPORT)


def _own_cases(product, session, account_id: int):
    account = session.get(Account, account_id)
    mine = access.own_reports(account, product.clock())
    return session.scalars(
        select(Case).where(mine, Case.process_id == PROCESS).order_by(Case.id.desc())
    ).all()


def _own_case(product, session, account_id: int, number: str) -> Case:
    account = session.get(Account, account_id)
    mine = access.own_reports(account, product.clock())
    case = session.scalar(
        select(Case).where(mine, Case.process_id == PROCESS, Case.number == number)
    )
    if case is None or case.wrapped_key is None:
        raise no_access()
    return case


def _own_answers(product, session, case: Case, corrected: bool = False) -> dict[str, dict]:
    """What the reporter sent, by step, also in the case that § 12-5 started; nothing once the
    case's key is destroyed.

    corrected: as the one who sent it has corrected it since; what others corrected is never here,
    also when it was sent for a colleague."""
    if case.wrapped_key is None:
        return {}
    cases = {each.id: each for each in linked.family(session, case) if each.wrapped_key}
    first = aliased(Answer)
    rows = session.scalars(
        select(Answer)
        .outerjoin(first, first.id == Answer.corrects_id)
        .where(
            or_(Answer.corrects_id.is_(None), Answer.account_id == first.account_id),
            Answer.case_id.in_(cases),
            Answer.scope_id == "",
            Answer.step.in_(STEPS),
            func.coalesce(Answer.performed_by_id, Answer.account_id) == case.reporter_id,
        )
        .order_by(Answer.id if corrected else Answer.id.desc())
    )
    chosen = {row.step: row for row in rows}
    keys = {each.id: product.master_key.unwrap(each.wrapped_key) for each in cases.values()}
    return {
        step: product.master_key.unseal(keys[row.case_id], row.sealed_answers, "answer")
        for step, row in chosen.items()
    }


def _report(session, case: Case, answers: dict[str, dict]) -> MyReport:
    sent = answers.get(REPORT, {})
    at_once = answers.get(AT_ONCE, {})
    boxes = (sent.get("ansatt_mistenkt"), sent.get("ledelse_mistenkt"))
    adult = "ja" in boxes or AT_ONCE in answers
    receiver = Receiver.REKTOR
    if sent.get("ledelse_mistenkt") == "ja" or at_once.get("stilling") == "ledelse":
        receiver = Receiver.SKOLEEIER
    elif not adult and answers.get(SUSPECT, {}).get("mistanke_utrygg") == "nei":
        receiver = Receiver.KONTAKTLAERER
    pupil = sent.get("elev_utsatt") or at_once.get("elev")
    return MyReport(
        number=case.number,
        sent_at=case.opened_at,
        receiver=receiver,
        adult=adult,
        acute=sent.get("akutt_fare") == "ja",
        pupil=register.name_of(session, pupil) if pupil else None,
    )


def _lines(product, session, case: Case, answers: dict[str, dict]) -> Iterator[Line]:
    for each in linked.family(session, case):
        definition = product.definition(session, each.version)
        for step in STEPS:
            if step in answers and (each.process_id, step) in definition.steps:
                form_key = definition.step(each.process_id, step).form_key
                form = definition.form(each.process_id, form_key)
                yield from _lines_of(session, form, _asked(step, answers))


def _asked(step: str, answers: dict[str, dict]) -> dict[str, Any]:
    """What was asked of the reporter at this step, each thing once."""
    left_out = UNASKED | (TWICE if step == AT_ONCE and REPORT in answers else frozenset())
    return {key: said for key, said in answers[step].items() if key not in left_out}


def _lines_of(session, form: Form, asked: dict[str, Any]) -> Iterator[Line]:
    names = register.names_of(session, form.persons(asked))
    yield from form.describe(asked, lambda ref: names.get(ref, "–"))


def _registered(session, case: Case) -> Registered | None:
    row = session.scalar(
        select(Answer)
        .where(
            Answer.case_id == case.id, Answer.step == REPORT, Answer.performed_by_id.is_not(None)
        )
        .order_by(Answer.id)
    )
    if row is None:
        return None
    told_by, by = (
        session.get_one(Account, number).name for number in (row.performed_by_id, row.account_id)
    )
    return Registered(told_by, row.performed_at, by)


def _added(product, session, case: Case, account_id: int) -> Iterator[tuple[datetime, str]]:
    key = product.master_key.unwrap(case.wrapped_key)
    rows = session.scalars(
        select(Note).where(Note.case_id == case.id, Note.account_id == account_id).order_by(Note.id)
    )
    for row in rows:
        yield row.at, product.master_key.unseal(key, row.sealed_text, "note")


def _days(product, session, case: Case) -> dict[str, date]:
    regelverk = product.definition(session, case.version).regelverk
    sent = case.opened_at
    return {
        key: workdays.local_day(regelverk.frist(key).due(sent, sent, sent, lambda _text: None))
        for key in DAYS
    }
