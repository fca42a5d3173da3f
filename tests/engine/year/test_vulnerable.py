"""The overview of vulnerable pupils: read by those who need to know, and for six months."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from engine.database.tables import Case, Reading
from engine.year.schedule import months_after
from engine.year.vulnerable import overview
from tests.engine.year.course import Course


@pytest.fixture
def course(product, planned) -> Course:
    course = Course(product, planned, "R11", "4B")
    rows = [
        {
            "elev": planned.pupil("noor"),
            "grunn": "ny_elev",
            "hva_hjelper": "En fast plass",
            "hvem_maa_vite": [planned.staff("maja"), planned.staff("emil")],
        },
        {
            "elev": planned.pupil("ada"),
            "grunn": "spraak",
            "hva_hjelper": "Bilder",
            "hvem_maa_vite": [planned.staff("maja")],
        },
    ]
    course.do("meld_inn", "maja", elever=rows)
    return course


def seen(product, planned, who: str) -> list[str]:
    return [entry.pupil for entry in overview(product, planned.accounts[who])]


def test_only_those_who_need_to_know_and_leadership_read_an_entry(product, planned, course):
    assert seen(product, planned, "emil") == ["Noor, 4B"]
    for who in ("maja", "berit", "line"):
        assert seen(product, planned, who) == ["Ada, 4B", "Noor, 4B"]
    for who in ("ola", "bjarte", "kari"):
        assert seen(product, planned, who) == []
    (entry,) = overview(product, planned.accounts["emil"])
    assert (entry.reason, entry.helps, entry.who) == (
        "ny_elev", "En fast plass", ("Maja Lærer", "Emil Faglærer"),
    )  # fmt: skip


def test_each_reading_is_written_down(product, planned, course):
    overview(product, planned.accounts["emil"])
    overview(product, planned.accounts["ola"])
    with product.database.session() as session:
        read = session.scalars(select(Reading.account_id).where(Reading.what == "saarbare")).all()
    assert read == [planned.accounts["emil"]]


def test_an_entry_holds_for_six_months_unless_it_is_renewed(product, clock, planned, course):
    clock.set("2027-02-28T12:00")
    assert seen(product, planned, "emil") == ["Noor, 4B"]
    clock.set("2027-03-01T12:00")
    assert seen(product, planned, "emil") == []
    clock.set("2027-02-20T12:00")
    again = Course(product, planned, "R11", "4B")
    row = {
        "elev": planned.pupil("noor"),
        "grunn": "annet",
        "hva_hjelper": "Mer av det samme",
        "hvem_maa_vite": [planned.staff("emil")],
    }
    again.do("meld_inn", "maja", elever=[row])
    clock.set("2027-03-01T12:00")
    assert seen(product, planned, "emil") == ["Noor, 4B"]
    assert seen(product, planned, "maja") == [], "who must know is what was said last"


def test_a_pupil_who_may_not_be_safe_is_reported_and_the_cases_are_not_tied(
    product, planned, course
):
    discussed = {"dato": "2026-09-01", "mistanke_utrygg": "ja", "neste_gjennomgang": "2027-02-01"}
    course.do("droeft", "line", **discussed, meldes_av=planned.staff("maja"))
    assert course.ends() == ["oppdatert"]
    with product.database.session() as session:
        report = session.scalar(select(Case).where(Case.process_id == "aktivitetsplikt"))
    assert (report.reporter_id, report.part_of_id) == (planned.accounts["maja"], None)


def test_months_end_on_the_last_day_where_there_is_none_alike():
    assert months_after(date(2026, 8, 31), 6) == date(2027, 2, 28)
    assert months_after(date(2027, 3, 31), -6) == date(2026, 9, 30)
