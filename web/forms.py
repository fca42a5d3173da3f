"""What comes in from a page with a form: typed values, and which button was pressed.

A field's name on the page is its path with dashes, `tiltak-0-ansvarlig` for `tiltak[0].ansvarlig`;
a row is there when anything of it is, so the page sends the row's own name `tiltak-0` too. Rows
count from 0. Nothing here is trusted: the form says which names are read, and it judges them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from werkzeug.datastructures import MultiDict

from engine.definitions.answers import ROW_LIMIT
from engine.definitions.fields import MANY, Field, Kind, fields_of
from engine.definitions.forms import Form

_ROW = re.compile(r"([A-Za-z][A-Za-z0-9_]*)-([0-9]{1,3})(?:-[A-Za-z][A-Za-z0-9_]*)?")


@dataclass(frozen=True)
class Add:
    """Put a row at the end of the list `key`."""

    key: str


@dataclass(frozen=True)
class Remove:
    """Take away the row `index` of the list `key`."""

    key: str
    index: int


@dataclass(frozen=True)
class Refresh:
    """Show the form again, with the fields that the answers so far call for."""


@dataclass(frozen=True)
class Save:
    """Keep what is typed as a draft, and leave."""


@dataclass(frozen=True)
class Send:
    """Judge the answers and complete the step."""


Action = Add | Remove | Refresh | Save | Send


def name_of(path: str) -> str:
    """The name on the page of the field at `path`."""
    return path.replace("].", "-").replace("[", "-").replace("]", "")


def typed_from(values: MultiDict, form: Form) -> dict[str, Any]:
    """The form's typed values, as text, from what the page sent."""
    return _typed(values, form.components, "")


def action_from(values: MultiDict, form: Form) -> Action:
    """Which button was pressed. Without a known one nothing is sent: the form is shown again."""
    if "send" in values:
        return Send()
    if "lagre" in values:
        return Save()
    if _is_open_list(form, values.get("legg_til", "")):
        return Add(values["legg_til"])
    row = _ROW.fullmatch(values.get("fjern", ""))
    if row and _is_open_list(form, row[1]):
        return Remove(row[1], int(row[2]))
    return Refresh()


def apply(action: Action, typed: Mapping[str, Any], new_row: Mapping | None = None) -> dict:
    """The typed values after a row was added (holding `new_row`) or removed; else as they were."""
    changed = dict(typed)
    if isinstance(action, Add | Remove):
        rows = list(changed.get(action.key) or [])
        if isinstance(action, Add) and len(rows) < ROW_LIMIT:
            rows.append(dict(new_row or {}))
        elif isinstance(action, Remove) and action.index < len(rows):
            del rows[action.index]
        changed[action.key] = rows
    return changed


def focus_after(action: Action, typed: Mapping[str, Any]) -> str | None:
    """The path that gets focus when the page comes back: the new row, or the list that lost one.

    `typed` is what `apply` gave.
    """
    if isinstance(action, Add) and typed[action.key]:
        return f"{action.key}[{len(typed[action.key]) - 1}]"
    return action.key if isinstance(action, Add | Remove) else None


def _is_open_list(form: Form, key: str) -> bool:
    field = form.field(key)
    return field is not None and field.kind is Kind.LIST and not field.fixed


def _typed(values: MultiDict, components: Iterable, prefix: str) -> dict[str, Any]:
    typed = {}
    for field in fields_of(tuple(components)):
        name = prefix + field.key
        if field.kind is Kind.LIST:
            typed[field.key] = _rows(values, field, name)
        elif field.kind in MANY:
            typed[field.key] = values.getlist(name)
        elif name in values:
            typed[field.key] = values.getlist(name)[-1]
    return typed


def _rows(values: MultiDict, field: Field, name: str) -> list[dict[str, Any]]:
    found = {int(row[2]) for each in values if (row := _ROW.fullmatch(each)) and row[1] == name}
    return [
        _typed(values, field.components, f"{name}-{index}-") for index in sorted(found)[:ROW_LIMIT]
    ]
