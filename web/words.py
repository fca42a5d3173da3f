"""Days, times, deadlines and sizes as people say them. Times are read in Oslo's.

Each function is a filter of the templates by the same name. `now` and `today` are the product's
clock, so that a page says what the command it shows was judged by.
"""

from datetime import date, datetime, timedelta

from babel.dates import format_date
from flask import Flask
from flask_babel import get_locale
from flask_babel import gettext as _

from engine.rules.workdays import OSLO, workdays_between

LANGUAGE = "nb"


def init(app: Flask) -> None:
    """Give the templates the filters."""
    filters = (day, clock, when, due, due_day, due_group, filesize)
    app.jinja_env.filters.update({each.__name__: each for each in filters})


def day(value: date | datetime, today: date | datetime | None = None) -> str:
    """`torsdag 26. november`; with the year when `today` is given and lies in another."""
    local = _local_date(value)
    other_year = today is not None and _local_date(today).year != local.year
    pattern = "EEEE d. MMMM y" if other_year else "EEEE d. MMMM"
    return format_date(local, pattern, locale=get_locale() or LANGUAGE)


def clock(value: datetime) -> str:
    """`10.42`. The page says «kl.» itself."""
    local = value.astimezone(OSLO)
    return f"{local.hour}.{local.minute:02}"


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
    last, today = _local_date(value), _local_date(now)
    if value < now:
        return _over(last, today, value, workdays)
    ahead = (last - today).days
    if ahead < 2:
        return _("I morgen") if ahead else _("I dag")
    words = day(last, today)
    if ahead < 7:
        weekday = words.split()[0]
        return _("%(weekday)s, om %(n)s dager", weekday=_capital(weekday), n=ahead)
    return _capital(words)


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
    return f"{size / 1_000_000:.1f} MB".replace(".", ",")


def _over(last: date, today: date, value: datetime, workdays: bool) -> str:
    days = workdays_between(last, today) if workdays else (today - last).days
    if days == 1:
        return _("1 dag over fristen")
    if days:
        return _("%(n)s dager over fristen", n=days)
    if last == today:
        return _("Fristen var i dag kl. %(time)s", time=clock(value))
    return _("Fristen var %(day)s", day=day(last, today))


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _local_date(value: date | datetime) -> date:
    return value.astimezone(OSLO).date() if isinstance(value, datetime) else value
