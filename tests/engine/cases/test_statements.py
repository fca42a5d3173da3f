"""How much a step and a page ask of the database: so that it does not grow again unseen."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from engine.cases.agenda import Agenda
from engine.cases.desk import open_case
from engine.cases.play import read_scenarios
from engine.cases.sight import HISTORY, SPARE
from engine.cases.submit import SubmitTask, submit_task
from engine.database.tables import Answer, Deadline, Event, Scope, Task
from engine.records import log
from engine.refusals import Reason, Refusal
from tests.counting import submits_of
from tests.course import APPROVED, STEPS, Course

SCENARIOS = Path(__file__).parents[2] / "scenarios" / "core.yaml"
MOST = 15


@pytest.mark.parametrize("name", ["T02", "T05", "C1"])
def test_no_submit_of_a_written_case_takes_many_statements(database, name):
    scenario = next(s for s in read_scenarios(SCENARIOS) if s["id"] == name)
    taken = submits_of(scenario, database)
    assert len(taken) > 10
    assert [(step, count) for step, count in taken if count > MOST] == []


def test_what_is_due_is_counted_apart_and_stands_though_the_submit_is_refused(database):
    course = Course(database, APPROVED)
    course.set("2026-09-08T12:00")  # ukesjekk and reminders are due, and nobody has let them pass
    with database.session() as session:
        task = session.scalar(select(Task).where(Task.state == "open"))
    command = SubmitTask(task.id, course.account("aks"), {}, "receipt")
    with pytest.raises(Refusal) as refused:
        submit_task(course.product, command)
    assert refused.value.code is Reason.IKKE_TILGANG
    with database.session() as session:
        waiting = select(Deadline).where(
            Deadline.state == "ventende", Deadline.due_at <= course.player.now
        )
        assert session.scalars(waiting).all() == []
        assert list(log.verify(session)) == []


def test_rows_that_go_in_together_keep_their_order_and_their_ids(database):
    """Deadlines point at the tasks that were written with them, and the log is in its order."""
    Course(database, APPROVED)
    with database.session() as session:
        for deadline, task in session.execute(
            select(Deadline, Task).join(Task, Task.id == Deadline.task_id)
        ):
            assert deadline.set_at == task.opened_at
            if deadline.kind == "frist" and task.due_at is not None:
                assert deadline.due_at == task.due_at
        events = session.scalars(select(Event).order_by(Event.case_id, Event.seq)).all()
        assert [event.id for event in events] == sorted(event.id for event in events)


def test_a_step_reads_what_is_in_sight_and_no_more(database):
    """Long ago answered rounds are marked and no longer read; the newest twelve always are."""
    course = Course(database, APPROVED)
    with course.product.database.transaction() as session:
        newest = session.scalar(select(Answer).order_by(Answer.id.desc()))
        case_id, old = newest.case_id, newest.id
        for number in range(HISTORY + SPARE):
            session.add(_again(session, newest, number))
    course.go_on(STEPS[APPROVED : APPROVED + 1])
    with database.session() as session:
        rows = session.scalars(
            select(Answer).where(Answer.step == newest.step).order_by(Answer.id)
        ).all()
        assert not session.get_one(Answer, old).in_sight
    assert [row.in_sight for row in rows] == [False] * (len(rows) - HISTORY) + [True] * HISTORY
    with open_case(course.product, case_id, None) as desk:
        seen = desk.facts.answers[newest.scope_id][newest.step]
    assert len(seen) == HISTORY


def _again(session, row: Answer, number: int) -> Answer:
    return Answer(
        case_id=row.case_id,
        scope_id=row.scope_id,
        process_id=row.process_id,
        step=row.step,
        account_id=row.account_id,
        at=row.at + timedelta(minutes=number),
        sealed_answers=row.sealed_answers,
    )


def test_scopes_of_rounds_long_past_are_put_out_of_sight(database):
    course = Course(database, APPROVED)
    with database.transaction() as session:
        kept = session.scalars(select(Scope)).all()
        like = kept[0]
        for number in range(SPARE + 1):  # older rounds of the same step
            session.add(
                Scope(
                    id=f"old {number}",
                    case_id=like.case_id,
                    seq=-number - 1,
                    kind=like.kind,
                    step=like.step,
                    parent_id=like.parent_id,
                    group=f"round {number}",
                )
            )
    course.go_on(STEPS[APPROVED : APPROVED + 1])
    with database.session() as session:
        in_sight = set(session.scalars(select(Scope.id).where(Scope.in_sight)))
    assert {scope.id for scope in kept} <= in_sight
    assert not any(name.startswith("old") for name in in_sight)


def test_an_agenda_leaves_what_is_past(database):
    Course(database, APPROVED)
    with database.session() as session:
        tasks = session.scalars(select(Task)).all()
        agenda = Agenda(session, tasks[0].case_id)
        open_ones = {task.token for task in tasks if task.state == "open"}
        assert agenda.open.keys() == open_ones and len(open_ones) < len(tasks)
        waiting = session.scalars(select(Deadline).where(Deadline.state == "ventende")).all()
        assert {row.id for row in agenda.deadlines()} == {row.id for row in waiting}
