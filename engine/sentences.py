"""Sentences that the engine says to people: bokmål, and what they were made of.

A Sentence is its own bokmål text and works wherever text does. It also keeps the source sentence
and the values put into it, so that a page can say it in the reader's language (`web.i18n.said`).
What a school has written itself (names of steps, questions, `krav`) is plain text: nobody
translates that. `say` is what the extraction of messages looks for (`web.catalogues`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from functools import reduce
from zoneinfo import ZoneInfo

OSLO = ZoneInfo("Europe/Oslo")
OWN_WORDS = frozenset({"step", "rule"})
"""Values of these names are the school's own words, in the school's language."""

Value = str | int | date | datetime


class Sentence(str):
    """Bokmål text made of `source`, with %(names)s, and `values`."""

    source: str
    values: Mapping[str, Value]

    def __new__(cls, source: str, values: Mapping[str, Value] | None = None):
        values = dict(values or {})
        shown = {name: _shown(value) for name, value in values.items()}
        made = super().__new__(cls, source % shown if shown else source)
        made.source, made.values = source, values
        return made


def say(source: str, /, **values: Value) -> Sentence:
    """The sentence `source`, written out in the call, with `values` in it. A Sentence as a value is
    said in the reader's language too."""
    return Sentence(source, values)


def together(parts: Iterable[str], by: str = ", ") -> Sentence:
    """The parts after each other: `rektor, 4B`."""
    values = {f"part{number}": part for number, part in enumerate(parts)}
    return Sentence(by.join(f"%({name})s" for name in values), values)


def both(parts: Iterable[str]) -> Sentence:
    """`Noor og Jonas`."""
    return reduce(lambda one, other: say("%(one)s og %(other)s", one=one, other=other), parts)


def either(parts: Iterable[str]) -> Sentence:
    """`rektor eller ledelse`."""
    return reduce(lambda one, other: say("%(one)s eller %(other)s", one=one, other=other), parts)


def packed(text: str) -> str:
    """The text as a column keeps it: with its source and values, when it has any values."""
    if not isinstance(text, Sentence) or not text.values:
        return str(text)
    return json.dumps(_packed(text), ensure_ascii=False)


def unpacked(text: str) -> Sentence:
    """What `packed` gave. Text that was kept without values is its own source."""
    return _unpacked(json.loads(text)) if text.startswith('{"source":') else Sentence(text)


def _shown(value: Value) -> str | int:
    """As bokmål says it: `8.9. kl. 10.42`, `8.9.2026`."""
    if isinstance(value, datetime):
        local = value.astimezone(OSLO)
        return f"{local.day}.{local.month}. kl. {local.hour}.{local.minute:02}"
    if isinstance(value, date):
        return f"{value.day}.{value.month}.{value.year}"
    return value


def _packed(value: Value):
    if isinstance(value, Sentence):
        values = {name: _packed(each) for name, each in value.values.items()}
        return {"source": value.source, "values": values}
    return value if isinstance(value, str | int) else _shown(value)


def _unpacked(kept):
    if isinstance(kept, dict):
        return Sentence(
            kept["source"], {name: _unpacked(each) for name, each in kept["values"].items()}
        )
    return kept
