"""The pupil's page and the list of pupils: for whom, and what they keep to themselves."""

from __future__ import annotations

import pytest

from engine.database.tables import Case, Pupil
from tests import course as told
from tests.course import SHIELDED, STEPS, Course
from web.app import create_app
from web.security import limiter


@pytest.fixture
def course(database):
    return Course(database)


@pytest.fixture
def app(course):
    app = create_app(course.product, SECRET_KEY="test", TESTING=True)
    limiter.reset()
    return app


def pupil(course, name: str = "Noor") -> int:
    with course.product.database.session() as session:
        return session.query(Pupil).filter_by(name=name).one().id


def test_the_way_from_the_cases_to_a_pupil_and_back(course, log_in):
    number = course.tell(STEPS[: told.APPROVED])
    client, address = log_in("rektor"), f"/elever/{pupil(course)}"
    assert 'href="/elever"' in client.get("/saker").text
    assert f'href="{address}"' in client.get("/elever?klasse=4B").text
    assert f'href="{address}"' in client.get(f"/saker/{number}").text
    page = client.get(address).text
    assert "Noor, 4B" in page and f'href="/saker/{number}"' in page
    assert "1 melding de siste tolv månedene." in page and "I garderoben." in page
    assert "Elevens meldinger som er løst på stedet de siste 30 dagene: <b>0</b>." in page
    assert "august 2026: 1 melding" in page
    assert "Noor" not in page.split("<title>")[1].split("</title>")[0]


@pytest.mark.parametrize("who", ["laerer_7a", "faglaerer", "miljoarbeider", "aks", "skoleeier"])
def test_others_meet_what_does_not_exist(course, log_in, who):
    course.tell(STEPS[: told.APPROVED])
    client = log_in(who)
    gone = client.get(f"/elever/{pupil(course)}")
    assert gone.status_code == 404 and gone.text == client.get("/elever/9999").text
    assert client.get("/elever").status_code == (200 if who == "laerer_7a" else 404)


def test_a_shielded_case_is_on_the_page_of_those_who_may_see_it_alone(course, log_in):
    number = course.tell(SHIELDED)
    address = f"/elever/{pupil(course)}"
    for who in ("ledelse", "kontaktlaerer"):
        page = log_in(who).get(address).text
        assert number not in page and "Skjermet" not in page
        assert "Ingen meldinger eller saker som du kan se." in page
    page = log_in("rektor").get(address).text
    assert f"Skjermet sak {number}" in page
    with course.product.database.session() as session:
        assert all(case.shielded for case in session.query(Case))
    assert address not in log_in("rektor").get(f"/saker/{number}").text
