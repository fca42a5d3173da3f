"""No page, list, count, filter or notice tells of a § 12-5 case to one who may not know of it.

Every route of the app is asked, with the numbers of both cases, all their tasks and answers put in;
a route whose arguments are not known here fails the test, so that a new page is thought of.
"""

from __future__ import annotations

import re
from copy import deepcopy
from datetime import date
from itertools import product as combinations
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from engine.cases.corrections import CorrectAnswer, correct, correction_page
from engine.cases.drafts import save_draft
from engine.cases.files import AddFile, add_file
from engine.cases.invitations import Invite, invite
from engine.cases.linked import family
from engine.cases.state import Status
from engine.database.tables import (
    Account,
    Answer,
    Case,
    CaseFile,
    CaseRole,
    Incident,
    Letter,
    Notice,
    RoleHolding,
    School,
    Task,
)
from engine.letters.letters import MakeLetter
from engine.letters.letters import make as make_letter
from engine.people import access
from engine.people.access import Permission
from engine.people.accounts import passwords
from engine.people.roles import Role
from tests.browsing import SCENARIOS, BrowsingPlayer
from tests.pdfs import opened
from tests.school import PASSWORD, hidden

P02 = "skjerpet_aktivitetsplikt"
POINTS = ("meld_straks", "lag_aktivitetsplan")
OUTSIDE = ("offender", "kontaktlaerer", "ledelse", "aks", "left", "elsewhere")
LETTER = "/start/statsforvaltersak"  # where a letter is registered on a pupil's case
STRANGE = {
    "number": "2026-1",
    "task_id": 9999,
    "answer_id": 9999,
    "file_id": 9999,
    "incident_id": 9999,
    "invitation_id": 9999,
    "pupil_id": 9999,
    "secret": "y" * 43,
    "letter_id": 9999,
    **(TEXTS := {"kind": "informasjon", "language": "nb", "name": "meld-fra", "row_id": 1}),
}
STEPS = ("motta_rektor", "motta_skoleeier", "analyse", "konkluder")
ROLES = (Role.REKTOR, Role.SKOLEEIER, Role.UNDERSOKER, Role.SAKSANSVARLIG)


def about_staff() -> dict:
    return deepcopy(SCENARIOS["T03"])


def about_leadership() -> dict:
    scenario = deepcopy(SCENARIOS["T03"])
    steps = {step["step"]: step for step in scenario["steps"]}
    steps["registrer_melding"]["answers"]["ledelse_mistenkt"] = "ja"
    steps["meld_straks"]["answers"] |= {"hvem_mistenkt": "rektor", "stilling": "ledelse"}
    skipped = ("motta_rektor", "meld_skoleeier")
    scenario["steps"] = [step for step in scenario["steps"] if step["step"] not in skipped]
    return scenario


KINDS = {"ansatt": (about_staff, OUTSIDE), "ledelse": (about_leadership, (*OUTSIDE, "rektor"))}


class World(BrowsingPlayer):
    """T03, played as far as a test wants it, at a school beside another."""

    def __init__(self, database, scenario: dict):
        scenario["persons"]["left"] = {"role": "rektor"}
        super().__init__(scenario, database)
        self.through_pages = False
        with self.product.database.transaction() as session:
            left = int(self.cast.refs["left"].split(":")[1])
            session.scalar(
                select(RoleHolding).where(RoleHolding.account_id == left)
            ).to_date = date(2026, 1, 1)
            other = School(name="Naboskolen", owner="Nabokommunen")
            head = Account(
                username="elsewhere",
                name="elsewhere",
                password_hash=passwords.hash(PASSWORD),
                active=True,
            )
            session.add_all([other, head])
            session.flush()
            session.add(
                RoleHolding(
                    school_id=other.id,
                    account_id=head.id,
                    role=Role.REKTOR,
                    from_date=date(2020, 8, 1),
                )
            )
            self.cast.refs["elsewhere"] = f"ansatt:{head.id}"

    def go_to(self, last: str) -> None:
        for step in self.scenario["steps"]:
            self.play_step(step)
            if step["step"] == last:
                self._find_started()
                return

    @property
    def cases(self) -> list[Case]:
        with self.product.database.session() as session:
            return family(session, session.get_one(Case, self.case_ids[0]))

    def ids(self, table) -> list[int]:
        """The newest of each case."""
        with self.product.database.session() as session:
            ids = [case.id for case in self.cases]
            found = select(func.max(table.id)).where(table.case_id.in_(ids))
            return list(session.scalars(found.group_by(table.case_id)))

    def write_home(self) -> None:
        """A letter to the pupil's guardian in each case, by one who may write it."""
        ways = access.TABLE[Permission.WRITE_LETTERS]
        for case in self.cases:
            with self.product.database.session() as session:
                writer = access.people_in(session, case, ways, self.product.clock())[0].id
            guardian = int(self.cast.refs["foresatt_a"].split(":")[1])
            receipt = str(uuid4())
            letter = MakeLetter(case.number, writer, "informasjon", guardian, None, receipt)
            make_letter(self.product, letter)

    def requests(self):
        """Every address of the app about these cases: the method, the path, and the same path about
        what does not exist."""
        known = {
            "number": [case.number for case in self.cases],
            "task_id": self.ids(Task),
            "answer_id": self.ids(Answer),
            "file_id": self.ids(CaseFile) or [1],
            "incident_id": self.ids(Incident) or [1],
            "invitation_id": self.ids(CaseRole) or [1],
            "pupil_id": [self.pupil],
            "secret": ["x" * 43],
            "letter_id": self.ids(Letter),
            **{name: [value] for name, value in TEXTS.items()},  # about no case
            "process_id": [],  # names no case; what it tells of one is asked among the lists
        }
        for rule in self.app.url_map.iter_rules():
            if rule.endpoint == "static" or rule.endpoint.endswith(("log_out", "healthz")):
                continue
            unknown = rule.arguments - known.keys() - {"filename"}
            assert not unknown, f"{rule}: say what {unknown} is, so that nobody is told by it"
            names = sorted(rule.arguments)
            for values in combinations(*(known[name] for name in names)):
                path, strange = (
                    self.path(rule.endpoint, dict(zip(names, each, strict=True)))
                    for each in (values, [STRANGE[name] for name in names])
                )
                methods = {"GET", "POST"} if names else {"GET"}
                for method in sorted(rule.methods & methods):
                    yield method, path, strange

    @property
    def pupil(self) -> int:
        return int(self.cast.refs["elev_a"].split(":")[1])

    def path(self, endpoint: str, values: dict) -> str:
        return self.app.url_map.bind("localhost").build(endpoint, values)


class Asker:
    """One person's browser. What is asked about nothing is asked once."""

    def __init__(self, client):
        self.client = client
        self.token = hidden(client.get("/konto").text, "csrf_token")
        self._about_nothing: dict[tuple[str, str], tuple] = {}

    def ask(self, method: str, path: str):
        if method == "GET":
            return self.client.get(path)
        return self.client.post(path, data={"csrf_token": self.token, "receipt": "0" * 36})

    def about_nothing(self, method: str, path: str) -> tuple:
        key = (method, path)
        if key not in self._about_nothing:
            answer = self.ask(method, path)
            self._about_nothing[key] = (answer.status_code, answer.location)
        return self._about_nothing[key]


def words_of(answer) -> str:
    """What an answer says, also one that is a PDF."""
    is_pdf = answer.mimetype == "application/pdf"
    return opened(answer.data).text if is_pdf else answer.text


def lists_of(world: World, client) -> dict[str, str]:
    """The pages with lists and counts, with every filter, without what is new at each opening."""
    states = ("apne", "alle", *Status)
    paths = ["/oppgaver", "/oppgaver/ferdige", "/meldinger", "/", "/hendelser", "/varsler"]
    paths += ["/elever", f"/elever/{world.pupil}", "/start", LETTER]
    paths += [f"/saker?tilstand={state}" for state in states]
    paths += [f"/saker?tilstand=alle&steg={step}" for step in STEPS]
    paths += [f"/saker?tilstand=alle&rolle={role}" for role in ROLES]
    paths += ["/saker?klasse=4B&tilstand=alle", "/saker?over=ja", "/saker?tilstand=alle&side=2"]
    found = {}
    for path in paths:
        page = client.get(path, follow_redirects=True)
        text = re.sub(r'(nonce|value|content)="[^"]{20,}"', "", page.text)
        found[path] = f"{page.status_code} {text}"
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_tells_those_who_may_not_know(database, kind):
    make, outside = KINDS[kind]
    world = World(database, make())
    before = {name: lists_of(world, world.by(name)) for name in outside}
    for point in POINTS:
        world.go_to(point) if not world.case_ids else _go_on(world, point)
        numbers = [case.number for case in world.cases]
        assert len(numbers) == 2
        world.write_home()
        for name in outside:
            client = world.by(name)
            for path, page in lists_of(world, client).items():
                assert page == before[name][path], (point, name, path)
            asker = Asker(client)
            for method, path, strange in world.requests():
                answer = asker.ask(method, path)
                told = [
                    number for number in numbers if number in words_of(answer).replace(path, "")
                ]
                assert not told, (point, name, method, path)
                if path != strange and not path.startswith("/elever"):  # asked above
                    there = asker.about_nothing(method, strange)
                    assert (answer.status_code, answer.location) == there, (name, method, path)
            chosen = [client.get(f"{LETTER}?sak={each}") for each in (*numbers, STRANGE["number"])]
            assert len({answer.status_code for answer in chosen}) == 1, (point, name)
            assert not any(each in answer.text for each in numbers for answer in chosen)
        with world.product.database.session() as session:
            told = set(session.scalars(select(Notice.account_id))) - {None}
        assert not told & {world._account(name, None) for name in outside}, point


def _go_on(world: World, last: str) -> None:
    names = [step["step"] for step in world.scenario["steps"]]
    done = names.index(POINTS[POINTS.index(last) - 1]) + 1
    for step in world.scenario["steps"][done : names.index(last) + 1]:
        world.play_step(step)


@pytest.mark.parametrize("kind", KINDS)
def test_the_reporter_and_the_one_who_leads_the_pupils_case_see_no_more(database, kind):
    world = World(database, KINDS[kind][0]())
    world.go_to("lag_aktivitetsplan")
    world.write_home()
    pupils, other = world.cases
    reporter, leader = world.by("miljoarbeider"), world.by("sosialveileder")
    assert pupils.number in reporter.get("/meldinger").text
    assert pupils.number in leader.get("/saker").text
    assert leader.get(f"/saker/{pupils.number}").status_code == 200
    reporter, leader = Asker(reporter), Asker(leader)
    for method, path, strange in world.requests():
        answer = leader.ask(method, path)
        assert other.number not in words_of(answer).replace(path, ""), (method, path)
        if path.startswith("/saker/") and "/svar/" not in path:
            answer = reporter.ask(method, path)
            there = reporter.about_nothing(method, strange)
            assert (answer.status_code, answer.location) == there, (method, path)


@pytest.mark.parametrize("kind", KINDS)
def test_those_who_handle_it_find_the_way_between_the_two(database, kind):
    world = World(database, KINDS[kind][0]())
    world.go_to("motta_skoleeier")
    pupils, other = world.cases
    page = world.by("skoleeier").get(f"/saker/{other.number}").text
    assert "Hører til" in page and f'href="/saker/{pupils.number}"' in page
    page = world.by("skoleeier").get(f"/saker/{pupils.number}").text
    assert "Tilhørende saker" in page and f'href="/saker/{other.number}"' in page
    assert "Vent på funnene etter § 12-5" in page
    page = world.by("sosialveileder").get(f"/saker/{pupils.number}").text
    assert "Tilhørende saker" not in page


NAMED_LATER = ("kontaktlaerer", "ledelse", "aks", "sosialveileder", "faglaerer")


def test_those_who_had_a_part_in_it_know_no_more_of_it_once_it_is_shielded(database):
    """The kontaktlærer, who had the case, is named in it; the others only had something to do."""
    world = World(database, {**deepcopy(SCENARIOS["C1"]), "persons": {}})
    world.go_to("lag_aktivitetsplan")
    (case,) = world.cases
    product, rektor = world.product, world._account("rektor", None)
    today = product.clock().date()
    kontaktlaerer, aks = (world._account(name, None) for name in ("kontaktlaerer", "aks"))
    add_file(product, AddFile(case.number, kontaktlaerer, "a.txt", b"hei", str(uuid4())))
    invite(product, Invite(case.number, rektor, aks, "Hjelper", today, str(uuid4())))
    with product.database.session() as session:
        done = session.scalars(select(Task.id).where(Task.done_by_id == kontaktlaerer)).all()
        of_report = select(Answer).where(Answer.step == "registrer_melding")
        report = session.scalars(of_report).first()
    save_draft(product, kontaktlaerer, done[-1], {"kommentar": "Ikke sendt ennå."})
    page = correction_page(product, rektor, case.number, report.id)
    typed = {**page.typed, "ansatt_mistenkt": "ja", "ansatte_nevnt": [f"ansatt:{kontaktlaerer}"]}
    correct(product, CorrectAnswer(case.number, report.id, rektor, typed, "Ny opplysning",
                                   page.seen, str(uuid4())))  # fmt: skip
    for name in NAMED_LATER:
        client = world.by(name)
        for path, page in lists_of(world, client).items():
            assert case.number not in page or path == "/meldinger", (name, path)
            assert "Skjermet sak" not in page or path == "/meldinger", (name, path)
        asker = Asker(client)
        for method, path, strange in world.requests():
            if path == strange or path.startswith(("/elever", "/meldinger", "/meld/")):
                continue
            answer = asker.ask(method, path)
            there = asker.about_nothing(method, strange)
            assert (answer.status_code, answer.location) == there, (name, method, path)
        for task_id in done:
            assert client.get(f"/oppgaver/{task_id}").status_code == 404, (name, task_id)
