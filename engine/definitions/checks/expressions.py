"""Where FEEL stands in a drawing, and whether it can be read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from lxml import etree

from engine.definitions import feel
from engine.definitions.bpmn import BPMN, CAMUNDA, TRYGG, name_of, text_of
from engine.definitions.findings import Finding, finding

MOST = 500
"""Expressions in one drawing."""


@lru_cache(MOST)
def names_in(text: str) -> frozenset[str]:
    """The names that FEEL reads in this text; none when it can't be read."""
    try:
        return frozenset(feel.names(text))
    except feel.FeelError:
        return frozenset()


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
    all_of_them = list(expressions(tree))
    if len(all_of_them) > MOST:
        return [finding("kjorbar.for_mange_uttrykk", limit=MOST)]
    errors = {text: feel.check(text) for text in {each.text for each in all_of_them}}
    return [
        finding(
            "kjorbar.uttrykk",
            each.element,
            name_of(each.node),
            place=each.place,
            place_en=_PLACES_EN[each.place],
            why=str(errors[each.text]),
        )
        for each in all_of_them
        if errors[each.text] is not None
    ]
