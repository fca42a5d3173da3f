"""A second report on a pupil with an open case, and messages that a person sends by hand."""

from __future__ import annotations

from uuid import uuid4

import pytest

from engine.cases.messages import start_by_hand
from engine.cases.state import Status
from engine.database.tables import Case, Deadline
from engine.refusals import Reason, Refusal


def test_a_report_joins_the_pupils_open_case(story):
    story.report()
    story.suspect()
    story.receive()
    first = story.case.id
    story.player.play_step({"wait": "2026-09-09T09:00"})
    joined = [{"elev": "elev_b", "rolle": "vitne"}]
    with story.product.database.transaction() as session:
        assert session.get(Case, first).status == Status.OPEN
    start_second(story, joined)
    story.receive(slaa_sammen="ja")
    second = story.case
    assert (second.status, second.merged_into_id) == (Status.MERGED, first)
    assert not story.rows(Deadline, case_id=second.id, state="ventende")
    assert story.told("kontaktlaerer").count("beskjed") >= 1
    story.inform()
    assert story.open.count("samtale_andre_elever") == 1


def start_second(story, involved: list[dict]) -> None:
    """The player starts a case of its own when the first step is not open."""
    story.report(andre_involverte=involved)
    story.suspect()


def by_hand(story, name: str, event: str) -> None:
    start_by_hand(
        story.product, story.case.number, story.account(name), event, receipt=str(uuid4())
    )


def test_without_another_open_case_nobody_is_asked_to_join(story):
    story.report()
    story.suspect()
    story.receive()
    assert "slaa_sammen" not in story.answers("motta_varsel")


def test_a_survey_of_the_environment_opens_when_somebody_starts_it(story):
    story.report()
    story.suspect()
    story.receive()
    story.inform()
    assert "kartlegging" not in story.open
    by_hand(story, "kontaktlaerer", "kartlegging_startes")
    assert "kartlegging" in story.open
    with pytest.raises(Refusal) as refused:
        by_hand(story, "aks", "kartlegging_startes")
    assert refused.value.code in (Reason.IKKE_TILGANG, Reason.FEIL_ROLLE)


def test_an_internal_discussion_can_be_started_again_and_again(story):
    story.until_followed_up()
    for _ in range(3):
        assert "intern_droefting" not in story.open
        by_hand(story, "rektor", "intern_droefting_startes")
        assert story.open.count("intern_droefting") == 1
        with pytest.raises(Refusal) as refused:
            by_hand(story, "rektor", "intern_droefting_startes")
        assert refused.value.code == Reason.IKKE_VENTET
        story.do("intern_droefting", "saksansvarlig")


def test_a_pupil_who_changes_school_ends_the_case_as_transferred(story):
    story.until_followed_up()
    by_hand(story, "rektor", "elev_bytter_skole")
    assert story.case.status == Status.TRANSFERRED
    assert story.open == []


def test_a_message_to_an_ended_case_is_refused(story):
    story.until_followed_up()
    by_hand(story, "rektor", "elev_bytter_skole")
    with pytest.raises(Refusal) as refused:
        by_hand(story, "rektor", "kartlegging_startes")
    assert refused.value.code == Reason.IKKE_VENTET
