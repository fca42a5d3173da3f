"""What a person meets when a request can't be done: what happened, that nothing was sent, a way on.

No page tells more than the person may know: a case that doesn't exist and one that is shielded
give the same words, and a fault of ours shows no trace of the code.
"""

import time
from datetime import UTC, datetime

from flask import Flask, current_app, g, render_template, request, session
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, InternalServerError, NotFound

from web.i18n import gettext as _

WRITING = ("/meld", "/oppgaver/", "/saker/")
"""The pages where people write; on no other is what was sent shown back."""
NOT_FOUND_AFTER = 0.15
"""Seconds that «Ingen tilgang» takes at least: longer than it takes to find out that a case exists
and is another's, so that the time does not tell what the words don't."""
WRITTEN = 15  # characters; shorter answers are choices and dates


def init(app: Flask) -> None:
    """Answer every refusal and fault of `app` with a page of ours."""
    app.config.setdefault("NOT_FOUND_AFTER", 0 if app.testing else NOT_FOUND_AFTER)
    app.before_request(_begin)
    app.register_error_handler(CSRFError, _csrf)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(InternalServerError, _fault)


def _begin() -> None:
    g.began = time.monotonic()


def _csrf(error: CSRFError):
    return _page(
        400,
        "clock",
        _("Siden er for gammel"),
        _(
            "Ingenting er sendt. Det du skrev, står under her. "
            "Kopier det, åpne siden på nytt og send igjen."
        ),
        typed=written(),
    )


def written() -> list[str]:
    """What the one who sent this request had written there: the texts of the form."""
    if not request.path.startswith(WRITING):
        return []
    return [
        text.strip()
        for field, text in request.form.items(multi=True)
        if field not in ("csrf_token", "receipt") and len(text.strip()) >= WRITTEN
    ]


def not_found():
    """The page for what does not exist, and for what one may not know of."""
    return _http(NotFound())


def _http(error: HTTPException):
    if error.code is None or error.code < 400:
        return error
    if error.code in (403, 404) and "_user_id" in session:
        left = g.began + current_app.config["NOT_FOUND_AFTER"] - time.monotonic()
        time.sleep(max(0, left))
    texts = {
        403: ("lock", _("Ingen tilgang"), _no_access()),
        404: ("lock", _("Ingen tilgang"), _no_access()),
        413: (
            "cloud",
            _("Det ble for mye på en gang"),
            _(
                "Ingenting er sendt. Gå tilbake, velg en mindre fil eller korte ned teksten, "
                "og send igjen."
            ),
        ),
        429: (
            "clock",
            _("Vent litt"),
            _("Det kom for mange forsøk på kort tid. Vent ett minutt, og prøv igjen."),
        ),
    }
    default = (
        "warning",
        _("Det gikk ikke"),
        _("Ingenting er sendt. Gå tilbake, og prøv en gang til."),
    )
    return _page(error.code, *texts.get(error.code, default))


def _fault(error: InternalServerError):
    title = _("Noe gikk galt hos oss")
    text = _(
        "Det er ikke din feil. Gå tilbake, og prøv en gang til. "
        "Skjer det igjen, si klokkeslettet til den som hjelper dere med data."
    )
    try:
        return _page(500, "warning", title, text, at=datetime.now(UTC))
    except Exception:
        # The fault lies in the shell itself; then the words alone.
        return f"{title}. {text}", 500, {"Content-Type": "text/plain; charset=utf-8"}


def _no_access() -> str:
    return _(
        "Du har ikke tilgang til denne siden. "
        "Trenger du den for å hjelpe en elev, snakk med rektor."
    )


def _page(status: int, icon: str, title: str, text: str, **more):
    """`at`: when it happened; `typed`: what was written and is shown back."""
    return render_template("error.html", icon=icon, title=title, text=text, **more), status
