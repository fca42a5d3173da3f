"""Start a case. The one who starts it answers the first steps in the same transaction."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from engine.cases import receipts, roster, tasks
from engine.cases.desk import Desk
from engine.cases.incidents import Stopped
from engine.cases.state import Status
from engine.cases.tasks import Performed
from engine.database.tables import Account, Case, Task
from engine.people import access
from engine.people.access import Permission
from engine.people.roles import Role
from engine.records.log import Kind
from engine.refusals import Reason, Refusal
from engine.rules import workdays

DRAWS = 50
"""How often a number is drawn before giving up. Half of them are free: once or twice will do."""


@dataclass(frozen=True)
class StartCase:
    """answers: typed answers by step, in order; the first is the process's first step.

    partial: what is required may still be missing (acute danger: the rest comes afterwards).
    receipt: the sender's own key; the same key twice is the same case. on_behalf: the colleague
    who reports, and when, where the account registers it; the account is then melder too.
    """

    process_id: str
    school_id: int
    account_id: int
    answers: Mapping[str, dict[str, Any]]
    receipt: str
    partial: bool = False
    on_behalf: Performed | None = None


@dataclass(frozen=True)
class Started:
    case_id: int
    number: str


def start_case(product, command: StartCase) -> Started:
    """Start a case of a published process. Raises Refusal; then nothing was started."""
    with product.database.transaction() as session:
        earlier = receipts.find(session, command.receipt, command.account_id, "start")
        if earlier is not None:
            return Started(earlier.case_id, session.get_one(Case, earlier.case_id).number)
        account = session.get(Account, command.account_id)
        access.require(
            session, account, Permission.REPORT, school_id=command.school_id, now=product.clock()
        )
        try:
            desk = _new_desk(product, session, command)
            for step, typed in command.answers.items():
                row = _own_task(desk, step)
                desk.complete(row, typed, partial=command.partial, performed=command.on_behalf)
            desk.save()
        except Stopped as stopped:
            where = f": den stanset ved «{stopped.name}»" if stopped.name else ""
            raise Refusal(
                Reason.STANSET,
                f"Saken kunne ikke startes{where}. Det du skrev, er lagret som kladd. "
                "Haster det, si fra til rektor nå.",
            ) from stopped
        receipts.keep(desk, command.receipt, "start")
        return Started(desk.case.id, desk.case.number)


def _new_desk(product, session, command: StartCase) -> Desk:
    definition = product.published(session, command.process_id)
    key, wrapped = product.master_key.new_case_key()
    now = product.clock()
    case = Case(
        school_id=command.school_id,
        reporter_id=command.account_id,
        process_id=command.process_id,
        version=definition.version,
        status=Status.OPEN,
        opened_at=now,
        wrapped_key=wrapped,
        state=b"",
        state_version=0,
        revision=0,
        event_count=0,
        event_head="",
        serious=False,
    )
    _add_numbered(session, case, workdays.local_day(now).year)
    desk = Desk(product, session, case, command.account_id, key)
    desk.log(Kind.SAK_STARTET, process_id=case.process_id, role="melder")
    desk.begin()
    if command.on_behalf is not None:
        case.reporter_id = command.on_behalf.by_id
        roster.give_role(desk, command.account_id, Role.MELDER)
    return desk


def _own_task(desk: Desk, step: str) -> Task:
    row = next((row for row in tasks.open_rows(desk).values() if row.step == step), None)
    if row is None:
        raise Refusal(Reason.IKKE_VENTET, "Saken venter ikke på dette steget.")
    return row


def _add_numbered(session, case: Case, year: int) -> None:
    """Store the case under a number nobody has had, such as 2026-4827.

    It is drawn at random: of running numbers, a gap would tell that there is a case one may not
    see, and on which day it came. Cases are never deleted, so no number comes back.
    """
    for _ in range(DRAWS):
        case.number = _draw(session, year)
        try:
            with session.begin_nested():
                session.add(case)
            return
        except IntegrityError:  # taken, perhaps by another worker just now
            if session.scalar(select(Case.id).where(Case.number == case.number)) is None:
                raise
    raise Stopped("Fant ikke noe ledig saksnummer.")


def _draw(session, year: int) -> str:
    """A number with as many digits as leave at least half of the year's numbers free."""
    digits = 4
    while 2 * _taken(session, year, digits) > 9 * 10 ** (digits - 1):
        digits += 1
    first = 10 ** (digits - 1)
    return f"{year}-{first + secrets.randbelow(9 * first)}"


def _taken(session, year: int, digits: int) -> int:
    like = Case.number.like(f"{year}-" + "_" * digits)
    return session.scalar(select(func.count()).where(like))
