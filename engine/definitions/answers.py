"""A form's answers: which fields show, what they begin with, and whether they may be sent.

The form decides, never the one who sends: only declared fields are read, and only shown ones kept.
FEEL sees the case's context with this form's own answers laid over it, each field under its key;
inside a list also `rad` (the row, with the fields of its item when the rows are given) and
`element` (that item).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from engine.definitions import values
from engine.definitions.fields import (
    Component,
    Field,
    Group,
    Kind,
    fields_of,
    path_of,
    row_prefix,
)
from engine.refusals import Fault, Reason, Refusal
from engine.sentences import say

Feel = Callable[[str, dict], Any]
"""Works out an expression in a context, for example `engine.definitions.feel.evaluate`."""

ROW_LIMIT = 50
ROUNDS = 10
"""How often the conditions are looked at anew; fields that hide each other in a ring end here."""

INHABIL = say("Denne personen er nevnt i saken og kan ikke få oppgaven. Velg en annen.")


@dataclass(frozen=True)
class Setting:
    """What the form is filled in against: the case's FEEL context and the evaluator."""

    context: Mapping[str, Any]
    feel: Feel

    @property
    def today(self) -> date | None:
        """The context's `i_dag`, which a date without a year is near to."""
        day = self.context.get("i_dag")
        return date.fromisoformat(day) if isinstance(day, str) else None

    def items(self, field: Field) -> list:
        """What a list with given rows has one row for each of; [] when it is no list."""
        items = self.feel(field.rows, dict(self.context))
        return items[:ROW_LIMIT] if isinstance(items, list) else []


@dataclass(frozen=True)
class Row:
    """One row of a list: its answers, the item it was given for, and how its paths begin."""

    answers: Mapping[str, Any]
    item: Any = None
    prefix: str = ""

    def names(self, hidden: Collection[str] = ()) -> dict[str, Any]:
        """What FEEL sees of the row beside the form's own names."""
        item = self.item if isinstance(self.item, Mapping) else {}
        shown = {key: it for key, it in self.answers.items() if self.prefix + key not in hidden}
        return {"rad": {**item, **shown}, "element": self.item}


class Reading:
    """Typed values read field by field, and which fields they show.

    values: what could be read, rows of lists as they stand. unread: path -> what is wrong.
    shown: the paths that are not hidden. With `compact`, rows in which nothing is answered are
    left out, and `typed_path` gives the place where a row was typed.
    """

    def __init__(self, components, typed: Any, setting: Setting, compact: bool):
        self._components, self._setting, self._compact = components, setting, compact
        self.unread: dict[str, str] = {}
        self._items: dict[str, list] = {}
        self._rows_typed: dict[str, list[int]] = {}
        self.values = self._read(components, typed if isinstance(typed, Mapping) else {}, "")
        self._hidden: set[str] = set()
        self._look()
        self.shown = frozenset(path for _, path, _ in self._walk()) - self._hidden

    def answers(self) -> dict:
        """The values of the fields that show."""
        return self._kept(self._components, self.values, "")

    def fields(self) -> Iterator[tuple[Field, str, Any, Row | None]]:
        """The fields that show, in the form's order: field, path, value and the row around it."""
        for component, path, row in self._walk():
            if isinstance(component, Field) and path in self.shown:
                around = self.values if row is None else row.answers
                yield component, path, around.get(component.key), row

    def context(self, row: Row | None = None) -> dict:
        """What FEEL sees. An unanswered field is null even where the context has its name."""
        own = dict.fromkeys(field.key for field in fields_of(self._components))
        around = row.names(self._hidden) if row else {}
        return {**self._setting.context, **own, **self.answers(), **around}

    def typed_path(self, path: str) -> str:
        """`path` with the row number that the one who typed knows."""
        key, bracket, rest = path.partition("[")
        index, _, tail = rest.partition("]")
        return f"{key}[{self._rows_typed[key][int(index)]}]{tail}" if bracket else path

    def _read(self, components, typed: Mapping, prefix: str) -> dict:
        found = {}
        for field in fields_of(components):
            path = path_of(field, prefix)
            try:
                if field.kind is Kind.LIST:
                    value = self._read_rows(field, typed.get(field.key), path)
                else:
                    value = values.read(field, typed.get(field.key), self._setting.today)
            except values.Unreadable as error:
                self.unread[path] = error.args[0]
                continue
            if value is not None:
                found[field.key] = value
        return found

    def _read_rows(self, field: Field, typed: Any, path: str) -> list[dict]:
        rows = [] if values.is_empty(typed) else typed
        if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
            raise values.Unreadable(say("Svaret er ikke en liste med rader."))
        if len(rows) > ROW_LIMIT:
            raise values.Unreadable(say("Det kan være høyst %(most)s rader.", most=ROW_LIMIT))
        if field.fixed:
            self._items[path] = self._setting.items(field)
            count = len(self._items[path])
            rows = (rows + [{}] * count)[:count]
        kept = self._rows_to_keep(field, rows)
        self._rows_typed[path] = kept
        return [
            self._read(field.components, rows[index], row_prefix(path, place))
            for place, index in enumerate(kept)
        ]

    def _rows_to_keep(self, field: Field, rows: list) -> list[int]:
        everyone = list(range(len(rows)))
        if field.fixed or not self._compact:
            return everyone
        kept = [index for index in everyone if not _is_blank(field, rows[index])]
        must = field.required and any(sub.required for sub in fields_of(field.components))
        return kept or (everyone[:1] if must else [])

    def _look(self) -> None:
        """Works out what is hidden. A hidden field's answer counts for no other condition."""
        for _ in range(ROUNDS):
            before = set(self._hidden)
            self._see(self._components, "", None, shaded=False)
            if self._hidden == before:
                return

    def _see(self, components, prefix: str, row: Row | None, shaded: bool) -> None:
        for component in components:
            path = path_of(component, prefix)
            gone = shaded or self._hides(component, row)
            (self._hidden.add if gone else self._hidden.discard)(path)
            if isinstance(component, Group):
                self._see(component.components, prefix, row, gone)
            for inner in self._rows(component, path):
                self._see(component.components, inner.prefix, inner, gone)

    def _hides(self, component: Component, row: Row | None) -> bool:
        if not component.hide:
            return False
        return self._setting.feel(component.hide, self.context(row)) is True

    def _rows(self, component: Component, path: str) -> list[Row]:
        if not isinstance(component, Field) or component.kind is not Kind.LIST:
            return []
        items = self._items.get(path, [])
        return [
            Row(answers, items[place] if place < len(items) else None, row_prefix(path, place))
            for place, answers in enumerate(self.values.get(component.key, ()))
        ]

    def _walk(self, components=None, prefix="", row=None):
        """Every component with its path and row, in the form's order."""
        for component in self._components if components is None else components:
            path = path_of(component, prefix)
            yield component, path, row
            if isinstance(component, Group):
                yield from self._walk(component.components, prefix, row)
            for inner in self._rows(component, path):
                yield from self._walk(component.components, inner.prefix, inner)

    def _kept(self, components, found: Mapping, prefix: str) -> dict:
        kept = {}
        for field in fields_of(components):
            path = path_of(field, prefix)
            if field.key not in found or path in self._hidden:
                continue
            value = found[field.key]
            if field.kind is Kind.LIST:
                value = [
                    self._kept(field.components, row, row_prefix(path, place))
                    for place, row in enumerate(value)
                ]
            kept[field.key] = value
        return kept


class Choosable:
    """Who may be chosen; each source is looked into when an answer first needs it."""

    def __init__(self, options: Mapping[str, Sequence]):
        self._options, self._known = options, {}

    def of(self, source: str | None) -> Collection[str]:
        if source not in self._known:
            self._known[source] = {option.value for option in self._options.get(source, ())}
        return self._known[source]


def judge(
    components: tuple[Component, ...],
    typed: Any,
    setting: Setting,
    options: Mapping[str, Sequence],
    named: Collection[str],
    partial: bool = False,
) -> dict:
    """The answers to store, or Refusal with every fault at once, in the form's order.

    A `krav` that gives null while other answers are faulty is not held against anybody: it could
    not be decided. Alone, only true passes. `partial`: what is required may be missing, by a krav
    too, and what can't be decided without it is let through.
    """
    reading = Reading(components, typed, setting, compact=True)
    choosable = Choosable(options)
    sure, unsure = [], []
    for field, path, value, row in reading.fields():
        where = reading.typed_path(path)
        wrong = _wrong(field, value, reading.unread.get(path), choosable, named)
        if wrong:
            sure.append(Fault(where, *wrong))
        elif field.krav:
            verdict = setting.feel(field.krav, reading.context(row))
            fault = Fault(where, field.krav_code, field.krav_text)
            if verdict is False:
                sure.append(fault)
            elif verdict is not True:
                unsure.append(fault)
    if partial:
        sure = [fault for fault in sure if fault.code is not Reason.MANGLER_FELT]
        unsure = []
    if sure or unsure:
        raise Refusal.of_answers(sure or unsure)
    return reading.answers()


def defaults(components: tuple[Component, ...], setting: Setting, row: Row | None = None) -> dict:
    """What the fields hold before anybody has typed. Unreadable defaults are left out."""
    found = {}
    for field in fields_of(components):
        if field.kind is Kind.LIST:
            items = setting.items(field) if field.fixed else [None] * field.first_rows
            found[field.key] = [
                defaults(field.components, setting, Row({}, item)) for item in items
            ]
            continue
        value = field.default
        if value is None and field.standard:
            around = row.names() if row else {}
            value = setting.feel(field.standard, {**setting.context, **around})
        try:
            if not values.is_empty(value):
                found[field.key] = values.read(field, value, setting.today)
        except values.Unreadable:
            continue
    return found


def _wrong(field, value, unread, choosable, named) -> tuple[Reason, str] | None:
    if unread:
        return Reason.UGYLDIG_SVAR, unread
    if field.required and (value in (None, []) or (field.kind is Kind.YES and value == "nei")):
        return None if field.fixed else (Reason.MANGLER_FELT, values.ask(field))
    for person in values.references(field, value):
        if field.habil and person in named:
            return Reason.INHABIL, INHABIL
        if person not in choosable.of(field.source):
            return Reason.UGYLDIG_SVAR, say("Velg en person fra listen.")
    return None


def _is_blank(field: Field, row: Mapping) -> bool:
    """Whether a row says nothing beyond what it began with."""
    for sub in fields_of(field.components):
        typed = row.get(sub.key)
        if sub.kind is Kind.YES and typed in (False, "nei"):
            continue
        if not values.is_empty(typed) and typed != sub.default:
            return False
    return True
