"""Dates and times as people write them."""

from datetime import date, datetime

import pytest

from engine.definitions.dates import (
    long_date,
    long_moment,
    read_date,
    read_moment,
    short_date,
    short_moment,
)

TODAY = date(2026, 11, 24)
DAY = date(2026, 11, 25)
MOMENT = datetime(2026, 11, 25, 10, 40)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-25", "25.11.2026", "25.11.26", "25.11", "25.11.", "25/11", "25/11-26",
        "25/11/2026", "25-11-2026", "25,11,2026", "25. 11. 2026", "25. november",
        "25. november 2026", "25 nov", "25. nov. 2026", " 25.  NOVEMBER ", "ons. 25.11",
        "onsdag 25. november 2026", "i morgen",
    ],
)  # fmt: skip
def test_a_date(text):
    assert read_date(text, TODAY) == DAY


@pytest.mark.parametrize(
    "text",
    [
        "", "x", "31.2.2026", "0.1", "25.13", "2026-02-30", "25. mandag", "tirsdag 25.11.2026",
        "25.11.0026", "25.11.202", "1.1.9999", "٢٥.١١", "25. ma", "neste uke", "25.11.2026\x00",
        "9" * 100_000,
    ],
)  # fmt: skip
def test_no_date(text):
    assert read_date(text, TODAY) is None


@pytest.mark.parametrize(
    ("text", "today", "found"),
    [
        ("5.1", TODAY, date(2027, 1, 5)),
        ("28. desember", date(2027, 1, 4), date(2026, 12, 28)),
        ("29.2", date(2027, 6, 1), date(2028, 2, 29)),
        ("29.2", date(2026, 6, 1), None),
    ],
)
def test_a_year_left_out_is_the_nearest(text, today, found):
    assert read_date(text, today) == found


def test_without_today_a_date_must_say_its_year():
    assert read_date("25.11", None) is None
    assert read_date("25.11.2026", None) == DAY


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-25T10:40", "2026-11-25 10:40", "2026-11-25T10:40:59.5", "2026-11-25T09:40:00Z",
        "2026-11-25T10:40:00+01:00", "25.11.2026 kl. 10.40", "25.11 kl 10.40", "25.11 10:40",
        "25. november, kl. 10:40", "i morgen kl. 1040", "onsdag 25. november 2026 kl. 10.40",
    ],
)  # fmt: skip
def test_a_moment(text):
    assert read_moment(text, TODAY) == MOMENT


def test_a_time_alone_is_today():
    assert read_moment("10:40", TODAY) == datetime(2026, 11, 24, 10, 40)
    assert read_moment("kl. 9", TODAY) == datetime(2026, 11, 24, 9, 0)


@pytest.mark.parametrize(
    "text",
    ["", "25.11.2026", "10.11", "25:00", "kl. 10.75", "x kl. 10.40", "2026-11-25T10:40+99:00",
     "0001-01-01T00:00+01:00", " " * 100_000],
)  # fmt: skip
def test_no_moment(text):
    assert read_moment(text, TODAY) is None


def test_said_short_and_long():
    assert short_date("2026-11-25") == "25.11.2026"
    assert short_moment("2026-11-25T09:05") == "25.11.2026 kl. 09.05"
    assert long_date("2026-11-26") == "torsdag 26. november 2026"
    assert long_moment("2026-11-26T10:40") == "torsdag 26. november 2026 kl. 10.40"


@pytest.mark.parametrize("iso", ["2026-11-25T10:40", "2027-03-01T00:00"])
def test_what_is_said_can_be_read_again(iso):
    assert read_moment(short_moment(iso), None) == datetime.fromisoformat(iso)
    assert read_moment(long_moment(iso), None) == datetime.fromisoformat(iso)
