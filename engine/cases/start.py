"""Start a case. The one who starts it answers the first steps in the same transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.cases import exchange, linked, receipts, roster, switches, tasks
from engine.cases.desk import Desk
from engine.cases.incidents import Stopped
from engine.cases.newcase import About, new_case
from engine.cases.tasks import Performed
from engine.database.tables import Account, Case, CaseRole, Task
from engine.definitions.dates import long_date
from engine.people import access, register
from engine.people.access import Permission
from engine.people.roles import Role
from engine.records.log import Kind
from engine.refusals import Reason, Refusal
from engine.rules.workdays import local_day
from engine.sentences import say

COMPLAINT = "kan_meldes_sf"  # the rule of the week after which Statsforvalteren may be asked


@dataclass(frozen=True)
class StartCase:
    """answers: typed answers by step, in order; the first is the process's first step. A step of
    a case that this one starts in turn (§ 12-5) may stand among them.

    partial: what is required may still be missing (acute danger: the rest comes afterwards).
    beside: the pupil's case that it becomes part of, for a process that is started in one.
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
    beside: int | None = None


@dataclass(frozen=True)
class Started:
    case_id: int
    number: str


def start_case(product, command: StartCase) -> Started:
    """Start a case of a published process. Raises Refusal; then nothing was started."""
    started, posted = _start(product, command)
    for case_id in sorted({started.case_id} | posted):
        exchange.deliver(product, case_id)
    return started


def _start(product, command: StartCase) -> tuple[Started, set[int]]:
    """The case, and those that a message was posted to."""
    with product.database.transaction() as session:
        earlier = receipts.find(session, command.receipt, command.account_id, "start")
        if earlier is not None:
            return Started(earlier.case_id, session.get_one(Case, earlier.case_id).number), set()
        beside = may_start(product, session, command)
        try:
            desk = _new_desk(product, session, command, beside)
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
        return Started(desk.case.id, desk.case.number), session.info.get(linked.MAIL, set())


def may_start(product, session, command: StartCase) -> Case | None:
    """The pupil's case that it is started in, for a process that is. Raises Refusal unless the
    account may start it: the start event says which roles may, else everybody may who may report.
    """
    definition = product.published(session, command.process_id)
    start = definition.start
    account, now = session.get(Account, command.account_id), product.clock()
    if not start.started_by:
        at = {"school_id": command.school_id}
        access.require(session, account, Permission.REPORT, now=now, **at)
        return None
    if not definition.is_in_pupils_case:
        at = {"school_id": command.school_id, "roles": start.started_by}
        access.require(session, account, Permission.START_MANUAL, now=now, **at)
        return None
    case = command.beside and session.get(Case, command.beside)
    if not case or case.process_id != linked.PUPILS_PROCESS:
        raise Refusal(Reason.MANGLER_FELT, say("Velg hvilken sak det gjelder."))
    # A shielded case has its own handler in place of those who lead the school.
    roles = start.started_by if case.shielded is None else (Role.UNDERSOKER,)
    access.require(session, account, Permission.START_MANUAL, case=case, roles=roles, now=now)
    return case


def known_at_start(product, session, definition, account_id: int, case: Case | None) -> dict:
    """What the start event of a case that is started by hand gets: whoever starts it has the case
    role that the event gives, and of the pupil's case is known when it was taken up."""
    start = definition.start
    starter = register.ref(register.Kind.ANSATT, account_id)
    known = {role: starter for role in start.gives_roles}
    if case is None or case.received_at is None:
        return known
    received = local_day(case.received_at)
    rule = definition.regelverk.frist(COMPLAINT)
    week = rule.due(case.received_at, case.received_at, case.received_at, lambda _text: None)
    over = product.clock() >= week
    known |= {
        "tatt_opp_med_rektor": received.isoformat(),
        "vilkaar_uke_oppfylt": "ja" if over else "nei",
        linked.IN_WORDS: {
            "tatt_opp_med_rektor": ("Tatt opp med rektor", long_date(received.isoformat())),
            "vilkaar_uke_oppfylt": ("Har det gått en uke?", "Ja" if over else "Nei"),
        },
    }
    return known


def _new_desk(product, session, command: StartCase, beside: Case | None) -> Desk:
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
    if beside is not None:
        case.part_of_id = beside.part_of_id or beside.id
        linked.share(beside, desk)
    desk.begin(known_at_start(product, session, definition, command.account_id, beside))
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
    desk.begin(dict(planned.facts))
    desk.save()
    return case
