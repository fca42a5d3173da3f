"""What FEEL can see at a step: the answers that forms give, by name."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping

from lxml import etree

from engine.definitions.bpmn import BPMN, CAMUNDA, FLOW_NODES, TRYGG, processes
from engine.definitions.checks.expressions import names_in
from engine.definitions.checks.lookup import Lookup
from engine.definitions.fields import Kind, fields_of
from engine.definitions.findings import Refused
from engine.definitions.forms import Form, read_form
from engine.rules.regelverk import InvalidRules, read_regelverk

Shape = Mapping[str, "Shape"] | None
"""Names and what is inside each; None where anything may be."""

SYSTEM = frozenset(
    {
        "naa",
        "i_dag",
        "mottatt",
        "finnes_aapen_sak",
        "gjelder_ledelsen",
        "melding_slatt_sammen",
        "klassetrinn",
    }
)
"""Names that the product itself puts beside the steps' answers."""

_MARKER = BPMN + "multiInstanceLoopCharacteristics"
_NO_ANSWERS = frozenset(
    BPMN + tag
    for tag in ("exclusiveGateway", "parallelGateway", "inclusiveGateway", "eventBasedGateway",
                "endEvent", "subProcess")
)  # fmt: skip


class Context:
    """The names that expressions of one drawing can use."""

    def __init__(self, tree: etree._ElementTree, lookup: Lookup):
        self._lookup = lookup
        self._forms: dict[tuple[str, str], Form | None] = {}
        self._read: dict[str, dict[str, Shape]] = {}
        process = next(iter(processes(tree)), None)
        self.process_id = "" if process is None else process.get("id", "")
        self._names = dict(self._steps(tree, self.process_id))
        self._callers(self.process_id, {self.process_id})
        self._counts = _counts(lookup)

    def _callers(self, process_id: str, seen: set[str]) -> None:
        """Steps and list items of the processes that call this one are seen here too."""
        for other in self._lookup.callers(process_id):
            tree = self._lookup.drawing(other)
            if other not in seen and tree is not None:
                seen.add(other)
                for name, shape in self._steps(tree, other).items():
                    self._names.setdefault(name, shape)
                for loop in tree.iter(_MARKER):
                    self._names.setdefault(loop.get(CAMUNDA + "elementVariable", "element"), None)
                self._callers(other, seen)

    def _steps(self, tree: etree._ElementTree, process_id: str) -> dict[str, Shape]:
        """The names that the steps of a process give; each process is read once."""
        if process_id in self._read:
            return self._read[process_id]
        names: dict[str, Shape] = {}
        self._read[process_id] = names
        for node in tree.iter(*FLOW_NODES):
            names[node.get("id", "")] = self._step(node, process_id)
        for node in tree.iter(BPMN + "subProcess"):
            if node.find(_MARKER) is not None:
                inner = (each.get("id", "") for each in node.iterdescendants(*FLOW_NODES))
                names[node.get("id", "")] = {each: names[each] for each in inner}
        return names

    def _step(self, node: etree._Element, process_id: str) -> Shape:
        if node.tag in _NO_ANSWERS:
            return {}
        if node.get(TRYGG + "mottar"):
            return dict.fromkeys(node.get(TRYGG + "mottar").split())
        if node.tag == BPMN + "userTask":
            form = self.form(process_id, node.get(CAMUNDA + "formKey") or "")
            return None if form is None else _shape(form.components)
        if node.tag == BPMN + "businessRuleTask":
            return self._answers(process_id, node.get(CAMUNDA + "decisionRef"))
        if node.tag == BPMN + "callActivity":
            other = node.get("calledElement") or ""
            tree = self._lookup.drawing(other)
            if tree is not None:
                return ChainMap({"resultat": None}, self._steps(tree, other))
        return None

    def _answers(self, process_id: str, decision_id: str | None) -> Shape:
        """The outputs of a decision, when it is there."""
        for file in self._lookup.decisions(process_id):
            for decision in file.getroot().iterfind("{*}decision"):
                if decision.get("id") == decision_id:
                    outputs = decision.iterfind("{*}decisionTable/{*}output")
                    return dict.fromkeys(output.get("name", "") for output in outputs)
        return None

    def form(self, process_id: str, key: str) -> Form | None:
        """The form, read once; None when it is missing or can't be read."""
        if (process_id, key) not in self._forms:
            data = self._lookup.form(process_id, key)
            try:
                self._forms[process_id, key] = None if data is None else read_form(data)
            except Refused:
                self._forms[process_id, key] = None
        return self._forms[process_id, key]

    def items(self, node: etree._Element) -> dict[str, Shape]:
        """The list items that are there at this element, by name: its own and those around it."""
        found: dict[str, Shape] = {}
        for each in (node, *node.iterancestors(BPMN + "subProcess")):
            loop = each.find(_MARKER)
            if loop is not None:
                collection = loop.get(CAMUNDA + "collection", "")
                name = loop.get(CAMUNDA + "elementVariable", "element")
                found.setdefault(name, self._item(collection))
        return found

    def _item(self, collection: str) -> Shape:
        """What one item of the list holds, when the list is one that a form gives."""
        names = sorted(names_in(collection))
        if len(names) != 1:
            return None
        shape: Shape = self._names
        for part in names[0].split("."):
            shape = None if shape is None else shape.get(part)
        return shape

    def missing(self, name: str, items: dict[str, Shape]) -> tuple[str, str] | None:
        """What of a qualified name is not there: (`steg`, step) or (`felt`, field); None if all is.

        `items` from `items()`; `historikk.step.field` is the same as `step.field`.
        """
        parts = name.split(".")
        if parts[0] == "historikk":
            parts = parts[1:]
        if not parts or parts[0] in SYSTEM | self._counts:
            return None
        if parts[0] not in items and parts[0] not in self._names:
            return "steg", parts[0]
        shape = items[parts[0]] if parts[0] in items else self._names[parts[0]]
        for part in parts[1:]:
            if shape is None:
                return None
            if part not in shape:
                return "felt", part
            shape = shape[part]
        return None


def _counts(lookup: Lookup) -> frozenset[str]:
    """The numbers that the rules file lets a drawing ask for (`telling`)."""
    try:
        return frozenset(read_regelverk(lookup.regelverk() or b"").counts)
    except InvalidRules:
        return frozenset()


def _shape(components) -> dict[str, Shape]:
    return {
        field.key: _shape(field.components) if field.kind is Kind.LIST else None
        for field in fields_of(components)
    }
