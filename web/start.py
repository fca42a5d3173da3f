"""«Start»: the processes that a person may start beside a report, and the first step of each."""

from uuid import uuid4

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask_login import current_user

from engine.cases import offers
from engine.cases.scripting import evaluate
from engine.cases.start import StartCase, start_case
from engine.refusals import Reason, Refusal
from web import refusals
from web.forms import Add, Send, action_from, apply, focus_after, typed_from
from web.i18n import gettext as _
from web.sheet import Sheet
from web.tasks import receipt_in

blueprint = Blueprint("start", __name__, url_prefix="/start")

PROCESS = "<string(maxlength=64):process_id>"


@blueprint.get("")
def choose():
    return render_template(
        "start/prosesser.html", offers=offers.offers(_product(), current_user.id)
    )


@blueprint.get(f"/{PROCESS}")
def write(process_id: str):
    return _page(process_id, request.args)


@blueprint.post(f"/{PROCESS}")
def handle(process_id: str):
    page = _opened(process_id, request.form)
    if page.form is None:
        return _page(process_id, request.form)
    typed, action = typed_from(request.form, page.form), action_from(request.form, page.form)
    if not isinstance(action, Send):
        return _page(process_id, request.form, typed, action)
    command = StartCase(
        process_id=process_id,
        school_id=page.school.id,
        account_id=current_user.id,
        answers={page.first_step: typed},
        receipt=receipt_in(),
        beside=page.case_id,
    )
    try:
        start_case(_product(), command)
    except Refusal as refusal:
        if not refusal.faults:
            raise
        page = _page(process_id, request.form, typed, refusal=refusal)
        return page, refusals.STATUS[refusal.code]
    flash(_("Prosessen er startet. De som har en oppgave, har fått beskjed."))
    return redirect(url_for("tasks.mine"), 303)


def _page(process_id: str, asked, typed=None, action=None, refusal: Refusal | None = None) -> str:
    """The first step's form. typed: what stands in it; action: a button that changed its rows."""
    page = _opened(process_id, asked)
    sheet, focus = None, None
    if page.form is not None:
        typed = page.form.defaults(page.context, evaluate) if typed is None else typed
        if action is not None:
            adds = isinstance(action, Add)
            row = page.form.new_row(action.key, page.context, evaluate) if adds else None
            typed = apply(action, typed, row)
            focus = focus_after(action, typed)
        faults = refusal.faults if refusal else ()
        sheet = Sheet(page.form, typed, page.context, evaluate, page.options, faults, focus)
    return render_template(
        "start/skjema.html",
        page=page,
        sheet=sheet,
        refusal=refusal,
        receipt=receipt_in() if refusal else str(uuid4()),
    )


def _opened(process_id: str, asked) -> offers.StartPage:
    school = asked.get("skole", "")
    number = asked.get("sak") or None
    if not (school == "" or (school.isascii() and school.isdigit() and len(school) < 10)):
        raise Refusal(Reason.IKKE_TILGANG, "")
    return offers.open_page(
        _product(), current_user.id, process_id, int(school) if school else None, number
    )


def _product():
    return current_app.extensions["trygg"]
