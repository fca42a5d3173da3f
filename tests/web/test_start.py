"""«Start»: a person sees only what the own role may start, in plain words, and starts it there."""

from __future__ import annotations

import re

import pytest

from engine.database.tables import Case, Task
from tests import course as told
from tests.course import SHIELDED, STEPS, Course
from tests.school import post
from web.app import create_app
from web.security import limiter

P03, P04, P05, P07 = (
    "gjenopprettende_elev_elev",
    "gjenopprettende_laerer_elev",
    "gjenopprettende_skole_foresatte",
    "statsforvaltersak",
)
OF_THE_YEAR = ("overgangsmote", "undersokelse_oppfolging")
SAFE = dict.fromkeys(
    ("mobbing_mistenkt", "vold_trussel", "seksuell", "flere_mot_en", "frykt", "alder_makt_gap"),
    "nei",
)


@pytest.fixture
def course(database):
    return Course(database)


@pytest.fixture
def app(course):
    app = create_app(course.product, SECRET_KEY="test", TESTING=True)
    limiter.reset()
    return app


def offered(page: str) -> set[str]:
    return set(re.findall(r'href="/start/(\w+)"', page))


def cases(course) -> list[Case]:
    with course.product.database.session() as session:
        return session.query(Case).order_by(Case.id).all()


def receipt(page: str) -> str:
    return re.search(r'name="receipt" value="([^"]+)"', page)[1]


def option(page: str, label: str) -> str:
    return re.search(rf'<option value="([^"]+)"[^>]*>{label}', page)[1]


@pytest.mark.parametrize(
    ("who", "sees"),
    [
        ("kontaktlaerer", {P03}),
        ("miljoarbeider", {P03}),
        ("rektor", {P04, P05, P07, *OF_THE_YEAR}),
        ("ledelse", {P04, P05, P07, *OF_THE_YEAR}),
    ],
)
def test_everybody_sees_what_the_own_role_may_start(course, log_in, who, sees):
    course.tell(STEPS[: told.APPROVED])
    client = log_in(who)
    page = client.get("/start").text
    assert offered(page) == sees
    assert "aldri i stedet for" in page or "Ikke for å melde fra" in page
    assert 'href="/start"' in client.get("/oppgaver").text
    for process_id in (P03, P04, P05, P07):
        status = client.get(f"/start/{process_id}").status_code
        assert status == (200 if process_id in sees else 404)


@pytest.mark.parametrize("who", ["faglaerer", "aks"])
def test_others_start_nothing_but_a_report(course, log_in, who):
    course.tell(STEPS[: told.APPROVED])
    client = log_in(who)
    page = client.get("/start").text
    assert offered(page) == set() and 'href="/meld"' in page
    assert 'href="/start"' not in client.get("/oppgaver").text


def test_a_process_is_started_and_its_first_step_done(course, log_in):
    client = log_in("kontaktlaerer")
    page = client.get(f"/start/{P03}").text
    assert "Det er frivillig å være med" in page and "Når passer den ikke?" in page
    noor = option(page, "Noor, 4B")
    other = next(value for value in re.findall(r'value="(elev:\d+)"', page) if value != noor)
    answers = {**SAFE, "part_a": noor, "part_b": other, "konklusjon": "fellesmote"}
    told_twice = {"receipt": receipt(page), "send": "ja", **answers}
    for _ in range(2):
        sent = post(client, f"/start/{P03}", told_twice)
        assert (sent.status_code, sent.location) == (303, "/oppgaver")
    [case] = cases(course)
    assert case.process_id == P03
    page = client.get(f"/saker/{case.number}").text
    assert "Gjenopprettende prosess mellom elever." in page and "Startet" in page
    assert "Snakk med eleven alene" in page and "Vurderte om det passer" in page
    assert "Aktivitetsplan</h2>" not in page and "Stans prosessen" in page
    listed = client.get("/saker").text
    assert "Gjenopprettende prosess mellom elever" in listed


def test_what_is_wrong_is_said_and_nothing_is_started(course, log_in):
    client = log_in("kontaktlaerer")
    page = client.get(f"/start/{P03}").text
    answers = {**SAFE, "frykt": "ja", "part_a": option(page, "Noor, 4B"), "part_b": "elev:999"}
    answers |= {"receipt": receipt(page), "send": "ja", "konklusjon": "fellesmote"}
    sent = post(client, f"/start/{P03}", answers)
    assert sent.status_code == 422 and cases(course) == []
    assert "Fellesmøte kan ikke velges når du har svart ja over." in sent.text
    assert re.search(r'id="frykt-0"[^>]*checked', sent.text) or 'value="ja" checked' in sent.text


def test_a_letter_is_registered_on_the_pupils_case(course, log_in):
    number = course.tell(STEPS[: told.APPROVED])
    client = log_in("rektor")
    page = client.get(f"/start/{P07}").text
    assert f"{number}, Noor, 4B" in page and 'name="receipt"' not in page
    assert f"/start/{P07}?sak={number}" in client.get(f"/saker/{number}").text
    page = client.get(f"/start/{P07}?sak={number}").text
    answers = {"mottatt": "2026-09-14T10:00", "sf_ref": "2026/1", "frist_fra_sf": "2027-01-20"}
    sent = post(
        client,
        f"/start/{P07}",
        {"receipt": receipt(page), "send": "ja", "sak": number, **answers},
        page=f"/start/{P07}?sak={number}",
    )
    assert sent.status_code == 303, sent.text
    case = cases(course)[-1]
    page = client.get(f"/saker/{number}").text
    assert f'href="/saker/{case.number}"' in page and "Statsforvaltersak (§ 12-6)" in page
    page = client.get(f"/saker/{case.number}").text
    assert "Eksport " in page and "Skriv redegjørelsen" in page
    assert "Svar til Statsforvalteren innen" in page
    with course.product.database.session() as session:
        assert session.query(Task).filter_by(step="redegjorelse", state="open").count() == 1


def test_a_case_that_one_may_not_see_can_not_be_chosen(course, log_in):
    number = course.tell(SHIELDED)
    page = log_in("ledelse").get(f"/start/{P07}?sak={number}")
    assert page.status_code == 404 or number not in page.text
    assert log_in("kontaktlaerer").get(f"/start/{P07}?sak={number}").status_code == 404


@pytest.mark.parametrize("address", ["/start/finnes_ikke", "/start/aktivitetsplikt"])
def test_what_is_not_started_by_hand_is_not_there(course, log_in, address):
    assert log_in("rektor").get(address).status_code == 404
