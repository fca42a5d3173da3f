"""Time passes: reminders, escalations, the system's own answer, the weekly and the last check."""

from __future__ import annotations

import pytest

from engine.cases.state import Status
from engine.cases.tick import let_deadlines_pass
from engine.database.tables import Answer, Deadline, Event, Task
from engine.rules.workdays import moment


def test_a_suspicion_nobody_has_answered_counts_as_unsure(story):
    story.report()
    assert story.open == ["mistanke_vurdering"]
    story.at("2026-09-09T07:00")
    assert story.open == ["motta_varsel"]
    assert story.answers("mistanke_vurdering")["mistanke_utrygg"] == "usikker"
    assert story.rows(Answer, step="mistanke_vurdering")[0].account_id is None


def test_what_is_due_happens_once(story):
    story.report()
    story.suspect()
    story.player.now = moment("2026-09-30T12:00")
    assert let_deadlines_pass(story.product) == 1
    told = story.told("rektor")
    assert let_deadlines_pass(story.product) == 0
    assert story.told("rektor") == told


def test_a_plan_that_is_late_is_told_of_and_never_blocked(story):
    story.report()
    story.suspect()
    story.receive()
    story.inform()
    story.talk()
    story.analyse()
    before = len(story.told("rektor"))
    story.at("2026-09-16T08:00")
    assert len(story.told("rektor")) > before
    row = story.rows(Deadline, rule="plan", kind="frist")[0]
    assert (row.state, row.day.isoformat()) == ("passert", "2026-09-15")
    story.do(
        "lag_aktivitetsplan",
        "saksansvarlig",
        tiltak=[
            {
                "ansvarlig": "aks",
                "fra_dato": "2026-09-17",
                "til_dato": "2026-10-01",
                "evalueres_dato": "2026-10-01",
                "nivaa": "AKS",
                "krever_enkeltvedtak": "nei",
            }
        ],
        startdato="2026-09-17",
        elev_medvirket="ja",
    )
    assert story.open == ["godkjenn_plan"]


def test_reminders_follow_a_deadline_that_is_counted_from_an_earlier_receipt(story):
    story.report()
    story.suspect()
    story.receive(mottatt_rektor="2026-09-04T09:00")
    (due,) = story.rows(Deadline, rule="plan", kind="frist")
    assert due.day.isoformat() == "2026-09-11"
    for row in story.rows(Deadline, rule="plan", state="ventende"):
        assert row.day <= due.day


def test_a_step_done_in_time_meets_its_deadline_and_its_reminders_lapse(story):
    story.report()
    story.suspect()
    story.receive()
    states = {(row.kind, row.state) for row in story.rows(Deadline, rule="motta_varsel")}
    assert ("frist", "holdt") in states
    assert not any(state == "ventende" for _, state in states)


def test_a_submit_lets_what_is_due_happen_first(story):
    """The teacher comes to her suspicion the day after; the system has answered it by then."""
    story.report()
    task = story.task("mistanke_vurdering")
    story.player.now = moment("2026-09-09T08:00")
    story.player.play_step(
        {
            "step": "mistanke_vurdering",
            "by": "melder",
            "answers": {"mistanke_utrygg": "nei"},
            "refused": "allerede_utfort",
        }
    )
    assert story.rows(Answer, task_id=task.id)[0].account_id is None
    assert story.open == ["motta_varsel"]


def test_the_weekly_check_opens_every_week_one_at_a_time(story):
    story.until_followed_up()
    assert "ukesjekk" not in story.open
    story.at("2026-09-22T06:59")
    assert "ukesjekk" not in story.open
    story.at("2026-09-22T07:00")
    assert story.open.count("ukesjekk") == 1
    story.at("2026-10-06T08:00")
    assert story.open.count("ukesjekk") == 1
    check = dict(elev_spurt="ja", elevens_skaar=4, nye_hendelser="nei")
    story.do("ukesjekk", "kontaktlaerer", **check)
    assert "ukesjekk" not in story.open
    story.at("2026-10-13T07:00")
    assert story.open.count("ukesjekk") == 1


def test_a_bad_week_brings_the_evaluation_forward(story):
    story.until_followed_up()
    story.at("2026-09-22T08:00")
    before = story.task("evalueringsmote").due_at
    story.do("ukesjekk", "kontaktlaerer", elev_spurt="ja", elevens_skaar=2, nye_hendelser="nei")
    after = story.task("evalueringsmote").due_at
    assert after < before
    assert after.date().isoformat() == "2026-09-22"


def test_a_closed_case_waits_for_its_check_and_comes_back_when_it_is_not_safe(story):
    story.report()
    story.suspect()
    story.receive()
    story.inform()
    story.talk()
    story.analyse(elev_opplever_trygt="ja", undersokelse_viser_utrygt="nei")
    story.do("avslutt_sak", "rektor", elev_bekrefter_trygt="ja")
    assert story.open == []
    assert story.case.status == Status.AWAITS_CHECK
    assert {row.rule for row in story.rows(Deadline, state="ventende")} == {"etterkontroll"}
    story.at("2026-10-06T07:00")
    assert story.open == ["etterkontroll"]
    assert story.case.status == Status.AWAITS_CHECK
    story.do("etterkontroll", "kontaktlaerer", fortsatt_trygt="nei")
    assert story.case.status == Status.OPEN
    assert story.open == ["foresattes_syn", "samtale_utsatt_elev"]
    assert story.task("samtale_utsatt_elev").due_at > moment("2026-10-06T08:00")
    story.talk()
    story.analyse(elev_opplever_trygt="ja", undersokelse_viser_utrygt="nei")
    story.do("avslutt_sak", "rektor", elev_bekrefter_trygt="ja")
    story.at("2026-12-01T07:00")
    story.do("etterkontroll", "kontaktlaerer", fortsatt_trygt="ja")
    assert story.case.status == Status.CLOSED
    ends = [event.step for event in story.rows(Event, kind="sak_avsluttet")]
    assert ends == ["E3_uten_tiltak"]
    assert not story.rows(Deadline, state="ventende")


def test_talks_can_be_held_in_any_order_in_every_round(story):
    """P01's parallel talks, in a loop: the stock join would go on after the first of round two."""
    story.report()
    story.suspect()
    story.receive()
    story.inform()
    for first, second, later in (
        ("samtale_utsatt_elev", "foresattes_syn", "2026-12-15T07:00"),
        ("foresattes_syn", "samtale_utsatt_elev", "2027-03-15T07:00"),
    ):
        more = {"samtale_utsatt_elev": {"vil_uttale_seg": "ja"}}
        story.do(first, "kontaktlaerer", **more.get(first, {}))
        assert story.open == [second]
        story.do(second, "kontaktlaerer", **more.get(second, {}))
        assert story.open == ["analyse"]
        story.analyse(elev_opplever_trygt="ja", undersokelse_viser_utrygt="nei")
        story.do("avslutt_sak", "rektor", elev_bekrefter_trygt="ja")
        story.at(later)
        story.do("etterkontroll", "kontaktlaerer", fortsatt_trygt="nei")


def reported(story, *involved: str) -> None:
    """Reported on Tuesday 8 September; rektor receives it the day after."""
    story.report(andre_involverte=[{"elev": each, "rolle": "vitne"} for each in involved])
    story.suspect()
    story.at("2026-09-09T10:00")
    story.receive(innhent_fra=["miljoarbeider", "aks"])


def day(task) -> str:
    return task.due_at.date().isoformat()


@pytest.mark.parametrize("informed", ["2026-09-09T11:00", "2026-09-14T10:00"])
def test_steps_of_one_rule_that_open_together_all_count_from_the_report(story, informed):
    """Who is talked with last has no more days than the first, though they open late."""
    reported(story, "elev_b")
    story.at(informed)
    story.inform()
    due = [(task.step, day(task)) for task in story.rows(Task, state="open")]
    assert sorted(due) == [
        ("foresattes_syn", "2026-09-11"),
        ("innhent_ansatte", "2026-09-11"),
        ("innhent_ansatte", "2026-09-11"),
        ("samtale_andre_elever", "2026-09-11"),
        ("samtale_utsatt_elev", "2026-09-09"),
    ]


def test_a_returned_plan_has_no_more_days_than_the_report_gave(story):
    reported(story)
    story.inform()
    story.talk()
    for person in ("miljoarbeider", "aks"):
        story.do("innhent_ansatte", person, observasjon="x")
    story.analyse()
    story.plan()
    story.at("2026-09-10T10:00")
    story.approve("nei")
    assert day(story.task("lag_aktivitetsplan")) == "2026-09-15"


def test_a_later_plan_is_never_due_before_it_is_asked_for(story):
    """The first plan was made too late. The next, weeks after, counts from when it is asked for."""
    reported(story)
    story.inform()
    story.talk()
    for person in ("miljoarbeider", "aks"):
        story.do("innhent_ansatte", person, observasjon="x")
    story.analyse()
    story.at("2026-09-17T10:00")
    assert day(story.task("lag_aktivitetsplan")) == "2026-09-15"
    story.plan()
    story.approve("nei")
    assert day(story.task("lag_aktivitetsplan")) == "2026-09-24"
