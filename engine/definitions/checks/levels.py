"""A drawing taken apart: the process and each sub-process with its own nodes and flows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from lxml import etree

from engine.definitions.bpmn import BPMN, FLOW_NODES, processes

Element = etree._Element


@dataclass
class Level:
    """What is drawn directly in a process or in a sub-process.

    nodes: by id; flows: in the file's order, only those between two nodes of this level; loose:
    flows that don't lead from one node to another here.
    """

    container: Element
    parent: Level | None
    nodes: dict[str, Element] = field(default_factory=dict)
    flows: list[Element] = field(default_factory=list)
    loose: list[Element] = field(default_factory=list)

    @cached_property
    def outgoing(self) -> dict[str, list[Element]]:
        return self._by_end("sourceRef")

    @cached_property
    def incoming(self) -> dict[str, list[Element]]:
        return self._by_end("targetRef")

    def _by_end(self, end: str) -> dict[str, list[Element]]:
        found: dict[str, list[Element]] = {node: [] for node in self.nodes}
        for flow in self.flows:
            found[flow.get(end)].append(flow)
        return found

    @cached_property
    def boundary(self) -> dict[str, list[str]]:
        """Ids of the events on the edge of each activity."""
        found: dict[str, list[str]] = {}
        for element, node in self.nodes.items():
            if node.tag == BPMN + "boundaryEvent":
                found.setdefault(node.get("attachedToRef"), []).append(element)
        return found

    @property
    def is_event_subprocess(self) -> bool:
        return self.container.get("triggeredByEvent") == "true"

    def of(self, *tags: str) -> list[Element]:
        """The nodes of these kinds, in the file's order."""
        wanted = {BPMN + tag for tag in tags}
        return [node for node in self.nodes.values() if node.tag in wanted]

    def after(self, element: str) -> list[str]:
        """Where a token can go from this node: out by an event on its edge, or along its flows."""
        targets = [flow.get("targetRef") for flow in self.outgoing[element]]
        return self.boundary.get(element, []) + targets

    @cached_property
    def looping(self) -> set[str]:
        """The nodes from which a token can come back to the same node (Tarjan's components)."""
        order: dict[str, int] = {}
        low: dict[str, int] = {}
        component: list[str] = []
        inside: set[str] = set()
        found: set[str] = set()
        for root in self.nodes:
            stack = [] if root in order else [(root, iter(self.after(root)))]
            while stack:
                element, targets = stack[-1]
                if element not in order:
                    order[element] = low[element] = len(order)
                    component.append(element)
                    inside.add(element)
                target = next(targets, None)
                if target is None:
                    stack.pop()
                    if stack:
                        above = stack[-1][0]
                        low[above] = min(low[above], low[element])
                    if low[element] == order[element]:
                        start = component.index(element)
                        members, component[start:] = component[start:], []
                        inside -= set(members)
                        if len(members) > 1 or element in self.after(element):
                            found |= set(members)
                elif target not in order:
                    stack.append((target, iter(self.after(target))))
                elif target in inside:
                    low[element] = min(low[element], order[target])
        return found

    def reached(self, starts: list[str]) -> set[str]:
        """All that can be reached from these nodes, themselves included."""
        seen: set[str] = set()
        queue = list(starts)
        while queue:
            element = queue.pop()
            if element not in seen:
                seen.add(element)
                queue += self.after(element)
        return seen


def levels(tree: etree._ElementTree) -> Iterator[Level]:
    """Every process and sub-process of the file, outermost first."""
    queue = [(process, None) for process in processes(tree)]
    while queue:
        container, parent = queue.pop(0)
        level = Level(container, parent)
        for child in container:
            if child.tag in FLOW_NODES and child.get("id"):
                level.nodes.setdefault(child.get("id"), child)
                if child.tag in _CONTAINERS:
                    queue.append((child, level))
        for flow in container.iterfind(BPMN + "sequenceFlow"):
            ends = flow.get("sourceRef"), flow.get("targetRef")
            (level.flows if level.nodes.keys() >= set(ends) else level.loose).append(flow)
        yield level


_CONTAINERS = {BPMN + tag for tag in ("subProcess", "transaction", "adHocSubProcess")}
