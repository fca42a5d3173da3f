"""One task as a page reads it: its form, what is typed, and what is known from before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from engine.cases import drafts
from engine.cases.desk import Desk, no_access
from engine.cases.lists import title_of
from engine.cases.scripting import evaluate
from engine.database.tables import Account, Answer, Case, Pupil, Task
from engine.definitions.forms import Form
from engine.people import access, register
from engine.people.access import Permission
from engine.people.roles import LABELS, Role
from engine.records import reading


@dataclass(frozen=True)
class Known:
    """What a form asks to have beside it: an earlier answer, in the pupil's words first."""

    label: str
    text: Any  # text, or for a list its rows (engine.definitions.forms.Line)
    source: str  # the step it comes from
    at: datetime


@dataclass(frozen=True)
class Worksheet:
    """A task with all that its page shows.

    typed: the draft, else the form's defaults; shown: the paths of fields that show;
    item: what one of several alike tasks is about; rule: engine.rules.rule.Rule of the deadline.
    """

    task_id: int
    revision: int
    name: str
    case_number: str
    pupil: str | None
    item: str | None
    role: str | None
    due_at: datetime | None
    rule: Any | None
    state: str
    form: Form
    typed: dict[str, Any]
    shown: frozenset[str]
    context: Mapping[str, Any]
    options: Mapping[str, Sequence]
    draft_at: datetime | None
    claimed_by: str | None
    claimed_by_me: bool
    may_complete: bool
    may_claim: bool
    may_see_case: bool
    known: tuple[Known, ...]


def worksheet(
    product, account_id: int, task_id: int, typed: dict[str, Any] | None = None
) -> Worksheet:
    """The task's page for this account. `typed`: what stands in the form now, in place of a draft.

    Raises Refusal: IKKE_TILGANG, or ALLEREDE_UTFORT when the task is no longer open.
    """
    now = product.clock()
    with product.database.transaction() as session:
        task, account = session.get(Task, task_id), session.get(Account, account_id)
        if task is None:
            raise no_access()
        case = session.get_one(Case, task.case_id)
        access.require(session, account, Permission.SEE_TASK, case=case, task=task, now=now)
        if typed is None:
            reading.record(session, case.id, account_id, now, reading.What.OPPGAVE)
        desk = Desk(product, session, case, account_id)
        desk.load()
        return _worksheet(desk, account, task, typed)


def _worksheet(desk: Desk, account: Account, task: Task, typed: dict[str, Any] | None) -> Worksheet:
    if task.state != "open":
        raise desk.no_longer_open(task)
    waiting = desk.workflow.get_task_from_id(UUID(task.token))
    step = desk.definition.step(task.process_id, task.step)
    form = desk.definition.form(task.process_id, task.form_key)
    context = desk.context_of(task, waiting)
    draft = None
    if typed is None:
        draft = drafts.read_draft(desk.product, desk.session, account.id, task.id)
        typed = draft[0] if draft else form.defaults(context, evaluate)
    ask = {"case": desk.case, "task": task, "now": desk.now}
    claimed = desk.session.get(Account, task.claimed_by_id) if task.claimed_by_id else None
    pupil = desk.session.get(Pupil, desk.case.pupil_id) if desk.case.pupil_id else None
    return Worksheet(
        task_id=task.id,
        revision=task.revision,
        name=task.name,
        case_number=desk.case.number,
        pupil=title_of(desk.case, pupil),
        item=_item(desk, task.scope_id),
        role=LABELS[Role(task.role)] if task.role else None,
        due_at=task.due_at,
        rule=desk.definition.regelverk.frist(step.rule) if step.rule else None,
        state=task.state,
        form=form,
        typed=typed,
        shown=form.visible(context, typed, evaluate),
        context=context,
        options=desk.pickers(),
        draft_at=draft[1] if draft else None,
        claimed_by=claimed.name if claimed else None,
        claimed_by_me=task.claimed_by_id == account.id,
        may_complete=access.may(desk.session, account, Permission.COMPLETE_TASK, **ask),
        may_claim=access.may(desk.session, account, Permission.CLAIM_TASK, **ask),
        may_see_case=access.may(
            desk.session, account, Permission.SEE_CASE, case=desk.case, now=desk.now
        ),
        known=tuple(_known(desk, step.shows)),
    )


def _item(desk: Desk, scope_id: str) -> str | None:
    """What one child of a multi-instance step is about: a person's name, or a measure's text."""
    scope = desk.facts.scopes.get(scope_id)
    if scope is None or scope.kind != "mi":
        return None
    if isinstance(scope.item, dict):
        if scope.item.get("beskrivelse"):
            return scope.item["beskrivelse"]
        refs = [value for value in scope.item.values() if register.parse(value)[0]]
    else:
        refs = [scope.item]
    names = (register.name_of(desk.session, ref) for ref in refs)
    return ", ".join(filter(None, names)) or None


def _known(desk: Desk, shows: Sequence[str]) -> list[Known]:
    """The earlier answers that the diagram says this step shows (`trygg:viser`)."""
    wanted: dict[str, set[str]] = {}
    for each in shows:
        step, _, field = each.partition(".")
        wanted.setdefault(step, set()).add(field)
    newest: dict[tuple[str, str], Answer] = {}
    for row in desk.session.scalars(
        select(Answer)
        .where(Answer.case_id == desk.case.id, Answer.step.in_(wanted))
        .order_by(Answer.id)
    ):
        newest[row.step, row.scope_id] = row
    found = []
    for (step_id, _), row in sorted(
        newest.items(), key=lambda each: list(wanted).index(each[0][0])
    ):
        step = desk.definition.step(row.process_id, step_id)
        form = desk.definition.form(row.process_id, step.form_key)
        answers = desk.unseal(row.sealed_answers, "answer")
        if "*" not in wanted[step_id]:
            answers = {key: it for key, it in answers.items() if key in wanted[step_id]}
        for label, text in form.describe(answers, desk.name_of):
            found.append(Known(label, text, step.name, row.at))
    return found
