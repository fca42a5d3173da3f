"""A case that can't go on by itself is an incident that leadership sees; nothing is half-saved."""

from __future__ import annotations

import shutil
from datetime import date

import pytest
from sqlalchemy import select

from engine.cases.play import Player, Stop
from engine.cases.tick import let_deadlines_pass
from engine.database.tables import Answer, Case, Deadline, Draft, Incident, RoleHolding
from engine.product import PROCESSES
from engine.rules.workdays import moment
from tests.engine.cases.conftest import Story


@pytest.fixture
def broken(database, tmp_path) -> Story:
    """A school whose follow-up process asks for a list where there is none."""
    processes = tmp_path / "processes"
    shutil.copytree(PROCESSES, processes)
    model = processes / "aktivitetsplan_oppfolging" / "aktivitetsplan_oppfolging.bpmn"
    text = model.read_text()
    measures = "else lag_aktivitetsplan.tiltak"
    assert measures in text
    model.write_text(text.replace(measures, "else lag_aktivitetsplan.problem"))
    scenario = {"id": "x", "process": "aktivitetsplikt", "start": "2026-09-08T10:00", "steps": []}
    return Story(Player(scenario, database, processes))


def test_an_error_inside_a_step_leaves_the_last_committed_state(broken):
    story = broken
    story.report()
    story.suspect()
    story.receive()
    story.inform()
    story.talk()
    story.analyse()
    story.plan()
    before = story.case
    with pytest.raises(Stop, match="stanset"):
        story.approve()
    after = story.case
    assert (after.state, after.revision, after.status) == (
        before.state,
        before.revision,
        before.status,
    )
    assert story.open == ["godkjenn_plan"]
    assert not story.rows(Answer, step="godkjenn_plan")
    (incident,) = story.rows(Incident)
    assert incident.step == "gjennomfor_tiltak"
    assert story.rows(Draft, task_id=story.task("godkjenn_plan").id)
    with pytest.raises(Stop, match="stanset"):
        story.approve()
    assert len(story.rows(Incident)) == 1


def leaves(story, *roles: str) -> None:
    """Nobody holds these roles any more."""
    with story.product.database.transaction() as session:
        for holding in session.scalars(select(RoleHolding).where(RoleHolding.role.in_(roles))):
            holding.to_date = date(2026, 1, 1)


def test_a_role_that_nobody_holds_is_an_incident_and_never_everybody(story):
    leaves(story, "skoleeier")
    story.report(ledelse_mistenkt="ja")
    (incident,) = story.rows(Incident)
    assert (incident.kind, incident.step) == ("ingen_i_rollen", "motta_12_5_ledelse")
    for name in ("rektor", "faglaerer", "aks"):
        with pytest.raises(Stop):
            story.do("motta_12_5_ledelse", name)


def test_a_pupil_without_a_kontaktlaerer_does_not_wait(story):
    leaves(story, "kontaktlaerer")
    story.report()
    story.suspect()
    story.receive(saksansvarlig="sosialveileder")
    assert story.task("informer_foresatte_elev").role == "saksansvarlig"
    story.do(
        "informer_foresatte_elev",
        "sosialveileder",
        foresatte=[{"navn": "foresatt_a", "maate": "samtale", "tolk": "nei"}],
        rett_statsforvalter_opplyst="ja",
        elev_informert="ja",
    )
    assert not story.rows(Incident)


def test_a_kontaktlaerer_who_is_mentioned_does_not_hold_the_case_up(story):
    story.report(ansatte_nevnt=["kontaktlaerer"])
    story.suspect()
    story.receive(saksansvarlig="sosialveileder")
    assert story.task("informer_foresatte_elev").role == "saksansvarlig"
    assert not story.rows(Incident)


def test_a_report_that_mentions_all_of_leadership_reaches_skoleeier(story):
    story.report(ansatte_nevnt=["rektor", "ledelse"])
    story.suspect()
    assert story.task("motta_varsel").role == "skoleeier"
    assert story.told("skoleeier")
    assert story.case.serious
    story.do(
        "motta_varsel",
        "skoleeier",
        saksansvarlig="sosialveileder",
        habilitet_bekreftet="ja",
        alvorlig="nei",
        barnevern_vurdert="nei",
        politi_vurdert="nei",
    )


def test_a_suspected_head_is_gone_past_whichever_box_was_ticked(story):
    story.report(ansatt_mistenkt="ja", hvem_mistenkt="rektor")
    assert story.case.shielded == "ledelse"
    assert story.told("skoleeier") and not story.told("rektor") and not story.told("ledelse")


def test_the_tasks_of_one_who_has_left_are_for_those_who_lead(story):
    story.report()
    story.suspect()
    story.receive(saksansvarlig="sosialveileder", innhent_fra=["miljoarbeider"])
    story.inform()
    leaves(story, "sosialveileder", "miljoarbeider")
    story.do("innhent_ansatte", "rektor")
    story.talk()
    told = dict(utenfor_skolen="nei", elev_opplever_trygt="nei", undersokelse_viser_utrygt="ja")
    story.do("analyse", "rektor", **told, egnet_gjenopprettende="nei")
    assert story.open == ["lag_aktivitetsplan"]


def test_a_named_person_is_not_asked_what_she_has_seen(story):
    story.report(ansatte_nevnt=["miljoarbeider"])
    story.suspect()
    with pytest.raises(Stop, match="inhabil"):
        story.receive(innhent_fra=["miljoarbeider"])


def test_a_case_that_can_not_be_read_keeps_no_other_waiting(story):
    story.report()
    story.suspect()
    broken = story.case.id
    story.report()
    story.suspect()
    with story.product.database.transaction() as session:
        session.get(Case, broken).state_version = 99
    story.player.now = moment("2026-09-20T12:00")
    let_deadlines_pass(story.product)
    waiting = story.rows(Deadline, case_id=story.case.id, state="ventende")
    assert all(row.due_at > story.product.clock() for row in waiting)
    assert story.rows(Incident, case_id=broken)
