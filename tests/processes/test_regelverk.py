"""The rules file says of each deadline what it rests on, and of each choice what was chosen."""

import tomllib
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from lxml import etree

from engine.definitions import feel
from engine.rules.regelverk import read_regelverk

PROCESSES = Path(__file__).parents[2] / "processes"
DATA = (PROCESSES / "regelverk.toml").read_bytes()
OSLO = ZoneInfo("Europe/Oslo")


@pytest.fixture(scope="module")
def regelverk():
    return read_regelverk(DATA)


def local(text):
    return datetime.fromisoformat(text).replace(tzinfo=OSLO)


def due(regelverk, key, opened, received=None, now=None, **context):
    at = local(opened).astimezone(UTC)
    moment = regelverk.frist(key).due(
        at,
        local(received).astimezone(UTC) if received else None,
        local(now).astimezone(UTC) if now else at,
        lambda expression: feel.evaluate(expression, context),
    )
    return moment.astimezone(OSLO).strftime("%Y-%m-%dT%H:%M")


def test_every_rule_is_used_or_set_at_receipt(regelverk):
    used = {rule.key for rule in regelverk.at_receipt()}
    for path in PROCESSES.glob("*/*.bpmn"):
        tree = etree.parse(path)
        used |= {node.get("{urn:trygg:bpmn:1}frist") for node in tree.iter(etree.Element)}
        used |= {timer.text.split('"')[1] for timer in tree.iter("{*}timeDate")}
    assert set(regelverk.keys()) == used - {None}


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("varsle", "2026-09-08T16:00"),
        ("varsle_skoleeier", "2026-09-08T16:00"),
        ("informer_foresatte", "2026-09-09T16:00"),
        ("undersok_start", "2026-09-09T16:00"),
        ("undersok", "2026-09-11T16:00"),
        ("plan_paaminnelse", "2026-09-11T16:00"),
        ("analyse", "2026-09-14T16:00"),
        ("plan", "2026-09-15T16:00"),
        ("kan_meldes_sf", "2026-09-15T07:00"),
    ],
)
def test_what_counts_from_the_report(regelverk, key, expected):
    assert due(regelverk, key, "2026-09-10T10:00", received="2026-09-08T15:40") == expected


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("motta_varsel", "2026-10-12T16:00"),
        ("godkjenn_plan", "2026-10-12T16:00"),
        ("beslutning", "2026-10-12T16:00"),
        ("etterkontroll", "2026-11-06T07:00"),
    ],
)
def test_what_counts_from_the_opening(regelverk, key, expected):
    assert due(regelverk, key, "2026-10-09T09:00", received="2026-09-01T09:00") == expected


def test_skoleeier_is_told_the_next_working_day_when_the_report_comes_late(regelverk):
    for received, expected in (
        ("2026-09-11T16:00", "2026-09-14T16:00"),
        ("2026-09-12T10:00", "2026-09-14T16:00"),
    ):
        found = due(regelverk, "varsle_skoleeier", "2026-09-12T10:00", received=received)
        assert found == expected


def test_the_evaluation_is_due_on_the_plans_first_day_or_the_prolonged_one(regelverk):
    plan = {"tiltak": [{"evalueres_dato": "2026-10-09"}, {"evalueres_dato": "2026-10-06"}]}
    context = {"lag_aktivitetsplan": plan}
    opened = "2026-09-14T14:00"
    assert due(regelverk, "evaluering", opened, **context) == "2026-10-06T16:00"
    context["beslutning"] = {"beslutning": "forlenge", "evalueres_dato": "2026-11-02"}
    assert due(regelverk, "evaluering", opened, **context) == "2026-11-02T16:00"


def test_a_measure_is_due_on_its_last_day_or_when_it_is_evaluated(regelverk):
    measure = {"evalueres_dato": "2026-10-09", "til_dato": "2026-10-01"}
    assert due(regelverk, "tiltak", "2026-09-14T14:00", tiltak=measure) == "2026-10-01T16:00"
    measure["til_dato"] = None
    assert due(regelverk, "tiltak", "2026-09-14T14:00", tiltak=measure) == "2026-10-09T16:00"


def test_the_weekly_check_follows_the_plans_start(regelverk):
    context = {"lag_aktivitetsplan": {"startdato": "2026-09-15"}}
    for now, expected in (
        ("2026-09-14T14:00", "2026-09-22T07:00"),
        ("2026-09-22T09:30", "2026-09-29T07:00"),
        ("2026-10-05T09:30", "2026-10-06T07:00"),
    ):
        assert due(regelverk, "ukesjekk", now, now=now, **context) == expected


def test_law_guidance_plan_and_own_choice_are_told_apart(regelverk):
    status = {key: str(regelverk.frist(key).status) for key in regelverk.rules}
    assert status["plan"] == status["varsle"] == "veiledning"
    assert {key for key, value in status.items() if value == "lov"} == {
        "kan_meldes_sf", "meld_straks", "motta_rektor", "evaluering", "tiltak", "sf_svar",
        "sf_vedtak", "sf_uttalelse",
    }  # fmt: skip
    assert all(regelverk.frist(key).kilde.endswith(".") for key in regelverk.rules)


def test_an_unanswered_suspicion_counts_as_a_doubt(regelverk):
    assert regelverk.frist("mistanke").ved_frist["mistanke_utrygg"] == "usikker"
    assert regelverk.frist("mistanke").ved_frist["begrunnelse"]


def test_a_count_is_of_an_end_and_a_step_that_are_drawn(regelverk):
    drawn = {
        node.get("id")
        for path in PROCESSES.glob("*/*.bpmn")
        for node in etree.parse(path).iter("{*}endEvent", "{*}userTask")
    }
    assert {"lost_paa_stedet_siste_30_dager"} == set(regelverk.counts)
    assert all({count.slutt, count.steg} <= drawn for count in regelverk.counts.values())


def test_every_choice_between_plan_and_law_says_what_was_built_and_why():
    choices = tomllib.loads(DATA.decode())["valg"]
    assert len(choices) == 10
    for choice in choices.values():
        assert set(choice) == {"tekst", "plan", "lov", "bygget", "hvorfor"}
