"""The web application: made by `create_app`, one blueprint a subject."""

import hashlib
import os
from functools import cache
from importlib import import_module
from pathlib import Path

from flask import Flask, url_for
from werkzeug.middleware.proxy_fix import ProxyFix

from engine.jobs.settings import own_address
from web import account, errors, i18n, numbers, refusals, security, words

SUBJECTS = (
    "about",
    "account",
    "cases",
    "contact",
    "corrections",
    "handover",
    "incidents",
    "invitations",
    "letters",
    "lettertemplates",
    "notices",
    "paper",
    "pupils",
    "report",
    "start",
    "tasks",
    "year",
)
"""The modules of `web` whose `blueprint` is served."""

STATIC = Path(__file__).parent / "static"


def create_app(product=None, **config) -> Flask:
    """The application for `product`, which the views find as `current_app.extensions["trygg"]`.

    `config` overrides the settings below and Flask's own. Without a product only the pages about
    Trygg work. `PROXIES` is the number of reverse proxies whose forwarded address and scheme are
    trusted; `URL` is where Trygg is found from outside, None to take it from each request.
    """
    app = Flask(__name__, static_folder=STATIC)
    app.config.from_mapping(
        VAR=os.environ.get("TRYGG_VAR", "var"),
        URL=own_address(),
        PROXIES=int(os.environ.get("TRYGG_PROXIES", "0")),
        MAX_CONTENT_LENGTH=2 * 1024 * 1024,
        MAX_FORM_MEMORY_SIZE=2 * 1024 * 1024,
        MAX_FORM_PARTS=10_000,
        SEND_FILE_MAX_AGE_DEFAULT=365 * 24 * 3600,
    )
    app.config.update(config)
    app.extensions["trygg"] = product
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals["asset"] = asset
    if app.config["PROXIES"]:
        hops = app.config["PROXIES"]
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)

    app.context_processor(_shell)
    i18n.init(app)
    words.init(app)
    security.init(app)
    numbers.init(app)
    account.init(app)
    errors.init(app)
    refusals.init(app)
    for name in SUBJECTS:
        app.register_blueprint(import_module(f"web.{name}").blueprint)
    return app


def asset(name: str) -> str:
    """The address of a built file; it changes with the content, so that browsers may keep it."""
    return url_for("static", filename=f"build/{name}", v=_fingerprint(name))


@cache
def _fingerprint(name: str) -> str:
    return hashlib.sha256((STATIC / "build" / name).read_bytes()).hexdigest()[:12]


def _shell() -> dict:
    """What base.html shows when no subject gives it more: no school, no menu, nobody logged in."""
    return {"school": None, "nav": [], "person": None}
