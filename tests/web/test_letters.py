"""The pages with letters, their templates and the paper forms."""

from __future__ import annotations

from html import escape
from uuid import uuid4

import pytest
from sqlalchemy import select

from engine.database.tables import Case, Guardian, Guardianship, Letter, LetterTemplate
from engine.rules.workdays import moment
from tests.course import APPROVED, STEPS, Course
from tests.pdfs import opened
from tests.school import hidden
from web.app import create_app
from web.security import limiter

RECEIVED = 4


@pytest.fixture
def course(database):
    return Course(database)


@pytest.fixture
def app(course):
    app = create_app(course.product, SECRET_KEY="test", TESTING=True)
    limiter.reset()
    return app


@pytest.fixture
def two_homes(course):
    """A case whose pupil has a second guardian with an address block; gives both guardians' ids."""
    course.tell(STEPS[:RECEIVED])
    with course.product.database.transaction() as session:
        case = session.scalar(select(Case).where(Case.number == course.number))
        first = session.scalar(
            select(Guardianship.guardian_id).where(Guardianship.pupil_id == case.pupil_id)
        )
        other = Guardian(name="Tariq Fjellstrøm")
        session.add(other)
        session.flush()
        session.add(Guardianship(pupil_id=case.pupil_id, guardian_id=other.id, address_block=True))
        return first, other.id


def rows(course, table):
    with course.product.database.session() as session:
        return session.scalars(select(table).order_by(table.id)).all()


def send(client, path: str, page: str, **fields):
    data = {"csrf_token": hidden(page, "csrf_token"), "receipt": str(uuid4()), **fields}
    return client.post(path, data=data)


def test_a_letter_from_the_proposal_to_the_record(course, log_in, two_homes):
    client, path = log_in("kontaktlaerer"), f"/saker/{course.number}/brev"
    assert f'href="{path}"' in client.get(f"/saker/{course.number}").text
    page = client.get(path).text
    assert "Brev som saken trenger nå" in page and "Adressesperre." in page
    draft = f"{path}/nytt?slag=informasjon&foresatt={two_homes[1]}"
    assert escape(draft) in page
    shown = client.get(draft).text
    assert "Hei, Tariq Fjellstrøm" in shown and "har adressesperre" in shown
    fields = {"slag": "informasjon", "foresatt": two_homes[1], "sprak": "nn"}
    preview = send(client, f"{path}/nytt", shown, send="vis", **fields)
    assert preview.status_code == 200 and 'lang="nn"' in preview.text
    assert rows(course, Letter) == []
    made = send(client, f"{path}/nytt", shown, send="lag", **fields)
    (letter,) = rows(course, Letter)
    assert (made.status_code, made.location) == (303, f"{path}/{letter.id}")
    answer = client.get(f"{made.location}/pdf")
    assert answer.mimetype == "application/pdf"
    assert answer.headers["Content-Disposition"] == (
        f"attachment; filename=brev-{course.number}-{letter.id}.pdf"
    )
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert "no-store" in answer.headers["Cache-Control"]
    assert opened(answer.data).lang == "nn-NO"
    one = client.get(made.location).text
    wrong = send(client, f"{made.location}/gitt", one, hvordan="", tid="i fjor")
    assert wrong.status_code == 422 and "Velg hvordan brevet ble gitt." in wrong.text
    course.player.now = moment("2026-08-25T12:00")
    client = log_in("kontaktlaerer")
    one = client.get(made.location).text
    given = send(client, f"{made.location}/gitt", one, hvordan="post", tid="25.8 kl. 11.40")
    assert (given.status_code, given.location) == (303, made.location)
    one = client.get(made.location).text
    assert "I posten i dag kl. 11.40. Registrert av Maja." in one
    assert "Ga et brev til en foresatt" in log_in("rektor").get(f"/saker/{course.number}").text


def test_all_that_can_be_made_at_once_is_one_letter_to_each(course, log_in, two_homes):
    client, path = log_in("rektor"), f"/saker/{course.number}/brev"
    answer = send(client, f"{path}/alle", client.get(path).text, slag="informasjon")
    assert answer.status_code == 303
    assert {row.guardian_id for row in rows(course, Letter)} == set(two_homes)
    assert "2 brev er laget." in client.get(path).text


def test_a_plan_is_read_before_it_is_made(course, log_in):
    course.tell(STEPS[:APPROVED])
    guardian = rows(course, Guardian)[0].id
    client, path = log_in("rektor"), f"/saker/{course.number}/brev/nytt"
    shown = client.get(f"{path}?slag=plan&foresatt={guardian}").text
    assert "Eleven går alene i garderoben" in shown
    fields = {"slag": "plan", "foresatt": guardian, "problem": "Eleven er alene", "send": "lag"}
    answer = send(client, path, shown, **fields)
    assert answer.status_code == 422 and rows(course, Letter) == []
    assert 'href="#lest"' in answer.text and ">\nEleven er alene</textarea>" in answer.text
    assert send(client, path, answer.text, lest="ja", **fields).status_code == 303


@pytest.mark.parametrize(
    "asked", ["slag=plan", "slag=x&foresatt=1", "slag=plan&foresatt=999", "slag=plan&foresatt=²"]
)
def test_what_is_no_letter_is_not_found(course, log_in, two_homes, asked):
    client = log_in("rektor")
    assert client.get(f"/saker/{course.number}/brev/nytt?{asked}").status_code == 404
    assert client.get(f"/saker/{course.number}/brev/99").status_code == 404


def test_the_page_says_why_nothing_is_proposed(course, log_in):
    received, informing = STEPS[RECEIVED - 1], STEPS[RECEIVED]
    handler = received["answers"] | {"saksansvarlig": "ledelse"}
    answers = informing["answers"] | {"foresatte": [], "unntak_grunn": "Eleven er redd hjemme"}
    steps = [received | {"answers": handler}, informing | {"answers": answers}]
    course.tell([*STEPS[: RECEIVED - 1], *steps])
    path = f"/saker/{course.number}/brev"
    page = log_in("rektor").get(path).text
    assert "Ingen brev blir foreslått i denne saken" in page and "Eleven er redd hjemme" in page
    assert "Brev som saken trenger nå" not in page
    teachers = log_in("kontaktlaerer").get(path).text
    assert "Ingen brev blir foreslått" in teachers and "redd hjemme" not in teachers


def test_leadership_writes_a_template(course, log_in):
    client, path = log_in("ledelse"), "/brevmaler/informasjon/nb"
    page = client.get(path).text
    assert "{statsforvalter_dato}" in page and path in client.get("/brevmaler").text
    wrong = send(client, path, page, sett="0", tittel="Til {elv}", tekst="<b>x", send="lagre")
    assert wrong.status_code == 422 and "Mente du {elev}?" in wrong.text
    assert "&lt;b&gt;x" in wrong.text and rows(course, LetterTemplate) == []
    shown = send(client, path, page, sett="0", tittel="Til {elev}", tekst="# Hei", send="vis")
    assert "Til Noor" in shown.text and rows(course, LetterTemplate) == []
    saved = send(client, path, page, sett="0", tittel="Til {elev}", tekst="Hei.", send="lagre")
    assert (saved.status_code, saved.location) == (303, path)
    late = send(client, path, page, sett="0", tittel="Annet", tekst="Nei.", send="lagre")
    assert late.status_code == 409 and "Nei." in late.text
    assert "Hei." in opened(client.get(f"{path}/eksempel").data).text
    course.tell(STEPS[:RECEIVED])
    guardian = rows(course, Guardian)[0].id
    draft = f"/saker/{course.number}/brev/nytt?slag=informasjon&foresatt={guardian}"
    assert "<p>Hei.</p>" in client.get(draft).text


@pytest.mark.parametrize("who", ["kontaktlaerer", "faglaerer", "skoleeier"])
def test_others_find_no_templates(log_in, who):
    client = log_in(who)
    for path in ("/brevmaler", "/brevmaler/plan/nb", "/brevmaler/plan/nb/eksempel"):
        assert client.get(path).status_code == 404


def test_paper_forms_are_for_everybody(client):
    assert 'href="/papirskjema"' in client.get("/hjelp").text
    page = client.get("/papirskjema").text
    assert 'href="/papirskjema/meld-fra"' in page and "Meld fra om en elev (PDF)" in page
    answer = client.get("/papirskjema/meld-fra")
    assert answer.mimetype == "application/pdf" and answer.status_code == 200
    assert client.get("/papirskjema/ukjent").status_code == 404
