"""How the elements hang together: starts, ends, splits and what can't be reached."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from engine.definitions.bpmn import (
    ACTIVITIES,
    BPMN,
    GATEWAYS,
    lane_roles,
    name_of,
    role_of,
    text_of,
)
from engine.definitions.checks.levels import Level, levels
from engine.definitions.findings import Finding, finding

CHAIN = 200
"""Elements in a row. SpiffWorkflow reads a chain by recursion and fails on a longer one."""

_CHOICES = {BPMN + "exclusiveGateway", BPMN + "inclusiveGateway"}
_WAITS = {BPMN + "messageEventDefinition", BPMN + "timerEventDefinition"}


def flows(tree: etree._ElementTree) -> list[Finding]:
    """All that is wrong with the way the elements are connected."""
    lanes = lane_roles(tree)
    return [found for level in levels(tree) for found in _level(level, lanes)]


def _level(level: Level, lanes: dict[str, str]) -> Iterator[Finding]:
    yield from _loose(level)
    yield from _starts(level)
    if level.is_event_subprocess:
        yield from _event_subprocess(level, lanes)
    yield from _ends(level)
    for element, node in level.nodes.items():
        out, into = level.outgoing[element], level.incoming[element]
        if node.tag in _CHOICES:
            yield from _choice(node, out)
        elif node.tag == BPMN + "eventBasedGateway":
            yield from _race(level, node, out)
        else:
            yield from _unconditional(node, out)
        yield from _dangling(node, into, out)
        if node.tag == BPMN + "boundaryEvent":
            yield from _boundary(level, node)
    yield from _unreachable(level)
    yield from _too_long(level)


def _say(rule: str, node: etree._Element, **values) -> Finding:
    return finding(rule, node.get("id"), name_of(node), **values)


def _loose(level: Level) -> Iterator[Finding]:
    for flow in level.loose:
        yield _say("kjorbar.los_pil", flow)


def _starts(level: Level) -> Iterator[Finding]:
    starts = level.of("startEvent")
    if not starts:
        yield _say("kjorbar.uten_start", level.container)
    for start in starts[1:]:
        yield _say("kjorbar.flere_starter", start)
    for start in starts:
        if level.incoming[start.get("id")]:
            yield _say("kjorbar.pil_til_start", start)
        typed = [child for child in start if child.tag.endswith("EventDefinition")]
        if level.parent is None:  # a message may start a case of its own
            typed = [child for child in typed if child.tag != BPMN + "messageEventDefinition"]
        if typed and not level.is_event_subprocess:
            yield _say("kjorbar.start_med_hendelse", start)


def _event_subprocess(level: Level, lanes: dict[str, str]) -> Iterator[Finding]:
    node = level.container
    if role_of(node, lanes) is None:
        yield _say("kjorbar.hendelsesprosess_bane", node)
    if level.parent is None or level.parent.parent is not None:
        yield _say("kjorbar.hendelsesprosess_inni", node)
    for start in level.of("startEvent"):
        if start.find(BPMN + "messageEventDefinition") is None:
            yield _say("kjorbar.hendelsesprosess_start", start)
        if start.get("isInterrupting") != "false":
            yield _say("kjorbar.hendelsesprosess_avbryter", start)


def _ends(level: Level) -> Iterator[Finding]:
    if not level.of("endEvent"):
        yield _say("kjorbar.uten_slutt", level.container)


def _choice(node: etree._Element, out: list[etree._Element]) -> Iterator[Finding]:
    """An exclusive or inclusive gateway. With one way out it only merges."""
    if len(out) < 2:
        for flow in out:
            if _condition(flow):
                yield _say("kjorbar.vilkar_uten_valg", flow)
        return
    default = node.get("default")
    if default not in [flow.get("id") for flow in out]:
        yield _say("kjorbar.uten_standardvei", node)
    for flow in out:
        if flow.get("id") == default:
            if _condition(flow):
                yield _say("kjorbar.vilkar_paa_standardvei", flow, gateway=name_of(node))
        elif not _condition(flow):
            yield _say("kjorbar.uten_vilkar", flow, gateway=name_of(node))


def _race(level: Level, node: etree._Element, out: list[etree._Element]) -> Iterator[Finding]:
    """An event-based gateway: each way out leads straight to an event that waits, and only it."""
    if len(out) < 2:
        yield _say("kjorbar.hendelsesport", node)
    for flow in out:
        target = level.nodes[flow.get("targetRef")]
        waits = any(child.tag in _WAITS for child in target)
        alone = len(level.incoming[target.get("id")]) == 1
        if target.tag != BPMN + "intermediateCatchEvent" or not waits or not alone:
            yield _say("kjorbar.hendelsesport", node)
        if _condition(flow):
            yield _say("kjorbar.vilkar_uten_valg", flow)


def _unconditional(node: etree._Element, out: list[etree._Element]) -> Iterator[Finding]:
    if len(out) > 1 and node.tag != BPMN + "parallelGateway":
        yield _say("kjorbar.delt_uten_port", node)
    for flow in out:
        if _condition(flow):
            yield _say("kjorbar.vilkar_uten_valg", flow)
    if node.get("default") and node.tag in ACTIVITIES | GATEWAYS:
        yield _say("kjorbar.vilkar_uten_valg", node)


def _dangling(node: etree._Element, into: list, out: list) -> Iterator[Finding]:
    if node.get("triggeredByEvent") == "true":
        if into or out:
            yield _say("kjorbar.hendelsesprosess_piler", node)
        return
    if node.tag == BPMN + "endEvent":
        if out:
            yield _say("kjorbar.pil_fra_slutt", node)
    elif not out:
        yield _say("kjorbar.blindvei", node)


def _boundary(level: Level, node: etree._Element) -> Iterator[Finding]:
    host = level.nodes.get(node.get("attachedToRef"))
    if host is None or host.tag not in ACTIVITIES or host.get("triggeredByEvent") == "true":
        yield _say("kjorbar.kanthendelse_uten_vert", node)
        return
    if level.incoming[node.get("id")]:
        yield _say("kjorbar.pil_til_kanthendelse", node)
    if node.get("cancelActivity") == "false" and host.get("id") in level.looping:
        for step in _first_user_tasks(level, node.get("id")):
            yield _say("kjorbar.kanthendelse_i_lokke", step, host=name_of(host))


def _first_user_tasks(level: Level, element: str) -> list[etree._Element]:
    """The user tasks that a token from here meets first."""
    found, seen, queue = [], set(), [element]
    while queue:
        current = queue.pop()
        if current in seen:
            continue
        seen.add(current)
        if level.nodes[current].tag == BPMN + "userTask":
            found.append(level.nodes[current])
        else:
            queue += level.after(current)
    return found


def _unreachable(level: Level) -> Iterator[Finding]:
    starts = [node.get("id") for node in level.of("startEvent")]
    if not starts:
        return
    reached = level.reached(starts)
    for element, node in level.nodes.items():
        if element not in reached and node.get("triggeredByEvent") != "true":
            yield _say("kjorbar.unaaelig", node)


def _too_long(level: Level) -> Iterator[Finding]:
    """SpiffWorkflow's parser goes down the first way until it ends: so do we, and count."""
    seen: set[str] = set()
    for start in level.of("startEvent"):
        stack = [iter([start.get("id")])]
        while stack:
            element = next(stack[-1], None)
            if element is None:
                stack.pop()
            elif element not in seen:
                seen.add(element)
                stack.append(iter(level.after(element)))
                if len(stack) > CHAIN + 1:
                    yield _say("kjorbar.for_lang", level.nodes[element], limit=CHAIN)
                    return


def _condition(flow: etree._Element) -> str | None:
    return text_of(flow.find(BPMN + "conditionExpression"))
