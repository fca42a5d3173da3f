"""A second report on a pupil with an open case, and messages that a person sends by hand."""

from __future__ import annotations

from uuid import uuid4

import pytest
from sqlalchemy import select

from engine.cases.answers import answers
from engine.cases.desk import open_case
from engine.cases.dossier import dossier
from engine.cases.messages import start_by_hand
from engine.cases.reports import my_report
from engine.cases.state import Status
from engine.cases.worksheet import worksheet
from engine.database.tables import Case, Deadline, NamedPerson, Task
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
    ended, transfer = story.rows(Case)
    assert ended.status == Status.TRANSFERRED
    assert transfer.process_id == "overgangsmote"
    assert (transfer.part_of_id, transfer.pupil_id) == (ended.id, ended.pupil_id)
    assert [(task.case_id, task.step) for task in story.rows(Task) if task.state == "open"] == [
        (transfer.id, "samtykke")
    ]


def test_a_message_to_an_ended_case_is_refused(story):
    story.until_followed_up()
    number = story.case.number
    by_hand(story, "rektor", "elev_bytter_skole")
    rektor = story.account("rektor")
    with pytest.raises(Refusal) as refused:
        start_by_hand(story.product, number, rektor, "kartlegging_startes", str(uuid4()))
    assert refused.value.code == Reason.IKKE_VENTET


def second_on_the_same(story) -> str:
    """A case that is worked on, and a second report on the pupil. Gives the first one's number."""
    story.report()
    story.suspect()
    story.receive()
    number = story.case.number
    start_second(story, [{"elev": "elev_b", "rolle": "vitne"}])
    return number


def offered(story, who: str = "rektor"):
    task = story.task("motta_varsel")
    return worksheet(story.product, story.account(who), task.id).other_case


def test_rektor_is_shown_the_open_case_and_where_it_is(story):
    number = second_on_the_same(story)
    assert offered(story).number == number
    assert offered(story).steps == ("Informer foresatte og elev",)


def test_one_who_may_not_see_the_open_case_is_not_shown_it(story):
    number = second_on_the_same(story)
    with story.product.database.transaction() as session:
        first = session.scalar(select(Case).where(Case.number == number))
        leader = story.account("ledelse")
        session.add(NamedPerson(case_id=first.id, account_id=leader, part="nevnt"))
    assert offered(story, "ledelse") is None
    assert offered(story).number == number


@pytest.mark.parametrize("which", ["first", "second"])
def test_a_shielded_case_is_never_joined(story, which):
    number = second_on_the_same(story)
    shielded = number if which == "first" else story.case.number
    with story.product.database.transaction() as session:
        session.scalar(select(Case).where(Case.number == shielded)).shielded = "ansatt"
    assert offered(story) is None
    with open_case(story.product, story.case.id, None) as desk:
        assert desk.facts.system["finnes_aapen_sak"] is False


def test_a_case_that_only_waits_for_its_check_takes_no_new_report(story):
    number = second_on_the_same(story)
    with story.product.database.transaction() as session:
        first = session.scalar(select(Case).where(Case.number == number))
        first.status = Status.AWAITS_CHECK
    assert offered(story) is None


def test_both_pages_tell_of_each_other_and_the_report_can_be_read(story):
    number = second_on_the_same(story)
    story.receive(slaa_sammen="ja")
    rektor = story.account("rektor")
    second = dossier(story.product, rektor, story.case.number)
    first = dossier(story.product, rektor, number)
    assert (second.joined_to, first.joined) == (number, (second.number,))
    (line,) = [told for told in first.timeline if told.kind == "slatt_sammen"]
    read = answers(story.product, rektor, number, line.answer_id)
    assert dict(read.lines)["Hvor skjedde det?"] == "I friminuttet"
    assert not read.may_correct  # what was joined is corrected where it was written
    assert [told.kind for told in second.timeline].count("slatt_sammen") == 1


def test_a_person_named_by_the_joined_report_no_longer_handles_the_case(story):
    second_on_the_same(story)
    with story.product.database.transaction() as session:
        teacher = story.account("kontaktlaerer")
        session.add(NamedPerson(case_id=story.case.id, account_id=teacher, part="nevnt"))
    story.do(
        "motta_varsel",
        "rektor",
        slaa_sammen="ja",
        saksansvarlig="ledelse",
        habilitet_bekreftet="ja",
        alvorlig="nei",
        barnevern_vurdert="nei",
        politi_vurdert="nei",
    )
    assert story.task("informer_foresatte_elev").role == "rektor"


def test_the_reporters_page_is_as_it_was(story):
    second_on_the_same(story)
    mine = story.account("faglaerer")
    before = my_report(story.product, mine, story.case.number)
    story.receive(slaa_sammen="ja")
    after = my_report(story.product, mine, story.case.number)
    assert (after.lines, after.report) == (before.lines, before.report)
