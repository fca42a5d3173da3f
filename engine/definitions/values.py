"""What one field's answer means: from what was typed to what is stored.

Typed values come from strangers: text of an HTML form, or JSON of any shape.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from engine.definitions.dates import read_date, read_moment
from engine.definitions.fields import MANY, PEOPLE, Field, Kind
from engine.sentences import Sentence, say

CHOSEN_LIMIT = 200
"""How many options or people one answer may name."""

SAFE_NUMBER = 2**53 - 1
"""The largest whole number that FEEL and the browser keep exactly."""

_REFERENCE = re.compile(r"(elev|ansatt|foresatt):[1-9][0-9]{0,17}")
_NUMBER = re.compile(r"[+-]?[0-9]{1,16}(\.[0-9]{1,15})?")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")

_ASK = {
    Kind.TEXT: say("Skriv et svar."),
    Kind.LONGTEXT: say("Skriv et svar."),
    Kind.YES: say("Kryss av."),
    Kind.CHOICE: say("Velg ett svar."),
    Kind.CHOICES: say("Velg minst ett svar."),
    Kind.DATE: say("Skriv en dato, for eksempel 18.12.2026."),
    Kind.DATETIME: say("Skriv dato og klokkeslett, for eksempel 18.12.2026 kl. 10.40."),
    Kind.PERSON: say("Velg en person."),
    Kind.PERSONS: say("Velg minst én person."),
}


class Unreadable(Exception):
    """What was typed is not an answer to this field. The message says what to write."""


def read(field: Field, typed: Any, today: date | None) -> Any:
    """The value to store, None when nothing was answered ([] for kinds that are lists).

    A tick box always has an answer. Which people may be chosen is not asked here. Raises
    Unreadable.
    """
    if field.kind is Kind.YES:
        return _read_yes(typed)
    if is_empty(typed):
        return [] if field.kind in MANY else None
    return _READERS[field.kind](field, typed, today)


def is_empty(typed: Any) -> bool:
    """Whether nothing was answered."""
    return typed is None or typed == [] or (isinstance(typed, str) and not typed.strip())


def ask(field: Field) -> str:
    """The sentence that asks for a missing answer."""
    if field.missing:
        return field.missing
    if field.kind is Kind.LIST:
        return _ask_for_rows(field)
    return _ask_for_number(field) if field.kind is Kind.NUMBER else _ASK[field.kind]


def references(field: Field, value: Any) -> list[str]:
    """The people that a stored answer names."""
    if field.kind not in PEOPLE or not value:
        return []
    return [value] if field.kind is Kind.PERSON else value


def _read_text(field: Field, typed: Any, today: date | None) -> str | None:
    if isinstance(typed, bool) or not isinstance(typed, str | int | float):
        raise Unreadable(_ASK[field.kind])
    text = str(typed)[: 2 * field.max_length + 1].replace("\r\n", "\n").replace("\r", "\n")
    if field.kind is Kind.TEXT:
        text = " ".join(text.split("\n"))
    text = _CONTROL.sub("", text).strip()
    if len(text) > field.max_length:
        raise Unreadable(
            say("Teksten er for lang. Den kan ha %(most)s tegn.", most=field.max_length)
        )
    if text and len(text) < field.min_length:
        raise Unreadable(
            say("Teksten er for kort. Skriv minst %(least)s tegn.", least=field.min_length)
        )
    return text or None


def _read_number(field: Field, typed: Any, today: date | None) -> int | float:
    number = _number(typed)
    low, high = field.minimum, field.maximum
    if number is None or (low is not None and number < low) or (high is not None and number > high):
        raise Unreadable(_ask_for_number(field))
    if field.whole and number != int(number):
        raise Unreadable(say("Skriv et helt tall."))
    return int(number) if number == int(number) else number


def _number(typed: Any) -> int | float | None:
    if isinstance(typed, str):
        text = "".join(typed[:60].split()).replace(",", ".").replace("\u2212", "-")
        typed = float(text) if _NUMBER.fullmatch(text) else None
    if isinstance(typed, bool) or not isinstance(typed, int | float):
        return None
    return typed if abs(typed) <= SAFE_NUMBER and math.isfinite(typed) else None


def _read_yes(typed: Any) -> str:
    if is_empty(typed) or typed is False or typed == "nei":
        return "nei"
    if typed is True or typed == "ja":
        return "ja"
    raise Unreadable(say("Kryss av, eller la ruten stå tom."))


def _read_choice(field: Field, typed: Any, today: date | None) -> str | int:
    if isinstance(typed, str | int) and not isinstance(typed, bool):
        for option in field.options:
            if str(option.value) == str(typed):
                return option.value
    raise Unreadable(say("Velg et av svarene."))


def _read_choices(field: Field, typed: Any, today: date | None) -> list:
    chosen = [_read_choice(field, each, today) for each in _several(field, typed)]
    return [option.value for option in field.options if option.value in chosen]


def _read_person(field: Field, typed: Any, today: date | None) -> str:
    if isinstance(typed, str) and _REFERENCE.fullmatch(typed):
        return typed
    raise Unreadable(say("Velg en person fra listen."))


def _read_persons(field: Field, typed: Any, today: date | None) -> list[str]:
    chosen = [_read_person(field, each, today) for each in _several(field, typed)]
    return list(dict.fromkeys(chosen))


def _read_date(field: Field, typed: Any, today: date | None) -> str:
    moment = typed if isinstance(typed, datetime) else None
    day = moment.date() if moment else typed if isinstance(typed, date) else None
    if day is None and isinstance(typed, str):
        day = read_date(typed, today)
    if day is None:
        raise Unreadable(_ASK[Kind.DATE])
    return day.isoformat()


def _read_datetime(field: Field, typed: Any, today: date | None) -> str:
    if isinstance(typed, datetime):
        typed = typed.isoformat()
    moment = read_moment(typed, today) if isinstance(typed, str) else None
    if moment is None:
        raise Unreadable(_ASK[Kind.DATETIME])
    return moment.isoformat(timespec="minutes")


def _several(field: Field, typed: Any) -> list:
    several = typed if isinstance(typed, list | tuple) else [typed]
    if len(several) > CHOSEN_LIMIT:
        raise Unreadable(say("Velg høyst %(most)s.", most=CHOSEN_LIMIT))
    return [each for each in several if not is_empty(each)]


def _ask_for_number(field: Field) -> Sentence:
    low, high = (None if x is None else f"{x:g}".replace(".", ",") for x in _bounds(field))
    if low is not None and high is not None:
        return say("Skriv et tall fra %(low)s til %(high)s.", low=low, high=high)
    if low is not None:
        return say("Skriv et tall som er %(low)s eller mer.", low=low)
    if high is not None:
        return say("Skriv et tall som er %(high)s eller mindre.", high=high)
    return say("Skriv et tall.")


def _bounds(field: Field) -> tuple[float | None, float | None]:
    return field.minimum, field.maximum


def _ask_for_rows(field: Field) -> Sentence:
    article, space, noun = field.row_name.partition(" ")
    one = {"en": "én", "ei": "ei", "et": "ett"}.get(article)
    if space and one:
        return say("Legg til minst %(step)s.", step=f"{one} {noun}")
    return say("Legg til %(step)s.", step=field.row_name)


_READERS: dict[Kind, Callable[[Field, Any, date | None], Any]] = {
    Kind.TEXT: _read_text,
    Kind.LONGTEXT: _read_text,
    Kind.NUMBER: _read_number,
    Kind.CHOICE: _read_choice,
    Kind.CHOICES: _read_choices,
    Kind.DATE: _read_date,
    Kind.DATETIME: _read_datetime,
    Kind.PERSON: _read_person,
    Kind.PERSONS: _read_persons,
}
