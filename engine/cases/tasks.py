"""The tasks of a case: opened when a step waits for somebody, completed, or withdrawn."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from SpiffWorkflow.util.task import TaskState

from engine.cases import deadlines, linked, notices, roster
from engine.cases.facts import told
from engine.cases.incidents import NOBODY, Stopped, raise_incident
from engine.cases.scripting import evaluate
from engine.database.tables import Account, Task
from engine.people import access, register, standing
from engine.people.roles import LABELS, Role
from engine.records.log import Kind
from engine.refusals import Reason, Refusal
from engine.sentences import say

_log = structlog.get_logger()

SUSPECTED = "mistenkt"


@dataclass(frozen=True)
class Performed:
    """Who did what another registers, and when (UTC)."""

    by_id: int
    at: datetime


_NEXT = {
    Role.KONTAKTLAERER: Role.SAKSANSVARLIG,
    Role.ANSVARLIG: Role.SAKSANSVARLIG,
    Role.TILRETTELEGGER: Role.SAKSANSVARLIG,
    Role.SAKSANSVARLIG: Role.REKTOR,
    Role.UNDERSOKER: Role.REKTOR,
    Role.LEDELSE: Role.REKTOR,
    Role.REKTOR: Role.SKOLEEIER,
}


def open_rows(desk) -> dict[str, Task]:
    """The case's open task rows, by the engine's id."""
    return desk.agenda.open


def sync(desk) -> None:
    """Make the rows those of the steps that wait for somebody: new ones open, others lapse."""
    waiting = {
        str(task.id): task for task in desk.workflow.get_tasks(state=TaskState.READY, manual=True)
    }
    rows = open_rows(desk)
    for token, row in rows.items():
        if token not in waiting:
            row.state = "withdrawn"
            row.done_at = desk.now
            desk.log_task(Kind.OPPGAVE_TRUKKET, row)
    for token, task in waiting.items():
        if token not in rows:
            _open(desk, task)


def give_anew(desk, moved: Collection[str] = ()) -> None:
    """The case is shielded, or somebody is named in it, after its tasks were opened: each goes to
    those whose it is now. In a shielded case a task stays by name only with those who handle it,
    and with those who lead it or answer for a measure of a plan since.

    moved: the roles that others hold than before: given anew, or the case is about another pupil.
    """
    away = _away(desk)
    for row in open_rows(desk).values():
        role = role_for(desk, desk.workflow.get_task_from_id(UUID(row.token)))
        out = {row.assignee_id, row.claimed_by_id} & away
        if role in (None, row.role) and not out and row.role not in moved:
            continue
        if row.assignee_id in out:
            row.assignee_id = row.handed_over_by_id = None
        row.role = role or desk.circle.handler_role(Role.REKTOR)
        row.claimed_by_id = None
        row.revision += 1
        desk.log_task(Kind.OPPGAVE_FLYTTET, row)
        tell_or_raise(desk, row)


def _away(desk) -> set[int]:
    """Those with a task by name, given or taken, who can't have one in this case as it is now."""
    rows = open_rows(desk).values()
    have = {each for row in rows for each in (row.assignee_id, row.claimed_by_id)} - {None}
    if not have or desk.case.shielded is None:
        return have & desk.circle.named
    ways = access.HANDLERS | {access.Who.TILRETTELEGGER, access.Who.ANSVARLIG}
    people = access.people_in(desk.session, desk.case, ways, desk.now)
    return have - {person.id for person in people}


def _open(desk, task) -> None:
    step = desk.step_of(task)
    row = Task(
        case_id=desk.case.id,
        token=str(task.id),
        scope_id=desk.facts.scope_of(task),
        process_id=step.process_id,
        step=step.id,
        name=step.name,
        form_key=step.form_key or "",
        role=role_for(desk, task),
        assignee_id=_assignee(desk, task, step),
        state="open",
        opened_at=desk.now,
    )
    desk.session.add(row)
    desk.agenda.opened(row)
    desk.log_task(Kind.OPPGAVE_OPNET, row)
    if step.rule:
        deadlines.set_for_task(desk, row, step.rule, task)
    desk.passed.add(step.id)
    tell_or_raise(desk, row)


def tell_or_raise(desk, row: Task) -> None:
    """Tell those whose turn it is; a task that is nobody's is an incident, never everybody's."""
    if notices.tell_of_task(desk, row):
        return
    why = say("Steget har ingen rolle.")
    if row.role:
        why = say("Ingen har rollen «%(role)s».", role=LABELS[Role(row.role)])
    if row.assignee_id is not None:
        why = say("Den som har oppgaven, er nevnt i saken og kan ikke gjøre den.")
    if not desk.circle.holders(Role.SKOLEEIER):  # nobody is left who could see the incident
        _log.error("nobody can act in a case", case_id=desk.case.id)
    raise_incident(desk.session, desk.case, NOBODY, why, at=desk.now, step=row.step, name=row.name)


def role_for(desk, task) -> str | None:
    """The role that does this task in this case.

    A shielded case has its own handlers. Where everybody in the role is named in the case, or
    nobody holds it, the next in `_NEXT` does it, in the end skoleeier: a child never waits for a
    role that is empty.
    """
    role = desk.role_of(task)
    if role is None:
        return None
    role = own = desk.circle.handler_role(Role(role))
    while not desk.circle.holders(role):
        if role not in _NEXT:
            return own
        role = _NEXT[role]
    if role is Role.SKOLEEIER:
        desk.case.serious = True
    return role


def _assignee(desk, task, step) -> int | None:
    if step.assignee is None:
        return None
    ref = desk.engine.value(task, step.assignee)
    if ref is None and desk.role_of(task) is not None:
        return None  # nobody is chosen: it is the role's
    kind, number = register.parse(ref)
    if kind is not register.Kind.ANSATT or not _exists(desk, number):
        raise Stopped(say("Steget har ingen å gi oppgaven til."), step.id, step.name)
    return number


def _exists(desk, account_id: int) -> bool:
    return desk.circle.knows(account_id) or desk.session.get(Account, account_id) is not None


def complete(
    desk, row: Task, typed: dict, partial: bool = False, performed: Performed | None = None
) -> None:
    """Judge the answers, keep them and let the engine take this step. Raises Refusal.

    performed: who did it and when, where another registers it; the form judges both persons.
    """
    task = desk.workflow.get_task_from_id(UUID(row.token))
    step = desk.definition.step(row.process_id, row.step)
    form = desk.definition.form(row.process_id, row.form_key)
    for person in {performed.by_id if performed else desk.actor_id, desk.actor_id}:
        answers = form.judge(
            typed,
            context_of(desk, row, task),
            evaluate,
            roster.pickers(desk),
            named=roster.named(desk),
            person=register.ref(register.Kind.ANSATT, person) if person else None,
            partial=partial,
        )
    keep_answers(desk, row, form, answers, performed)
    row.state, row.done_at, row.done_by_id = "done", desk.now, desk.actor_id
    desk.passed.add(row.step)
    desk.log_task(Kind.OPPGAVE_UTFORT, row, _detail(performed))
    if form.named(answers):
        desk.session.flush()
        give_anew(desk)
    deadlines.meet(desk, row)
    deadlines.set_by_answer(desk, row, task)
    notices.tell_from_step(desk, task, step)
    try:
        task.run()
    except Stopped:
        raise
    except Exception as error:
        raise desk.stopped(error) from error


def _detail(performed: Performed | None) -> dict[str, Any] | None:
    if performed is None:
        return None
    return {"utfort_av": performed.by_id, "utfort_tid": performed.at.isoformat()}


def context_of(desk, row: Task, task) -> dict[str, Any]:
    """What a form's rules see: the case's answers around the task, and whether it is late. What is
    worked out only when it is named is worked out here: pages read it when the case is put down."""
    late = row.due_at is not None and row.due_at < desk.now
    form = desk.definition.form(row.process_id, row.form_key)
    named = " ".join(text for _, _, text in form.expressions())
    return {**told(named, desk.engine.context(task)), "over_frist": late}


def keep_answers(desk, row: Task, form, answers: dict, performed: Performed | None = None) -> None:
    """Write an answer row, and what follows from the answers for the case itself."""
    if row.id is None:  # opened in this very command
        desk.session.flush()
    desk.keep_answer(
        row,
        answers,
        task_id=row.id,
        account_id=desk.actor_id,
        form_version=form.sha256,
        performed_by_id=performed.by_id if performed else None,
        performed_at=performed.at if performed else None,
    )
    desk.session.flush()  # it has its number from here on
    for ref, part in form.named(answers):
        name_in_case(desk, ref, part)
    for ref, role in form.case_roles(answers):
        _, account_id = register.parse(ref)
        people = [account_id] if account_id else roster.holders_at_school(desk, ref)
        roster.give_roles(desk, people, role)
    if roles := form.roles_in_pupils_case(answers):
        linked.tell_pupils_case(desk, roller={role: ref for ref, role in roles})
    for what, value in form.marks(answers):
        mark(desk, what, value)


def name_in_case(desk, ref: str, part: str) -> None:
    """A person is named in the case by an answer."""
    roster.name_person(desk, register.parse(ref)[1], part)
    if part == SUSPECTED and roster.leads_school(desk, register.parse(ref)[1]):
        # Past the school, whichever box was ticked.
        _shield(desk, standing.Shield.LEDELSE)


def mark(desk, what: str, value: Any) -> None:
    """What an answer says of the case itself (a form field's `merker`)."""
    if what == "elev":
        _about(desk, register.parse(value)[1])
    elif what == "alvorlig" and value == "ja":
        desk.case.serious = True
    elif what == "skjermet_ansatt" and value == "ja":
        _shield(desk, standing.Shield.ANSATT)
    elif what == "skjermet_ledelse" and value == "ja":
        _shield(desk, standing.Shield.LEDELSE)
    elif what == "stilling":
        _shield(desk, standing.Shield(value))
    elif what == "mottatt":
        deadlines.correct_receipt(desk, value)
        linked.tell_pupils_case(desk, mottatt=value)


def _about(desk, pupil_id: int) -> None:
    """The case is about this pupil, and so are those it belongs together with: who is informed and
    protected is never two pupils."""
    if desk.case.pupil_id not in (None, pupil_id):
        for case in linked.others(desk):
            case.pupil_id = pupil_id
    desk.case.pupil_id = pupil_id
    desk.circle.meet_pupil(desk.session, pupil_id)


def _shield(desk, about: standing.Shield) -> None:
    """Shield the case, and those it belongs together with, whose open tasks find new hands."""
    for case in roster.shield(desk, about):
        if case.id != desk.case.id and case.ended_at is None:
            linked.post(desk, case, linked.ABOUT_CASE, {})


def no_longer_open(desk, task: Task) -> Refusal:
    """What is said to one who comes to a task that is done or withdrawn."""
    if task.state == "done":
        did = say("leverte «%(step)s»", step=task.name)
        return roster.first_was(desk, task.done_by_id, did, task.done_at)
    return Refusal(
        Reason.ALLEREDE_UTFORT,
        say("«%(step)s» er ikke lenger aktuell. Saken har gått videre.", step=task.name),
        at=task.done_at,
    )
