"""The year's events become cases when their time comes, with those responsible told."""

from __future__ import annotations

from uuid import uuid4

import pytest
from sqlalchemy import func, select

from engine.cases.inbox import my_tasks
from engine.cases.submit import SubmitTask, submit_task
from engine.cases.tick import let_deadlines_pass
from engine.database.tables import (
    Account,
    Case,
    CaseRole,
    Deadline,
    Event,
    Notice,
    RoleHolding,
    Task,
    YearEvent,
    YearRow,
)
from engine.people import access
from engine.people.access import Permission
from engine.records.log import Kind
from engine.year.opening import open_due


def event(session, key: str, group: str = "", period: int = 1) -> YearEvent:
    return session.scalar(
        select(YearEvent)
        .join(YearRow, YearRow.id == YearEvent.row_id)
        .where(YearRow.key == key, YearEvent.group == group, YearEvent.period == period)
    )


@pytest.fixture
def opened(product, clock, planned):
    """The same school on 24 September, when the sociogram's task has come."""
    clock.set("2026-09-24T08:00")
    open_due(product)
    return planned


def task_of(product, key: str, group: str = "", step: str | None = None) -> Task:
    with product.database.session() as session:
        rows = session.scalars(
            select(Task)
            .where(Task.case_id == event(session, key, group).case_id, Task.state == "open")
            .order_by(Task.id)
        ).all()
    return next(row for row in rows if step in (None, row.step))


def submit(product, task: Task, account_id: int, answers: dict) -> None:
    submit_task(
        product,
        SubmitTask(task_id=task.id, account_id=account_id, answers=answers, receipt=str(uuid4())),
    )


def test_planning_alone_opens_no_case(product, planned):
    with product.database.session() as session:
        assert session.scalar(select(func.count(Case.id))) == 0
        assert session.scalar(select(func.count(YearEvent.id))) > 100


def test_what_is_due_is_opened_once(product, opened):
    with product.database.session() as session:
        before = session.scalar(select(func.count(Case.id)))
        assert before > 0
        assert event(session, "R02", "4B").case_id is not None
        assert event(session, "R14", "4B").case_id is None, "its time has not come"
    assert open_due(product) == 0
    with product.database.session() as session:
        assert session.scalar(select(func.count(Case.id))) == before


def test_a_class_routine_is_its_own_teachers_and_nobody_elses(product, opened):
    mine = [line.pupil for line in my_tasks(product, opened.accounts["maja"])]
    assert "Sosiogram og relasjonskartlegging, 4B" in mine
    assert not [title for title in mine if title.endswith("5A")]
    assert not [line for line in my_tasks(product, opened.accounts["emil"])]


def test_a_case_of_the_school_is_seen_by_leadership_and_those_with_a_task(product, clock, opened):
    with product.database.session() as session:
        case = session.get_one(Case, event(session, "R02", "4B").case_id)
        sees = {
            name
            for name, account_id in opened.accounts.items()
            if session.scalar(
                select(Case.id).where(Case.id == case.id, access.visible_cases(account_id, clock()))
            )
        }
        reads = {
            name
            for name in opened.accounts
            if access.may(
                session,
                session.get_one(Account, opened.accounts[name]),
                Permission.SEE_ALL_ANSWERS,
                case=case,
                now=clock(),
            )
        }
        reported = session.scalar(
            select(Case.id).where(
                Case.id == case.id,
                access.own_reports(session.get_one(Account, case.reporter_id), clock()),
            )
        )
    assert sees == {"berit", "line", "maja"}
    assert reads == {"berit", "line"}
    assert reported is None, "what the year opened is nobody's report"


def test_a_routine_is_planned_done_and_documented(product, clock, opened):
    maja = opened.accounts["maja"]
    submit(
        product,
        task_of(product, "R02", "4B"),
        maja,
        {"planlagt_dato": "2026-10-12", "ansvarlig": opened.staff("maja")},
    )
    clock.set("2026-10-12T12:00")
    done = {"gjennomfort": "ja", "gjennomfort_dato": "2026-10-12"}
    submit(product, task_of(product, "R02", "4B"), maja, done)
    answers = {
        "metode": "spørreskjema",
        "ikke_anonym": "nei",
        "referat": "Alle har noen å være med.",
        "enkeltelev_mistanke": "nei",
    }
    submit(product, task_of(product, "R02", "4B"), maja, answers)
    with product.database.session() as session:
        case = session.get_one(Case, event(session, "R02", "4B").case_id)
        ends = session.scalars(
            select(Event.step).where(Event.case_id == case.id, Event.kind == Kind.SAK_AVSLUTTET)
        ).all()
    assert ends == ["gjennomfort"]


def test_a_routine_that_is_not_done_says_why(product, clock, opened):
    maja = opened.accounts["maja"]
    planned = {"planlagt_dato": "2026-10-12", "ansvarlig": opened.staff("maja")}
    submit(product, task_of(product, "R02", "4B"), maja, planned)
    task = task_of(product, "R02", "4B")
    with pytest.raises(Exception, match="Rett én ting"):
        submit(product, task, maja, {"gjennomfort": "nei"})
    submit(product, task, maja, {"gjennomfort": "nei", "utgaar_grunn": "Skolen var stengt."})
    with product.database.session() as session:
        case = session.get_one(Case, event(session, "R02", "4B").case_id)
        assert case.ended_at is not None


def test_the_responsible_is_reminded_and_rektor_is_told_when_it_is_late(product, clock, opened):
    maja = opened.accounts["maja"]
    planned = {"planlagt_dato": "2026-10-12", "ansvarlig": opened.staff("maja")}
    submit(product, task_of(product, "R02", "4B"), maja, planned)
    case_id = task_of(product, "R02", "4B").case_id

    def told(kind: str) -> set[int]:
        with product.database.session() as session:
            return set(
                session.scalars(
                    select(Notice.account_id).where(
                        Notice.case_id == case_id, Notice.kind == kind, Notice.step == "gjennomfor"
                    )
                )
            )

    clock.set("2026-10-01T09:00")  # ten working days before the 15th
    let_deadlines_pass(product)
    assert told("frist_naermer_seg") == {maja}
    clock.set("2026-10-21T15:00")
    let_deadlines_pass(product)
    assert told("frist_overskredet") == set()
    clock.set("2026-10-22T16:00")  # five working days after
    let_deadlines_pass(product)
    assert told("frist_overskredet") == {opened.accounts["berit"]}


def test_a_short_routine_is_confirmed_in_one_step(product, clock, planned):
    clock.set("2026-09-07T08:00")
    open_due(product)
    with product.database.session() as session:
        first = session.scalar(
            select(YearEvent)
            .join(YearRow, YearRow.id == YearEvent.row_id)
            .where(YearRow.key == "R18", YearEvent.case_id.is_not(None))
            .order_by(YearEvent.due_on)
        )
        (task,) = session.scalars(select(Task).where(Task.case_id == first.case_id)).all()
        reminders = session.scalars(
            select(Deadline.id).where(
                Deadline.case_id == first.case_id, Deadline.kind == "paaminnelse"
            )
        ).all()
    assert (task.step, reminders) == ("gjennomfor", [])
    clock.set("2026-09-11T12:00")
    done = {"gjennomfort": "ja", "gjennomfort_dato": "2026-09-11"}
    submit(product, task, planned.accounts["line"], done)
    with product.database.session() as session:
        assert session.get_one(Case, task.case_id).ended_at is not None


def test_a_finding_about_a_pupil_opens_an_empty_report_tied_to_nothing(product, clock, opened):
    maja = opened.accounts["maja"]
    planned = {"planlagt_dato": "2026-09-24", "ansvarlig": opened.staff("maja")}
    submit(product, task_of(product, "R02", "4B"), maja, planned)
    done = {"gjennomfort": "ja", "gjennomfort_dato": "2026-09-24"}
    submit(product, task_of(product, "R02", "4B"), maja, done)
    answers = {
        "metode": "samtale",
        "ikke_anonym": "nei",
        "referat": "En elev står alene.",
        "enkeltelev_mistanke": "ja",
        "meldes_av": opened.staff("emil"),
    }
    submit(product, task_of(product, "R02", "4B"), maja, answers)
    with product.database.session() as session:
        report = session.scalar(select(Case).where(Case.process_id == "aktivitetsplikt"))
        tasks = session.scalars(select(Task.step).where(Task.case_id == report.id)).all()
        roles = session.scalars(select(CaseRole.role).where(CaseRole.case_id == report.id)).all()
    assert (report.part_of_id, report.pupil_id, report.title) == (None, None, None)
    assert (report.reporter_id, tasks, roles) == (
        opened.accounts["emil"],
        ["registrer_melding"],
        [],
    )
    assert [line.name for line in my_tasks(product, opened.accounts["emil"])] == ["Meld fra"]


def test_where_nobody_teaches_a_class_leadership_has_its_routine(product, clock, planned):
    with product.database.transaction() as session:
        session.execute(
            RoleHolding.__table__.update()
            .where(RoleHolding.account_id == planned.accounts["maja"])
            .values(to_date=clock().date())
        )
    clock.set("2026-09-24T08:00")
    open_due(product)
    task = task_of(product, "R02", "4B")
    with product.database.session() as session:
        held = session.scalars(
            select(CaseRole.account_id).where(CaseRole.case_id == task.case_id)
        ).all()
    assert held == [planned.accounts["line"]]
