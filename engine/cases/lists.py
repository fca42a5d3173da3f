"""The overview of cases, straight from the tables. No workflow is restored."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import and_, exists, func, select

from engine.cases.deadlines import DUE, MOMENT, WAITING
from engine.cases.desk import no_access
from engine.cases.planclock import Clock, clocks
from engine.database.tables import Account, Case, CaseRole, Deadline, Incident, Pupil, Task
from engine.people import access, standing
from engine.people.access import Permission
from engine.people.register import label_of_pupil
from engine.people.roles import LABELS, Role, held_by_each, in_words
from engine.rules.workdays import local_day

PAGE = 50
FEW = 2
SHIELDED = "Skjermet sak"
MEETING = "evaluering"  # the rule of the meeting where the measures are evaluated


@dataclass(frozen=True)
class Turn:
    """An open step of a case, and whose turn it is.

    person: who has the task, the case role, or the role at the school; role: in words; mine: the
    one who asks can do it; late: it is over its deadline.
    """

    task_id: int
    step: str
    name: str
    person: str | None
    role: str | None
    mine: bool
    due_at: datetime | None
    late: bool
    delplikt: str | None
    in_workdays: bool  # how the days of its deadline are counted


@dataclass(frozen=True)
class CaseLine:
    """One case in the overview. waits_until: the next moment that the case itself waits for;
    meeting: the day when the measures are to be evaluated; late: some step is."""

    number: str
    pupil: str
    status: str
    shielded: bool
    reported_at: datetime
    ended_at: datetime | None
    turns: tuple[Turn, ...]
    waits_until: datetime | None
    clock: Clock | None
    meeting: date | None
    stopped: bool
    late: bool


@dataclass(frozen=True)
class Filters:
    """What the overview is narrowed to; None is everything. state: apne | alle | a status."""

    step: str | None = None
    role: str | None = None
    class_name: str | None = None
    state: str = "apne"
    late: bool = False


@dataclass(frozen=True)
class CaseList:
    """The cases that fit, late first; `steps`, `roles` and `classes` are what can be chosen.

    total, late: how many fit, and how many of them have a step over its deadline.
    """

    lines: tuple[CaseLine, ...]
    total: int
    late: int
    page: int
    pages: int
    steps: tuple[tuple[str, str], ...]
    roles: tuple[tuple[str, str], ...]
    classes: tuple[str, ...]


def cases(product, account_id: int, filters: Filters = Filters(), page: int = 1) -> CaseList:
    """The cases that this account may see, with the step each is in and whose turn it is.

    Raises Refusal (IKKE_TILGANG) for one who has no such list.
    """
    now = product.clock()
    with product.database.session() as session:
        account = session.get(Account, account_id)
        visible = access.visible_cases(account, now)
        if not access.may(session, account, Permission.SEE_CASES_LIST, now=now):
            raise no_access()
        fits = and_(visible, *_conditions(filters, now))
        total = session.scalar(select(func.count()).select_from(Case).where(fits))
        late = session.scalar(select(func.count()).select_from(Case).where(fits, _is_late(now)))
        pages = max(1, -(-total // PAGE))
        page = min(max(page, 1), pages)
        first_due = (
            select(func.min(Task.due_at))
            .where(Task.case_id == Case.id, Task.state == "open")
            .scalar_subquery()
        )
        rows = session.execute(
            select(Case, Pupil)
            .outerjoin(Pupil, Pupil.id == Case.pupil_id)
            .where(fits)
            .order_by(Case.ended_at.is_not(None), first_due.is_(None), first_due, Case.id.desc())
            .limit(PAGE)
            .offset((page - 1) * PAGE)
        ).all()
        numbers = [case.id for case, _ in rows]
        turns = turns_of(product, session, numbers, account, now)
        clock = clocks(session, [case for case, _ in rows], now)
        waits = _first(session, numbers, Deadline.due_at, Deadline.kind == MOMENT)
        meetings = _first(
            session, numbers, Deadline.day, Deadline.kind == DUE, Deadline.rule == MEETING
        )
        stopped = set(
            session.scalars(
                select(Incident.case_id).where(
                    Incident.case_id.in_(numbers), Incident.solved_at.is_(None)
                )
            )
        )
        steps = session.execute(
            select(Task.step, func.min(Task.name))
            .join(Case, Case.id == Task.case_id)
            .where(Task.state == "open", visible)
            .group_by(Task.step)
            .order_by(func.min(Task.name))
        ).all()
        roles = session.scalars(
            select(Task.role)
            .join(Case, Case.id == Task.case_id)
            .where(Task.state == "open", Task.role.is_not(None), visible)
            .distinct()
        ).all()
        classes = session.scalars(
            select(Pupil.class_name)
            .join(Case, Case.pupil_id == Pupil.id)
            .where(visible, Case.shielded.is_(None))
            .distinct()
            .order_by(Pupil.class_name)
        ).all()
    lines = tuple(
        CaseLine(
            number=case.number,
            pupil=title_of(case, pupil) or "",
            status=case.status,
            shielded=case.shielded is not None,
            reported_at=case.received_at or case.opened_at,
            ended_at=case.ended_at,
            turns=tuple(turns[case.id]),
            waits_until=waits.get(case.id),
            clock=clock.get(case.id),
            meeting=meetings.get(case.id),
            stopped=case.id in stopped,
            late=any(turn.late for turn in turns[case.id]),
        )
        for case, pupil in rows
    )
    return CaseList(
        lines,
        total,
        late,
        page,
        pages,
        tuple((step, name) for step, name in steps),
        tuple(sorted((role, LABELS[Role(role)]) for role in roles)),
        tuple(classes),
    )


class _Holders:
    """Who a role is in a case, by name, while they are few enough to be named."""

    def __init__(self, session, now: datetime):
        self.session, self.now = session, now
        self._known: dict[tuple[int, str | None], str | None] = {}

    def of(self, case_id: int, role: str | None) -> str | None:
        key = (case_id, role)
        if role is not None and key not in self._known:
            case = self.session.get_one(Case, case_id)
            people = standing.in_case(self.session, case, Role(role), self.now)
            names = [account.name for account in people]
            self._known[key] = " og ".join(names) if 0 < len(names) <= FEW else None
        return self._known.get(key)


def title_of(case: Case, pupil: Pupil | None) -> str | None:
    """What a case is called in lists: the pupil, but never in a shielded case."""
    if case.shielded is not None:
        return SHIELDED
    return label_of_pupil(pupil) if pupil is not None else None


def _late(task: Task, now: datetime) -> bool:
    return task.due_at is not None and task.due_at < now


def _conditions(filters: Filters, now: datetime) -> list:
    conditions = []
    if filters.state == "apne":
        conditions.append(Case.ended_at.is_(None))
    elif filters.state != "alle":
        conditions.append(Case.status == filters.state)
    if filters.class_name:
        conditions.append(
            and_(
                Case.shielded.is_(None),
                exists()
                .where(Pupil.id == Case.pupil_id, Pupil.class_name == filters.class_name)
                .correlate(Case),  # the list joins Pupil of its own
            )
        )
    task = [Task.case_id == Case.id, Task.state == "open"]
    if filters.step:
        conditions.append(exists().where(*task, Task.step == filters.step))
    if filters.role:
        conditions.append(exists().where(*task, Task.role == filters.role))
    if filters.late:
        conditions.append(_is_late(now))
    return conditions


def _is_late(now: datetime):
    """The condition on `Case` that an open step of it is over its deadline."""
    return exists().where(Task.case_id == Case.id, Task.state == "open", Task.due_at < now)


def _first(session, case_ids: list[int], column, *conditions) -> dict:
    """By case: the earliest value of the column among the deadlines that are still to come."""
    rows = session.execute(
        select(Deadline.case_id, func.min(column))
        .where(Deadline.case_id.in_(case_ids), Deadline.state == WAITING, *conditions)
        .group_by(Deadline.case_id)
    )
    return dict(rows.all())


def turns_of(
    product, session, case_ids: list[int], account: Account | None, now: datetime
) -> dict[int, list[Turn]]:
    """The open steps of these cases, the first due first, and whose turn it is."""
    turns: dict[int, list[Turn]] = defaultdict(list)
    named = {
        (case_id, role): name
        for case_id, role, name in session.execute(
            select(CaseRole.case_id, CaseRole.role, Account.name)
            .join(Account, Account.id == CaseRole.account_id)
            .where(CaseRole.case_id.in_(case_ids), CaseRole.to_time.is_(None))
        )
    }
    mine = set(
        session.scalars(
            select(Task.id).where(Task.case_id.in_(case_ids), access.my_tasks(account, now))
        )
    )
    rows = session.execute(
        select(Task, Case.version, Account.id, Account.name)
        .join(Case, Case.id == Task.case_id)
        .outerjoin(Account, Account.id == func.coalesce(Task.assignee_id, Task.claimed_by_id))
        .where(Task.case_id.in_(case_ids), Task.state == "open")
        .order_by(Task.due_at.is_(None), Task.due_at, Task.id)
    ).all()
    people = {account_id for _, _, account_id, _ in rows} - {None}
    held = held_by_each(session, people, local_day(now))
    holders = _Holders(session, now)
    for task, version, account_id, person in rows:
        definition = product.definition(session, version)
        step = definition.step(task.process_id, task.step)
        turns[task.case_id].append(
            Turn(
                task_id=task.id,
                step=task.step,
                name=task.name,
                person=person
                or named.get((task.case_id, task.role))
                or holders.of(task.case_id, task.role),
                role=in_words(task.role, held.get(account_id, ())),
                mine=task.id in mine and task.claimed_by_id in (None, account and account.id),
                due_at=task.due_at,
                late=_late(task, now),
                delplikt=step.delplikt,
                in_workdays=not step.rule or definition.regelverk.frist(step.rule).in_workdays,
            )
        )
    return turns
