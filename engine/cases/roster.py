"""The people of a case: who can be chosen, who is named in it, who has a role in it."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import or_, select, update

from engine.cases import linked
from engine.cases.facts import CASE
from engine.cases.state import Status
from engine.database.tables import Account, Answer, Case, CaseRole, NamedPerson, Notice, Pupil
from engine.people import access, register, roles
from engine.people.circle import Given
from engine.people.standing import Shield
from engine.records.log import Kind
from engine.refusals import Reason, Refusal
from engine.rules import workdays
from engine.sentences import Sentence, say, together

INFORMING = ("informer_foresatte_elev", "informer_elev_foresatte")  # the steps, P01's and § 12-5's


def pickers(desk):
    """Who can be chosen in this case; guardians are those of every pupil it speaks of."""
    people = (register.parse(ref) for ref in desk.facts.references())
    pupils = {number for kind, number in people if kind is register.Kind.ELEV}
    return register.pickers(
        desk.session,
        desk.case.school_id,
        desk.case,
        desk.now,
        pupils=pupils,
        staff=desk.circle.staff(),
    )


def years(desk) -> list[dict[str, object]]:
    """The school year (trinn, 1 to 10) of each pupil that the answers speak of, as the register
    has the class: `4B` is 4. A class that does not begin with a number gives null."""
    people = (register.parse(ref) for ref in desk.facts.references())
    wanted = {number for kind, number in people if kind is register.Kind.ELEV}
    rows = desk.session.execute(
        select(Pupil.id, Pupil.class_name).where(Pupil.id.in_(wanted)).order_by(Pupil.id)
    )
    return [
        {"elev": register.ref(register.Kind.ELEV, number), "trinn": _year(class_name)}
        for number, class_name in rows
    ]


def _year(class_name: str) -> int | None:
    digits = re.match(r"[0-9]{1,2}", class_name)
    return int(digits[0]) if digits else None


def named(desk) -> frozenset[str]:
    """References to the members of staff who are named in the case."""
    return frozenset(register.ref(register.Kind.ANSATT, number) for number in desk.circle.named)


def name_person(desk, account_id: int, part: str) -> None:
    """Name a person in the case, and in those it belongs together with. What the person was told
    of them and has not been sent, is not sent."""
    cases = linked.together(desk.session, desk.case)
    for case in cases:
        if desk.session.get(NamedPerson, (case.id, account_id)) is None:
            desk.session.add(NamedPerson(case_id=case.id, account_id=account_id, part=part))
    desk.session.execute(
        update(Notice)
        .where(
            Notice.case_id.in_([case.id for case in cases]),
            Notice.account_id == account_id,
            Notice.state == "venter",
            Notice.kind != access.CALLED_IN,  # whether it may still be sent is asked when it is
        )
        .values(state="trukket")
    )
    desk.circle.named.add(account_id)


def shield(desk, about: Shield) -> list[Case]:
    """Shield the case and those it belongs together with: what is about leadership stays so. Gives
    the cases that were changed."""
    cases = [
        case
        for case in linked.together(desk.session, desk.case)
        if case.shielded is None or (about is Shield.LEDELSE and case.shielded != about)
    ]
    for case in cases:
        _end_parts(desk, case)
        case.shielded = about
    desk.facts.system["gjelder_ledelsen"] = desk.case.shielded == Shield.LEDELSE
    return cases


def _end_parts(desk, case: Case) -> None:
    """The case is about to be shielded: whoever was let into it while it was open no longer has a
    part in it. When it is found to be about leadership, that is so for the leadership. Those who
    reported it are still those who did."""
    whom = None if case.shielded is None else {held.person.id for held in desk.circle.leadership()}
    rows = select(CaseRole).where(
        CaseRole.case_id == case.id,
        CaseRole.role != roles.Role.MELDER,
        or_(CaseRole.to_time.is_(None), CaseRole.to_time > desk.now),
    )
    for row in desk.session.scalars(rows):
        if whom is None or row.account_id in whom:
            row.to_time = desk.now
    if case.id == desk.case.id:
        for given in desk.circle.given:
            if given.role != roles.Role.MELDER and (whom is None or given.account_id in whom):
                _end(desk, given)


def leads_school(desk, account_id: int) -> bool:
    """Whether this person is rektor or in ledelse at the case's school today."""
    return desk.circle.holds(account_id, roles.Role.REKTOR, roles.Role.LEDELSE)


def holders_at_school(desk, role: str) -> list[int]:
    """Those who hold this role at the case's school today and are not named in the case. Raises
    Refusal when there are none (INHABIL when all of them are named)."""
    held = {each.person.id for each in desk.circle.staff() if each.role == role}
    free = sorted(held - desk.circle.named)
    if free:
        return free
    if held:
        said = say("Alle med denne rollen er nevnt i saken. Velg en annen.")
        raise Refusal(Reason.INHABIL, said)
    label = roles.LABELS[roles.Role(role)]
    said = say("Ingen på skolen er %(role)s i dag. Velg en annen.", role=label)
    raise Refusal(Reason.IKKE_VALGBAR, said)


def give_role(desk, account_id: int, role: str) -> None:
    """Name a person to a case role; whoever held it before no longer does."""
    give_roles(desk, [account_id], role)


def give_received(desk, received: Mapping[str, str]) -> None:
    """Give the case roles that a message brought, each to the person it names."""
    for role, ref in received.items():
        give_role(desk, register.parse(ref)[1], role)


def give_roles(desk, account_ids: Collection[int], role: str) -> None:
    """Name these, and nobody else, to a case role that several may hold."""
    held = [given for given in desk.circle.given if given.role == role and given.to_time is None]
    for given in held:
        if given.account_id not in account_ids:
            _end(desk, given)
    for account_id in sorted(set(account_ids) - {given.account_id for given in held}):
        row = CaseRole(case_id=desk.case.id, account_id=account_id, role=role, from_time=desk.now)
        desk.session.add(row)
        desk.circle.give(row, staff=_is_on_staff(desk, account_id))
        desk.log(Kind.ROLLE_GITT, {"rolle": role, "ansatt": account_id}, role=role)


def _end(desk, given: Given) -> None:
    row = given.row
    row = row if isinstance(row, CaseRole) else desk.session.get_one(CaseRole, row)
    row.to_time = given.to_time = desk.now


def _is_on_staff(desk, account_id: int) -> bool:
    """Whether this account holds a role at any school today."""
    day = workdays.local_day(desk.now)
    return desk.circle.knows(account_id) or bool(roles.held_by(desk.session, account_id, day))


def guardians_to_tell(desk) -> list[int]:
    """The pupil's guardians with parental responsibility; none where an answer to «Hvorfor har
    ingen fått beskjed?» (`unntak_grunn`) stands: then a person decides what they are told."""
    return [] if _kept_from_home(desk) else desk.circle.guardians


def _kept_from_home(desk) -> bool:
    """Whether the newest answer on informing guardians, in this case or one that it belongs
    together with, says that they must not be told."""
    own = [given[-1] for step, given in desk.facts.answers[CASE].items() if step in INFORMING]
    if own:
        return own[-1].get("unntak_grunn") is not None
    if desk.case.part_of_id is None:
        return False
    row = desk.session.scalar(
        select(Answer)
        .join(Case, Case.id == Answer.case_id)
        .where(
            or_(Case.id == desk.case.part_of_id, Case.part_of_id == desk.case.part_of_id),
            Answer.step.in_(INFORMING),
        )
        .order_by(Answer.id.desc())
    )
    if row is None:
        return False
    vault = desk.product.master_key
    key = vault.unwrap(desk.session.get_one(Case, row.case_id).wrapped_key)
    return vault.unseal(key, row.sealed_answers, "answer").get("unntak_grunn") is not None


def other_open_case(desk) -> Case | None:
    """The pupil's oldest other case that a report can be joined to: it is worked on, not only
    waited on for a check afterwards, neither of them is shielded, and the actor is not named in it.
    """
    if desk.case.pupil_id is None or desk.case.shielded is not None:
        return None
    return desk.session.scalar(
        select(Case)
        .where(
            Case.pupil_id == desk.case.pupil_id,
            Case.id != desk.case.id,
            Case.status == Status.OPEN,
            Case.shielded.is_(None),
            Case.process_id == desk.case.process_id,
            Case.id.not_in(
                select(NamedPerson.case_id).where(NamedPerson.account_id == desk.actor_id)
            ),
        )
        .order_by(Case.id)
    )


def name_of(desk, ref: str) -> str:
    """The name of the person a reference names; the reference itself for one who is gone."""
    return register.name_of(desk.session, ref) or ref


def first_was(desk, account_id: int | None, did: Sentence, at: datetime) -> Refusal:
    """Who was first, by name and role; never a pronoun."""
    if account_id is None:
        return Refusal(Reason.ALLEREDE_UTFORT, say("Fristen gikk ut, og Trygg svarte."), at=at)
    if account_id == desk.actor_id:
        return Refusal(Reason.ALLEREDE_UTFORT, say("Du har alt levert denne oppgaven."), at=at)
    name = desk.session.get_one(Account, account_id).name
    held = roles.held_by(desk.session, account_id, workdays.local_day(desk.now))
    who = together([name, roles.LABELS[roles.Role(held[0].role)]]) if held else name
    said = say("%(who)s, %(did)s, mens du skrev.", who=who, did=did)
    return Refusal(Reason.ALLEREDE_UTFORT, said, who=who, at=at)
