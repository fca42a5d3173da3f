"""Drafts: what a person has typed and not sent, sealed for that person alone."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import delete, select

from engine.database.tables import Draft


def save_draft(product, account_id: int, task_id: int | None, typed: dict[str, Any]) -> datetime:
    """Keep what is typed so far for a task, or (None) for a report. Returns when, UTC.

    A draft is kept also when the task is not the person's: nothing typed is lost, and nobody but
    the person sees it.
    """
    with product.database.transaction() as session:
        draft = _find(session, account_id, task_id)
        if draft is None:
            draft = Draft(account_id=account_id, task_id=task_id)
            session.add(draft)
        draft.saved_at = product.clock()
        key = product.master_key.personal_key(account_id)
        draft.sealed_typed = product.master_key.seal(key, typed, "draft")
        return draft.saved_at


def keep_refused(product, account_id: int, task_id: int | None, typed: dict[str, Any]) -> None:
    """Keep what was refused, in a transaction of its own."""
    if typed:
        save_draft(product, account_id, task_id, typed)


def read_draft(
    product, session, account_id: int, task_id: int | None
) -> tuple[dict[str, Any], datetime] | None:
    """What this person had typed, and when it was saved (UTC)."""
    draft = _find(session, account_id, task_id)
    if draft is None:
        return None
    key = product.master_key.personal_key(account_id)
    return product.master_key.unseal(key, draft.sealed_typed, "draft"), draft.saved_at


def drop(session, account_id: int, task_id: int | None) -> None:
    session.execute(
        delete(Draft).where(
            Draft.account_id == account_id, Draft.task_id.is_not_distinct_from(task_id)
        )
    )


def _find(session, account_id: int, task_id: int | None) -> Draft | None:
    return session.scalar(
        select(Draft).where(
            Draft.account_id == account_id, Draft.task_id.is_not_distinct_from(task_id)
        )
    )
