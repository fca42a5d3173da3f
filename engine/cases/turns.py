"""Whose turn it is: the open steps of cases, and who is to do each of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from sqlalchemy import CompoundSelect, Date, Row, Select, bindparam, func, select

from engine.cases.parts import acting_role
from engine.database.mixed import mixed
from engine.database.tables import Account, Case, RoleHolding, Task
from engine.people import access, circle
from engine.people.circle import Circle
from engine.people.roles import Role, in_force, in_words
from engine.rules.workdays import local_day
from engine.sentences import both

FEW = 2  # people that a turn names; more are said by their role


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


def turns_of(
    product, session, case_ids: list[int], account: Account | None, now: datetime
) -> dict[int, list[Turn]]:
    """The open steps of these cases, the first due first, and whose turn it is."""
    cases = session.scalars(select(Case).where(Case.id.in_(case_ids))).all()
    asked = {"cases": case_ids, "now": now, "day": local_day(now)}
    beside = session.execute(_people(), asked).all()
    return turns_beside(product, session, cases, account and account.id, now, beside)


@cache
def _people() -> CompoundSelect:
    return mixed(**kinds())


def turns_beside(
    product,
    session,
    cases: Sequence[Case],
    account_id: int | None,
    now: datetime,
    beside: Sequence[Row],
) -> dict[int, list[Turn]]:
    """As `turns_of`, with the rows of `kinds` read already."""
    turns: dict[int, list[Turn]] = defaultdict(list)
    held: dict[int, list[Role]] = defaultdict(list)
    for row in sorted((row for row in beside if row.what == "own"), key=lambda row: row.row):
        held[row.number].append(Role(row.role))
    holders = _Holders(cases, beside, now)
    by_id = {case.id: case for case in cases}
    rows = session.execute(
        select(Task, Account.id, Account.name, access.my_tasks(account_id, now))
        .outerjoin(Account, Account.id == func.coalesce(Task.assignee_id, Task.claimed_by_id))
        .where(Task.case_id.in_(by_id), Task.state == "open")
        .order_by(Task.due_at.is_(None), Task.due_at, Task.id)
    )
    for task, doer_id, person, mine in rows:
        definition = product.definition(session, by_id[task.case_id].version)
        step = definition.step(task.process_id, task.step)
        turns[task.case_id].append(
            Turn(
                task_id=task.id,
                step=task.step,
                name=task.name,
                person=person or holders.of(task.case_id, task.role),
                role=in_words(acting_role(task), held.get(doer_id, ())),
                mine=bool(mine) and task.claimed_by_id in (None, account_id),
                due_at=task.due_at,
                late=task.due_at is not None and task.due_at < now,
                delplikt=step.delplikt,
                in_workdays=not step.rule or definition.regelverk.frist(step.rule).in_workdays,
            )
        )
    return turns


def kinds() -> dict[str, Select]:
    """The statements that read whose turn it can be in the cases whose ids are `cases`: the people
    around them, and what those who have a task hold today, at any school."""
    doer = func.coalesce(Task.assignee_id, Task.claimed_by_id)
    doers = select(doer).where(
        Task.case_id.in_(bindparam("cases", expanding=True)), Task.state == "open"
    )
    return {
        **circle.kinds(),
        "own": select(
            RoleHolding.id.label("row"),
            RoleHolding.account_id.label("number"),
            RoleHolding.role.label("role"),
        ).where(
            RoleHolding.account_id.in_(doers),
            in_force(RoleHolding, bindparam("day", type_=Date)),
        ),
    }


class _Holders:
    """Who a role is in these cases, by name, while they are few enough to be named."""

    def __init__(self, cases: Sequence[Case], rows: Sequence[Row], now: datetime):
        self._circles = {case.id: Circle(case, now, rows) for case in cases}
        self._given = {
            (row.case_id, row.role): row.name
            for row in rows
            if row.what == "given" and row.to_time is None
        }

    def of(self, case_id: int, role: str | None) -> str | None:
        if role is None or (case_id, role) in self._given:
            return self._given.get((case_id, role))
        names = [person.name for person in self._circles[case_id].meant_by(role)]
        return both(names) if 0 < len(names) <= FEW else None
