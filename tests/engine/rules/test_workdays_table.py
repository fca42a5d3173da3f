"""Every due date of twelve years, counted by another way: 0 wrong.

Nothing here comes from `engine.rules.workdays` or from the `holidays` package. Easter is worked out
by the church's own rule (the first Sunday after the full moon of the 19-year cycle), weekdays by
counting from a known Monday, and the clock by the law on summer time, all in plain numbers.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time

import pytest

from engine.rules import workdays

YEARS = range(2024, 2036)
A_MONDAY = 738_886  # 1 January 2024, as a day number (date.toordinal)
COUNTS = (1, 2, 3, 4, 5, 10, 15, 20, 30)


def leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def months(year: int) -> list[int]:
    return [31, 29 if leap(year) else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]


def number(year: int, month: int, day: int) -> int:
    """The day's number, counted in days from 1 January 2024."""
    whole = sum(366 if leap(each) else 365 for each in range(2024, year))
    return A_MONDAY + whole + sum(months(year)[: month - 1]) + day - 1


def weekday(day: int) -> int:
    """0 is Monday."""
    return (day - A_MONDAY) % 7


def easter(year: int) -> int:
    """Easter Sunday: the Sunday after the fourteenth day of the moon that falls on 21 March or
    later. The moon's age comes from the golden number and the century's two corrections."""
    golden, century = year % 19 + 1, year // 100 + 1
    skipped = 3 * century // 4 - 12
    moon = (8 * century + 5) // 25 - 5
    epact = (11 * golden + 20 + moon - skipped) % 30
    if epact == 24 or (epact == 25 and golden > 11):
        epact += 1
    full = 44 - epact
    full += 30 if full < 21 else 0
    day = number(year, 3, 1) + full - 1  # the full moon, perhaps in April
    return day + 7 - (weekday(day) + 1) % 7


def free_days(year: int) -> set[int]:
    """The public holidays of the laws of 1947 (1 and 17 May) and 1995 (helligdagsfred)."""
    sunday = easter(year)
    movable = {sunday + days for days in (-3, -2, 0, 1, 39, 49, 50)}
    fixed = {number(year, *day) for day in ((1, 1), (5, 1), (5, 17), (12, 25), (12, 26))}
    return movable | fixed


FREE = set().union(*(free_days(year) for year in (*YEARS, 2036)))


def works(day: int) -> bool:
    return weekday(day) < 5 and day not in FREE


def after(day: int, count: int) -> int:
    """The working day that is so many after this one."""
    while count:
        day += 1
        count -= works(day)
    return day


def hours_ahead(day: int) -> int:
    """Oslo's hours ahead of UTC in the afternoon: 2 from the last Sunday of March to the day before
    the last Sunday of October, else 1."""
    year = date.fromordinal(day).year
    first, last = (
        end - (weekday(end) + 1) % 7 for end in (number(year, 3, 31), number(year, 10, 31))
    )
    return 2 if first <= day < last else 1


def test_the_table_knows_what_everybody_knows():
    known = {2024: (3, 31), 2025: (4, 20), 2026: (4, 5), 2027: (3, 28), 2030: (4, 21)}
    known |= {2031: (4, 13), 2032: (3, 28), 2033: (4, 17), 2034: (4, 9), 2035: (3, 25)}
    for year, (month, day) in known.items():
        assert easter(year) == number(year, month, day), year
    assert number(2035, 12, 31) == date(2035, 12, 31).toordinal()
    assert len(free_days(2026)) == 12 and len(free_days(2027)) == 11, "17 May 2027 is Whit Monday"


@pytest.mark.parametrize("year", YEARS)
def test_no_due_date_of_the_year_is_wrong(year):
    wrong = []
    for start in range(number(year, 1, 1), number(year, 12, 31) + 1):
        day = date.fromordinal(start)
        if workdays.is_workday(day) != works(start):
            wrong.append((day, "is_workday"))
        for count in COUNTS:
            due = after(start, count)
            found = workdays.add_workdays(day, count)
            if found.toordinal() != due:
                wrong.append((day, count, found))
                continue
            moment = datetime.combine(date.fromordinal(due), time(16 - hours_ahead(due)), UTC)
            if workdays.at(found, time(16)) != moment:
                wrong.append((day, count, "the clock"))
            if workdays.workdays_between(day, found) != count:
                wrong.append((day, count, "between"))
    assert wrong == []


@pytest.mark.parametrize("year", YEARS)
def test_both_changes_of_the_clock(year):
    """Three in the afternoon on the Saturday before, the Sunday itself and the Monday after."""
    for month, before in ((3, 1), (10, 2)):
        end = number(year, month, 31)
        sunday = end - (weekday(end) + 1) % 7
        for day, ahead in ((sunday - 1, before), (sunday, 3 - before), (sunday + 1, 3 - before)):
            there = date.fromordinal(day)
            expected = datetime.combine(there, time(15 - ahead), UTC)
            assert workdays.at(there, time(15)) == expected, there
