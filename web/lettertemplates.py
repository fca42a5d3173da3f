"""Leadership's letter templates: which there are, and writing a new version of one."""

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask_login import current_user

from engine.letters import templates
from engine.letters.example import example, example_pdf
from engine.letters.templates import Template
from engine.letters.text import TEXT_LENGTH, TITLE_LENGTH
from engine.refusals import Reason, Refusal
from web.i18n import gettext as _
from web.letters import words
from web.pdf import pdf_answer
from web.security import limiter

blueprint = Blueprint("lettertemplates", __name__, url_prefix="/brevmaler")
blueprint.context_processor(words)

TEMPLATE = "<string(maxlength=20):kind>/<string(maxlength=10):language>"
SAVE = "lagre"


@blueprint.get("")
def overview():
    return render_template(
        "letters/maler.html", page=templates.overview(_product(), current_user.id)
    )


@blueprint.get(f"/{TEMPLATE}")
def edit(kind: str, language: str):
    found = templates.editing(_product(), current_user.id, kind, language)
    return _page(found, found.current.title, found.current.text)


@blueprint.post(f"/{TEMPLATE}")
@limiter.limit("120 per hour")
def save(kind: str, language: str):
    """Save a new version; another button shows it with example data."""
    title = request.form.get("tittel", "")[: 2 * TITLE_LENGTH]
    text = request.form.get("tekst", "")[: 2 * TEXT_LENGTH]
    found = templates.editing(_product(), current_user.id, kind, language)
    saving = request.form.get("send") == SAVE
    try:
        if not saving:
            templates.check(found.kind, title, text)
            return _page(found, title, text, shown=True)
        seen = request.form.get("sett", "")
        number = int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 6 else -1
        templates.save(_product(), current_user.id, kind, language, title, text, number)
    except Refusal as refusal:
        if refusal.code is Reason.ENDRET:
            return _page(found, title, text, changed=refusal.message), 409
        if not refusal.faults:
            raise
        return _page(found, title, text, [fault.message for fault in refusal.faults]), 422
    flash(
        _("Brevmalen er lagret.")
        if text.strip()
        else _("Brevet er tatt ut av bruk på dette språket.")
    )
    return redirect(url_for("lettertemplates.edit", kind=kind, language=language), 303)


@blueprint.get(f"/{TEMPLATE}/eksempel")
@limiter.limit("60 per hour")
def preview(kind: str, language: str):
    """The newest text as a PDF, with example data."""
    return pdf_answer(
        example_pdf(_product(), current_user.id, kind, language), f"eksempel-{kind}.pdf"
    )


def _page(found, title: str, text: str, faults=(), shown: bool = False, changed: str | None = None):
    """The form with this text in it. shown: with the letter that it would give."""
    sample = None
    if shown and text.strip():
        sample = example(
            _product(), found.school, Template(found.kind.id, found.current.language, title, text)
        )
    return render_template(
        "letters/mal.html",
        page=found,
        title=title,
        text=text,
        faults=faults,
        sample=sample,
        changed=changed,
        save=SAVE,
        limit=TEXT_LENGTH,
        title_limit=TITLE_LENGTH,
    )


def _product():
    return current_app.extensions["trygg"]
