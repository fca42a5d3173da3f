"""Cases that stand still: which they are, why, what to do, and trying again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select

from engine.cases import deadlines, incidents, notices, solving
from engine.cases.answers import title_in
from engine.cases.desk import no_access, open_case
from engine.cases.incidents import NOBODY, Stopped
from engine.cases.lists import SHIELDED
from engine.cases.tick import let_deadlines_pass
from engine.database.tables import Account, Case, Incident, Pupil, Task
from engine.people import access, register
from engine.people.access import Permission
from engine.records import reading
from engine.sentences import Sentence, say

LIMIT = 200


@dataclass(frozen=True)
class Standstill:
    """An unsolved incident. pupil: what the case is called; step: the element's name; message: what
    is wrong; remedy: what to do; task_id: the open task that it is about."""

    id: int
    case_number: str
    pupil: str
    step: str | None
    message: str
    remedy: str
    since: datetime
    task_id: int | None


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
        incident, account = session.get(Incident, incident_id), session.get(Account, account_id)
        case = session.get(Case, incident.case_id) if incident else None
        if case is None:
            raise no_access()
        access.require(session, account, Permission.REPAIR, case=case, now=product.clock())
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
        )
        for incident, number, shielded, pupil in rows
    ]


def _remedy(incident: Incident) -> Sentence:
    if incident.kind == NOBODY:
        return say("Gi noen rollen, eller gi oppgaven til en ansatt. Prøv så igjen.")
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
