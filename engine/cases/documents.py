"""The state document: the workflow's task tree, without specification and without answers.

Version 3 is rows of our own, `[id, step, state, parent, children]`, where parent and children are
places in the list of rows, and a sixth with the task's internal data and a seventh `1` for a task
that an event has triggered stand only where there is something to say. What is predicted of the
way ahead goes two steps and no further (`engine.definitions.prediction`).

Older versions are read, never written. Version 2 is the same rows with the whole way ahead in them,
and an engine that wrote them can't go on from less. Version 1 is SpiffWorkflow's own dictionaries,
without its specification.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any
from uuid import UUID

from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer
from SpiffWorkflow.bpmn.serializer.default.workflow import BpmnWorkflowConverter
from SpiffWorkflow.bpmn.specs.mixins.events.event_types import CatchingEvent
from SpiffWorkflow.bpmn.util.subworkflow import BpmnSubWorkflow
from SpiffWorkflow.spiff.serializer.config import SPIFF_CONFIG
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.cases.workflow import LIVE, CaseWorkflow

VERSION = 3

_COME = LIVE | TaskState.FINISHED_MASK


class Unknown(Exception):
    """A document of a version that this product does not know."""


def write(workflow: CaseWorkflow) -> dict[str, Any]:
    """The document of this version, ready to be JSON."""
    document = {
        "passed": {process: _by_source(flows) for process, flows in workflow.passed.items()},
        "tree": _written(workflow),
        "inside": [[task_id.hex, _written(sub)] for task_id, sub in workflow.subprocesses.items()],
    }
    if workflow.bpmn_events:
        document["events"] = _registry.convert(workflow.bpmn_events)
    return document


def read(document: dict[str, Any], version: int, definition, engine) -> CaseWorkflow:
    """The workflow of a document. Raises Unknown, and what Python raises on a broken document."""
    if version not in _READERS:
        raise Unknown(version)
    return _READERS[version](document, definition, engine)


# --- versions 2 and 3 ----------------------------------------------------------------------------


def _by_source(flows: set[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for source, target in sorted(flows):
        found.setdefault(source, []).append(target)
    return found


def _written(workflow) -> dict[str, Any]:
    places = {task_id: place for place, task_id in enumerate(workflow.tasks)}
    return {
        "tasks": [_row(task, places) for task in workflow.tasks.values()],
        "last": places.get(workflow.last_task.id) if workflow.last_task is not None else None,
        "completed": workflow.completed,
    }


def _row(task, places: dict[UUID, int]) -> list[Any]:
    row = [
        task.id.hex,
        task.task_spec.name,
        task.state,
        places.get(task._parent),
        [places[child] for child in task._children],
    ]
    if task.internal_data or task.triggered:
        row.append(_registry.convert(task.internal_data))
    if task.triggered:
        row.append(1)
    return row


def _read_rows(document, definition, engine) -> CaseWorkflow:
    top = CaseWorkflow(definition.spec, definition.subspecs, engine, deserializing=True)
    _restore(top, top, document["tree"])
    for task_id, written in document["inside"]:
        opener = top.get_task_from_id(UUID(hex=task_id))
        spec = top.subprocess_specs[opener.task_spec.spec]
        inner = BpmnSubWorkflow(spec, opener.id, top, deserializing=True)
        top.subprocesses[opener.id] = inner
        inner.completed_event.connect(opener.task_spec._on_subworkflow_completed, opener)
        _restore(inner, top, written)
    top.bpmn_events = _registry.restore(document.get("events", []))
    top.passed = {
        process: {(source, target) for source, targets in flows.items() for target in targets}
        for process, flows in document["passed"].items()
    }
    steps = {step for flows in top.passed.values() for flow in flows for step in flow}
    if not all(isinstance(step, str) for step in steps):
        raise ValueError("a flow does not lead from a step to a step")
    for each in (top, *top.subprocesses.values()):
        top.recorded.update(task.id for task in each.tasks.values() if task.state & _COME)
    return top


def _restore(workflow, top: CaseWorkflow, written: dict[str, Any]) -> None:
    """Put the written tasks into a workflow, in the order they were made in.

    Nothing that walks a tree comes back from a ring, so parents and children must agree.
    """
    ids = [UUID(hex=row[0]) for row in written["tasks"]]
    specs = workflow.spec.task_specs
    below: dict[int, list[int]] = defaultdict(list)
    for place, row in enumerate(written["tasks"][1:], start=1):
        below[row[3]].append(place)
    if any(sorted(row[4]) != below[place] for place, row in enumerate(written["tasks"])):
        raise ValueError("a task's children are not those that follow it")
    for place, (task_id, row) in enumerate(zip(ids, written["tasks"], strict=True)):
        _, name, state, parent, children, *more = row
        if (parent is None) != (place == 0) or (parent is not None and parent >= place):
            raise ValueError("a task stands before the one it follows")
        task = Task(workflow, specs[name], state=state, id=task_id)
        task._parent = None if parent is None else ids[parent]
        task._children = [ids[child] for child in children]
        task.internal_data = _registry.restore(more[0]) if more else {}
        task.triggered = len(more) > 1
        if state == TaskState.WAITING and isinstance(task.task_spec, CatchingEvent):
            top.event_manager.add_task(task)
    workflow.task_tree = workflow.tasks[ids[0]]
    workflow.last_task = None if written["last"] is None else workflow.tasks[ids[written["last"]]]
    workflow.completed = written["completed"]


# --- version 1 -----------------------------------------------------------------------------------


class _FirstVersion(BpmnWorkflowConverter):
    """SpiffWorkflow's own document, but for the specification, which comes with the version."""

    def from_dict(self, document, definition, engine):
        workflow = CaseWorkflow(definition.spec, definition.subspecs, engine, deserializing=True)
        workflow.tasks = self.mapping_from_dict(document["tasks"], UUID, workflow=workflow)
        workflow.task_tree = workflow.tasks[UUID(document["root"])]
        self.set_default_attributes(workflow, document)
        self.subprocesses_from_dict(document["subprocesses"], workflow)
        workflow.bpmn_events = self.registry.restore(document.get("bpmn_events", []))
        return workflow


_registry = BpmnWorkflowSerializer.configure(SPIFF_CONFIG)
_first_version = _FirstVersion(CaseWorkflow, _registry)


def _read_dictionaries(document, definition, engine) -> CaseWorkflow:
    workflow = _first_version.from_dict(document, definition, engine)
    workflow.remember()
    return workflow


_READERS = {1: _read_dictionaries, 2: _read_rows, 3: _read_rows}
