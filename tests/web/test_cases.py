"""The pages about cases: who may open them, what they show and what they keep to themselves."""

import html
import re
import time

import pytest
from sqlalchemy import select

from engine.cases.answers import plan as read_plan
from engine.cases.tick import let_deadlines_pass
from engine.database.tables import Account, Answer, Case, Incident, Reading
from engine.people import access
from engine.people.access import Permission
from tests import course as told
from tests.course import SHIELDED, STEPS, Course
from tests.school import hidden
from web import told as sentences
from web.app import create_app
from web.security import limiter

NO_ACCESS = "Trenger du den for å hjelpe en elev, snakk med rektor."
STAFF = [
    "rektor",
    "ledelse",
    "kontaktlaerer",
    "laerer_7a",
    "faglaerer",
    "miljoarbeider",
    "aks",
    "sosialveileder",
    "helsesykepleier",
    "ppt",
    "skoleeier",
]


@pytest.fixture
def course(database):
    return Course(database)


@pytest.fixture
def app(course):
    app = create_app(course.product, SECRET_KEY="test", TESTING=True)
    limiter.reset()
    return app


def text_of(answer) -> str:
    """What a page says, without its tags."""
    main = answer.text[answer.text.index("<main") : answer.text.index("</main>")]
    main = re.sub(r"<script.*?</script>", "", main, flags=re.S)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", main)).split())


def title_of(answer) -> str:
    return html.unescape(answer.text.split("<title>")[1].split("</title>")[0])


def may(course, who: str, permission: Permission) -> bool:
    """What the access table says of this case."""
    with course.product.database.session() as session:
        account = session.get(Account, course.account(who))
        case = session.scalar(select(Case).where(Case.number == course.number))
        return access.may(session, account, permission, case=case, now=course.product.clock())


def answer_id(course, step: str) -> int:
    with course.product.database.session() as session:
        return session.scalars(select(Answer.id).where(Answer.step == step)).all()[-1]


def send(client, number: str, action: str, **fields):
    page = client.get(f"/saker/{number}").text
    fields = {"csrf_token": hidden(page, "csrf_token"), **fields}
    return client.post(f"/saker/{number}/{action}", data=fields)


# --- who may open what ---------------------------------------------------------------------------


@pytest.mark.parametrize("who", STAFF)
@pytest.mark.parametrize("steps", [STEPS[: told.APPROVED], SHIELDED], ids=["open", "shielded"])
def test_every_page_is_open_to_those_of_the_access_table_alone(course, log_in, who, steps):
    course.tell(steps)
    number, client = course.number, log_in(who)
    pages = {
        f"/saker/{number}": Permission.SEE_CASE,
        f"/saker/{number}/svar/{answer_id(course, 'registrer_melding')}": (
            Permission.SEE_ALL_ANSWERS
        ),
    }
    if steps is not SHIELDED:
        pages[f"/saker/{number}/plan"] = Permission.SEE_PLAN
    for path, permission in pages.items():
        # Who reported it reads the own answers there, but of a shielded case under «Meldingene».
        own = "svar" in path and who == "faglaerer" and steps is not SHIELDED
        allowed = may(course, who, permission) or own
        answer = client.get(path)
        assert answer.status_code == (200 if allowed else 404), path
        assert allowed or NO_ACCESS in answer.text


@pytest.mark.parametrize("who", STAFF)
def test_the_overview_is_open_to_those_who_have_cases(course, log_in, who):
    course.tell(STEPS[: told.REPORTED])
    with course.product.database.session() as session:
        account = session.get(Account, course.account(who))
        listed = access.may(session, account, Permission.SEE_CASES_LIST, now=course.product.clock())
    answer = log_in(who).get("/saker")
    assert answer.status_code == (200 if listed else 404)
    assert listed == ('href="/saker"' in log_in(who).get("/konto").text)


def test_a_teacher_of_another_class_can_not_tell_a_case_from_none(course, log_in):
    course.tell(STEPS[:10])
    client = log_in("laerer_7a")
    hidden_case, none = client.get(f"/saker/{course.number}"), client.get("/saker/2026-999")
    assert hidden_case.status_code == none.status_code == 404
    assert hidden_case.data == none.data
    assert NO_ACCESS in none.text


@pytest.mark.parametrize("path", ["/saker/x", "/saker/2026-0%00", "/saker/2026-999/plan"])
def test_what_is_no_case_is_not_found(course, log_in, path):
    assert log_in("rektor").get(path).status_code == 404


def test_nobody_reads_without_logging_in(course, client):
    course.tell(STEPS[:10])
    for path in ("/saker", f"/saker/{course.number}", f"/saker/{course.number}/plan"):
        answer = client.get(path)
        assert answer.status_code == 302 and "/logg-inn" in answer.headers["Location"]


# --- the overview --------------------------------------------------------------------------------


def test_the_overview_says_step_person_and_day(course, log_in):
    course.tell(STEPS[:10])
    page = text_of(log_in("rektor").get("/saker"))
    assert "1 åpen sak." in page
    for words in ("Noor, 4B", "Lag aktivitetsplan", "Maja, saksansvarlig", "Dag 3 av 5"):
        assert words in page
    assert "3 dager siden" in page and "Tiltak" in page


def test_what_is_late_is_said_in_words(course, log_in):
    course.tell(STEPS[:10])
    course.set("2026-09-02T12:00")
    let_deadlines_pass(course.product)
    page = text_of(log_in("rektor").get("/saker"))
    assert "1 er over fristen." in page and "2 dager over" in page


def test_filters_stand_in_the_address(course, log_in):
    course.tell(STEPS[:10])
    client = log_in("rektor")
    page = client.get("/saker?steg=lag_aktivitetsplan&rolle=saksansvarlig&klasse=4B")
    assert "1 sak passer." in text_of(page)
    assert '<option value="lag_aktivitetsplan" selected>' in page.text
    assert '<option value="4B" selected>' in page.text
    page = client.get("/saker?over=ja")
    assert "Ingen saker passer. Vis alle åpne" in text_of(page)
    assert client.get("/saker?tilstand=alle&side=7&steg=%00").status_code == 200


def test_an_overview_without_cases_says_so(course, log_in):
    assert "Ingen åpne saker. Det er bra, så lenge alle vet hvordan de melder fra." in text_of(
        log_in("rektor").get("/saker")
    )


def test_pages_keep_the_filters(course, log_in, monkeypatch):
    monkeypatch.setattr("engine.cases.lists.PAGE", 1)
    course.tell(STEPS[:2])
    course.tell(STEPS[:2])
    page = log_in("rektor").get("/saker?tilstand=alle")
    assert "Side 1 av 2." in text_of(page)
    assert 'href="/saker?tilstand=alle&amp;side=2"' in page.text


# --- one case ------------------------------------------------------------------------------------


def test_a_case_says_what_goes_on_and_when_it_is_due(course, log_in):
    course.tell(STEPS[:10])
    answer = log_in("rektor").get(f"/saker/{course.number}")
    page = text_of(answer)
    for words in (
        f"Sak {course.number}. Meldt mandag 24. august kl. 10.15. Åpen",
        "Nå Lag aktivitetsplan Maja , saksansvarlig, har oppgaven. Frist mandag, om 4 dager.",
        "Minn Maja på oppgaven",
        "Planfrist: dag 3 av 5",
        "Fra mandag 31. august kan Noor eller foresatte melde saken til Statsforvalteren.",
        "Planen er ikke sendt ennå.",
        "Tok imot meldingen Mandag 24. august kl. 10.50. Randi, rektor. Les svarene",
        "Vurder det dere vet : Ferdig Gjort i dag kl. 9.00 av Maja.",
        "Godkjenn planen : Ikke kommet dit Gjøres av rektor.",
    ):
        assert words in page
    assert title_of(answer) == f"Sak {course.number} – Trygg"
    assert "style-src-attr 'unsafe-inline'" in answer.headers["Content-Security-Policy"]
    assert answer.text.count('aria-current="step"') == 2  # the stepper's and the list's


def test_one_whose_turn_it_is_opens_the_task(course, log_in):
    course.tell(STEPS[:10])
    page = log_in("kontaktlaerer").get(f"/saker/{course.number}")
    assert "Åpne oppgaven" in text_of(page) and "Minn" not in text_of(page)
    assert re.search(r'href="/oppgaver/\d+"', page.text)


def test_a_shielded_case_is_called_so_everywhere(course, log_in):
    course.tell(SHIELDED)
    client, number = log_in("rektor"), course.number
    for path in (
        f"/saker/{number}",
        f"/saker/{number}/svar/{answer_id(course, 'registrer_melding')}",
    ):
        answer = client.get(path)
        assert title_of(answer) == "Skjermet sak – Trygg"
    assert "Noor" not in client.get(f"/saker/{number}").text
    assert "Noor" not in client.get("/saker").text


def test_a_case_that_waits_says_for_what_and_that_it_is_closed(course, log_in):
    course.tell(STEPS[: told.CLOSED])
    page = text_of(log_in("rektor").get(f"/saker/{course.number}"))
    assert "Avsluttet, etterkontroll gjenstår" in page
    assert "Sjekk igjen fra mandag 9. november" in page
    assert "Planfrist" not in page


def test_leadership_sees_where_a_case_stands_still(course, log_in):
    course.tell(STEPS[:10])
    with course.product.database.transaction() as session:
        case = session.scalar(select(Case))
        session.add(
            Incident(
                case_id=case.id,
                kind="ingen_i_rollen",
                name="Godkjenn planen",
                message="Gi noen rollen rektor.",
                at=course.product.clock(),
            )
        )
    said = "Saken står fast ved «Godkjenn planen» Gi noen rollen rektor."
    assert said in text_of(log_in("rektor").get(f"/saker/{course.number}"))
    assert said not in text_of(log_in("kontaktlaerer").get(f"/saker/{course.number}"))


def test_the_reading_log_grows_with_each_page(course, log_in):
    course.tell(STEPS[: told.APPROVED])
    client, number = log_in("ledelse"), course.number
    client.get(f"/saker/{number}")
    client.get(f"/saker/{number}/plan")
    client.get(f"/saker/{number}/svar/{answer_id(course, 'analyse')}")
    with course.product.database.session() as session:
        read = session.execute(select(Reading.account_id, Reading.what)).all()
    line = course.account("ledelse")
    assert read == [(line, "sak"), (line, "plan"), (line, "svar")]
    page = text_of(log_in("rektor").get(f"/saker/{number}"))
    assert "Line i dag kl. 9.00" in page or "Line fredag" in page


# --- what can be done ----------------------------------------------------------------------------


def test_reminding(course, log_in):
    course.tell(STEPS[:10])
    client = log_in("rektor")
    task = hidden(client.get(f"/saker/{course.number}").text, "oppgave")
    answer = send(client, course.number, "minn", oppgave=task)
    assert answer.status_code == 303
    page = text_of(client.get(f"/saker/{course.number}"))
    assert "Maja har fått en påminnelse." in page
    assert "Minnet om «Lag aktivitetsplan»" in page
    assert send(client, course.number, "minn", oppgave="x").status_code == 400
    assert send(client, course.number, "minn", oppgave="999").status_code == 404


def test_a_note_is_kept_and_an_empty_one_comes_back(course, log_in):
    course.tell(STEPS[:10])
    client = log_in("rektor")
    receipt = "0" * 8 + "-0000-0000-0000-" + "0" * 12
    for _ in range(2):
        answer = send(client, course.number, "notat", notat="Snakket med <far>", receipt=receipt)
        assert answer.status_code == 303
    page = client.get(f"/saker/{course.number}")
    assert page.text.count("Snakket med &lt;far&gt;") == 1
    answer = send(client, course.number, "notat", notat=" ", receipt=receipt.replace("0", "1"))
    assert answer.status_code == 422 and 'aria-invalid="true"' in answer.text
    assert send(client, course.number, "notat", notat="x", receipt="x").status_code == 400


def test_starting_by_hand_says_first_what_comes_of_it(course, log_in):
    course.tell(STEPS[: told.APPROVED])
    client = log_in("rektor")
    page = client.get(f"/saker/{course.number}")
    said = text_of(page)
    assert "Da får kontaktlærer oppgaven «Kartlegg miljøet rundt eleven»." in said
    assert "«Avslutt: overført til ny skole». Det kan ikke angres." in said
    fields = {"steg": "kartlegging_startes", "receipt": hidden(page.text, "receipt")}
    assert send(client, course.number, "start", **fields).status_code == 303
    assert "Startet kartlegging" in text_of(client.get(f"/saker/{course.number}"))


def test_only_those_the_diagram_names_start_by_hand(course, log_in):
    course.tell(STEPS[: told.APPROVED])
    fields = {
        "steg": "elev_bytter_skole",
        "receipt": "a" * 8 + "-aaaa-aaaa-aaaa-" + "a" * 12,
    }
    answer = send(log_in("kontaktlaerer"), course.number, "start", **fields)
    assert answer.status_code == 403


# --- answers and plan ----------------------------------------------------------------------------


def test_answers_are_labels_and_text(course, log_in):
    course.tell(STEPS[:11])
    number, one = course.number, answer_id(course, "lag_aktivitetsplan")
    page = text_of(log_in("rektor").get(f"/saker/{number}/svar/{one}"))
    assert "Lag aktivitetsplan Sak" in page and "av Maja, saksansvarlig" in page
    assert "Hvilket problem skal tiltakene løse? Eleven går alene i garderoben" in page
    assert log_in("rektor").get(f"/saker/2026-999/svar/{one}").status_code == 404


def test_the_plan_is_made_to_be_printed(course, log_in):
    course.tell(STEPS[: told.APPROVED])
    page = text_of(log_in("rektor").get(f"/saker/{course.number}/plan"))
    for words in (
        "Tyttebærlia skole Aktivitetsplan for Noor, 4B",
        "versjon 1 av 1. Laget av Maja",
        "Godkjent av Randi",
        "Hvilket problem skal tiltakene løse? Lovkrav 1",
        "Hvem gjennomfører? Lovkrav 4 Maja",
    ):
        assert words in page
    assert "Versjoner" not in page


def test_earlier_versions_of_the_plan_can_be_read(course, log_in):
    course.tell(STEPS[: told.PLANNED])
    course.go_on(
        [
            {**STEPS[11], "answers": {"godkjent": "nei", "retur_grunn": "Skriv hvem"}},
            {**STEPS[10], "at": "2026-08-28T10:00"},
        ]
    )
    client = log_in("rektor")
    newest = text_of(client.get(f"/saker/{course.number}/plan"))
    assert "versjon 2 av 2" in newest and "Ikke godkjent." in newest
    assert "versjon 1 av 2" in text_of(client.get(f"/saker/{course.number}/plan?versjon=1"))
    assert client.get(f"/saker/{course.number}/plan?versjon=3").status_code == 404


def test_one_who_carries_out_a_measure_reads_the_plan_and_not_the_case(course, log_in):
    measure = {**told.MEASURE, "ansvarlig": "aks"}
    course.tell(
        [
            *STEPS[:10],
            {**STEPS[10], "answers": {**STEPS[10]["answers"], "tiltak": [measure]}},
            STEPS[11],
        ]
    )
    client = log_in("aks")
    assert read_plan(course.product, course.account("aks"), course.number).may_see_case is False
    page = client.get(f"/saker/{course.number}/plan")
    assert page.status_code == 200
    assert f'href="/saker/{course.number}"' not in page.text
    assert client.get(f"/saker/{course.number}").status_code == 404


def test_the_time_does_not_tell_that_a_case_is_anothers(course, log_in, app):
    course.tell(SHIELDED)
    client = log_in("aks")
    app.config["NOT_FOUND_AFTER"] = 0.3
    for number in (course.number, "2026-1"):
        began = time.monotonic()
        assert client.get(f"/saker/{number}").status_code == 404
        assert time.monotonic() - began >= 0.3


# --- sentences -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "told_so"),
    [
        ("Ta imot meldingen", "Tok imot meldingen"),
        ("Skriv logg og gi beskjed", "Skrev logg og ga beskjed"),
        ("Ta imot meldingen og skjerm eleven", "Tok imot meldingen og skjermet eleven"),
        ("Grip inn", "Grep inn"),
        ("Fortell hva du har sett", "Fortalte om det som er sett"),
        ("Eleven bytter skole", "Ferdig: Eleven bytter skole"),
    ],
)
def test_a_step_is_told_in_the_past_tense(app, name, told_so):
    with app.test_request_context():
        assert sentences.done(name) == told_so


@pytest.mark.parametrize("process", ["aktivitetsplikt", "skjerpet_aktivitetsplikt"])
def test_every_step_of_the_shipped_processes_has_a_past_tense(app, course, process):
    with course.product.database.session() as session:
        definition = course.product.published(session, process)
    names = {step.name for step in definition.steps.values() if step.kind == "userTask"}
    with app.test_request_context():
        assert not [name for name in names if sentences.done(name).startswith("Ferdig")]
