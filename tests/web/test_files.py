"""Files through the pages: added on the case and with a task, and only ever downloaded."""

from __future__ import annotations

import io
from uuid import uuid4

import pytest
from sqlalchemy import select

from engine.cases import files as limits
from engine.database.tables import Answer, CaseFile, Draft, Task
from tests import files
from tests.browsing import Story, fields
from tests.school import hidden
from web import security

NAME = "Møtereferat æøå.pdf"


@pytest.fixture
def plan(database) -> Story:
    """Saksansvarlig is about to make the plan."""
    return Story(database, "lag_aktivitetsplan")


def upload(client, path: str, page: str, name: str = NAME, content: bytes = files.PDF, **more):
    """Send a file with the form of a page."""
    data = {"csrf_token": hidden(page, "csrf_token"), "receipt": str(uuid4()), **more}
    data["fil"] = (io.BytesIO(content), name)
    return client.post(path, data=data, content_type="multipart/form-data")


def to_case(plan, client, *args, **more):
    return upload(client, f"{plan.case_path}/fil", client.get(plan.case_path).text, *args, **more)


def rows(story, table, **equal):
    with story.player.product.database.session() as session:
        return session.scalars(select(table).filter_by(**equal)).all()


def test_a_file_is_added_to_the_case_and_downloaded_again(plan):
    client = plan.browser("rektor")
    answer = to_case(plan, client)
    assert (answer.status_code, answer.location) == (303, f"{plan.case_path}#filer")
    page = client.get(plan.case_path).text
    assert NAME in page and "Filen er lagt i saken." in page and "PDF, 1 kB." in page
    assert "La til en fil" in page
    (row,) = rows(plan, CaseFile)
    address = f"{plan.case_path}/fil/{row.id}"
    assert f'href="{address}"' in page
    found = client.get(address)
    assert (found.status_code, found.data) == (200, files.PDF)


def test_a_download_can_do_nothing_in_the_browser(plan):
    client = plan.browser("rektor")
    to_case(plan, client)
    (row,) = rows(plan, CaseFile)
    found = client.get(f"{plan.case_path}/fil/{row.id}", headers={"Range": "bytes=0-3"})
    of = found.headers
    assert (found.status_code, found.data) == (200, files.PDF)  # whole, never a part
    assert "Accept-Ranges" not in of and "ETag" not in of
    assert of["Content-Disposition"].startswith("attachment; filename=")
    assert "filename*=UTF-8''M%C3%B8tereferat%20%C3%A6%C3%B8%C3%A5.pdf" in of["Content-Disposition"]
    assert of["X-Content-Type-Options"] == "nosniff"
    assert of["Content-Type"] == "application/pdf"
    assert of["Content-Security-Policy"] == ("default-src 'none'; frame-ancestors 'none'; sandbox")
    assert of["Cache-Control"] == "no-store"


@pytest.mark.parametrize("who", ["faglaerer", "aks", "skoleeier", "ppt"])
def test_others_meet_what_does_not_exist(plan, who):
    rektor = plan.browser("rektor")
    page = rektor.get(plan.case_path).text
    to_case(plan, rektor)
    (row,) = rows(plan, CaseFile)
    client = plan.browser(who)
    gone, missing = (
        client.get(f"{plan.case_path}/fil/{row.id}"),
        client.get(f"{plan.case_path}/fil/9"),
    )
    assert gone.status_code == missing.status_code == 404
    assert gone.text == missing.text
    token = client.get("/konto").text
    assert upload(client, f"{plan.case_path}/fil", token).status_code == 404
    assert len(rows(plan, CaseFile)) == 1 and page


def test_a_refused_file_says_why_on_the_page(plan):
    client = plan.browser("rektor")
    for name, content, words in (
        ("program.exe", files.PROGRAM, "«.exe» kan ikke legges ved"),
        ("brev.pdf", files.HTML, "innholdet er noe annet enn PDF"),
        ("", b"", "Velg en fil først."),
    ):
        answer = to_case(plan, client, name, content)
        assert answer.status_code == 422 and words in answer.text
        assert 'aria-describedby="fil-hjelp fil-feil"' in answer.text
    assert rows(plan, CaseFile) == []


def test_a_file_is_given_with_a_task_and_what_is_typed_stays(plan):
    client = plan.browser("kontaktlaerer")
    page = client.get(plan.path)
    typed = fields(page, problem="Storefri er utrygg.", legg_ved="ja")
    typed["fil"] = (io.BytesIO(files.PDF), NAME)
    answer = client.post(plan.path, data=typed, content_type="multipart/form-data")
    assert (answer.status_code, answer.location) == (303, f"{plan.path}#vedlegg")
    page = client.get(plan.path).text
    assert "Filen er lagt ved." in page and "1 fil er lagt ved" in page and NAME in page
    assert "Storefri er utrygg." in page
    (row,) = rows(plan, CaseFile)
    assert row.task_id == plan.task("lag_aktivitetsplan").id
    assert f"Til «{plan.task('lag_aktivitetsplan').name}»." in (
        plan.browser("rektor").get(plan.case_path).text
    )


def test_a_file_that_can_not_be_kept_costs_nothing_that_is_typed(plan):
    client = plan.browser("kontaktlaerer")
    for button in ("legg_ved", "send", "lagre"):
        typed = fields(client.get(plan.path), problem=f"Utrygg {button}.", **{button: "ja"})
        typed["fil"] = (io.BytesIO(files.PROGRAM), "x.pdf")
        answer = client.post(plan.path, data=typed, content_type="multipart/form-data")
        assert answer.status_code == 422 and "noe annet enn PDF" in answer.text
        assert f"Utrygg {button}." in answer.text and f"Utrygg {button}." in (
            client.get(plan.path).text
        )
    assert rows(plan, CaseFile) == [] and rows(plan, Answer, step="lag_aktivitetsplan") == []


def test_a_chosen_file_goes_along_whichever_button_is_pressed(database):
    story = Story(database, "godkjenn_plan")
    client = story.browser("rektor")
    typed = fields(client.get(story.path), godkjent="ja", send="ja")
    typed["fil"] = (io.BytesIO(files.PDF), NAME)
    answer = client.post(story.path, data=typed, content_type="multipart/form-data")
    assert answer.status_code == 303
    (row,) = rows(story, CaseFile)
    (task,) = rows(story, Task, step="godkjenn_plan")
    assert (row.task_id, task.state) == (task.id, "done")


def test_too_large_a_file_is_met_on_the_page(plan, monkeypatch):
    monkeypatch.setattr(limits, "MAX_BYTES", 5_000_000)
    client = plan.browser("kontaktlaerer")
    typed = fields(client.get(plan.path), problem="Storefri er utrygg.", send="ja")
    typed["fil"] = (io.BytesIO(files.PDF + bytes(6_000_000)), NAME)
    answer = client.post(plan.path, data=typed, content_type="multipart/form-data")
    assert answer.status_code == 422 and "Filen er for stor." in answer.text
    assert "Storefri er utrygg." in answer.text and len(rows(plan, Draft)) == 1


def test_what_is_past_all_measure_gets_a_page_of_ours(plan, monkeypatch):
    monkeypatch.setattr(security, "UPLOAD", 3_000_000)
    client = plan.browser("rektor")
    answer = to_case(plan, client, content=files.PDF + bytes(3_000_000))
    assert answer.status_code == 413 and "velg en mindre fil" in answer.text


def test_nobody_else_may_send_more_than_a_form(plan):
    app = plan.player.app
    stranger = app.test_client()
    large = {"fil": (io.BytesIO(bytes(3_000_000)), "a.pdf")}
    answer = stranger.post(f"{plan.case_path}/fil", data=large)
    assert answer.status_code in (302, 303, 400, 413)
    client = plan.browser("rektor")
    token = hidden(client.get("/konto").text, "csrf_token")
    data = {"csrf_token": token, "notat": "x" * 3_000_000, "receipt": str(uuid4())}
    assert client.post(f"{plan.case_path}/notat", data=data).status_code == 413


def test_a_file_on_its_way_in_is_never_on_the_disk(plan, monkeypatch):
    def no_disk(*args, **kwargs):
        raise AssertionError("a file of a case was put on the disk")

    monkeypatch.setattr("werkzeug.formparser.SpooledTemporaryFile", no_disk)
    assert (
        to_case(plan, plan.browser("rektor"), content=files.PDF + bytes(2_000_000)).status_code
        == 303
    )
