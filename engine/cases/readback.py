"""A task read back: what was answered, and what this person had typed and not sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from engine.cases import drafts
from engine.cases.answers import Answers, answers, title_in
from engine.cases.desk import no_access
from engine.database.tables import Account, Answer, Case, Task
from engine.definitions import values
from engine.definitions.fields import Field, Kind, fields_of
from engine.definitions.forms import Form, Line, row_name, say
from engine.people import access, register
from engine.people.access import Permission


@dataclass(frozen=True)
class Unsent:
    """A draft of a task that is no longer open. Its writer alone may read it.

    pupil, case_number: None for one who may no longer know; may_note: whether its text can be put
    on the case as a note.
    """

    task_name: str
    case_id: int
    case_number: str | None
    pupil: str | None
    lines: tuple[Line, ...]
    saved_at: datetime
    may_note: bool


def answers_of(product, account_id: int, task_id: int) -> Answers:
    """What was answered at a task; the reading is logged. Raises Refusal (IKKE_TILGANG)."""
    with product.database.session() as session:
        found = session.execute(
            select(Answer.id, Case.number)
            .join(Case, Case.id == Answer.case_id)
            .where(Answer.task_id == task_id)
            .order_by(Answer.id.desc())
        ).first()
    if found is None:
        raise no_access()
    return answers(product, account_id, found.number, found.id)


def unsent(product, account_id: int, task_id: int) -> Unsent | None:
    """What this account had typed at a task that is no longer open; None when nothing is kept."""
    with product.database.session() as session:
        task = session.get(Task, task_id)
        draft = drafts.read_draft(product, session, account_id, task_id)
        if task is None or task.state == "open" or draft is None:
            return None
        case, account = session.get_one(Case, task.case_id), session.get(Account, account_id)
        now = product.clock()
        ask = {"case": case, "now": now}
        knows = access.may(session, account, Permission.COMPLETE_TASK, task=task, **ask)
        form = product.definition(session, case.version).form(task.process_id, task.form_key)
        people = register.pickers(session, case.school_id, case, now) if knows else {}
        names = {option.value: option.label for each in people.values() for option in each}
        return Unsent(
            task_name=task.name,
            case_id=case.id,
            case_number=case.number if knows else None,
            pupil=title_in(session, case) if knows else None,
            lines=typed_lines(form, draft[0], names),
            saved_at=draft[1],
            may_note=access.may(session, account, Permission.NOTE, **ask),
        )


def drop_unsent(product, account_id: int, task_id: int) -> None:
    """Delete this account's own draft of a task."""
    with product.database.transaction() as session:
        drafts.drop(session, account_id, task_id)


def typed_lines(form: Form, typed: Mapping[str, Any], names: Mapping[str, str]) -> tuple[Line, ...]:
    """What was typed, in the form's order; what can't be read stands as it was typed.

    names: whom references name; another reference is left as it is.
    """
    return tuple(_lines(form.components, typed, names))


def _lines(components, typed: Mapping[str, Any], names: Mapping[str, str]) -> list[Line]:
    lines: list[Line] = []
    for field in fields_of(tuple(components)):
        value = typed.get(field.key)
        if field.kind is Kind.LIST:
            rows = [
                (row_name(field, index), _lines(field.components, row, names))
                for index, row in enumerate(value if isinstance(value, list) else [])
                if isinstance(row, Mapping)
            ]
            if any(inner for _, inner in rows):
                lines.append((field.label, rows))
        elif not values.is_empty(value):
            lines.append((field.label, _text(field, value, names)))
    return lines


def _text(field: Field, value: Any, names: Mapping[str, str]) -> str:
    try:
        return say(field, values.read(field, value, None), lambda ref: names.get(ref, ref))
    except values.Unreadable:
        return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
