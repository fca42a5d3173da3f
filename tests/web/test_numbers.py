"""Numbers in addresses tell nothing of how many rows there are."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from sqlalchemy import select

from engine.database.tables import Answer, Task
from tests.browsing import Controls, Story
from tests.school import PASSWORD, post
from web.app import create_app
from web.numbers import Numbers

NUMBERS = Numbers(b"a key")


@pytest.mark.parametrize("number", [0, 1, 2, 3, 169, 65535, 65536, 2**31 - 1])
def test_each_number_has_one_other(number):
    hidden = NUMBERS.hidden(number)
    assert NUMBERS.row(str(hidden)) == number
    assert Numbers(b"another key").hidden(number) != hidden
    assert Numbers(None).hidden(number) == number


def test_they_do_not_count():
    found = [NUMBERS.hidden(number) for number in range(2_000)]
    assert len(set(found)) == len(found)
    apart = [abs(one - two) for one, two in pairwise(found)]
    assert sum(each < 1_000_000 for each in apart) < 10


@pytest.mark.parametrize("text", ["", "-1", "x", "1.5", "²", "99999999999", str(2**32)])
def test_what_is_no_number_is_no_row(text):
    assert NUMBERS.row(text) is None
    assert Numbers(None).row(text) is None


def test_every_way_goes_on_where_they_are_hidden(database):
    """Read a task, remind of it, read an answer and correct it: by the links that pages show."""
    story = Story(database, "lag_aktivitetsplan")
    app = create_app(story.player.product, SECRET_KEY="test", HIDE_NUMBERS=True, TESTING=True)
    client = app.test_client()
    with story.player.product.database.session() as session:
        rows = {
            str(number) for table in (Task, Answer) for number in session.scalars(select(table.id))
        }
    assert (
        post(client, "/logg-inn", {"brukernavn": "rektor", "passord": PASSWORD}).status_code == 303
    )
    page = client.get(story.case_path).text
    links = set(re.findall(r'href="(/(?:oppgaver|saker)/[^"#]*)', page))
    for link in links:
        assert client.get(link).status_code == 200, link
        assert not {part for part in link.split("/") if part in rows}, link
    (reminding,) = [dict(Controls(f).values) for f in page.split("<form")[1:] if "/minn" in f[:200]]
    assert reminding["oppgave"] not in rows
    answer = client.post(f"{story.case_path}/minn", data=reminding)
    assert answer.status_code == 303
    path = next(link for link in links if "/svar/" in link)
    typed = {**dict(Controls(client.get(f"{path}/rett").text).values), "send": "ja"}
    assert client.post(f"{path}/rett", data=typed).status_code == 422  # nothing was changed yet
    assert client.get(f"/oppgaver/{story.task('lag_aktivitetsplan').id}").status_code == 404
