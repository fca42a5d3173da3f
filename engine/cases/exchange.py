"""Delivery of messages from one case to another.

A message is a row, written in the sender's transaction. It is delivered after the commit, in a
transaction that locks the receiver alone, so that two cases never wait for each other. What could
not be delivered is tried again after each step of the receiver, and when time passes.
"""

from __future__ import annotations

from datetime import datetime

import structlog
from sqlalchemy import or_, select

from engine.cases import deadlines, incidents, joining, linked, roster, tasks
from engine.cases.desk import open_case
from engine.cases.incidents import Stopped
from engine.cases.linked import ABOUT_CASE, REPORTED
from engine.database.session import lock_case
from engine.database.tables import Case, Incident, Message
from engine.people import register
from engine.rules import workdays
from engine.sentences import say

_log = structlog.get_logger()

NOT_TAKEN = say("En melding fra en sak som hører sammen med denne, kunne ikke tas imot.")


def deliver(product, case_id: int | None = None) -> None:
    """Deliver what is on its way to and from this case; None is all cases that are not ended.

    Never fails: the sender's step is committed. What can't be received now is an incident of the
    receiver, stays, and is tried again.
    """
    try:
        _deliver(product, case_id)
    except Exception:  # the database itself, for instance
        _log.exception("messages could not be delivered", case_id=case_id)


def _deliver(product, case_id: int | None) -> None:
    query = select(Message.case_id).where(Message.delivered_at.is_(None))
    if case_id is None:
        query = query.join(Case, Case.id == Message.case_id).where(Case.ended_at.is_(None))
    else:
        query = query.where(or_(Message.case_id == case_id, Message.from_case_id == case_id))
    with product.database.session() as session:
        receivers = session.scalars(query.distinct().order_by(Message.case_id)).all()
    for receiver in receivers:
        if _deliver_to(product, receiver):
            _deliver(product, receiver)


def _deliver_to(product, case_id: int) -> bool:
    """Deliver in order what the case waits for. Whether anything was delivered.

    A message that stops the case is left where it is, with the later ones of its name; the others
    are delivered without it.
    """
    left: set[str] = set()
    while True:
        tried: list[str] = []
        try:
            return _receive(product, case_id, left, tried)
        except Stopped as stopped:
            incidents.record_stop(product, case_id, stopped)
        except Exception:
            _log.exception("a case could not receive its messages", case_id=case_id)
            incidents.record_stop(product, case_id, Stopped(NOT_TAKEN))
        if not tried:
            return False
        left.add(tried[-1])


def _receive(product, case_id: int, left: set[str], tried: list[str]) -> bool:
    """One attempt, in one transaction, without the messages of the names in `left`. The names of
    those it comes to are added to `tried`."""
    lost: dict[tuple[int, str], datetime] = {}
    taken: list[Message] = []
    with open_case(product, case_id, actor_id=None) as desk:
        rows = desk.session.scalars(_undelivered(case_id)).all()
        if desk.case.ended_at is not None:
            lost = {(row.from_case_id, row.name): row.at for row in rows if row.name != ABOUT_CASE}
        else:
            for row in rows:
                if row.name not in left and is_for(desk, row):
                    tried.append(row.name)
                    _take(desk, row)
                    taken.append(row)
            if taken:
                desk.save()
    for (sender, name), at in sorted(lost.items()):
        _tell_lost(product, sender, name, at)
    return bool(taken)


def _undelivered(case_id: int):
    return (
        select(Message)
        .where(Message.case_id == case_id, Message.delivered_at.is_(None))
        .order_by(Message.id)
    )


def is_for(desk, row: Message) -> bool:
    """Whether the message is for the case now."""
    return row.name in (ABOUT_CASE, REPORTED) or row.name in linked.awaited(desk)


def is_stuck(desk) -> bool:
    """Whether a message lies there that is for the case now: it could not be received."""
    return any(is_for(desk, row) for row in desk.session.scalars(_undelivered(desk.case.id)))


def _take(desk, row: Message) -> None:
    """Give one message to the case. Raises Stopped, which names the step that waits for it."""
    step = linked.awaited(desk).get(row.name)
    try:
        facts = desk.unseal(row.sealed_facts, "message")
        if row.name == ABOUT_CASE:
            _about_case(desk, facts)
        elif row.name == REPORTED:
            joining.take_in(desk, facts["melding"], facts["nevnt"], facts["sak"])
        else:
            roster.give_received(desk, linked.receive(desk, row.name, facts))
        row.delivered_at = desk.now
        desk.advance()
    except Stopped:
        raise
    except Exception as error:
        _log.exception("a message could not be received", case_id=desk.case.id, message=row.name)
        raise Stopped(NOT_TAKEN, step.id if step else row.name, step and step.name) from error
    desk.passed.add(row.name)


def _about_case(desk, facts: dict) -> None:
    """What a linked case says of this one: when the report was delivered, and who handles it."""
    if facts.get("mottatt"):
        if desk.case.received_at is None:
            desk.case.received_at = workdays.moment(facts["mottatt"])
            deadlines.set_at_receipt(desk)
        else:
            deadlines.correct_receipt(desk, facts["mottatt"])
    roles = facts.get("roller", {})
    for role, ref in roles.items():
        roster.give_role(desk, register.parse(ref)[1], role)
    desk.session.flush()
    tasks.give_anew(desk, roles)


def _tell_lost(product, sender_id: int, name: str, sent_at: datetime) -> None:
    """The receiver ended before the message came: leadership of the sender's case must know, once
    for each that is sent."""
    with product.database.transaction() as session:
        sender = lock_case(session, sender_id)
        told = session.scalar(
            select(Incident.id).where(
                Incident.case_id == sender_id,
                Incident.kind == incidents.NOT_RECEIVED,
                Incident.step == name,
                Incident.at >= sent_at,
            )
        )
        if told is None:
            linked.not_received(session, sender, name, product.clock())
