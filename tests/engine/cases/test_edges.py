"""What must hold at the edges: home is the risk, and a plan without what the law asks for."""

from __future__ import annotations

import pytest

from engine.cases.play import Stop
from engine.database.tables import Notice


def silent(story) -> None:
    """Nobody at home is told, and it is written why."""
    story.do(
        "informer_foresatte_elev",
        "kontaktlaerer",
        foresatte=[],
        unntak_grunn="Hjemmet kan være risikoen.",
        rett_statsforvalter_opplyst="nei",
        elev_informert="ja",
    )


def told_at_home(story) -> list[str]:
    return [row.kind for row in story.rows(Notice) if row.guardian_id is not None]


def test_home_is_the_risk_and_guardians_are_never_told_by_themselves(story):
    story.report()
    story.suspect()
    with pytest.raises(Stop, match="barnevern_vurdert"):
        story.receive(barnevern_vurdert=None)  # the question is always there
    story.receive(barnevern_vurdert="ja")
    silent(story)
    story.talk()
    story.analyse()
    story.plan()
    story.approve()
    assert told_at_home(story) == []
    assert story.told("aks").count("plan_delt") == 1  # everybody else gets the plan
    assert any(row.pupil_id and row.kind == "plan_delt" for row in story.rows(Notice))


def test_else_guardians_get_the_plan(story):
    story.until_followed_up()
    assert told_at_home(story) == ["info_foresatte", "plan_delt"]


FIVE = ["problem", "beskrivelse", "fra_dato", "ansvarlig", "evalueres_dato"]


@pytest.mark.parametrize("missing", FIVE)
def test_a_plan_without_one_of_the_five_is_not_sent(story, missing):
    story.report()
    story.suspect()
    story.receive()
    story.inform()
    story.talk()
    story.analyse()
    measure = dict(beskrivelse="x", fra_dato="2026-09-15", til_dato="2026-10-06")
    measure |= dict(ansvarlig="aks", evalueres_dato="2026-10-06", nivaa="klasse")
    measure |= dict(krever_enkeltvedtak="nei")
    plan = dict(problem="x", startdato="2026-09-15", elev_medvirket="ja")
    plan |= {missing: None} if missing == "problem" else {}
    measure |= {missing: None} if missing != "problem" else {}
    with pytest.raises(Stop, match=f"mangler_felt.*{missing}"):
        story.do("lag_aktivitetsplan", "saksansvarlig", **plan, tiltak=[measure])
    assert story.open == ["lag_aktivitetsplan"]
