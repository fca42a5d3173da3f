"""Language: every page is said in the reader's own.

Bokmål is the source language of templates and code; `web.catalogues` has the others. What a page
says goes through `gettext` (`_`). What the engine says comes as a `Sentence`, and any template that
shows one says it in the reader's language. What the school has written itself (steps, questions,
answers, rules) stays as it is written, and the filter `nb` marks it as bokmål on other pages, so
that screen readers read it right (WCAG 3.1.2).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import flask_babel
from babel.dates import format_date
from babel.numbers import format_decimal
from flask import Flask, has_request_context, request, session
from flask_babel import Babel, Domain
from flask_login import current_user
from markupsafe import Markup, escape

from engine.people.accounts import LANGUAGES
from engine.rules.workdays import OSLO
from engine.sentences import OWN_WORDS, Sentence
from web import catalogues
from web.catalogues import SOURCE

NAMES = {"nb": "Bokmål", "nn": "Nynorsk", "en": "English"}
"""What each language calls itself."""
CHOICE = "language"  # of the session: what somebody chose before logging in
ASKED = "sprak"  # of an address or a form


class _Catalogues(Domain):
    """The messages of the reader's language."""

    def get_translations(self):
        return catalogues.translations(language())


class _Babel(Babel):
    domain_instance = _Catalogues()


def init(app: Flask) -> None:
    """Set how the language of `app` is chosen, and the time zone."""
    app.config.setdefault("BABEL_DEFAULT_LOCALE", SOURCE)
    app.config.setdefault("BABEL_DEFAULT_TIMEZONE", OSLO.key)
    _Babel(app, locale_selector=_chosen)
    app.before_request(_remember_choice)
    app.jinja_env.finalize = said
    app.jinja_env.filters.update(nb=nb, said=spoken)
    app.jinja_env.globals.update(
        gettext=gettext, ngettext=ngettext, language=language, in_nb=in_nb, LANGUAGES=NAMES
    )


def language() -> str:
    """The reader's language: nb, nn or en."""
    return str(flask_babel.get_locale() or SOURCE)


def gettext(source: str, /, **values: Any) -> str:
    """The message in the reader's language, with `values` in it. Imported as `_`."""
    return _filled(flask_babel.gettext(source), values)


def ngettext(one: str, several: str, num: int, /, **values: Any) -> str:
    """The message for one, or for several, of `num`."""
    text = catalogues.translations(language()).ungettext(one, several, num)
    return _filled(text, {"num": num, **values})


def said(value: Any) -> Any:
    """A Sentence of the engine in the reader's language; anything else as it is."""
    if not isinstance(value, Sentence):
        return value
    if language() == SOURCE:
        return str(value)
    values = {name: _ready(name, each) for name, each in value.values.items()}
    return _filled(flask_babel.gettext(value.source), values)


def spoken(text: str | None) -> str | None:
    """What is said to a person: a Sentence in the reader's language, the school's words marked."""
    return said(text) if isinstance(text, Sentence) else nb(text)


def nb(text: str | None) -> str | None:
    """The school's own words, marked as bokmål where the page is in another language."""
    if isinstance(text, Sentence):
        return said(text)
    if not text or language() == SOURCE:
        return text
    return Markup('<span lang="nb">{}</span>').format(text)


def in_nb() -> str:
    """The attribute of an element whose whole content is the school's own words."""
    return "" if language() == SOURCE else Markup(' lang="nb"')


def formatted(day: date, norwegian: str, english: str) -> str:
    """A day by the pattern of the reader's language (CLDR's letters: `d. MMMM y`)."""
    pattern = english if language() == "en" else norwegian
    return format_date(day, pattern, locale=language())


def clock(value: datetime) -> str:
    """`10.42`, and `10:42` in English. The page says «kl.» itself."""
    local = value.astimezone(OSLO)
    return f"{local.hour}{':' if language() == 'en' else '.'}{local.minute:02}"


def decimal(number: float) -> str:
    """`1,2`, and `1.2` in English."""
    return format_decimal(number, format="0.0", locale=language())


def _filled(text: str, values: Mapping[str, Any]) -> str:
    if not values:
        return text
    ready = {name: said(each) for name, each in values.items()}
    marked = any(hasattr(each, "__html__") for each in ready.values())
    return (escape(text) if marked else text) % ready


def _ready(name: str, value: Any) -> Any:
    """A value of the engine's, as a page says it."""
    if isinstance(value, datetime):
        day = formatted(value.astimezone(OSLO).date(), "d.M.", "d MMMM")
        return gettext("%(day)s kl. %(time)s", day=day, time=clock(value))
    if isinstance(value, date):
        return formatted(value, "d.M.y", "d MMMM y")
    return nb(value) if name in OWN_WORDS else value


def _chosen() -> str:
    """What was chosen in this session before logging in, else the account's own."""
    if not has_request_context():
        return SOURCE
    own = current_user.language if current_user and current_user.is_authenticated else None
    asked = session.get(CHOICE) or own
    return asked if asked in LANGUAGES else SOURCE


def _remember_choice() -> None:
    """The links of the log-in page ask for a language in the address."""
    asked = request.args.get(ASKED)
    if asked in LANGUAGES and not (current_user and current_user.is_authenticated):
        session[CHOICE] = asked
