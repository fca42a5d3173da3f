"""One task as a page reads it: its form, what is typed, and what is known from before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import select

from engine.cases import drafts, files, given, handover, linked, onbehalf, roster, tasks
from engine.cases.desk import Desk, no_access
from engine.cases.files import Filed
from engine.cases.handover import Given
from engine.cases.inbox import item_in_words
from engine.cases.lists import title_of
from engine.cases.parts import Parts, acting_role
from engine.cases.scripting import evaluate
from engine.database.tables import Account, Answer, Case, Pupil, Task
from engine.definitions.fields import Kind
from engine.definitions.forms import Form
from engine.people import access, standing
from engine.people.access import Permission
from engine.people.register import Option
from engine.people.roles import LABELS, Role
from engine.records import reading

OPEN_CASE = "finnes_aapen_sak"  # the fact that a form about joining asks for
OWN_WORDS = "elevens_"
"""How the key of a field begins that holds what the pupil has said."""


@dataclass(frozen=True)
class Known:
    """An earlier answer to have beside the form. own_words: the pupil's, which come first."""

    label: str
    text: Any  # text, or for a list its rows (engine.definitions.forms.Line)
    source: str  # the step it comes from
    at: datetime
    own_words: bool


@dataclass(frozen=True)
class OtherCase:
    """The pupil's open case that this report can be joined to, and the steps that it is in."""

    number: str
    steps: tuple[str, ...]


@dataclass(frozen=True)
class Worksheet:
    """A task with all that its page shows.

    typed: the draft, else the form's defaults; shown: the paths of fields that show;
    item: what one of several alike tasks is about; role: whose task it is, in words; part: what
    this account is in it (engine.cases.parts); may_claim: it is one of several who can do it;
    given: how it came to the one who has it from a colleague; receivers: to whom this account may
    give it; performers: who else can have done it, for one who registers it for another;
    rule: engine.rules.rule.Rule of the deadline; files: given with this task.
    """

    task_id: int
    revision: int
    name: str
    case_number: str
    pupil: str | None
    shielded: bool
    item: str | None
    role: str | None
    part: str | None
    due_at: datetime | None
    late: bool
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
    may_return: bool
    given: Given | None
    receivers: tuple[Option, ...]
    performers: tuple[Option, ...]
    may_see_case: bool
    known: tuple[Known, ...]
    files: tuple[Filed, ...]
    other_case: OtherCase | None


def worksheet(
    product, account_id: int, task_id: int, typed: dict[str, Any] | None = None
) -> Worksheet:
    """The task's page for this account. `typed`: what stands in the form now, in place of a draft.

    Raises Refusal: IKKE_TILGANG, INHABIL, or ALLEREDE_UTFORT when the task is no longer open; that
    also to one who could have done it, but may not read what was answered.
    """
    now = product.clock()
    with product.database.transaction() as session:
        task, account = session.get(Task, task_id), session.get(Account, account_id)
        if task is None:
            raise no_access()
        case = session.get_one(Case, task.case_id)
        _require(session, account, case, task, now)
        desk = Desk(product, session, case, account_id)
        if task.state != "open":
            raise tasks.no_longer_open(desk, task)
        if typed is None:
            reading.record(session, case.id, account_id, now, reading.What.OPPGAVE)
        desk.load()
        return _worksheet(desk, account, task, typed)


def form_of(product, account_id: int, task_id: int) -> Form:
    """The form of a task, open or not, for one who may see it or could have done it.

    Raises Refusal (IKKE_TILGANG, INHABIL).
    """
    with product.database.session() as session:
        task, account = session.get(Task, task_id), session.get(Account, account_id)
        if task is None:
            raise no_access()
        case = session.get_one(Case, task.case_id)
        _require(session, account, case, task, product.clock())
        return product.definition(session, case.version).form(task.process_id, task.form_key)


def _require(session, account: Account | None, case: Case, task: Task, now: datetime) -> None:
    """Refuse all but those who may see the task, and those who do such tasks in the case. Once it
    is no longer open, a shielded case is not known to those who only had a task in it."""
    ask = {"case": case, "task": task, "now": now}
    if access.may(session, account, Permission.SEE_TASK, **ask):
        return
    if case.shielded is not None and task.state != "open":
        access.require(session, account, Permission.SEE_CASE, case=case, now=now)
    access.require(session, account, Permission.COMPLETE_TASK, **ask)


def _worksheet(desk: Desk, account: Account, task: Task, typed: dict[str, Any] | None) -> Worksheet:
    waiting = desk.workflow.get_task_from_id(UUID(task.token))
    step = desk.definition.step(task.process_id, task.step)
    form = desk.definition.form(task.process_id, task.form_key)
    context = tasks.context_of(desk, task, waiting)
    draft = drafts.read_draft(desk.product, desk.session, account.id, task.id)
    if typed is None:
        typed = draft[0] if draft else form.defaults(context, evaluate)
    ask = {"case": desk.case, "task": task, "now": desk.now}
    claimed = desk.session.get(Account, task.claimed_by_id) if task.claimed_by_id else None
    pupil = desk.session.get(Pupil, desk.case.pupil_id) if desk.case.pupil_id else None
    may_complete = access.may(desk.session, account, Permission.COMPLETE_TASK, **ask)
    parts = Parts(desk.session, account.id, desk.now)
    return Worksheet(
        task_id=task.id,
        revision=task.revision,
        name=task.name,
        case_number=desk.case.number,
        pupil=title_of(desk.case, pupil),
        shielded=desk.case.shielded is not None,
        item=_item(desk, task.scope_id),
        role=LABELS[Role(task.role)] if acting_role(task) else None,
        part=parts.of(desk.case, task, doing=may_complete),
        due_at=task.due_at,
        late=task.due_at is not None and task.due_at < desk.now,
        rule=desk.definition.regelverk.frist(step.rule) if step.rule else None,
        state=task.state,
        form=form,
        typed=typed,
        shown=form.visible(context, typed, evaluate),
        context=context,
        options=dict(roster.pickers(desk)),
        draft_at=draft[1] if draft else None,
        claimed_by=claimed.name if claimed else None,
        claimed_by_me=task.claimed_by_id == account.id,
        may_complete=may_complete,
        may_claim=_several(desk, task)
        and access.may(desk.session, account, Permission.CLAIM_TASK, **ask),
        may_return=access.may(desk.session, account, Permission.RETURN_TASK, **ask),
        given=handover.given(desk, task),
        receivers=tuple(handover.receivers(desk, task, account)),
        performers=tuple(onbehalf.performers(desk, task)) if may_complete else (),
        may_see_case=access.may(
            desk.session, account, Permission.SEE_CASE, case=desk.case, now=desk.now
        ),
        known=tuple(_known(desk, step.shows)),
        files=files.listed(desk, account, task.id),
        other_case=_other_case(desk, account, form),
    )


def _other_case(desk: Desk, account: Account, form: Form) -> OtherCase | None:
    """The case that a form which asks about it means, for one who may see that case."""
    if not any(OPEN_CASE in text for _, _, text in form.expressions()):
        return None
    other = roster.other_open_case(desk)
    about = {"case": other, "now": desk.now}
    if other is None or not access.may(desk.session, account, Permission.SEE_CASE, **about):
        return None
    rows = desk.session.scalars(
        select(Task.name).where(Task.case_id == other.id, Task.state == "open").order_by(Task.id)
    )
    return OtherCase(other.number, tuple(dict.fromkeys(rows)))


def _item(desk: Desk, scope_id: str) -> str | None:
    if not _is_child(desk, scope_id):
        return None
    return item_in_words(desk.session, desk.facts.scopes[scope_id].item)


def _several(desk: Desk, task: Task) -> bool:
    """Whether more than one person can do the task, so that taking it tells something."""
    if task.assignee_id is not None or not task.role:
        return False
    return len(standing.case_holders(desk.session, desk.case, Role(task.role), desk.now)) > 1


def _is_child(desk: Desk, scope_id: str) -> bool:
    """Whether the scope is one child of a multi-instance step."""
    scope = desk.facts.scopes.get(scope_id)
    return scope is not None and scope.kind == "mi"


def _known(desk: Desk, shows: Sequence[str]) -> list[Known]:
    """The earlier answers that the diagram says this step shows (`trygg:viser`)."""
    wanted: dict[str, set[str]] = {}
    for each in shows:
        step, _, field = each.partition(".")
        wanted.setdefault(step, set()).add(field)
    newest: dict[tuple[str, str], Answer] = {}
    for row in desk.session.scalars(
        select(Answer)
        .where(
            Answer.case_id == desk.case.id,
            Answer.step.in_(wanted),
            given.as_they_stand(desk.case.id),
        )
        .order_by(given.first_id)
    ):
        newest[row.step, row.scope_id] = row
    order = list(wanted)
    found = []
    for (step_id, _), row in sorted(newest.items(), key=lambda each: order.index(each[0][0])):
        step = desk.definition.step(row.process_id, step_id)
        answers = desk.unseal(row.sealed_answers, "answer")
        if not step.form_key:
            found += _received(step, row, answers, wanted[step_id])
            continue
        form = desk.definition.form(row.process_id, step.form_key)
        is_own = not _is_child(desk, row.scope_id)  # a child of a step may be another pupil's
        for key, field in form.fields():
            if "." in key or key not in answers or not wanted[step_id] & {key, "*"}:
                continue
            own = is_own and key.startswith(OWN_WORDS) and field.kind in (Kind.TEXT, Kind.LONGTEXT)
            for label, text in form.describe({key: answers[key]}, partial(roster.name_of, desk)):
                found.append(Known(label, text, step.name, row.at, own))
    return sorted(found, key=lambda known: not known.own_words)


def _received(step, row: Answer, answers: dict, wanted: set[str]) -> list[Known]:
    """What a message from another case carried."""
    return [
        Known(*line, step.name, row.at, own_words=key.startswith(OWN_WORDS))
        for key, line in linked.in_words(answers).items()
        if wanted & {key, "*"}
    ]
