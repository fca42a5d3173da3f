"""Processes that are off at a school until its leadership turns them on."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from engine.database.tables import Account, ProcessSwitch
from engine.people import access
from engine.people.access import Permission
from engine.refusals import Reason, Refusal
from engine.sentences import say


@dataclass(frozen=True)
class Switch:
    """A process that can be turned on: what it is for, in plain words, and whether it is on."""

    process_id: str
    name: str
    for_what: str
    active: bool


def is_on(session, definition, school_id: int) -> bool:
    """Whether a case of this process can be started at the school."""
    if not definition.is_optional:
        return True
    held = session.get(ProcessSwitch, (school_id, definition.process_id))
    return held is not None and held.active


def require_on(session, definition, school_id: int) -> None:
    """Raise Refusal (IKKE_VALGBAR) when it is off."""
    if not is_on(session, definition, school_id):
        said = say(
            "«%(step)s» er ikke slått på ved skolen. Ledelsen kan slå den på.", step=definition.name
        )
        raise Refusal(Reason.IKKE_VALGBAR, said)


def switches(product, account_id: int, school_id: int) -> list[Switch]:
    """The processes that leadership may turn on or off. Raises Refusal (IKKE_TILGANG)."""
    with product.database.session() as session:
        _require(product, session, account_id, school_id)
        found = [product.published(session, process_id) for process_id in product.shipped()]
        return [
            Switch(
                definition.process_id,
                definition.name,
                definition.about.get("for_hva", ""),
                is_on(session, definition, school_id),
            )
            for definition in found
            if definition.is_optional
        ]


def turn(product, account_id: int, school_id: int, process_id: str, active: bool) -> None:
    """Turn a process on or off at the school; cases that run go on.

    Raises Refusal (IKKE_TILGANG).
    """
    with product.database.transaction() as session:
        _require(product, session, account_id, school_id)
        if process_id not in product.shipped():
            raise Refusal(Reason.IKKE_TILGANG, access.NO_ACCESS)
        if not product.published(session, process_id).is_optional:
            raise Refusal(Reason.IKKE_TILGANG, access.NO_ACCESS)
        held = session.scalar(
            select(ProcessSwitch).where(
                ProcessSwitch.school_id == school_id, ProcessSwitch.process_id == process_id
            )
        )
        if held is None:
            held = ProcessSwitch(school_id=school_id, process_id=process_id)
            session.add(held)
        held.active, held.changed_at, held.changed_by_id = active, product.clock(), account_id


def _require(product, session, account_id: int, school_id: int) -> None:
    account, now = session.get(Account, account_id), product.clock()
    access.require(session, account, Permission.EDIT_YEAR, school_id=school_id, now=now)
