"""A new case's row: its number, its key and the version that it runs on."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from engine.cases.incidents import Stopped
from engine.cases.state import Status
from engine.database.tables import Case
from engine.records.vault import Key
from engine.rules import workdays
from engine.sentences import say

DRAWS = 50
"""How often a number is drawn before giving up. Half of them are free: once or twice will do."""


@dataclass(frozen=True)
class About:
    """What a case of the school itself, without a pupil, is about: never a person. class_name: the
    class, None for the whole school."""

    title: str
    class_name: str | None = None


def new_case(
    product,
    session,
    definition,
    school_id: int,
    reporter_id: int,
    now: datetime,
    about: About | None = None,
) -> tuple[Case, Key]:
    """A case of a published version, open and not yet begun, with its unwrapped key."""
    key, wrapped = product.master_key.new_case_key()
    case = Case(
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
        title=about.title if about else None,
        class_name=about.class_name if about else None,
    )
    _add_numbered(session, case, workdays.local_day(now).year)
    return case, key


def _add_numbered(session, case: Case, year: int) -> None:
    """Store the case under a number nobody has had, such as 2026-4827.

    It is drawn at random: of running numbers, a gap would tell that there is a case one may not
    see, and on which day it came. Cases are never deleted, so no number comes back.
    """
    for _ in range(DRAWS):
        case.number = _draw(session, year)
        try:
            with session.begin_nested():
                session.add(case)
            return
        except IntegrityError:  # taken, perhaps by another worker just now
            if session.scalar(select(Case.id).where(Case.number == case.number)) is None:
                raise
    raise Stopped(say("Fant ikke noe ledig saksnummer."))


def _draw(session, year: int) -> str:
    """A number with as many digits as leave at least half of the year's numbers free."""
    digits = 4
    while 2 * _taken(session, year, digits) > 9 * 10 ** (digits - 1):
        digits += 1
    first = 10 ** (digits - 1)
    return f"{year}-{first + secrets.randbelow(9 * first)}"


def _taken(session, year: int, digits: int) -> int:
    like = Case.number.like(f"{year}-" + "_" * digits)
    return session.scalar(select(func.count()).where(like))
