"""Logging in and out, and that every page is closed until it is opened."""

import pytest

from engine.database.tables import Account, RoleHolding
from tests.school import PASSWORD, post
from web.account import safe_path
from web.cases import NUMBER

OPEN = {
    "about.help_page",
    "about.privacy",
    "about.accessibility",
    "about.health",
    "account.start",
    "account.log_in",
    "account.log_out",
    "contact.calendar",
    "paper.download",
    "paper.overview",
    "static",
}


SAMPLES = {NUMBER: "2026-4827"}
"""What stands in an address where a plain 1 would not fit."""


def test_every_page_but_the_listed_ones_is_closed(app, client):
    for rule in app.url_map.iter_rules():
        address = "/" + "/".join(
            SAMPLES.get(part, "1") if part.startswith("<") else part
            for part in rule.rule[1:].split("/")
        )
        with app.test_request_context():
            is_open = rule.endpoint == "static" or getattr(
                app.view_functions[rule.endpoint], "is_public", False
            )
        assert is_open == (rule.endpoint in OPEN), rule.endpoint
        if is_open:
            continue
        if "GET" in rule.methods:
            answer = client.get(address)
            assert answer.status_code == 302, address
            assert answer.location.startswith("/logg-inn?neste="), address
        else:
            assert client.post(address).status_code in (400, 401), address


def test_a_post_by_nobody_says_that_nothing_was_sent(app, client):
    app.config["WTF_CSRF_ENABLED"] = False
    answer = client.post("/meld", data={"observasjon": "x"})
    assert answer.status_code == 401
    assert "Det du skrev, er ikke sendt." in answer.text


def test_log_in_leads_to_where_one_was_going(client, school):
    assert client.get("/meldinger").location == "/logg-inn?neste=/meldinger"
    data = {"brukernavn": " MAJA ", "passord": PASSWORD, "neste": "/meldinger"}
    answer = post(client, "/logg-inn", data)
    assert (answer.status_code, answer.location) == (303, "/meldinger")
    page = client.get("/meldinger")
    assert "Maja Lærer" in page.text
    assert "Tyttebærlia skole" in page.text


def test_unknown_name_and_wrong_password_read_alike(client, school):
    pages = [
        post(client, "/logg-inn", {"brukernavn": name, "passord": "feil feil feil"})
        for name in ("maja", "nobody")
    ]
    said = [page.text.split("<main", 1)[1].split("</main>")[0] for page in pages]
    without_name = [text.replace("maja", "").replace("nobody", "") for text in said]
    assert [page.status_code for page in pages] == [422, 422]
    assert "Brukernavnet eller passordet stemmer ikke." in said[0]
    tokens = [text.split('csrf_token" value="')[1].split('"')[0] for text in without_name]
    assert without_name[0].replace(tokens[0], "") == without_name[1].replace(tokens[1], "")


def test_many_wrong_passwords_must_wait(client, school):
    wrong = {"brukernavn": "maja", "passord": "feil feil feil"}
    answers = [post(client, "/logg-inn", wrong) for _ in range(11)]
    assert [answer.status_code for answer in answers] == [422] * 10 + [429]
    assert "Vent litt" in answers[-1].text
    right = {"brukernavn": "emil", "passord": PASSWORD}
    assert post(client, "/logg-inn", right).status_code == 303


def test_a_whole_school_may_log_in_from_one_address(app, log_in):
    for _ in range(12):
        log_in("maja")


@pytest.mark.parametrize(
    ("path", "leads_to"),
    [
        ("/meld", "/meld"),
        ("/oppgaver?dag=i-dag", "/oppgaver?dag=i-dag"),
        ("", "/"),
        (None, "/"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("/\t/evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("meld", "/"),
    ],
)
def test_only_our_own_paths_are_gone_to(path, leads_to):
    assert safe_path(path) == leads_to


def test_the_start_page(client, log_in, product, school):
    assert client.get("/").location == "/logg-inn"
    assert log_in("berit").get("/").location == "/oppgaver"
    assert log_in("emil").get("/").location == "/meld"


def test_only_those_with_cases_have_saker_in_the_menu(log_in):
    assert 'href="/saker"' in log_in("berit").get("/konto").text
    assert 'href="/saker"' not in log_in("emil").get("/konto").text


def test_log_out(log_in):
    client = log_in("maja")
    answer = post(client, "/logg-ut", {}, page="/konto")
    assert answer.location == "/logg-inn?ute=1"
    assert client.get("/konto").status_code == 302


def test_a_session_ends_after_an_idle_hour_and_after_eight_hours(log_in, clock):
    client = log_in("maja")
    clock.forward(minutes=59)
    assert client.get("/konto").status_code == 200
    clock.forward(minutes=61)
    assert client.get("/konto").status_code == 302
    client = log_in("maja")
    for _ in range(9):
        clock.forward(minutes=50)
        assert client.get("/konto").status_code == 200
    clock.forward(minutes=50)
    assert client.get("/konto").status_code == 302


def test_a_session_on_a_shared_device_is_short_and_ends_with_the_browser(app, log_in, clock):
    client = log_in("maja", shared=True)
    assert client.get_cookie("trygg").expires is None
    assert log_in("maja").get_cookie("trygg").expires is not None
    clock.forward(minutes=9)
    assert client.get("/konto").status_code == 200
    clock.forward(minutes=11)
    assert client.get("/konto").status_code == 302


def test_a_closed_account_is_out_at_once(log_in, product, school):
    client = log_in("maja")
    with product.database.transaction() as session:
        session.get_one(Account, school.accounts["maja"]).active = False
    assert client.get("/konto").status_code == 302


def test_own_page_says_the_roles_in_words(log_in, product, school):
    assert "kontaktlærer 4B" in log_in("maja").get("/konto").text
    with product.database.transaction() as session:
        for holding in session.query(RoleHolding):
            holding.to_date = holding.from_date
    page = log_in("maja").get("/konto").text
    assert "Du har ingen rolle ved skolen nå." in page


def test_a_new_password_ends_other_sessions(app, log_in):
    here, elsewhere = log_in("maja"), log_in("maja")
    new = "et helt nytt passord"
    form = {"gammelt": PASSWORD, "passord": new, "igjen": new}
    assert post(here, "/konto", form).status_code == 303
    assert "Passordet er byttet." in here.get("/konto").text
    assert elsewhere.get("/konto").status_code == 302
    data = {"brukernavn": "maja", "passord": new}
    assert post(app.test_client(), "/logg-inn", data).status_code == 303


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"gammelt": "feil"}, "Det gamle passordet stemmer ikke."),
        ({"passord": "kort", "igjen": "kort"}, "Passordet må ha mellom 12 og 200 tegn."),
        ({"igjen": "noe annet enn det nye"}, "De to passordene er ikke like."),
    ],
)
def test_a_password_that_can_not_be_changed(log_in, change, words):
    new = "et helt nytt passord"
    form = {"gammelt": PASSWORD, "passord": new, "igjen": new} | change
    answer = post(log_in("maja"), "/konto", form)
    assert answer.status_code == 422
    assert words in answer.text
    assert new not in answer.text
