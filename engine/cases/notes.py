"""Notes and reminders: what people say to each other on a case without moving it."""

from __future__ import annotations

from engine.cases import notices, receipts, tasks
from engine.cases.desk import case_id_of, no_access, open_case
from engine.cases.turns import turns_of
from engine.database.tables import Account, Note, Task
from engine.people import access
from engine.people.access import Permission
from engine.records.log import Kind
from engine.refusals import Reason, Refusal
from engine.sentences import say

MAX_LENGTH = 20_000


def add_note(product, number: str, account_id: int, text: str, receipt: str) -> None:
    """Write a note on a case. It is never changed. Raises Refusal."""
    with open_case(product, case_id_of(product, number), account_id) as desk:
        _require(desk, Permission.NOTE)
        if receipts.find(desk.session, receipt, account_id, "note") is not None:
            return
        if not text.strip() or len(text) > MAX_LENGTH:
            said = say("Skriv et notat på mellom 1 og %(most)s tegn.", most=MAX_LENGTH)
            raise Refusal(Reason.MANGLER_FELT, said)
        desk.session.add(
            Note(
                case_id=desk.case.id,
                account_id=account_id,
                at=desk.now,
                sealed_text=desk.seal(text.strip(), "note"),
            )
        )
        desk.log(Kind.NOTAT)
        receipts.keep(desk, receipt, "note")


def remind(product, number: str, task_id: int, account_id: int) -> str:
    """Remind those whose turn it is («Minn Maja på oppgaven»). Gives who, in words.

    Raises Refusal.
    """
    with open_case(product, case_id_of(product, number), account_id) as desk:
        _require(desk, Permission.REMIND)
        task = desk.session.get(Task, task_id)
        if task is None or task.case_id != desk.case.id:
            raise no_access()
        if task.state != "open":
            raise tasks.no_longer_open(desk, task)
        notices.tell_of_task(desk, task, notices.REMINDED)
        desk.log_task(Kind.PURRET, task)
        turns = turns_of(product, desk.session, [desk.case.id], None, desk.now)[desk.case.id]
        turn = next(turn for turn in turns if turn.task_id == task_id)
        return turn.person or turn.role or ""


def _require(desk, permission: Permission) -> None:
    account = desk.session.get(Account, desk.actor_id)
    access.require(desk.session, account, permission, case=desk.case, now=desk.now)
