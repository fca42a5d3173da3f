"""One case as its page reads it: where it is, who did what when, what was answered, what is due."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import and_, select

from engine.cases import diagram, files, incidents, invitations, linked, messages, repair, timeline
from engine.cases.answers import name_of, open_to, title_in
from engine.cases.desk import Desk, case_id_of
from engine.cases.diagram import Diagram, Part
from engine.cases.duedates import Due, DueDates
from engine.cases.files import Filed
from engine.cases.incidents import Stopped
from engine.cases.invitations import Invited
from engine.cases.linked import PUPILS_PROCESS, SHIELDED_PROCESS
from engine.cases.lists import DUTY
from engine.cases.parts import acting_role
from engine.cases.planclock import PLAN_STEP, Clock, clocks
from engine.cases.repair import Standstill
from engine.cases.timeline import Told, Written
from engine.cases.turns import Turn, turns_of
from engine.database.tables import Account, Case, CaseRole, Pupil, Task
from engine.people import access
from engine.people.access import Permission
from engine.people.register import Option
from engine.people.roles import LABELS, Role, held_by_each, in_words
from engine.records import reading
from engine.records.reading import Reader
from engine.rules.workdays import local_day


@dataclass(frozen=True)
class Member:
    """One who takes part: saksansvarlig, kontaktlærer, those who have or had a task."""

    name: str
    what: tuple[str, ...]


@dataclass(frozen=True)
class Startable:
    """What can be started by hand now: the event's id and the button's text.

    then, role: the step that comes of it and whose it is; ends: it is an end.
    """

    step: str
    name: str
    then: str | None
    role: str | None
    ends: bool


@dataclass(frozen=True)
class Dossier:
    """A case's page. What this account may not see is empty or None, and `may_*` say so."""

    number: str
    process: str  # the name of the process
    of_duty: bool  # it is the duty to act itself (§§ 12-4, 12-5), and no process beside it
    pupil: str
    status: str
    shielded: bool
    opened_at: datetime
    reported_at: datetime | None
    pupil_name: str | None  # None in a shielded case
    pupil_id: int | None  # whose page may be opened from here; None in a shielded case
    turns: tuple[Turn, ...]
    waits: tuple[Due, ...]  # what only time brings
    awaits: tuple[str, ...]  # the steps that wait for a message from another case, by name
    belongs_to: str | None  # the number of the pupil's case that this one is part of
    beside: tuple[str, ...]  # the numbers of the cases that are part of the same pupil's case
    processes: Mapping[str, str]  # by number, the process of those two kinds of case
    offers: tuple[tuple[str, str], ...]  # what can be started in this case: process id and name
    clock: Clock | None
    complain_from: date | None  # from when the case can be taken to Statsforvalteren
    parts: tuple[Part, ...]
    diagrams: tuple[Diagram, ...]
    timeline: tuple[Told, ...]
    deadlines: tuple[Due, ...]
    members: tuple[Member, ...]
    readers: tuple[Reader, ...]
    notes: tuple[Written, ...]
    files: tuple[Filed, ...]
    standstills: tuple[Standstill, ...]
    invited: tuple[Invited, ...]
    invitable: tuple[Option, ...]
    startable: tuple[Startable, ...]
    joined_to: str | None  # the case that this report lies in, for those who may see that one
    joined: tuple[str, ...]  # reports that lie in this case
    has_plan: bool  # the process makes one; the case of § 12-5 leaves that to the pupil's
    plan: bool
    must_report: bool  # shielded by a correction: nobody has reported it under § 12-5
    may_invite: bool
    may_repair: bool
    may_hand_over: bool
    may_note: bool
    may_add_file: bool
    may_remind: bool
    may_write_letters: bool
    may_see_answers: bool


def dossier(product, account_id: int, number: str) -> Dossier:
    """The case's page for this account; the reading is logged. Raises Refusal (IKKE_TILGANG), and
    Stopped when the case can't be read: then that is written down, and `repair.shut` is its page.
    """
    try:
        with product.database.transaction() as session:
            desk, account = open_to(product, session, account_id, number, Permission.SEE_CASE)
            reading.record(session, desk.case.id, account_id, desk.now, reading.What.SAK)
            desk.load()
            return _Reading(desk, account).dossier()
    except Stopped as stopped:
        incidents.record_stop(product, case_id_of(product, number), stopped)
        raise


class _Reading:
    """One reading of a case's page."""

    def __init__(self, desk: Desk, account: Account):
        self.desk, self.session, self.case = desk, desk.session, desk.case
        self.account, self.now = account, desk.now
        self.sees_answers = self._may(Permission.SEE_ALL_ANSWERS)
        self.sees_log = self._may(Permission.SEE_LOG)
        self.awaited = linked.waits_for_another(desk)
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
        turns = turns_of(self.desk.product, self.session, [self.case.id], self.account, self.now)
        dates = DueDates(self.desk, self.tasks)
        linked_cases = self._linked_cases()
        complain = dates.first("kan_meldes_sf")
        return Dossier(
            number=self.case.number,
            process=self.desk.definition.name,
            of_duty=self.case.process_id in DUTY,
            pupil=title_in(self.session, self.case),
            status=self.case.status,
            shielded=self.case.shielded is not None,
            opened_at=self.case.opened_at,
            reported_at=self.case.received_at,
            pupil_name=self._pupil_name(),
            pupil_id=self._pupil_id(),
            turns=tuple(turns[self.case.id]),
            waits=dates.waits(),
            awaits=tuple(step.name for step in self.awaited),
            belongs_to=next((c.number for c in linked_cases if c.id == self.case.part_of_id), None),
            beside=tuple(c.number for c in linked_cases if c.id != self.case.part_of_id),
            processes={
                c.number: self.desk.product.definition(self.session, c.version).name
                for c in linked_cases
            },
            offers=self._offers(),
            clock=self._clock(),
            complain_from=complain.day if complain else None,
            parts=()
            if self.case.title is not None
            else tuple(
                diagram.parts(
                    self.session,
                    self.desk.definition,
                    self.case,
                    frozenset((step.process_id, step.id) for step in self.awaited),
                )
            ),
            diagrams=self._diagrams(),
            timeline=self._timeline(dates),
            deadlines=dates.all(),
            members=self._members() if self.sees_log else (),
            readers=tuple(reading.readers(self.session, self.case.id)) if self.sees_log else (),
            notes=timeline.notes(self.desk, all_of_them=self.sees_log),
            files=files.listed(self.desk, self.account),
            standstills=self._standstills(),
            invited=invitations.invited(self.desk) if self.sees_log else (),
            invitable=tuple(invitations.invitable(self.desk)),
            startable=self._startable(),
            joined_to=next(iter(self._numbers(Case.id == self.case.merged_into_id)), None),
            joined=self._numbers(Case.merged_into_id == self.case.id),
            has_plan=any(step.id == PLAN_STEP for step in self.desk.definition.steps.values()),
            must_report=self._must_report(),
            plan=any(task.step == PLAN_STEP and task.state == "done" for task in self.tasks)
            and self._may(Permission.SEE_PLAN),
            may_invite=invitations.may_invite(self.desk),
            may_repair=self._may(Permission.REPAIR),
            may_hand_over=self._may(Permission.HAND_OVER),
            may_note=self._may(Permission.NOTE),
            may_add_file=self._may(Permission.ADD_FILE),
            may_remind=self._may(Permission.REMIND),
            may_write_letters=self.case.pupil_id is not None
            and self._may(Permission.WRITE_LETTERS),
            may_see_answers=self.sees_answers,
        )

    def _linked_cases(self) -> list[Case]:
        """The cases that this one belongs together with, of those that this account may see."""
        return [
            case
            for case in linked.others(self.desk)
            if access.may(self.session, self.account, Permission.SEE_CASE, case=case, now=self.now)
        ]

    def _offers(self) -> tuple[tuple[str, str], ...]:
        """The processes that this account may start in this case."""
        if self.case.process_id != PUPILS_PROCESS:
            return ()
        found = []
        for definition in self.desk.product.all_published(self.session):
            if not definition.is_in_pupils_case:
                continue
            may = access.startable_cases(self.account, definition.start.started_by, self.now)
            here = select(Case.id).where(Case.id == self.case.id, may)
            if self.session.scalar(here) is not None:
                found.append((definition.process_id, definition.name))
        return tuple(found)

    def _must_report(self) -> bool:
        """Whether this pupil's case is shielded with no case of § 12-5 beside it, and this account
        sees none that was reported since."""
        case = self.case
        if case.shielded is None or case.process_id != PUPILS_PROCESS:
            return False
        if case.merged_into_id is not None:
            return False
        since = (
            Case.pupil_id == case.pupil_id,
            Case.process_id == SHIELDED_PROCESS,
            Case.opened_at >= case.opened_at,
        )
        beside = (each.process_id for each in linked.others(self.desk))
        return SHIELDED_PROCESS not in beside and not self._numbers(and_(*since))

    def _timeline(self, dates: DueDates) -> tuple[Told, ...]:
        if not self.sees_log:
            return ()
        return timeline.timeline(self.desk, dates, self.sees_answers)

    def _diagrams(self) -> tuple[Diagram, ...]:
        """Where the case is; who did what is part of its history, and left out with that."""
        found = diagram.diagrams(self.desk)
        if self.sees_log:
            return tuple(found)
        return tuple(
            replace(each, steps=tuple(replace(step, done_by=None) for step in each.steps))
            for each in found
        )

    def _startable(self) -> tuple[Startable, ...]:
        found = []
        for step in messages.startable(self.desk):
            if self._may(Permission.START_MANUAL, roles=step.started_by):
                then = messages.leads_to(self.desk.definition, step)
                role = LABELS[Role(then.role)] if then and then.role else None
                ends = then is not None and then.kind == "endEvent"
                found.append(Startable(step.id, step.name, then.name if then else None, role, ends))
        return tuple(found)

    def _pupil_name(self) -> str | None:
        if self.case.shielded is not None or self.case.pupil_id is None:
            return None
        return self.session.get_one(Pupil, self.case.pupil_id).name

    def _pupil_id(self) -> int | None:
        if self.case.shielded is not None or not self._may(Permission.SEE_PUPIL):
            return None
        return self.case.pupil_id

    def _clock(self) -> Clock | None:
        """The days of the plan's deadline, until a plan has been made."""
        if self.case.ended_at is not None:
            return None
        return clocks(self.session, [self.case], self.now).get(self.case.id)

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
        doing = [(task, task.done_by_id or task.assignee_id) for task in self.tasks]
        people = {number for _, number in doing if number is not None}
        own = held_by_each(self.session, people, local_day(self.now))
        for task, number in doing:
            words = number and in_words(acting_role(task), own.get(number, ()))
            if words:
                said = parts.setdefault(name_of(self.session, number), [])
                said += [words] if words not in said else []
        return tuple(Member(name, tuple(words)) for name, words in parts.items())

    def _numbers(self, condition) -> tuple[str, ...]:
        """The numbers of these cases, of those that this account may see."""
        visible = access.visible_cases(self.account, self.now)
        rows = self.session.scalars(select(Case.number).where(condition, visible).order_by(Case.id))
        return tuple(rows)

    def _standstills(self) -> tuple[Standstill, ...]:
        if not self._may(Permission.SEE_INCIDENTS):
            return ()
        return tuple(repair.read(self.session, Case.id == self.case.id))
