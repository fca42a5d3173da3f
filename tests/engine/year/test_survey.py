"""A survey is followed up, and is never tied to a pupil (the plan, 7.4)."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select

from engine.cases.play import Player, read_scenarios
from engine.cases.worksheet import worksheet
from engine.database.tables import Case, Event, Message, Task
from engine.product import PROCESSES
from engine.refusals import Refusal
from tests.engine.year.course import Course

T11 = read_scenarios(Path(__file__).parents[2] / "scenarios" / "year.yaml")[0]
PREPARED = {"periode": "Uke 46", "trinn": "5.–7. trinn", "foresatte_informert": "ja"}
RESULT = {"dato": "2026-09-01", "hovedfunn": "De fleste har det bra.", "enkeltelev_mistanke": "nei"}


@pytest.fixture
def course(product, planned) -> Course:
    course = Course(product, planned, "R05")
    course.do("forbered", "line", **PREPARED)
    course.do("gjennomfor", "ola", svarprosent=96)
    return course


def present(course) -> None:
    for step in ("FAU", "DS", "hele_personalet"):
        course.do(step, "line", dato="2026-09-01")
    course.do("elevraad", "maja", dato="2026-09-01")


def test_nothing_in_the_database_ties_the_survey_to_the_pupil(database):
    player = Player(T11, database, PROCESSES)
    assert player.play() == []
    with database.session() as session:
        survey, report = session.scalars(select(Case).order_by(Case.id)).all()
        assert survey.process_id == "undersokelse_oppfolging"
        assert (survey.pupil_id, survey.part_of_id, survey.merged_into_id) == (None, None, None)
        assert (report.part_of_id, report.merged_into_id) == (None, None)
        assert report.pupil_id is not None
        assert session.scalars(select(Message.id)).all() == []
        key = player.product.master_key
        for case, other in ((survey, report), (report, survey)):
            case_key = key.unwrap(case.wrapped_key)
            for event in session.scalars(select(Event).where(Event.case_id == case.id)):
                detail = event.sealed_detail and key.unseal(case_key, event.sealed_detail, "event")
                assert other.number not in str(detail)


def test_the_grades_are_those_of_the_row(product, planned):
    course = Course(product, planned, "R06")
    sheet = worksheet(product, planned.accounts["line"], course.task("forbered").id)
    assert sheet.typed["trinn"] == "1.–4. trinn"


def test_results_are_discussed_within_fifteen_working_days(course):
    assert course.task("resultatmote").due_at.date() == date(2026, 9, 22)


def test_without_measures_it_says_why_and_is_evaluated_in_april(course):
    course.do("resultatmote", "line", **RESULT)
    with pytest.raises(Refusal) as refused:
        course.do("tiltak_ved_behov", "line", tiltak=[])
    assert [fault.path for fault in refused.value.faults] == ["begrunnelse"]
    course.do("tiltak_ved_behov", "line", tiltak=[], begrunnelse="Ingen trenger det nå.")
    assert sorted(course.open()) == ["DS", "FAU", "hele_personalet"]
    present(course)
    assert course.task("evaluer_tiltak").due_at.date() == date(2027, 4, 15)
    course.do("evaluer_tiltak", "line", virket="ingen", evaluering="Fortsatt bra.")
    assert course.ends() == ["fulgt_opp"]


def test_measures_are_evaluated_on_the_earliest_of_their_days(planned, course):
    course.do("resultatmote", "line", **RESULT)
    measure = {"hva": "Flere voksne ute", "hvem": planned.staff("line"), "dato": "2026-10-01"}
    early = {**measure, "evaluering": "2026-09-01"}
    with pytest.raises(Refusal):
        course.do("tiltak_ved_behov", "line", tiltak=[early])
    days = ("2027-02-01", "2026-12-01")
    course.do("tiltak_ved_behov", "line", tiltak=[{**measure, "evaluering": day} for day in days])
    present(course)
    assert course.task("evaluer_tiltak").due_at.date() == date(2026, 12, 1)


def test_the_council_and_the_classes_are_heard_after_the_adults(course):
    course.do("resultatmote", "line", **RESULT)
    course.do("tiltak_ved_behov", "line", tiltak=[], begrunnelse="Ingen")
    course.do("FAU", "line", dato="2026-09-01")
    course.do("DS", "line", dato="2026-09-01")
    assert course.open() == ["hele_personalet"]
    course.do("hele_personalet", "line", dato="2026-09-01")
    assert course.open() == ["elevraad"]
    with course.product.database.session() as session:
        roles = dict(
            session.execute(
                select(Task.step, Task.role).where(Task.case_id == course.case_id)
            ).all()
        )
    assert roles["elevraad"] == roles["gjennomfor"] == "kontaktlaerer"
    assert {roles[step] for step in ("forbered", "resultatmote", "FAU", "DS")} == {"ledelse"}
