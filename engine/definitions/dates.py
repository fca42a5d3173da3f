"""Dates and times as people in Norway write them, and as pages say them.

Stored dates are ISO (`2026-11-25`), stored date-times local ISO minutes (`2026-11-25T10:40`),
Europe/Oslo. A year that is left out is the one that brings the date nearest to today.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

OSLO = ZoneInfo("Europe/Oslo")
LENGTH_LIMIT = 60
YEARS = range(1900, 2101)

MONTHS = (
    "januar", "februar", "mars", "april", "mai", "juni",
    "juli", "august", "september", "oktober", "november", "desember",
)  # fmt: skip
WEEKDAYS = ("mandag", "tirsdag", "onsdag", "torsdag", "fredag", "lørdag", "søndag")
_NEAR = {"i går": -1, "i dag": 0, "i morgen": 1}

_ISO = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})")
_NUMBERS = re.compile(r"([0-9]{1,2})[.,/ -] ?([0-9]{1,2})(?:[.,/ -] ?([0-9]{4}|[0-9]{2}))?\.?")
_WORDS = re.compile(r"([0-9]{1,2})\.? ?([a-z]{3,9})\.?(?: ([0-9]{4}))?")
_WEEKDAY = re.compile(r"([a-zæøå]{3,7})\.?,? (?=[0-9])(.*)")
_ISO_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}.*")
_MOMENT = re.compile(
    r"(?:(.+?)[, ]+)?(?:kl\.? ?([0-9]{1,2})(?:[.: ]?([0-9]{2}))?|([0-9]{1,2})([.:])([0-9]{2}))"
)


def read_date(text: str, today: date | None) -> date | None:
    """The date that `text` means, or None when it is not a date.

    Reads `2026-11-25`, `25.11.2026`, `25,11`, `25/11-26`, `25. november`, `25. nov. 2026`,
    `torsdag 26. november`, `i dag`. Without `today` a date must say its year. A weekday that is
    not the date's own makes it no date.
    """
    text = _plain(text)
    if text in _NEAR and today:
        return today + timedelta(days=_NEAR[text])
    if match := _WEEKDAY.fullmatch(text):
        found = _read_day(match[2], today)
        number = _index(WEEKDAYS, match[1])
        return found if found and found.weekday() == number else None
    return _read_day(text, today)


def read_moment(text: str, today: date | None) -> datetime | None:
    """The local time, without zone, that `text` means; None when it is no date with a time.

    Reads ISO (also with a zone), `25.11.2026 kl. 10.40`, `25. november kl 9`, and alone `10:40` or
    `kl. 10.40` for today. A date without a time is no moment.
    """
    text = text.strip()[:LENGTH_LIMIT]
    if _ISO_MOMENT.fullmatch(text):
        return _read_iso(text)
    match = _MOMENT.fullmatch(_plain(text))
    if not match or (match[5] == "." and not match[1]):
        return None
    day = read_date(match[1], today) if match[1] else today
    hour, minute = (match[2], match[3] or 0) if match[2] else (match[4], match[6])
    if day is None or int(hour) > 23 or int(minute) > 59:
        return None
    return datetime(day.year, day.month, day.day, int(hour), int(minute))


def short_date(iso: str) -> str:
    """`25.11.2026`, as a person writes it in a field."""
    return date.fromisoformat(iso).strftime("%d.%m.%Y")


def short_moment(iso: str) -> str:
    """`25.11.2026 kl. 10.40`."""
    return datetime.fromisoformat(iso).strftime("%d.%m.%Y kl. %H.%M")


def long_date(iso: str) -> str:
    """`torsdag 26. november 2026`, as a page says it."""
    day = date.fromisoformat(iso)
    return f"{WEEKDAYS[day.weekday()]} {day.day}. {MONTHS[day.month - 1]} {day.year}"


def long_moment(iso: str) -> str:
    """`torsdag 26. november 2026 kl. 10.40`."""
    moment = datetime.fromisoformat(iso)
    return f"{long_date(moment.date().isoformat())} kl. {moment:%H.%M}"


def _plain(text: str) -> str:
    return " ".join(text[:LENGTH_LIMIT].lower().split())


def _index(words: tuple[str, ...], start: str) -> int | None:
    """The place of the one word that begins with `start` (three letters at least)."""
    found = [place for place, word in enumerate(words) if word.startswith(start)]
    return found[0] if len(start) >= 3 and len(found) == 1 else None


def _read_day(text: str, today: date | None) -> date | None:
    if match := _ISO.fullmatch(text):
        return _date(int(match[1]), int(match[2]), int(match[3]))
    if match := _NUMBERS.fullmatch(text):
        day, month, year = int(match[1]), int(match[2]), match[3]
    elif match := _WORDS.fullmatch(text):
        place = _index(MONTHS, match[2])
        if place is None:
            return None
        day, month, year = int(match[1]), place + 1, match[3]
    else:
        return None
    if year:
        return _date(int(year) + (2000 if len(year) == 2 else 0), month, day)
    return _nearest(today, month, day) if today else None


def _nearest(today: date, month: int, day: int) -> date | None:
    found = [_date(today.year + turn, month, day) for turn in (1, 0, -1)]
    return min(filter(None, found), key=lambda each: abs(each - today), default=None)


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day) if year in YEARS else None
    except ValueError:
        return None


def _read_iso(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo:
            moment = moment.astimezone(OSLO).replace(tzinfo=None)
    except (ValueError, OverflowError):
        return None
    return moment.replace(second=0, microsecond=0) if moment.year in YEARS else None
