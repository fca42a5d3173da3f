"""Time passes: let everything that is due happen, a transaction a case."""

from __future__ import annotations

import time

import structlog
from sqlalchemy import select

from engine.cases import deadlines, exchange, incidents, solving
from engine.cases.desk import open_case
from engine.cases.incidents import Stopped
from engine.database.tables import Deadline, Incident
from engine.people import standing

_log = structlog.get_logger()

BREATH = 0.005  # seconds between two cases, in which people who wait to write come first


def let_deadlines_pass(product, case_id: int | None = None) -> int:
    """Let what is due happen, in all cases or in one, and deliver what is still on its way. Returns
    how many cases it met."""
    with product.database.session() as session:
        query = select(Deadline.case_id).where(
            Deadline.state == deadlines.WAITING, Deadline.due_at <= product.clock()
        )
        if case_id is not None:
            query = query.where(Deadline.case_id == case_id)
        due = session.scalars(query.distinct()).all()
    for each in due:
        try:
            with open_case(product, each, actor_id=None) as desk:
                if deadlines.pass_due(desk):  # nobody else was first
                    desk.save()
        except Stopped as stopped:
            incidents.record_stop(product, each, stopped)
        except Exception:  # one case that can't be read must not keep the others waiting
            _log.exception("deadlines could not pass", case_id=each)
            incidents.record_stop(product, each, Stopped(incidents.UNREADABLE))
        time.sleep(BREATH)
    if case_id is None:
        fill_empty_roles(product)
    exchange.deliver(product, case_id)
    return len(due)


def fill_empty_roles(product) -> None:
    """Tasks that nobody can do go on to the next in line, and are told when somebody has come."""
    with product.database.session() as session:
        stands = select(Incident.case_id).where(
            Incident.kind == incidents.NOBODY, Incident.solved_at.is_(None)
        )
        empty = standing.cases_of_nobody(session, product.clock())
        found = sorted({*session.scalars(stands), *empty})
    for case_id in found:
        try:
            with open_case(product, case_id, actor_id=None) as desk:
                if solving.fill_roles(desk):
                    solving.settle(desk)
        except Stopped as stopped:
            incidents.record_stop(product, case_id, stopped)
