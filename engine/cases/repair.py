"""Cases that stand still: which they are, why, what to do, trying again, and setting aside what
leadership has followed up itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select

from engine.cases import deadlines, exchange, incidents, notices, solving
from engine.cases.answers import title_in
from engine.cases.desk import no_access, open_case
from engine.cases.incidents import NOBODY, NOT_RECEIVED, Stopped
from engine.cases.lists import SHIELDED
from engine.cases.notes import MAX_LENGTH
from engine.cases.tick import let_deadlines_pass
from engine.database.session import lock_case
from engine.database.tables import Account, Case, Incident, Pupil, Task
from engine.people import access, register
from engine.people.access import Permission
from engine.records import log, reading
from engine.records.log import Kind
from engine.refusals import Reason, Refusal
from engine.sentences import Sentence, say

LIMIT = 200
NO_REASON = say(
    "Skriv hva dere har gjort, med 1 til %(most)s tegn. Da er dette avklart.", most=MAX_LENGTH
)


@dataclass(frozen=True)
class Standstill:
    """An unsolved incident. pupil: what the case is called; step: the element's name; message: what
    is wrong; remedy: what to do; task_id: the open task that it is about; goes_on: the case is in
    motion all the same, and leadership says in words how this was followed up."""

    id: int
    case_number: str
    pupil: str
    step: str | None
    message: str
    remedy: str
    since: datetime
    task_id: int | None
    goes_on: bool


@dataclass(frozen=True)
class Shut:
    """What can be said of a case whose state can't be read."""

    number: str
    pupil: str
    shielded: bool
    status: str
    standstills: tuple[Standstill, ...]
    may_repair: bool


@dataclass(frozen=True)
class Tried:
    """What came of trying again. message: what to tell the person."""

    case_number: str
    solved: bool
    message: str


def standing_still(product, account_id: int) -> list[Standstill]:
    """The unsolved incidents that this account sees to, the oldest first; LIMIT at most.

    Read from the tables alone: a case that can't be opened is there too. Raises Refusal
    (IKKE_TILGANG) for one who sees to none.
    """
    with product.database.session() as session:
        account, now = session.get(Account, account_id), product.clock()
        access.require(session, account, Permission.SEE_INCIDENTS, now=now)
        return read(session, access.cases_with_incidents(account, now))


@dataclass(frozen=True)
class Unattended:
    """An unsolved incident that nobody at the school or its owner may see. step: its name."""

    case_number: str
    step: str | None
    since: datetime


def unattended(product) -> list[Unattended]:
    """The incidents that only the operator can do something about, the oldest first: by giving a
    role to somebody who is not named in the case. Without names, and without what the case is."""
    with product.database.session() as session:
        rows = session.execute(
            select(Case.number, Incident.name, Incident.at)
            .join(Case, Case.id == Incident.case_id)
            .where(Incident.solved_at.is_(None), access.seen_to_by_nobody(product.clock()))
            .order_by(Incident.id)
        )
        return [Unattended(*row) for row in rows]


def shut(product, account_id: int, number: str) -> Shut:
    """The page of a case that can't be opened now; the reading is logged. Raises Refusal."""
    with product.database.transaction() as session:
        account, now = session.get(Account, account_id), product.clock()
        case = session.scalar(select(Case).where(Case.number == number))
        if case is None:
            raise no_access()
        access.require(session, account, Permission.SEE_CASE, case=case, now=now)
        reading.record(session, case.id, account_id, now, reading.What.SAK)
        about = {"case": case, "now": now}
        sees = access.may(session, account, Permission.SEE_INCIDENTS, **about)
        return Shut(
            number=number,
            pupil=title_in(session, case),
            shielded=case.shielded is not None,
            status=case.status,
            standstills=tuple(read(session, Case.id == case.id)) if sees else (),
            may_repair=access.may(session, account, Permission.REPAIR, **about),
        )


def try_again(product, incident_id: int, account_id: int) -> Tried:
    """Open the case, let what is due happen, give what is nobody's to the next in line, and let the
    case go on. Raises Refusal for one who may not."""
    with product.database.session() as session:
        incident, case = _to_repair(product, session, incident_id, account_id)
    if incident.kind == NOT_RECEIVED:
        return Tried(case.number, False, NO_REASON)
    let_deadlines_pass(product, case.id)
    try:
        with open_case(product, case.id, account_id) as desk:
            return _try(desk, incident_id)
    except Stopped as stopped:
        incidents.record_stop(product, case.id, stopped)
        message = say(
            "Det gikk ikke. %(why)s Snakk med den som drifter Trygg.", why=stopped.message
        )
        return Tried(case.number, False, message)


def set_aside(product, incident_id: int, account_id: int, reason: str) -> Tried:
    """Leadership has followed up a message that did not arrive: settled, and the log says how.

    reason: what was done, in their own words; without it nothing is settled. Raises Refusal for one
    who may not, and for what can only be put right in the case.
    """
    with product.database.transaction() as session:
        incident, case = _to_repair(product, session, incident_id, account_id)
        case = lock_case(session, case.id)
        if incident.kind != NOT_RECEIVED:
            raise Refusal(
                Reason.IKKE_VALGBAR, say("Saken står fast. Rett det som er galt, og prøv igjen.")
            )
        session.refresh(incident)
        if incident.solved_at is not None:
            return Tried(case.number, True, say("Dette er alt avklart."))
        if not reason.strip() or len(reason) > MAX_LENGTH:
            return Tried(case.number, False, NO_REASON)
        incident.solved_at, incident.solved_by_id = product.clock(), account_id
        key = product.master_key.unwrap(case.wrapped_key)
        log.append(
            session,
            case,
            Kind.HENDELSE_AVKLART,
            incident.solved_at,
            account_id,
            step=incident.step,
            step_name=incident.name,
            sealed_detail=product.master_key.seal(key, {"grunn": reason.strip()}, "event"),
        )
    return Tried(case.number, True, say("Avklart. Det dere har gjort, står i saken."))


def _to_repair(product, session, incident_id: int, account_id: int) -> tuple[Incident, Case]:
    """The incident and its case, for one who may put it right. Raises Refusal."""
    incident, account = session.get(Incident, incident_id), session.get(Account, account_id)
    case = session.get(Case, incident.case_id) if incident else None
    if case is None:
        raise no_access()
    access.require(session, account, Permission.REPAIR, case=case, now=product.clock())
    return incident, case


def read(session, where: ColumnElement[bool]) -> list[Standstill]:
    """The unsolved incidents of these cases, the oldest first; LIMIT at most."""
    rows = session.execute(
        select(Incident, Case.number, Case.shielded, Pupil)
        .join(Case, Case.id == Incident.case_id)
        .outerjoin(Pupil, Pupil.id == Case.pupil_id)
        .where(where, Incident.solved_at.is_(None))
        .order_by(Incident.at, Incident.id)
        .limit(LIMIT)
    ).all()
    tasks = {
        (case_id, step): task_id
        for case_id, step, task_id in session.execute(
            select(Task.case_id, Task.step, Task.id).where(
                Task.case_id.in_({incident.case_id for incident, *_ in rows}),
                Task.state == "open",
            )
        )
    }
    return [
        Standstill(
            id=incident.id,
            case_number=number,
            pupil=SHIELDED if shielded else register.label_of_pupil(pupil) if pupil else "",
            step=incident.name,
            message=incident.message,
            remedy=_remedy(incident),
            since=incident.at,
            task_id=tasks.get((incident.case_id, incident.step))
            if incident.kind == NOBODY
            else None,
            goes_on=incident.kind == NOT_RECEIVED,
        )
        for incident, number, shielded, pupil in rows
    ]


def _remedy(incident: Incident) -> Sentence:
    if incident.kind == NOBODY:
        return say("Gi noen rollen, eller gi oppgaven til en ansatt. Prøv så igjen.")
    if incident.kind == NOT_RECEIVED:
        return say("Følg opp eleven, og skriv her hva dere har gjort.")
    if incident.task_id is not None:
        return say(
            "Be den som har oppgaven, om å levere den på nytt. Det som ble skrevet, ligger som "
            "kladd. Stanser det igjen, snakk med den som drifter Trygg."
        )
    return say("Prøv igjen. Stanser saken igjen, snakk med den som drifter Trygg.")


def _try(desk, incident_id: int) -> Tried:
    incident, number = desk.session.get_one(Incident, incident_id), desk.case.number
    deadlines.pass_due(desk)
    desk.advance()
    solving.fill_roles(desk)
    desk.save()
    if exchange.is_stuck(desk):
        said = say(
            "Saken har fått en melding som fortsatt ikke kan tas imot. "
            "Snakk med den som drifter Trygg."
        )
        return Tried(number, False, said)
    task = desk.session.get(Task, incident.task_id) if incident.task_id else None
    if incident.solved_at is None and incident.kind != NOBODY and task is None:
        solving.solve(desk, incident, desk.actor_id)
    if incident.solved_at is not None:
        incident.solved_by_id = incident.solved_by_id or desk.actor_id
        return Tried(number, True, say("Saken er i gang igjen."))
    if incident.kind == NOBODY:
        return Tried(
            number,
            False,
            say(
                "Fortsatt kan ingen gjøre «%(step)s». Gi noen rollen, eller gi oppgaven til en "
                "ansatt.",
                step=incident.name,
            ),
        )
    notices.tell_of_task(desk, task, notices.REMINDED)
    return Tried(
        number,
        False,
        say(
            "Saken står der den sto før «%(step)s» ble sendt. Den som har oppgaven, har fått "
            "beskjed om å levere på nytt. Går det, er dette løst.",
            step=task.name,
        ),
    )
