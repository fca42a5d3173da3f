"""Which of a form's conditions the browser can follow by itself.

Only comparisons of the form's own choices with fixed values, joined by nothing but `and` or nothing
but `or`: `alvorlig != "ja"`. The rest is worked out on the server when the form is shown again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from engine.definitions.fields import Field, Kind

_TERM = re.compile(r'(?:rad\.)?([A-Za-z][A-Za-z0-9_]*)\s*(!?=)\s*(?:"([^"\\]*)"|null)')
_TEXT = re.compile(r'"[^"]*"')
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


@dataclass(frozen=True)
class Rule:
    """A condition that hides. `terms`: key, value ("" for null), whether equal or different."""

    every: bool
    terms: tuple[tuple[str, str, bool], ...]

    def for_browser(self, prefix: str) -> dict:
        """What conditions.mjs reads; `prefix` stands before the names in a row of a list."""
        terms = [
            {"name": prefix + key, "value": value, "equal": equal}
            for key, value, equal in self.terms
        ]
        return {"every": self.every, "terms": terms}


def rule_of(hide: str, fields: Mapping[str, Field], in_row: bool) -> Rule | None:
    """The condition as the browser can follow it, or None. `fields`: those beside the hidden one.

    In a row, only conditions on the row itself can be followed.
    """
    joined = _TEXT.sub('""', hide)
    word = "and" if re.search(r"\sand\s", joined) else "or"
    terms = [_term(part, fields, in_row) for part in re.split(rf"\s+{word}\s+", hide.strip())]
    if None in terms:
        return None
    return Rule(word == "and" or len(terms) == 1, tuple(terms))


def names_in(hide: str) -> set[str]:
    """Every word that may be a name in an expression."""
    return set(_NAME.findall(_TEXT.sub("", hide)))


def _term(text: str, fields: Mapping[str, Field], in_row: bool) -> tuple[str, str, bool] | None:
    match = _TERM.fullmatch(text.strip())
    field = fields.get(match[1]) if match and text.strip().startswith("rad.") == in_row else None
    if field is None or field.kind not in (Kind.CHOICE, Kind.YES, Kind.PERSON):
        return None
    return match[1], match[3] or "", match[2] == "="
