"""Refusals as pages: what is wrong, that nothing is lost, and the ways on.

A refusal that no view has answered in its own way comes here. What a person may not know of looks
like what does not exist.
"""

from collections.abc import Sequence

from flask import Flask, render_template

from engine.cases.incidents import Stopped
from engine.refusals import Reason, Refusal
from web import errors
from web.i18n import gettext as _

STATUS = {
    Reason.MANGLER_FELT: 422,
    Reason.UGYLDIG_SVAR: 422,
    Reason.IKKE_VALGBAR: 422,
    Reason.SAMME_PERSON: 422,
    Reason.IKKE_TRYGT: 422,
    Reason.INHABIL: 403,
    Reason.FEIL_ROLLE: 403,
    Reason.IKKE_TILGANG: 404,
    Reason.ALLEREDE_UTFORT: 409,
    Reason.ENDRET: 409,
    Reason.IKKE_VENTET: 409,
    Reason.STANSET: 409,
}


def init(app: Flask) -> None:
    """Answer every refusal of `app` with a page."""
    app.register_error_handler(Refusal, page)
    app.register_error_handler(Stopped, _stopped)


def _stopped(_stopped: Stopped):
    """A case that can't be read. Nothing was asked of who this is, so nothing is told of it; the
    case's own page says what is wrong to those who may know."""
    return errors.not_found()


def page(refusal: Refusal, kept: bool = False, ways: Sequence[tuple[str, str]] = ()):
    """The refusal's page and status. kept: what was typed is saved as a draft; ways: labels and
    addresses, the first is the button; the front page is always one."""
    if refusal.code is Reason.IKKE_TILGANG:
        return errors.not_found()
    icon, title = _head(refusal)
    body = render_template(
        "refusal.html", icon=icon, title=title, refusal=refusal, kept=kept, ways=ways
    )
    return body, STATUS[refusal.code]


def _head(refusal: Refusal) -> tuple[str, str]:
    """The icon and the title: what is wrong, in a few words."""
    return {
        Reason.MANGLER_FELT: ("pencil", _("Noe mangler")),
        Reason.UGYLDIG_SVAR: ("pencil", _("Svaret kan ikke brukes")),
        Reason.IKKE_VALGBAR: ("warning", _("Dette kan ikke velges her")),
        Reason.SAMME_PERSON: ("person", _("En annen må gjøre dette")),
        Reason.IKKE_TRYGT: ("shield", _("Saken kan ikke avsluttes ennå")),
        Reason.INHABIL: ("person", _("Du kan ikke behandle denne saken")),
        Reason.FEIL_ROLLE: ("person", _("Oppgaven hører til en annen")),
        Reason.ALLEREDE_UTFORT: ("tick", _("Dette er alt gjort")),
        Reason.ENDRET: ("clock", _("Noe er endret siden du åpnet siden")),
        Reason.IKKE_VENTET: ("clock", _("Saken venter ikke på dette nå")),
        Reason.STANSET: ("warning", _("Saken har stanset")),
    }[refusal.code]
