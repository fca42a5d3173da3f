"""Where FEEL stands in a drawing, and whether it can be read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from lxml import etree

from engine.definitions import feel
from engine.definitions.bpmn import BPMN, CAMUNDA, TRYGG, name_of, text_of
from engine.definitions.findings import Finding, finding

MOST = 500
"""Expressions in one drawing."""

LONGEST, TOTAL = 2_000, 20_000
"""Characters in one expression, and in all of one drawing: what FEEL reads in half a second."""


@lru_cache(MOST)
def names_in(text: str) -> frozenset[str]:
    """The names that FEEL reads in this text; none when it can't be read."""
    try:
        return frozenset(feel.names(text))
    except feel.FeelError:
        return frozenset()


class Allowance:
    """What FEEL will read of one form or decision file, so that no file costs much."""

    def __init__(self):
        self._left = TOTAL

    def check(self, text: str, unary: bool = False) -> object | None:
        """What is wrong with the way an expression is written, as a sentence, or None."""
        self._left -= len(text)
        if len(text) > LONGEST or self._left < 0:
            return (
                f"Et uttrykk kan ha {LONGEST} tegn, og alle i filen {TOTAL} til sammen."
                " Gjør uttrykkene enklere."
            )
        return feel.check(text, unary)


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
    "elevene": "pupils",
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
        if node.get(TRYGG + "elever") is not None:
            yield Expression(node, "elevene", node.get(TRYGG + "elever"))


def too_much(tree: etree._ElementTree) -> bool:
    """Whether the drawing has more expressions, or longer ones, than it is worth reading."""
    texts = [expression.text for expression in islice(expressions(tree), MOST + 1)]
    lengths = [len(text) for text in texts]
    return len(texts) > MOST or sum(lengths) > TOTAL or max(lengths, default=0) > LONGEST


def unreadable(tree: etree._ElementTree) -> list[Finding]:
    """A finding for each expression that FEEL can't read, with the evaluator's own sentence."""
    if too_much(tree):
        return [finding("kjorbar.for_mange_uttrykk", limit=MOST, longest=LONGEST, total=TOTAL)]
    return list(filter(None, map(_unreadable, expressions(tree))))


def _unreadable(expression: Expression) -> Finding | None:
    error = feel.check(expression.text)
    return error and finding(
        "kjorbar.uttrykk",
        expression.element,
        name_of(expression.node),
        place=expression.place,
        place_en=_PLACES_EN[expression.place],
        why=str(error),
    )
