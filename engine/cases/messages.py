"""Messages into a case: what a person starts by hand, for example «Start kartlegging»."""

from __future__ import annotations

from SpiffWorkflow.bpmn.specs.event_definitions.message import MessageEventDefinition
from SpiffWorkflow.bpmn.util import BpmnEvent
from SpiffWorkflow.util.task import TaskState

from engine.cases import deadlines, incidents
from engine.cases.desk import no_access, open_case
from engine.cases.incidents import Stopped
from engine.database.tables import Account
from engine.people import access
from engine.people.access import Permission
from engine.records.log import Kind
from engine.refusals import Reason, Refusal


def startable(desk) -> list:
    """The steps of the diagram that wait for somebody to start them by hand, in its order."""
    return [
        step
        for step in desk.definition.steps.values()
        if step.started_by and _catches(desk, step.message)
    ]


def start_by_hand(product, case_id: int, account_id: int, step_id: str) -> None:
    """Send the message that an event of the diagram waits for. Raises Refusal."""
    try:
        with open_case(product, case_id, account_id) as desk:
            step = _startable_step(desk, step_id)
            access.require(
                desk.session,
                desk.session.get(Account, account_id),
                Permission.START_MANUAL,
                case=desk.case,
                now=desk.now,
                roles=step.started_by,
            )
            deadlines.pass_due(desk)
            deliver(desk, step.message)
            desk.log(
                Kind.STARTET_FOR_HAND,
                step=step.id,
                step_name=step.name,
                process_id=step.process_id,
            )
            desk.save()
    except Stopped as stopped:
        raise incidents.record_stop(product, case_id, stopped) from stopped


def _startable_step(desk, step_id: str):
    """The event of this id that somebody may start, whether the case waits for it now or not."""
    for step in desk.definition.steps.values():
        if step.id == step_id and step.started_by:
            return step
    raise no_access()


def deliver(desk, name: str) -> None:
    """Give a message to the case. Its content, if any, is facts already; none goes through here."""
    if not _catches(desk, name):
        raise Refusal(Reason.IKKE_VENTET, "Saken venter ikke på dette nå.")
    desk.workflow.send_event(BpmnEvent(MessageEventDefinition(name), payload={}))
    desk.advance()


def _catches(desk, name: str) -> bool:
    if desk.workflow.completed:
        return False
    waiting = any(
        task.state == TaskState.WAITING
        and getattr(task.task_spec.event_definition, "name", None) == name
        for task in desk.workflow.event_manager.tasks.values()
    )
    return waiting or any(
        start.event_definition.name == name
        for trigger in desk.workflow.spec.start.trigger_specs
        for start in desk.workflow.subprocess_specs[trigger].bpmn_start_events
    )
