"""A child that goes to another school: consent first, and only what may be shared (the plan, 7)."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from engine.cases.inbox import my_tasks
from engine.database.tables import Case
from engine.people import access
from tests.engine.year.course import Course


@pytest.fixture
def course(product, planned) -> Course:
    course = Course(product, planned, "R07")
    children = [
        {
            "elev": planned.pupil("noor"),
            "mottaker": "Blåbærlia skole",
            "ansvarlig": planned.staff("maja"),
        },
        {
            "beskrivelse": "Iben",
            "mottaker": "Rognebærlia barnehage",
            "ansvarlig": planned.staff("ola"),
        },
    ]
    course.do("velg_barn", "line", variant="skolebytte", barn=children)
    return course


def test_each_child_is_its_own_adults_alone(product, planned, course):
    for name, child in (("maja", "Noor, 4B"), ("ola", "Iben")):
        lines = my_tasks(product, planned.accounts[name])
        assert [line.item for line in lines if line.name.startswith("Be om samtykke")] == [child]


def test_what_is_consented_to_is_shared_and_a_plan_is_followed(product, planned, course):
    said = {"foresatte_samtykke": "delvis", "hva_kan_deles": "Vennene", "dato": "2026-09-01"}
    course.do("samtykke", "maja", **said)
    course.do("samtykke", "ola", foresatte_samtykke="nei", dato="2026-09-01")
    assert course.open() == ["forbered"], "nothing of the other child goes on"
    prepared = {"har_plan": "ja", "hva_hjelper": "En fast voksen", "opplysninger": "Vennene"}
    course.do("forbered", "maja", **prepared)
    course.do("mote", "line", dato="2026-09-01", deltakere="Begge skolene", referat="Enige")
    course.do("mottak_bekreftet", "line", dato="2026-09-01", hvem="Rektor der")
    assert course.open() == ["sjekk_etter_6_uker"]
    course.do("sjekk_etter_6_uker", "maja", kontakt="ja", hvordan_gaar_det="Bra")
    assert course.ends() == ["overfort"]


def test_without_any_consent_nothing_is_transferred(planned, course):
    for name in ("maja", "ola"):
        course.do("samtykke", name, foresatte_samtykke="nei", dato="2026-09-01")
    assert course.ends() == ["ikke_samtykke"]


def test_no_child_of_the_school_is_named_in_what_lists_show(product, clock, planned, course):
    with product.database.session() as session:
        case = session.get_one(Case, course.case_id)
        seen = session.scalar(
            select(Case.id).where(
                Case.id == case.id, access.visible_cases(planned.accounts["emil"], clock())
            )
        )
    assert "Noor" not in case.title
    assert seen is None
