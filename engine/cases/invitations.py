"""Invite a colleague to a case, for a reason and until a date.

The invited sees the case's page and its plan, and writes notes; not the others' answers, and not
the log. What pupils, guardians and staff have told stays with those who handle the case.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import select

from engine.cases import notices, receipts, roster
from engine.cases.desk import case_id_of, no_access, open_case
from engine.database.tables import Account, CaseRole
from engine.people import access, register, roles
from engine.people.access import Permission
from engine.people.register import Option
from engine.people.roles import Role
from engine.people.standing import Shield
from engine.records.log import Kind
from engine.refusals import Fault, Reason, Refusal
from engine.rules import workdays
from engine.sentences import say

LONGEST_DAYS = 90
LONGEST = 2_000  # characters in a reason
BY_TASK = frozenset({Role.HELSESYKEPLEIER, Role.PPT})
"""Services with a duty of silence of their own: given the task that concerns them, not the case."""


@dataclass(frozen=True)
class Invite:
    """until: the last day, included; receipt: the sender's own key."""

    number: str
    account_id: int
    to_id: int
    reason: str
    until: date | None
    receipt: str


@dataclass(frozen=True)
class Invited:
    """One who is invited now: why, by whom, and until the end of which day."""

    id: int
    name: str
    reason: str
    by: str
    until: date


def invite(product, command: Invite) -> str:
    """Invite a colleague; one who is invited already gets the new day. Gives the colleague's name.

    Raises Refusal with every fault, under the fields til, grunn and dag.
    """
    number, account_id = command.number, command.account_id
    with open_case(product, case_id_of(product, number), account_id) as desk:
        _require(desk)
        to = desk.session.get(Account, command.to_id)
        if receipts.find(desk.session, command.receipt, account_id, "invite") is None:
            faults = [
                fault
                for fault in (_who(desk, to), _why(command.reason), _until(desk, command.until))
                if fault
            ]
            if faults:
                raise Refusal.of_answers(faults)
            _add(desk, to, command)
            receipts.keep(desk, command.receipt, "invite")
        return to.name


def end_invitation(product, number: str, invitation_id: int, account_id: int) -> None:
    """End an invitation before its day. Access is gone at once. Raises Refusal."""
    with open_case(product, case_id_of(product, number), account_id) as desk:
        _require(desk)
        row = desk.session.get(CaseRole, invitation_id)
        if row is None or row.case_id != desk.case.id or row.role != Role.INVITERT:
            raise no_access()
        if row.to_time > desk.now:
            _end(desk, row)


def invited(desk) -> tuple[Invited, ...]:
    """Those who are invited now, in the order they were."""
    return tuple(
        Invited(
            id=row.id,
            name=desk.session.get_one(Account, row.account_id).name,
            reason=desk.unseal(row.sealed_reason, "invitation"),
            by=desk.session.get_one(Account, row.by_id).name,
            until=workdays.local_day(row.to_time - timedelta(microseconds=1)),
        )
        for row in _rows(desk)
    )


def invitable(desk) -> list[Option]:
    """The colleagues who can be invited; none for an actor who may not invite."""
    if not may_invite(desk):
        return []
    people = access.people_in(desk.session, desk.case, None, desk.now)
    can = {person.id for person in people if _who(desk, person) is None}
    staff = roster.pickers(desk)["ansatte"]
    return [option for option in staff if register.parse(option.value)[1] in can]


def may_invite(desk) -> bool:
    """In a shielded case only those who lead it, not saksansvarlig."""
    account = desk.session.get(Account, desk.actor_id)
    return desk.case.ended_at is None and access.may(
        desk.session, account, _permission(desk), case=desk.case, now=desk.now
    )


def _permission(desk) -> Permission:
    return Permission.INVITE if desk.case.shielded is None else Permission.LEAD


def _require(desk) -> None:
    account = desk.session.get(Account, desk.actor_id)
    access.require(desk.session, account, _permission(desk), case=desk.case, now=desk.now)
    if desk.case.ended_at is not None:
        raise Refusal(
            Reason.IKKE_VENTET, say("Saken er avsluttet. Ingen kan inviteres til den nå.")
        )


def _who(desk, to: Account | None) -> Fault | None:
    if to is None or to.id == desk.actor_id:
        return Fault("til", Reason.MANGLER_FELT, say("Velg en kollega."))
    if register.ref(register.Kind.ANSATT, to.id) in roster.named(desk):
        return Fault("til", Reason.INHABIL, say("Denne personen er nevnt i saken. Velg en annen."))
    held = roles.held_by(desk.session, to.id, workdays.local_day(desk.now))
    here = {each.role for each in held if each.school_id == desk.case.school_id}
    if not here:
        return Fault("til", Reason.IKKE_VALGBAR, say("Velg en som er ansatt på skolen i dag."))
    if here <= BY_TASK:
        said = say("Helsesykepleier og PPT får ikke hele saken. Gi dem oppgaven det gjelder.")
        return Fault("til", Reason.IKKE_VALGBAR, said)
    if desk.case.shielded == Shield.LEDELSE and roster.leads_school(desk, to.id):
        said = say("Saken gjelder ledelsen. Ingen i ledelsen kan inviteres til den.")
        return Fault("til", Reason.IKKE_VALGBAR, said)
    handlers = access.people_in(desk.session, desk.case, access.HANDLERS, desk.now)
    if to.id in {person.id for person in handlers}:
        return Fault("til", Reason.IKKE_VALGBAR, say("Denne personen ser saken fra før."))
    return None


def _why(reason: str) -> Fault | None:
    if not reason.strip() or len(reason) > LONGEST:
        said = say("Skriv hvorfor kollegaen trenger å se saken, høyst %(most)s tegn.", most=LONGEST)
        return Fault("grunn", Reason.MANGLER_FELT, said)
    return None


def _until(desk, until: date | None) -> Fault | None:
    today = workdays.local_day(desk.now)
    if until is None:
        said = say("Skriv siste dag kollegaen skal se saken, for eksempel 20.10.")
        return Fault("dag", Reason.MANGLER_FELT, said)
    if not today <= until <= today + timedelta(days=LONGEST_DAYS):
        said = say("Velg en dag fra i dag og høyst %(days)s dager fram.", days=LONGEST_DAYS)
        return Fault("dag", Reason.UGYLDIG_SVAR, said)
    return None


def _add(desk, to: Account, command: Invite) -> None:
    for row in _rows(desk):
        if row.account_id == to.id:
            _end(desk, row)
    ends: datetime = workdays.at(command.until + workdays.ONE_DAY, time(0))
    reason = command.reason.strip()
    desk.session.add(
        CaseRole(
            case_id=desk.case.id,
            account_id=to.id,
            role=Role.INVITERT,
            from_time=desk.now,
            to_time=ends,
            by_id=desk.actor_id,
            sealed_reason=desk.seal(reason, "invitation"),
        )
    )
    detail = {"ansatt": to.id, "grunn": reason, "til_og_med": command.until.isoformat()}
    desk.log(Kind.INVITERT, detail, role=Role.INVITERT)
    ref = register.ref(register.Kind.ANSATT, to.id)
    notices.tell_person(desk, ref, notices.INVITED, None)


def _end(desk, row: CaseRole) -> None:
    row.to_time = desk.now
    desk.log(Kind.INVITASJON_AVSLUTTET, {"ansatt": row.account_id}, role=Role.INVITERT)


def _rows(desk) -> list[CaseRole]:
    return desk.session.scalars(
        select(CaseRole)
        .where(
            CaseRole.case_id == desk.case.id,
            CaseRole.role == Role.INVITERT,
            CaseRole.from_time <= desk.now,
            CaseRole.to_time > desk.now,
        )
        .order_by(CaseRole.id)
    ).all()
