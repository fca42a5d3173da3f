"""Where FEEL stands in a drawing, and whether it can be read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from engine.definitions import feel
from engine.definitions.bpmn import BPMN, CAMUNDA, TRYGG, name_of, text_of
from engine.definitions.findings import Finding, finding


@dataclass(frozen=True)
class Expression:
    """One FEEL text. node: the element that a person would select; place: what it decides."""

    node: etree._Element
    place: str
    text: str

    @property
    def element(self) -> str | None:
        return self.node.get("id")


_PLACES_EN = {
    "vilkåret": "condition",
    "listen": "list",
    "den som får oppgaven": "assignee",
    "de som varsles": "those told",
}


def expressions(tree: etree._ElementTree) -> Iterator[Expression]:
    """Every FEEL text of the drawing except those of timers, which are no expressions."""
    for node in tree.iter(BPMN + "conditionExpression"):
        flow = node.getparent()
        if flow.tag == BPMN + "sequenceFlow":
            yield Expression(flow, "vilkåret", text_of(node) or "")
    for node in tree.iter(BPMN + "multiInstanceLoopCharacteristics"):
        if node.get(CAMUNDA + "collection") is not None:
            yield Expression(node.getparent(), "listen", node.get(CAMUNDA + "collection"))
    for node in tree.iter(BPMN + "userTask"):
        if node.get(CAMUNDA + "assignee") is not None:
            yield Expression(node, "den som får oppgaven", node.get(CAMUNDA + "assignee"))
    for node in tree.iter(BPMN + "*"):
        told = node.get(TRYGG + "varsler", "").strip()
        if told.startswith("="):
            yield Expression(node, "de som varsles", told)


def unreadable(tree: etree._ElementTree) -> list[Finding]:
    """A finding for each expression that FEEL can't read, with the evaluator's own sentence."""
    found = []
    for expression in expressions(tree):
        error = feel.check(expression.text)
        if error is not None:
            found.append(
                finding(
                    "kjorbar.uttrykk",
                    expression.element,
                    name_of(expression.node),
                    place=expression.place,
                    place_en=_PLACES_EN[expression.place],
                    why=str(error),
                )
            )
    return found
