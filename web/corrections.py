"""Correct an answer: the form as it was filled in, why it is corrected, what does not follow."""

from uuid import uuid4

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask_login import current_user

from engine.cases import corrections
from engine.cases.corrections import REASON, CorrectAnswer
from engine.cases.scripting import evaluate
from engine.refusals import Refusal
from web import refusals
from web.cases import ANSWER, NUMBER, know_the_number, receipt_in
from web.forms import Add, Send, action_from, apply, focus_after, typed_from
from web.i18n import gettext as _
from web.numbers import row_of
from web.sheet import Sheet

blueprint = Blueprint("corrections", __name__)
blueprint.before_request(know_the_number)

ADDRESS = f"/saker/{NUMBER}/svar/{ANSWER}/rett"


@blueprint.get(ADDRESS)
def edit(number: str, answer_id: int):
    return _page(number, answer_id)


@blueprint.post(ADDRESS)
def handle(number: str, answer_id: int):
    """Correct it; another button than «Rett svaret» shows the form again with what is typed."""
    form = corrections.correction_page(_product(), current_user.id, number, answer_id).form
    typed, action = typed_from(request.form, form), action_from(request.form, form)
    if not isinstance(action, Send):
        return _page(number, answer_id, typed, action=action)
    command = CorrectAnswer(
        number=number,
        answer_id=answer_id,
        account_id=current_user.id,
        typed=typed,
        reason=request.form.get(REASON, ""),
        seen=row_of(request.form.get("sett", "")),
        receipt=receipt_in(),
    )
    try:
        shielded = corrections.correct(_product(), command)
    except Refusal as refusal:
        status = refusals.STATUS[refusal.code]
        if status not in (409, 422):
            raise
        return _page(number, answer_id, typed, refusal=refusal), status
    if shielded:  # who corrected it may have lost sight of the case
        flash(
            _(
                "Svaret er rettet, og saken er skjermet. Meld fra på nytt her, og kryss av for at "
                "det gjelder en voksen. Først da blir det varslet og undersøkt etter § 12-5."
            )
        )
        return redirect(url_for("report.write"), 303)
    flash(_("Svaret er rettet. Det som stod der før, er strøket ut og kan fortsatt leses."))
    return redirect(url_for("cases.answer", number=number, answer_id=answer_id), 303)


def _page(number: str, answer_id: int, typed=None, action=None, refusal: Refusal | None = None):
    """The form; typed: what stands in it; action: a button that changed its rows."""
    found = corrections.correction_page(_product(), current_user.id, number, answer_id, typed)
    typed, focus = found.typed, None
    if action is not None:
        row = None
        if isinstance(action, Add):
            row = found.form.new_row(action.key, found.context, evaluate)
        typed = apply(action, typed, row)
        focus = focus_after(action, typed)
    faults = refusal.faults if refusal else ()
    of_form = [fault for fault in faults if fault.path != REASON]
    sheet = Sheet(found.form, typed, found.context, evaluate, found.options, of_form, focus)
    why = next((fault.message for fault in faults if fault.path == REASON), None)
    return render_template(
        "cases/rett.html",
        page=found,
        sheet=sheet,
        errors=[*sheet.errors, *([(REASON, why)] if why else [])],
        reason=request.form.get(REASON, ""),
        reason_fault=why,
        refusal=refusal,
        receipt=receipt_in() if request.method == "POST" else str(uuid4()),
        now=_product().clock(),
    )


def _product():
    return current_app.extensions["trygg"]
