"""A task as saksansvarlig does it: on a phone, with the keyboard alone, without JavaScript."""

import pytest

from tests.browser.conftest import WIDTHS
from tests.browsing import Story


@pytest.fixture
def until() -> str:
    """The step that the case has come to."""
    return "lag_aktivitetsplan"


@pytest.fixture
def story(database, until) -> Story:
    """The case C1, whose saksansvarlig is the pupil's kontaktlærer."""
    return Story(database, until)


@pytest.fixture
def address(story, serve) -> str:
    return serve(story.player.app)


def tab_to(page, name: str, value: str | None = None) -> None:
    """Press Tab until the control with this name (and value, for a button) has focus."""
    here = "[document.activeElement.name ?? '', document.activeElement.value ?? '']"
    for _ in range(150):
        page.keyboard.press("Tab")
        found, its_value = page.evaluate(here)
        if found == name and value in (None, its_value):
            return
    raise AssertionError(f"{name} can't be reached with Tab")


def write(page, name: str, text: str) -> None:
    tab_to(page, name)
    page.keyboard.type(text)


def press(page, name: str, value: str) -> None:
    """Press the button with Enter, and wait for the page that comes."""
    tab_to(page, name, value)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def focused(page) -> str:
    return page.evaluate("document.activeElement.name || document.activeElement.className")


def test_the_plan_is_made_with_the_keyboard_on_a_phone_without_javascript(log_in, story):
    page = log_in("kontaktlaerer", 390, javascript=False)
    page.goto("/oppgaver")
    for _ in range(30):
        page.keyboard.press("Tab")
        if "Lag aktivitetsplan" in page.evaluate("document.activeElement.textContent"):
            break
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{story.path}")
    write(page, "problem", "Storefri er utrygg.")
    press(page, "legg_til", "tiltak")
    assert focused(page) == "tiltak-1-beskrivelse"
    press(page, "fjern", "tiltak-1")
    assert focused(page) == "legg_til"
    page.goto(story.path)  # what was typed is in the draft
    write(page, "tiltak-0-beskrivelse", "En voksen ved benken.")
    write(page, "tiltak-0-fra_dato", "1.9.2026")
    write(page, "tiltak-0-til_dato", "18. september")
    write(page, "tiltak-0-ansvarlig", "milj")
    write(page, "tiltak-0-evalueres_dato", "18.9")
    write(page, "tiltak-0-nivaa", "Kla")
    write(page, "tiltak-0-krever_enkeltvedtak", " ")
    page.keyboard.press("ArrowDown")
    write(page, "startdato", "1.9.2026")
    press(page, "send", "ja")
    assert focused(page) == "ds-error-summary"
    assert page.get_by_role("alert").get_by_role("link").count() == 2
    assert page.get_by_label("Hvilket problem skal tiltakene løse?").input_value() == (
        "Storefri er utrygg."
    )
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert "#f-elev_medvirket" in page.url
    write(page, "elev_medvirket", " ")
    write(page, "elevens_syn_paa_plan", "Det er fint.")
    press(page, "send", "ja")
    said = page.get_by_role("status").inner_text()
    assert said == "Sendt. Neste steg er «Godkjenn planen» (rektor)."


@pytest.mark.parametrize("width", WIDTHS)
def test_everybody_can_use_the_pages(log_in, check_access, story, width):
    page = log_in("kontaktlaerer", width)
    for path in ("/oppgaver", "/oppgaver/ferdige", story.path):
        page.goto(path)
        check_access(page)
    page.get_by_role("button", name="Send til rektor for godkjenning").click()
    page.get_by_role("alert").wait_for()
    check_access(page)
    page.goto("/oppgaver/ferdige")
    page.get_by_role("link", name="Snakk med eleven").click()
    page.get_by_role("heading", name="Svarene").wait_for()
    check_access(page)


def test_the_draft_is_saved_while_one_types(log_in, story):
    page = log_in("kontaktlaerer", 390)
    page.goto(story.path)
    page.get_by_label("Hvilket problem skal tiltakene løse?").fill("Storefri")
    page.get_by_text("Kladd lagret kl. 11.00. Bare du ser den.").wait_for(timeout=10_000)
    other = log_in("kontaktlaerer", 1280)
    other.goto(story.path)
    assert other.get_by_label("Hvilket problem skal tiltakene løse?").input_value() == "Storefri"


def test_the_one_who_comes_second_can_use_the_page(log_in, check_access, story):
    story.player.through_pages = False
    steps = {step.get("step"): step for step in story.player.scenario["steps"]}
    story.player.play_step(steps["lag_aktivitetsplan"])
    story.at(steps["godkjenn_plan"]["at"])
    page = log_in("ledelse", 390)
    page.goto(f"/oppgaver/{story.player.open('godkjenn_plan').id}")
    page.get_by_label("Nei").check()
    page.get_by_label("Hva må endres?").fill("Tiltak 2 mangler hvem.")
    story.player.play_step(steps["godkjenn_plan"])
    page.get_by_role("button", name="Send svaret").click()
    page.get_by_role("heading", name="rektor var først").wait_for()
    assert "Tiltak 2 mangler hvem." in page.locator(".tr-svar").inner_text()
    check_access(page)


@pytest.mark.parametrize("until", ["beslutning"])
@pytest.mark.parametrize("width", WIDTHS)
def test_why_a_case_can_not_be_closed_is_said_to_everybody(log_in, check_access, story, width):
    page = log_in("rektor", width)
    page.goto(story.path)
    page.get_by_label("Avslutt, eleven har det trygt").check()
    page.get_by_label("Hvorfor?").fill("Det virker bedre.")
    page.get_by_role("button", name="Send svaret").click()
    page.get_by_role("heading", name="Saken kan ikke avsluttes ennå").wait_for()
    check_access(page)
    page.get_by_role("button", name="Endre planen").click()
    assert page.get_by_label("Endre planen").is_checked()
    assert page.get_by_label("Hvorfor?").input_value() == "Det virker bedre."
