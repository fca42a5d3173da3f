"""Report as a teacher does it: on a phone, with and without JavaScript."""

import pytest
from sqlalchemy import select

from engine.database.tables import Case, Draft, Task
from tests.browser.conftest import WIDTHS


def fill_in(page, suspicion: str = "Ja") -> None:
    page.get_by_label("Hvilken elev er du urolig for?").select_option(label="Noor, 4B")
    page.get_by_label("Hva så eller hørte du?").fill("To andre tok luen hennes.")
    page.get_by_role("group", name="Kunne du stoppe det?").get_by_label("Ja").check()
    page.get_by_label("Hva gjorde du? Eller hva hindret deg?").fill("Jeg stoppet leken.")
    page.get_by_role("group", name="Har eleven eller foresatte sagt").get_by_label("Nei").check()
    group = page.get_by_role("group", name="Tror du at eleven kan ha det utrygt")
    group.get_by_label(suspicion, exact=True).check()


def send(page) -> None:
    page.get_by_role("button", name="Send meldingen").click()


def case_number(product) -> str:
    """The number of the one case there is."""
    with product.database.session() as session:
        return session.scalars(select(Case.number).where(Case.part_of_id.is_(None))).one()


def open_steps(product) -> list[str]:
    with product.database.session() as session:
        return list(session.scalars(select(Task.step).where(Task.state == "open")))


@pytest.mark.parametrize("javascript", [True, False])
def test_a_teacher_reports_on_a_phone(log_in, product, javascript):
    page = log_in("emil", 390, javascript)
    page.goto("/meld")
    fill_in(page)
    send(page)
    page.get_by_role("heading", name="Takk. Rektor har fått meldingen.").wait_for()
    assert page.url.endswith(f"/meld/kvittering/{case_number(product)}")
    assert open_steps(product) == ["motta_varsel"]


@pytest.mark.parametrize("javascript", [True, False])
def test_the_page_follows_the_answers(log_in, product, javascript):
    page = log_in("emil", 390, javascript)
    page.goto("/meld")
    sentence = page.locator(".tr-send p:visible")
    who = page.get_by_label("Hvem gjelder det?")
    no = page.get_by_label("Nei, det ble løst der og da")
    assert sentence.all_inner_texts() == [
        "Når du sender: Rektor får meldingen med en gang og har plikt til å følge den opp."
    ]
    assert no.is_visible() and not who.is_visible()
    no.check()
    assert "Kontaktlæreren får beskjed." in sentence.inner_text()
    assert page.get_by_label("Hvorfor tror du at eleven har det trygt?").is_visible()
    page.get_by_role("group", name="Har eleven eller foresatte sagt").get_by_label("Ja").check()
    assert not no.is_visible()
    assert page.get_by_text("«Nei» kan ikke velges når eleven").is_visible()
    page.get_by_label("Jeg er urolig for noe en ansatt har gjort eller sagt").check()
    assert who.is_visible()
    assert "må varsle kommunen i dag" in sentence.inner_text()
    page.get_by_label("Det gjelder rektor eller en annen i ledelsen").check()
    assert "Kommunen får meldingen med en gang." in sentence.inner_text()
    page.get_by_label("Det er akutt fare").check()
    assert page.get_by_label("Hvilken elev er du urolig for?").is_visible()
    assert page.get_by_label("Hva så eller hørte du?").is_visible()
    assert not page.get_by_label("Hva gjorde du? Eller hva hindret deg?").is_visible()
    assert who.is_visible()


def test_acute_danger_is_sent_with_the_pupil_alone(log_in, product):
    page = log_in("emil", 390)
    page.goto("/meld")
    page.get_by_label("Det er akutt fare").check()
    page.get_by_label("Hvilken elev er du urolig for?").select_option(label="Noor, 4B")
    send(page)
    page.get_by_role("heading", name="Takk. Rektor har fått meldingen.").wait_for()
    assert open_steps(product) == ["motta_varsel"]


@pytest.mark.parametrize("javascript", [True, False])
def test_faults_are_listed_and_lead_to_their_fields(log_in, check_access, product, javascript):
    page = log_in("emil", 390, javascript)
    page.goto("/meld")
    page.get_by_label("Hva så eller hørte du?").fill("To andre tok luen hennes.")
    send(page)
    page.get_by_role("heading", name="Meldingen er ikke sendt. Rett 5 ting:").wait_for()
    assert page.get_by_label("Hva så eller hørte du?").input_value() == "To andre tok luen hennes."
    if javascript:
        check_access(page)
        assert page.evaluate("document.activeElement.className") == "ds-error-summary"
    page.get_by_role("link", name="Velg hvilken elev du er urolig for.").click()
    assert page.locator("#elev_utsatt").evaluate("e => e.matches(':target')") or not javascript
    fill_in(page, "Ja")
    send(page)
    page.get_by_role("heading", name="Takk. Rektor har fått meldingen.").wait_for()


def test_rows_are_added_without_javascript(log_in, product):
    page = log_in("emil", 390, javascript=False)
    page.goto("/meld")
    fill_in(page)
    page.get_by_text("Legg til mer").click()
    for number, name in ((1, "Ada, 4B"), (2, "Jonas, 5A")):
        page.get_by_role("button", name="Legg til en elev").click()
        page.get_by_label(f"Elev {number}", exact=True).select_option(label=name)
        page.get_by_label(f"Hvordan var elev {number} med?").select_option(label="Ble berørt")
    page.get_by_role("button", name="Fjern elev 1").click()
    assert page.get_by_label("Elev 2", exact=True).count() == 0
    assert page.get_by_label("Hva så eller hørte du?").input_value() == "To andre tok luen hennes."
    send(page)
    page.get_by_role("heading", name="Takk. Rektor har fått meldingen.").wait_for()
    page.goto(f"/meldinger/{case_number(product)}")
    assert "Jonas, 5A: Ble berørt" in page.inner_text("main")
    assert "Ada" not in page.inner_text("main")


def test_the_draft_is_saved_while_typing_and_there_when_coming_back(log_in, product):
    page = log_in("emil", 390)
    page.goto("/meld")
    page.get_by_label("Hva så eller hørte du?").fill("Halvveis")
    page.get_by_text("Kladd lagret kl. 15.40. Bare du ser den.").wait_for(timeout=10_000)
    page.goto("/konto")
    page.goto("/meld")
    assert page.get_by_label("Hva så eller hørte du?").input_value() == "Halvveis"
    fill_in(page)
    send(page)
    page.get_by_role("heading", name="Takk. Rektor har fått meldingen.").wait_for()
    with product.database.session() as session:
        assert session.scalars(select(Draft)).all() == []
        assert len(session.scalars(select(Case)).all()) == 1


@pytest.mark.parametrize("width", [*WIDTHS, 320])
def test_the_pages_are_for_everybody(open_browser, log_in, product, check_access, width):
    page = open_browser(width)
    page.goto("/logg-inn")
    check_access(page)
    page.get_by_label("Brukernavn").fill("emil")
    page.get_by_role("button", name="Logg inn").click()
    page.get_by_role("heading", name="Du er ikke logget inn.").wait_for()
    check_access(page)
    page = log_in("emil", width)
    page.goto("/meld")
    check_access(page)
    page.get_by_text("Legg til mer").click()
    page.get_by_role("button", name="Legg til en elev").click()
    page.get_by_label("Elev 1", exact=True).wait_for()
    check_access(page)
    page.get_by_role("button", name="Fjern elev 1").click()
    page.get_by_label("Det er akutt fare").check()
    check_access(page)
    page.get_by_label("Det er akutt fare").uncheck()
    fill_in(page)
    page.get_by_label("Jeg er urolig for noe en ansatt har gjort eller sagt").check()
    page.get_by_label("Jeg vet ikke hvem det er").check()
    page.get_by_label("Ja, eller jeg er usikker").check()
    check_access(page)
    send(page)
    page.get_by_role("heading", name="Takk. Rektor har fått meldingen.").wait_for()
    for path in (None, "/meldinger", f"/meldinger/{case_number(product)}", "/konto"):
        if path:
            page.goto(path)
        check_access(page)


@pytest.mark.parametrize("width", WIDTHS)
def test_everything_that_is_pressed_is_large_enough(log_in, width):
    page = log_in("emil", width)
    page.goto("/meld")
    small = page.evaluate(
        """() => [...document.querySelectorAll(
            'main a, main button, main select, main textarea, main .ds-field:has([type=radio], '
            + '[type=checkbox]), main summary')]
          .filter((e) => e.checkVisibility() && e.getBoundingClientRect().height < 44)
          .map((e) => e.outerHTML.slice(0, 80))"""
    )
    assert small == []
