"""Whether messages from case to case are sent and received: who catches them, what they carry."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from lxml import etree

from engine.definitions.bpmn import BPMN, TRYGG, name_of
from engine.definitions.checks.context import Context
from engine.definitions.checks.lookup import SHIPPED, Lookup, OnDisk
from engine.definitions.findings import Finding, finding
from engine.definitions.operations import SENDS


def messages(tree: etree._ElementTree, context: Context, lookup: Lookup) -> Iterator[Finding]:
    """Findings `henvisning.melding_*` and those on the fields that a message carries.

    Receivers are sought in the drawing itself, beside it, and among the processes that come with
    Trygg: in an upload, the receiver may be a process that the file does not hold.
    """
    for node in tree.iter(BPMN + "serviceTask"):
        sends = SENDS in (node.get(TRYGG + "operasjon") or "").split()
        message = node.get(TRYGG + "melding")
        if sends != bool(message):
            yield _say("melding_mangler", node)
            continue
        carried = (node.get(TRYGG + "sender") or "").split()
        for path in carried:
            missing = context.missing(path, {})
            if missing is not None:
                rule = "felt_mangler" if missing[0] == "felt" else "steg_ukjent"
                yield _say(rule, node, what=missing[1][:60], path=path[:80])
        if message:
            yield from _received(node, message, carried, tree, lookup)
    for start in tree.iterfind(f"{BPMN}process/{BPMN}startEvent"):
        waits = start.find(BPMN + "messageEventDefinition") is not None
        if waits and lookup.callers(context.process_id):
            yield _say("melding_starter_kalt", start)


def _received(node, message: str, carried: list[str], tree, lookup: Lookup) -> Iterator[Finding]:
    receivers = list(_receivers(message, tree, lookup))
    if not receivers:
        yield _say("melding_ukjent", node, what=message[:60])
        return
    taken = {name for each in receivers for name in (each.get(TRYGG + "mottar") or "").split()}
    for path in carried:
        field = path.rpartition(".")[2]
        if field not in taken:
            yield _say("mottas_ikke", node, what=field[:60], message=message[:60])


def _receivers(message: str, tree, lookup: Lookup) -> Iterator[etree._Element]:
    """The events that wait for a message of this name."""
    shipped = OnDisk(Path(SHIPPED) / "x")
    trees = [tree]
    for place in (lookup, shipped):
        trees += filter(None, map(place.drawing, place.process_ids()))
    for each in trees:
        names = {m.get("id"): m.get("name") for m in each.iter(BPMN + "message")}
        for event in each.iter(BPMN + "messageEventDefinition"):
            if names.get(event.get("messageRef")) == message:
                yield event.getparent()


def _say(rule: str, node: etree._Element, **values) -> Finding:
    return finding(f"henvisning.{rule}", node.get("id"), name_of(node), **values)
