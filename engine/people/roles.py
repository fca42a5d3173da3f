"""Roles: which there are, who holds one at a school today, and who steps in.

A school role is held at a school, for a time (`RoleHolding`). A case role is a person named in one
case (`CaseRole`). Skoleeier holds one role holding per school. Pupils and guardians have no login
and no role here.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session, aliased

from engine.database.tables import Account, RoleHolding
from engine.sentences import say


class Role(StrEnum):
    """Who does a step. A lane names one of these in `trygg:rolle`."""

    REKTOR = "rektor"
    LEDELSE = "ledelse"
    KONTAKTLAERER = "kontaktlaerer"
    FAGLAERER = "faglaerer"
    MILJOARBEIDER = "miljoarbeider"
    AKS = "aks"
    SOSIALVEILEDER = "sosialveileder"
    HELSESYKEPLEIER = "helsesykepleier"
    RESSURSTEAM = "ressursteam"
    PPT = "ppt"
    SKOLEEIER = "skoleeier"
    ELEVRAAD = "elevraad"
    FAU_SMU_DS = "fau_smu_ds"
    MELDER = "melder"
    SAKSANSVARLIG = "saksansvarlig"
    UNDERSOKER = "undersoker"
    TILRETTELEGGER = "tilrettelegger"
    ANSVARLIG = "ansvarlig"
    INVITERT = "invitert"  # a colleague, for a reason and until a date; does no step


CASE_ROLES = frozenset(
    {
        Role.MELDER,
        Role.SAKSANSVARLIG,
        Role.UNDERSOKER,
        Role.TILRETTELEGGER,
        Role.ANSVARLIG,
        Role.INVITERT,
    }
)
SCHOOL_ROLES = frozenset(Role) - CASE_ROLES

LABELS = {
    Role.REKTOR: say("rektor"),
    Role.LEDELSE: say("ledelse"),
    Role.KONTAKTLAERER: say("kontaktlærer"),
    Role.FAGLAERER: say("faglærer"),
    Role.MILJOARBEIDER: say("miljøarbeider"),
    Role.AKS: say("AKS"),
    Role.SOSIALVEILEDER: say("sosialveileder"),
    Role.HELSESYKEPLEIER: say("helsesykepleier"),
    Role.RESSURSTEAM: say("ressursteam"),
    Role.PPT: say("PPT"),
    Role.SKOLEEIER: say("skoleeier"),
    Role.ELEVRAAD: say("elevråd"),
    Role.FAU_SMU_DS: say("FAU, SMU og driftsstyre"),
    Role.MELDER: say("melder"),
    Role.SAKSANSVARLIG: say("saksansvarlig"),
    Role.UNDERSOKER: say("undersøker"),
    Role.TILRETTELEGGER: say("tilrettelegger"),
    Role.ANSVARLIG: say("ansvarlig"),
    Role.INVITERT: say("invitert"),
}


def in_force(holding, day: date) -> ColumnElement[bool]:
    """The SQL condition that a holding (the table or an alias of it) counts on that day."""
    return and_(holding.from_date <= day, or_(holding.to_date.is_(None), holding.to_date >= day))


def held_by(session: Session, account_id: int, day: date) -> list[RoleHolding]:
    """What the account holds on that day, at all schools; nothing if it is not active."""
    return list(
        session.scalars(
            select(RoleHolding)
            .join(Account, Account.id == RoleHolding.account_id)
            .where(RoleHolding.account_id == account_id, Account.active, in_force(RoleHolding, day))
            .order_by(RoleHolding.id)
        )
    )


def held_by_each(
    session: Session, account_ids: Collection[int], day: date
) -> dict[int, list[Role]]:
    """The roles that each of these accounts holds on that day; those with none are left out."""
    found: dict[int, list[Role]] = {}
    for account_id, role in session.execute(
        select(RoleHolding.account_id, RoleHolding.role)
        .where(RoleHolding.account_id.in_(account_ids), in_force(RoleHolding, day))
        .order_by(RoleHolding.id)
    ):
        found.setdefault(account_id, []).append(Role(role))
    return found


def in_words(role: str | None, held: Sequence[Role]) -> str | None:
    """The role by which somebody with these school roles does a step.

    A school role that is not one's own (a step given by name, or in another's place) is not said:
    one's own is.
    """
    if role is None:
        return LABELS[held[0]] if held else None
    own = role in held or role not in SCHOOL_ROLES or not held
    return LABELS[Role(role) if own else held[0]]


def holders(
    session: Session, school_id: int, role: str, day: date, class_name: str | None = None
) -> list[Account]:
    """The active accounts that hold the role at the school on that day, in order of name.

    With a class, a kontaktlærer counts only for that class. Deputies are not among them.
    """
    holding = aliased(RoleHolding)
    condition = [holding.school_id == school_id, holding.role == role, in_force(holding, day)]
    if role == Role.KONTAKTLAERER and class_name is not None:
        condition.append(holding.class_name == class_name)
    return list(
        session.scalars(
            select(Account)
            .where(Account.active, Account.id.in_(select(holding.account_id).where(*condition)))
            .order_by(Account.name, Account.id)
        )
    )
