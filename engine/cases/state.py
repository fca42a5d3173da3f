"""The state of a case: stored and loaded, and what it says: ended, waiting, or in trouble."""

from __future__ import annotations

import json
from enum import StrEnum

from SpiffWorkflow.bpmn.specs.event_definitions.simple import TerminateEventDefinition
from SpiffWorkflow.bpmn.specs.mixins.events.end_event import EndEvent
from SpiffWorkflow.exceptions import SpiffWorkflowException
from SpiffWorkflow.util.task import TaskState

from engine.cases import documents
from engine.cases.compaction import compact, completed_ends
from engine.cases.workflow import LIVE, CaseWorkflow, all_of
from engine.definitions.specs import step_id
from engine.sentences import Sentence, say

VERSION = documents.VERSION
MAX_DEPTH = 300  # SpiffWorkflow loses tasks silently at depth 1,000

# What reading a document with a field missing, or with another thing in it, makes Python raise.
_BROKEN = (ValueError, LookupError, TypeError, AttributeError, SpiffWorkflowException)


class Status(StrEnum):
    """Where a case stands, as people see it."""

    OPEN = "apen"
    AWAITS_CHECK = "avsluttet_etterkontroll_gjenstaar"
    CLOSED = "avsluttet"
    MERGED = "slatt_sammen"
    TRANSFERRED = "overfort"


class UnreadableState(Exception):
    """Stored state that this product can't read, in words. Nothing has been changed."""


def create(definition, engine) -> CaseWorkflow:
    """A new workflow of a compiled version, not yet run."""
    return CaseWorkflow(definition.spec, definition.subspecs, engine)


def save(workflow: CaseWorkflow) -> bytes:
    """The document to be stored. The finished part of the tree is compacted on the way."""
    compact(workflow)
    return json.dumps(documents.write(workflow), separators=(",", ":")).encode()


def load(document: bytes, version: int, definition, engine) -> CaseWorkflow:
    """The stored workflow, with our script engine set. Raises UnreadableState."""
    try:
        return documents.read(json.loads(document), version, definition, engine)
    except documents.Unknown as error:
        raise UnreadableState(
            f"Saken er lagret i form {version}, og denne utgaven av Trygg leser form 1 til "
            f"{VERSION}. Bruk en nyere utgave."
        ) from error
    except _BROKEN as error:
        raise UnreadableState(
            "Sakens lagrede tilstand er ødelagt. Hent den fra en sikkerhetskopi."
        ) from error


def ends(workflow) -> list[str]:
    """Ids of the end events that have run in this workflow itself, not in those it calls, the
    latest last. Of those that ran before the last save only the latest is still known."""
    return [step_id(task) for task in completed_ends(workflow)]


def trouble(workflow) -> Sentence | None:
    """Why this workflow neither has ended nor waits for anybody, in words; None if it is well.

    SpiffWorkflow's own `is_completed` also says yes for a case whose tasks have vanished.
    """
    tasks = [task for each in all_of(workflow) for task in each.tasks.values()]
    live = [task for task in tasks if task.state & LIVE]
    if max(task.depth for task in tasks) > MAX_DEPTH:
        return say("Saken har gått for mange runder til at motoren trygt kan fortsette.")
    if any(task.state == TaskState.ERROR for task in tasks):
        return say("Et steg feilet.")
    if any(task.state == TaskState.READY and not task.task_spec.manual for task in live):
        return say("Et automatisk steg ble ikke utført.")
    if ended(workflow):
        return None
    if workflow.completed or not live:
        return say("Ingenting er igjen å gjøre, men saken kom ikke til en slutt.")
    waits = any(
        task.state == TaskState.READY
        or (task.state == TaskState.WAITING and task.id in workflow.event_manager.tasks)
        for task in live
    )
    return None if waits else say("Saken venter på en gren som aldri kommer.")


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
