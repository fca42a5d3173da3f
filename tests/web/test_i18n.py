"""Days, times and deadlines in words."""

from datetime import UTC, date, datetime

import pytest

from web.app import create_app
from web.i18n import clock, day, deadline, moment

NOW = datetime(2026, 11, 24, 9, 42, tzinfo=UTC)


@pytest.fixture(autouse=True)
def norwegian():
    with create_app(SECRET_KEY="test").test_request_context():
        yield


def test_day_and_clock_are_oslos():
    assert day(date(2026, 11, 26)) == "torsdag 26. november"
    assert day(datetime(2026, 11, 25, 23, 30, tzinfo=UTC), year=True) == "torsdag 26. november 2026"
    assert clock(NOW) == "10.42"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (datetime(2026, 11, 24, 8, 10, tzinfo=UTC), "i dag kl. 9.10"),
        (datetime(2026, 11, 23, 13, 2, tzinfo=UTC), "i går kl. 14.02"),
        (datetime(2026, 11, 19, 9, 42, tzinfo=UTC), "torsdag 19. november kl. 10.42"),
    ],
)
def test_moment(value, words):
    assert moment(value, NOW) == words


@pytest.mark.parametrize(
    ("due", "overdue", "words"),
    [
        (date(2026, 11, 24), None, "I dag"),
        (date(2026, 11, 25), None, "I morgen"),
        (date(2026, 11, 26), None, "Torsdag, om 2 dager"),
        (date(2026, 12, 18), None, "Fredag 18. desember"),
        (date(2026, 11, 23), None, "1 dag over fristen"),
        (date(2026, 11, 20), 2, "2 dager over fristen"),
    ],
)
def test_deadline(due, overdue, words):
    assert deadline(due, date(2026, 11, 24), overdue) == words
