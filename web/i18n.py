"""Language: texts go through gettext.

Bokmål is the source language of templates and code, so it needs no catalogue. `babel.cfg` finds
the texts for a translation.
"""

from flask import Flask
from flask_babel import Babel, get_locale

from engine.rules.workdays import OSLO
from web.words import LANGUAGE


def init(app: Flask) -> None:
    """Set the language and the time zone of `app`."""
    app.config.setdefault("BABEL_DEFAULT_LOCALE", LANGUAGE)
    app.config.setdefault("BABEL_DEFAULT_TIMEZONE", OSLO.key)
    Babel(app)
    app.jinja_env.globals["get_locale"] = get_locale
