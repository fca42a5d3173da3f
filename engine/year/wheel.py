"""What the page of the year reads: each routine, month by month, and how it went.

Every name here is a routine's and a class's; no pupil is named. Which case an event became is told
to those alone who may open it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import and_, exists, func, select

from engine.database.tables import (
    Account,
    Case,
    CaseRole,
    Event,
    RoleHolding,
    School,
    Task,
    YearEvent,
    YearRow,
)
from engine.people import access
from engine.people.access import PAGES, Permission
from engine.people.roles import LABELS, Role, in_force
from engine.people.standing import Standing
from engine.records.log import Kind
from engine.refusals import Reason, Refusal
from engine.rules.workdays import local_day
from engine.year import schedule
from engine.year.opening import label_of
from engine.year.plan import classes_at, grade_of

MONTHS = (8, 9, 10, 11, 12, 1, 2, 3, 4, 5, 6, 7)
DROPPED = "utgatt"  # the end event of a routine that was not done
TALKS = ("R14", "R15", "R16")  # elevsamtaler, utviklingssamtaler, trinnsamtaler


class State(StrEnum):
    """How a routine stands: Over fristen, I gang, Kommer, Gjort, Utgår. The first that holds of
    some counts for them all."""

    LATE = "over"
    ONGOING = "i_gang"
    COMING = "kommer"
    DONE = "gjort"
    DROPPED = "utgar"


@dataclass(frozen=True)
class Once:
    """A routine once, for the school, a trinn or a class.

    group: `4B`, `4. trinn` or nothing; done_at in UTC; case_number: for those who may open it;
    task_id: an open task that the account may remind of; who: those responsible, by name where it
    is late, else their role.
    """

    row_id: int
    name: str
    group: str
    due_on: date
    state: State
    done_at: datetime | None
    case_number: str | None
    task_id: int | None
    who: str
    source: str


@dataclass(frozen=True)
class Dot:
    """A routine in one month: all of its classes, trinn and weeks together."""

    name: str
    state: State
    done: int
    times: tuple[Once, ...]

    @property
    def due_on(self) -> date:
        """The first day that is still to be met, else the last that was."""
        left = [once.due_on for once in self.times if once.state not in (State.DONE, State.DROPPED)]
        return min(left) if left else max(once.due_on for once in self.times)


@dataclass(frozen=True)
class Month:
    """first: its first day."""

    first: date
    dots: tuple[Dot, ...]


@dataclass(frozen=True)
class Talks:
    """A class and its talks: for each kind of talk and time, the day and the state, None where it
    is not planned."""

    class_name: str
    states: tuple[tuple[date, State] | None, ...]


@dataclass(frozen=True)
class Year:
    """The page. late: what is over its deadline, the oldest first; counts by state, of dots.

    talks: class by class, of the classes that this account leads or teaches; talk_names: the
    columns, each with whether it is in the spring. on_demand: routines without a day.
    """

    school_id: int
    school: str
    schools: tuple[tuple[int, str], ...]
    year: int
    today: date
    months: tuple[Month, ...]
    late: tuple[Once, ...]
    counts: dict[State, int]
    talks: tuple[Talks, ...]
    talk_names: tuple[tuple[str, bool], ...]
    on_demand: tuple[tuple[int, str], ...]
    planned: bool
    may_edit: bool


def year(product, account_id: int, school_id: int | None = None) -> Year:
    """The school year that today lies in, at this school (the first, for None).

    Raises Refusal (IKKE_TILGANG) for one who is not on the staff of it.
    """
    now = product.clock()
    today = local_day(now)
    with product.database.session() as session:
        schools = session.scalars(
            access.schools(Standing(account_id, now), PAGES[Permission.SEE_YEAR])
        ).all()
        school = _chosen(schools, school_id)
        of = schedule.year_of(today)
        rows = _times(session, school.id, of, account_id, now)
        may_edit = access.may(
            session,
            session.get(Account, account_id),
            Permission.EDIT_YEAR,
            school_id=school.id,
            now=now,
        )
        own = _own_classes(session, account_id, school.id, today, may_edit)
        talks, names = _talks(rows, own)
        on_demand = session.execute(
            select(YearRow.id, YearRow.name)
            .where(
                YearRow.school_id == school.id,
                YearRow.active,
                YearRow.schedule == schedule.ON_DEMAND,
            )
            .order_by(YearRow.position)
        )
        months = tuple(_month(rows, month, of) for month in MONTHS)
        return Year(
            school_id=school.id,
            school=school.name,
            schools=tuple((each.id, each.name) for each in schools),
            year=of,
            today=today,
            months=months,
            late=tuple(once for _, once in rows if once.state is State.LATE),
            counts={
                state: sum(dot.state is state for month in months for dot in month.dots)
                for state in State
            },
            talks=talks,
            talk_names=names,
            on_demand=tuple((number, name) for number, name in on_demand),
            planned=bool(rows),
            may_edit=may_edit,
        )


def _chosen(schools: Iterable[School], school_id: int | None) -> School:
    for school in schools:
        if school_id in (None, school.id):
            return school
    raise Refusal(Reason.IKKE_TILGANG, access.NO_ACCESS)


Row = tuple[tuple[str | None, int, str], Once]
"""A time with the key of its row, its period and its group, which the classes' talks need."""


def _times(session, school_id: int, year: int, account_id: int, now: datetime) -> list[Row]:
    """Every planned time of the year, in the order of days and rows."""
    late = exists().where(Task.case_id == Case.id, Task.state == "open", Task.due_at < now)
    end = (
        select(func.min(Event.step))
        .where(Event.case_id == Case.id, Event.kind == Kind.SAK_AVSLUTTET)
        .scalar_subquery()
    )
    found = session.execute(
        select(
            YearEvent,
            YearRow,
            Case.id,
            Case.number,
            Case.ended_at,
            late.label("late"),
            end.label("end"),
        )
        .join(YearRow, YearRow.id == YearEvent.row_id)
        .outerjoin(Case, Case.id == YearEvent.case_id)
        .where(YearEvent.school_id == school_id, YearEvent.year == year)
        .order_by(YearEvent.due_on, YearRow.position, YearRow.id, YearEvent.id)
    ).all()
    opened = [row.id for row in found if row.id is not None]
    seen = set(
        session.scalars(
            select(Case.id).where(Case.id.in_(opened), access.visible_cases(account_id, now))
        )
    )
    waiting = [row.id for row in found if row.id in seen and row.late]
    tasks, people = _open_tasks(session, waiting), _responsible(session, waiting)
    times = []
    for event, row, case_id, number, ended_at, is_late, end_step in found:
        state = _state(event, case_id, ended_at, is_late, end_step, local_day(now))
        once = Once(
            row_id=row.id,
            name=row.name,
            group=label_of(event.group),
            due_on=event.due_on,
            state=state,
            done_at=ended_at,
            case_number=number if case_id in seen else None,
            task_id=tasks.get(case_id),
            who=people.get(case_id) or LABELS[Role(row.role)],
            source=row.source,
        )
        times.append(((row.key, event.period, event.group), once))
    return times


def _state(event, case_id, ended_at, is_late, end, today: date) -> State:
    if ended_at is not None:
        return State.DROPPED if end == DROPPED else State.DONE
    if case_id is None:
        return State.LATE if event.due_on < today else State.COMING
    return State.LATE if is_late else State.ONGOING


def _open_tasks(session, case_ids: list[int]) -> dict[int, int]:
    """By case: the open task that is due first."""
    rows = session.execute(
        select(Task.case_id, Task.id)
        .where(Task.case_id.in_(case_ids), Task.state == "open")
        .order_by(Task.due_at.desc(), Task.id.desc())
    )
    return {case_id: task_id for case_id, task_id in rows}


def _responsible(session, case_ids: list[int]) -> dict[int, str]:
    """By case: the names of those who are responsible."""
    names: dict[int, list[str]] = defaultdict(list)
    for case_id, name in session.execute(
        select(CaseRole.case_id, Account.name)
        .join(Account, Account.id == CaseRole.account_id)
        .where(
            CaseRole.case_id.in_(case_ids),
            CaseRole.role == Role.ANSVARLIG,
            CaseRole.to_time.is_(None),
        )
        .order_by(Account.name)
    ):
        names[case_id].append(name)
    return {case_id: ", ".join(each) for case_id, each in names.items()}


def _month(rows: list[Row], month: int, year: int) -> Month:
    by_row: dict[int, list[Once]] = defaultdict(list)
    for _, once in rows:
        if once.due_on.month == month:
            by_row[once.row_id].append(once)
    dots = [_dot(times) for times in by_row.values()]
    first = date(year if month >= schedule.AUGUST else year + 1, month, 1)
    return Month(first, tuple(sorted(dots, key=lambda dot: dot.due_on)))


def _dot(times: list[Once]) -> Dot:
    states = {once.state for once in times}
    state = next(each for each in State if each in states)
    done = sum(once.state is State.DONE for once in times)
    return Dot(times[0].name, state, done, tuple(times))


def _own_classes(session, account_id: int, school_id: int, today: date, leads: bool) -> list[str]:
    """The classes that the account teaches; all, for those who lead the school."""
    classes = classes_at(session, school_id, today)
    if leads:
        return classes
    taught = set(
        session.scalars(
            select(RoleHolding.class_name).where(
                RoleHolding.account_id == account_id,
                RoleHolding.school_id == school_id,
                RoleHolding.role == Role.KONTAKTLAERER,
                and_(in_force(RoleHolding, today)),
            )
        )
    )
    return [name for name in classes if name in taught]


def _talks(rows: list[Row], classes: list[str]):
    """The talks of these classes, and their names; a talk of the trinn is each of its classes'."""
    found, columns = {}, {}
    for (key, period, group), once in rows:
        if key in TALKS:
            found[key, period, group] = once
            columns[TALKS.index(key), period] = (once.name, once.due_on.month < schedule.AUGUST)
    order = sorted(columns)
    lines = []
    for name in classes:
        states = []
        for number, period in order:
            key = TALKS[number]
            once = found.get((key, period, name)) or found.get((key, period, str(grade_of(name))))
            states.append((once.due_on, once.state) if once else None)
        lines.append(Talks(name, tuple(states)))
    return tuple(lines), tuple(columns[each] for each in order)
