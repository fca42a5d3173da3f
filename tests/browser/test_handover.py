"""A task given on, a colleague invited and a case that stands still: by keyboard, on a phone."""

import pytest

from engine.cases.handover import HandOver, hand_over_task
from engine.database.tables import Case
from tests.browser.conftest import WIDTHS
from tests.browser.test_tasks import press, tab_to, write
from tests.browsing import Story


@pytest.fixture
def story(database) -> Story:
    """The case C1, whose saksansvarlig is about to make the plan."""
    return Story(database, "lag_aktivitetsplan")


@pytest.fixture
def address(story, serve) -> str:
    return serve(story.player.app)


def open_with_keyboard(page, words: str) -> None:
    """Tab to the summary that says this, and open it."""
    for _ in range(200):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent").strip() == words:
            page.keyboard.press("Enter")
            return
    raise AssertionError(f"«{words}» can't be reached with Tab")


def test_a_task_is_given_on_with_the_keyboard_without_javascript(log_in, story):
    page = log_in("kontaktlaerer", 390, javascript=False)
    page.goto(story.path)
    open_with_keyboard(page, "Gi oppgaven til en annen")
    tab_to(page, "gi_til")
    page.keyboard.type("aks")
    write(page, "gi_melding", "Se på storefri.")
    page.keyboard.press("Tab")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    page.get_by_text("Oppgaven er gitt videre.").wait_for()


def test_a_step_is_registered_for_another_with_the_keyboard(log_in, story):
    page = log_in("kontaktlaerer", 390, javascript=False)
    page.goto(story.path)
    open_with_keyboard(page, "Registrer for en annen")
    tab_to(page, "utfort_av")
    page.keyboard.type("aks")
    press(page, "send", "ja")
    page.get_by_role("link", name="Skriv dag og klokkeslett, som 8.9 kl. 10.").wait_for()
    page.get_by_label("Når ble det gjort?").wait_for()


@pytest.mark.parametrize("width", WIDTHS)
def test_the_pages_are_clean(log_in, story, check_access, width):
    product = story.player.product
    ids = {name: int(ref.split(":")[1]) for name, ref in story.player.cast.refs.items()}
    task = int(story.path.split("/")[-1])
    hand_over_task(product, HandOver(task, ids["rektor"], ids["aks"], "r" * 36, "Se på storefri."))
    page = log_in("aks", width)
    page.goto(story.path)
    for words in ("Gi oppgaven tilbake", "Registrer for en annen"):
        page.get_by_text(words, exact=True).click()
    check_access(page)
    page = log_in("rektor", width)
    page.goto(story.path)
    page.get_by_text("Gi oppgaven til en annen", exact=True).click()
    check_access(page)
    page.goto(f"/saker/{story.number}")
    page.get_by_text("Inviter en kollega", exact=True).click()
    page.get_by_role("button", name="Inviter kollegaen").click()
    check_access(page)
    page.get_by_label("Hvem?").select_option(story.player.cast.refs["miljoarbeider"])
    page.get_by_label("Hvorfor trenger kollegaen å se saken?").fill("Kjenner friminuttene.")
    page.get_by_label("Til og med hvilken dag?").fill("20.9.2026")
    page.get_by_role("button", name="Inviter kollegaen").click()
    page.get_by_text("Kjenner friminuttene.").wait_for()
    check_access(page)
    with product.database.transaction() as session:
        session.query(Case).one().state_version = 99
    page.goto(f"/saker/{story.number}")
    page.get_by_text("Saken kan ikke vises nå.").wait_for()
    check_access(page)
    page.goto("/hendelser")
    page.get_by_role("button", name="Prøv igjen").click()
    page.get_by_role("status").wait_for()
    check_access(page)
