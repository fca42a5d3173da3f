"""«Oppgavene mine» and the tasks: every step of the core cases, drafts, two at once, refusals."""

from pathlib import Path

import pytest

from engine.cases.play import read_scenarios
from engine.refusals import Reason
from tests.browsing import BrowsingPlayer, Refused
from web.refusals import STATUS

SCENARIOS = {s["id"]: s for s in read_scenarios(Path(__file__).parents[1] / "scenarios/core.yaml")}


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_written_case_goes_through_the_pages(database, name):
    player = BrowsingPlayer(SCENARIOS[name], database)
    for step in player.scenario["steps"]:
        try:
            player.play_step(step)
        except Refused as refused:
            assert refused.answer.status_code == STATUS[Reason(step["refused"])], step
            assert refused.answer.status_code < 500
        else:
            assert "refused" not in step, step
    player._check(player.scenario.get("expect", {}))
    assert player.differences == []
