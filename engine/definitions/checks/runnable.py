"""What the engine can't run, or would run wrongly, found before anybody is harmed by it.

SpiffWorkflow refuses some of this itself, in its own words and one at a time; the rest it takes
and runs as something else: a plain task waits for ever, a data object overwrites answers, a
sub-process that a timer starts blocks the end.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping

from lxml import etree

from engine.definitions.bpmn import (
    ACTIVITIES,
    BPMN,
    CAMUNDA,
    EVENTS,
    FLOW_NODES,
    TRYGG,
    called,
    local,
    name_of,
    processes,
    rule_of_timer,
)
from engine.definitions.checks.expressions import unreadable
from engine.definitions.checks.extensions import extensions
from engine.definitions.checks.flows import flows
from engine.definitions.checks.levels import levels
from engine.definitions.findings import Finding, finding

_ID = re.compile(r"[^\W\d][\w.-]{0,99}")
# fmt: off
_RESERVED = frozenset([
    # SpiffWorkflow's own steps, then the names that FEEL's context has beside the steps.
    "Start", "End", "Root", "StartEventSplit", "StartEventJoin", "historikk", "naa", "i_dag",
    "rad", "element", "resultat", "item",
])
# fmt: on

# Elements by what is said about them. What is in neither table is refused as unknown.
_REFUSED = {
    "scriptTask": "skript",
    "script": "skript",
    "task": "uten_type",
    "manualTask": "manuell",
    "sendTask": "sending",
    "receiveTask": "mottak",
    "intermediateThrowEvent": "sending",
    "complexGateway": "elementtype",
    "transaction": "elementtype",
    "adHocSubProcess": "elementtype",
    "compensateEventDefinition": "hendelse",
    "signalEventDefinition": "hendelse",
    "errorEventDefinition": "hendelse",
    "escalationEventDefinition": "hendelse",
    "conditionalEventDefinition": "hendelse",
    "linkEventDefinition": "hendelse",
    "cancelEventDefinition": "hendelse",
    "correlationProperty": "korrelasjon",
    "correlationKey": "korrelasjon",
    "correlationSubscription": "korrelasjon",
    "standardLoopCharacteristics": "gjentakelse",
    "loopCardinality": "gjentakelse",
    "loopDataInputRef": "gjentakelse",
    "loopDataOutputRef": "gjentakelse",
    "inputDataItem": "gjentakelse",
    "outputDataItem": "gjentakelse",
    "completionCondition": "gjentakelse",
    "complexBehaviorDefinition": "gjentakelse",
    "dataStore": "data",
    "dataStoreReference": "data",
    "dataInputAssociation": "data",
    "dataOutputAssociation": "data",
    "ioSpecification": "data",
    "ioBinding": "data",
    "property": "data",
    "dataInput": "data",
    "dataOutput": "data",
    "potentialOwner": "utforer",
    "humanPerformer": "utforer",
    "performer": "utforer",
    "resourceRole": "utforer",
    "timeCycle": "timer",
    "timeDuration": "timer",
}
# fmt: off
_KNOWN = frozenset([
    "definitions", "process", "collaboration", "participant", "participantMultiplicity",
    "messageFlow", "message", "signal", "error", "escalation", "itemDefinition", "import",
    "interface", "operation", "inMessageRef", "outMessageRef", "errorRef", "resource",
    "category", "categoryValue", "categoryValueRef", "group", "association",
    "textAnnotation", "text", "documentation", "extensionElements", "extension", "laneSet",
    "lane", "childLaneSet", "flowNodeRef", "partitionElement", "partitionElementRef",
    "sequenceFlow", "conditionExpression", "incoming", "outgoing",
    "multiInstanceLoopCharacteristics", "messageEventDefinition", "timerEventDefinition",
    "terminateEventDefinition", "timeDate", "dataObject", "dataObjectReference", "dataState",
    "auditing", "monitoring", "ioSet", "supportedInterfaceRef",
])
# fmt: on


def runnable(tree: etree._ElementTree) -> list[Finding]:
    """Findings `kjorbar.*` on one drawing, read by `read_model`."""
    found = [
        *_process(tree),
        *_identities(tree),
        *_elements(tree),
        *_events(tree),
        *_activities(tree),
        *flows(tree),
        *extensions(tree),
        *unreadable(tree),
    ]
    return list(dict.fromkeys(found))


def together(process_id: str, trees: Mapping[str, etree._ElementTree]) -> list[Finding]:
    """Findings on one drawing that show only when it runs with those it calls (all in `trees`)."""
    return [*_call_cycles(process_id, trees), *_shared_subprocess_ids(process_id, trees)]


def _say(rule: str, node: etree._Element, **values) -> Finding:
    return finding(f"kjorbar.{rule}", node.get("id"), name_of(node), **values)


def _process(tree: etree._ElementTree) -> Iterator[Finding]:
    drawn = processes(tree)
    if not drawn:
        yield finding("kjorbar.uten_prosess")
    for process in drawn[1:]:
        yield _say("flere_prosesser", process)
    for process in drawn:
        if process.get("isExecutable") != "true":
            yield _say("ikke_kjorbar", process)


def _identities(tree: etree._ElementTree) -> Iterator[Finding]:
    """Each element has an id of its own that FEEL and SpiffWorkflow read as a name."""
    nodes = [node for node in tree.iter(BPMN + "*") if node.get("id") is not None]
    counts = Counter(node.get("id") for node in nodes)
    for node in nodes:
        element = node.get("id")
        if counts[element] > 1:
            yield _say("samme_id", node)
        if not _ID.fullmatch(element):
            yield finding("kjorbar.ugyldig_id", element[:80], name_of(node))
        elif element in _RESERVED and node.tag in FLOW_NODES:
            yield _say("opptatt_id", node)
    for node in tree.iter(*FLOW_NODES, BPMN + "process"):
        if not node.get("id"):
            yield finding("kjorbar.uten_id", None, name_of(node))


def _elements(tree: etree._ElementTree) -> Iterator[Finding]:
    for node in tree.iter(BPMN + "*"):
        kind = local(node)
        if kind in _REFUSED:
            yield _say(_REFUSED[kind], _owner(node), kind=kind)
        elif kind not in _KNOWN and node.tag not in FLOW_NODES:
            yield _say("elementtype", node if node.get("id") else _owner(node), kind=kind[:60])
    for node in tree.iter(*ACTIVITIES):
        if node.get("isForCompensation") == "true":
            yield _say("elementtype", node, kind="isForCompensation")
    for node in tree.iter(BPMN + "dataObjectReference"):
        yield _say("data_tegnet", node)


def _owner(node: etree._Element) -> etree._Element:
    """The element that a person would select: the step, event, process or message around it."""
    while node.tag not in FLOW_NODES and node.getparent() is not None:
        if node.tag == BPMN + "process" or node.getparent().tag == BPMN + "definitions":
            break
        node = node.getparent()
    return node


def _events(tree: etree._ElementTree) -> Iterator[Finding]:
    root = tree.getroot()
    messages = {each.get("id"): each.get("name") for each in root.iterfind(BPMN + "message")}
    for node in tree.iter(*EVENTS):
        defined = [child for child in node if local(child).endswith("EventDefinition")]
        if node.find(BPMN + "eventDefinitionRef") is not None or len(defined) > 1:
            yield _say("hendelse", node, kind="multiple")
        if local(node) in ("intermediateCatchEvent", "boundaryEvent") and not defined:
            yield _say("hendelse_uten_type", node)
        for event in defined:
            yield from _event(node, event, messages)


def _event(node, event, messages: Mapping[str, str]) -> Iterator[Finding]:
    kind = local(event)
    if kind == "messageEventDefinition":
        if node.tag == BPMN + "endEvent":
            yield _say("sending", node, kind=kind)
        elif not messages.get(event.get("messageRef")):
            yield _say("melding_uten_navn", node)
    elif kind == "timerEventDefinition":
        if rule_of_timer(event) is None or len(event) != 1:
            yield _say("timer", node)
    elif kind == "terminateEventDefinition" and node.tag != BPMN + "endEvent":
        yield _say("hendelse", node, kind=kind)


def _activities(tree: etree._ElementTree) -> Iterator[Finding]:
    for node in tree.iter(BPMN + "userTask"):
        if not node.get(CAMUNDA + "formKey"):
            yield _say("uten_skjema", node)
    for node in tree.iter(BPMN + "serviceTask"):
        if not (node.get(TRYGG + "operasjon") or "").split():
            yield _say("uten_operasjon", node)
    for node in tree.iter(BPMN + "businessRuleTask"):
        if not node.get(CAMUNDA + "decisionRef"):
            yield _say("uten_beslutning", node)
        if node.get(CAMUNDA + "resultVariable", node.get("id")) != node.get("id"):
            yield _say("resultatvariabel", node, what=node.get(CAMUNDA + "resultVariable")[:60])
    for node in tree.iter(BPMN + "callActivity"):
        if not node.get("calledElement"):
            yield _say("uten_kalt_prosess", node)
    for node in tree.iter(BPMN + "eventBasedGateway"):
        if node.get("instantiate") == "true" or node.get("eventGatewayType") == "Parallel":
            yield _say("elementtype", node, kind="eventBasedGateway")
    for loop in tree.iter(BPMN + "multiInstanceLoopCharacteristics"):
        yield from _loop(loop)
    for level in levels(tree):
        if level.parent is not None and not level.nodes:
            yield _say("tom_delprosess", level.container)


def _loop(loop: etree._Element) -> Iterator[Finding]:
    node = loop.getparent()
    if not loop.get(CAMUNDA + "collection", "").strip():
        yield _say("gjentakelse", node, kind="collection")
    name = loop.get(CAMUNDA + "elementVariable")
    if name is not None and (not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name) or name in _RESERVED):
        yield _say("elementnavn", node, what=name[:60])
    if local(node) not in ("userTask", "subProcess", "callActivity"):
        yield _say("gjentakelse_av", node)


def _call_cycles(process_id: str, trees: Mapping[str, etree._ElementTree]) -> Iterator[Finding]:
    calls = {each: called(tree) for each, tree in trees.items()}
    for node in trees[process_id].iter(BPMN + "callActivity"):
        seen: set[str] = set()
        queue = [node.get("calledElement")]
        while queue:
            current = queue.pop()
            if current not in seen:
                seen.add(current)
                queue += calls.get(current, [])
        if process_id in seen:
            yield _say("kall_i_ring", node, process=process_id)


def _shared_subprocess_ids(
    process_id: str, trees: Mapping[str, etree._ElementTree]
) -> Iterator[Finding]:
    """SpiffWorkflow names processes and sub-processes from one pot."""
    users = {
        node.get("id"): other
        for other, tree in trees.items()
        if other != process_id
        for node in tree.iter(BPMN + "subProcess")
    } | {other: other for other in trees}
    for node in trees[process_id].iter(BPMN + "subProcess"):
        if node.get("id") in users:
            yield _say("id_i_annen_prosess", node, process=users[node.get("id")])
