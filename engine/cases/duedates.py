"""A case's deadlines as its page reads them: what is due when, by which rule, and how it went."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select

from engine.cases.deadlines import DELIVERY, DUE, LAPSED, MET, MOMENT, PASSED, WAITING
from engine.database.tables import Deadline, Task
from engine.rules.rule import Rule, Status


class Fate(StrEnum):
    """How a deadline went: Kommer, Gjort, Over fristen, Utgår."""

    COMING = "kommer"
    DONE = "gjort"
    DONE_LATE = "gjort_etter"
    LATE = "over"
    LAPSED = "utgar"
    REACHED = "naadd"  # a moment that is nobody's to meet has come


@dataclass(frozen=True)
class Due:
    """One deadline of the case, or a moment that it waits for."""

    rule: Rule
    step_name: str | None
    due_at: datetime
    fate: Fate

    @property
    def ahead(self) -> bool:
        """Whether something is still to be done about it, or to be waited for."""
        return self.fate in (Fate.COMING, Fate.LATE)


class DueDates:
    """The deadlines of the case on the desk; `tasks` are all of its tasks, closed ones too."""

    def __init__(self, desk, tasks: Sequence[Task]):
        self.case, self.definition = desk.case, desk.definition
        self.tasks = {task.id: task for task in tasks}
        self.rows = desk.session.scalars(
            select(Deadline)
            .where(Deadline.case_id == desk.case.id, Deadline.kind.in_((DUE, MOMENT)))
            .order_by(Deadline.due_at, Deadline.id)
        ).all()

    def all(self) -> tuple[Due, ...]:
        """In the order of time, without those that only remind."""
        return tuple(self._due(row) for row in self.rows if self.is_told(row.rule))

    def waits(self) -> tuple[Due, ...]:
        """What only time brings: the moments that the case waits for."""
        return tuple(
            self._due(row) for row in self.rows if row.kind == MOMENT and row.state == WAITING
        )

    def first(self, key: str) -> Deadline | None:
        """The case's first deadline by this rule."""
        return next((row for row in self.rows if row.rule == key), None)

    def is_told(self, key: str) -> bool:
        """Some rules only remind. The others are kept, or waited for by a timer of the diagram."""
        return self.is_kept(key) or any(key == s.timer for s in self.definition.steps.values())

    def is_kept(self, key: str) -> bool:
        """Whether a step must keep it, or the law gives it."""
        return (
            key == DELIVERY
            or self.definition.regelverk.frist(key).status is Status.LOV
            or any(key == step.rule for step in self.definition.steps.values())
        )

    def _due(self, row: Deadline) -> Due:
        task = self.tasks.get(row.task_id)
        return Due(
            rule=self.definition.regelverk.frist(row.rule),
            step_name=task.name if task else None,
            due_at=row.due_at,
            fate=self._fate(row, task),
        )

    def _fate(self, row: Deadline, task: Task | None) -> Fate:
        if row.state != PASSED:
            return {WAITING: Fate.COMING, MET: Fate.DONE, LAPSED: Fate.LAPSED}[row.state]
        steps = self.definition.steps
        if row.kind == MOMENT or not any(step.rule == row.rule for step in steps.values()):
            return Fate.REACHED
        meeting = [task] if task else self._tasks_of(row.rule)
        states = {each.state for each in meeting}
        if "open" in states or not (states or self.case.ended_at):
            return Fate.LATE
        return Fate.DONE_LATE if "done" in states else Fate.LAPSED

    def _tasks_of(self, key: str) -> list[Task]:
        steps = self.definition.steps
        return [t for t in self.tasks.values() if steps[t.process_id, t.step].rule == key]
