"""The overview of cases, straight from the tables. No workflow is restored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, partial

from sqlalchemy import CompoundSelect, Row, and_, bindparam, exists, func, select
from sqlalchemy.orm import defer

from engine.cases import planclock, turns
from engine.cases.agenda import DUE, MOMENT, WAITING
from engine.cases.desk import no_access
from engine.cases.linked import PUPILS_PROCESS, SHIELDED_PROCESS
from engine.cases.planclock import Clock, clocks_of
from engine.cases.turns import Turn
from engine.database.mixed import mixed
from engine.database.tables import Case, Deadline, Incident, Pupil, Task
from engine.people import access
from engine.people.access import Permission
from engine.people.register import label_of_pupil
from engine.people.roles import LABELS, Role
from engine.people.standing import Standing
from engine.rules.workdays import local_day
from engine.sentences import say

PAGE = 50
SHIELDED = say("Skjermet sak")
MEETING = "evaluering"  # the rule of the meeting where the measures are evaluated

DUTY = (PUPILS_PROCESS, SHIELDED_PROCESS)  # the processes of the duty to act itself


@dataclass(frozen=True)
class CaseLine:
    """One case in the overview.

    process: its name, for one that is beside the duty to act itself; waits_until: the next moment
    that the case itself waits for; waits_for: the number of the § 12-5 case whose findings it waits
    for, for those who may see that one; has_plan: a plan is made in it, not in the pupil's case
    that it is part of; meeting: the day when the measures are to be evaluated; late: some step is.
    """

    number: str
    process: str | None
    pupil: str
    status: str
    shielded: bool
    reported_at: datetime
    ended_at: datetime | None
    turns: tuple[Turn, ...]
    waits_until: datetime | None
    waits_for: str | None
    has_plan: bool
    of_school: bool  # a case of the school itself: about no pupil, and without a plan
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

    total, late: how many fit, and how many of them have a step over its deadline. may_see_pupils:
    this account has the list of pupils too; standing_still: how many cases it must help along.
    """

    lines: tuple[CaseLine, ...]
    total: int
    late: int
    page: int
    pages: int
    steps: tuple[tuple[str, str], ...]
    roles: tuple[tuple[str, str], ...]
    classes: tuple[str, ...]
    may_see_pupils: bool
    standing_still: int


def cases(product, account_id: int, filters: Filters = Filters(), page: int = 1) -> CaseList:
    """The cases that this account may see, with the step each is in and whose turn it is.

    Raises Refusal (IKKE_TILGANG) for one who has no such list.
    """
    now = product.clock()
    with product.database.session() as session:
        standing = Standing(account_id, now)
        visible = access.visible_cases(account_id, now)
        fits = and_(visible, *_conditions(filters, now))
        total, late, has_page, may_see_pupils, standing_still = session.execute(
            select(
                func.count(),
                func.count().filter(_is_late(now)),
                access.has_page(standing, Permission.SEE_CASES_LIST),
                access.has_page(standing, Permission.SEE_PUPIL),
                _standing_still(account_id, now),
            )
            .select_from(Case)
            .where(fits)
        ).one()
        if not has_page:
            raise no_access()
        pages = max(1, -(-total // PAGE))
        page = min(max(page, 1), pages)
        rows = _page_of(session, fits, page)
        cases = [case for case, _ in rows]
        beside = _beside(session, [case.id for case in cases], now)
        whose = turns.turns_beside(product, session, cases, account_id, now, beside)
        clock = clocks_of(cases, beside, now)
        waits = {row.case_id: row.due_at for row in beside if row.what == "wait"}
        meetings = {row.case_id: row.day for row in beside if row.what == "meeting"}
        stopped = {row.case_id for row in beside if row.what == "stopped"}
        idle = [case.id for case in cases if case.shielded and not case.ended_at]
        idle = [case_id for case_id in idle if not whose[case_id] and case_id not in waits]
        choices = session.execute(_choices(visible, idle)).all()
        findings = {row.case_id: row.value for row in choices if row.what == "awaited"}
        processes = {
            case.id: product.definition(session, case.version).name
            for case in cases
            if case.process_id not in DUTY
        }
    lines = tuple(
        CaseLine(
            number=case.number,
            process=processes.get(case.id),
            pupil=title_of(case, pupil) or "",
            status=case.status,
            shielded=case.shielded is not None,
            reported_at=case.received_at or case.opened_at,
            ended_at=case.ended_at,
            turns=tuple(whose[case.id]),
            waits_until=waits.get(case.id),
            waits_for=findings.get(case.id),
            has_plan=case.part_of_id is None,
            of_school=case.title is not None,
            clock=clock.get(case.id),
            meeting=meetings.get(case.id),
            stopped=case.id in stopped,
            late=any(turn.late for turn in whose[case.id]),
        )
        for case, pupil in rows
    )
    return CaseList(
        lines,
        total,
        late,
        page,
        pages,
        *_choices_in(choices),
        may_see_pupils,
        standing_still,
    )


def _choices_in(rows: Sequence[Row]) -> tuple[tuple, tuple, tuple]:
    """Steps by name, roles and classes, each once."""
    steps = {row.value: row.name for row in rows if row.what == "step"}
    roles = {row.role for row in rows if row.role is not None}
    return (
        tuple(sorted(steps.items(), key=lambda step: step[1])),
        tuple(sorted((role, LABELS[Role(role)]) for role in roles)),
        tuple(sorted(row.value for row in rows if row.what == "class_name")),
    )


def _standing_still(account_id: int, now: datetime):
    """How many cases with an unsolved incident this account sees to."""
    stopped = select(Incident.case_id).where(Incident.solved_at.is_(None))
    mine = access.cases_with_incidents(account_id, now)
    return (
        select(func.count())
        .select_from(Case)
        .where(Case.id.in_(stopped), mine)
        .correlate(None)
        .scalar_subquery()
    )


def _page_of(session, fits, page: int) -> Sequence[Row]:
    """The cases of one page, late first and closed last, with their pupils. They are sorted by
    their ids alone: to sort whole rows is to read every case's state."""
    first_due = (
        select(func.min(Task.due_at))
        .where(Task.case_id == Case.id, Task.state == "open")
        .scalar_subquery()
    )
    order = (Case.ended_at.is_not(None), first_due.is_(None), first_due, Case.id.desc())
    chosen = select(Case.id).where(fits).order_by(*order).limit(PAGE).offset((page - 1) * PAGE)
    return session.execute(
        select(Case, Pupil)
        .outerjoin(Pupil, Pupil.id == Case.pupil_id)
        .where(Case.id.in_(chosen))
        .order_by(*order)
        .options(defer(Case.state, raiseload=True))
    ).all()


def _choices(visible, idle: list[int]) -> CompoundSelect:
    """What the overview can be narrowed to: open steps, their roles, classes of pupils. And, of the
    pupils' cases in `idle`, where nobody has a step now: the number of the § 12-5 case that is
    still going on beside each, for one who may see that."""
    going_on = select(Case.id).where(Case.ended_at.is_(None), visible)
    known = select(Case.pupil_id).where(Case.shielded.is_(None), visible)
    return mixed(
        step=select(
            Task.step.label("value"), Task.role.label("role"), func.min(Task.name).label("name")
        )
        .where(Task.state == "open", Task.case_id.in_(going_on))
        .group_by(Task.step, Task.role),
        class_name=select(Pupil.class_name.label("value")).where(Pupil.id.in_(known)).distinct(),
        awaited=select(Case.part_of_id.label("case_id"), Case.number.label("value")).where(
            Case.part_of_id.in_(idle),
            Case.process_id == SHIELDED_PROCESS,
            Case.ended_at.is_(None),
            visible,
        ),
    )


def _beside(session, case_ids: list[int], now: datetime) -> Sequence[Row]:
    """What lines say of these cases besides their own rows. One statement."""
    return session.execute(
        _page_kinds(), {"cases": case_ids, "now": now, "day": local_day(now)}
    ).all()


@cache
def _page_kinds() -> CompoundSelect:
    first = partial(select, Deadline.case_id.label("case_id"))
    coming = (Deadline.case_id.in_(bindparam("cases", expanding=True)), Deadline.state == WAITING)
    return mixed(
        **turns.kinds(),
        **planclock.kinds(),
        wait=first(func.min(Deadline.due_at).label("due_at"))
        .where(*coming, Deadline.kind == MOMENT)
        .group_by(Deadline.case_id),
        meeting=first(func.min(Deadline.day).label("day"))
        .where(*coming, Deadline.kind == DUE, Deadline.rule == MEETING)
        .group_by(Deadline.case_id),
        stopped=select(Incident.case_id.label("case_id")).where(
            Incident.case_id.in_(bindparam("cases", expanding=True)), Incident.solved_at.is_(None)
        ),
    )


def title_of(case: Case, pupil: Pupil | None) -> str | None:
    """What a case is called in lists: the pupil, but never in a shielded case; a case of the
    school itself by what it is about."""
    if case.shielded is not None:
        return SHIELDED
    if case.title is not None:
        return case.title
    return label_of_pupil(pupil) if pupil is not None else None


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
