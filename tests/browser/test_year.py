"""The pages of the year in a real browser, at both widths, by keyboard, without a fault."""

from __future__ import annotations

import pytest

from engine.year.opening import open_due
from engine.year.plan import plan_year
from tests.browser.conftest import WIDTHS
from web.app import create_app
from web.security import limiter


@pytest.fixture
def address(product, clock, school, serve) -> str:
    """A school in November, with some of the year behind it and nothing done."""
    clock.set("2026-09-01T08:00")
    plan_year(product, school.id)
    clock.set("2026-11-24T09:00")
    open_due(product)
    app = create_app(product, SECRET_KEY="test")
    limiter.reset()
    return serve(app)


@pytest.mark.parametrize("width", WIDTHS)
def test_the_wheel_its_months_and_its_table(log_in, check_access, width):
    page = log_in("line", width)
    page.goto("/aarshjul")
    page.get_by_role("img", name="Årshjul for skoleåret 2026/27").wait_for()
    check_access(page)
    summary = page.locator(".tr-flere > summary").first
    summary.focus()
    page.keyboard.press("Enter")
    page.locator(".tr-flere[open]").first.wait_for()
    check_access(page)
    page.get_by_role("link", name="Se desember").click()
    page.get_by_role("heading", name="Desember").wait_for()
    check_access(page)
    page.get_by_role("link", name="Se hele året som tabell").click()
    page.get_by_role("heading", name="Skoleåret 2026/27").wait_for()
    check_access(page)


@pytest.mark.parametrize("width", WIDTHS)
def test_leadership_adds_a_routine_and_takes_one_up(log_in, check_access, width):
    page = log_in("berit", width)
    page.goto("/aarshjul/rader")
    check_access(page)
    page.get_by_role("link", name="Legg til en rutine").click()
    page.get_by_role("button", name="Lagre rutinen").click()
    page.get_by_role("link", name="Skriv hva som skal gjøres").wait_for()
    check_access(page)
    page.get_by_label("Hva skal gjøres?").fill("Refleksdag")
    page.get_by_label("Hvilke dager?").fill("10.12")
    page.get_by_role("button", name="Lagre rutinen").click()
    page.get_by_role("link", name="Refleksdag").click()
    check_access(page)
    page.get_by_label("Innen hvilken dag?").fill("1. desember")
    page.get_by_role("button", name="Ta opp rutinen").click()
    page.get_by_role("heading", name="Refleksdag").wait_for()
    assert page.get_by_text("Aktivitetsplan").count() == 0, "it is no pupil's case"
    check_access(page)


@pytest.mark.parametrize("width", WIDTHS)
def test_pupils_to_follow_along_and_a_teachers_task(log_in, check_access, width):
    page = log_in("maja", width)
    page.goto("/aarshjul/saarbare")
    check_access(page)
    page.goto("/oppgaver")
    page.get_by_role("link", name="Planlegg rutinen").first.click()
    page.get_by_label("Når skal det gjøres?").wait_for()
    check_access(page)
