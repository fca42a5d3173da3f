"""Working days: Monday to Friday, less Norwegian public holidays, in the school's own time.

Days are dates in Europe/Oslo, moments are times with a zone and are given back in UTC. The school's
own holidays are working days here: the duty does not rest.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import holidays

OSLO = ZoneInfo("Europe/Oslo")
DAY_ENDS = time(16)  # when a school day ends, and a deadline with no clock of its own
ONE_DAY = timedelta(days=1)


@cache
def public_holidays(year: int) -> frozenset[date]:
    """The year's public holidays. Made anew for each year: the library's own object fills itself
    while it is asked, which two threads must not see."""
    return frozenset(holidays.country_holidays("NO", years=year))


def is_workday(day: date) -> bool:
    return day.weekday() < 5 and day not in public_holidays(day.year)


def add_workdays(day: date, count: int) -> date:
    """The working day that is `count` working days after the day (before it, when negative).

    The first working day after the day is day 1. 0 gives the day itself, working day or not.
    """
    step = ONE_DAY if count > 0 else -ONE_DAY
    for _ in range(abs(count)):
        day += step
        while not is_workday(day):
            day += step
    return day


def workdays_between(start: date, end: date) -> int:
    """How many working days after `start`, up to and with `end`; negative when end is before."""
    if end < start:
        return -workdays_between(end, start)
    days = (start + timedelta(days=n) for n in range(1, (end - start).days + 1))
    return sum(is_workday(day) for day in days)


def local(when: datetime) -> datetime:
    """The moment as the school's clock shows it. A time without zone is refused."""
    if when.tzinfo is None:
        raise ValueError("a moment must have a time zone")
    return when.astimezone(OSLO)


def local_day(when: datetime) -> date:
    """The school's own day at that moment."""
    return local(when).date()


def at(day: date, clock: time) -> datetime:
    """The moment, in UTC, when the school's clock shows this on that day.

    On the night in October when a time comes twice, the first; in March, when an hour is left out,
    the same time since midnight.
    """
    return datetime.combine(day, clock, OSLO).astimezone(UTC)


def moment(text: str) -> datetime:
    """An ISO date or date-time as a moment in UTC; without a zone it is the school's own time.

    A date alone is its midnight. Raises ValueError for anything else.
    """
    if len(text) == 10:
        return at(date.fromisoformat(text), time(0))
    read = datetime.fromisoformat(text)
    return read.astimezone(UTC) if read.tzinfo else at(read.date(), read.time())
