"""The daily digest: how many tasks a person has, in the morning of each working day.

Which day's digest a person has got is kept with the person. So a worker that was away in the
morning makes it when it comes back, and nobody gets it twice.
"""

from __future__ import annotations

from datetime import date, datetime, time

from sqlalchemy import ColumnElement, func, or_, select

from engine.database.tables import Account, Mail, Task
from engine.jobs.outbox import WAITING
from engine.jobs.wording import DIGEST
from engine.people import access
from engine.people.contact import MailChoice
from engine.rules import workdays

MORNING = time(7)


def make_digests(product) -> int:
    """Make today's digest for everybody who wants one and has not got it; nobody gets one who has
    no tasks. Returns how many were made."""
    now = product.clock()
    today = workdays.local_day(now)
    if not workdays.is_workday(today) or workdays.local(now).time() < MORNING:
        return 0
    with product.database.session() as session:
        waiting = session.scalars(select(Account.id).where(*_waits(today))).all()
    return sum(_make(product, account_id, now, today) for account_id in waiting)


def _waits(today: date) -> tuple[ColumnElement[bool], ...]:
    return (
        Account.active,
        Account.email.is_not(None),
        Account.mail_choice == MailChoice.DAILY,
        or_(Account.digest_day.is_(None), Account.digest_day < today),
    )


def _make(product, account_id: int, now: datetime, today: date) -> bool:
    with product.database.transaction() as session:
        account = session.scalar(
            select(Account).where(Account.id == account_id, *_waits(today)).with_for_update()
        )
        if account is None:
            return False
        account.digest_day = today
        tasks, late = session.execute(
            select(func.count(Task.id), func.count(Task.id).filter(Task.due_at < now)).where(
                access.my_tasks(account_id, now)
            )
        ).one()
        if tasks:
            session.add(
                Mail(
                    account_id=account_id,
                    kind=DIGEST,
                    tasks=tasks,
                    late=late,
                    made_at=now,
                    state=WAITING,
                    attempts=0,
                    next_try_at=now,
                )
            )
        return bool(tasks)
