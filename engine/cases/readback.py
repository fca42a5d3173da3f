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
class Closed:
    """A task that is no longer open, for one who could have done it or had begun on it.

    case_number, pupil: None for one who may no longer know; may_read: what was answered;
    lines, saved_at: the draft that this account had not sent, its writer's alone; may_note: the
    text can be put on the case as a note.
    """

    task_name: str
    case_number: str | None
    pupil: str | None
    may_read: bool
    lines: tuple[Line, ...]
    saved_at: datetime | None
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


def closed(product, account_id: int, task_id: int) -> Closed:
    """The task, and what this account had typed there. Raises Refusal (IKKE_TILGANG)."""
    with product.database.session() as session:
        task, account = session.get(Task, task_id), session.get(Account, account_id)
        if task is None or task.state == "open":
            raise no_access()
        case, now = session.get_one(Case, task.case_id), product.clock()
        draft = drafts.read_draft(product, session, account_id, task_id)

        def may(permission: Permission) -> bool:
            about = task if permission in (Permission.COMPLETE_TASK, Permission.SEE_TASK) else None
            return access.may(session, account, permission, case=case, task=about, now=now)

        own = task.done_by_id == account_id and may(Permission.SEE_TASK)
        did_such = case.shielded is None and may(Permission.COMPLETE_TASK)
        knows = own or did_such or may(Permission.SEE_TASK)
        if not knows and draft is None:
            raise no_access()
        form = product.definition(session, case.version).form(task.process_id, task.form_key)
        people = register.pickers(session, case.school_id, case, now) if knows and draft else {}
        names = {option.value: option.label for each in people.values() for option in each}
        return Closed(
            task_name=task.name,
            case_number=case.number if knows else None,
            pupil=title_in(session, case) if knows else None,
            may_read=task.state == "done" and (own or may(Permission.SEE_ALL_ANSWERS)),
            lines=typed_lines(form, draft[0], names) if draft else (),
            saved_at=draft[1] if draft else None,
            may_note=may(Permission.NOTE),
        )


def drop_draft(product, account_id: int, task_id: int) -> None:
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
