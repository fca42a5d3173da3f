"""A pupil's page shows what its reader may see over time, and no trace of anything else."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from engine.cases.pupil import pupil_page, pupils
from engine.database.tables import Case, NamedPerson, Reading
from engine.people.register import parse
from engine.refusals import Reason, Refusal


@pytest.fixture
def settled(story):
    """Three reports on the pupil: two settled on the spot, the last received by rektor."""
    for at in ("2026-09-08T10:00", "2026-10-05T10:00"):
        story.at(at)
        story.report(elev_sier_utrygt="nei", arena="garderobe")
        story.suspect("nei")
        story.do("logg_og_gi_beskjed", "melder")
    story.at("2026-10-10T10:00")
    story.report()
    story.suspect()
    story.receive()
    return story


def page(story, who: str, pupil: str = "elev_a"):
    number = parse(story.player.cast.refs[pupil])[1]
    return pupil_page(story.product, story.account(who), number)


def test_everything_over_time_for_leadership(settled):
    found = page(settled, "rektor")
    assert [case.number for case in found.cases] == [row.number for row in settled.rows(Case)[::-1]]
    newest, *settled_ones = found.cases
    assert (newest.ended_at, newest.end, newest.where) == (None, None, "I friminuttet")
    assert {case.end for case in settled_ones} == {"løst på stedet"}
    assert {case.where for case in settled_ones} == {"I garderoben"}
    assert found.counts == (("Elevens meldinger som er løst på stedet de siste 30 dagene", 1),)
    assert [count for _, count in found.months][-2:] == [1, 2]
    assert len(found.months) == 12


def test_the_kontaktlaerer_sees_only_cases_that_are_hers(settled):
    found = page(settled, "kontaktlaerer")
    assert [case.number for case in found.cases] == [settled.case.number]
    assert found.counts[0][1] == 0
    assert sum(count for _, count in found.months) == 1


def test_a_kontaktlaerer_without_the_answers_is_not_told_where(story):
    story.report()
    story.suspect()
    story.receive(saksansvarlig="ledelse")
    (case,) = page(story, "kontaktlaerer").cases
    assert case.where is None


def test_others_meet_what_does_not_exist(settled):
    for who in ("faglaerer", "aks", "ppt", "skoleeier", "miljoarbeider"):
        with pytest.raises(Refusal) as caught:
            page(settled, who)
        assert caught.value.code is Reason.IKKE_TILGANG
    with pytest.raises(Refusal) as caught:
        pupil_page(settled.product, settled.account("rektor"), 9999)
    assert caught.value.code is Reason.IKKE_TILGANG


@pytest.mark.parametrize("how", ["shielded", "named"])
def test_a_case_that_one_may_not_see_leaves_no_trace(settled, how):
    before = page(settled, "ledelse")
    hidden = settled.rows(Case)[1]
    with settled.product.database.transaction() as session:
        if how == "shielded":
            session.get_one(Case, hidden.id).shielded = "ansatt"
        else:
            session.add(
                NamedPerson(case_id=hidden.id, account_id=settled.account("ledelse"), part="nevnt")
            )
    found = page(settled, "ledelse")
    assert hidden.number not in {case.number for case in found.cases}
    assert len(found.cases) == len(before.cases) - 1
    assert found.counts[0][1] == 0
    assert [count for _, count in found.months][-2:] == [1, 1]
    seen = page(settled, "rektor")
    assert hidden.number in {case.number for case in seen.cases}


def test_a_pupil_with_a_hidden_case_alone_looks_like_one_without(story):
    story.report(elev_utsatt="elev_b", ledelse_mistenkt="ja")
    empty = page(story, "rektor", "elev_b")
    assert empty.cases == () and sum(count for _, count in empty.months) == 0


def test_each_case_shown_is_logged_as_read(settled):
    page(settled, "kontaktlaerer")
    with settled.product.database.session() as session:
        rows = session.scalars(select(Reading).where(Reading.what == "elev")).all()
    assert [(row.case_id, row.account_id) for row in rows] == [
        (settled.case.id, settled.account("kontaktlaerer"))
    ]


def test_a_joined_report_says_where_it_lies_to_those_who_may_see_it(settled):
    first = settled.case.number
    settled.report()
    settled.suspect()
    settled.receive(slaa_sammen="ja")
    case = page(settled, "rektor").cases[0]
    assert (case.end, case.joined) == ("slått sammen", first)
    with settled.product.database.transaction() as session:
        target = session.scalar(select(Case).where(Case.number == first))
        session.add(
            NamedPerson(case_id=target.id, account_id=settled.account("ledelse"), part="nevnt")
        )
    assert page(settled, "ledelse").cases[0].joined is None


def test_the_list_is_of_those_whose_pages_may_be_opened(settled):
    everybody = pupils(settled.product, settled.account("rektor"))
    assert "4B" in everybody.classes
    mine = pupils(settled.product, settled.account("kontaktlaerer"), "1A")
    assert (mine.classes, mine.class_name) == (("4B",), "4B")
    with pytest.raises(Refusal):
        pupils(settled.product, settled.account("aks"))
