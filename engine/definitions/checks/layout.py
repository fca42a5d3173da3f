"""Whether a diagram can be read: what bpmn-js would draw, judged from the file's drawing (DI).

Advice only: every finding is a warning. Shapes are compared within one drawing plane, and boxes
and lines that lie far apart are never compared. The work is bounded (`MOST`, `PAIRS`):
of a drawing that is denser than anyone could read, not every fault is named.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, pairwise

from lxml import etree

from engine.definitions.bpmn import BPMN, BPMNDI, FLOW_NODES, name_of
from engine.definitions.checks.geometry import (
    Box,
    Line,
    cross,
    lie_on_each_other,
    near,
    near_each_other,
    runs_through,
)
from engine.definitions.checks.lettering import fits
from engine.definitions.findings import Finding

DC = "{http://www.omg.org/spec/DD/20100524/DC}"
DI = "{http://www.omg.org/spec/DD/20100524/DI}"

TEXTS = {
    "uten_form": (
        "«{a}» er ikke tegnet. Den som leser diagrammet, ser ikke at steget finnes.",
        "Tegn elementet i diagrammet, eller ta det bort.",
        "“{a}” is not drawn. Whoever reads the diagram can't see that it exists.",
        "Draw the element in the diagram, or remove it.",
    ),
    "overlapp": (
        "«{a}» og «{b}» ligger oppå hverandre. Da kan den ene være skjult.",
        "Flytt dem fra hverandre.",
        "“{a}” and “{b}” lie on top of each other. One of them may be hidden.",
        "Move them apart.",
    ),
    "utenfor_bane": (
        "«{a}» er tegnet utenfor «{b}». Da ser det ut som en annen har oppgaven.",
        "Flytt elementet inn i banen eller rammen det hører til.",
        "“{a}” is drawn outside “{b}”. It looks as if somebody else has the task.",
        "Move the element into the lane or frame that it belongs to.",
    ),
    "kant_gjennom_form": (
        "Pilen «{a}» går gjennom «{b}». Da ser det ut som de henger sammen.",
        "Legg pilen utenom.",
        "The arrow “{a}” runs through “{b}”. They look connected.",
        "Lead the arrow round it.",
    ),
    "kryssende_kanter": (
        "Pilene «{a}» og «{b}» krysser hverandre eller ligger oppå hverandre.",
        "Flytt stegene eller pilene, så veien er lett å følge.",
        "The arrows “{a}” and “{b}” cross or lie on top of each other.",
        "Move the steps or the arrows so that the way is easy to follow.",
    ),
    "avkuttet_tekst": (
        "Teksten «{a}» får ikke plass. Den blir delt midt i et ord eller stikker ut.",
        "Skriv kortere, eller gjør boksen større.",
        "The text “{a}” does not fit. It is broken within a word or sticks out.",
        "Write shorter, or make the box bigger.",
    ),
}

INNER, OUTER = 12, 11  # bpmn-js's font sizes inside shapes and beside them
PADDING = 7  # bpmn-js's padding inside a task
MARKER = 20  # height that a marker (several, sub-process) takes at the bottom of a task
BAND = 30  # height of the band that carries a lane's or a pool's name
MOST = 50  # findings of one rule; a drawing with more has been made without looking
PAIRS = 100_000  # pairs of near things that one rule looks at


def layout(tree: etree._ElementTree) -> list[Finding]:
    """What makes the diagram hard to read, in the order of the rules of `TEXTS`."""
    drawing = _Drawing(tree)
    findings = []
    for rule, check in (
        ("uten_form", _undrawn),
        ("overlapp", _overlaps),
        ("utenfor_bane", _outside),
        ("kant_gjennom_form", _lines_through_shapes),
        ("kryssende_kanter", _crossings),
        ("avkuttet_tekst", _cut_texts),
    ):
        for count, (element, other) in enumerate(check(drawing)):
            if count == MOST:
                break
            findings.append(drawing.finding(rule, element, other))
    return findings


class _Drawing:
    """The model's elements by id, with their boxes, lines and label boxes, plane by plane."""

    def __init__(self, tree: etree._ElementTree):
        self.elements = {e.get("id"): e for e in tree.iter(etree.Element) if e.get("id")}
        self.boxes: dict[str, Box] = {}
        self.lines: dict[str, list[Line]] = {}
        self.labels: dict[str, Box] = {}
        self.plane: dict[str, int] = {}
        self.collapsed: set[str] = set()
        for number, plane in enumerate(tree.iter(BPMNDI + "BPMNPlane")):
            for drawn in plane:
                self._read(drawn, number)
        self.nodes = [i for i in self.boxes if self.elements[i].tag in FLOW_NODES]
        self.flows = [i for i in self.lines if self.elements[i].tag == BPMN + "sequenceFlow"]
        self.lane: dict[str, str] = {}
        for reference in tree.iter(BPMN + "flowNodeRef"):
            self.lane[(reference.text or "").strip()] = reference.getparent().get("id")

    def _read(self, drawn: etree._Element, plane: int) -> None:
        identity = drawn.get("bpmnElement")
        if identity not in self.elements:
            return
        self.plane[identity] = plane
        bounds = drawn.find(DC + "Bounds")
        label = drawn.find(f"{BPMNDI}BPMNLabel/{DC}Bounds")
        if bounds is not None and (box := _box(bounds)):
            self.boxes[identity] = box
        points = [_numbers(point, "x", "y") for point in drawn.iterfind(DI + "waypoint")]
        if len(points) > 1 and all(points):
            self.lines[identity] = [Line(identity, *a, *b) for a, b in pairwise(points)]
        if label is not None and (box := _box(label)):
            self.labels[identity] = box
        if drawn.get("isExpanded") != "true":
            self.collapsed.add(identity)

    def container(self, identity: str) -> str | None:
        """The sub-process that it stands in, if it does."""
        parent = self.elements[identity].getparent()
        return parent.get("id") if parent is not None and parent.tag in FLOW_NODES else None

    def ancestors(self, identity: str) -> Iterator[str]:
        while (identity := self.container(identity)) is not None:
            yield identity

    def ends(self, flow: str) -> tuple[str | None, str | None]:
        return self.elements[flow].get("sourceRef"), self.elements[flow].get("targetRef")

    def name(self, identity: str) -> str:
        """Its name; of an arrow without one, the names of its ends."""
        element = self.elements[identity]
        if element.get("name") or element.tag != BPMN + "sequenceFlow":
            return name_of(element)
        ends = [self.elements[end] for end in self.ends(identity) if end in self.elements]
        return " → ".join(name_of(end) for end in ends)

    def finding(self, rule: str, identity: str, other: str | None) -> Finding:
        names = {"a": self.name(identity), "b": self.name(other) if other else ""}
        texts = (text.format(**names) for text in TEXTS[rule])
        return Finding(f"layout.{rule}", "warning", identity, names["a"], *texts)


Pairs = Iterator[tuple[str, str | None]]


def _undrawn(drawing: _Drawing) -> Pairs:
    for identity, element in drawing.elements.items():
        if element.tag in FLOW_NODES or element.tag in (BPMN + "lane", BPMN + "participant"):
            drawn = identity in drawing.boxes
        else:
            drawn = element.tag != BPMN + "sequenceFlow" or identity in drawing.lines
        if not drawn:
            yield identity, None


def _overlaps(drawing: _Drawing) -> Pairs:
    nodes = ((i, drawing.boxes[i], drawing.plane[i]) for i in drawing.nodes)
    for a, b in islice(near_each_other(nodes), PAIRS):
        if not drawing.boxes[a].overlaps(drawing.boxes[b]):
            continue
        hosts = {drawing.elements[i].get("attachedToRef") for i in (a, b)}
        if not ({a, b} & hosts or a in drawing.ancestors(b) or b in drawing.ancestors(a)):
            yield a, b


def _outside(drawing: _Drawing) -> Pairs:
    for identity in drawing.nodes:
        frame = drawing.container(identity) or drawing.lane.get(identity)
        if frame not in drawing.boxes or drawing.plane[frame] != drawing.plane[identity]:
            continue
        if not drawing.boxes[frame].holds(drawing.boxes[identity]):
            yield identity, frame


def _lines_through_shapes(drawing: _Drawing) -> Pairs:
    found = set()
    lines = [(line, line.box, drawing.plane[f]) for f in drawing.flows for line in drawing.lines[f]]
    nodes = [(i, drawing.boxes[i], drawing.plane[i]) for i in drawing.nodes]
    for line, node in islice(near(lines, nodes), PAIRS):
        pair = line.edge, node
        if pair in found or not runs_through(line, drawing.boxes[node]):
            continue
        ends = [end for end in drawing.ends(line.edge) if end in drawing.elements]
        if not any(node == end or node in drawing.ancestors(end) for end in ends):
            found.add(pair)
            yield pair


def _crossings(drawing: _Drawing) -> Pairs:
    lines = [line for flow in drawing.flows for line in drawing.lines[flow]]
    numbered = ((i, line.box, drawing.plane[line.edge]) for i, line in enumerate(lines))
    found = set()
    for i, j in islice(near_each_other(numbered), PAIRS):
        a, b = lines[i], lines[j]
        pair = (a.edge, b.edge)
        if a.edge == b.edge or pair in found:
            continue
        sources, targets = zip(drawing.ends(a.edge), drawing.ends(b.edge), strict=True)
        forked = sources[0] == sources[1] or targets[0] == targets[1]
        if cross(a, b) or (not forked and lie_on_each_other(a, b)):
            found.add(pair)
            yield pair


def _cut_texts(drawing: _Drawing) -> Pairs:
    for identity, element in drawing.elements.items():
        text = " ".join((element.get("name") or "").split())
        box = drawing.boxes.get(identity)
        if not text:
            continue
        if identity in drawing.labels:
            label = drawing.labels[identity]
            whole = fits(text, label.width, label.height + 2, OUTER)
        elif box is None:
            continue
        elif element.tag in (BPMN + "lane", BPMN + "participant"):
            whole = fits(text, box.height, BAND, INNER)
        elif element.tag.endswith(("Event", "Gateway")):
            continue  # without a place of its own, bpmn-js gives the label one
        else:
            marked = element.tag in (BPMN + "subProcess", BPMN + "callActivity")
            marked |= element.find(BPMN + "multiInstanceLoopCharacteristics") is not None
            room = box.height - MARKER * marked if identity in drawing.collapsed else BAND
            whole = fits(text, box.width - 2 * PADDING, room, INNER)
        if not whole:
            yield identity, None


def _box(bounds: etree._Element) -> Box | None:
    numbers = _numbers(bounds, "x", "y", "width", "height")
    return Box(*numbers) if numbers else None


def _numbers(element: etree._Element, *names: str) -> tuple[float, ...] | None:
    """The attributes as numbers; None when one is missing or is no place on a sheet."""
    try:
        numbers = tuple(float(element.get(name, "")) for name in names)
    except ValueError:
        return None
    return numbers if all(abs(number) < 1e6 for number in numbers) else None
