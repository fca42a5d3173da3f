"""What a form's page is made of, ready to draw: the templates in `templates/forms/` read these."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from markupsafe import Markup

from engine.definitions.fields import Component, Field, Kind
from web.forms import name_of
from web.i18n import nb, spoken

FOLD = 12
"""Longer lists of tick boxes stand folded until something in them is chosen."""


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


def id_of(path: str) -> str:
    """The id of what is drawn for `path`."""
    return f"f-{name_of(path).replace('#', '')}"


def with_focus(item: Item) -> Item:
    """The item with focus on its first field."""
    if item.items:
        return replace(item, items=(with_focus(item.items[0]), *item.items[1:]))
    return replace(item, focus=True)


def carded(items: Sequence[Item]) -> tuple[Item, ...]:
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


def paired(items: Sequence[Item]) -> tuple[Item, ...]:
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


def errors(items: Iterable[Item], row: str = "") -> Iterator[tuple[str, str]]:
    for item in items:
        if item.fault:
            label = item.component.label
            colon = "" if label.endswith(("?", ".", "!")) else ":"
            where = Markup("{}{}").format(row, nb(f"{label}{colon}"))
            yield item.anchor, Markup("{} {}").format(where, spoken(item.fault))
        yield from errors(item.items, row)
        for each in item.rows:
            yield from errors(each.items, Markup("{}: ").format(nb(each.title)))
