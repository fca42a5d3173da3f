"""The pages in nynorsk and English: who has which, and that no bokmål of ours is left on them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urldefrag, urlsplit
from uuid import uuid4

import pytest

from engine.database.tables import Account
from engine.rules import workdays
from engine.sentences import both, say
from tests.school import post
from web import catalogues, i18n
from web.app import create_app
from web.letters import MAKE
from web.security import limiter
from web.told import done
from web.words import clock, day, due, due_inside, filesize, full_day, when

NOW = workdays.moment("2026-11-24T10:42")  # a Tuesday


# --- words ----------------------------------------------------------------------------------------


@pytest.fixture
def speaking():
    """`speaking("en")`: a request of somebody who reads English."""
    app, opened = create_app(SECRET_KEY="test"), []

    def speak(language: str):
        while opened:
            opened.pop().pop()
        context = app.test_request_context()
        context.push()
        opened.append(context)
        i18n.session[i18n.CHOICE] = language

    yield speak
    while opened:
        opened.pop().pop()


def test_days_and_times_in_english(speaking):
    speaking("en")
    assert day(date(2026, 11, 30)) == "Monday 30 November"
    assert day(date(2027, 1, 4), NOW) == "Monday 4 January 2027"
    assert full_day(date(2026, 11, 30)) == "30 November 2026"
    assert clock(datetime(2026, 11, 24, 13, 2, tzinfo=UTC)) == "14:02"
    assert when(workdays.moment("2026-11-23T14:02"), NOW) == "yesterday at 14:02"
    assert due(workdays.moment("2026-11-26T16:00"), NOW) == "Thursday, in 2 days"
    assert due(workdays.moment("2026-11-24T16:00"), NOW) == "Today"
    assert due_inside(workdays.moment("2026-11-24T16:00"), NOW) == "today"
    assert filesize(1_234_000) == "1.2 MB"


def test_days_and_times_in_nynorsk(speaking):
    speaking("nn")
    assert day(date(2026, 11, 30)) == "måndag 30. november"
    assert when(workdays.moment("2026-11-23T14:02"), NOW) == "i går kl. 14.02"
    assert due(workdays.moment("2026-11-25T16:00"), NOW) == "I morgon"
    assert due_inside(workdays.moment("2026-11-26T16:00"), NOW) == "torsdag, om 2 dagar"
    assert filesize(1_234_000) == "1,2 MB"


def test_a_sentence_of_the_engine_is_said_with_what_is_in_it(speaking):
    speaking("en")
    said = i18n.said(say("Ingen har rollen «%(role)s».", role=say("kontaktlærer")))
    assert said == "Nobody has the role “class teacher”."
    assert i18n.said(both(["Noor", "Ada"])) == "Noor and Ada"
    at = datetime(2026, 9, 8, 8, 5, tzinfo=UTC)
    changed = say(
        "%(who)s endret oppgaven %(at)s, etter at du åpnet siden. Se over, og prøv igjen.",
        who="Maja",
        at=at,
    )
    assert i18n.said(changed).startswith("Maja changed the task on 8 September at 10:05, after")


def test_the_schools_own_words_are_marked_and_escaped(speaking):
    speaking("en")
    said = i18n.said(say("Saken stanset ved «%(step)s».", step="Ta <imot>"))
    assert said == 'The case stopped at “<span lang="nb">Ta &lt;imot&gt;</span>”.'
    assert done("Ta imot meldingen") == 'Done: <span lang="nb">Ta imot meldingen</span>'
    speaking("nb")
    assert i18n.nb("Ta imot") == "Ta imot"
    assert done("Ta imot meldingen") == "Tok imot meldingen"


# --- whose language -------------------------------------------------------------------------------


def lang(page: str) -> str:
    return re.search(r'<html lang="(\w+)"', page)[1]


def test_the_log_in_page_is_in_the_language_asked_for(client):
    assert lang(client.get("/logg-inn").text) == "nb"
    page = client.get("/logg-inn?sprak=en").text
    assert lang(page) == "en" and "Log in" in page
    assert lang(client.get("/hjelp").text) == "en"
    assert lang(client.get("/logg-inn?sprak=tulle").text) == "en"
    assert lang(client.get("/logg-inn?sprak=nn").text) == "nn"


def test_a_language_is_kept_on_the_account(log_in, product, school):
    maja = log_in("maja")
    answer = post(maja, "/konto/sprak", {"sprak": "nn"}, page="/konto")
    assert answer.status_code == 303
    assert lang(maja.get("/oppgaver").text) == "nn"
    assert lang(log_in("maja").get("/oppgaver").text) == "nn"
    assert lang(log_in("berit").get("/oppgaver").text) == "nb"
    with product.database.session() as session:
        assert session.get_one(Account, school.accounts["maja"]).language == "nn"


def test_an_unknown_language_is_refused(log_in):
    maja = log_in("maja")
    assert post(maja, "/konto/sprak", {"sprak": "tulle"}, page="/konto").status_code == 422
    assert lang(maja.get("/oppgaver").text) == "nb"


def test_what_is_chosen_before_logging_in_holds_till_the_person_chooses(app, client, school):
    client.get("/logg-inn?sprak=en")
    data = {"brukernavn": "maja", "passord": "en lang setning om skolen"}
    post(client, "/logg-inn", data)
    assert lang(client.get("/oppgaver").text) == "en"
    post(client, "/konto/sprak", {"sprak": "nb"}, page="/konto")
    assert lang(client.get("/oppgaver").text) == "nb"


def test_the_language_is_left_behind_on_ones_own_machine_alone(log_in):
    for shared, left in ((False, "en"), (True, "nb")):
        maja = log_in("maja", shared=shared)
        post(maja, "/konto/sprak", {"sprak": "en"}, page="/konto")
        page = post(maja, "/logg-ut", {}, page="/konto")
        assert lang(maja.get(page.location).text) == left


# --- no bokmål is left ----------------------------------------------------------------------------


class Page(HTMLParser):
    """links: where the page leads; texts: what it says, without what is marked as another
    language's."""

    VOID = frozenset({"meta", "link", "input", "br", "hr", "img"})

    def __init__(self, source: str):
        super().__init__()
        self.links: list[str] = []
        self.texts: list[str] = []
        self._open: list[tuple[str, bool]] = []
        self.feed(source)

    def handle_starttag(self, tag, attributes):
        of = dict(attributes)
        if tag == "a" and of.get("href", "").startswith("/"):
            self.links.append(urldefrag(of["href"]).url)
        silent = tag in ("script", "style") or (tag != "html" and "lang" in of)
        if not self._silent:
            self.texts += [of[name] for name in ("aria-label", "data-saved", "data-failed")
                           if of.get(name)]  # fmt: skip
        if tag not in self.VOID:
            self._open.append((tag, silent or self._silent))

    def handle_endtag(self, tag):
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data):
        if data.strip() and not self._silent:
            self.texts.append(" ".join(data.split()))

    @property
    def _silent(self) -> bool:
        return bool(self._open) and self._open[-1][1]


class Bokmaal:
    """What only bokmål says: whole messages, and the parts of messages between their values."""

    def __init__(self, language: str):
        known = [each for each in catalogues.catalogue(language) if each.id]
        sources = [text for each in known for text in catalogues.forms(each.id)]
        said = [text for each in known for text in catalogues.forms(each.string)]
        self._whole = set(sources) - set(said)
        everything = "\n".join(said)
        parts = {part.strip() for text in sources for part in re.split(r"%\(\w+\)s|\{\w+\}", text)}
        several_words = {part for part in parts if len(part) > 9 and " " in part}
        self._parts = [part for part in several_words if part not in everything]

    def left_in(self, page: Page) -> list[str]:
        return [
            text
            for text in page.texts
            if text in self._whole or any(part in text for part in self._parts)
        ]


NOT_PAGES = {
    *("static", "about.health", "account.log_in"),
    *("cases.download", "letters.download", "lettertemplates.preview", "paper.download"),
    "contact.calendar",
}
EACH = {"cases.case": 8, "start.write": 4}  # pages of one kind that are opened; else two


@pytest.fixture(scope="module")
def shown(demonstrated):
    """The demonstration school, with a case that stands still."""
    return create_app(demonstrated, SECRET_KEY="test", TESTING=True)


def reader(app, language: str):
    """Rektor's browser, in this language."""
    limiter.reset()
    client = app.test_client()
    data = {"brukernavn": "rektor", "passord": "tyttebaer-rektor"}
    assert post(client, "/logg-inn", data).status_code == 303
    post(client, "/konto/sprak", {"sprak": language}, page="/konto")
    return client


def every_page(app, client):
    """What rektor comes to by links, some of every kind, in a school whose year is planned; the
    receipt of an own report; and the letters that the first pages of letters make."""
    routes = app.url_map.bind("")
    post(client, "/aarshjul/planlegg", {"skole": 1}, page="/aarshjul")
    report = {"receipt": str(uuid4()), "akutt_fare": "ja", "elev_utsatt": "elev:1"}
    sent = post(client, "/meld", report)
    waiting, seen, count = ["/", "/hendelser", sent.location], set(), {}
    while waiting:
        address = waiting.pop(0)
        kind = routes.match(urlsplit(address).path)[0]
        if address in seen or kind in NOT_PAGES or count.get(kind, 0) >= EACH.get(kind, 2):
            continue
        seen.add(address)
        answer = client.get(address, follow_redirects=True)
        assert answer.status_code == 200, address
        count[kind] = count.get(kind, 0) + 1
        page = Page(answer.text)
        waiting += page.links
        if kind == "letters.draft":
            chosen = dict(parse_qsl(urlsplit(address).query))
            make = {**chosen, "receipt": str(uuid4()), "send": MAKE}
            waiting.insert(0, post(client, urlsplit(address).path, make, page=address).location)
        yield kind, address, answer.text, page


@pytest.mark.parametrize("language", catalogues.TRANSLATED)
def test_no_page_of_rektors_has_bokmaal_left(shown, language):
    client, bokmaal, kinds = reader(shown, language), Bokmaal(language), set()
    for kind, address, source, page in every_page(shown, client):
        kinds.add(kind)
        assert lang(source) == language, address
        assert not bokmaal.left_in(page), address
    pages = {rule.endpoint for rule in shown.url_map.iter_rules() if "GET" in rule.methods}
    assert pages - kinds <= NOT_PAGES, "not opened: link to it, or open it here"


@pytest.mark.parametrize("language", catalogues.TRANSLATED)
def test_no_refusal_has_bokmaal_left(shown, language):
    client, bokmaal = reader(shown, language), Bokmaal(language)
    page = Page(post(client, "/meld", {"receipt": "0" * 36}).text)
    assert not bokmaal.left_in(page) and len(page.texts) > 20
    tasks = [link for link in Page(client.get("/oppgaver").text).links if link[-1].isdigit()]
    assert tasks
    for task in tasks:
        receipt = "00000000-0000-0000-0000-000000000000"
        answer = post(client, task, {"receipt": receipt, "send": "ja"})
        assert answer.status_code in (422, 404), task
        assert not bokmaal.left_in(Page(answer.text)), task
    for address in ("/saker/2026-1", "/finnes-ikke"):
        answer = client.get(address)
        assert answer.status_code == 404 and not bokmaal.left_in(Page(answer.text))


def test_bokmaal_that_is_left_is_found():
    page = Page('<html lang="en"><p>Skriv et svar.</p><p lang="nb">Velg en person.</p></html>')
    assert Bokmaal("en").left_in(page) == ["Skriv et svar."]
