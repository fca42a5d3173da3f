"""How a rule counts, against the dates of the written cases (shared scenarios T02, T05, C1, C2)."""

from datetime import UTC, date, datetime, time
from pathlib import Path

import pytest

from engine.rules.regelverk import read_regelverk
from engine.rules.rule import NoDate, Nudge, Rule, Status
from engine.rules.workdays import local, local_day, moment


def rule(**values) -> Rule:
    return Rule(key="x", tekst="Prøve", status=Status.LOV, kilde="§ 12-4", **values)


def nothing(expression: str):
    raise AssertionError("no expression in this rule")


def due(rule: Rule, opened: str, received: str | None = None, now: str | None = None, feel=nothing):
    """The due moment as the school's clock shows it."""
    at = rule.due(moment(opened), received and moment(received), moment(now or opened), feel)
    assert at.tzinfo is UTC
    return local(at).strftime("%Y-%m-%d %H:%M")


FIVE_DAYS = rule(fra="mottatt_rektor", arbeidsdager=5)
ONE_DAY = rule(arbeidsdager=1)
PROCESSES = Path(__file__).parents[3] / "processes"
SHIPPED = read_regelverk((PROCESSES / "regelverk.toml").read_bytes())

# case, delivered, {rule: due day}, {rule: when its task opened}, the measures' evaluation dates
CASES = [
    (
        "T02",
        "2026-09-08T15:40",
        {
            "varsle": "2026-09-08",
            "informer_foresatte": "2026-09-09",
            "undersok_start": "2026-09-09",
            "undersok": "2026-09-11",
            "plan_paaminnelse": "2026-09-11",
            "plan": "2026-09-15",
            "kan_meldes_sf": "2026-09-15",
            "godkjenn_plan": "2026-09-15",
            "evaluering": "2026-10-06",
        },
        {"godkjenn_plan": "2026-09-14T10:00"},
        ["2026-10-06", "2026-10-06"],
    ),
    (
        "T05",
        "2026-09-14T11:30",
        {
            "varsle": "2026-09-14",
            "varsle_skoleeier": "2026-09-14",
            "informer_foresatte": "2026-09-15",
            "undersok_start": "2026-09-15",
            "undersok": "2026-09-17",
            "plan_paaminnelse": "2026-09-17",
            "plan": "2026-09-21",
            "kan_meldes_sf": "2026-09-21",
            "evaluering": "2026-10-09",
        },
        {},
        ["2026-10-09", "2026-10-09"],
    ),
    (
        "C1",
        "2026-08-24T10:15",
        {
            "varsle": "2026-08-24",
            "informer_foresatte": "2026-08-25",
            "undersok_start": "2026-08-25",
            "undersok": "2026-08-27",
            "plan_paaminnelse": "2026-08-27",
            "plan": "2026-08-31",
            "kan_meldes_sf": "2026-08-31",
            "godkjenn_plan": "2026-08-28",
            "evaluering": "2026-09-18",
            "etterkontroll": "2026-11-09",
        },
        {"godkjenn_plan": "2026-08-27T11:00", "etterkontroll": "2026-10-12T09:00"},
        ["2026-09-18"],
    ),
    (
        "C2",
        "2026-09-28T10:00",
        {
            "varsle": "2026-09-28",
            "plan": "2026-10-05",
            "godkjenn_plan": "2026-10-01",
            "evaluering": "2026-10-16",
        },
        {"godkjenn_plan": "2026-09-30T10:10"},
        ["2026-10-16"],
    ),
]


@pytest.mark.parametrize(
    ("case", "key", "day", "received", "opened", "dates"),
    [
        (case, key, day, received, opened.get(key, received), dates)
        for case, received, days, opened, dates in CASES
        for key, day in days.items()
    ],
)
def test_the_dates_of_the_written_cases(case, key, day, received, opened, dates):
    found = due(SHIPPED.frist(key), opened, received, feel=lambda expression: dates)
    assert found[:10] == day


@pytest.mark.parametrize(
    ("received", "expected"),
    [
        ("2026-09-10T10:05", "2026-09-10 16:00"),
        ("2026-09-10T15:59", "2026-09-10 16:00"),
        ("2026-09-10T16:00", "2026-09-11 16:00"),
        ("2026-09-11T20:00", "2026-09-14 16:00"),  # Friday evening
        ("2026-09-12T10:00", "2026-09-14 16:00"),  # Saturday
        ("2026-05-13T17:00", "2026-05-15 16:00"),  # before Ascension Day
        ("2026-05-14T10:00", "2026-05-15 16:00"),  # on it
    ],
)
def test_skoleeier_is_told_the_same_day_or_the_next_working_day(received, expected):
    assert due(SHIPPED.frist("varsle_skoleeier"), received, received) == expected


def test_the_same_day_lasts_until_midnight_when_its_clock_has_passed():
    assert due(rule(samme_dag=True), "2026-09-08T15:40") == "2026-09-08 16:00"
    assert due(rule(samme_dag=True), "2026-09-08T16:00") == "2026-09-08 23:59"
    assert due(rule(samme_dag=True), "2026-09-08T23:30") == "2026-09-08 23:59"


def test_until_the_report_is_delivered_the_opening_counts():
    assert due(FIVE_DAYS, "2026-09-08T10:00", None) == "2026-09-15 16:00"


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-08-28T09:00", "2026-09-07 07:00"),  # before the start
        ("2026-08-31T09:00", "2026-09-07 07:00"),
        ("2026-09-07T06:59", "2026-09-07 07:00"),
        ("2026-09-07T07:00", "2026-09-14 07:00"),
        ("2026-09-07T12:00", "2026-09-14 07:00"),
        ("2026-09-28T12:00", "2026-10-05 07:00"),
        ("2026-10-24T12:00", "2026-10-26 07:00"),  # over the change of the clock
    ],
)
def test_every_week_from_the_start_of_the_plan(now, expected):
    weekly = rule(fra="=lag_aktivitetsplan.startdato", hver=7, klokke=time(7))
    assert due(weekly, now, now=now, feel=lambda expression: "2026-08-31") == expected


def test_working_days_before_a_date_that_was_given():
    before = rule(fra="=registrer_sf.frist_fra_sf", arbeidsdager=-3)
    assert due(before, "2026-10-12T10:00", feel=lambda _: "2026-10-19") == "2026-10-14 16:00"


def test_the_expression_is_evaluated_without_its_sign_and_the_earliest_date_counts():
    asked = []

    def feel(expression):
        asked.append(expression)
        return ["2026-10-09", None, ["2026-10-02"], "2026-10-05T12:00"]

    assert due(rule(dato="= a.b"), "2026-09-08", feel=feel) == "2026-10-02 16:00"
    assert asked == ["a.b"]


@pytest.mark.parametrize("value", [None, [], [None], "snart", 7, {"dato": "2026-10-09"}])
def test_no_date_is_said_in_words(value):
    with pytest.raises(NoDate, match="«Prøve» har ingen dato"):
        due(rule(dato="=x"), "2026-09-08", feel=lambda _: value)


def test_reminders_and_escalations_come_in_order_of_time():
    plan = rule(
        arbeidsdager=5,
        paaminnelse=(
            Nudge("rektor", timer=-2),
            Nudge("saksansvarlig", arbeidsdager=-2),
            Nudge("ledelse", kalenderdager=-1, klokke=time(12)),
        ),
        eskalering=(Nudge("ledelse", arbeidsdager=5), Nudge("rektor", arbeidsdager=0)),
    )
    at = plan.due(moment("2026-09-08"), None, moment("2026-09-08"), nothing)
    shown = [(local(when).strftime("%m-%d %H:%M"), to) for when, to in plan.reminders(at)]
    assert shown == [
        ("09-11 08:00", "saksansvarlig"),
        ("09-14 12:00", "ledelse"),
        ("09-15 14:00", "rektor"),
    ]
    shown = [(local(when).strftime("%m-%d %H:%M"), to) for when, to in plan.escalations(at)]
    assert shown == [("09-15 16:00", "rektor"), ("09-22 16:00", "ledelse")]


def test_days_are_counted_in_the_schools_own_time():
    late = datetime(2026, 9, 8, 22, 30, tzinfo=UTC)  # past midnight in Oslo
    at = ONE_DAY.due(late, None, late, nothing)
    assert local_day(at) == date(2026, 9, 10)
