"""The state document: the workflow's task tree, without specification and without answers."""

from __future__ import annotations

import json
from enum import StrEnum
from uuid import UUID

from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer
from SpiffWorkflow.bpmn.serializer.default.workflow import BpmnWorkflowConverter, WorkflowConverter
from SpiffWorkflow.bpmn.specs.event_definitions.simple import TerminateEventDefinition
from SpiffWorkflow.bpmn.specs.mixins.events.end_event import EndEvent
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.spiff.serializer.config import SPIFF_CONFIG
from SpiffWorkflow.util.task import TaskState

VERSION = 1
MAX_DEPTH = 300  # SpiffWorkflow loses tasks silently at depth 1,000

LIVE = TaskState.READY | TaskState.WAITING | TaskState.STARTED


class Status(StrEnum):
    """Where a case stands, as people see it."""

    OPEN = "apen"
    AWAITS_CHECK = "avsluttet_etterkontroll_gjenstaar"
    CLOSED = "avsluttet"
    MERGED = "slatt_sammen"
    TRANSFERRED = "overfort"


class UnreadableState(Exception):
    """Stored state of a version that this product can't read. Nothing has been changed."""


class _Converter(BpmnWorkflowConverter):
    """Stores the task tree alone; the specification comes from the compiled version."""

    def to_dict(self, workflow):
        document = WorkflowConverter.to_dict(self, workflow)
        document["subprocesses"] = self.mapping_to_dict(workflow.subprocesses)
        document["bpmn_events"] = self.registry.convert(workflow.bpmn_events)
        return document

    def from_dict(self, document, spec, subspecs, engine):
        workflow = BpmnWorkflow(spec, subspecs, script_engine=engine, deserializing=True)
        workflow.tasks = self.mapping_from_dict(document["tasks"], UUID, workflow=workflow)
        workflow.task_tree = workflow.tasks[UUID(document["root"])]
        self.set_default_attributes(workflow, document)
        self.subprocesses_from_dict(document["subprocesses"], workflow)
        workflow.bpmn_events = self.registry.restore(document.get("bpmn_events", []))
        return workflow


_registry = BpmnWorkflowSerializer.configure({**SPIFF_CONFIG, BpmnWorkflow: _Converter})
_serializer = BpmnWorkflowSerializer(_registry)


def create(definition, engine) -> BpmnWorkflow:
    """A new workflow of a compiled version, not yet run."""
    return _watched(BpmnWorkflow(definition.spec, definition.subspecs, script_engine=engine))


def save(workflow) -> bytes:
    return _serializer.serialize_json(workflow).encode()


def load(document: bytes, version: int, definition, engine) -> BpmnWorkflow:
    """The stored workflow, with our script engine set. Raises UnreadableState."""
    if version != VERSION:
        raise UnreadableState(
            f"Saken er lagret i form {version}, og denne utgaven av Trygg leser form {VERSION}."
        )
    fields = json.loads(document)
    fields.pop("serializer_version", None)
    workflow = _serializer.from_dict(
        fields, spec=definition.spec, subspecs=definition.subspecs, engine=engine
    )
    return _watched(workflow)


def _watched(workflow):
    workflow.task_removed_event.connect(_drop_orphan)
    return workflow


def _drop_orphan(workflow, task) -> None:
    """A removed task takes its sub-process with it; left behind, it crashes the next step."""
    top = workflow.top_workflow
    top.event_manager.remove_task(task)
    orphan = top.subprocesses.get(task.id)
    if orphan is not None:
        for inner in list(orphan.tasks.values()):
            _drop_orphan(orphan, inner)
        top.subprocesses.pop(task.id, None)


def all_of(workflow):
    """The workflow and those inside it: sub-processes and called processes."""
    return [workflow, *workflow.subprocesses.values()]


def ends(workflow) -> list[str]:
    """Ids of the end events that have run in this workflow itself, not in those it calls."""
    return [
        task.task_spec.bpmn_id or task.task_spec.name
        for task in workflow.tasks.values()
        if isinstance(task.task_spec, EndEvent) and task.state == TaskState.COMPLETED
    ]


def trouble(workflow) -> str | None:
    """Why this workflow neither has ended nor waits for anybody, in words; None if it is well.

    SpiffWorkflow's own `is_completed` also says yes for a case whose tasks have vanished.
    """
    tasks = [task for each in all_of(workflow) for task in each.tasks.values()]
    live = [task for task in tasks if task.state & LIVE]
    if max(task.depth for task in tasks) > MAX_DEPTH:
        return "Saken har gått for mange runder til at motoren trygt kan fortsette."
    if any(task.state == TaskState.ERROR for task in tasks):
        return "Et steg feilet."
    if any(task.state == TaskState.READY and not task.task_spec.manual for task in live):
        return "Et automatisk steg ble ikke utført."
    if ended(workflow):
        return None
    if workflow.completed or not live:
        return "Ingenting er igjen å gjøre, men saken kom ikke til en slutt."
    waits = any(
        task.state == TaskState.READY
        or (task.state == TaskState.WAITING and task.id in workflow.event_manager.tasks)
        for task in live
    )
    return None if waits else "Saken venter på en gren som aldri kommer."


def ended(workflow) -> bool:
    """An end event ran, nothing is live, and the process came to its own end or was terminated."""
    if not workflow.completed or not ends(workflow):
        return False
    if any(task.state & LIVE for each in all_of(workflow) for task in each.tasks.values()):
        return False
    return any(
        task.state == TaskState.COMPLETED
        and (
            task.task_spec.name == "End"
            or (
                isinstance(task.task_spec, EndEvent)
                and isinstance(task.task_spec.event_definition, TerminateEventDefinition)
            )
        )
        for task in workflow.tasks.values()
    )
