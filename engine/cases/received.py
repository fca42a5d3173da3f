"""The notices that one person has received, as the page shows them.

A notice is a row that says little; what its line tells of the case is asked for when it is shown:
whoever may not see the case any more is told no more than that something was told.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import defer

from engine.cases.lists import title_of
from engine.database.tables import Case, Notice, Pupil, Task
from engine.people import access

LIMIT = 200


@dataclass(frozen=True)
class NoticeLine:
    """One notice. Moments in UTC.

    kind: engine.cases.notices; step: the task's name; task_id: a task that is mine to do; number:
    of the case, when its page is open to me; pupil: what the case is called; due_at: the task's.
    All but the first three are None where I may not know.
    """

    kind: str
    at: datetime
    unread: bool
    step: str | None
    task_id: int | None
    number: str | None
    pupil: str | None
    due_at: datetime | None


def open_notices(product, account_id: int) -> list[NoticeLine]:
    """One's own notices, the newest first, LIMIT at most. What is shown counts as read from then
    on, and so does all that is older."""
    now = product.clock()
    mine = access.my_tasks(account_id, now).label("mine")
    done = access.done_by_me(account_id, now).label("done")
    seen = access.visible_cases(account_id, now).label("seen")
    newest = (
        select(Notice.id)
        .where(access.own_notices(account_id, now))
        .order_by(Notice.id.desc())
        .limit(LIMIT)
    )
    with product.database.session() as session:
        rows = session.execute(
            select(Notice, Task, Case, Pupil, mine, done, seen)
            .join(Case, Case.id == Notice.case_id)
            .outerjoin(Task, Task.id == Notice.task_id)
            .outerjoin(Pupil, Pupil.id == Case.pupil_id)
            .where(Notice.id.in_(newest))
            .order_by(Notice.id.desc())
            .options(defer(Case.state, raiseload=True))
        ).all()
    if any(row.Notice.read_at is None for row in rows):
        _mark_read(product, account_id, rows[0].Notice.id, now)
    return [_line(row) for row in rows]


def _line(row) -> NoticeLine:
    notice, task, case, pupil = row.Notice, row.Task, row.Case, row.Pupil
    known = bool(row.seen or row.mine or row.done)
    return NoticeLine(
        kind=notice.kind,
        at=notice.at,
        unread=notice.read_at is None,
        step=task.name if known and task is not None else None,
        task_id=task.id if row.mine else None,
        number=case.number if row.seen else None,
        pupil=title_of(case, pupil) if known else None,
        due_at=task.due_at if row.mine else None,
    )


def _mark_read(product, account_id: int, newest: int, now: datetime) -> None:
    with product.database.transaction() as session:
        session.execute(
            update(Notice)
            .where(
                Notice.account_id == account_id,
                Notice.read_at.is_(None),
                Notice.id <= newest,
            )
            .values(read_at=now)
        )
