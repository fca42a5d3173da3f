"""What is cleared away: drafts that nobody will send, and receipts that nobody asks for again."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, or_, select

from engine.database.tables import Draft, Receipt, Task

DRAFTS = timedelta(days=90)
RECEIPTS = timedelta(days=30)


def clear(product) -> int:
    """Delete what is old. Returns how many rows went.

    Drafts untouched for 90 days, but never one of a task that is still open: there nothing typed
    is lost, however long it takes. Receipts after 30 days; a form that was opened so long ago has
    ended with its session.
    """
    now = product.clock()
    still_open = select(Task.id).where(Task.state == "open")
    old_drafts = delete(Draft).where(
        Draft.saved_at < now - DRAFTS,
        or_(Draft.task_id.is_(None), Draft.task_id.not_in(still_open)),
    )
    old_receipts = delete(Receipt).where(Receipt.at < now - RECEIPTS)
    with product.database.transaction() as session:
        return sum(session.execute(each).rowcount for each in (old_drafts, old_receipts))
