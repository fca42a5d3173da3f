"""The register: pupils, guardians and staff, and how answers refer to them.

A reference is text: `elev:3`, `ansatt:7`, `foresatt:2`. Names stand only here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from engine.database.tables import Account, Case, Guardian, Guardianship, Pupil
from engine.people.circle import Held, held_at
from engine.people.roles import LABELS, Role
from engine.rules.workdays import local_day
from engine.sentences import both, say, together


class Kind(StrEnum):
    """Whom a reference names."""

    ELEV = "elev"
    ANSATT = "ansatt"
    FORESATT = "foresatt"


TABLES = {Kind.ELEV: Pupil, Kind.ANSATT: Account, Kind.FORESATT: Guardian}


@dataclass(frozen=True)
class Option:
    """One choice in a picker."""

    value: str
    label: str


def ref(kind: Kind, number: int) -> str:
    return f"{kind}:{number}"


def parse(reference: object) -> tuple[Kind, int] | tuple[None, None]:
    """Whom a reference names: kind and id; (None, None) if it is not a reference."""
    if not isinstance(reference, str):
        return None, None
    kind, _, number = reference.partition(":")
    if kind not in list(Kind) or not (number.isascii() and number.isdigit() and len(number) < 10):
        return None, None
    return Kind(kind), int(number)


def label_of_pupil(pupil: Pupil) -> str:
    return f"{pupil.name}, {pupil.class_name}"


def names_of(session: Session, references: Iterable[str]) -> dict[str, str]:
    """The names of those referred to, one query a kind. What refers to nobody is left out."""
    wanted: dict[Kind, set[int]] = {}
    for kind, number in map(parse, references):
        if kind is not None:
            wanted.setdefault(kind, set()).add(number)
    names = {}
    for kind, numbers in wanted.items():
        for person in session.scalars(select(TABLES[kind]).where(TABLES[kind].id.in_(numbers))):
            label = label_of_pupil(person) if kind is Kind.ELEV else person.name
            names[ref(kind, person.id)] = label
    return names


def name_of(session: Session, reference: str) -> str | None:
    """The name of the one referred to, pupils with their class; None if there is nobody."""
    return names_of(session, [reference]).get(reference)


def pupils_at(session: Session, school_id: int, day: date) -> list[Pupil]:
    """The school's pupils on that day, in order of class and name."""
    return list(
        session.scalars(
            select(Pupil)
            .where(Pupil.school_id == school_id, attends(day))
            .order_by(Pupil.class_name, Pupil.name, Pupil.id)
        )
    )


def guardians_of(session: Session, pupil_id: int) -> list[tuple[Guardian, Guardianship]]:
    """The pupil's guardians, each with the flags that decide what may be told, in order of name."""
    rows = session.execute(
        select(Guardian, Guardianship)
        .join(Guardianship, Guardianship.guardian_id == Guardian.id)
        .where(Guardianship.pupil_id == pupil_id)
        .order_by(Guardian.name, Guardian.id)
    )
    return [(guardian, link) for guardian, link in rows]


def pickers(
    session: Session,
    school_id: int,
    case: Case | None,
    now: datetime,
    *,
    pupils: Collection[int] = (),
    staff: Sequence[Held] | None = None,
) -> Mapping[str, list[Option]]:
    """The choices of the pickers `elever`, `ansatte` and `foresatte`, each read when it is asked
    for.

    Guardians are those of the case's pupil and of `pupils` (others involved in it); only where no
    pupil is known, all at the school. staff: what everybody holds at the school, where it is known.
    """
    day = local_day(now)
    wanted = set(pupils) | ({case.pupil_id} if case and case.pupil_id else set())
    return _Pickers(
        elever=lambda: [
            Option(ref(Kind.ELEV, pupil.id), label_of_pupil(pupil))
            for pupil in pupils_at(session, school_id, day)
        ],
        ansatte=lambda: _staff(held_at(session, school_id, day) if staff is None else staff),
        foresatte=lambda: _guardians(session, school_id, day, wanted),
    )


class _Pickers(Mapping[str, list[Option]]):
    """Choices that are read once, when they are first asked for."""

    def __init__(self, **reads: Callable[[], list[Option]]):
        self._reads, self._known = reads, {}

    def __getitem__(self, source: str) -> list[Option]:
        if source not in self._known:
            self._known[source] = self._reads[source]()
        return self._known[source]

    def __iter__(self) -> Iterator[str]:
        return iter(self._reads)

    def __len__(self) -> int:
        return len(self._reads)


def _staff(held: Sequence[Held]) -> list[Option]:
    """Active accounts with a role at the school, labelled with what they are there."""
    labels: dict[int, list[str]] = {}
    for each in held:
        role = LABELS.get(Role(each.role)) if each.role in list(Role) else None
        words = together(filter(None, (role, each.class_name)), by=" ")
        labels.setdefault(each.person.id, [each.person.name]).append(words)
    return [
        Option(ref(Kind.ANSATT, number), together(filter(None, words)))
        for number, words in labels.items()
    ]


def _guardians(session: Session, school_id: int, day: date, wanted: set[int]) -> list[Option]:
    """Guardians of these pupils (of all at the school, for none), each once."""
    chosen = Pupil.id.in_(wanted) if wanted else attends(day)
    rows = session.execute(
        select(Guardian, Pupil)
        .join(Guardianship, Guardianship.guardian_id == Guardian.id)
        .join(Pupil, Pupil.id == Guardianship.pupil_id)
        .where(Pupil.school_id == school_id, chosen)
        .order_by(Guardian.name, Guardian.id, Pupil.name)
    )
    labels: dict[int, tuple[str, list[str]]] = {}
    for guardian, pupil in rows:
        labels.setdefault(guardian.id, (guardian.name, []))[1].append(label_of_pupil(pupil))
    return [
        Option(
            ref(Kind.FORESATT, number),
            say("%(name)s, foresatt til %(children)s", name=name, children=both(children)),
        )
        for number, (name, children) in labels.items()
    ]


def attends(day: date) -> ColumnElement[bool]:
    """The condition on `Pupil` of being at the school on that day; `left_on` is the last day."""
    return or_(Pupil.left_on.is_(None), Pupil.left_on >= day)
