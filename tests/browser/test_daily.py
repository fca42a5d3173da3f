"""Files, corrections and the pupil's page in a real browser, at both widths, without a fault."""

from __future__ import annotations

import pytest

from tests import course as told
from tests import files
from tests.browser.conftest import WIDTHS
from tests.course import STEPS, Course
from web.app import create_app
from web.security import limiter


@pytest.fixture
def course(database):
    course = Course(database)
    course.tell(STEPS[: told.PLANNED])
    return course


@pytest.fixture
def address(course, serve) -> str:
    app = create_app(course.product, SECRET_KEY="test")
    limiter.reset()
    return serve(app)


PDF = {"name": "Møtereferat.pdf", "mimeType": "application/pdf", "buffer": files.PDF}
PROGRAM = {"name": "brev.pdf", "mimeType": "application/pdf", "buffer": files.PROGRAM}


@pytest.mark.parametrize("width", WIDTHS)
def test_a_file_and_a_correction_on_the_case(course, log_in, check_access, width):
    page = log_in("rektor", width)
    page.goto(f"/saker/{course.number}")
    page.get_by_label("Legg til en fil").set_input_files(PROGRAM)
    page.get_by_role("button", name="Legg filen i saken").click()
    page.get_by_text("innholdet er noe annet enn PDF").wait_for()
    check_access(page)
    page.get_by_label("Legg til en fil").set_input_files(PDF)
    page.get_by_role("button", name="Legg filen i saken").click()
    check_access(page)
    with page.expect_download() as started:
        page.get_by_role("link", name="Møtereferat.pdf").click()
    assert started.value.suggested_filename == "Møtereferat.pdf"

    page.get_by_role("link", name="Les svarene til «Meld fra").click()
    page.get_by_role("link", name="Rett svaret").click()
    check_access(page)
    page.get_by_role("button", name="Rett svaret").click()
    check_access(page)
    page.get_by_label("Hvor skjedde det?").select_option(label="I klasserommet")
    page.get_by_label("Hvorfor retter du svaret?").fill("Det var i klasserommet.")
    page.get_by_role("button", name="Rett svaret").click()
    page.locator("del").first.wait_for()
    check_access(page)

    page.goto(f"/saker/{course.number}")
    page.get_by_role("link", name="Se alt om eleven").click()
    check_access(page)
    page.goto("/elever")
    check_access(page)


@pytest.mark.parametrize("width", WIDTHS)
def test_a_file_with_a_task_without_javascript(course, log_in, width):
    page = log_in("rektor", width, javascript=False)
    page.goto("/oppgaver")
    page.get_by_role("link", name="Godkjenn planen").click()
    page.get_by_text("Legg ved en fil", exact=True).click()
    page.get_by_label("Velg en fil").set_input_files(PDF)
    page.get_by_role("button", name="Legg ved").click()
    page.get_by_text("Filen er lagt ved.").wait_for()
    page.get_by_role("link", name="Møtereferat.pdf").wait_for()
    page.get_by_label("Velg en fil").set_input_files(PROGRAM)
    page.get_by_role("button", name="Legg ved").click()
    page.get_by_text("innholdet er noe annet enn PDF").wait_for()
