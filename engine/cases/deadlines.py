"""Deadlines as rows: what is due when, by which rule, and what happens when it passes.

Reminders and escalations are rows too, never drawn. A drawn timer waits for ever in the engine;
its row (kind `tidspunkt`) fires it, so the only clock is the product's.
"""

from __future__ import annotations

from datetime import datetime

from SpiffWorkflow.bpmn.specs.event_definitions.timer import TimerEventDefinition
from SpiffWorkflow.util.task import TaskState
from sqlalchemy import select

from engine.cases import notices
from engine.cases.agenda import (
    DUE,
    ESCALATION,
    LAPSED,
    MET,
    MOMENT,
    PASSED,
    REMINDER,
    WAITING,
    is_own,
)
from engine.cases.incidents import Stopped
from engine.cases.scripting import ALWAYS
from engine.database.tables import Deadline, Task
from engine.definitions.bpmn import rule_named
from engine.people.standing import Shield
from engine.records.log import Kind
from engine.rules import workdays
from engine.rules.rule import NoDate

DELIVERY = "varsle"  # the rule of telling rektor: the delivery that sets it also meets it


# --- setting -----------------------------------------------------------------------------------


def set_at_receipt(desk) -> None:
    """The report has been delivered: set every deadline that counts from it (`ved_mottak`).

    A case that is part of a pupil's leaves them to that one, but for those of its own steps; and
    where leadership is suspected, nobody waits for rektor to be told.
    """
    own = {step.rule for step in desk.definition.steps.values()}
    for rule in desk.definition.regelverk.at_receipt():
        if desk.case.part_of_id is not None and rule.key not in own:
            continue
        if desk.case.shielded == Shield.LEDELSE and rule.key == DELIVERY:
            continue
        _set(desk, rule.key, _moment(desk, rule, received=desk.case.received_at))
    for row in desk.agenda.deadlines(lambda row: row.rule == DELIVERY):
        _meet(row)
    _meet_what_is_done(desk)


def set_by_answer(desk, row: Task, task) -> None:
    """A step has been answered: set the deadlines that its answer decides (`settes_av`)."""
    for rule in desk.definition.regelverk.set_by(row.step):
        if desk.agenda.own(rule.key) is None:
            _set(desk, rule.key, _moment(desk, rule, task, desk.case.received_at))


def set_for_task(desk, row: Task, key: str, task) -> None:
    """Give a task its due date: the case's own when the rule counts from the report.

    A step that the case has been through before never opens late: where the report's day has gone
    by, a later round of it counts from its opening.
    """
    again = _has_been_through(desk, row)
    own = desk.agenda.own(key)
    if own is not None and not (again and own.due_at <= desk.now):
        row.due_at = own.due_at
        return
    rule, from_report = desk.definition.regelverk.frist(key), _from_report(desk, row)
    row.due_at = _moment(desk, rule, task, desk.case.received_at if from_report else None)
    if again and from_report and row.due_at <= desk.now:
        row.due_at = _moment(desk, rule, task)
    _set(desk, key, row.due_at, row)


def _has_been_through(desk, row: Task) -> bool:
    place = row.process_id, row.step
    closed = ((task.process_id, task.step) for task in desk.agenda.closed)
    return place in desk.sight.had or place in closed


def _from_report(desk, row: Task) -> bool:
    step = desk.definition.step(row.process_id, row.step)
    return desk.definition.counts_from_receipt(step)


def _moment(desk, rule, task=None, received: datetime | None = None) -> datetime:
    """When it is due. received: when the report was delivered, for what counts from that; without
    it such a rule counts from now."""
    try:
        return rule.due(
            opened=desk.now,
            received=received,
            now=desk.now,
            feel=lambda expression: desk.engine.value(task, expression),
        )
    except NoDate as missing:
        step = desk.step_of(task)
        raise Stopped(missing.args[0], step.id, step.name) from missing


def _set(desk, key: str, due_at: datetime, row: Task | None = None) -> None:
    _add(desk, key, DUE, due_at, row)
    _nudge(desk, key, due_at, row)
    desk.log(Kind.FRIST_SATT, {"regel": key, "frist": due_at.isoformat()}, step=row and row.step)


def _nudge(desk, key: str, due_at: datetime, row: Task | None = None) -> None:
    """The reminders and escalations of a deadline. A reminder from before the deadline was set is
    left out: the task itself has just been told of."""
    rule = desk.definition.regelverk.frist(key)
    for when, to in rule.reminders(due_at):
        if when > desk.now:
            _add(desk, key, REMINDER, when, row, to)
    for when, to in rule.escalations(due_at):
        _add(desk, key, ESCALATION, when, row, to)


def _add(desk, key, kind, due_at, row=None, to_role=None, token=None) -> None:
    deadline = Deadline(
        case_id=desk.case.id,
        task=row,
        token=token,
        rule=key,
        kind=kind,
        day=workdays.local_day(due_at),
        due_at=due_at,
        to_role=to_role,
        state=WAITING,
        set_at=desk.now,
    )
    desk.session.add(deadline)
    desk.agenda.add(deadline)


def correct_receipt(desk, value: str) -> None:
    """The report was received earlier than it was registered; never later. What counts from it,
    the case's own and the open tasks', is due earlier; what counts from its opening stays."""
    earlier, before = workdays.moment(value), desk.case.received_at
    if before is None or earlier >= before:
        return
    desk.case.received_at = earlier
    for row in [*desk.agenda.deadlines(lambda row: row.kind == DUE), *_delivery(desk)]:
        rule = desk.definition.regelverk.frist(row.rule)
        if is_own(row):
            if rule.ved_mottak:
                _reschedule(desk, row, _moment(desk, rule, received=earlier))
        elif _from_report(desk, row.task) and row.due_at == _moment(desk, rule, received=before):
            _reschedule(desk, row, _moment(desk, rule, received=earlier), row.task)
    for task in desk.agenda.open.values():
        if not _from_report(desk, task):
            continue
        rule = desk.definition.regelverk.frist(_rule_of(desk, task))
        if task.due_at == _moment(desk, rule, received=before):
            task.due_at = _moment(desk, rule, received=earlier)
            task.revision += 1


def _delivery(desk) -> list[Deadline]:
    """The deadline of telling rektor, which was met when it was set."""
    return desk.session.scalars(
        select(Deadline).where(
            Deadline.case_id == desk.case.id,
            Deadline.rule == DELIVERY,
            Deadline.kind == DUE,
            Deadline.task_id.is_(None),
            Deadline.state != WAITING,
        )
    ).all()


def move(desk, task: Task, due_at: datetime) -> None:
    """Bring an open task's deadline forward; a later date than the present one is ignored."""
    if task.due_at is not None and task.due_at <= due_at:
        return
    task.due_at = due_at
    task.revision += 1
    for row in desk.agenda.deadlines(lambda row: row.task is task and row.kind == DUE):
        _reschedule(desk, row, due_at, task)
    desk.log_task(Kind.FRIST_SATT, task, {"frist": due_at.isoformat()})


def _reschedule(desk, row: Deadline, due_at: datetime, task: Task | None = None) -> None:
    """Move a deadline, and its reminders and escalations with it."""
    row.due_at, row.day = due_at, workdays.local_day(due_at)
    for nudge in desk.agenda.deadlines(lambda other: other.kind in (REMINDER, ESCALATION)):
        if nudge.rule == row.rule and nudge.task is row.task:
            nudge.state = LAPSED
    if row.state == WAITING:
        _nudge(desk, row.rule, due_at, task)


# --- timers in the diagram ---------------------------------------------------------------------


def set_timers(desk) -> None:
    """Give every timer that waits in the diagram its row."""
    known = {row.token for row in desk.agenda.deadlines(_is_moment)}
    for task in _waiting_timers(desk).values():
        if str(task.id) in known:
            continue
        key = rule_named(task.task_spec.event_definition.expression)
        rule = desk.definition.regelverk.frist(key)
        due_at = _moment(desk, rule, task, desk.case.received_at)
        _add(desk, key, MOMENT, due_at, token=str(task.id))
        desk.passed.add(desk.step_of(task).id)


def fire_timers(desk) -> bool:
    """Fire the earliest timer whose time has come. True when one fired."""
    timers = _waiting_timers(desk)
    for row in desk.agenda.deadlines(_is_moment):
        if row.token not in timers:
            row.state = LAPSED
        elif row.due_at <= desk.now:
            row.state = PASSED
            task = timers[row.token]
            task.internal_data["event_value"] = ALWAYS
            task.task_spec._update(task)
            desk.log(Kind.FRIST_PASSERT, {"regel": row.rule}, step=desk.step_of(task).id)
            return True
    return False


def _waiting_timers(desk) -> dict:
    return {
        str(task.id): task
        for task in desk.workflow.event_manager.tasks.values()
        if task.state == TaskState.WAITING
        and isinstance(task.task_spec.event_definition, TimerEventDefinition)
    }


def _is_moment(row: Deadline) -> bool:
    return row.kind == MOMENT


# --- passing, meeting, lapsing -----------------------------------------------------------------


def pass_due(desk) -> bool:
    """Let everything that is due happen, in the order of time. Whether anything was.

    Of several reminders that have come due meanwhile, the last alone is told.
    """
    if not desk.agenda.is_due(desk.now):
        return False
    while True:
        due = desk.agenda.deadlines(lambda row: not _is_moment(row) and row.due_at <= desk.now)
        if not due:
            break
        row = due[0]
        row.state = PASSED
        if row.kind == DUE:
            _pass(desk, row, row.task)
        elif not any(_says_the_same(row, later) for later in due[1:]):
            kind = notices.DEADLINE_NEAR if row.kind == REMINDER else notices.DEADLINE_PASSED
            notices.tell_of_date(desk, row.to_role, kind, row.task)
            desk.log(Kind.VARSLET, {"regel": row.rule, "til": row.to_role})
    desk.advance()
    return True


def _says_the_same(row: Deadline, later: Deadline) -> bool:
    """Whether a later reminder or escalation of the same deadline reaches those whom this one is
    for. Of a task that was handed over, reminders go to another than escalations."""
    if later.kind == DUE or (later.rule, later.task) != (row.rule, row.task):
        return False
    apart = row.task is not None and row.task.handed_over_by_id is not None
    return later.to_role == row.to_role and (later.kind == row.kind or not apart)


def _pass(desk, row: Deadline, task: Task | None) -> None:
    rule = desk.definition.regelverk.frist(row.rule)
    desk.log(
        Kind.FRIST_PASSERT,
        {"regel": row.rule},
        step=task.step if task else None,
        step_name=task.name if task else None,
    )
    if rule.ved_frist and task is not None and task.state == "open":
        desk.complete(task, dict(rule.ved_frist), partial=True)


def meet(desk, task: Task) -> None:
    """A task is done: its deadline is met, if it was still to come, and its reminders lapse."""
    for row in desk.agenda.deadlines(lambda row: row.task is task):
        _meet(row)


def keep(desk) -> None:
    """After a step: deadlines of withdrawn tasks lapse, and those of the case are met when every
    step that they are for is done."""
    closed = desk.agenda.closed
    done = {_rule_of(desk, task) for task in closed}
    still = {_rule_of(desk, task) for task in desk.agenda.open.values()}
    for row in desk.agenda.deadlines(lambda row: not _is_moment(row)):
        if row.task in closed:
            row.state = LAPSED
        elif is_own(row) and row.rule in done - still:
            _meet(row)


def _meet_what_is_done(desk) -> None:
    """Deadlines that were set only after the steps that they are for had been done."""
    done = desk.session.execute(
        select(Task.process_id, Task.step)
        .where(Task.case_id == desk.case.id, Task.state != "open")
        .distinct()
    )
    steps = desk.definition.steps
    before = {steps[process_id, step].rule for process_id, step in done}
    still = {_rule_of(desk, task) for task in desk.agenda.open.values()}
    for row in desk.agenda.deadlines(lambda row: is_own(row) and not _is_moment(row)):
        if row.rule in before - still:
            _meet(row)


def _meet(row: Deadline) -> None:
    row.state = MET if row.kind == DUE else LAPSED


def _rule_of(desk, task: Task) -> str | None:
    return desk.definition.steps[task.process_id, task.step].rule


def lapse_all(desk) -> None:
    """The case has ended: nothing more is due."""
    for row in desk.agenda.deadlines():
        row.state = LAPSED


def lapse_clock(desk) -> None:
    """The case is closed but for its check: what counts from the report is no longer waited for."""
    for row in desk.agenda.deadlines(lambda row: is_own(row) and not _is_moment(row)):
        row.state = LAPSED


def only_remains(desk, step: str, rule: str) -> bool:
    """Whether all that is left is one step: it is open alone, or its timer alone is waited for."""
    left = {task.step for task in desk.agenda.open.values()}
    return left == {step} if left else _waits_only_for(desk, rule)


def _waits_only_for(desk, rule: str) -> bool:
    return {row.rule for row in desk.agenda.deadlines(_is_moment)} == {rule}
