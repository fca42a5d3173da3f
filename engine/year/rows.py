"""The rows of the year: read once from `processes/aarshjul.toml`, then the school's own.

A row that a school has is never changed by reading the file again: what leadership has edited
stays. Only rows that the school does not have yet are added.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

from sqlalchemy import select

from engine.database.tables import YearRow
from engine.people.roles import Role
from engine.sentences import say
from engine.year import schedule

FILE = "aarshjul.toml"
ROUTINE = "aarshjul_rutine"
PER = MappingProxyType(
    {"skole": say("hele skolen"), "trinn": say("hvert trinn"), "klasse": say("hver klasse")}
)
ROLES = (Role.LEDELSE, Role.REKTOR, Role.KONTAKTLAERER, Role.AKS, Role.SOSIALVEILEDER)
"""Who may be responsible for a routine: those who log in and do the school's daily work."""


@dataclass(frozen=True)
class Wheel:
    """The file: its rows as columns of `YearRow`, and how many working days before the deadline a
    task opens, by kind of schedule. holds_months: how long an entry on a vulnerable pupil holds."""

    rows: tuple[dict, ...]
    opens: MappingProxyType
    holds_months: int


@cache
def read(folder: Path) -> Wheel:
    """The shipped rows. Raises ValueError when the file says what no row can be."""
    found = tomllib.loads((folder / FILE).read_text(encoding="utf-8"))
    rows = [
        _columns(key, row, position)
        for position, (key, row) in enumerate(found["rad"].items(), start=1)
    ]
    return Wheel(
        tuple(rows), MappingProxyType(found["aapning"]), found["saarbare"]["gjelder_maaneder"]
    )


def _columns(key: str, row: dict, position: int) -> dict:
    schedule.read(row["naar"])
    first, last = row.get("trinn", (None, None))
    known = {"navn", "naar", "per", "trinn", "rolle", "prosess", "felt", "kort", "plan", "del_av"}
    per, role = row.get("per", "skole"), row["rolle"]
    if row.keys() - known or per not in PER or role not in ROLES:
        raise ValueError(f"raden {key} i {FILE} kan ikke brukes")
    return {
        "key": key,
        "position": position,
        "name": row["navn"],
        "schedule": row["naar"],
        "per": per,
        "first_grade": first,
        "last_grade": last,
        "role": role,
        "process_id": row.get("prosess", ROUTINE),
        "fields": " ".join(row.get("felt", ())),
        "brief": row.get("kort", False),
        "source": row["plan"],
        "part_of": row.get("del_av"),
    }


def import_rows(session, folder: Path, school_id: int) -> list[YearRow]:
    """Give the school the shipped rows that it does not have; the school's rows afterwards, in
    order. What it has stays as it is."""
    held = of_school(session, school_id)
    known = {row.key for row in held}
    new = [
        YearRow(school_id=school_id, **row) for row in read(folder).rows if row["key"] not in known
    ]
    session.add_all(new)
    session.flush()
    return sorted([*held, *new], key=lambda row: (row.position, row.id))


def of_school(session, school_id: int) -> list[YearRow]:
    return list(
        session.scalars(
            select(YearRow)
            .where(YearRow.school_id == school_id)
            .order_by(YearRow.position, YearRow.id)
        )
    )
