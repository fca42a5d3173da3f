"""A form as a page draws it: every field with its name, value, choices and what is wrong with it.

The templates in `templates/forms/` draw a Sheet and decide nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from flask_babel import gettext as _
from markupsafe import Markup, escape

from engine.definitions.answers import Feel
from engine.definitions.dates import short_date, short_moment
from engine.definitions.fields import (
    MANY,
    PEOPLE,
    Component,
    Field,
    Group,
    Kind,
    Option,
    Text,
    fields_of,
    path_of,
    row_prefix,
)
from engine.definitions.forms import Form, row_name
from engine.refusals import Fault
from web.conditions import names_in, rule_of
from web.forms import name_of

FOLD = 12
"""Longer lists of tick boxes stand folded until something in them is chosen."""

_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_ISO_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}")
_BOLD = re.compile(r"\*\*(.+?)\*\*")


@dataclass(frozen=True)
class Choice:
    """One option of a field: `id` of its control, and whether it is chosen now."""

    id: str
    value: str
    label: str
    chosen: bool


@dataclass(frozen=True)
class Block:
    """One heading (h), paragraph (p) or list (ul) of a text component."""

    tag: str
    lines: tuple[Markup, ...]


@dataclass(frozen=True)
class Row:
    """One row of a list, `index` counted from 0."""

    index: int
    id: str
    name: str
    title: str
    items: tuple[Item, ...]


@dataclass(frozen=True)
class Item:
    """One thing to draw.

    shape: card and pair hold fields together; text, group and list are components that ask
    nothing; line, lines, yes, select, choices (one) and many (several) are fields. The templates
    have a macro for each. hide_when: JSON of the condition that the browser follows, or None;
    hidden: whether it starts hidden; example: how a date is written; focus: on the page's arrival.
    """

    shape: str
    path: str = ""
    component: Component | None = None
    value: str = ""
    fault: str | None = None
    example: str = ""
    choices: tuple[Choice, ...] = ()
    blocks: tuple[Block, ...] = ()
    items: tuple[Item, ...] = ()
    rows: tuple[Row, ...] = ()
    hide_when: str | None = None
    hidden: bool = False
    focus: bool = False

    @property
    def name(self) -> str:
        """The field's name on the page."""
        return name_of(self.path)

    @property
    def id(self) -> str:
        """The id of the field's control, or of what holds its controls."""
        return id_of(self.path)

    @property
    def described_by(self) -> str:
        """The ids of what explains the field, for aria-describedby."""
        parts = {"hjelp": self.component.help, "eksempel": self.example, "feil": self.fault}
        return " ".join(f"{self.id}-{part}" for part, text in parts.items() if text)

    @property
    def anchor(self) -> str:
        """The id of the control that an error leads to."""
        if self.shape in ("choices", "many") and self.choices:
            return self.choices[0].id
        return f"{self.id}-legg-til" if self.shape == "list" else self.id

    @property
    def optional(self) -> bool:
        """Whether to say so: nothing in the form or the law asks for it."""
        field = self.component
        asked = field.required or field.krav or field.lovkrav or field.fixed
        return not asked and field.kind is not Kind.YES

    @property
    def folded(self) -> bool:
        """Whether the tick boxes are many, and none of them matters yet."""
        chosen = any(choice.chosen for choice in self.choices)
        return len(self.choices) > FOLD and not chosen and not self.fault


@dataclass(frozen=True)
class _Place:
    """Where components stand: in the form itself, or in a row of a list."""

    prefix: str
    typed: Mapping[str, Any]
    fields: Mapping[str, Field]

    @property
    def in_row(self) -> bool:
        return bool(self.prefix)


class Sheet:
    """A form with what is typed in it.

    items: what to draw, in order. errors: of every fault the control's id and the words, for the
    summary. conditional: whether any field comes and goes with another's answer; refreshable:
    whether one does so in a way that only the server can follow.

    typed: as of `typed_from`, `Form.defaults`, or stored answers. options: as for `Form.judge`,
    each with `value` and `label`. faults: a Refusal's. focus: a path, of `focus_after`.
    """

    def __init__(
        self,
        form: Form,
        typed: Mapping[str, Any],
        context: Mapping[str, Any],
        feel: Feel,
        options: Mapping[str, Sequence],
        faults: Iterable[Fault] = (),
        focus: str | None = None,
    ):
        self._form, self._context, self._feel = form, context, feel
        self._options, self._focus = options, focus
        self._faults = {fault.path: fault.message for fault in reversed(list(faults))}
        self._shown = form.visible(context, typed, feel)
        self.conditional = self.refreshable = False
        self.items = _carded(self._items(form.components, _place("", typed, form.components)))
        self.errors = list(_errors(self.items))

    def _items(self, components: Sequence[Component], place: _Place) -> tuple[Item, ...]:
        drawn = (self._item(component, place) for component in components)
        return _paired([item for item in drawn if item is not None])

    def _item(self, component: Component, place: _Place) -> Item | None:
        path = path_of(component, place.prefix)
        rule, hidden = self._condition(component, place)
        if hidden and rule is None:
            return None
        if isinstance(component, Text):
            item = Item("text", blocks=_read_text(component.text))
        elif isinstance(component, Group):
            item = Item("group", items=self._items(component.components, place))
        elif component.kind is Kind.LIST:
            item = self._list(component, path, place.typed.get(component.key))
        else:
            item = self._field(component, path, place.typed.get(component.key))
        return replace(
            item,
            path=path,
            component=component,
            hide_when=rule and json.dumps(rule.for_browser(name_of(place.prefix))),
            hidden=hidden and all(_is_answered(place, key) for key, _, _ in rule.terms),
            fault=self._faults.get(path),
            focus=path == self._focus,
        )

    def _condition(self, component: Component, place: _Place):
        """The rule that the browser can follow, and whether the component is hidden by its own."""
        if not component.hide:
            return None, False
        rule = rule_of(component.hide, place.fields, place.in_row)
        if names_in(component.hide) & place.fields.keys():
            self.conditional = True
            self.refreshable = self.refreshable or rule is None
        return rule, path_of(component, place.prefix) not in self._shown

    def _list(self, field: Field, path: str, typed: Any) -> Item:
        rows = [row if isinstance(row, Mapping) else {} for row in typed or ()]
        titles = [row_name(field, index) for index in range(len(rows))]
        if field.fixed:
            titles = self._form.row_titles(field.key, self._context, self._feel)
            rows = (rows + [{}] * len(titles))[: len(titles)]
        drawn = [
            self._row(field, f"{path}[{index}]", index, title, row)
            for index, (title, row) in enumerate(zip(titles, rows, strict=True))
        ]
        return Item("list", rows=tuple(drawn))

    def _row(self, field: Field, path: str, index: int, title: str, typed: Mapping) -> Row:
        place = _place(f"{path}.", typed, field.components)
        items = self._items(field.components, place)
        if path == self._focus and items:
            items = (_with_focus(items[0]), *items[1:])
        return Row(index, id_of(path), name_of(path), title, items)

    def _field(self, field: Field, path: str, typed: Any) -> Item:
        item = Item(_shape(field), value=_written(field, typed), example=_example(field))
        if field.kind is Kind.YES:
            return replace(item, value="ja" if typed in (True, "ja") else "nei")
        return replace(item, choices=self._choices(field, path, typed))

    def _choices(self, field: Field, path: str, typed: Any) -> tuple[Choice, ...]:
        options = self._options.get(field.source, ()) if field.source else field.options
        if field.scale and field.kind is Kind.NUMBER:
            numbers = range(int(field.minimum), int(field.maximum) + 1)
            options = [Option(number, str(number)) for number in numbers]
        chosen = {str(each) for each in (typed if isinstance(typed, list) else [typed])}
        return tuple(
            Choice(f"{id_of(path)}-{at}", str(each.value), each.label, str(each.value) in chosen)
            for at, each in enumerate(options)
        )


def id_of(path: str) -> str:
    """The id of what is drawn for `path`."""
    return f"f-{name_of(path).replace('#', '')}"


def _place(prefix: str, typed: Any, components: tuple[Component, ...]) -> _Place:
    typed = typed if isinstance(typed, Mapping) else {}
    return _Place(prefix, typed, {field.key: field for field in fields_of(components)})


def _is_answered(place: _Place, key: str) -> bool:
    """Whether the answer is given that a condition asks for; a box not ticked is no answer yet."""
    box = place.fields[key].kind is Kind.YES
    return place.typed.get(key) not in (None, "", "nei" if box else "")


def _shape(field: Field) -> str:
    if field.kind is Kind.YES:
        return "yes"
    if field.kind in MANY:
        return "many"
    if field.scale or (field.kind is Kind.CHOICE and not field.dropdown):
        return "choices"
    if field.kind in (Kind.CHOICE, *PEOPLE):
        return "select" if field.dropdown else "choices"
    return "lines" if field.kind is Kind.LONGTEXT else "line"


def _written(field: Field, typed: Any) -> str:
    """A value as a person writes it; what was typed stays as it was typed."""
    text = "" if typed is None or isinstance(typed, list | dict) else str(typed)
    if field.kind is Kind.NUMBER and isinstance(typed, float):
        return text.replace(".", ",")
    try:
        if field.kind is Kind.DATE and _ISO_DATE.fullmatch(text):
            return short_date(text)
        if field.kind is Kind.DATETIME and _ISO_MOMENT.fullmatch(text):
            return short_moment(text)
    except ValueError:
        return text
    return text


def _example(field: Field) -> str:
    if field.kind is Kind.DATE:
        return _("For eksempel 18.12.2026.")
    if field.kind is Kind.DATETIME:
        return _("For eksempel 18.12.2026 kl. 10.40.")
    return ""


def _read_text(text: str) -> tuple[Block, ...]:
    """Markdown of the simplest kind: `#` headings, `-` lists, paragraphs and `**bold**`."""
    blocks = []
    for part in re.split(r"\n\s*\n", text.strip()):
        lines = [line.strip() for line in part.splitlines() if line.strip()]
        if lines and all(line.startswith(("- ", "* ")) for line in lines):
            blocks.append(Block("ul", tuple(_bold(line[2:]) for line in lines)))
        elif len(lines) == 1 and lines[0].startswith("#"):
            blocks.append(Block("h", (_bold(lines[0].lstrip("# ")),)))
        elif lines:
            blocks.append(Block("p", tuple(map(_bold, lines))))
    return tuple(blocks)


def _bold(text: str) -> Markup:
    return Markup(_BOLD.sub(r"<b>\1</b>", str(escape(text))))


def _with_focus(item: Item) -> Item:
    """The item with focus on its first field."""
    if item.items:
        return replace(item, items=(_with_focus(item.items[0]), *item.items[1:]))
    return replace(item, focus=True)


def _carded(items: Sequence[Item]) -> tuple[Item, ...]:
    """The form's top level, where fields that follow each other share a card."""
    drawn: list[Item] = []
    for item in items:
        if item.shape in ("text", "group", "list"):
            drawn.append(item)
        elif drawn and drawn[-1].shape == "card":
            drawn[-1] = replace(drawn[-1], items=(*drawn[-1].items, item))
        else:
            drawn.append(Item("card", items=(item,)))
    return tuple(drawn)


def _paired(items: Sequence[Item]) -> tuple[Item, ...]:
    """Items where two halves that follow each other stand side by side."""
    drawn: list[Item] = []
    for item in items:
        before = drawn[-1] if drawn else None
        if _is_half(item) and before and _is_half(before):
            drawn[-1] = Item("pair", items=(before, item))
        else:
            drawn.append(item)
    return tuple(drawn)


def _is_half(item: Item) -> bool:
    return isinstance(item.component, Field) and item.component.half


def _errors(items: Iterable[Item], row: str = "") -> Iterator[tuple[str, str]]:
    for item in items:
        if item.fault:
            label = item.component.label
            colon = "" if label.endswith(("?", ".", "!")) else ":"
            yield item.anchor, f"{row}{label}{colon} {item.fault}"
        yield from _errors(item.items, row)
        for each in item.rows:
            yield from _errors(each.items, f"{each.title}: ")
