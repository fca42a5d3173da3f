"""Incidents: a case that can't go on by itself, seen by leadership until it is solved."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from engine.database.session import lock_case
from engine.database.tables import Case, Incident
from engine.records import log
from engine.records.log import Kind
from engine.refusals import Reason, Refusal


class Stopped(Exception):
    """A case can't go on by itself. The transaction is rolled back and an incident written.

    message: what is wrong, in words; step, name: the element where it stopped.
    """

    def __init__(self, message: str, step: str | None = None, name: str | None = None):
        super().__init__(message)
        self.message, self.step, self.name = message, step, name


def raise_incident(
    session,
    case: Case,
    kind: str,
    message: str,
    at: datetime,
    step: str | None = None,
    name: str | None = None,
) -> None:
    """Write an incident on the case, once as long as the same one is unsolved."""
    session.flush()
    same = session.scalar(
        select(Incident.id).where(
            Incident.case_id == case.id,
            Incident.kind == kind,
            Incident.step == step,
            Incident.solved_at.is_(None),
        )
    )
    if same is None:
        session.add(
            Incident(case_id=case.id, kind=kind, message=message, at=at, step=step, name=name)
        )
        log.append(session, case, Kind.HENDELSE_STANSET, at, None, step=step, step_name=name)


def record_stop(product, case_id: int, stopped) -> Refusal:
    """After a command was rolled back: write why, in a transaction of its own, and say so."""
    with product.database.transaction() as session:
        case = lock_case(session, case_id)
        raise_incident(
            session, case, "stanset", stopped.message, product.clock(), stopped.step, stopped.name
        )
    where = f"Saken stanset ved «{stopped.name}». " if stopped.name else "Saken stanset. "
    return Refusal(
        Reason.STANSET,
        f"{where}Det du skrev, er lagret som kladd. Ledelsen har fått beskjed.",
    )
