"""Language and wording: texts go through gettext, days and times are said in Norwegian.

Bokmål is the source language of templates and code, so it needs no catalogue. `babel.cfg` finds
the texts for a translation.
"""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from babel.dates import format_date
from flask import Flask
from flask_babel import Babel, get_locale
from flask_babel import gettext as _

OSLO = ZoneInfo("Europe/Oslo")
LANGUAGES = ("nb",)


def init(app: Flask) -> None:
    """Set the language, and give the templates the filters `day`, `clock`, `moment`, `deadline`."""
    app.config.setdefault("BABEL_DEFAULT_LOCALE", LANGUAGES[0])
    app.config.setdefault("BABEL_DEFAULT_TIMEZONE", OSLO.key)
    Babel(app)
    app.jinja_env.globals["get_locale"] = get_locale
    app.jinja_env.filters.update(day=day, clock=clock, moment=moment, deadline=deadline)


def day(value: date | datetime, year: bool = False) -> str:
    """`torsdag 26. november`, with the year when asked for. A moment is read in Oslo's time."""
    pattern = "EEEE d. MMMM y" if year else "EEEE d. MMMM"
    return format_date(_local_date(value), pattern, locale=get_locale() or LANGUAGES[0])


def clock(value: datetime) -> str:
    """`10.42`, in Oslo's time. The page says «kl.» itself."""
    local = value.astimezone(OSLO)
    return f"{local.hour}.{local.minute:02}"


def moment(value: datetime, now: datetime | None = None) -> str:
    """`i dag kl. 9.10`, `i går kl. 14.02` or `mandag 23. november kl. 9.10`."""
    when, today = _local_date(value), _local_date(now or datetime.now(OSLO))
    words = {0: _("i dag"), 1: _("i går")}.get((today - when).days) or day(value)
    return _("%(day)s kl. %(time)s", day=words, time=clock(value))


def deadline(due: date, today: date, overdue: int | None = None) -> str:
    """A deadline in words: `I dag`, `I morgen`, `Torsdag, om 2 dager`, `Fredag 18. desember`.

    `overdue` is the days over, counted in the unit of the deadline (working days for most); without
    it the days of the calendar are counted.
    """
    ahead = (due - today).days
    if ahead < 0:
        days = -ahead if overdue is None else overdue
        return _("1 dag over fristen") if days == 1 else _("%(n)s dager over fristen", n=days)
    if ahead == 0:
        return _("I dag")
    if ahead == 1:
        return _("I morgen")
    words = day(due)
    if ahead < 7:
        return _("%(weekday)s, om %(n)s dager", weekday=words.split()[0].capitalize(), n=ahead)
    return words.capitalize()


def _local_date(value: date | datetime) -> date:
    return value.astimezone(OSLO).date() if isinstance(value, datetime) else value
