"""The pages of the year: for whom, what they show, and what leadership can change."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from engine.cases import switches
from engine.database.tables import Case, Pupil, YearEvent, YearRow
from engine.people.accounts import create_account
from engine.year.opening import open_due
from engine.year.plan import plan_year
from tests.counting import counted
from tests.school import PASSWORD, post
from web.wheel import room, sector


@pytest.fixture
def planned(product, clock, school):
    clock.set("2026-09-01T08:00")
    plan_year(product, school.id)
    return school


@pytest.fixture
def opened(product, clock, planned):
    clock.set("2026-10-20T09:00")
    open_due(product)
    return planned


def row_id(product, key: str) -> int:
    with product.database.session() as session:
        return session.scalar(select(YearRow.id).where(YearRow.key == key))


def count(product, what) -> int:
    with product.database.session() as session:
        return session.scalar(select(func.count(what)))


# --- the wheel -----------------------------------------------------------------------------------


def test_an_unplanned_year_is_leaderships_to_plan(product, school, log_in):
    assert "Skolens ledelse planlegger året." in log_in("maja").get("/aarshjul").text
    client = log_in("berit")
    assert "Året er ikke planlagt ennå" in client.get("/aarshjul").text
    answer = post(client, "/aarshjul/planlegg", {"skole": school.id}, page="/aarshjul")
    assert answer.status_code == 303
    assert "nye dager i årshjulet." in client.get("/aarshjul").text
    before = count(product, YearEvent.id)
    post(client, "/aarshjul/planlegg", {"skole": school.id}, page="/aarshjul")
    assert "Ingenting er endret." in client.get("/aarshjul").text
    assert count(product, YearEvent.id) == before > 0
    assert count(product, Case.id) == 0, "nothing is opened by planning"


def test_the_wheel_says_in_words_what_it_draws(opened, log_in):
    page = log_in("line").get("/aarshjul").text
    svg = page[page.index('<svg class="tr-hjul"') : page.index("</svg>", page.index("tr-hjul"))]
    assert 'role="img" aria-labelledby="hjul-tittel hjul-tekst"' in svg
    assert "Årshjul for skoleåret 2026/27" in svg and "over fristen." in svg
    assert svg.count('class="tr-hjul-felt"') == 12
    assert len(re.findall(r'data-state="\w+" transform', svg)) > 50
    for word in ("Gjort", "I gang", "Kommer", "Over fristen", "Utgår"):
        assert f"</svg>{word}</span>" in page
    assert 'href="/aarshjul/tabell' in page


def test_this_month_comes_first_and_another_can_be_asked_for(opened, log_in):
    client = log_in("line")
    assert 'id="maaned">Oktober<' in client.get("/aarshjul").text
    assert 'id="maaned">November<' in client.get("/aarshjul?maaned=2026-11").text
    for nonsense in ("2030-01", "x", "2026-99"):
        assert 'id="maaned">Oktober<' in client.get(f"/aarshjul?maaned={nonsense}").text


def test_what_is_late_can_be_reminded_of_by_leadership(opened, log_in):
    page = log_in("berit").get("/aarshjul").text
    assert "Minn om rutinen" in page
    assert "Minn om rutinen" not in log_in("maja").get("/aarshjul").text


def test_the_table_has_every_time_and_who_is_responsible(product, opened, log_in):
    page = log_in("emil").get("/aarshjul/tabell").text
    assert page.count('<tr role="row"') - page.count("<thead") == count(product, YearEvent.id)
    assert "Sosiogram og relasjonskartlegging, 4B" in page and "Planen, 7 og 6.3" in page


def test_a_case_is_linked_for_those_who_may_open_it_alone(opened, log_in):
    links = re.compile(r'href="/saker/(\d{4}-\d+)"')
    assert len(set(links.findall(log_in("line").get("/aarshjul/tabell").text))) > 5
    mine = set(links.findall(log_in("maja").get("/aarshjul/tabell").text))
    assert mine
    assert not links.findall(log_in("emil").get("/aarshjul/tabell").text)
    for number in mine:
        assert log_in("maja").get(f"/saker/{number}").status_code == 200
        assert log_in("emil").get(f"/saker/{number}").status_code == 404


def test_talks_are_listed_for_ones_own_classes(opened, log_in):
    def classes(who: str) -> list[str]:
        page = log_in(who).get("/aarshjul").text
        return re.findall(r'role="rowheader">(\w+)<', page)

    assert classes("line") == ["4B", "5A"]
    assert classes("maja") == ["4B"]
    assert classes("emil") == []
    page = log_in("maja").get("/aarshjul").text
    assert "Elevsamtaler, høst" in page and "Elevsamtaler, vår" in page


def test_one_who_is_not_on_the_staff_meets_what_does_not_exist(product, school, app, planned):
    with product.database.transaction() as session:
        create_account(session, "gjest", "Gjest", PASSWORD)
    client = app.test_client()
    post(client, "/logg-inn", {"brukernavn": "gjest", "passord": PASSWORD})
    assert client.get("/aarshjul").status_code == 404
    assert client.get("/aarshjul?skole=1").status_code == 404


def test_another_school_is_not_there(opened, log_in):
    for path in ("/aarshjul", "/aarshjul/tabell", "/aarshjul/rader"):
        assert log_in("berit").get(f"{path}?skole=999").status_code == 404


@pytest.mark.parametrize("path", ["/aarshjul", "/aarshjul/tabell", "/aarshjul/saarbare"])
def test_a_page_asks_few_statements_however_many_classes_there_are(
    product, clock, opened, log_in, path
):
    client = log_in("line")
    client.get(path)
    with counted(product.database) as few:
        client.get(path)
    with product.database.transaction() as session:
        for number in range(1, 8):
            session.add(Pupil(school_id=opened.id, name="x", class_name=f"{number}C"))
    plan_year(product, opened.id)
    open_due(product)
    with counted(product.database) as many:
        client.get(path)
    assert len(many) == len(few) <= 15


# --- the drawing ---------------------------------------------------------------------------------


def test_marks_lie_inside_their_month_and_apart():
    for number in range(12):
        marks = sector(number, room()).marks
        assert len(marks) == room() >= 20
        for n, (x, y) in enumerate(marks):
            assert 108 < ((x - 300) ** 2 + (y - 300) ** 2) ** 0.5 < 234
            for ax, ay in marks[n + 1 :]:
                assert ((x - ax) ** 2 + (y - ay) ** 2) ** 0.5 > 15


# --- leadership's rows ---------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["maja", "emil", "kari"])
@pytest.mark.parametrize("path", ["/aarshjul/rader", "/aarshjul/rader/ny", "/aarshjul/rader/{}"])
def test_the_rows_are_leaderships(product, planned, log_in, who, path):
    client = log_in(who)
    assert client.get(path.format(row_id(product, "R02"))).status_code == 404
    form = {"skole": planned.id, "navn": "Noe", "naar": "15.10", "rolle": "ledelse"}
    for action in ("/aarshjul/rader/ny", "/aarshjul/planlegg", "/aarshjul/prosess"):
        assert post(client, action, form, page="/konto").status_code == 404
    assert count(product, YearRow.id) == len(set(rows_of(product)))


def rows_of(product) -> list[int]:
    with product.database.session() as session:
        return list(session.scalars(select(YearRow.id).where(YearRow.key.is_not(None))))


def test_leadership_changes_when_and_by_whom(product, planned, log_in):
    client, number = log_in("line"), row_id(product, "R02")
    page = f"/aarshjul/rader/{number}"
    assert 'value="15.10"' in client.get(page).text
    form = {
        "skole": planned.id,
        "navn": "Sosiogram",
        "hvor_ofte": "enkeltdag",
        "naar": "20.11, 20.04",
        "rolle": "ledelse",
        "aktiv": "ja",
    }
    assert post(client, page, form).status_code == 303
    table = client.get("/aarshjul/rader").text
    assert "Sosiogram" in table and "20. november og 20. april" in table
    form["hvor_ofte"] = "hver_maaned"
    post(client, page, form)
    assert "Hver måned" in client.get("/aarshjul/rader").text
    del form["aktiv"]
    post(client, page, form)
    assert "Slått av" in client.get("/aarshjul/rader").text


def test_what_is_wrong_is_said_at_its_field_and_nothing_is_lost(planned, log_in):
    client = log_in("line")
    form = {"skole": planned.id, "navn": "", "hvor_ofte": "enkeltdag", "naar": "snart"}
    answer = post(client, "/aarshjul/rader/ny", {**form, "rolle": "ledelse", "per": "skole"})
    assert answer.status_code == 422
    assert "Rett 2 ting" in answer.text and 'value="snart"' in answer.text
    assert 'href="#navn"' in answer.text and 'href="#naar"' in answer.text
    assert 'id="naar-feil"' in answer.text


def test_a_routine_is_taken_up_now(product, planned, log_in):
    client, number = log_in("line"), row_id(product, "R10")
    page = f"/aarshjul/rader/{number}"
    form = {"skole": planned.id, "frist": "snart"}
    assert post(client, f"{page}/na", form, page=page).status_code == 422
    answer = post(client, f"{page}/na", {**form, "frist": "15.9"}, page=page)
    assert answer.status_code == 303 and "/saker/" in answer.location
    shown = client.get(answer.location).text
    assert "Samarbeid med PPT og andre utenfor skolen" in shown
    assert "Uten elev" not in shown


def test_leadership_turns_an_optional_process_on_and_off(planned, log_in):
    client = log_in("berit")
    assert "Fysisk inngripen: av" in client.get("/aarshjul/rader").text
    form = {"skole": planned.id, "prosess": "fysisk_inngripen", "paa": "ja"}
    assert post(client, "/aarshjul/prosess", form, page="/aarshjul/rader").status_code == 303
    assert "Fysisk inngripen: på" in client.get("/aarshjul/rader").text
    form["prosess"] = "aktivitetsplikt"
    assert post(client, "/aarshjul/prosess", form, page="/aarshjul/rader").status_code == 404


def test_vulnerable_pupils_are_for_those_who_need_to_know(planned, log_in):
    for who in ("maja", "emil", "kari"):
        page = log_in(who).get("/aarshjul/saarbare")
        assert page.status_code == 200 and "Ingen elever her nå." in page.text


# --- started by hand ------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["berit", "line", "maja", "emil", "bjarte"])
def test_what_leadership_has_turned_on_is_for_all_who_may_start_it(product, school, log_in, who):
    client, address = log_in(who), "/start/fysisk_inngripen"
    assert address not in client.get("/start").text
    switches.turn(product, school.accounts["berit"], school.id, "fysisk_inngripen", True)
    assert address in client.get("/start").text
    assert 'href="/start"' in client.get("/oppgaver").text
    page = client.get(address).text
    assert "Når en ansatt har brukt fysisk makt" in page and "Noor, 4B" in page
    switches.turn(product, school.accounts["berit"], school.id, "fysisk_inngripen", False)
    assert client.get(address).status_code == 404


def test_a_survey_is_started_as_a_case_of_the_school(product, school, log_in):
    client = log_in("berit")
    address = "/start/undersokelse_oppfolging"
    said = {"skole": school.id, "skjema": "ja", "receipt": str(uuid4()), "send": "ja"}
    answer = post(client, address, said, page=address)
    assert answer.status_code == 422 and "Prosessen er ikke startet." in answer.text
    answers = {"periode": "uke 46", "trinn": "5.–7. trinn", "foresatte_informert": "ja"}
    answer = post(client, address, said | answers, page=address)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/oppgaver")
    with product.database.session() as session:
        [case] = session.scalars(select(Case))
    assert (case.title, case.pupil_id) == ("Oppfølging av undersøkelser", None)
    assert case.title in client.get("/saker").text
    assert case.number not in client.get("/meldinger").text, "it is no report"


def test_a_transfer_that_is_started_by_hand_is_the_schools_too(product, school, log_in):
    client = log_in("line")
    address = "/start/overgangsmote"
    said = {"skole": school.id, "skjema": "ja", "receipt": str(uuid4()), "send": "ja"}
    child = {
        "barn-0-elev": school.pupil("noor"),
        "barn-0-mottaker": "Blåbærlia skole",
        "barn-0-ansvarlig": school.staff("maja"),
    }
    answer = post(client, address, said | {"variant": "skolebytte"} | child, page=address)
    assert answer.status_code == 303, answer.text
    with product.database.session() as session:
        [case] = session.scalars(select(Case))
    assert (case.title, case.pupil_id) == ("Overføringsmøter", None)
