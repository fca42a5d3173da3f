"""The answers of a case as they stand: a correction counts in the place of what it corrects.

Every correction of an answer points to the first one (`Answer.corrects_id`), so that the order of
answers is that of the first ones, however late they were corrected.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import aliased

from engine.database.tables import Answer

first_id: ColumnElement[int] = func.coalesce(Answer.corrects_id, Answer.id)
"""The id of the first answer, which a correction takes the place of: what to order by."""


def first_of(row: Answer) -> int:
    return row.corrects_id or row.id


def as_they_stand(case_id: int) -> ColumnElement[bool]:
    """The condition on `Answer` that it is the newest of its kind in the case: never corrected, or
    the last correction."""
    each = aliased(Answer)
    newest = (
        select(func.max(each.id))
        .where(each.case_id == case_id)
        .group_by(func.coalesce(each.corrects_id, each.id))
    )
    return Answer.id.in_(newest)


def versions(session, row: Answer) -> list[Answer]:
    """What was answered first and every correction of it, in order; the last one counts."""
    first = first_of(row)
    return list(
        session.scalars(
            select(Answer)
            .where((Answer.id == first) | (Answer.corrects_id == first))
            .order_by(Answer.id)
        )
    )
