"""How much a page asks of the database, from the cookie to the last line: the whole request."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from engine.database.tables import Case
from tests.counting import counted
from tests.course import APPROVED, REPORTED, STEPS, Course
from tests.school import PASSWORD, post
from web.app import create_app

MOST = 8
PEOPLE = ("rektor", "ledelse", "kontaktlaerer", "miljoarbeider", "skoleeier")


@pytest.fixture
def app(database, tmp_path):
    """A school with cases at different stages, one with tasks about several people and measures."""
    course = Course(database, APPROVED)
    for steps in (STEPS[:6], STEPS[:REPORTED]):
        with_no_pupil(course)
        course.tell(steps)
    return create_app(course.product, VAR=tmp_path, TESTING=True)


def with_no_pupil(course) -> None:
    """Let go of the newest case's pupil, so that the next report is a case of its own."""
    with course.product.database.transaction() as session:
        session.execute(update(Case).values(pupil_id=None))


@pytest.mark.parametrize("who", PEOPLE)
def test_tasks_and_cases_are_shown_with_few_statements(app, database, who):
    client = app.test_client()
    post(client, "/logg-inn", {"brukernavn": who, "passord": PASSWORD})
    for page in ("/oppgaver", "/oppgaver/ferdige", "/saker"):
        with counted(database) as statements:
            client.get(page)
        assert 0 < len(statements) <= MOST, (who, page)
