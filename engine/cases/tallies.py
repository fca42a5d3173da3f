"""How many of a pupil's cases ended in one way lately: numbers that a diagram can ask for.

Which end, how many days and what the number is called stands in `regelverk.toml` (`telling`).
"""

from __future__ import annotations

from datetime import time, timedelta
from functools import partial

from sqlalchemy import and_, exists, func, select

from engine.cases.facts import CASE, Later
from engine.database.tables import Case, Event
from engine.people import access
from engine.people.roles import Role
from engine.records.log import Kind
from engine.rules import workdays
from engine.rules.regelverk import Count


def of(desk) -> dict[str, Later]:
    """The counts by name, each worked out when an expression names it."""
    counts = desk.definition.regelverk.counts
    return {name: Later(partial(number, desk, count)) for name, count in counts.items()}


def number(desk, count: Count) -> int:
    """The pupil's cases that came to this end, the last day that counts included, and this case
    when it is on its way there.

    Only cases that rektor may see: nobody is to learn of another by a number.
    """
    return _ended(desk, count) + _is_on_its_way(desk, count)


def _ended(desk, count: Count) -> int:
    if desk.case.pupil_id is None:
        return 0
    first = workdays.local_day(desk.now) - timedelta(days=count.kalenderdager)
    heads = desk.circle.meant_by(Role.REKTOR)
    return desk.session.scalar(
        select(func.count(Case.id)).where(
            Case.pupil_id == desk.case.pupil_id,
            Case.id != desk.case.id,
            Case.process_id == desk.case.process_id,
            Case.shielded.is_(None),
            Case.ended_at >= workdays.at(first, time(0)),
            exists().where(
                Event.case_id == Case.id,
                Event.kind == Kind.SAK_AVSLUTTET,
                Event.step == count.slutt,
            ),
            and_(True, *(access.visible_cases(head, desk.now) for head in heads)),
        )
    )


def _is_on_its_way(desk, count: Count) -> bool:
    return desk.case.ended_at is None and count.steg in desk.facts.answers.get(CASE, {})
