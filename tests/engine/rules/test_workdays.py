"""Working days, against a table written by hand from the calendar, not from the library."""

from datetime import UTC, date, datetime, time

import pytest

from engine.rules import workdays

# Maundy Thursday, Good Friday, Easter Monday, Ascension Day, Whit Monday, from the church calendar.
MOVABLE = {
    2024: ["2024-03-28", "2024-03-29", "2024-04-01", "2024-05-09", "2024-05-20"],
    2025: ["2025-04-17", "2025-04-18", "2025-04-21", "2025-05-29", "2025-06-09"],
    2026: ["2026-04-02", "2026-04-03", "2026-04-06", "2026-05-14", "2026-05-25"],
    2027: ["2027-03-25", "2027-03-26", "2027-03-29", "2027-05-06", "2027-05-17"],
    2028: ["2028-04-13", "2028-04-14", "2028-04-17", "2028-05-25", "2028-06-05"],
    2029: ["2029-03-29", "2029-03-30", "2029-04-02", "2029-05-10", "2029-05-21"],
    2030: ["2030-04-18", "2030-04-19", "2030-04-22", "2030-05-30", "2030-06-10"],
}
FIXED = ["01-01", "05-01", "05-17", "12-25", "12-26"]

# day, number of working days, the day it gives
COUNTED = [
    ("2026-09-08", 1, "2026-09-09"),
    ("2026-09-08", 5, "2026-09-15"),
    ("2026-09-11", 1, "2026-09-14"),  # Friday
    ("2026-09-12", 1, "2026-09-14"),  # reported on a Saturday: Monday is day 1
    ("2026-03-30", 5, "2026-04-09"),  # over Easter: 31, 1, 7, 8, 9
    ("2026-04-01", 1, "2026-04-07"),
    ("2026-04-30", 1, "2026-05-04"),  # 1 May is a Friday
    ("2026-05-13", 1, "2026-05-15"),  # over Ascension Day
    ("2026-05-22", 1, "2026-05-26"),  # over Whit Monday
    ("2027-05-14", 1, "2027-05-18"),  # 17 May and Whit Monday are one day
    ("2024-05-16", 1, "2024-05-21"),  # 17 May is a Friday, then Whitsun
    ("2025-12-23", 5, "2026-01-02"),  # 24, 29, 30, 31, 2; Christmas Eve is a working day
    ("2026-09-15", -2, "2026-09-11"),
    ("2026-04-07", -1, "2026-04-01"),
    ("2026-09-12", 0, "2026-09-12"),
    ("2026-10-12", 20, "2026-11-09"),
]


def holidays(year: int) -> set[date]:
    return {date.fromisoformat(day) for day in MOVABLE[year]} | {
        date.fromisoformat(f"{year}-{day}") for day in FIXED
    }


@pytest.mark.parametrize("year", MOVABLE)
def test_every_day_of_the_year(year):
    first, free = date(year, 1, 1), holidays(year)
    for ordinal in range(first.toordinal(), date(year + 1, 1, 1).toordinal()):
        day = date.fromordinal(ordinal)
        assert workdays.is_workday(day) == (day.weekday() < 5 and day not in free), day


@pytest.mark.parametrize(("start", "count", "end"), COUNTED)
def test_counting(start, count, end):
    assert workdays.add_workdays(date.fromisoformat(start), count) == date.fromisoformat(end)


@pytest.mark.parametrize(("start", "count", "end"), [row for row in COUNTED if row[1] > 0])
def test_counting_back(start, count, end):
    start, end = date.fromisoformat(start), date.fromisoformat(end)
    assert workdays.workdays_between(start, end) == count
    assert workdays.workdays_between(end, start) == -count


def test_no_days_between_a_day_and_itself():
    assert workdays.workdays_between(date(2026, 9, 8), date(2026, 9, 8)) == 0


# The last Sundays of March and October: the offset before and after.
CLOCK_CHANGES = [
    ("2024-03-31", "2024-10-27"),
    ("2025-03-30", "2025-10-26"),
    ("2026-03-29", "2026-10-25"),
    ("2027-03-28", "2027-10-31"),
    ("2028-03-26", "2028-10-29"),
    ("2029-03-25", "2029-10-28"),
    ("2030-03-31", "2030-10-27"),
]


@pytest.mark.parametrize(("spring", "autumn"), CLOCK_CHANGES)
def test_clocks_change(spring, autumn):
    for day, before, after in ((spring, 15, 14), (autumn, 14, 15)):
        sunday = date.fromisoformat(day)
        friday = workdays.add_workdays(sunday, -1)
        monday = workdays.add_workdays(sunday, 1)
        assert workdays.at(friday, time(16)).hour == before
        assert workdays.at(sunday, time(16)).hour == after
        assert workdays.at(monday, time(16)).hour == after


def test_an_hour_that_is_not_there_and_one_that_comes_twice():
    assert workdays.at(date(2026, 3, 29), time(2, 30)) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert workdays.at(date(2026, 10, 25), time(2, 30)) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_the_schools_day_is_not_utcs_day():
    late = datetime(2026, 9, 8, 22, 30, tzinfo=UTC)
    assert workdays.local_day(late) == date(2026, 9, 9)
    with pytest.raises(ValueError):
        workdays.local_day(datetime(2026, 9, 8, 22, 30))


@pytest.mark.parametrize(
    ("text", "hour"),
    [
        ("2026-09-08T15:40", 13),
        ("2026-12-08T15:40", 14),
        ("2026-09-08T15:40:00+02:00", 13),
        ("2026-09-08T13:40:00Z", 13),
    ],
)
def test_reading_a_moment(text, hour):
    assert (workdays.moment(text).hour, workdays.moment(text).tzinfo) == (hour, UTC)


def test_a_date_is_its_midnight_and_nonsense_is_refused():
    assert workdays.moment("2026-09-08") == datetime(2026, 9, 7, 22, tzinfo=UTC)
    for text in ("8. september", "2026-13-01", ""):
        with pytest.raises(ValueError):
            workdays.moment(text)
