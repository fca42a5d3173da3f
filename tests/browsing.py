"""Written cases played through the pages: the scenario's people log in, open and send each form."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from uuid import uuid4

from engine.cases.messages import start_by_hand
from engine.cases.play import FIRST_STEPS, Player, Stop, read_scenarios
from engine.database.tables import Account, Case
from engine.people.accounts import passwords
from engine.product import PROCESSES
from tests.school import PASSWORD, hidden, post
from web.app import create_app
from web.security import limiter
from web.tasks import flat

SCENARIOS = {s["id"]: s for s in read_scenarios(Path(__file__).parent / "scenarios/core.yaml")}


class Controls(HTMLParser):
    """What a page's form would send: the names of its controls, and the values that stand there."""

    def __init__(self, page: str):
        super().__init__()
        self.names: set[str] = set()
        self.values: list[tuple[str, str]] = []
        self._select: str | None = None
        self._text: str | None = None
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        of = dict(attributes)
        name = of.get("name")
        if tag == "option" and self._select and "selected" in of:
            self.values.append((self._select, of.get("value", "")))
        if not name or tag == "button" or tag == "meta":
            return
        self.names.add(name)
        if tag == "select":
            self._select = name
        elif tag == "textarea":
            self._text = name
            self.values.append((name, ""))
        elif of.get("type") not in ("radio", "checkbox") or "checked" in of:
            self.values.append((name, of.get("value") or ""))

    def handle_data(self, data):
        if self._text:
            name, value = self.values[-1]
            self.values[-1] = (name, value + data)

    def handle_endtag(self, tag):
        if tag == "select":
            self._select = None
        elif tag == "textarea":
            name, value = self.values[-1]
            self.values[-1] = (name, value.removeprefix("\n"))
            self._text = None


class BrowsingPlayer(Player):
    """A player whose people use the pages, unless `through_pages` is turned off."""

    def __init__(self, scenario: dict[str, Any], database):
        super().__init__(scenario, database, PROCESSES)
        hashed = passwords.hash(PASSWORD)
        with self.product.database.transaction() as session:
            for account in session.query(Account):
                account.password_hash = hashed
        self.app = create_app(self.product, SECRET_KEY="test", TESTING=True)
        self.through_pages = True

    def browser(self, account_id: int):
        """A browser in which this account is logged in."""
        limiter.reset()
        with self.product.database.session() as session:
            username = session.get_one(Account, account_id).username
        client = self.app.test_client()
        answer = post(client, "/logg-inn", {"brukernavn": username, "passord": PASSWORD})
        assert answer.status_code == 303
        return client

    def by(self, name: str):
        """The browser of one of the cast."""
        return self.browser(self._account(name, self.case_ids[-1] if self.case_ids else None))

    def open(self, step: str):
        """The open task of this step."""
        return self._find({"step": step})

    def _complete(self, step: dict[str, Any]) -> None:
        if not self.through_pages:
            super()._complete(step)
            return
        row = self._find(step)
        if row is None:
            if step["step"] not in FIRST_STEPS:
                raise Stop("steget er ikke åpent")
            self._start(step)
            return
        client = self.browser(self._account(step.get("by"), row.case_id))
        path = f"/oppgaver/{row.id}"
        typed = list(flat(self._answers(step, row)))
        page = client.get(path)
        if row.state == "open" and page.status_code == 200 and 'id="skjema"' in page.text:
            self._check_page(client, path, page.text, typed)
        token = hidden(client.get("/konto").text, "csrf_token")
        fixed = [("csrf_token", token), ("receipt", self._receipt()), ("send", "ja")]
        answer = client.post(path, data=_multi([*typed, *fixed]))
        if step.get("refused"):
            raise Refused(answer)
        if answer.status_code != 303:
            raise Stop(f"{answer.status_code}: {answer.text}")
        assert "Sendt." in client.get(answer.location).text

    def _check_page(self, client, path, page, typed) -> None:
        """Every answer of the scenario has a control, once the rows that it needs are added."""
        for name, value in typed:
            while name.count("-") == 1 and value == "" and name not in Controls(page).names:
                data = [*Controls(page).values, ("legg_til", name.split("-")[0])]
                page = client.post(path, data=_multi(data)).text
        missing = {name for name, _ in typed} - Controls(page).names
        shown = [name for name in missing if f'name="{name}"' not in page]
        if shown:
            # A field that another answer calls for: the page is shown again with what is typed.
            data = [*typed, *[(n, hidden(page, n)) for n in ("csrf_token", "receipt")]]
            names = Controls(client.post(path, data=_multi(data)).text).names
            assert not [name for name in shown if name not in names], shown


class Refused(Exception):
    """A page that was not sent: `answer` is what came back."""

    def __init__(self, answer):
        super().__init__(answer.status_code)
        self.answer = answer


def _multi(pairs) -> dict[str, list[str]]:
    data: dict[str, list[str]] = {}
    for name, value in pairs:
        data.setdefault(name, []).append(value)
    return data


class Story:
    """The case C1 up to a step, and browsers for its people.

    path: of the step's task; by_hand: the event that opens the step.
    """

    def __init__(self, database, until: str, by_hand: str | None = None, **change):
        scenario = {**SCENARIOS["C1"], **change}
        self.player = BrowsingPlayer(scenario, database)
        self.player.through_pages = False
        for step in scenario["steps"]:
            if step.get("step") == until:
                break
            self.player.play_step(step)
        self.at(step["at"])
        if by_hand:
            leader = self.player._account("kontaktlaerer", None)
            start_by_hand(self.player.product, self.number, leader, by_hand, str(uuid4()))
        self.path = f"/oppgaver/{self.player.open(until).id}"

    @property
    def number(self) -> str:
        """The case's number."""
        with self.player.product.database.session() as session:
            return session.get_one(Case, self.player.case_ids[0]).number

    @property
    def case_path(self) -> str:
        return f"/saker/{self.number}"

    def at(self, moment: str) -> None:
        """Set the clock, in the school's own time."""
        self.player.play_step({"wait": moment})

    def browser(self, name: str):
        return self.player.by(name)

    def task(self, step: str):
        return self.player.open(step)


def fields(page, **change) -> dict:
    """What a page's form sends, with some of it changed; None leaves a field out."""
    sent: dict[str, list[str]] = {}
    for name, value in Controls(page.text).values:
        sent.setdefault(name, []).append(value)
    sent |= {name: value for name, value in change.items() if value is not None}
    return {name: value for name, value in sent.items() if change.get(name, "") is not None}
