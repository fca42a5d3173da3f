"""What a form is made of: fields, groups of them, and texts between them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from engine.refusals import Reason


class Kind(StrEnum):
    """What an answer is. The value in brackets is what is stored."""

    TEXT = "text"  # one line (str)
    LONGTEXT = "longtext"  # several lines (str)
    NUMBER = "number"  # int or float
    YES = "yes"  # a tick box ("ja" or "nei"; not ticked is "nei")
    CHOICE = "choice"  # one of the options (the option's value)
    CHOICES = "choices"  # some of the options (list of values)
    DATE = "date"  # "2026-11-25"
    DATETIME = "datetime"  # "2026-11-25T10:40", local
    PERSON = "person"  # "ansatt:7"
    PERSONS = "persons"  # list of such
    LIST = "list"  # rows, each an object of fields


MANY = (Kind.CHOICES, Kind.PERSONS, Kind.LIST)
"""Kinds whose answer is a list, also when nothing is chosen."""

PEOPLE = (Kind.PERSON, Kind.PERSONS)


class Option(NamedTuple):
    """One thing that can be chosen: what is stored, and what the person reads."""

    value: str | int
    label: str


@dataclass(frozen=True)
class Field:
    """One question. `id` names it in the file, `key` in the answers.

    hide, krav, standard, rows and row_title are FEEL without a leading `=`, or None.
    options: of a choice. source: `elever`, `ansatte` or `foresatte`, of a person.
    scale: a row of numbers from `minimum` to `maximum` (or of options) to choose among.
    gives_role: the case role that the chosen person gets, or those who hold the chosen school role;
    gives_role_in_pupils_case: the same in the pupil's case that this one belongs to. marks: what
    the answer says of the case itself (`elev`, `alvorlig`, `mottatt`, `stilling`,
    `skjermet_ansatt`, `skjermet_ledelse`).
    half: drawn in half the width, beside its neighbour.
    missing: the school's own sentence when a required answer is missing, or "".
    A LIST has `components`; with `rows` it has exactly one row per item of that expression.
    """

    id: str
    key: str
    kind: Kind
    label: str
    help: str = ""
    required: bool = False
    hide: str | None = None
    options: tuple[Option, ...] = ()
    source: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    whole: bool = False
    min_length: int = 0
    max_length: int = 20_000
    default: Any = None
    standard: str | None = None
    krav: str | None = None
    krav_code: Reason = Reason.UGYLDIG_SVAR
    krav_text: str = ""
    missing: str = ""
    habil: bool = False
    part: str | None = None
    gives_role: str | None = None
    gives_role_in_pupils_case: str | None = None
    marks: str | None = None
    lovkrav: str = ""
    why: str = ""
    scale: bool = False
    dropdown: bool = False
    half: bool = False
    components: tuple[Component, ...] = ()
    rows: str | None = None
    row_title: str | None = None
    row_name: str = ""
    first_rows: int = 0

    @property
    def fixed(self) -> bool:
        """Whether the list's rows are given, so that nobody adds or removes one."""
        return self.rows is not None

    @property
    def noun(self) -> str:
        """What one row is called: `tiltak` when the row's name is `et tiltak`."""
        article, space, rest = self.row_name.partition(" ")
        return rest if space and article in ("en", "ei", "et") else self.row_name


@dataclass(frozen=True)
class Group:
    """Fields under one heading. Hidden, it hides them all."""

    id: str
    label: str = ""
    help: str = ""
    hide: str | None = None
    components: tuple[Component, ...] = ()


@dataclass(frozen=True)
class Text:
    """Text between the fields: paragraphs, `#` headings and `-` lists."""

    id: str
    text: str
    hide: str | None = None


Component = Field | Group | Text


def path_of(component: Component, prefix: str = "") -> str:
    """The component's place in the form, for example `tiltak[1].ansvarlig`.

    Groups and texts have no answers; their place is `#` and their id.
    """
    return prefix + (component.key if isinstance(component, Field) else f"#{component.id}")


def row_prefix(path: str, index: int) -> str:
    """What the paths inside one row of a list begin with."""
    return f"{path}[{index}]."


def fields_of(components: tuple[Component, ...]) -> Iterator[Field]:
    """The fields that share these components' answers: into groups, not into lists' rows."""
    for component in components:
        if isinstance(component, Field):
            yield component
        elif isinstance(component, Group):
            yield from fields_of(component.components)
