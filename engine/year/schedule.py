"""When a routine is due in a school year: days such as `15.09`, or a cycle.

A school year is named by its autumn: 2026 is August 2026 to July 2027. A day that is no working
day is moved to the working day before. Weeks with fewer than four school days (Christmas, Easter)
have no weekly routine; a school's own holidays are not known here.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

from engine.rules.workdays import add_workdays, is_workday
from engine.sentences import say

AUGUST = 8
CYCLES = ("hver_uke", "annenhver_uke", "hver_maaned")
ON_DEMAND = "ved_behov"
SINGLE = "enkeltdag"
MONTHLY_ON = 15
FIRST, LAST = (8, 20), (6, 20)  # cycles run between these days (month, day), while there is school
SHORT_WEEK = 4
CHRISTMAS = (12, 21)  # from then to the new year there is no school


class NotASchedule(ValueError):
    """What was written is no schedule. The message says what to write, in Norwegian."""


@dataclass(frozen=True)
class Time:
    """Once in the year. period: stable when the year is planned again; due: a working day."""

    period: int
    due: date


def year_of(day: date) -> int:
    """The school year that the day lies in."""
    return day.year if day.month >= AUGUST else day.year - 1


def read(text: str) -> tuple[str, tuple[tuple[int, int], ...]]:
    """The kind of a schedule (a cycle, `ved_behov` or `enkeltdag`) and its days as (month, day).

    Raises NotASchedule.
    """
    words = text.split()
    if len(words) == 1 and words[0] in (*CYCLES, ON_DEMAND):
        return words[0], ()
    if not words:
        raise NotASchedule(say("Skriv dager som 15.09, eller velg hvor ofte."))
    return SINGLE, tuple(_day(word) for word in words)


def _day(word: str) -> tuple[int, int]:
    day, _, month = word.strip(",").rstrip(".").partition(".")
    try:
        date(2027, int(month), int(day))  # a year without 29 February: no routine may need one
    except ValueError:
        raise NotASchedule(
            say("«%(word)s» er ingen dag. Skriv dag og måned, som 15.09.", word=word)
        ) from None
    return int(month), int(day)


def times(text: str, year: int) -> list[Time]:
    """When a routine is due in the school year, in order."""
    kind, days = read(text)
    if kind == SINGLE:
        return [
            Time(number, _workday(_in_year(month, day, year)))
            for number, (month, day) in enumerate(days, start=1)
        ]
    if kind == "hver_maaned":
        return [
            Time(month, _workday(_in_year(month, MONTHLY_ON, year)))
            for month in (9, 10, 11, 12, 1, 2, 3, 4, 5, 6)
        ]
    return _weeks(year, 2 if kind == "annenhver_uke" else 1) if kind != ON_DEMAND else []


def _weeks(year: int, every: int) -> list[Time]:
    """The last working day of each week (of every second week) of the school year."""
    first, last = _in_year(*FIRST, year), _in_year(*LAST, year)
    monday = first - timedelta(days=first.weekday())
    found = []
    while monday <= last:
        days = [monday + timedelta(days=n) for n in range(5)]
        working = [day for day in days if _is_schoolday(day) and first <= day <= last]
        week = monday.isocalendar().week
        if len(working) >= SHORT_WEEK and (every == 1 or week % 2 == 0):
            found.append(Time(week, working[-1]))
        monday += timedelta(days=7)
    return found


def _is_schoolday(day: date) -> bool:
    return is_workday(day) and (day.month, day.day) < CHRISTMAS


def months_after(day: date, months: int) -> date:
    """The same day so many months later (before, when negative), or the last day of that month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))


def _in_year(month: int, day: int, year: int) -> date:
    return date(year if month >= AUGUST else year + 1, month, day)


def _workday(day: date) -> date:
    return day if is_workday(day) else add_workdays(day, -1)
