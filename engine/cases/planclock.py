"""The plan's clock: the working days from the report to the day when the plan is due."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from engine.cases.deadlines import DUE, LAPSED, MET
from engine.database.tables import Case, Deadline, Task
from engine.rules import workdays

PLAN_STEP = "lag_aktivitetsplan"
PLAN_RULE = "plan"


@dataclass(frozen=True)
class Clock:
    """days: the working days, the last one is the deadline; today: how many of them have come,
    today's included (0 on the day of the report); over: working days after the deadline; done: a
    plan has been made, or none is needed any more."""

    days: tuple[date, ...]
    today: int
    over: int
    done: bool

    @property
    def due(self) -> date:
        return self.days[-1]

    @property
    def late(self) -> bool:
        return self.over > 0 and not self.done


def clocks(session, cases: Sequence[Case], now: datetime) -> dict[int, Clock]:
    """The clock of each case whose report has been delivered, by the case's id."""
    received = {case.id: case.received_at for case in cases if case.received_at}
    made = set(
        session.scalars(
            select(Task.case_id).where(
                Task.case_id.in_(received), Task.step == PLAN_STEP, Task.state == "done"
            )
        )
    )
    rows = session.scalars(
        select(Deadline)
        .where(
            Deadline.case_id.in_(received),
            Deadline.rule == PLAN_RULE,
            Deadline.kind == DUE,
            Deadline.task_id.is_(None),
        )
        .order_by(Deadline.id)
    )
    today = workdays.local_day(now)
    return {
        row.case_id: _clock(
            workdays.local_day(received[row.case_id]),
            row,
            today,
            done=row.state in (MET, LAPSED) or row.case_id in made,
        )
        for row in rows
    }


def _clock(start: date, row: Deadline, today: date, done: bool) -> Clock:
    days: list[date] = []
    while not days or days[-1] < row.day:
        days.append(workdays.add_workdays(days[-1] if days else start, 1))
    return Clock(
        days=tuple(days),
        today=sum(day <= today for day in days),
        over=max(0, workdays.workdays_between(row.day, today)),
        done=done,
    )
