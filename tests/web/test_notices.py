"""The page of notices: one's own, the newest first, and no more of a case than one may see."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from sqlalchemy import delete, update

from engine.cases import incidents, notices
from engine.cases.received import NoticeLine
from engine.database.tables import Case, CaseRole, NamedPerson, Notice, RoleHolding
from tests.counting import counted
from tests.course import APPROVED, REPORTED, SHIELDED, STEPS, Course
from tests.school import PASSWORD, post
from web.app import create_app
from web.notices import sentence

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def course(database):
    return Course(database)


@pytest.fixture
def app(course):
    return create_app(course.product, SECRET_KEY="test", TESTING=True)


def count(page: str) -> str | None:
    """The number in the menu."""
    found = re.search(r'data-count="(\d+)"', page)
    return found and found[1]


def test_they_stand_newest_first_and_are_read_when_the_page_is_opened(course, log_in):
    course.tell(STEPS[:REPORTED])
    client = log_in("rektor")
    assert count(client.get("/oppgaver").text) == "2"
    assert "(2 nye)</span>" in client.get("/oppgaver").text
    page = client.get("/varsler").text
    assert "2 nye siden sist." in page and page.count(">Nytt</span>") == 2
    assert "Du har fått oppgaven «Ta imot meldingen»" in page and "Noor, 4B." in page
    assert count(page) is None, "the menu of the page itself counts them as read"
    again = client.get("/varsler").text
    assert "Ingen nye siden sist." in again and "Nytt" not in again
    course.go_on([{"wait": "2026-08-25T16:01"}])
    page = log_in("rektor").get("/varsler").text
    assert page.index("Påminnelse om fristen for «Ta imot meldingen»") < page.index(
        "Du har fått oppgaven «Ta imot meldingen»"
    )


def test_a_task_that_is_mine_leads_to_it_and_one_that_is_done_to_the_case(course, log_in):
    number = course.tell(STEPS[:REPORTED])
    client = log_in("rektor")
    assert re.search(r'href="/oppgaver/\d+">Du har fått oppgaven', client.get("/varsler").text)
    course.go_on(STEPS[REPORTED:4])
    page = client.get("/varsler").text
    assert f'href="/saker/{number}">Du har fått oppgaven' in page
    assert not re.search(r'href="/oppgaver/\d+"', page)


def test_who_is_named_in_the_case_afterwards_sees_and_counts_nothing(course, log_in):
    course.tell(STEPS[:REPORTED])
    with course.product.database.transaction() as session:
        case_id = session.query(Case).one().id
        rektor = course.account("rektor")
        session.add(NamedPerson(case_id=case_id, account_id=rektor, part="nevnt"))
    client = log_in("rektor")
    assert count(client.get("/oppgaver").text) is None
    page = client.get("/varsler").text
    assert "Du har ingen varsler." in page and "Noor" not in page


def test_who_may_not_see_the_case_any_more_learns_that_something_was_told_and_no_more(
    course, log_in
):
    course.tell(STEPS[:4])
    with course.product.database.transaction() as session:
        kontakt = course.account("kontaktlaerer")
        session.execute(
            update(RoleHolding)
            .where(RoleHolding.account_id == kontakt)
            .values(role="faglaerer", class_name=None)
        )
        session.execute(delete(CaseRole).where(CaseRole.account_id == kontakt))
    told = log_in("kontaktlaerer").get("/varsler").text
    assert "Du har fått beskjed om en sak" in told and "Du har fått en oppgave" in told
    for word in ("Noor", "4B", "Informer foresatte", "/saker/", "/oppgaver/"):
        assert word not in told.split("<main")[1], word


def test_who_has_left_the_school_sees_nothing(course, log_in):
    course.tell(STEPS[:REPORTED])
    client = log_in("rektor")
    with course.product.database.transaction() as session:
        session.execute(
            update(RoleHolding)
            .where(RoleHolding.account_id == course.account("rektor"))
            .values(to_date=course.player.now.date().replace(year=2025))
        )
    assert "Du har ingen varsler." in client.get("/varsler").text


def test_in_a_shielded_case_no_name_is_told(course, log_in):
    course.tell(SHIELDED)
    page = log_in("rektor").get("/varsler").text.split("<main")[1]
    assert "Noor" not in page and "elev" not in page.lower().replace("skjermet sak", "")


def test_another_persons_notices_are_neither_shown_nor_read(course, log_in):
    course.tell(STEPS[:REPORTED])
    assert "Du har ingen varsler." in log_in("faglaerer").get("/varsler").text
    assert count(log_in("rektor").get("/oppgaver").text) == "2"


def kinds() -> set[str]:
    """The kinds of notice that the engine writes: the module's constants, and an incident's."""
    tree = ast.parse((ROOT / "engine/cases/notices.py").read_text(encoding="utf-8"))
    names = {
        node.targets[0].id
        for node in tree.body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and isinstance(node.value, ast.Constant)
    }
    not_kinds = {notices.GUARDIANS}  # whom a diagram means by `foresatte`
    return {getattr(notices, name) for name in names} - not_kinds | {incidents.TOLD}


def test_every_kind_has_its_sentence_with_the_task_and_without(app, course):
    assert len(kinds()) > 10
    with app.test_request_context():
        for kind in kinds():
            line = NoticeLine(kind, course.player.now, True, None, None, None, None, None)
            assert sentence(line)
    written = set()
    course.tell(STEPS[:APPROVED])
    with course.product.database.session() as session:
        written = {kind for (kind,) in session.query(Notice.kind)}
    assert written <= kinds()


@pytest.mark.parametrize("who", ["rektor", "kontaktlaerer"])
def test_the_page_takes_few_statements(course, app, who):
    for steps in (STEPS[:APPROVED], STEPS[:5]):
        with course.product.database.transaction() as session:
            session.execute(update(Case).values(pupil_id=None))
        course.tell(steps)
    client = app.test_client()
    post(client, "/logg-inn", {"brukernavn": who, "passord": PASSWORD})
    for _ in range(2):
        with counted(course.product.database) as statements:
            assert client.get("/varsler").status_code == 200
        assert 0 < len(statements) <= 8
    with counted(course.product.database) as statements:
        client.get("/konto")
    assert 0 < len(statements) <= 8
