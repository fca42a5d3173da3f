"""One's own page: mail, and the calendar with its secret address."""

from __future__ import annotations

import logging
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from icalendar import Calendar
from structlog.testing import capture_logs

from engine.database.tables import Account, CalendarLink, Mail
from tests.school import hidden, post
from tests.waiting import report_many
from web.security import limiter


def account(product, school, name: str) -> Account:
    with product.database.session() as session:
        return session.get_one(Account, school.accounts[name])


def send(client, path: str, **data):
    return post(client, path, data, page="/konto")


@pytest.fixture
def berit(log_in):
    return log_in("berit")


@pytest.fixture
def address(berit) -> str:
    """The path of Berit's calendar."""
    page = send(berit, "/konto/kalender").text
    return re.search(r'value="http://localhost(/kalender/[^"]+)"', page)[1]


def test_mail_is_chosen_and_kept(berit, product, school):
    page = berit.get("/konto").text
    assert 'value="straks" checked' in page
    answer = send(berit, "/konto/epost", epost=" berit@skole.example ", naar="daglig")
    assert answer.status_code == 303
    assert "Valget ditt om e-post er lagret." in berit.get("/konto").text
    page = berit.get("/konto").text
    assert 'value="berit@skole.example"' in page and 'value="daglig" checked' in page
    row = account(product, school, "berit")
    assert (row.email, row.mail_choice) == ("berit@skole.example", "daglig")
    send(berit, "/konto/epost", epost="", naar="ingen")
    assert account(product, school, "berit").email is None


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"epost": "berit", "naar": "straks"}, "epost"),
        ({"epost": "b@skole.example\r\nBcc: x@y.example", "naar": "straks"}, "epost"),
        ({"epost": "b@skole.example", "naar": "av og til"}, "naar"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_kept(berit, product, school, typed, field):
    answer = send(berit, "/konto/epost", **typed)
    assert answer.status_code == 422
    assert "Valget om e-post er ikke lagret." in answer.text and f'href="#{field}"' in answer.text
    assert account(product, school, "berit").email is None


def test_a_mail_that_did_not_come_is_said_to_the_one_it_was_for(berit, product, school):
    assert "kom ikke fram" not in berit.get("/konto").text
    at = datetime(2026, 9, 8, tzinfo=UTC)
    with product.database.transaction() as session:
        session.add(
            Mail(
                account_id=school.accounts["berit"],
                kind="oppgave",
                made_at=at,
                state="feilet",
                next_try_at=at,
            )
        )
    assert "kom ikke fram" in berit.get("/konto").text


# --- the calendar --------------------------------------------------------------------------------


def test_the_address_is_shown_once_and_kept_as_a_hash(berit, product, address):
    secret = address.removeprefix("/kalender/").removesuffix(".ics")
    assert secret not in berit.get("/konto").text
    with product.database.session() as session:
        (link,) = session.query(CalendarLink)
    assert link.secret_hash != secret and len(link.secret_hash) == 64
    product.database.engine.dispose()
    assert secret.encode() not in Path(product.database.url.database).read_bytes()


def test_it_opens_the_calendar_for_anybody_without_cookie_and_word(
    client, product, school, clock, address
):
    report_many(product, school, 2, suspected=2)
    answer = client.get(address)
    assert answer.status_code == 200
    assert answer.content_type == "text/calendar; charset=utf-8"
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"
    events = Calendar.from_ical(answer.data).walk("VEVENT")
    assert len(events) == 2
    assert {str(event["SUMMARY"]) for event in events} == {"Oppgave med frist"}
    assert {str(event["URL"]) for event in events} == {"http://localhost/oppgaver"}
    for word in ("Noor", "4B", "Emil", "melding", "2026-", "oppgaver/"):
        assert word not in answer.text, word


def test_a_browser_with_a_session_gets_no_new_cookie(berit, clock, address):
    clock.forward(minutes=5)
    assert "Set-Cookie" not in berit.get(address).headers


def test_renewed_withdrawn_and_closed_it_opens_nothing(berit, client, product, school, address):
    page = send(berit, "/konto/kalender").text
    renewed = re.search(r'value="http://localhost(/kalender/[^"]+)"', page)[1]
    assert client.get(address).status_code == 404
    assert client.get(renewed).status_code == 200
    with product.database.transaction() as session:
        session.get_one(Account, school.accounts["berit"]).active = False
    assert client.get(renewed).status_code == 404
    with product.database.transaction() as session:
        session.get_one(Account, school.accounts["berit"]).active = True
    assert send(berit, "/konto/kalender/fjern").status_code == 303
    assert client.get(renewed).status_code == 404
    assert "Lag kalenderadresse" in berit.get("/konto").text


def test_guessing_is_slowed_down_and_so_is_fetching(client, address):
    for number in range(30):
        assert client.get(f"/kalender/{number:043}.ics").status_code == 404
    assert client.get(f"/kalender/{31:043}.ics").status_code == 429
    limiter.reset()
    codes = [client.get(address).status_code for _ in range(11)]
    assert codes == [200] * 10 + [429]


def test_the_address_is_in_no_log_also_when_something_fails(
    app, client, product, address, caplog, monkeypatch
):
    app.config["PROPAGATE_EXCEPTIONS"] = False
    secret = address.removeprefix("/kalender/").removesuffix(".ics")
    with caplog.at_level(logging.DEBUG), capture_logs() as lines:
        assert client.get(address).status_code == 200
        product.database.engine.dispose()
        monkeypatch.setattr(product, "clock", lambda: 1 / 0)
        assert client.get(address).status_code == 503
        for _ in range(12):
            client.get(address)
    assert lines[0]["error"] == "ZeroDivisionError"
    assert secret not in caplog.text and secret not in str(lines)


def test_one_makes_a_calendar_for_oneself_alone(client, berit, log_in, address):
    maja = log_in("maja")
    send(maja, "/konto/kalender/fjern")
    assert client.get(address).status_code == 200
    assert hidden(berit.get("/konto").text, "csrf_token")
