"""Ten thousand cases, made from a few that were really played.

Each is a copy of a played case, with the rows that lists read, of another pupil and on another
day, so that lists, counts and filters meet what a school's database would hold. Nobody can go on
with a copy: the engine's own ids in its state are the first one's.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select, update

from engine.database.session import Database, migrate
from engine.database.tables import (
    Case,
    CaseRole,
    Deadline,
    NamedPerson,
    Pupil,
    RoleHolding,
    Scope,
    Task,
)
from engine.people.accounts import create_account
from engine.rules.workdays import moment
from tests import course as told
from tests.course import SHIELDED, STEPS, Course
from tests.school import PASSWORD, SINCE

CLASSES = [f"{trinn}{letter}" for trinn in range(1, 8) for letter in "ABCD"]
PUPILS = 560
STAGES = (told.REPORTED, 5, 8, 10, told.APPROVED, told.EXTENDED, told.CLOSED, len(STEPS))
BATCH = 250  # cases
IDS = 10_000  # more than any table has rows of the played cases
DAYS = 40  # over which the cases are spread
COPIED = (Scope, Task, Deadline, CaseRole, NamedPerson)  # what no list reads is left out
ENGINE_IDS = {"scope_id", "parent_id", "group", "token"}


def fill(database: Database, cases: int) -> Course:
    """A school with so many cases at all stages, one in fifty shielded. Nobody but the last of
    them can be gone on with."""
    course = Course(database)
    for stage in STAGES:
        _tell(course, STEPS[:stage])
    _tell(course, SHIELDED)
    with database.transaction() as session:
        pupils = _pupils(session, course)
        played = session.scalars(select(Case.id).order_by(Case.id)).all()
        originals = [_Copies(session, case_id) for case_id in played]
        shielded = originals.pop()
        for first in range(len(played), cases, BATCH):
            numbers = range(first, min(first + BATCH, cases))
            of = {n: shielded if n % 50 == 0 else originals[n % len(originals)] for n in numbers}
            for table in (Case, *COPIED):
                rows = [row for n in numbers for row in of[n].rows(table, n, pupils[n % PUPILS])]
                if rows:
                    session.execute(insert(table.__table__), rows)
    return course


def _tell(course: Course, steps: list[dict]) -> None:
    """Play a case, and give it a pupil of its own, so that the next one is not joined to it."""
    course.player.now = moment("2026-08-24T10:15")
    course.tell(steps)
    with course.product.database.transaction() as session:
        pupil = Pupil(school_id=course.player.cast.school_id, name="Elev", class_name="4B")
        session.add(pupil)
        session.flush()
        session.execute(update(Case).where(Case.number == course.number).values(pupil_id=pupil.id))


def _pupils(session, course: Course) -> list[int]:
    school = course.player.cast.school_id
    rows = [
        Pupil(school_id=school, name=f"Elev {n}", class_name=CLASSES[n % len(CLASSES)])
        for n in range(PUPILS)
    ]
    session.add_all(rows)
    session.flush()
    for name in CLASSES:
        account = create_account(session, f"laerer {name}", f"Lærer {name}", PASSWORD)
        session.add(
            RoleHolding(
                school_id=school,
                account_id=account.id,
                role="kontaktlaerer",
                class_name=name,
                from_date=SINCE,
            )
        )
    return [row.id for row in rows]


class _Copies:
    """One played case with all its rows."""

    def __init__(self, session, case_id: int):
        self.case_id = case_id
        self._rows = {
            table: [
                dict(row)
                for row in session.execute(
                    select(table.__table__).where(_owner(table) == case_id)
                ).mappings()
            ]
            for table in (Case, *COPIED)
        }

    def rows(self, table, n: int, pupil_id: int) -> Iterator[dict[str, Any]]:
        """The rows of copy number n in this table."""
        for row in self._rows[table]:
            yield {
                name: self._copied(table, name, value, n, pupil_id) for name, value in row.items()
            }

    def _copied(self, table, name: str, value: Any, n: int, pupil_id: int) -> Any:
        if value is None or value == "":
            return value
        if name == "pupil_id" and table is Case:
            return pupil_id
        if name == "number":
            return f"2025-{n:05d}"
        if name in ("case_id", "task_id") or (name == "id" and isinstance(value, int)):
            return value + n * IDS
        if name in ENGINE_IDS or name == "id":
            return f"{value}-{n}"
        if isinstance(value, date | datetime):
            return value - timedelta(days=n % DAYS)
        return value


def _owner(table):
    return Case.__table__.c.id if table is Case else table.__table__.c.case_id


@contextmanager
def school_with(cases: int, url: str | None = None) -> Iterator[Course]:
    """A database of its own (SQLite, or the empty one at `url`) with so many cases."""
    with tempfile.TemporaryDirectory() as folder:
        address = url or f"sqlite:///{Path(folder)}/trygg.db"
        migrate(address)
        database = Database(address)
        try:
            yield fill(database, cases)
        finally:
            database.close()
