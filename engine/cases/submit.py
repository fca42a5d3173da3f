"""Submit, claim and release a task, and keep what was typed as a draft."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.cases import deadlines, drafts, exchange, incidents, receipts, roster, tasks
from engine.cases.desk import no_access, open_case
from engine.cases.incidents import Stopped
from engine.cases.tick import let_deadlines_pass
from engine.database.tables import Account, Task
from engine.people import access
from engine.people.access import Permission
from engine.records.log import Kind
from engine.refusals import Reason, Refusal


@dataclass(frozen=True)
class SubmitTask:
    """answers: typed, as the form's fields; seen_revision: the task's, when the page was opened;
    receipt: the sender's own key, new for each opening of the form."""

    task_id: int
    account_id: int
    answers: dict[str, Any]
    receipt: str
    seen_revision: int | None = None


@dataclass(frozen=True)
class Submitted:
    """case_ended: the case came to its end with this step."""

    case_id: int
    task_id: int
    at: datetime


def submit_task(product, command: SubmitTask) -> Submitted:
    """Complete a task. Raises Refusal; then what was typed is kept as a draft."""
    case_id = _case_of(product, command.task_id)
    let_deadlines_pass(product, case_id)
    submitted = _submit(product, command, case_id)
    exchange.deliver(product, case_id)
    return submitted


def _submit(product, command: SubmitTask, case_id: int) -> Submitted:
    try:
        with open_case(product, case_id, command.account_id) as desk:
            earlier = receipts.find(
                desk.session, command.receipt, command.account_id, "submit", command.task_id
            )
            if earlier is not None:
                return Submitted(earlier.case_id, earlier.task_id, earlier.at)
            task = _allowed(desk, command.task_id, Permission.COMPLETE_TASK)
            deadlines.pass_due(desk)
            _still_open(desk, task, command.seen_revision)
            desk.complete(task, command.answers)
            desk.save()
            drafts.drop(desk.session, command.account_id, task.id)
            receipts.keep(desk, command.receipt, "submit", task.id)
            return Submitted(case_id, task.id, desk.now)
    except Refusal:
        drafts.keep_refused(product, command.account_id, command.task_id, command.answers)
        raise
    except Stopped as stopped:
        drafts.keep_refused(product, command.account_id, command.task_id, command.answers)
        raise incidents.record_stop(product, case_id, stopped) from stopped


def claim_task(product, task_id: int, account_id: int) -> None:
    """Take a task that several may do, so that the others see whose it is."""
    with open_case(product, _case_of(product, task_id), account_id) as desk:
        task = _allowed(desk, task_id, Permission.CLAIM_TASK)
        _still_open(desk, task)
        if task.claimed_by_id not in (None, account_id):
            raise roster.first_was(desk, task.claimed_by_id, "tok oppgaven", desk.now)
        task.claimed_by_id = account_id
        task.revision += 1
        desk.log_task(Kind.OPPGAVE_TATT, task)


def release_task(product, task_id: int, account_id: int) -> None:
    """Let a claimed task go, so that another may do it."""
    with open_case(product, _case_of(product, task_id), account_id) as desk:
        task = _allowed(desk, task_id, Permission.CLAIM_TASK)
        if task.claimed_by_id != account_id:
            raise Refusal(Reason.FEIL_ROLLE, "Du har ikke tatt denne oppgaven.")
        task.claimed_by_id = None
        task.revision += 1
        desk.log_task(Kind.OPPGAVE_SLUPPET, task)


def _case_of(product, task_id: int) -> int:
    with product.database.session() as session:
        task = session.get(Task, task_id)
        if task is None:
            raise no_access()
        return task.case_id


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
            "Oppgaven er endret siden du åpnet den. Se over det du skrev, og send på nytt.",
        )
