"""Submit, claim and release a task, and keep what was typed as a draft."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam

from engine.cases import (
    deadlines,
    drafts,
    exchange,
    incidents,
    linked,
    onbehalf,
    receipts,
    roster,
    tasks,
)
from engine.cases.agenda import Agenda, waiting
from engine.cases.desk import case_id_of_task, open_case, open_task
from engine.cases.incidents import Stopped
from engine.cases.tick import let_deadlines_pass
from engine.database.tables import Account, Receipt, Task
from engine.people import access
from engine.people.access import Permission
from engine.records.log import Kind
from engine.refusals import Reason, Refusal
from engine.rules import workdays
from engine.sentences import say


@dataclass(frozen=True)
class SubmitTask:
    """answers: typed, as the form's fields; seen_revision: the task's, when the page was opened;
    receipt: the sender's own key, new for each opening of the form; performed_by, performed_at: who
    did it (an account) and when, where the sender registers it for another."""

    task_id: int
    account_id: int
    answers: dict[str, Any]
    receipt: str
    seen_revision: int | None = None
    performed_by: int | None = None
    performed_at: datetime | None = None


@dataclass(frozen=True)
class Submitted:
    """at: when it was taken (UTC); mail: the cases that a message is on its way to or from."""

    case_id: int
    task_id: int
    at: datetime
    mail: tuple[int, ...] = ()


def submit_task(product, command: SubmitTask) -> Submitted:
    """Complete a task. Raises Refusal; then what was typed is kept as a draft."""
    try:
        submitted = _submit(product, command)
        if submitted is None:  # what is due stands, whatever becomes of the answers
            let_deadlines_pass(product, case_id_of_task(product, command.task_id))
            submitted = _submit(product, command, on_time=True)
    except (Refusal, Stopped) as refused:
        case_id = case_id_of_task(product, command.task_id)
        drafts.keep_refused(product, command.account_id, command.task_id, command.answers)
        if isinstance(refused, Stopped):
            raise incidents.record_stop(product, case_id, refused, command.task_id) from refused
        raise
    for case_id in submitted.mail:
        exchange.deliver(product, case_id)
    return submitted


def _submit(product, command: SubmitTask, on_time: bool = False) -> Submitted | None:
    """One attempt, in one transaction. None when something is due first, unless it is `on_time`:
    then what has become due in the meantime happens here."""
    with open_task(product, command.task_id, command.account_id) as desk:
        receipt, may = _ask(desk, command)
        if not on_time and desk.agenda.is_due(desk.now):
            return None
        earlier = receipts.own(receipt, command.account_id, "submit", command.task_id)
        if earlier is not None:
            return Submitted(earlier.case_id, earlier.task_id, earlier.at)
        task = desk.agenda.task(command.task_id)
        if task is None or not may:
            task = _allowed(desk, command.task_id, Permission.COMPLETE_TASK)
        _still_open(desk, task)
        desk.load()
        deadlines.pass_due(desk)
        _still_open(desk, task, command.seen_revision)
        performed = onbehalf.read(desk, task, command.performed_by, command.performed_at)
        desk.complete(task, command.answers, performed=performed)
        desk.save()
        drafts.drop(desk.session, command.account_id, task.id)
        receipts.keep(desk, command.receipt, "submit", task.id)
        posted = desk.session.info.get(linked.MAIL, set())
        own = {desk.case.id} if desk.agenda.asked.mail else set()
        return Submitted(desk.case.id, task.id, desk.now, tuple(sorted(own | posted)))


def _ask(desk, command: SubmitTask) -> tuple[Receipt | None, bool]:
    """Read, in one statement, what the case waits for, the receipt kept under the sender's key,
    and whether this account may complete the task."""
    desk.agenda = Agenda(
        desk.session,
        desk.case.id,
        _question(),
        receipt=command.receipt,
        account=command.account_id,
        task=command.task_id,
        now=desk.now,
        day=workdays.local_day(desk.now),
    )
    return desk.agenda.asked.Receipt, desk.agenda.asked.may


@cache
def _question() -> Select:
    return (
        waiting()
        .add_columns(Receipt, access.on_task(Permission.COMPLETE_TASK))
        .outerjoin(Receipt, Receipt.key == bindparam("receipt"))
    )


def claim_task(product, task_id: int, account_id: int) -> None:
    """Take a task that several may do, so that the others see whose it is."""
    with open_case(product, case_id_of_task(product, task_id), account_id) as desk:
        task = _allowed(desk, task_id, Permission.CLAIM_TASK)
        _still_open(desk, task)
        if task.claimed_by_id not in (None, account_id):
            raise roster.first_was(desk, task.claimed_by_id, say("tok oppgaven"), desk.now)
        task.claimed_by_id = account_id
        task.revision += 1
        desk.log_task(Kind.OPPGAVE_TATT, task)


def release_task(product, task_id: int, account_id: int) -> None:
    """Let a claimed task go, so that another may do it."""
    with open_case(product, case_id_of_task(product, task_id), account_id) as desk:
        task = _allowed(desk, task_id, Permission.CLAIM_TASK)
        if task.claimed_by_id != account_id:
            raise Refusal(Reason.FEIL_ROLLE, say("Du har ikke tatt denne oppgaven."))
        task.claimed_by_id = None
        task.revision += 1
        desk.log_task(Kind.OPPGAVE_SLUPPET, task)


def _allowed(desk, task_id: int, permission: Permission) -> Task:
    task = desk.session.get_one(Task, task_id)
    account = desk.session.get(Account, desk.actor_id)
    access.require(desk.session, account, permission, case=desk.case, task=task, now=desk.now)
    return task


def _still_open(desk, task: Task, seen_revision: int | None = None) -> None:
    if task.state != "open":
        raise tasks.no_longer_open(desk, task)
    if seen_revision is not None and seen_revision != task.revision:
        raise Refusal(
            Reason.ENDRET,
            say("Oppgaven er endret siden du åpnet den. Se over det du skrev, og send på nytt."),
        )
