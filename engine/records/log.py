"""The audit log: what was done in a case, when and by whom. Rows are added, never changed.

Each row of a case carries the hash of the row before it, and the case carries how many there are
and the last hash. So a changed, removed, inserted, re-ordered or cut-off row is found by `verify`.
Somebody who can write the whole database could make a new chain; the daily anchor over all heads,
kept elsewhere, is against that.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.database.tables import Case, Event


class Kind(StrEnum):
    """What can happen in a case."""

    SAK_STARTET = "sak_startet"
    SAK_SKJERMET = "sak_skjermet"
    SAK_AVSLUTTET = "sak_avsluttet"  # etterkontroll may remain
    SAK_ENDT = "sak_endt"  # an end event was reached, nothing is left to do
    SLATT_SAMMEN = "slatt_sammen"
    OPPGAVE_OPNET = "oppgave_opnet"
    OPPGAVE_TATT = "oppgave_tatt"
    OPPGAVE_SLUPPET = "oppgave_sluppet"
    OPPGAVE_GITT = "oppgave_gitt"
    OPPGAVE_GITT_TILBAKE = "oppgave_gitt_tilbake"
    OPPGAVE_FLYTTET = "oppgave_flyttet"  # to others: shielded, or somebody is named
    OPPGAVE_UTFORT = "oppgave_utfort"
    OPPGAVE_TRUKKET = "oppgave_trukket"
    STEG_UTFORT = "steg_utfort"  # an automatic step
    STARTET_FOR_HAND = "startet_for_hand"
    FRIST_SATT = "frist_satt"
    FRIST_PASSERT = "frist_passert"
    PURRET = "purret"
    VARSLET = "varslet"
    INFORMERT = "informert"
    PLAN_DELT = "plan_delt"
    ARKIVERT = "arkivert"
    NOTAT = "notat"
    FIL_LAGT_TIL = "fil_lagt_til"
    BREV_LAGET = "brev_laget"
    BREV_GITT = "brev_gitt"
    RETTET = "rettet"  # an answer; the old one stands, struck through
    ROLLE_GITT = "rolle_gitt"
    INVITERT = "invitert"
    INVITASJON_AVSLUTTET = "invitasjon_avsluttet"
    MELDING_MOTTATT = "melding_mottatt"  # from a case that this one belongs together with
    HENDELSE_STANSET = "hendelse_stanset"  # an incident: the case can't go on by itself
    HENDELSE_LOST = "hendelse_lost"
    HENDELSE_AVKLART = "hendelse_avklart"  # leadership has followed it up outside the case


class Damage(StrEnum):
    """What `verify` can find wrong with a chain."""

    ENDRET = "endret"
    FJERNET = "fjernet"
    SATT_INN = "satt inn"
    AVKORTET = "avkortet"
    UTEN_SAK = "uten sak"


@dataclass(frozen=True)
class Broken:
    """The first row of a case's chain that does not hold."""

    case_number: str
    seq: int
    what: Damage


def append(
    session: Session,
    case: Case,
    kind: Kind,
    at: datetime,
    actor_id: int | None,
    *,
    step: str | None = None,
    step_name: str | None = None,
    process_id: str | None = None,
    role: str | None = None,
    sealed_detail: bytes | None = None,
) -> Event:
    """Add a row to the case's log and move its head. actor_id None is the system.

    The case must be locked by this transaction, and flushed (it has an id).
    """
    event = Event(
        case_id=case.id,
        seq=case.event_count + 1,
        at=at.astimezone(UTC),
        kind=str(kind),
        step=step,
        step_name=step_name,
        process_id=process_id,
        role=None if role is None else str(role),
        actor_id=actor_id,
        version=case.version,
        sealed_detail=sealed_detail,
        prev=case.event_head,
    )
    event.hash = row_hash(event)
    case.event_count, case.event_head = event.seq, event.hash
    session.add(event)
    return event


def row_hash(row) -> str:
    """SHA-256 over every column of an event but two: `hash` itself, and `id`, which the database
    gives out after the hash is made and which says nothing (the order is `seq`).

    The encoding is a JSON list, so that no two rows read alike; sealed bytes are base64.
    """
    sealed = row.sealed_detail
    columns = [
        "trygg event 1",
        row.case_id,
        row.seq,
        row.at.astimezone(UTC).isoformat(timespec="microseconds"),
        row.kind,
        row.step,
        row.step_name,
        row.process_id,
        row.role,
        row.actor_id,
        row.version,
        None if sealed is None else base64.b64encode(sealed).decode(),
        row.prev,
    ]
    return hashlib.sha256(json.dumps(columns, ensure_ascii=True).encode()).hexdigest()


def verify(session: Session, case_id: int | None = None) -> Iterator[Broken]:
    """Go through every chain (or one case's) and give the first break of each that has one."""
    cases = select(Case.id, Case.number, Case.event_count, Case.event_head).order_by(Case.id)
    if case_id is not None:
        cases = cases.where(Case.id == case_id)
    for case in session.execute(cases).all():
        if broken := _chain_of(session, case):
            yield Broken(case.number, *broken)
    if case_id is None:
        without = select(Event.case_id).where(Event.case_id.not_in(select(Case.id))).distinct()
        for _ in session.scalars(without).all():
            yield Broken("", 1, Damage.UTEN_SAK)


def _chain_of(session: Session, case) -> tuple[int, Damage] | None:
    """The first break of one case's chain. A row that can't even be read has been changed."""
    columns = select(*Event.__table__.columns).where(Event.case_id == case.id).order_by(Event.seq)
    try:
        return _broken(case, session.execute(columns.execution_options(yield_per=1000)))
    except (ValueError, TypeError):
        pass
    for seq in session.scalars(select(Event.seq).where(Event.case_id == case.id)).all():
        try:
            session.execute(columns.where(Event.seq == seq)).all()
        except (ValueError, TypeError):
            return seq, Damage.ENDRET
    return 1, Damage.ENDRET


def _broken(case, chain) -> tuple[int, Damage] | None:
    """Where the chain breaks first and how, or None."""
    count, head = 0, ""
    for row in chain:
        if row.seq != count + 1:
            return (
                (count + 1, Damage.FJERNET) if row.seq > count + 1 else (row.seq, Damage.SATT_INN)
            )
        if row.seq > case.event_count:
            return row.seq, Damage.SATT_INN
        if row_hash(row) != row.hash:
            return row.seq, Damage.ENDRET
        if row.prev != head:  # this row is as it was written, so the one before is not
            return max(count, 1), Damage.ENDRET
        count, head = row.seq, row.hash
    if count < max(case.event_count, 1):  # every case has begun, so none is without a row
        return count + 1, Damage.AVKORTET
    return None if head == case.event_head else (max(count, 1), Damage.ENDRET)
