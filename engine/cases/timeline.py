"""What has happened in a case, who did it and when, and what has been noted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select

from engine.cases.answers import name_of
from engine.cases.duedates import DueDates
from engine.cases.facts import JOINED
from engine.database.tables import Account, Answer, Event, Note
from engine.people.roles import Role, held_by_each, in_words
from engine.records.log import Kind
from engine.rules.rule import Rule
from engine.rules.workdays import local_day

_TOLD = {  # what the timeline shows; deadlines set and tasks opened are seen elsewhere
    Kind.SAK_SKJERMET,
    Kind.SAK_AVSLUTTET,
    Kind.SLATT_SAMMEN,
    Kind.OPPGAVE_GITT,
    Kind.OPPGAVE_GITT_TILBAKE,
    Kind.MELDING_MOTTATT,
    Kind.OPPGAVE_FLYTTET,
    Kind.OPPGAVE_UTFORT,
    Kind.OPPGAVE_TRUKKET,
    Kind.STARTET_FOR_HAND,
    Kind.FRIST_PASSERT,
    Kind.PURRET,
    Kind.PLAN_DELT,
    Kind.NOTAT,
    Kind.INVITERT,
    Kind.INVITASJON_AVSLUTTET,
    Kind.FIL_LAGT_TIL,
    Kind.BREV_LAGET,
    Kind.BREV_GITT,
    Kind.RETTET,
    Kind.HENDELSE_STANSET,
    Kind.HENDELSE_LOST,
    Kind.HENDELSE_AVKLART,
}
_DETAILED = {
    Kind.FRIST_PASSERT,
    Kind.HENDELSE_AVKLART,
    Kind.INVITASJON_AVSLUTTET,
    Kind.INVITERT,
    Kind.OPPGAVE_GITT,
    Kind.OPPGAVE_UTFORT,
}


@dataclass(frozen=True)
class Told:
    """One line of the timeline. role: in words; answer_id: the answer that may be read; whom: the
    one who got the task or the invitation; performed_by, performed_at: who did what the actor
    registered, and when; reason: what was done about it, for those who see all answers."""

    at: datetime
    kind: Kind
    step: str | None
    step_name: str | None
    role: str | None
    actor: str | None  # None: the system
    answer_id: int | None
    rule: Rule | None  # of the deadline that passed
    whom: str | None = None
    performed_by: str | None = None
    performed_at: datetime | None = None
    reason: str | None = None


@dataclass(frozen=True)
class Written:
    """A note on the case."""

    by: str
    at: datetime
    text: str


def timeline(desk, dates: DueDates, sees_answers: bool) -> tuple[Told, ...]:
    """What has happened, the latest first. One's own answers may be read, or everybody's."""
    answered = {
        (row.step, row.at, row.account_id): row.id
        for row in desk.session.scalars(select(Answer).where(Answer.case_id == desk.case.id))
        if sees_answers or row.account_id == desk.actor_id
    }
    rows = desk.session.execute(
        select(Event, Account.name)
        .outerjoin(Account, Account.id == Event.actor_id)
        .where(Event.case_id == desk.case.id, Event.kind.in_([str(kind) for kind in _TOLD]))
        .order_by(Event.seq.desc())
    ).all()
    actors = {event.actor_id for event, _ in rows} - {None}
    held = held_by_each(desk.session, actors, local_day(desk.now))
    lines = (
        _told(desk, event, name, held.get(event.actor_id, ()), answered) for event, name in rows
    )
    if not sees_answers:
        lines = (replace(line, reason=None) for line in lines)
    return tuple(line for line in lines if line.rule is None or dates.is_kept(line.rule.key))


def _told(desk, event: Event, name: str | None, held: Sequence[Role], answered: dict) -> Told:
    done = event.kind == Kind.OPPGAVE_UTFORT
    detail = _detail(desk, event)
    whom = detail.get({Kind.OPPGAVE_GITT: "til"}.get(event.kind, "ansatt"))
    performed_at = detail.get("utfort_tid")
    return Told(
        at=event.at,
        kind=Kind(event.kind),
        step=event.step,
        step_name=event.step_name,
        role=in_words(event.role if done else None, held),
        actor=name,
        answer_id=_answer_of(event, answered),
        rule=desk.definition.regelverk.frist(detail["regel"]) if "regel" in detail else None,
        whom=name_of(desk.session, whom),
        performed_by=name_of(desk.session, detail.get("utfort_av")),
        performed_at=performed_at and datetime.fromisoformat(performed_at),
        reason=detail.get("grunn") if event.kind == Kind.HENDELSE_AVKLART else None,
    )


def _answer_of(event: Event, answered: dict) -> int | None:
    """The answer that the line tells of: what was sent, corrected, received or joined."""
    if event.kind in (Kind.OPPGAVE_UTFORT, Kind.RETTET, Kind.MELDING_MOTTATT):
        return answered.get((event.step, event.at, event.actor_id))
    if event.kind == Kind.SLATT_SAMMEN:
        return answered.get((JOINED, event.at, event.actor_id))
    return None


def _detail(desk, event: Event) -> dict:
    """What the log keeps sealed of an event that the timeline tells in full."""
    told = event.kind in _DETAILED and event.sealed_detail is not None
    return desk.unseal(event.sealed_detail, "event") if told else {}


def notes(desk, all_of_them: bool) -> tuple[Written, ...]:
    """The notes on the case, the latest first: everybody's, or those of the one who asks."""
    rows = desk.session.execute(
        select(Note, Account.name)
        .join(Account, Account.id == Note.account_id)
        .where(Note.case_id == desk.case.id)
        .order_by(Note.id.desc())
    )
    return tuple(
        Written(name, note.at, desk.unseal(note.sealed_text, "note"))
        for note, name in rows
        if all_of_them or note.account_id == desk.actor_id
    )
