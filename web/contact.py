"""How one is reached: mail, and a calendar that is fetched by its secret address.

The address of a calendar is the only one that opens something without a login. So it is in no log
of ours, its page sets no cookie, and what it opens says nothing of anybody.
"""

import hashlib

import structlog
from flask import Blueprint, Response, current_app, flash, redirect, request, url_for
from flask_limiter.util import get_remote_address
from flask_login import current_user

from engine.cases.calendar import calendar_of
from engine.people import contact
from engine.refusals import Refusal
from engine.rules.workdays import local_day
from web.account import own_page_with
from web.i18n import gettext as _
from web.security import limiter, public, without_session

blueprint = Blueprint("contact", __name__)

SECRET = "<string(length=43):secret>"

_log = structlog.get_logger()


@blueprint.post("/konto/epost")
@limiter.limit("10 per minute")
def mail():
    typed = {name: request.form.get(name, "")[:300] for name in ("epost", "naar")}
    product = _product()
    try:
        contact.change(
            product.database,
            current_user.id,
            typed["epost"],
            typed["naar"],
            local_day(product.clock()),
        )
    except Refusal as refusal:
        faults = [(fault.path, fault.message) for fault in refusal.faults]
        return own_page_with(mail_errors=faults, typed=typed), 422
    flash(_("Valget ditt om e-post er lagret."))
    return redirect(url_for("account.own_page"), 303)


@blueprint.post("/konto/kalender")
@limiter.limit("10 per minute")
def make_calendar():
    """A new address, shown on this answer alone: it stands in no cookie and no other page."""
    secret = contact.make_calendar(_product().database, current_user.id, _product().clock())
    return own_page_with(calendar=_address(url_for("contact.calendar", secret=secret)))


@blueprint.post("/konto/kalender/fjern")
@limiter.limit("10 per minute")
def withdraw_calendar():
    contact.withdraw_calendar(_product().database, current_user.id)
    flash(_("Kalenderadressen virker ikke lenger."))
    return redirect(url_for("account.own_page"), 303)


def _which() -> str:
    return "calendar " + hashlib.sha256(request.path.encode()).hexdigest()


def _missed(response) -> bool:
    return response.status_code == 404


# Calendar firms fetch for many people from one address, so only what fails is counted there.
@blueprint.get(f"/kalender/{SECRET}.ics")
@public
@without_session
@limiter.limit("10 per minute", key_func=_which)
@limiter.limit("30 per minute", key_func=get_remote_address, deduct_when=_missed)
def calendar(secret: str):
    try:
        account_id = contact.whose_calendar(_product().database, secret)
        if account_id is None:
            return _plain(_("Kalenderen finnes ikke."), 404)
        found = calendar_of(_product(), account_id, _address("/oppgaver"))
    except Exception as error:
        # Not left to the server's own log of errors: that would tell the address.
        _log.error("a calendar could not be made", error=type(error).__name__)
        return _plain(_("Kalenderen kan ikke hentes nå."), 503)
    answer = Response(found, content_type="text/calendar; charset=utf-8")
    answer.headers["Content-Disposition"] = 'inline; filename="trygg.ics"'
    return answer


def _plain(words: str, status: int) -> Response:
    return Response(words, status, content_type="text/plain; charset=utf-8")


def _address(path: str) -> str:
    """Where the path is found from outside: by the setting, else as this request came."""
    return (current_app.config["URL"] or request.url_root.rstrip("/")) + path


def _product():
    return current_app.extensions["trygg"]
