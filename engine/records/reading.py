"""The reading log: who opened what of which case, and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine.database.tables import Account, Reading


class What(StrEnum):
    """What was opened."""

    SAK = "sak"
    OPPGAVE = "oppgave"
    PLAN = "plan"
    SVAR = "svar"
    FIL = "fil"
    BREV = "brev"
    ELEV = "elev"  # the case on the pupil's own page
    SAARBARE = "saarbare"  # what it says of vulnerable pupils, in the overview of them


@dataclass(frozen=True)
class Reader:
    """One who has read a case: how many times, and first and last when (UTC)."""

    account_id: int
    name: str
    times: int
    first: datetime
    last: datetime


def record(session: Session, case_id: int, account_id: int, at: datetime, what: What) -> None:
    """Write down that the account opened this. Before it is shown: what can't be written down
    is not shown."""
    session.add(Reading(case_id=case_id, account_id=account_id, at=at, what=str(what)))
    session.flush()


def readers(session: Session, case_id: int) -> list[Reader]:
    """Everybody who has opened something of the case, the latest first."""
    last = func.max(Reading.at)
    rows = session.execute(
        select(Account.id, Account.name, func.count(Reading.id), func.min(Reading.at), last)
        .join(Account, Account.id == Reading.account_id)
        .where(Reading.case_id == case_id)
        .group_by(Account.id, Account.name)
        .order_by(last.desc(), Account.name)
    )
    return [Reader(*row) for row in rows]
