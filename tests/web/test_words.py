"""Days, times and deadlines in words."""

from datetime import UTC, date, datetime

import pytest

from web.app import create_app
from web.words import clock, day, due, due_group, when

NOW = datetime(2026, 11, 24, 9, 42, tzinfo=UTC)  # a Tuesday, 10.42 in Oslo


@pytest.fixture(autouse=True)
def norwegian():
    with create_app(SECRET_KEY="test").test_request_context():
        yield


def at(day_and_hour: str) -> datetime:
    return datetime.fromisoformat(day_and_hour).replace(tzinfo=UTC)


def test_day_and_clock_are_oslos():
    assert day(date(2026, 11, 26)) == "torsdag 26. november"
    assert day(at("2026-11-25T23:30")) == "torsdag 26. november"
    assert clock(NOW) == "10.42"
    assert clock(at("2026-07-01T06:05")) == "8.05"


def test_a_day_of_another_year_has_its_year():
    assert day(date(2026, 11, 26), date(2026, 1, 1)) == "torsdag 26. november"
    assert day(date(2027, 1, 4), NOW) == "mandag 4. januar 2027"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("2026-11-24T08:10", "i dag kl. 9.10"),
        ("2026-11-23T13:02", "i går kl. 14.02"),
        ("2026-11-23T23:30", "i dag kl. 0.30"),
        ("2026-11-19T09:42", "torsdag 19. november kl. 10.42"),
        ("2025-12-19T09:42", "fredag 19. desember 2025 kl. 10.42"),
    ],
)
def test_when(value, words):
    assert when(at(value), NOW) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("2026-11-24T15:00", "I dag"),
        ("2026-11-24T22:59", "I dag"),
        ("2026-11-24T23:30", "I morgen"),
        ("2026-11-25T15:00", "I morgen"),
        ("2026-11-26T15:00", "Torsdag, om 2 dager"),
        ("2026-11-30T15:00", "Mandag, om 6 dager"),
        ("2026-12-01T15:00", "Tirsdag 1. desember"),
        ("2026-12-18T15:00", "Fredag 18. desember"),
        ("2027-01-04T15:00", "Mandag 4. januar 2027"),
    ],
)
def test_due_ahead(value, words):
    assert due(at(value), NOW) == words


@pytest.mark.parametrize(
    ("value", "workdays", "words"),
    [
        ("2026-11-24T08:00", True, "Fristen var i dag kl. 9.00"),
        ("2026-11-23T15:00", True, "1 dag over fristen"),
        ("2026-11-20T15:00", True, "2 dager over fristen"),
        ("2026-11-20T15:00", False, "4 dager over fristen"),
        ("2026-11-18T15:00", True, "4 dager over fristen"),
    ],
)
def test_due_passed_is_counted_as_the_deadline_counts(value, workdays, words):
    assert due(at(value), NOW, workdays) == words


def test_no_working_day_has_gone_in_a_weekend():
    saturday = at("2026-11-28T10:00")
    assert due(at("2026-11-27T15:00"), saturday) == "Fristen var fredag 27. november"
    assert due(at("2026-11-27T15:00"), saturday, workdays=False) == "1 dag over fristen"


@pytest.mark.parametrize(
    ("value", "group"),
    [
        (None, "none"),
        ("2026-11-24T09:00", "over"),
        ("2026-11-24T15:00", "today"),
        ("2026-11-25T15:00", "week"),
        ("2026-11-29T15:00", "week"),
        ("2026-11-30T15:00", "later"),
    ],
)
def test_groups(value, group):
    assert due_group(value and at(value), NOW) == group


@pytest.mark.parametrize("name", ["day", "clock", "when", "due", "due_group"])
def test_each_is_a_filter(name):
    assert name in create_app(SECRET_KEY="test").jinja_env.filters
