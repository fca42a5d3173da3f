"""Which letters a case calls for now: what has happened, and to whom no letter is made yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from engine.cases import linked
from engine.database.tables import Letter, Task
from engine.letters import facts, templates
from engine.letters.compose import ASKED
from engine.letters.home import Home, homes
from engine.letters.templates import Kind
from engine.letters.text import PLAN

MEETING = "evalueringsmote"  # the step that a meeting with the home belongs to


@dataclass(frozen=True)
class Proposal:
    """A letter that the case calls for. at_once: it can be made without anybody filling in or
    reading anything first."""

    kind: Kind
    home: Home
    at_once: bool


def proposals(desk) -> tuple[Proposal, ...]:
    """One for each kind that is called for and each guardian with parental responsibility who has
    none since. None for a letter that leadership has taken out of use."""
    newest = templates.current(desk.session, desk.case.school_id)
    last = {
        (row.guardian_id, row.kind): row.at
        for row in desk.session.execute(
            select(Letter.guardian_id, Letter.kind, func.max(Letter.at).label("at"))
            .where(Letter.case_id.in_(case.id for case in linked.family(desk.session, desk.case)))
            .group_by(Letter.guardian_id, Letter.kind)
        )
    }
    responsible = [home for home in homes(desk) if home.responsible]
    found = []
    for kind in templates.kinds().values():
        since = _since(desk, kind.after)
        if since is None or not any(newest[kind.id, each].usable for each in templates.LANGUAGES):
            continue
        at_once = not {PLAN, *ASKED} & set(kind.needed)
        for home in responsible:
            made = last.get((home.guardian.id, kind.id))
            if made is None or made < since:
                found.append(Proposal(kind, home, at_once))
    return tuple(found)


def _since(desk, after: str) -> datetime | None:
    """When that happened in the case which a letter follows; None when it has not, or is over."""
    case = desk.case
    if after == "mottatt":
        if case.ended_at is not None or facts.shared_at(desk) is not None:
            return None  # the letter with the plan tells of the same rights
        received = [each.received_at for each in linked.family(desk.session, case)]
        return min(filter(None, received), default=None)
    if after == "plan_delt":
        return facts.shared_at(desk) if case.ended_at is None else None
    if after == "evalueringsmote":
        return desk.session.scalar(
            select(func.max(Task.opened_at)).where(
                Task.case_id == case.id, Task.step == MEETING, Task.state == "open"
            )
        )
    return _closed_at(desk)


def _closed_at(desk) -> datetime | None:
    if facts.closed_on(desk) is None:
        return None
    return desk.session.scalar(
        select(func.max(Task.done_at)).where(
            Task.case_id == desk.case.id, Task.step == facts.CLOSING, Task.state == "done"
        )
    )
