"""The yearly evaluation (the plan, 4): both meetings, figures that point to nobody, and the
pupils' council with its answer."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from engine.cases import figures
from engine.cases.desk import open_case
from engine.cases.facts import CASE
from engine.cases.report import Report, report
from engine.cases.worksheet import worksheet
from engine.database.tables import Notice, RoleHolding
from engine.people.accounts import create_account
from tests.engine.year.course import Course
from tests.school import PASSWORD, SINCE

CHAPTERS = [{"virker": "ja"}] * 8
MEETING = {
    "dato": "2027-06-01",
    "deltakere": "Alle lærerne",
    "kapitler": CHAPTERS,
    "innspill_elever": "Mer å gjøre i friminuttene.",
    "innspill_foresatte": "Si fra tidligere.",
}


@pytest.fixture
def june(product, clock, planned):
    clock.set("2027-06-01T09:00")
    with product.database.transaction() as session:
        account = create_account(session, "aksel", "Aksel AKS", PASSWORD)
        session.add(
            RoleHolding(
                school_id=planned.id,
                account_id=account.id,
                role="aks",
                class_name=None,
                from_date=SINCE,
            )
        )
        planned.accounts["aksel"] = account.id
    return planned


def test_the_plan_is_evaluated_by_both_meetings_before_it_is_put_together(product, clock, june):
    course = Course(product, june, "R23")
    assert sorted(course.open()) == ["aks_evaluering", "laerere_evaluering"]
    course.do("laerere_evaluering", "line", **MEETING)
    assert course.open() == ["aks_evaluering"]
    course.do("aks_evaluering", "aksel", **MEETING)
    sheet = worksheet(product, june.accounts["line"], course.task("sammenstill").id)
    known = {
        known.label: known.text for known in sheet.known if known.source == "Samle tall fra sakene"
    }
    assert known["Saker som er meldt dette skoleåret"] == "0"
    assert len(known) == 8
    course.do("sammenstill", "line", hovedfunn="Det meste virker.", forslag="Flere voksne ute.")
    course.do(
        "fau_smu_ds_droefting", "line", dato="2027-06-08", drofta_med=["FAU"], innspill="Enige"
    )
    course.do(
        "oppdater_plan", "line", versjon="2027", vedtatt_dato="2027-06-10", endringer="Kapittel 8"
    )
    assert course.ends() == ["ny_plan"]
    with product.database.session() as session:
        told = session.scalars(
            select(Notice.account_id).where(
                Notice.case_id == course.case_id,
                Notice.step == "oppdater_plan",
                Notice.kind == "beskjed",
            )
        ).all()
    assert {june.accounts[name] for name in ("maja", "emil", "bjarte", "aksel")} <= set(told)


def test_the_pupils_council_gets_an_answer(product, clock, june):
    course = Course(product, june, "R23E")
    assert course.open() == ["elevraad_evaluering"]
    said = {"dato": "2027-06-02", "hva_fungerer": "Turen", "hva_ma_endres": "Doene"}
    course.do("elevraad_evaluering", "maja", **said)
    assert course.task("svar_fra_ledelsen").due_at.date().isoformat() == "2027-06-15"
    answer = {"svar": "Vi maler.", "hva_gjores": "I høstferien", "gitt_dato": "2027-06-05"}
    course.do("svar_fra_ledelsen", "line", **answer)
    assert course.ends() == ["svar_gitt"]


def test_shielded_cases_and_those_of_another_year_or_school_are_not_counted(product, clock, june):
    def reported(at: str, **more) -> None:
        clock.set(at)
        typed = {"elev_utsatt": june.pupil("noor"), "akutt_fare": "ja", **more}
        report(product, Report(june.id, june.accounts["emil"], typed, at + str(more)))

    reported("2026-06-01T10:00")
    for day in range(1, 7):
        reported(f"2026-09-0{day}T10:00")
    reported("2026-09-10T10:00", ansatt_mistenkt="ja", vet_ikke_hvem="ja")
    clock.set("2027-06-01T10:00")
    course = Course(product, june, "R23")
    with open_case(product, course.case_id, None) as desk:
        found = figures.collect(desk)
    assert (found["meldt"], found["aapne"], found["avsluttet"]) == ("6", "6", "0")
    assert found["over_fristen"] != figures.TOO_FEW
    assert found["dager_til_plan"] == found["skaar"] == figures.TOO_FEW


def test_the_figures_are_the_systems_own_answer(product, clock, june):
    course = Course(product, june, "R23")
    course.do("laerere_evaluering", "line", **MEETING)
    course.do("aks_evaluering", "aksel", **MEETING)
    with open_case(product, course.case_id, None) as desk:
        (found,) = desk.facts.answers[CASE]["samle_tall"]
    assert found["trygt"] == figures.TOO_FEW, "that nobody has been asked says nothing"


@pytest.mark.parametrize(
    ("number", "shown"), [(0, "0"), (1, figures.TOO_FEW), (4, figures.TOO_FEW), (5, "5")]
)
def test_a_small_number_is_not_shown(number, shown):
    assert figures._count(number) == shown


def test_no_number_can_be_worked_out_from_its_neighbour():
    assert figures._together(12, 3) == [figures.TOO_FEW, figures.TOO_FEW]
    assert figures._together(12, 0) == ["12", "0"]
    assert figures._together(12, 0, even_none=True) == [figures.TOO_FEW] * 2, "all said the same"
    assert figures._together(12, 5, even_none=True) == ["12", "5"]


def test_the_median_is_of_five_or_more():
    assert figures._middle([1, 2, 3, 4]) == figures.TOO_FEW
    assert figures._middle([3, 4, 4, 5, 9]) == "4"
    assert figures._middle([3, 4, 5, 5, 9, 9]) == "5"
