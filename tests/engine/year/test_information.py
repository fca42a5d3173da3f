"""Chapter 12 is told to staff, guardians and pupils each autumn (the plan, 3.4)."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from engine.cases.inbox import my_tasks
from engine.database.tables import YearEvent, YearRow
from engine.refusals import Refusal
from engine.year.opening import open_due
from engine.year.plan import plan_year
from tests.engine.year.course import Course

ALL = ["retten", "delplikter", "hvem", "statsforvalter", "ombud", "personvern"]
STAFF = {
    "dato": "2026-09-01",
    "deltakere": "Alle lærere og AKS",
    "alle_med": "nei",
    "materiell": "Lysark",
    "innhold": ALL,
}
MEETING = {
    "kap12_tatt_opp": "ja",
    "dato": "2026-09-01",
    "ledelse_deltok": "ja",
    "info_til_fravaerende": "melding",
    "innhold": ALL,
}


@pytest.fixture
def course(product, planned) -> Course:
    return Course(product, planned, "R21")


def everybody_else(course, led: str = "ja") -> None:
    course.do("hostens_foreldremote", "maja", **MEETING)
    course.do("hostens_foreldremote", "ola", **{**MEETING, "ledelse_deltok": led})
    course.do("elever_informert", "maja", informert="ja", dato="2026-09-01")
    course.do("elever_informert", "ola", informert="ja", dato="2026-09-01")
    course.do("nettside_oppdatert", "line", dato="2026-09-01")


def test_all_six_things_are_taken_up(course):
    with pytest.raises(Refusal) as refused:
        course.do("gjennomgang_ansatte", "line", **{**STAFF, "innhold": ALL[:5]})
    assert [fault.path for fault in refused.value.faults] == ["mangler", "innhold"]


def test_everybody_who_was_absent_each_trinn_and_each_class_is_told(product, planned, course):
    absent = [planned.staff("emil"), planned.staff("bjarte")]
    course.do("gjennomgang_ansatte", "line", **STAFF, mangler=absent)
    assert sorted(course.open()) == [
        "elever_informert", "elever_informert",
        "hostens_foreldremote", "hostens_foreldremote",
        "individuell_gjennomgang", "individuell_gjennomgang",
        "nettside_oppdatert",
    ]  # fmt: skip
    lines = [line for line in my_tasks(product, planned.accounts["maja"]) if line.item]
    assert sorted(line.item for line in lines) == ["4. trinn", "4B"], "her own alone"
    whom = [line.item for line in my_tasks(product, planned.accounts["line"]) if line.item]
    assert sorted(whom) == ["Bjarte Assistent", "Emil Faglærer"]
    everybody_else(course)
    for _ in absent:
        course.do("individuell_gjennomgang", "line", gjennomfort="ja", dato="2026-09-01")
    assert course.ends() == ["alle_informert"]


def test_one_who_was_not_told_is_a_deviation(planned, course):
    course.do("gjennomgang_ansatte", "line", **STAFF, mangler=[planned.staff("emil")])
    everybody_else(course)
    course.do("individuell_gjennomgang", "line", gjennomfort="nei", grunn="Permisjon til jul.")
    assert course.ends() == ["delvis_med_avvik"]


def test_a_meeting_without_leadership_is_a_deviation(course):
    course.do("gjennomgang_ansatte", "line", **{**STAFF, "alle_med": "ja"})
    everybody_else(course, led="nei")
    assert course.ends() == ["delvis_med_avvik"]


def test_the_parents_meetings_lie_in_the_case_of_the_planning_week(product, clock, school):
    clock.set("2026-08-01T08:00")
    plan_year(product, school.id)
    clock.set("2026-08-03T08:00")
    open_due(product)
    with product.database.session() as session:
        rows = session.execute(
            select(YearRow.key, YearEvent.case_id)
            .join(YearEvent, YearEvent.row_id == YearRow.id)
            .where(YearRow.key.in_(["R21", "R22"]))
        ).all()
    cases = dict(rows)
    assert cases["R21"] is not None
    assert cases["R21"] == cases["R22"]
