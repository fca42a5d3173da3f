"""The plan's clock: the working days from the report to the day when the plan is due."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Row, Select, bindparam, select

from engine.cases.agenda import DUE, LAPSED, MET
from engine.database.mixed import mixed
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
    asked = {"cases": [case.id for case in cases]}
    return clocks_of(cases, session.execute(mixed(**kinds()), asked).all(), now)


def kinds() -> dict[str, Select]:
    """The statements that read what `clocks_of` takes, of the cases whose ids are `cases`."""
    chosen = bindparam("cases", expanding=True)
    return {
        "planned": select(Task.case_id.label("case_id")).where(
            Task.case_id.in_(chosen), Task.state == "done", Task.step == PLAN_STEP
        ),
        "plan_due": select(
            Deadline.id.label("row"),
            Deadline.case_id.label("case_id"),
            Deadline.day.label("day"),
            Deadline.state.label("state"),
        ).where(
            Deadline.case_id.in_(chosen),
            Deadline.rule == PLAN_RULE,
            Deadline.kind == DUE,
            Deadline.task_id.is_(None),
        ),
    }


def clocks_of(cases: Sequence[Case], rows: Sequence[Row], now: datetime) -> dict[int, Clock]:
    """As `clocks`, from rows that have been read."""
    received = {case.id: case.received_at for case in cases if case.received_at}
    made = {row.case_id for row in rows if row.what == "planned"}
    due = sorted((row for row in rows if row.what == "plan_due"), key=lambda row: row.row)
    today = workdays.local_day(now)
    return {
        row.case_id: _clock(
            workdays.local_day(received[row.case_id]),
            row.day,
            today,
            done=row.state in (MET, LAPSED) or row.case_id in made,
        )
        for row in due
        if row.case_id in received
    }


def _clock(start: date, due: date, today: date, done: bool) -> Clock:
    days: list[date] = []
    while not days or days[-1] < due:
        days.append(workdays.add_workdays(days[-1] if days else start, 1))
    return Clock(
        days=tuple(days),
        today=sum(day <= today for day in days),
        over=max(0, workdays.workdays_between(due, today)),
        done=done,
    )
