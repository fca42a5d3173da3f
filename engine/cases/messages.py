"""Messages into a case: what a person starts by hand, for example «Start kartlegging»."""

from __future__ import annotations

from SpiffWorkflow.bpmn.specs.event_definitions.message import MessageEventDefinition
from SpiffWorkflow.bpmn.util import BpmnEvent

from engine.cases import deadlines, exchange, incidents, linked, receipts
from engine.cases.desk import case_id_of, no_access, open_case
from engine.cases.incidents import Stopped
from engine.cases.state import Status
from engine.database.tables import Account
from engine.people import access
from engine.people.access import Permission
from engine.records.log import Kind
from engine.refusals import Reason, Refusal
from engine.sentences import say


def startable(desk) -> list:
    """The steps of the diagram that wait for somebody to start them by hand, in its order."""
    return [
        step
        for step in desk.definition.steps.values()
        if step.started_by and _catches(desk, step.message)
    ]


def leads_to(definition, step):
    """The first step with a name that comes after this event; None when there is none."""
    steps = {s.id: s for s in definition.steps.values() if s.process_id == step.process_id}
    queue, seen = [step.id], {step.id}
    while queue:
        here = queue.pop(0)
        for flow in definition.flows[step.process_id]:
            if flow.source != here or flow.target in seen:
                continue
            after = steps[flow.target]
            if after.name and not after.kind.endswith("Gateway"):
                return after
            seen.add(after.id)
            queue.append(after.id)
    return None


def start_by_hand(product, number: str, account_id: int, step_id: str, receipt: str) -> None:
    """Send the message that an event of the diagram waits for. Raises Refusal."""
    case_id = case_id_of(product, number)
    try:
        with open_case(product, case_id, account_id) as desk:
            if receipts.find(desk.session, receipt, account_id, "start_by_hand") is not None:
                return
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
            receipts.keep(desk, receipt, "start_by_hand")
        exchange.deliver(product, case_id)
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
        raise Refusal(Reason.IKKE_VENTET, say("Saken venter ikke på dette nå."))
    desk.workflow.send_event(BpmnEvent(MessageEventDefinition(name), payload={}))
    desk.advance()


def _catches(desk, name: str) -> bool:
    if desk.workflow.completed:
        return False
    if name in linked.awaited(desk):
        return True
    if desk.case.status == Status.AWAITS_CHECK or linked.waits_for_another(desk):
        return False  # nobody works on the case now, so nothing is to be done beside that
    return any(
        start.event_definition.name == name
        for trigger in desk.workflow.spec.start.trigger_specs
        for start in desk.workflow.subprocess_specs[trigger].bpmn_start_events
    )
