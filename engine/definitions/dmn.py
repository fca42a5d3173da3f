"""The parts of a decision table as they stand in a file: for the checks and for the reading."""

from __future__ import annotations

import json
import re

from lxml import etree

from engine.definitions.bpmn import text_of

POLICIES = ("UNIQUE", "FIRST", "ANY", "PRIORITY", "COLLECT", "RULE ORDER", "OUTPUT ORDER")
"""Hit policies: what happens when several rows match."""

AGGREGATIONS = ("SUM", "MIN", "MAX", "COUNT")
"""What COLLECT can make of its answers."""

TYPES = {
    "string": "string",
    "boolean": "boolean",
    "number": "number",
    "integer": "number",
    "long": "number",
    "double": "number",
}
"""Types whose values are checked, in small letters, and what each is in FEEL."""

UNCHECKED_TYPES = frozenset(
    ["any", "date", "time", "datetime", "date and time", "dateandtime", "daytimeduration",
     "yearmonthduration", "days and time duration", "years and months duration"]
)  # fmt: skip

_LITERAL = r'"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?|true|false|null'
_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"')
_AFTER = re.compile(r'(?:^|[,(?])\s*[<>]=?\s*(""|-?\d)')
_RANGE = re.compile(r'(""|\d)\s*\.\.\s*(""|-?\d)')
_LITERALS = re.compile(rf"\s*(?:{_LITERAL})\s*(?:,\s*(?:{_LITERAL})\s*)*")


def policy_of(table: etree._Element) -> str:
    return " ".join(table.get("hitPolicy", "UNIQUE").upper().split())


def aggregation_of(table: etree._Element) -> str | None:
    return table.get("aggregation", "").upper() or None


def type_of(node: etree._Element) -> str | None:
    """The type's name in small letters, without the prefix `feel:`."""
    return node.get("typeRef", "").strip().lower().removeprefix("feel:") or None


def cell_of(node: etree._Element) -> str | None:
    """What is written in a cell; None when it is empty."""
    return text_of(node.find("{*}text"))


def test_of(node: etree._Element) -> str | None:
    """The test of an input cell; None when everything passes."""
    text = cell_of(node)
    return None if text == "-" else text


def required(decision: etree._Element) -> list[str]:
    """Ids of the decisions that this one requires, each once."""
    references = decision.iterfind("{*}informationRequirement/{*}requiredDecision")
    return list(dict.fromkeys(each.get("href", "").removeprefix("#") for each in references))


def variable_of(decision: etree._Element) -> str:
    """What those that require the decision call its answer: its variable's name, else its id."""
    variable = decision.find("{*}variable")
    return (None if variable is None else variable.get("name")) or decision.get("id", "")


def literals(text: str | None) -> list | None:
    """The values of a list such as `"ja", "nei", null`; None when it is anything else."""
    if text is None or not _LITERALS.fullmatch(text):
        return None
    try:
        return [json.loads(each, strict=False) for each in re.findall(_LITERAL, text)]
    except ValueError:
        return None


def ordered_against(test: str) -> set[str]:
    """The kinds of the plain values that a test orders its own by: `number` in `> 10`."""
    plain = _TEXT.sub('""', test)
    found = _AFTER.findall(plain) + [each for pair in _RANGE.findall(plain) for each in pair]
    return {"string" if each == '""' else "number" for each in found}


def kind_of(value) -> str | None:
    """The FEEL type of a value that is checked; None for null, lists and objects."""
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    return "string" if isinstance(value, str) else None


def place_of(value, values) -> int | None:
    """Where a value stands among others, counted from 0; 1 is not true. None when it does not."""
    kind = kind_of(value)
    same = (n for n, each in enumerate(values) if each == value and kind_of(each) == kind)
    return next(same, None)
