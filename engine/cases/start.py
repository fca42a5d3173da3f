"""Start a case. The one who starts it answers the first steps in the same transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.cases import exchange, receipts, roster, switches, tasks
from engine.cases.desk import Desk
from engine.cases.incidents import Stopped
from engine.cases.newcase import About, new_case
from engine.cases.tasks import Performed
from engine.database.tables import Account, Case, CaseRole, Task
from engine.people import access
from engine.people.access import Permission
from engine.people.roles import Role
from engine.records.log import Kind
from engine.refusals import Reason, Refusal
from engine.sentences import say


@dataclass(frozen=True)
class StartCase:
    """answers: typed answers by step, in order; the first is the process's first step. A step of
    a case that this one starts in turn (§ 12-5) may stand among them.

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
    started = _start(product, command)
    exchange.deliver(product, started.case_id)
    return started


def _start(product, command: StartCase) -> Started:
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
                own, row = _own_task(desk, step)
                own.complete(row, typed, partial=command.partial, performed=command.on_behalf)
            desk.save()
        except Stopped as stopped:
            said = say(
                "Saken kunne ikke startes. Det du skrev, er lagret som kladd. "
                "Haster det, si fra til rektor nå."
            )
            if stopped.name:
                said = say(
                    "Saken kunne ikke startes: den stanset ved «%(step)s». Det du skrev, er lagret "
                    "som kladd. Haster det, si fra til rektor nå.",
                    step=stopped.name,
                )
            raise Refusal(Reason.STANSET, said) from stopped
        receipts.keep(desk, command.receipt, "start")
        return Started(desk.case.id, desk.case.number)


def _new_desk(product, session, command: StartCase) -> Desk:
    definition = product.published(session, command.process_id)
    switches.require_on(session, definition, command.school_id)
    case, key = new_case(
        product,
        session,
        definition,
        command.school_id,
        command.account_id,
        product.clock(),
        About(definition.name) if definition.is_the_schools else None,
    )
    desk = Desk(product, session, case, command.account_id, key)
    desk.log(Kind.SAK_STARTET, process_id=case.process_id, role="melder")
    desk.begin()
    if command.on_behalf is not None:
        case.reporter_id = command.on_behalf.by_id
        roster.give_role(desk, command.account_id, Role.MELDER)
    return desk


def _own_task(desk: Desk, step: str) -> tuple[Desk, Task]:
    """The open task of this step, in the case or in one that it has started."""
    for each in (desk, *desk.started):
        for row in tasks.open_rows(each).values():
            if row.step == step:
                return each, row
    raise Refusal(Reason.IKKE_VENTET, say("Saken venter ikke på dette steget."))


@dataclass(frozen=True)
class PlannedCase:
    """A case of the school itself that its time has come for.

    facts: what the process's first event receives, by field; those it does not name are left out.
    responsible: the accounts that are `ansvarlig` in it, at least one; the first stands as the one
    who opened it.
    """

    process_id: str
    school_id: int
    about: About
    facts: Mapping[str, Any]
    responsible: Sequence[int]


def open_planned(product, session, planned: PlannedCase) -> Case:
    """Open a planned case, by the system, in the caller's transaction. Raises Stopped; then the
    caller's transaction must be rolled back."""
    definition = product.published(session, planned.process_id)
    opener, now = planned.responsible[0], product.clock()
    case, key = new_case(
        product, session, definition, planned.school_id, opener, now, planned.about
    )
    desk = Desk(product, session, case, None, key)
    desk.log(Kind.SAK_STARTET, process_id=case.process_id)
    for account_id in planned.responsible:
        role = Role.ANSVARLIG
        session.add(CaseRole(case_id=case.id, account_id=account_id, role=role, from_time=now))
        desk.log(Kind.ROLLE_GITT, {"rolle": role, "ansatt": account_id}, role=role)
    session.flush()
    received = definition.start.receives
    desk.begin({name: planned.facts[name] for name in received if name in planned.facts})
    desk.save()
    return case
