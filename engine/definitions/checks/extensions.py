"""Extensions from other tools: those that would change what happens are refused, others told of."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from engine.definitions.bpmn import BPMN, BPMNDI, CAMUNDA, SPIFF, TRYGG, local, name_of
from engine.definitions.findings import Finding, finding

# fmt: off
_OURS = frozenset([
    "rolle", "frist", "delplikt", "plikt", "varsler", "operasjon", "gjelder", "startesAv", "viser",
    "melding", "sender", "mottar", "girRolle", "elever", "sak",
])
# fmt: on
_EXECUTING = frozenset(
    {
        SPIFF,
        "{http://camunda.org/schema/zeebe/1.0}",
        "{http://activiti.org/bpmn}",
        "{http://flowable.org/bpmn}",
        "{http://operaton.org/schema/1.0/bpmn}",
    }
)
# In Camunda's namespace: what we read, and what is harmless. All else there changes what happens.
# fmt: off
_READ = frozenset([
    "formKey", "assignee", "collection", "elementVariable", "decisionRef", "resultVariable",
])
# fmt: on
# fmt: off
_HARMLESS = frozenset([
    "properties", "property", "modelerTemplate", "modelerTemplateVersion",
    "modelerTemplateIcon", "versionTag", "historyTimeToLive", "isStartableInTasklist",
    "asyncBefore", "asyncAfter", "exclusive", "jobPriority", "taskPriority", "priority",
    "failedJobRetryTimeCycle", "candidateStarterGroups", "candidateStarterUsers",
    "diagramRelationId", "mapDecisionResult",
])
# fmt: on
_SCRIPTS = frozenset({"preScript", "postScript"})


def extensions(tree: etree._ElementTree) -> list[Finding]:
    """A finding for each extension that we don't read: error when it would change what happens."""
    found: dict[tuple, Finding] = {}
    for node in tree.iter():
        if node.tag.startswith(BPMNDI) or _in_diagram(node):
            continue
        for each in (*_element(node), *_attributes(node)):
            found.setdefault((each.rule, each.element, each.message), each)
    return list(found.values())


def _in_diagram(node: etree._Element) -> bool:
    return next(node.iterancestors(BPMNDI + "BPMNDiagram"), None) is not None


def _element(node: etree._Element) -> Iterator[Finding]:
    namespace, name = _split(node.tag)
    above = node.getparent()
    if namespace in (BPMN, BPMNDI) or above is None or not above.tag.startswith(BPMN):
        return
    parent = _owner(node)
    if namespace == SPIFF and name in _SCRIPTS:
        yield _say("kjorbar.skript_rundt", parent, name)
    elif namespace == TRYGG:
        yield _say("kjorbar.trygg_ukjent", parent, name)
    elif namespace in _EXECUTING or (namespace == CAMUNDA and name not in _HARMLESS):
        yield _say("kjorbar.utvidelse", parent, name)
    else:
        yield _say("kjorbar.leses_ikke", parent, name)


def _attributes(node: etree._Element) -> Iterator[Finding]:
    if not node.tag.startswith(BPMN):
        return
    owner = _owner(node)
    for attribute in node.attrib:
        namespace, name = _split(attribute)
        if namespace == TRYGG:
            if name not in _OURS:
                yield _say("kjorbar.trygg_ukjent", owner, name)
        elif namespace == CAMUNDA:
            if name not in _READ | _HARMLESS:
                yield _say("kjorbar.utvidelse", owner, name)
        elif namespace in _EXECUTING:
            yield _say("kjorbar.utvidelse", owner, name)


def _split(tag: str) -> tuple[str, str]:
    namespace, _, name = tag.rpartition("}")
    return (namespace + "}" if namespace else "", name)


def _owner(node: etree._Element) -> etree._Element:
    """The BPMN element with an id that a person would select."""
    for each in (node, *node.iterancestors()):
        if each.tag.startswith(BPMN) and each.get("id") and local(each) != "extensionElements":
            return each
    return node


def _say(rule: str, owner: etree._Element, what: str) -> Finding:
    return finding(rule, owner.get("id"), name_of(owner), what=what[:60])
