"""Mail through a real SMTP server: to whom, when, in what words, and what happens when it fails."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update

from engine.cases.received import open_notices
from engine.database.tables import Account, Mail, NamedPerson, Notice
from engine.jobs import outbox
from engine.jobs.post import Post
from tests.mailbox import ADDRESS, DROPS, GONE, LATER


def addressed(story, name: str, address: str | None) -> None:
    with story.product.database.transaction() as session:
        session.execute(
            update(Account).where(Account.id == story.account(name)).values(email=address)
        )


def later(story, **by) -> None:
    story.player.now += timedelta(**by)


def test_a_mail_says_that_there_is_a_task_and_nothing_else(story, reach, box, post):
    reach(rektor="straks")
    story.report()
    story.suspect()
    assert outbox.run(story.product, post) == 1
    ((to, mail),) = box.got
    assert to == "rektor@skole.example"
    assert mail["Subject"] == "Du har en oppgave i Trygg"
    assert mail["From"] == "trygg@trygg.example" and mail["Auto-Submitted"] == "auto-generated"
    text = mail.get_content()
    assert text.splitlines()[:3] == ["Du har en oppgave i Trygg.", "", f"{ADDRESS}/oppgaver"]
    raw = mail.as_string()
    words = ("elev_a", "4B", story.case.number, "mobbing", "friminutt", "melding", "mottatt")
    assert not [word for word in words if word.lower() in raw.lower()]
    assert outbox.run(story.product, post) == 0, "once"


def test_many_notices_are_one_mail(story, reach, box, post):
    reach(rektor="straks", kontaktlaerer="straks")
    story.until_followed_up()
    story.at("2026-10-30T12:00")
    told = story.told("rektor")
    assert len(told) > 3
    outbox.run(story.product, post)
    assert box.receivers == ["kontaktlaerer@skole.example", "rektor@skole.example"]


@pytest.mark.parametrize("choice", ["daglig", "ingen"])
def test_who_wants_no_mail_is_told_at_once_of_what_can_not_wait_alone(
    story, reach, box, post, choice
):
    reach(kontaktlaerer=choice, rektor=choice)
    story.report()
    story.suspect()
    outbox.run(story.product, post)
    assert box.receivers == ["rektor@skole.example"], "the report itself"
    box.got.clear()
    story.receive()
    outbox.run(story.product, post)
    assert box.got == [], "a task can wait"
    story.at("2026-09-11T12:00")
    assert "frist_overskredet" in story.told("rektor")
    outbox.run(story.product, post)
    assert box.receivers == ["rektor@skole.example"], "an escalation"


def test_in_a_shielded_case_those_who_handle_it_are_told_at_once_and_nobody_else(
    story, reach, box, post
):
    names = ("rektor", "ledelse", "offender", "kontaktlaerer", "skoleeier")
    reach(**dict.fromkeys(names, "ingen"))
    story.report(ansatt_mistenkt="ja")
    story.at_once()
    outbox.run(story.product, post)
    assert set(box.receivers) <= {"rektor@skole.example", "skoleeier@skole.example"}
    assert box.receivers
    assert {str(mail["Subject"]) for _, mail in box.got} <= {
        "Du har en oppgave i Trygg",
        "Du har et varsel i Trygg",
    }


def test_one_who_is_named_before_the_mail_goes_out_gets_none(story, reach, box, post):
    reach(rektor="straks")
    story.report()
    story.suspect()
    outbox._take(story.product, sends=True)
    assert story.rows(Mail)
    with story.product.database.transaction() as session:
        session.add(
            NamedPerson(case_id=story.case.id, account_id=story.account("rektor"), part="nevnt")
        )
    assert outbox.send(story.product, post) == 0
    assert box.got == [] and story.rows(Mail)[0].state == outbox.DROPPED
    with story.product.database.transaction() as session:
        session.execute(update(Notice).values(state="venter", mail_id=None))
    outbox.run(story.product, post)
    assert box.got == []


def test_what_has_been_read_already_is_not_mailed(story, reach, box, post):
    reach(rektor="straks")
    story.report()
    story.suspect()
    outbox._take(story.product, sends=True)
    open_notices(story.product, story.account("rektor"))
    assert outbox.send(story.product, post) == 0 and box.got == []


def test_an_address_that_does_not_exist_holds_nobody_up(story, reach, box, post):
    reach(rektor="straks", kontaktlaerer="straks")
    addressed(story, "rektor", f"{GONE}@skole.example")
    story.report()
    story.suspect()
    story.receive()
    assert outbox.run(story.product, post) == 1
    assert box.receivers == ["kontaktlaerer@skole.example"]
    (trouble,) = outbox.troubles(story.product)
    assert (trouble.username, trouble.state, trouble.trouble) == ("rektor", "feilet", "550")
    assert outbox.try_again(story.product) == 1
    addressed(story, "rektor", "rektor@skole.example")
    assert outbox.run(story.product, post) == 1
    assert outbox.troubles(story.product) == []


def test_a_mail_that_is_put_off_is_tried_again_later_and_later_and_given_up(
    story, reach, box, post
):
    reach(rektor="straks")
    addressed(story, "rektor", f"{LATER}@skole.example")
    story.report()
    story.suspect()
    outbox.run(story.product, post)
    outbox.run(story.product, post)
    assert len(box.asked) == 1, "not before its time"
    tried = [1]
    for _ in range(100):
        later(story, hours=1)
        outbox.run(story.product, post)
        tried.append(len(box.asked))
    (mail,) = story.rows(Mail)
    assert (mail.state, mail.trouble) == ("feilet", "451")
    assert 5 < mail.attempts < 20 and tried[-1] == mail.attempts


def test_a_server_that_hangs_up_on_one_gets_the_others_next_time(story, reach, box, post):
    reach(rektor="straks", kontaktlaerer="straks")
    addressed(story, "rektor", f"{DROPS}@skole.example")
    story.report()
    story.suspect()
    story.receive()
    for _ in range(3):
        outbox.run(story.product, post)
    assert box.receivers == ["kontaktlaerer@skole.example"]


def test_a_server_that_is_away_loses_nothing_and_costs_no_try(story, reach, box, post):
    reach(rektor="straks")
    away = Post(replace(post.settings, port=1))
    story.report()
    story.suspect()
    assert outbox.run(story.product, away) == 0
    (mail,) = story.rows(Mail)
    assert (mail.state, mail.attempts) == ("venter", 0)
    story.at("2026-09-10T12:00")
    outbox.run(story.product, away)
    assert len(story.rows(Mail)) == 1, "what comes meanwhile is told in the same mail"
    assert outbox.run(story.product, post) == 1
    assert box.receivers == ["rektor@skole.example"]


def test_where_no_mail_server_is_set_nothing_gathers(story, reach, post, box):
    reach(rektor="straks")
    story.report()
    story.suspect()
    assert outbox.run(story.product, None) == 0
    assert outbox.run(story.product, post) == 0 and box.got == []


def test_a_person_without_an_address_is_counted(story):
    assert outbox.without_address(story.product) == len(story.rows(Account))
