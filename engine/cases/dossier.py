"""One case as its page reads it: where it is, who did what when, what was answered, what is due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from engine.cases import diagram, lists, messages
from engine.cases.deadlines import DUE, MOMENT
from engine.cases.desk import Desk, no_access
from engine.cases.diagram import Diagram, Part
from engine.cases.lists import Turn
from engine.database.tables import (
    Account,
    Answer,
    Case,
    CaseRole,
    Deadline,
    Event,
    Incident,
    Note,
    Pupil,
    Task,
)
from engine.definitions.forms import Line
from engine.people import access
from engine.people.access import Permission
from engine.people.roles import LABELS, Role
from engine.records import reading
from engine.records.log import Kind
from engine.records.reading import Reader
from engine.rules import workdays
from engine.rules.rule import Rule

PLAN_STEP = "lag_aktivitetsplan"
PLAN_RULE = "plan"
_TOLD = {  # what the timeline shows; deadlines set and tasks opened are seen elsewhere
    Kind.SAK_STARTET,
    Kind.SAK_SKJERMET,
    Kind.SAK_AVSLUTTET,
    Kind.SLATT_SAMMEN,
    Kind.OPPGAVE_UTFORT,
    Kind.OPPGAVE_TRUKKET,
    Kind.STARTET_FOR_HAND,
    Kind.FRIST_PASSERT,
    Kind.PURRET,
    Kind.PLAN_DELT,
    Kind.NOTAT,
    Kind.HENDELSE_STANSET,
    Kind.HENDELSE_LOST,
}


@dataclass(frozen=True)
class Told:
    """One line of the timeline. role: in words; answer_id: the answer that may be read."""

    at: datetime
    kind: Kind
    step: str | None
    step_name: str | None
    role: str | None
    actor: str | None  # None: the system
    answer_id: int | None
    note: str | None


@dataclass(frozen=True)
class Due:
    """One deadline of the case. state: ventende | passert | holdt | bortfalt."""

    rule: Rule
    step_name: str | None
    due_at: datetime
    state: str
    late: bool


@dataclass(frozen=True)
class Clock:
    """The school's working days from the report to the plan. today: its place, from 1, or None."""

    days: tuple[date, ...]
    today: int | None
    done: bool


@dataclass(frozen=True)
class Member:
    """One who takes part: saksansvarlig, kontaktlærer, those who have or had a task."""

    name: str
    what: tuple[str, ...]


@dataclass(frozen=True)
class Startable:
    """What can be started by hand now: the event's id and the button's text."""

    step: str
    name: str


@dataclass(frozen=True)
class Dossier:
    """A case's page. What this account may not see is empty or None, and `may_*` say so."""

    number: str
    pupil: str
    status: str
    shielded: bool
    opened_at: datetime
    reported_at: datetime | None
    turns: tuple[Turn, ...]
    tasks: tuple[tuple[int, str], ...]  # open tasks that can be reminded of: id, name
    my_tasks: frozenset[int]
    waits_until: datetime | None
    clock: Clock | None
    complain_from: date | None  # from when the case can be taken to Statsforvalteren
    parts: tuple[Part, ...]
    diagrams: tuple[Diagram, ...]
    timeline: tuple[Told, ...]
    deadlines: tuple[Due, ...]
    members: tuple[Member, ...]
    readers: tuple[Reader, ...]
    incidents: tuple[Incident, ...]
    startable: tuple[Startable, ...]
    plan: bool
    may_note: bool
    may_remind: bool
    may_see_answers: bool


@dataclass(frozen=True)
class Answers:
    """What was answered at one step."""

    case_number: str
    pupil: str
    step_name: str
    by: str | None
    role: str | None
    at: datetime
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Plan:
    """The aktivitetsplan as it was last approved, or as it stands; older versions by number."""

    case_number: str
    pupil: str
    version: int
    versions: int
    made_by: str | None
    made_at: datetime
    approved_by: str | None
    approved_at: datetime | None
    lines: tuple[Line, ...]


def dossier(product, account_id: int, number: str) -> Dossier:
    """The case's page for this account; the reading is logged. Raises Refusal (IKKE_TILGANG)."""
    with product.database.transaction() as session:
        desk, account = _open(product, session, account_id, number, Permission.SEE_CASE)
        reading.record(session, desk.case.id, account_id, desk.now, reading.What.SAK)
        desk.load()
        return _Reading(desk, account).dossier()


def answers(product, account_id: int, answer_id: int) -> Answers:
    """What was answered at one step, for those who may see it; the reading is logged.

    One's own answers, or all of the case's for those who lead it. Raises Refusal.
    """
    with product.database.transaction() as session:
        row = session.get(Answer, answer_id)
        case = session.get(Case, row.case_id) if row else None
        if case is None:
            raise no_access()
        now, account = product.clock(), session.get(Account, account_id)
        own = row.account_id == account_id and row.task_id is not None
        permission = Permission.SEE_TASK if own else Permission.SEE_ALL_ANSWERS
        task = session.get(Task, row.task_id) if own else None
        access.require(session, account, permission, case=case, task=task, now=now)
        reading.record(session, case.id, account_id, now, reading.What.SVAR)
        desk = Desk(product, session, case, account_id)
        return Answers(
            case_number=case.number,
            pupil=_title(session, case),
            step_name=_step_name(desk, row),
            by=_name(session, row.account_id),
            role=_role_at(session, row),
            at=row.at,
            lines=_lines(desk, row),
        )


def plan(product, account_id: int, number: str, version: int | None = None) -> Plan:
    """The case's plan, the newest or an earlier version (from 1); the reading is logged."""
    with product.database.transaction() as session:
        desk, _ = _open(product, session, account_id, number, Permission.SEE_PLAN)
        rows = session.scalars(
            select(Answer)
            .where(Answer.case_id == desk.case.id, Answer.step == PLAN_STEP)
            .order_by(Answer.id)
        ).all()
        if not rows or not 1 <= (version or len(rows)) <= len(rows):
            raise no_access()
        version = version or len(rows)
        row = rows[version - 1]
        reading.record(session, desk.case.id, account_id, desk.now, reading.What.PLAN)
        approved = _approval(desk, row, rows[version].id if version < len(rows) else None)
        return Plan(
            case_number=number,
            pupil=_title(session, desk.case),
            version=version,
            versions=len(rows),
            made_by=_name(session, row.account_id),
            made_at=row.at,
            approved_by=_name(session, approved.account_id) if approved else None,
            approved_at=approved.at if approved else None,
            lines=_lines(desk, row),
        )


def _open(product, session, account_id, number, permission) -> tuple[Desk, Account | None]:
    case = session.scalar(select(Case).where(Case.number == number))
    if case is None:
        raise no_access()
    account = session.get(Account, account_id)
    access.require(session, account, permission, case=case, now=product.clock())
    return Desk(product, session, case, account_id), account


def _approval(desk: Desk, made: Answer, before: int | None) -> Answer | None:
    """The answer that approved this version of the plan: yes, before the next version was made."""
    for row in desk.session.scalars(
        select(Answer)
        .where(Answer.case_id == desk.case.id, Answer.step == "godkjenn_plan", Answer.id > made.id)
        .order_by(Answer.id)
    ):
        if before is not None and row.id > before:
            return None
        if desk.unseal(row.sealed_answers, "answer").get("godkjent") == "ja":
            return row
    return None


def _title(session, case: Case) -> str:
    pupil = session.get(Pupil, case.pupil_id) if case.pupil_id else None
    return lists.title_of(case, pupil) or ""


def _name(session, account_id: int | None) -> str | None:
    return session.get_one(Account, account_id).name if account_id else None


def _role_at(session, row: Answer) -> str | None:
    task = session.get(Task, row.task_id) if row.task_id else None
    return LABELS[Role(task.role)] if task is not None and task.role else None


def _step_name(desk: Desk, row: Answer) -> str:
    step = desk.definition.steps.get((row.process_id, row.step))
    return step.name if step else "Melding som er lagt til saken"


def _lines(desk: Desk, row: Answer) -> tuple[Line, ...]:
    step = desk.definition.steps.get((row.process_id, row.step))
    form = desk.definition.form(row.process_id, step.form_key if step else "registrer_melding")
    return tuple(form.describe(desk.unseal(row.sealed_answers, "answer"), desk.name_of))


class _Reading:
    """One reading of a case's page."""

    def __init__(self, desk: Desk, account: Account):
        self.desk, self.session, self.case = desk, desk.session, desk.case
        self.account, self.now = account, desk.now
        self.sees_answers = self._may(Permission.SEE_ALL_ANSWERS)
        self.sees_log = self._may(Permission.SEE_LOG)
        self.tasks = self.session.scalars(
            select(Task).where(Task.case_id == self.case.id).order_by(Task.id)
        ).all()

    def _may(self, permission: Permission, task: Task | None = None, roles=()) -> bool:
        return access.may(
            self.session,
            self.account,
            permission,
            case=self.case,
            task=task,
            roles=roles,
            now=self.now,
        )

    def dossier(self) -> Dossier:
        open_tasks = [task for task in self.tasks if task.state == "open"]
        turns = lists.turns_of(self.desk.product, self.session, [self.case.id], self.now)
        deadlines = self._deadlines()
        return Dossier(
            number=self.case.number,
            pupil=_title(self.session, self.case),
            status=self.case.status,
            shielded=self.case.shielded is not None,
            opened_at=self.case.opened_at,
            reported_at=self.case.received_at,
            turns=tuple(turns[self.case.id]),
            tasks=tuple((task.id, task.name) for task in open_tasks),
            my_tasks=frozenset(
                task.id for task in open_tasks if self._may(Permission.COMPLETE_TASK, task)
            ),
            waits_until=self._waits_until(),
            clock=self._clock(),
            complain_from=self._complain_from(),
            parts=tuple(diagram.parts(self.session, self.desk.definition, self.case)),
            diagrams=tuple(diagram.diagrams(self.session, self.desk.definition, self.case)),
            timeline=self._timeline() if self.sees_log else (),
            deadlines=deadlines,
            members=self._members() if self.sees_log else (),
            readers=tuple(reading.readers(self.session, self.case.id)) if self.sees_log else (),
            incidents=self._incidents(),
            startable=tuple(
                Startable(step.id, step.name)
                for step in messages.startable(self.desk)
                if self._may(Permission.START_MANUAL, roles=step.started_by)
            ),
            plan=any(task.step == PLAN_STEP and task.state == "done" for task in self.tasks)
            and self._may(Permission.SEE_PLAN),
            may_note=self._may(Permission.NOTE),
            may_remind=self._may(Permission.REMIND),
            may_see_answers=self.sees_answers,
        )

    def _rows(self, *conditions) -> list[Deadline]:
        return self.session.scalars(
            select(Deadline)
            .where(Deadline.case_id == self.case.id, *conditions)
            .order_by(Deadline.due_at, Deadline.id)
        ).all()

    def _deadlines(self) -> tuple[Due, ...]:
        names = {task.id: task.name for task in self.tasks}
        return tuple(
            Due(
                rule=self.desk.definition.regelverk.frist(row.rule),
                step_name=names.get(row.task_id),
                due_at=row.due_at,
                state=row.state,
                late=row.state == "passert" and row.kind == DUE,
            )
            for row in self._rows(Deadline.kind.in_((DUE, MOMENT)))
        )

    def _waits_until(self) -> datetime | None:
        waiting = self._rows(Deadline.kind == MOMENT, Deadline.state == "ventende")
        return waiting[0].due_at if waiting else None

    def _clock(self) -> Clock | None:
        """The days of the plan's deadline, until a plan has been made."""
        row = next(iter(self._rows(Deadline.rule == PLAN_RULE, Deadline.kind == DUE)), None)
        if row is None or self.case.received_at is None or self.case.ended_at is not None:
            return None
        start, days = workdays.local_day(self.case.received_at), []
        while not days or days[-1] < row.day:
            days.append(workdays.add_workdays(days[-1] if days else start, 1))
        today = workdays.local_day(self.now)
        place = sum(day <= today for day in days) if today <= row.day else None
        return Clock(tuple(days), place or None, done=row.state in ("holdt", "bortfalt"))

    def _complain_from(self) -> date | None:
        row = next(iter(self._rows(Deadline.rule == "kan_meldes_sf")), None)
        return row.day if row else None

    def _timeline(self) -> tuple[Told, ...]:
        """What has happened, the latest first."""
        answered = {
            (row.step, row.at, row.account_id): row.id
            for row in self.session.scalars(select(Answer).where(Answer.case_id == self.case.id))
        }
        notes = {
            (row.at, row.account_id): self.desk.unseal(row.sealed_text, "note")
            for row in self.session.scalars(select(Note).where(Note.case_id == self.case.id))
        }
        rows = self.session.execute(
            select(Event, Account.name)
            .outerjoin(Account, Account.id == Event.actor_id)
            .where(Event.case_id == self.case.id, Event.kind.in_([str(k) for k in _TOLD]))
            .order_by(Event.seq.desc())
        )
        return tuple(
            Told(
                at=event.at,
                kind=Kind(event.kind),
                step=event.step,
                step_name=event.step_name,
                role=LABELS.get(event.role),
                actor=name,
                answer_id=self._readable(answered, event),
                note=notes.get((event.at, event.actor_id)) if event.kind == Kind.NOTAT else None,
            )
            for event, name in rows
        )

    def _readable(self, answered: dict, event: Event) -> int | None:
        if event.kind != Kind.OPPGAVE_UTFORT:
            return None
        if not self.sees_answers and event.actor_id != self.account.id:
            return None
        return answered.get((event.step, event.at, event.actor_id))

    def _members(self) -> tuple[Member, ...]:
        """Everybody who has or had a part in the case, and what it is."""
        parts: dict[str, list[str]] = {}
        held = self.session.execute(
            select(Account.name, CaseRole.role)
            .join(CaseRole, CaseRole.account_id == Account.id)
            .where(CaseRole.case_id == self.case.id, CaseRole.to_time.is_(None))
        )
        for name, role in held:
            parts.setdefault(name, []).append(LABELS[Role(role)])
        for task in self.tasks:
            number = task.done_by_id or task.assignee_id
            if number is not None and task.role is not None:
                words = parts.setdefault(_name(self.session, number), [])
                if LABELS[Role(task.role)] not in words:
                    words.append(LABELS[Role(task.role)])
        return tuple(Member(name, tuple(words)) for name, words in parts.items())

    def _incidents(self) -> tuple[Incident, ...]:
        if not self._may(Permission.SEE_INCIDENTS):
            return ()
        return tuple(
            self.session.scalars(
                select(Incident).where(
                    Incident.case_id == self.case.id, Incident.solved_at.is_(None)
                )
            )
        )
