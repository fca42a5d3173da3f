"""Register a step on behalf of another: who did it and when, and that this may be so.

The one who registers has the task; the one who did it is a colleague who could have been given it.
Elev and foresatte speak in the answers: who did the step is the adult who heard them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from engine.cases import roster
from engine.cases.handover import LEADERSHIP_STEPS, handles_or_open
from engine.cases.tasks import Performed
from engine.database.tables import Account, Task
from engine.definitions.answers import INHABIL
from engine.definitions.dates import read_moment
from engine.people import access, register
from engine.people.access import Permission
from engine.people.register import Option
from engine.refusals import Fault, Reason, Refusal
from engine.rules import workdays
from engine.sentences import say

FIELDS = WHO, WHEN = "utfort_av", "utfort_tid"  # the fields, as a page names them


def who(typed: Mapping[str, Any], field: str = WHO) -> int | None:
    """The account that a page's field refers to; None when nobody is chosen, 0 when it is no
    member of staff."""
    kind, number = register.parse(typed.get(field))
    if not typed.get(field):
        return None
    return number if kind is register.Kind.ANSATT else 0


def when(typed: Mapping[str, Any], now: datetime) -> datetime | None:
    """The moment that a page's field means; None when it is empty or no day with a time."""
    local = read_moment(str(typed.get(WHEN) or ""), workdays.local_day(now))
    return workdays.at(local.date(), local.time()) if local else None


def read(desk, task: Task, by_id: int | None, at: datetime | None) -> Performed | None:
    """Who did the step and when; None when the actor did it. Raises Refusal with every fault."""
    if by_id is None and at is None:
        return None
    faults = [fault for fault in (_who(desk, task, by_id), _when(desk, at)) if fault]
    if faults:
        raise Refusal.of_answers(faults)
    return Performed(by_id, at)


def performers(desk, task: Task) -> list[Option]:
    """The colleagues who can have done the step."""
    can = _able(desk, task) - {desk.actor_id}
    staff = roster.pickers(desk)["ansatte"]
    return [option for option in staff if register.parse(option.value)[1] in can]


def _able(desk, task: Task) -> set[int]:
    """Leadership's steps are done by leadership; the others by anybody on the staff.

    Nobody is offered to one who only has a task in a shielded case: whoever is missing in a list
    of all the others is the one whom it is about.
    """
    if not handles_or_open(desk):
        return set()
    ways = access.TABLE[Permission.LEAD] if task.role in LEADERSHIP_STEPS else None
    return {person.id for person in access.people_in(desk.session, desk.case, ways, desk.now)}


def _who(desk, task: Task, by_id: int | None) -> Fault | None:
    if by_id is None or desk.session.get(Account, by_id) is None:
        return Fault(WHO, Reason.MANGLER_FELT, say("Velg hvem som gjorde det."))
    if not handles_or_open(desk):
        said = say("Saken er skjermet. Bare de som behandler den, kan registrere for en annen.")
        return Fault(WHO, Reason.IKKE_VALGBAR, said)
    if register.ref(register.Kind.ANSATT, by_id) in roster.named(desk):
        return Fault(WHO, Reason.INHABIL, INHABIL)
    if by_id == desk.actor_id:
        said = say("Velg en annen enn deg selv, eller la feltet stå.")
        return Fault(WHO, Reason.IKKE_VALGBAR, said)
    if by_id not in _able(desk, task):
        said = say("Velg en som er ansatt på skolen i dag.")
        if task.role in LEADERSHIP_STEPS:
            said = say("Velg en som er ansatt i ledelsen i dag.")
        return Fault(WHO, Reason.IKKE_VALGBAR, said)
    return None


def _when(desk, at: datetime | None) -> Fault | None:
    if at is None:
        return Fault(WHEN, Reason.MANGLER_FELT, say("Skriv dag og klokkeslett, som 8.9 kl. 10."))
    if at > desk.now:
        said = say("Skriv når det ble gjort. Dette er ikke ennå.")
        return Fault(WHEN, Reason.UGYLDIG_SVAR, said)
    began = min(filter(None, (desk.case.opened_at, desk.case.received_at)))
    if workdays.local_day(at) < workdays.local_day(began):
        day = workdays.local_day(began)
        said = say("Saken begynte %(day)s. Skriv en dag etter det.", day=day)
        return Fault(WHEN, Reason.UGYLDIG_SVAR, said)
    return None
