"""Hand a task over to a colleague, and give it back.

Who can get a task: staff at the school today who are not named in the case, and

- a step of rektor, skoleeier or the undersøker: one who leads the case in that way, and only one
  who leads it may give it;
- in a shielded case: those who handle it already. It is never opened to more by a task;
- else, when one who handles the case gives it, or it is given by name: anybody on the staff. One
  who merely has a role's task gives it within that role.

The one who gets it can do the task and sees that task alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from engine.cases import notices, receipts, roster, solving, tasks
from engine.cases.desk import case_id_of_task, open_case
from engine.database.tables import Account, Event, Task
from engine.definitions.answers import INHABIL
from engine.people import access, register, standing
from engine.people.access import Permission, Who
from engine.people.register import Option
from engine.people.roles import CASE_ROLES, Role
from engine.records.log import Kind
from engine.refusals import Fault, Reason, Refusal
from engine.sentences import say

LONGEST = 2_000  # characters in a message or a reason
LEADERSHIP_STEPS = frozenset({Role.REKTOR, Role.SKOLEEIER, Role.UNDERSOKER})
MOVED = (Kind.OPPGAVE_TATT, Kind.OPPGAVE_SLUPPET, Kind.OPPGAVE_GITT, Kind.OPPGAVE_GITT_TILBAKE)


@dataclass(frozen=True)
class HandOver:
    """to_id: the colleague; message: what to know, or nothing; seen_revision: the task's, when the
    page was opened; receipt: the sender's own key."""

    task_id: int
    account_id: int
    to_id: int
    receipt: str
    message: str = ""
    seen_revision: int | None = None


@dataclass(frozen=True)
class Return:
    """Give a task back, with a reason."""

    task_id: int
    account_id: int
    reason: str
    receipt: str
    seen_revision: int | None = None


@dataclass(frozen=True)
class Given:
    """How a task came to those who have it. by: who gave it, by name; message: what was said, or
    why it was given back."""

    by: str
    at: datetime
    message: str
    back: bool


def hand_over_task(product, command: HandOver) -> str:
    """Give an open task to a colleague. Gives the colleague's name. Raises Refusal."""
    with open_case(product, case_id_of_task(product, command.task_id), command.account_id) as desk:
        task, to = _task(desk, command.task_id), desk.session.get(Account, command.to_id)
        if not _repeated(desk, command, "hand_over"):
            _require(desk, task, Permission.HAND_OVER)
            _unchanged(desk, task, command.seen_revision)
            _can_have(desk, task, to)
            _text(command.message, "gi_melding")
            _give(desk, task, to.id, command.message.strip())
            receipts.keep(desk, command.receipt, "hand_over", task.id)
        return to.name


def return_task(product, command: Return) -> None:
    """Give a task back to whom it came from. Raises Refusal."""
    with open_case(product, case_id_of_task(product, command.task_id), command.account_id) as desk:
        task = _task(desk, command.task_id)
        if _repeated(desk, command, "return"):
            return
        _require(desk, task, Permission.RETURN_TASK)
        _unchanged(desk, task, command.seen_revision)
        _text(command.reason, "gi_grunn", required=True)
        _give_back(desk, task, command.reason.strip())
        receipts.keep(desk, command.receipt, "return", task.id)


def receivers(desk, task: Task, account: Account) -> list[Option]:
    """The colleagues to whom this account may give the task; none for one who may not give it."""
    about = {"case": desk.case, "task": task, "now": desk.now}
    if task.state != "open" or not access.may(desk.session, account, Permission.HAND_OVER, **about):
        return []
    can = {person.id for person in _candidates(desk, task, account)} - {task.assignee_id}
    staff = roster.pickers(desk)["ansatte"]
    return [option for option in staff if register.parse(option.value)[1] in can]


def given(desk, task: Task) -> Given | None:
    """What was said when the task was last given over or given back; None when it never was, or
    somebody has taken it since."""
    if task.claimed_by_id is not None:
        return None
    gifts = (Kind.OPPGAVE_GITT, Kind.OPPGAVE_GITT_TILBAKE)
    event, detail = next(_gifts(desk, task, *gifts), (None, None))
    if event is None:
        return None
    by = desk.session.get_one(Account, event.actor_id).name
    back = event.kind == Kind.OPPGAVE_GITT_TILBAKE
    return Given(by, event.at, detail["grunn" if back else "melding"], back)


def handles_or_open(desk) -> bool:
    """Whether the actor may be told who is named in the case: not one who only has a task in it,
    when it is shielded."""
    if desk.case.shielded is None:
        return True
    account = desk.session.get(Account, desk.actor_id)
    about = {"case": desk.case, "now": desk.now}
    return access.may(desk.session, account, Permission.SEE_ALL_ANSWERS, **about)


def _candidates(desk, task: Task, giver: Account) -> list[Account]:
    """Who can get the task from this giver."""
    leaders = access.TABLE[Permission.LEAD]
    if task.role in LEADERSHIP_STEPS:
        if giver.id not in {person.id for person in _people(desk, leaders)}:
            return []
        return _people(desk, {Who.SKOLEEIER} if task.role == Role.SKOLEEIER else leaders)
    handlers = _people(desk, access.HANDLERS)
    if desk.case.shielded is not None:
        return handlers
    named = task.assignee_id is not None and task.handed_over_by_id is None
    of_a_role = task.role is not None and task.role not in CASE_ROLES and not named
    if of_a_role and giver.id not in {person.id for person in handlers}:
        return standing.case_holders(desk.session, desk.case, Role(task.role), desk.now)
    return _people(desk, None)


def _people(desk, ways) -> list[Account]:
    return access.people_in(desk.session, desk.case, ways, desk.now)


def _can_have(desk, task: Task, to: Account | None) -> None:
    """Raise a Refusal, at the field, unless the actor may give the task to this person."""
    ref = register.ref(register.Kind.ANSATT, to.id) if to else ""
    if to is None or to.id == task.assignee_id:
        raise _fault("gi_til", Reason.IKKE_VALGBAR, say("Velg en annen enn den som har oppgaven."))
    if ref in roster.named(desk) and handles_or_open(desk):
        raise _fault("gi_til", Reason.INHABIL, INHABIL)
    giver = desk.session.get_one(Account, desk.actor_id)
    can = _candidates(desk, task, giver)
    if to.id in {person.id for person in can}:
        return
    if task.role in LEADERSHIP_STEPS:
        why = say(
            "Dette er et steg for ledelsen. Bare den som leder saken, kan gi det, til ledelsen."
        )
    elif desk.case.shielded is not None:
        why = say("Saken er skjermet. Bare de som behandler den, kan få oppgaver i den.")
    else:
        why = say(
            "Denne personen kan ikke få oppgaven av deg. Be den som leder saken, om å gi den."
        )
    raise _fault("gi_til", Reason.IKKE_VALGBAR, why)


def _give(desk, task: Task, to_id: int, message: str) -> None:
    detail = {"oppgave": task.id, "til": to_id, "melding": message}
    # Where it came from, for the one who will give it back.
    detail |= {"fra": task.assignee_id, "gitt_av": task.handed_over_by_id}
    _move(desk, task, to_id, desk.actor_id)
    desk.log_task(Kind.OPPGAVE_GITT, task, detail)
    notices.tell_of_task(desk, task)
    solving.settle(desk, desk.actor_id)


def _give_back(desk, task: Task, reason: str) -> None:
    """To the role it was taken from, else to the giver. A task that was moved from a third person
    is the giver's to place anew."""
    giver, me = task.handed_over_by_id, task.assignee_id
    gift = next(gift for _, gift in _gifts(desk, task, Kind.OPPGAVE_GITT) if gift["til"] == me)
    before = gift["gitt_av"] if gift["fra"] == giver else None
    _move(desk, task, giver if gift["fra"] else None, before)
    if task.assignee_id is None and not standing.task_holders(desk.session, task, desk.now):
        _move(desk, task, giver, None)
    desk.log_task(Kind.OPPGAVE_GITT_TILBAKE, task, {"oppgave": task.id, "grunn": reason})
    ref = register.ref(register.Kind.ANSATT, giver)
    notices.tell_person(desk, ref, notices.TASK_RETURNED, task.step, task)
    if task.assignee_id != giver:
        tasks.tell_or_raise(desk, task)


def _move(desk, task: Task, to_id: int | None, by_id: int | None) -> None:
    task.assignee_id, task.handed_over_by_id, task.claimed_by_id = to_id, by_id, None
    task.revision += 1
    desk.session.flush()


def _gifts(desk, task: Task, *kinds: Kind) -> Iterator[tuple[Event, dict]]:
    """The times that this task was given over or back, the latest first."""
    rows = desk.session.scalars(
        select(Event)
        .where(
            Event.case_id == desk.case.id,
            Event.step == task.step,
            Event.kind.in_([str(kind) for kind in kinds]),
        )
        .order_by(Event.seq.desc())
    )
    for row in rows:
        detail = desk.unseal(row.sealed_detail, "event")
        if detail["oppgave"] == task.id:
            yield row, detail


def _unchanged(desk, task: Task, seen_revision: int | None) -> None:
    """Raise a Refusal when the task is done, or was moved since the page was opened: by whom."""
    if task.state != "open":
        raise tasks.no_longer_open(desk, task)
    if seen_revision in (None, task.revision):
        return
    row = desk.session.execute(
        select(Account.name, Event.at)
        .join(Account, Account.id == Event.actor_id)
        .where(
            Event.case_id == desk.case.id,
            Event.step == task.step,
            Event.kind.in_([str(kind) for kind in MOVED]),
        )
        .order_by(Event.seq.desc())
    ).first()
    who, at = row or (None, None)
    moved = say("Oppgaven er endret, etter at du åpnet siden. Se over, og prøv igjen.")
    if row:
        moved = say(
            "%(who)s endret oppgaven %(at)s, etter at du åpnet siden. Se over, og prøv igjen.",
            who=who,
            at=at,
        )
    raise Refusal(Reason.ENDRET, moved, who=who, at=at)


def _task(desk, task_id: int) -> Task:
    return desk.session.get_one(Task, task_id)


def _repeated(desk, command, name: str) -> bool:
    key = (command.receipt, command.account_id, name, command.task_id)
    return receipts.find(desk.session, *key) is not None


def _require(desk, task: Task, permission: Permission) -> None:
    account = desk.session.get(Account, desk.actor_id)
    access.require(desk.session, account, permission, case=desk.case, task=task, now=desk.now)


def _text(text: str, path: str, required: bool = False) -> None:
    if required and not text.strip():
        raise _fault(path, Reason.MANGLER_FELT, say("Skriv hvorfor du gir oppgaven tilbake."))
    if len(text) > LONGEST:
        raise _fault(path, Reason.UGYLDIG_SVAR, say("Skriv høyst %(most)s tegn.", most=LONGEST))


def _fault(path: str, code: Reason, message: str) -> Refusal:
    return Refusal.of_answers([Fault(path, code, message)])
