"""The written cases of tests/scenarios, and that a changed expectation is a difference."""

from __future__ import annotations

from copy import deepcopy
from datetime import date
from pathlib import Path

import pytest

from engine.cases.play import play, read_scenarios

FILES = sorted((Path(__file__).parents[2] / "scenarios").glob("*.yaml"))
SCENARIOS = {scenario["id"]: scenario for file in FILES for scenario in read_scenarios(file)}


def changed(scenario_id: str, **expected) -> dict:
    """The scenario with only these expectations."""
    scenario = deepcopy(SCENARIOS[scenario_id])
    scenario["expect"] = expected
    return scenario


@pytest.mark.parametrize("scenario_id", SCENARIOS)
def test_it_goes_as_written(scenario_id):
    assert play(SCENARIOS[scenario_id]) == []


@pytest.mark.parametrize(
    ("what", "value", "says"),
    [
        ("open", ["motta_varsel"], "motta_varsel"),
        ("ended", [], "E1_handtert_paa_stedet"),
        ("told", ["aks"], "aks"),
        ("not_told", ["kontaktlaerer"], "kontaktlaerer"),
        ("deadlines", {"plan": date(2026, 9, 14)}, "plan"),
    ],
)
def test_a_changed_expectation_is_named(what, value, says):
    [difference] = play(changed("T01", **{what: value}))
    assert (difference.scenario, difference.step) == ("T01", what)
    assert says in difference.message


@pytest.mark.parametrize(
    ("expected", "says"),
    [({"plan": date(2026, 9, 16)}, "er 2026-09-15"), ({}, "skulle vært ingen")],
)
def test_another_date_or_none_is_named(expected, says):
    [difference] = play(changed("T02", deadlines=expected))
    assert difference.step == "deadlines"
    assert says in difference.message


def test_one_who_sees_the_case_is_named():
    differences = play(changed("T02", hidden_from=["rektor"]))
    assert [d.message for d in differences] == ["rektor kan se saken"]


def step_number(scenario: dict, **has) -> int:
    return next(n for n, step in enumerate(scenario["steps"]) if has.items() <= step.items())


def until(scenario_id: str, **has) -> tuple[dict, dict]:
    """The scenario up to and with the first step that has this, and that step to be changed."""
    scenario = changed(scenario_id)
    scenario["steps"] = scenario["steps"][: step_number(scenario, **has) + 1]
    return scenario, scenario["steps"][-1]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda step: step.update(refused="ikke_trygt"), "nektet med inhabil"),
        (lambda step: step.pop("refused"), "nektet: inhabil"),
        (
            lambda step: step["answers"].update(saksansvarlig="kontaktlaerer"),
            "skulle vært nektet med inhabil, men gikk igjennom",
        ),
    ],
)
def test_another_refusal_or_none_is_named_and_stops_the_case(change, says):
    scenario, step = until("C2", refused="inhabil")
    change(step)
    [difference] = play(scenario)
    assert difference.step == f"{len(scenario['steps'])} motta_varsel"
    assert says in difference.message


def test_a_step_that_is_not_open_is_named():
    scenario, step = until("T02", step="motta_varsel")
    step["step"] = "godkjenn_plan"
    [difference] = play(scenario)
    assert difference.step == "4 godkjenn_plan"
    assert "ikke åpent" in difference.message


@pytest.mark.parametrize("text", ["en: to", "a: [b", "- bare tekst", "- {title: uten id}"])
def test_what_is_no_list_of_scenarios_is_refused(tmp_path, text):
    file = tmp_path / "annet.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"cenari|YAML"):
        read_scenarios(file)
