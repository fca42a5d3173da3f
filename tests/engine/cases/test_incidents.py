"""A case that can't go on by itself is an incident that leadership sees; nothing is half-saved."""

from __future__ import annotations

import shutil
from datetime import date

import pytest

from engine.cases.play import Player, Stop
from engine.database.tables import Answer, Draft, Incident, RoleHolding
from engine.product import PROCESSES
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


def test_a_role_that_nobody_holds_is_an_incident_and_never_everybody(story):
    with story.product.database.transaction() as session:
        for holding in session.query(RoleHolding).filter(RoleHolding.role == "kontaktlaerer"):
            holding.to_date = date(2026, 1, 1)
    story.report()
    story.suspect()
    story.receive(saksansvarlig="sosialveileder")
    (incident,) = story.rows(Incident)
    assert (incident.kind, incident.step) == ("ingen_i_rollen", "informer_foresatte_elev")
    for name in ("faglaerer", "aks", "miljoarbeider"):
        with pytest.raises(Stop):
            story.do("informer_foresatte_elev", name)
