"""The daily digest: when, to whom, how often, and in what words."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from engine.database.tables import Account, Mail
from engine.jobs import outbox
from engine.jobs.digest import make_digests
from engine.jobs.wording import DIGEST, NOTICE, TASK, letter
from engine.people import contact
from engine.rules.workdays import moment


def at(story, text: str) -> None:
    story.player.now = moment(text)


@pytest.fixture
def told(story, reach):
    """The kontaktlærer has a task since Tuesday 8 September, due on Wednesday at 16."""
    reach(kontaktlaerer="daglig")
    story.report()
    story.suspect()
    story.receive()
    return story


def test_it_comes_once_in_the_morning_of_a_working_day(told, box, post):
    at(told, "2026-09-09T06:59")
    assert make_digests(told.product) == 0
    at(told, "2026-09-09T07:00")
    assert make_digests(told.product) == 1
    assert make_digests(told.product) == 0
    outbox.run(told.product, post)
    ((to, mail),) = box.got
    assert to == "kontaktlaerer@skole.example"
    assert mail["Subject"] == "Oppgavene dine i Trygg"
    assert mail.get_content().splitlines()[:3] == [
        "Du har 1 oppgave.",
        "",
        "https://trygg.example/oppgaver",
    ]
    at(told, "2026-09-10T07:00")
    assert make_digests(told.product) == 1
    outbox.run(told.product, post)
    assert box.got[1][1].get_content().splitlines()[0] == "Du har 1 oppgave, 1 er forsinket."
    at(told, "2026-09-12T09:00")
    assert make_digests(told.product) == 0, "Saturday"


def test_a_worker_that_was_away_in_the_morning_makes_it_later_and_one_for_all_days(told):
    at(told, "2026-09-15T13:00")
    assert make_digests(told.product) == 1
    assert len(told.rows(Mail)) == 1


def test_nobody_else_gets_one(told, reach):
    reach(rektor="straks", skoleeier="daglig", ledelse="ingen")
    at(told, "2026-09-09T07:00")
    assert make_digests(told.product) == 1, "skoleeier has no tasks"


def test_who_chooses_it_during_the_day_gets_the_first_one_the_next_day(told):
    rektor = told.account("rektor")
    today = date(2026, 9, 9)
    contact.change(told.product.database, rektor, "r@skole.example", "daglig", today)
    (row,) = told.rows(Account, id=rektor)
    assert row.digest_day == today
    contact.change(told.product.database, rektor, "r@skole.example", "daglig", today + timedelta(1))
    assert told.rows(Account, id=rektor)[0].digest_day == today, "it was chosen already"


@pytest.mark.parametrize("language", ["nb", "nn", "en", "xx"])
def test_every_letter_has_words_in_each_language(language):
    texts = {letter(kind, language, "https://x", 3, 1) for kind in (TASK, NOTICE, DIGEST)}
    assert len(texts) == 3
    for subject, text in texts:
        assert "Trygg" in subject and "https://x/" in text
    assert letter(DIGEST, "nb", "https://x", 3, 1)[1].startswith(
        "Du har 3 oppgaver, 1 er forsinket."
    )
    assert letter(DIGEST, "nb", "https://x", 2, 0)[1].startswith("Du har 2 oppgaver.\n")
