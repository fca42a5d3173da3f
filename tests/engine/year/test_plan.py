"""A year is planned once, however often it is asked for, and leadership's edits are never lost."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import func, select, update

from engine.database.tables import School, YearEvent, YearRow
from engine.people.roles import Role
from engine.product import PROCESSES
from engine.refusals import Reason, Refusal
from engine.year import plan, rows, schedule
from engine.year.edits import Edit, save
from engine.year.opening import open_due
from engine.year.plan import plan_year, plan_years


def events(product, key: str | None = None) -> list[YearEvent]:
    query = select(YearEvent).join(YearRow, YearRow.id == YearEvent.row_id)
    with product.database.session() as session:
        chosen = query if key is None else query.where(YearRow.key == key)
        return list(session.scalars(chosen.order_by(YearEvent.due_on, YearEvent.group)))


def row_id(product, key: str) -> int:
    with product.database.session() as session:
        return session.scalar(select(YearRow.id).where(YearRow.key == key))


def edit(product, school, key: str, **changes) -> int:
    with product.database.session() as session:
        row = session.scalar(select(YearRow).where(YearRow.key == key))
        now = {"name": row.name, "schedule": row.schedule, "role": row.role, "active": row.active}
    account = changes.pop("account", school.accounts["berit"])
    return save(product, Edit(account, school.id, row_id(product, key), **{**now, **changes}))


# --- the file ------------------------------------------------------------------------------------


def test_the_file_has_the_rows_of_the_plans_table_and_the_routines_beside_it():
    keys = {row["key"] for row in rows.read(PROCESSES).rows}
    assert {f"R{number:02}" for number in range(1, 25)} - keys == {"R20"}, "R20 is seven days"
    assert {"R20A", "R20B", "R20C", "R20D", "R20E", "R20F", "R20G"} <= keys
    assert {"MBU", "TRINN", "UTVIKLING", "FAU", "SMU", "DS"} <= keys


def test_every_row_starts_a_process_that_is_shipped_and_says_where_the_plan_has_it():
    shipped = {path.parent.name for path in PROCESSES.glob("*/*.bpmn")}
    for row in rows.read(PROCESSES).rows:
        assert row["process_id"] in shipped, row["key"]
        assert row["source"] and row["role"] in rows.ROLES


def test_what_a_row_asks_besides_is_asked_by_the_form():
    form = (PROCESSES / "aarshjul_rutine" / "forms" / "dokumenter.form").read_text("utf-8")
    for row in rows.read(PROCESSES).rows:
        if row["process_id"] == rows.ROUTINE:
            assert all(f'"key": "{name}"' in form for name in row["fields"].split()), row["key"]


# --- when ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("15.08", [date(2026, 8, 14)]),  # a Saturday
        ("25.09 25.02", [date(2026, 9, 25), date(2027, 2, 25)]),
        ("17.05", [date(2027, 5, 14)]),  # a public holiday after Whitsun's Sunday
        ("ved_behov", []),
    ],
)
def test_days_are_working_days_of_the_school_year(text, expected):
    assert [time.due for time in schedule.times(text, 2026)] == expected


def test_months_are_those_with_school():
    months = [time.due.month for time in schedule.times("hver_maaned", 2026)]
    assert months == [9, 10, 11, 12, 1, 2, 3, 4, 5, 6]


def test_weeks_are_those_with_school():
    weeks = schedule.times("hver_uke", 2026)
    days = [time.due for time in weeks]
    assert days[0] == date(2026, 8, 28), "the first week of school has two days"
    assert days[-1] == date(2027, 6, 18)
    assert not [day for day in days if date(2026, 12, 18) < day < date(2027, 1, 4)]
    assert not [day for day in days if date(2027, 3, 19) < day < date(2027, 4, 2)], "Easter"
    every_second = schedule.times("annenhver_uke", 2026)
    assert {time.period for time in every_second} < {time.period for time in weeks}
    assert len({time.period for time in weeks}) == len(weeks)


@pytest.mark.parametrize("text", ["", "32.01", "29.02", "hver_dag", "15/9", "15.09 hver_uke"])
def test_what_is_no_schedule_is_refused_in_words(text):
    with pytest.raises(schedule.NotASchedule, match=r"15\.09"):
        schedule.read(text)


def test_the_year_is_named_by_its_autumn():
    assert schedule.year_of(date(2026, 8, 1)) == schedule.year_of(date(2027, 7, 31)) == 2026
    assert schedule.year_of(date(2027, 8, 1)) == 2027


# --- planning ------------------------------------------------------------------------------------


def test_planning_again_adds_nothing(product, planned):
    before = len(events(product))
    assert plan_year(product, planned.id).added == 0
    assert plan_years(product)[planned.id].added == 0
    assert len(events(product)) == before


def test_a_class_routine_is_planned_for_each_class_and_a_trinn_routine_for_each_trinn(
    product, planned
):
    assert [(e.group, e.period) for e in events(product, "R14")] == [
        ("4B", 1), ("5A", 1), ("4B", 2), ("5A", 2),
    ]  # fmt: skip
    assert [e.group for e in events(product, "R03")] == ["4", "5"]
    assert [e.group for e in events(product, "R19")] == ["4"], "first to fourth trinn alone"
    assert [e.group for e in events(product, "R05")] == [""]


def test_what_was_due_before_the_school_began_is_not_planned(product, planned):
    assert events(product, "R01") == []
    assert min(event.due_on for event in events(product)) >= date(2026, 9, 1)


def test_a_new_class_is_added_and_nothing_else(product, planned):
    before = {(e.row_id, e.period, e.group) for e in events(product)}
    with product.database.transaction() as session:
        from engine.database.tables import Pupil

        session.add(Pupil(school_id=planned.id, name="Ny", class_name="1A"))
    plan_year(product, planned.id)
    added = [e for e in events(product) if (e.row_id, e.period, e.group) not in before]
    assert added and {e.group for e in added} == {"1A", "1"}


def test_each_school_has_a_year_of_its_own(product, planned):
    with product.database.transaction() as session:
        other = School(name="Blåbærlia skole", owner="Blåbærlia kommune")
        session.add(other)
        session.flush()
        number = other.id
    plan_year(product, number)
    with product.database.session() as session:
        assert session.scalar(
            select(func.count(YearRow.id)).where(YearRow.school_id == number)
        ) == len(rows.read(PROCESSES).rows)
        groups = session.scalars(select(YearEvent.group).where(YearEvent.school_id == number))
        assert set(groups) == {""}, "a school without classes"


# --- edits ---------------------------------------------------------------------------------------


def test_a_later_import_changes_no_row_that_the_school_has(product, planned):
    edit(product, planned, "R02", name="Sosiogram", schedule="20.11", role=Role.LEDELSE)
    edit(product, planned, "R09", active=False)
    plan_year(product, planned.id)
    with product.database.session() as session:
        row = session.scalar(select(YearRow).where(YearRow.key == "R02"))
        off = session.scalar(select(YearRow).where(YearRow.key == "R09"))
    assert (row.name, row.schedule, row.role) == ("Sosiogram", "20.11", "ledelse")
    assert off.active is False
    assert {e.due_on for e in events(product, "R02")} == {date(2026, 11, 20)}
    assert events(product, "R09") == []


def test_a_row_that_is_turned_off_keeps_what_was_opened(product, clock, planned):
    clock.set("2026-09-24T08:00")
    open_due(product)
    opened = [e.id for e in events(product, "R02") if e.case_id]
    assert opened
    edit(product, planned, "R02", active=False)
    assert [e.id for e in events(product, "R02")] == opened
    edit(product, planned, "R02", active=True)
    assert [e.id for e in events(product, "R02")] == opened, "they are not planned twice"


def test_a_row_of_the_schools_own_is_planned_and_can_be_changed(product, planned):
    new = Edit(
        planned.accounts["line"], planned.id, None, "Refleksdag", "20.10", Role.LEDELSE, "trinn"
    )
    number = save(product, new)
    with product.database.session() as session:
        found = session.scalars(
            select(YearEvent.group).where(YearEvent.row_id == number).order_by(YearEvent.group)
        ).all()
        assert found == ["4", "5"]
    later = Edit(
        planned.accounts["line"], planned.id, number, "Refleksdag", "22.10", Role.LEDELSE, "skole"
    )
    assert save(product, later) == number
    with product.database.session() as session:
        found = session.execute(
            select(YearEvent.group, YearEvent.due_on).where(YearEvent.row_id == number)
        ).all()
    assert [tuple(each) for each in found] == [("", date(2026, 10, 22))]


def test_all_that_is_wrong_with_a_row_is_said_at_once(product, planned):
    wrong = Edit(planned.accounts["berit"], planned.id, None, " ", "hver dag", "ppt", "hus")
    with pytest.raises(Refusal) as refused:
        save(product, wrong)
    assert [fault.path for fault in refused.value.faults] == ["navn", "naar", "rolle", "per"]
    with product.database.session() as session:
        assert session.scalar(select(YearRow.id).where(YearRow.key.is_(None))) is None


@pytest.mark.parametrize("who", ["maja", "emil", "kari"])
def test_only_leadership_changes_the_year(product, planned, who):
    with pytest.raises(Refusal) as refused:
        edit(product, planned, "R02", name="Noe annet", account=planned.accounts[who])
    assert refused.value.code is Reason.IKKE_TILGANG


def test_a_row_of_another_school_does_not_exist(product, planned):
    with product.database.transaction() as session:
        other = School(name="Blåbærlia skole", owner="Blåbærlia kommune")
        session.add(other)
        session.flush()
        moved = other.id
        session.execute(update(YearRow).where(YearRow.key == "R02").values(school_id=moved))
    with pytest.raises(Refusal) as refused:
        edit(product, planned, "R02")
    assert refused.value.code is Reason.IKKE_TILGANG


def test_a_class_name_says_its_trinn():
    assert [plan.grade_of(name) for name in ("4B", "10A", "Alfa")] == [4, 10, 0]
