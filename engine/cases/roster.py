"""The people of a case: who can be chosen, who is named in it, who has a role in it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import func, select

from engine.cases import linked
from engine.database.tables import Account, Case, CaseRole, Event, NamedPerson
from engine.people import register, roles
from engine.people.standing import Shield
from engine.records.log import Kind
from engine.refusals import Reason, Refusal
from engine.rules import workdays

SETTLED = "E1_handtert_paa_stedet"  # the end of a report that was settled on the spot


def pickers(desk):
    """Who can be chosen in this case; guardians are those of every pupil it speaks of."""
    people = (register.parse(ref) for ref in desk.facts.references())
    pupils = {number for kind, number in people if kind is register.Kind.ELEV}
    return register.pickers(desk.session, desk.case.school_id, desk.case, desk.now, pupils=pupils)


def named(desk) -> frozenset[str]:
    """References to the members of staff who are named in the case."""
    numbers = desk.session.scalars(
        select(NamedPerson.account_id).where(NamedPerson.case_id == desk.case.id)
    )
    return frozenset(register.ref(register.Kind.ANSATT, number) for number in numbers)


def name_person(desk, account_id: int, part: str) -> None:
    """Name a person in the case, and in those it belongs together with."""
    for case in linked.family(desk.session, desk.case):
        row = desk.session.get(NamedPerson, (case.id, account_id))
        if row is None:
            desk.session.add(NamedPerson(case_id=case.id, account_id=account_id, part=part))


def shield(desk, about: Shield) -> list[Case]:
    """Shield the case and those it belongs together with: what is about leadership stays so. Gives
    the cases that were changed."""
    cases = [
        case
        for case in linked.family(desk.session, desk.case)
        if case.shielded is None or (about is Shield.LEDELSE and case.shielded != about)
    ]
    for case in cases:
        case.shielded = about
    desk.facts.system["gjelder_ledelsen"] = desk.case.shielded == Shield.LEDELSE
    return cases


def leads_school(desk, account_id: int) -> bool:
    """Whether this person is rektor or in ledelse at the case's school today."""
    held = roles.held_by(desk.session, account_id, workdays.local_day(desk.now))
    return any(
        each.school_id == desk.case.school_id
        and each.role in (roles.Role.REKTOR, roles.Role.LEDELSE)
        for each in held
    )


def give_role(desk, account_id: int, role: str) -> None:
    """Name a person to a case role; whoever held it before no longer does."""
    give_roles(desk, [account_id], role)


def give_roles(desk, account_ids: Collection[int], role: str) -> None:
    """Name these, and nobody else, to a case role that several may hold."""
    held = desk.session.scalars(
        select(CaseRole).where(
            CaseRole.case_id == desk.case.id,
            CaseRole.role == role,
            CaseRole.to_time.is_(None),
        )
    ).all()
    for row in held:
        if row.account_id not in account_ids:
            row.to_time = desk.now
    for account_id in sorted(set(account_ids) - {row.account_id for row in held}):
        desk.session.add(
            CaseRole(case_id=desk.case.id, account_id=account_id, role=role, from_time=desk.now)
        )
        desk.log(Kind.ROLLE_GITT, {"rolle": role, "ansatt": account_id}, role=role)


def other_open_case(desk) -> Case | None:
    """The pupil's oldest other case that is still open."""
    if desk.case.pupil_id is None:
        return None
    return desk.session.scalar(
        select(Case)
        .where(
            Case.pupil_id == desk.case.pupil_id,
            Case.id != desk.case.id,
            Case.ended_at.is_(None),
            Case.shielded.is_(None),
            Case.process_id == desk.case.process_id,
        )
        .order_by(Case.id)
    )


def settled_on_the_spot(desk) -> int:
    """How many reports on the pupil were settled on the spot in the last 30 days, this one
    included; 0 once the report has been delivered to somebody who follows it up."""
    if desk.case.pupil_id is None or desk.case.received_at is not None or desk.case.shielded:
        return 0
    return 1 + desk.session.scalar(
        select(func.count(Event.id))
        .join(Case, Case.id == Event.case_id)
        .where(
            Case.pupil_id == desk.case.pupil_id,
            Case.id != desk.case.id,
            Event.kind == Kind.SAK_AVSLUTTET,
            Event.step == SETTLED,
            Event.at >= desk.now - timedelta(days=30),
        )
    )


def name_of(desk, ref: str) -> str:
    """The name of the person a reference names; the reference itself for one who is gone."""
    return register.name_of(desk.session, ref) or ref


def first_was(desk, account_id: int | None, did: str, at: datetime) -> Refusal:
    """Who was first, by name and role; never a pronoun."""
    if account_id is None:
        return Refusal(Reason.ALLEREDE_UTFORT, "Fristen gikk ut, og Trygg svarte.", at=at)
    if account_id == desk.actor_id:
        return Refusal(Reason.ALLEREDE_UTFORT, "Du har alt levert denne oppgaven.", at=at)
    name = desk.session.get_one(Account, account_id).name
    held = roles.held_by(desk.session, account_id, workdays.local_day(desk.now))
    who = f"{name}, {roles.LABELS[roles.Role(held[0].role)]}" if held else name
    return Refusal(Reason.ALLEREDE_UTFORT, f"{who}, {did}, mens du skrev.", who=who, at=at)
