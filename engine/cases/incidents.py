"""Incidents: a case that can't go on by itself, seen by leadership until it is solved."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import structlog
from sqlalchemy import select

from engine.database.session import lock_case
from engine.database.tables import Case, Incident, Notice, Task
from engine.people import standing
from engine.people.roles import Role
from engine.records import log
from engine.records.log import Kind
from engine.refusals import Reason, Refusal
from engine.sentences import say, together

_log = structlog.get_logger()

NOBODY, STOPPED = "ingen_i_rollen", "stanset"
NOT_RECEIVED = "melding_ikke_levert"  # the case goes on; what it told another did not arrive
TOLD = "sak_stanset"  # the kind of the notice
UNREADABLE = say("Trygg får ikke åpnet saken.")


class Stopped(Exception):
    """A case can't go on by itself. The transaction is rolled back and an incident written.

    message: what is wrong, in words; step, name: the element where it stopped.
    """

    def __init__(self, message: str, step: str | None = None, name: str | None = None):
        super().__init__(message)
        self.message, self.step, self.name = message, step, name


@contextmanager
def readable() -> Iterator[None]:
    """Whatever keeps a stored case from being read is Stopped, and the operator's log says what."""
    try:
        yield
    except (Stopped, Refusal):
        raise
    except Exception as error:
        _log.exception("a case can't be read")
        raise Stopped(UNREADABLE) from error


def raise_incident(
    session,
    case: Case,
    kind: str,
    message: str,
    at: datetime,
    step: str | None = None,
    name: str | None = None,
    task_id: int | None = None,
) -> None:
    """Write an incident on the case and tell leadership, once as long as the same is unsolved.

    task_id: the task that was being sent, when that is how it stopped.
    """
    session.flush()
    same = select(Incident.id).where(
        Incident.case_id == case.id,
        Incident.kind == kind,
        Incident.step.is_not_distinct_from(step),
        Incident.task_id.is_not_distinct_from(task_id),
        Incident.solved_at.is_(None),
    )
    if session.scalar(same.limit(1)) is not None:
        return
    session.add(
        Incident(
            case_id=case.id,
            kind=kind,
            message=message,
            at=at,
            step=step,
            name=name,
            task_id=task_id,
        )
    )
    log.append(session, case, Kind.HENDELSE_STANSET, at, None, step=step, step_name=name)
    _tell_leadership(session, case, step, at)


def record_stop(product, case_id: int, stopped: Stopped, task_id: int | None = None) -> Refusal:
    """After a command was rolled back: write why, in a transaction of its own, and say so.

    task_id: the task that was being sent; where it stopped at no element, its step is named.
    """
    with product.database.transaction() as session:
        case = lock_case(session, case_id)
        task = session.get(Task, task_id) if task_id else None
        step = stopped.step or (task and task.step)
        name = stopped.name or (task and task.name)
        raise_incident(
            session, case, STOPPED, stopped.message, product.clock(), step, name, task_id
        )
    where = say("Saken stanset ved «%(step)s».", step=name) if name else say("Saken stanset.")
    kept = say("Det du skrev, er lagret som kladd.") if task_id else say("Ingenting er endret.")
    return Refusal(
        Reason.STANSET, together([where, kept, say("Ledelsen har fått beskjed.")], by=" ")
    )


def _tell_leadership(session, case: Case, step: str | None, at: datetime) -> None:
    """Those who lead the case; where nobody does, skoleeier, who must then see it."""
    people, role = standing.in_case(session, case, Role.REKTOR, at), Role.REKTOR
    if not people:
        case.serious, role = True, Role.SKOLEEIER
        people = standing.case_holders(session, case, role, at)
    for account in people:
        session.add(
            Notice(
                case_id=case.id,
                at=at,
                kind=TOLD,
                step=step,
                role=role,
                account_id=account.id,
                state="venter",
            )
        )
