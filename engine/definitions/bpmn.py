"""The names of BPMN, DMN and our own attributes, as they stand in the files."""

from __future__ import annotations

import re

from lxml import etree

BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
BPMNDI = "{http://www.omg.org/spec/BPMN/20100524/DI}"
CAMUNDA = "{http://camunda.org/schema/1.0/bpmn}"
TRYGG = "{urn:trygg:bpmn:1}"
SPIFF = "{http://spiffworkflow.org/bpmn/schema/1.0/core}"
DMN = (
    "{https://www.omg.org/spec/DMN/20230324/MODEL/}",
    "{https://www.omg.org/spec/DMN/20211108/MODEL/}",
    "{https://www.omg.org/spec/DMN/20191111/MODEL/}",
    "{http://www.omg.org/spec/DMN/20180521/MODEL/}",
    "{http://www.omg.org/spec/DMN/20151101/dmn.xsd}",
)

GATEWAYS = frozenset(
    BPMN + tag
    for tag in (
        "exclusiveGateway", "parallelGateway", "inclusiveGateway", "eventBasedGateway",
        "complexGateway",
    )
)  # fmt: skip
EVENTS = frozenset(
    BPMN + tag
    for tag in (
        "startEvent", "endEvent", "intermediateCatchEvent", "intermediateThrowEvent",
        "boundaryEvent",
    )
)  # fmt: skip
ACTIVITIES = frozenset(
    BPMN + tag
    for tag in (
        "task", "userTask", "manualTask", "serviceTask", "businessRuleTask", "scriptTask",
        "sendTask", "receiveTask", "subProcess", "callActivity", "transaction", "adHocSubProcess",
    )
)  # fmt: skip
_TIMER = re.compile(r'=?\s*frist\("([a-z0-9_]+)"\)')
FLOW_NODES = GATEWAYS | EVENTS | ACTIVITIES


def local(element: etree._Element) -> str:
    """The element's name without its namespace."""
    return etree.QName(element).localname


def name_of(element: etree._Element) -> str:
    """What a person calls the element: its name on one line, or its id."""
    return " ".join((element.get("name") or element.get("id") or local(element)).split())[:80]


def text_of(element: etree._Element | None) -> str | None:
    """The text inside the element without white space around it; None when there is none."""
    return None if element is None else (element.text or "").strip() or None


def processes(tree: etree._ElementTree) -> list[etree._Element]:
    """The processes drawn in the file."""
    return tree.getroot().findall(BPMN + "process")


def called(tree: etree._ElementTree) -> list[str]:
    """Ids of the processes that the file calls, each once, in the file's order."""
    ids = (node.get("calledElement") for node in tree.iter(BPMN + "callActivity"))
    return list(dict.fromkeys(process_id for process_id in ids if process_id))


def decided_by(tree: etree._ElementTree) -> list[str]:
    """Ids of the decisions that the file's steps ask, each once, in the file's order."""
    ids = (node.get(CAMUNDA + "decisionRef") for node in tree.iter(BPMN + "businessRuleTask"))
    return list(dict.fromkeys(decision_id for decision_id in ids if decision_id))


def is_decision(tree: etree._ElementTree) -> bool:
    """Whether the file is DMN and not BPMN."""
    return tree.getroot().tag != BPMN + "definitions"


def rule_named(text: str) -> str | None:
    """The rule in `regelverk.toml` that a timer's date names: `frist("ukesjekk")` -> `ukesjekk`.

    There is no other way to write a timer; None when it is written in any other way.
    """
    match = _TIMER.fullmatch(text.strip())
    return match and match[1]


def rule_of_timer(event: etree._Element) -> str | None:
    """The rule that a timer event definition waits for, see `rule_named`."""
    return rule_named(text_of(event.find(BPMN + "timeDate")) or "")


def lane_roles(tree: etree._ElementTree) -> dict[str, str]:
    """Each element's role by its lane: the innermost lane around it that has `trygg:rolle`.

    A lane's display name is never a role. Elements in a sub-process take the sub-process's role.
    """
    roles: dict[str, tuple[int, str]] = {}
    for lane in tree.iter(BPMN + "lane"):
        around = [lane, *lane.iterancestors(BPMN + "lane")]
        role = next(filter(None, (each.get(TRYGG + "rolle") for each in around)), None)
        for reference in lane.iterfind(BPMN + "flowNodeRef"):
            element = text_of(reference)
            if role and element and roles.get(element, (0,))[0] < len(around):
                roles[element] = (len(around), role)
    return {element: role for element, (_, role) in roles.items()}


def role_of(node: etree._Element, lanes: dict[str, str]) -> str | None:
    """The role of a step: its own, else its lane's, else that of the sub-process around it.

    None when none of them says: then the step that called the process decides.
    """
    around = (node, *node.iterancestors(BPMN + "subProcess"))
    return next(
        filter(None, (each.get(TRYGG + "rolle") or lanes.get(each.get("id")) for each in around)),
        None,
    )
