"""A form as a page draws it: every field with its name, value, choices and what is wrong with it.

The templates in `templates/forms/` draw what a Sheet holds (`web.items`) and decide nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

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
)
from engine.definitions.forms import Form, row_name
from engine.refusals import Fault
from web.conditions import names_in, rule_of
from web.forms import name_of
from web.i18n import gettext as _
from web.items import Block, Choice, Item, Row, carded, errors, id_of, paired, with_focus

_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_ISO_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}")
_BOLD = re.compile(r"\*\*(.+?)\*\*")


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
        self.items = carded(self._items(form.components, _place("", typed, form.components)))
        self.errors = list(errors(self.items))

    def _items(self, components: Sequence[Component], place: _Place) -> tuple[Item, ...]:
        drawn = (self._item(component, place) for component in components)
        return paired([item for item in drawn if item is not None])

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
            items = (with_focus(items[0]), *items[1:])
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
