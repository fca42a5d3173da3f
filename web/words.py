"""Days, times, deadlines and sizes as people say them. Times are read in Oslo's.

Each function is a filter of the templates by the same name. `now` and `today` are the product's
clock, so that a page says what the command it shows was judged by.
"""

from datetime import date, datetime, timedelta

from flask import Flask

from engine.rules.workdays import OSLO, workdays_between
from web.i18n import clock, decimal, formatted, said
from web.i18n import gettext as _


def init(app: Flask) -> None:
    """Give the templates the filters."""
    filters = (day, full_day, clock, when, due, due_inside, due_day, due_group, filesize, capital)
    app.jinja_env.filters.update({each.__name__: each for each in filters})


def day(value: date | datetime, today: date | datetime | None = None) -> str:
    """`torsdag 26. november`; with the year when `today` is given and lies in another."""
    local = _local_date(value)
    other_year = today is not None and _local_date(today).year != local.year
    if other_year:
        return formatted(local, "EEEE d. MMMM y", "EEEE d MMMM y")
    return formatted(local, "EEEE d. MMMM", "EEEE d MMMM")


def full_day(value: date | datetime) -> str:
    """`26. november 2026`."""
    return formatted(_local_date(value), "d. MMMM y", "d MMMM y")


def short_day(value: date) -> str:
    """`tor. 26.`"""
    return formatted(value, "EEE d.", "EEE d")


def short_date(value: date | datetime) -> str:
    """`26. nov.`"""
    return formatted(_local_date(value), "d. MMM", "d MMM")


def month(value: date) -> str:
    """`nov`, for a row of twelve."""
    return formatted(value, "MMM", "MMM").rstrip(".")


def whole_month(value: date) -> str:
    """`november 2026`."""
    return formatted(value, "MMMM y", "MMMM y")


def when(value: datetime, now: datetime | None = None) -> str:
    """`i dag kl. 9.10`, `i går kl. 14.02` or `mandag 23. november kl. 9.10`."""
    now = now or datetime.now(OSLO)
    ago = (_local_date(now) - _local_date(value)).days
    words = {0: _("i dag"), 1: _("i går")}.get(ago) or day(value, now)
    return _("%(day)s kl. %(time)s", day=words, time=clock(value))


def due(value: datetime, now: datetime, workdays: bool = True) -> str:
    """A deadline: `I dag`, `I morgen`, `Torsdag, om 2 dager`, `Fredag 18. desember`, and once it
    has passed `2 dager over fristen`.

    Days over are counted as the deadline itself counts: working days, or the calendar's. When not
    one whole such day has gone, it says when the deadline was.
    """
    return capital(due_inside(value, now, workdays))


def due_inside(value: datetime, now: datetime, workdays: bool = True) -> str:
    """The same inside a sentence: `i dag`, `torsdag, om 2 dager`."""
    last, today = _local_date(value), _local_date(now)
    if value < now:
        return _over(last, today, value, workdays)
    ahead = (last - today).days
    if ahead < 2:
        return _("i morgen") if ahead else _("i dag")
    words = day(last, today)
    if ahead < 7:
        return _("%(weekday)s, om %(n)s dager", weekday=words.split()[0], n=ahead)
    return words


def due_day(value: datetime, now: datetime, workdays: bool = True) -> str:
    """The same after a text such as «Plan innen»: `torsdag 26. november, om 2 dager`."""
    last, today = _local_date(value), _local_date(now)
    words, ahead = day(last, today), (last - today).days
    if value < now:
        over = workdays_between(last, today) if workdays else -ahead
        return f"{words}, {_over(last, today, value, workdays)}" if over > 0 else words
    near = {0: _("i dag"), 1: _("i morgen")}.get(ahead) or _("om %(n)s dager", n=ahead)
    return f"{words}, {near}"


def due_group(value: datetime | None, now: datetime) -> str:
    """Where a deadline stands in a list: over, today, week (to Sunday), later or none."""
    if value is None:
        return "none"
    if value < now:
        return "over"
    last, today = _local_date(value), _local_date(now)
    if last == today:
        return "today"
    return "week" if last <= today + timedelta(days=6 - today.weekday()) else "later"


def filesize(size: int) -> str:
    """`340 kB`, `1,2 MB`: bytes as people say them, at least 1 kB."""
    if size < 1_000_000:
        return f"{max(1, round(size / 1000))} kB"
    return f"{decimal(size / 1_000_000)} MB"


def _over(last: date, today: date, value: datetime, workdays: bool) -> str:
    days = workdays_between(last, today) if workdays else (today - last).days
    if days == 1:
        return _("1 dag over fristen")
    if days:
        return _("%(n)s dager over fristen", n=days)
    if last == today:
        return _("fristen var i dag kl. %(time)s", time=clock(value))
    return _("fristen var %(day)s", day=day(last, today))


def capital(words: str) -> str:
    """With a capital first letter; the rest as it is."""
    words = said(words)
    return words[:1].upper() + words[1:]


def _local_date(value: date | datetime) -> date:
    return value.astimezone(OSLO).date() if isinstance(value, datetime) else value
