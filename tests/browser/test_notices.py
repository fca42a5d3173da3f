"""Notices, mail and the calendar in a real browser, at both widths, without a fault."""

from __future__ import annotations

import pytest

from tests import course as told
from tests.browser.conftest import WIDTHS
from tests.course import STEPS, Course
from web.app import create_app
from web.security import limiter


@pytest.fixture
def address(database, serve) -> str:
    course = Course(database)
    course.tell(STEPS[: told.REPORTED])
    app = create_app(course.product, SECRET_KEY="test")
    limiter.reset()
    return serve(app)


def open_menu(page, width: int) -> None:
    if width < 640:
        page.get_by_text("Meny", exact=True).click()


@pytest.mark.parametrize("width", WIDTHS)
def test_the_notices_are_found_by_the_menu_and_lead_to_the_task(log_in, check_access, width):
    page = log_in("rektor", width)
    open_menu(page, width)
    check_access(page)
    page.get_by_role("link", name="Varsler (2 nye)").click()
    page.get_by_text("2 nye siden sist.").wait_for()
    check_access(page)
    page.get_by_role("link", name="Du har fått oppgaven «Ta imot meldingen»").click()
    page.get_by_role("heading", name="Ta imot meldingen").wait_for()
    open_menu(page, width)
    page.get_by_role("link", name="Varsler", exact=True).click()
    page.get_by_text("Ingen nye siden sist.").wait_for()


@pytest.mark.parametrize("width", WIDTHS)
def test_mail_and_a_calendar_on_ones_own_page(log_in, check_access, width):
    page = log_in("rektor", width)
    page.goto("/konto")
    check_access(page)
    page.get_by_label("Adressen din").fill("rektor")
    page.get_by_label("Én gang om dagen").check()
    page.get_by_role("button", name="Lagre").click()
    page.get_by_role("alert").get_by_role("link").click()
    assert page.evaluate("document.activeElement.id") == "epost"
    check_access(page)
    page.get_by_label("Adressen din").fill("rektor@skole.example")
    page.get_by_role("button", name="Lagre").click()
    page.get_by_text("Valget ditt om e-post er lagret.").wait_for()
    assert page.get_by_label("Én gang om dagen").is_checked()
    page.get_by_role("button", name="Lag kalenderadresse").click()
    address = page.get_by_label("Lim den inn").input_value()
    assert address.endswith(".ics")
    check_access(page)
    answer = page.request.get(address)
    assert answer.text().startswith("BEGIN:VCALENDAR")
    page.goto("/konto")
    assert address not in page.content()
    page.get_by_role("button", name="Fjern adressen").click()
    page.get_by_text("Kalenderadressen virker ikke lenger.").wait_for()
    check_access(page)
    assert page.request.get(address).status == 404
