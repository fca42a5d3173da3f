"""Forms: what a user task asks, read from form-js files.

The form decides what an answer is. Pages draw it, programs send it JSON, and both are judged here
alike.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.definitions import answers, values
from engine.definitions.answers import Feel, Reading, Row, Setting
from engine.definitions.dates import long_date, long_moment
from engine.definitions.fields import Component, Field, Kind, Text, fields_of, path_of
from engine.definitions.findings import Finding, Refused
from engine.definitions.schema import Check, Schema

Line = tuple[str, "str | list[tuple[str, list[Line]]]"]
"""A label, and what was answered: text, or for a list its rows, each a title and its lines."""


@dataclass(frozen=True)
class Form:
    """One form. `sha256` (hex, of the file's bytes) names this very edition of it.

    Typed values may be text from an HTML form or JSON. Stored answers hold only fields that show:
    a single answer that was left empty is absent, a list (rows, several choices, several people)
    is there also when it is empty, a tick box is "ja" or "nei".
    `feel(expression, context)` is the evaluator; what it raises goes on to the caller.
    """

    id: str
    sha256: str
    components: tuple[Component, ...]

    def fields(self) -> Iterator[tuple[str, Field]]:
        """Every field with its path, in order. A list comes first, then its own: `tiltak.hva`."""
        for field in fields_of(self.components):
            yield field.key, field
            for inner in fields_of(field.components):
                yield f"{field.key}.{inner.key}", inner

    def field(self, path: str) -> Field | None:
        """The field at `problem` or `tiltak.ansvarlig`; None when there is none."""
        return dict(self.fields()).get(path)

    def expressions(self) -> Iterator[tuple[str, str, str]]:
        """Every FEEL text: the component's path or id, what it is for, and the expression."""
        yield from _expressions(self.components, "")

    def visible(self, context: Mapping, typed: Any, feel: Feel) -> frozenset[str]:
        """The paths that show: `problem`, `tiltak[0].ansvarlig`, `#group_id`.

        Only FEEL's true hides. What is in a hidden group is hidden; a hidden field's answer counts
        for no other condition.
        """
        return Reading(self.components, typed, Setting(context, feel), compact=False).shown

    def defaults(self, context: Mapping, feel: Feel) -> dict:
        """What the form holds when it is opened, with the first rows of its lists."""
        return answers.defaults(self.components, Setting(context, feel))

    def new_row(self, key: str, context: Mapping, feel: Feel) -> dict:
        """What a row that is added to the list `key` holds."""
        return answers.defaults(self.field(key).components, Setting(context, feel), Row({}))

    def row_titles(self, key: str, context: Mapping, feel: Feel) -> list[str]:
        """The titles of a list whose rows are given: of `radtittel`, else `Tiltak 1`."""
        field, setting = self.field(key), Setting(context, feel)
        return [
            _title(field, index, item, setting) for index, item in enumerate(setting.items(field))
        ]

    def judge(
        self,
        typed: Any,
        context: Mapping,
        feel: Feel,
        options: Mapping[str, Sequence],
        named: Collection[str] = frozenset(),
        person: str | None = None,
        partial: bool = False,
    ) -> dict:
        """The answers to store. Raises Refusal with every fault at once, in the form's order.

        options: who may be chosen, under `elever`, `ansatte` and `foresatte`, each with a `value`.
        named: references of those named in the case, whom a `habil` field refuses.
        person: the reference of the one who sends; FEEL sees it as `person`.
        partial: what is required may still be missing; what is there is judged all the same.
        """
        setting = Setting({**context, "person": person}, feel)
        return answers.judge(self.components, typed, setting, options, named, partial)

    def named(self, stored: Mapping) -> list[tuple[str, str]]:
        """Who became named in the case by these answers, each with `nevnt` or `mistenkt`."""
        return [
            (person, field.part)
            for field, value in self._answered(stored)
            if field.part
            for person in values.references(field, value)
        ]

    def case_roles(self, stored: Mapping) -> list[tuple[str, str]]:
        """Who got a case role by these answers, each with the role: a person, or the school role
        whose holders got it."""
        return [
            (value, field.gives_role)
            for field, value in self._answered(stored)
            if field.gives_role and value
        ]

    def roles_in_pupils_case(self, stored: Mapping) -> list[tuple[str, str]]:
        """Who got a role in the pupil's case, which this one belongs to, each with the role."""
        return [
            (value, field.gives_role_in_pupils_case)
            for field, value in self._answered(stored)
            if field.gives_role_in_pupils_case and value
        ]

    def marks(self, stored: Mapping) -> list[tuple[str, Any]]:
        """What these answers say of the case itself, each with the answer."""
        return [
            (field.marks, value)
            for field, value in self._answered(stored)
            if field.marks and value is not None
        ]

    def persons(self, stored: Mapping) -> set[str]:
        """Everybody whom these answers refer to."""
        return {
            person
            for field, value in self._answered(stored)
            for person in values.references(field, value)
        }

    def describe(self, stored: Mapping, name_of: Callable[[str], str]) -> list[Line]:
        """The answers in the form's order, as a person reads them. Empty ones are left out."""
        return _lines(self.components, stored, name_of)

    def _answered(self, stored: Mapping) -> Iterator[tuple[Field, Any]]:
        for field in fields_of(self.components):
            yield field, stored.get(field.key)
            for row in stored.get(field.key, ()) if field.kind is Kind.LIST else ():
                yield from ((inner, row.get(inner.key)) for inner in fields_of(field.components))


def read_form(data: bytes, check: Check | None = None) -> Form:
    """The form in a file. Raises Refused with everything that is wrong with it.

    check: says what is wrong with a FEEL text, or None (`engine.definitions.feel.check`).
    """
    schema = Schema(data, check)
    if schema.findings:
        raise Refused(schema.findings)
    return Form(schema.id, hashlib.sha256(data).hexdigest(), schema.components)


def form_findings(data: bytes, check: Check | None = None) -> list[Finding]:
    """Everything that is wrong with a form's file; empty when it can be used."""
    return Schema(data, check).findings


def _expressions(components: Sequence[Component], prefix: str) -> Iterator[tuple[str, str, str]]:
    for component in components:
        here = path_of(component, prefix)
        if component.hide:
            yield here, "conditional.hide", component.hide
        if isinstance(component, Text):
            continue
        inner = prefix
        if isinstance(component, Field):
            texts = {
                "krav": component.krav,
                "standard": component.standard,
                "rader": component.rows,
                "radtittel": component.row_title,
            }
            yield from ((here, what, text) for what, text in texts.items() if text)
            inner = f"{here}."
        yield from _expressions(component.components, inner)


def _title(field: Field, index: int, item: Any, setting: Setting) -> str:
    if field.row_title:
        names = {**setting.context, "rad": item, "element": item}
        title = setting.feel(field.row_title, names)
        if isinstance(title, str) and title.strip():
            return title.strip()
    return row_name(field, index)


def row_name(field: Field, index: int) -> str:
    """`Tiltak 1` for the first row (index 0)."""
    return f"{field.noun[:1].upper()}{field.noun[1:]} {index + 1}"


def _lines(components: Sequence[Component], stored: Mapping, name_of) -> list[Line]:
    lines = []
    for field in fields_of(tuple(components)):
        value = stored.get(field.key)
        if value in (None, []):
            continue
        if field.kind is Kind.LIST:
            rows = [
                (row_name(field, index), _lines(field.components, row, name_of))
                for index, row in enumerate(value)
            ]
            lines.append((field.label, rows))
        else:
            lines.append((field.label, say(field, value, name_of)))
    return lines


def say(field: Field, value: Any, name_of: Callable[[str], str]) -> str:
    """A stored answer in words: an option's label, a person's name, a date with its weekday."""
    several = value if isinstance(value, list) else [value]
    if field.source:
        return ", ".join(map(name_of, several))
    if field.options:
        labels = {option.value: option.label for option in field.options}
        return ", ".join(str(labels.get(each, each)) for each in several)
    if field.kind is Kind.YES:
        return {"ja": "Ja", "nei": "Nei"}[value]
    if field.kind is Kind.NUMBER:
        return str(value).replace(".", ",")
    say_when = {Kind.DATE: long_date, Kind.DATETIME: long_moment}.get(field.kind, str)
    return say_when(value)
