"""Receipts: the same command sent twice is carried out once and answered alike."""

from __future__ import annotations

from engine.database.tables import Receipt
from engine.refusals import Reason, Refusal
from engine.sentences import say


def find(
    session, key: str, account_id: int, command: str, task_id: int | None = None
) -> Receipt | None:
    """The receipt kept under this key. Raises Refusal as `own` does."""
    return own(session.get(Receipt, key), account_id, command, task_id)


def own(
    receipt: Receipt | None, account_id: int, command: str, task_id: int | None = None
) -> Receipt | None:
    """The receipt again. Raises Refusal when the key is another person's, or was used for
    something else: then nothing was done, and it must not look so."""
    asked = (account_id, command, task_id)
    if receipt is not None and (receipt.account_id, receipt.command, receipt.task_id) != asked:
        raise Refusal(Reason.UGYLDIG_SVAR, say("Skjemaet kan ikke brukes. Åpne siden på nytt."))
    return receipt


def keep(desk, key: str, command: str, task_id: int | None = None) -> Receipt:
    """Keep the receipt in the command's own transaction."""
    receipt = Receipt(
        key=key,
        account_id=desk.actor_id,
        case_id=desk.case.id,
        task_id=task_id,
        command=command,
        at=desk.now,
    )
    desk.session.add(receipt)
    return receipt
