"""Delivery of messages from one case to another.

A message is a row, written in the sender's transaction. It is delivered after the commit, in a
transaction that locks the receiver alone, so that two cases never wait for each other. What could
not be delivered is tried again after each step of the receiver, and when time passes.
"""

from __future__ import annotations

from sqlalchemy import or_, select

from engine.cases import deadlines, incidents, joining, linked, roster, tasks
from engine.cases.desk import open_case
from engine.cases.incidents import Stopped
from engine.cases.linked import ABOUT_CASE
from engine.database.session import lock_case
from engine.database.tables import Case, Incident, Message
from engine.people import register
from engine.rules import workdays


def deliver(product, case_id: int | None = None) -> None:
    """Deliver what is on its way to and from this case; None is all cases that are not ended."""
    query = select(Message.case_id).where(Message.delivered_at.is_(None))
    if case_id is None:
        query = query.join(Case, Case.id == Message.case_id).where(Case.ended_at.is_(None))
    else:
        query = query.where(or_(Message.case_id == case_id, Message.from_case_id == case_id))
    with product.database.session() as session:
        receivers = session.scalars(query.distinct().order_by(Message.case_id)).all()
    for receiver in receivers:
        if _deliver_to(product, receiver):
            deliver(product, receiver)


def _deliver_to(product, case_id: int) -> bool:
    """Deliver in order what the case waits for. Whether anything was delivered."""
    lost: set[tuple[int, str]] = set()
    delivered = False
    try:
        with open_case(product, case_id, actor_id=None) as desk:
            rows = desk.session.scalars(
                select(Message)
                .where(Message.case_id == case_id, Message.delivered_at.is_(None))
                .order_by(Message.id)
            ).all()
            if desk.case.ended_at is not None:
                lost = {(row.from_case_id, row.name) for row in rows if row.name != ABOUT_CASE}
            else:
                taken = [row for row in rows if _take(desk, row)]
                if taken:
                    desk.save()
                    delivered = True
    except Stopped as stopped:
        incidents.record_stop(product, case_id, stopped)
    for sender, name in sorted(lost):
        _tell_lost(product, sender, name)
    return delivered


def _take(desk, row: Message) -> bool:
    """Give one message to the case, if it is for it now."""
    if row.name not in (ABOUT_CASE, linked.REPORTED) and row.name not in linked.awaited(desk):
        return False
    facts = desk.unseal(row.sealed_facts, "message")
    if row.name == ABOUT_CASE:
        _about_case(desk, facts)
    elif row.name == linked.REPORTED:
        joining.take_in(desk, facts["melding"], facts["nevnt"], facts["sak"])
    else:
        roster.give_received(desk, linked.receive(desk, row.name, facts))
    row.delivered_at = desk.now
    desk.advance()
    return True


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


def _tell_lost(product, sender_id: int, name: str) -> None:
    """The receiver ended before the message came: leadership of the sender's case must know."""
    with product.database.transaction() as session:
        sender = lock_case(session, sender_id)
        told = session.scalar(
            select(Incident.id).where(
                Incident.case_id == sender_id,
                Incident.kind == linked.NOT_RECEIVED,
                Incident.step == name,
            )
        )
        if told is None:
            linked.not_received(session, sender, name, product.clock())
