"""Where a case is in its diagrams: done, current and not reached, also as an ordered list.

What people and operations did stands in the log. Gateways, events and flows leave no row there:
for them the workflow remembers which flows were passed.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select

from engine.cases import linked
from engine.cases.deadlines import MOMENT, WAITING
from engine.database.tables import Account, Deadline, Event, Task
from engine.records.log import Kind

DELPLIKTER = ("folge_med", "gripe_inn", "varsle", "undersoke", "tiltak")
ALWAYS = "folge_med"
_LISTED = {
    "userTask", "serviceTask", "businessRuleTask", "callActivity", "intermediateCatchEvent"
}  # fmt: skip


class Place(StrEnum):
    DONE = "ferdig"
    CURRENT = "na"
    AHEAD = "ikke_kommet_dit"


@dataclass(frozen=True)
class Listed:
    """One step in the ordered list. count: how many times it has been done."""

    id: str
    process_id: str
    name: str
    role: str | None
    place: Place
    inside: bool  # stands in a sub-process
    count: int
    done_by: str | None
    done_at: datetime | None
    due_at: datetime | None


@dataclass(frozen=True)
class Diagram:
    """One process of the case: its BPMN, and the ids of what is done and current, flows too."""

    process_id: str
    name: str
    xml: bytes
    done: tuple[str, ...]
    current: tuple[str, ...]
    steps: tuple[Listed, ...]


@dataclass(frozen=True)
class Part:
    """One of the five delplikter. at: when its latest step was done; step: what goes on now."""

    id: str
    place: Place
    at: datetime | None
    step: str | None


def diagrams(desk) -> list[Diagram]:
    """The case's own process, and those that it has called so far. The desk must be loaded."""
    waiting = frozenset((s.process_id, s.id) for s in linked.waits_for_another(desk))
    progress = _Progress(desk.session, desk.definition, desk.case, waiting)
    return [
        _diagram(desk, progress, process_id)
        for process_id in desk.definition.process_ids
        if process_id == desk.case.process_id or progress.has_begun(process_id)
    ]


def parts(session, definition, case, waiting=frozenset()) -> list[Part]:
    """The five delplikter, as they stand; those that are no matter of this case are left out. To
    watch over pupils (følge med) is never done.

    waiting: the steps that wait for a message, by process and id.
    """
    progress = _Progress(session, definition, case, waiting)
    found = []
    for name in DELPLIKTER:
        steps = [s for s in definition.steps.values() if s.delplikt == name]
        if not steps and name != ALWAYS:
            continue
        current = next((s for s in steps if progress.current(s)), None)
        done = [progress.done[s.process_id, s.id] for s in steps if progress.is_done(s)]
        place = Place.CURRENT if current else Place.DONE if done else Place.AHEAD
        at = max((each[-1][0] for each in done), default=None)
        found.append(Part(name, place, at, current.name if current else None))
    return found


class _Progress:
    """What the log and the open tasks say of each step."""

    def __init__(self, session, definition, case, waiting):
        self.waiting = waiting
        self.done: dict[tuple[str, str], list[tuple[datetime, str | None]]] = defaultdict(list)
        events = session.execute(
            select(Event.process_id, Event.step, Event.at, Account.name)
            .outerjoin(Account, Account.id == Event.actor_id)
            .where(
                Event.case_id == case.id,
                Event.kind.in_(
                    (
                        Kind.OPPGAVE_UTFORT,
                        Kind.STEG_UTFORT,
                        Kind.MELDING_MOTTATT,
                        Kind.SAK_AVSLUTTET,
                    )
                ),
            )
            .order_by(Event.seq)
        )
        for process_id, step, at, name in events:
            self.done[process_id, step].append((at, name))
        tasks = session.scalars(
            select(Task).where(Task.case_id == case.id, Task.state == "open").order_by(Task.due_at)
        )
        self.open: dict[tuple[str, str], Task] = {}
        for task in tasks:
            self.open.setdefault((task.process_id, task.step), task)
        timers = session.scalars(
            select(Deadline).where(
                Deadline.case_id == case.id, Deadline.kind == MOMENT, Deadline.state == WAITING
            )
        )
        self.timers = {row.rule: row for row in timers}
        self.definition = definition

    def has_begun(self, process_id: str) -> bool:
        return any(process == process_id for process, _ in [*self.done, *self.open])

    def is_done(self, step) -> bool:
        return (step.process_id, step.id) in self.done

    def current(self, step) -> bool:
        if (step.process_id, step.id) in self.open or (step.process_id, step.id) in self.waiting:
            return True
        if step.kind == "intermediateCatchEvent" and step.timer in self.timers:
            return True
        if step.kind == "callActivity":
            return any(process == step.called for process, _ in self.open)
        if step.kind == "subProcess":
            return any(
                self.current(inner)
                for inner in self.definition.steps.values()
                if inner.parent == step.id and inner.process_id == step.process_id
            )
        return False

    def place(self, step) -> Place:
        if self.current(step):
            return Place.CURRENT
        if self.is_done(step) or self._all_inside_done(step):
            return Place.DONE
        return Place.AHEAD

    def _all_inside_done(self, step) -> bool:
        """A sub-process or call is done when something in it was, and nothing there is open."""
        if step.kind == "callActivity":
            return self.has_begun(step.called)
        return step.kind == "subProcess" and any(
            self.is_done(inner)
            for inner in self.definition.steps.values()
            if inner.parent == step.id and inner.process_id == step.process_id
        )


def _diagram(desk, progress: _Progress, process_id: str) -> Diagram:
    definition = desk.definition
    steps = [s for s in definition.steps.values() if s.process_id == process_id]
    places = {step.id: progress.place(step) for step in steps}
    current = {id_ for id_, place in places.items() if place is Place.CURRENT}
    passed, flows = _passed(desk, process_id)
    done = {
        step.id
        for step in steps
        if places[step.id] is Place.DONE or (_is_silent(step) and step.id in passed)
    }
    return Diagram(
        process_id=process_id,
        name=definition.names[process_id],
        xml=definition.diagrams[process_id],
        done=tuple(sorted((done - current) | flows)),
        current=tuple(sorted(current)),
        steps=tuple(
            _listed(progress, step, places[step.id])
            for step in steps
            if step.kind in _LISTED and step.name
        ),
    )


def _is_silent(step) -> bool:
    """Whether passing the step leaves no row in the log."""
    return step.kind.endswith(("Gateway", "Event"))


def _passed(desk, process_id: str) -> tuple[set[str], set[str]]:
    """The ids of the elements and of the flows that the case has passed in this process."""
    gone = desk.workflow.passed.get(process_id, set())
    flows = [f for f in desk.definition.flows[process_id] if (f.source, f.target) in gone]
    # An end event is passed when it is reached: no flow leads out of it.
    ends = {
        flow.target
        for flow in flows
        if desk.definition.step(process_id, flow.target).kind == "endEvent"
    }
    return {flow.source for flow in flows} | ends, {flow.id for flow in flows}


def _listed(progress: _Progress, step, place: Place) -> Listed:
    key = (step.process_id, step.id)
    done = progress.done.get(key, [])
    task = progress.open.get(key)
    timer = progress.timers.get(step.timer) if step.timer else None
    return Listed(
        id=step.id,
        process_id=step.process_id,
        name=step.name,
        role=step.role,
        place=place,
        inside=step.parent is not None,
        count=len(done),
        done_by=done[-1][1] if done else None,
        done_at=done[-1][0] if done else None,
        due_at=task.due_at if task else timer.due_at if timer else None,
    )
