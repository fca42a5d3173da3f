"""A new case's row: its number, its key and the version that it runs on."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Integer, cast, func, select

from engine.cases.state import Status
from engine.database.tables import Case
from engine.records.vault import Key
from engine.rules import workdays


def new_case(
    product, session, definition, school_id: int, reporter_id: int, now: datetime
) -> tuple[Case, Key]:
    """A case of a published version, open and not yet begun, with its unwrapped key."""
    key, wrapped = product.master_key.new_case_key()
    case = Case(
        number=_next_number(session, workdays.local_day(now).year),
        school_id=school_id,
        reporter_id=reporter_id,
        process_id=definition.process_id,
        version=definition.version,
        status=Status.OPEN,
        opened_at=now,
        wrapped_key=wrapped,
        state=b"",
        state_version=0,
        revision=0,
        event_count=0,
        event_head="",
        serious=False,
    )
    session.add(case)
    session.flush()
    return case, key


def _next_number(session, year: int) -> str:
    """2026-001, 2026-002 ...: the year of the report and a running number within it."""
    running = cast(func.substr(Case.number, len(f"{year}-") + 1), Integer)
    last = session.scalar(select(func.max(running)).where(Case.number.like(f"{year}-%")))
    return f"{year}-{(last or 0) + 1:03d}"
