"""What a case waits for: its open tasks, and the deadlines to come. Read once in a command and then
kept in memory, so that what a step opens, moves or meets is seen at once and written at the end.

Closed tasks and deadlines of the past are not among them: a case with hundreds of rounds behind it
reads no more than a new one.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    CompoundSelect,
    Row,
    Select,
    and_,
    bindparam,
    exists,
    func,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import Session, aliased

from engine.database.tables import Case, Deadline, Incident, Message, Task

WAITING, PASSED, MET, LAPSED = "ventende", "passert", "holdt", "bortfalt"
DUE, REMINDER, ESCALATION, MOMENT = "frist", "paaminnelse", "eskalering", "tidspunkt"


class Agenda:
    """The open tasks and the deadlines to come, with what this command has made of them.

    statement: `waiting()` with more asked for besides, and its values; `asked` is its first row.
    """

    def __init__(self, session: Session, case_id: int, statement=None, **values: Any):
        self._tasks: dict[str, Task] = {}
        self._deadlines: dict[Deadline, None] = {}
        rows = session.execute(
            waiting() if statement is None else statement, {"case": case_id, **values}
        ).all()
        self.asked: Row = rows[0]
        for task, deadline, *_ in rows:
            if task is not None:
                self._tasks[task.token] = task
            if deadline is not None:
                self._deadlines[deadline] = None

    @property
    def open(self) -> dict[str, Task]:
        """The open tasks, by the engine's id."""
        return {token: task for token, task in self._tasks.items() if task.state == "open"}

    @property
    def closed(self) -> list[Task]:
        """The tasks that this command has closed."""
        return [task for task in self._tasks.values() if task.state != "open"]

    def task(self, task_id: int) -> Task | None:
        """The open task with this id."""
        return next((task for task in self.open.values() if task.id == task_id), None)

    def opened(self, task: Task) -> None:
        self._tasks[task.token] = task

    def add(self, deadline: Deadline) -> None:
        self._deadlines[deadline] = None

    def deadlines(self, fits: Callable[[Deadline], bool] = lambda row: True) -> list[Deadline]:
        """The deadlines still to come that fit, earliest first."""
        return [row for row in self._in_order() if row.state == WAITING and fits(row)]

    def own(self, key: str) -> Deadline | None:
        """The case's own deadline by this rule, to come or passed; not a task's."""
        kept = (row for row in self._in_order() if row.state in (WAITING, PASSED))
        return next(
            (row for row in kept if (row.rule, row.kind) == (key, DUE) and is_own(row)), None
        )

    def is_due(self, now: datetime) -> bool:
        """Whether anything is to happen by now."""
        return any(row.due_at <= now for row in self.deadlines())

    def _in_order(self) -> list[Deadline]:
        """New rows have no id yet and come after those of the same moment that have one."""
        new = float("inf")
        return sorted(self._deadlines, key=lambda row: (row.due_at, row.id or new))


def is_own(deadline: Deadline) -> bool:
    """Whether it is the case's own deadline, and no task's."""
    return deadline.task is None


@cache
def waiting() -> Select:
    """The statement that reads the agenda of the case `case`: tasks and deadlines side by side, and
    at least one row. `stopped`: whether it has an unsolved incident; `mail`: whether a message to
    or from it is on its way."""
    stopped = exists().where(Incident.case_id == Case.id, Incident.solved_at.is_(None))
    mail = exists().where(
        Message.delivered_at.is_(None),
        or_(Message.case_id == bindparam("case"), Message.from_case_id == bindparam("case")),
    )
    return (
        select(Task, Deadline, stopped.correlate(Case).label("stopped"), mail.label("mail"))
        .select_from(Case)
        .outerjoin(Task, and_(Task.case_id == Case.id, Task.state == "open"))
        .outerjoin(
            Deadline,
            and_(
                Deadline.id.in_(_kept()),
                # Its own, or of no task: written so that no index on task_id tempts SQLite.
                func.coalesce(Deadline.task_id, Task.id, 0) == func.coalesce(Task.id, 0),
            ),
        )
        .where(Case.id == bindparam("case"))
    )


def _kept() -> CompoundSelect:
    """The ids of the deadlines to come, and of the case's own that have passed. Each kind is looked
    up by itself: asked for together, SQLite reads all that the case has ever had."""
    row = aliased(Deadline)
    of_case = select(row.id).where(row.case_id == bindparam("case"))
    return union_all(
        of_case.where(row.state == WAITING),
        of_case.where(row.state == PASSED, row.kind == DUE, row.task_id.is_(None)),
    )
