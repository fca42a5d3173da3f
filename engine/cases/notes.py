"""Notes and reminders: what people say to each other on a case without moving it."""

from __future__ import annotations

from engine.cases import notices, receipts
from engine.cases.desk import case_id_of, open_case
from engine.database.tables import Account, Note, Task
from engine.people import access
from engine.people.access import Permission
from engine.records.log import Kind
from engine.refusals import Reason, Refusal

MAX_LENGTH = 20_000


def add_note(product, number: str, account_id: int, text: str, receipt: str) -> None:
    """Write a note on a case. It is never changed. Raises Refusal."""
    with open_case(product, case_id_of(product, number), account_id) as desk:
        _require(desk, Permission.NOTE)
        if receipts.find(desk.session, receipt, account_id) is not None:
            return
        if not text.strip() or len(text) > MAX_LENGTH:
            raise Refusal(Reason.MANGLER_FELT, f"Skriv et notat på mellom 1 og {MAX_LENGTH} tegn.")
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


def remind(product, task_id: int, account_id: int) -> None:
    """Remind those whose turn it is («Minn Maja på oppgaven»)."""
    with product.database.session() as session:
        row = session.get(Task, task_id)
        case_id = row.case_id if row else 0
    with open_case(product, case_id, account_id) as desk:
        _require(desk, Permission.REMIND)
        task = desk.session.get_one(Task, task_id)
        if task.state != "open":
            raise Refusal(Reason.ALLEREDE_UTFORT, "Oppgaven er alt levert.")
        notices.tell_of_task(desk, task, notices.REMINDED)
        desk.log_task(Kind.PURRET, task)


def _require(desk, permission: Permission) -> None:
    account = desk.session.get(Account, desk.actor_id)
    access.require(desk.session, account, permission, case=desk.case, now=desk.now)
