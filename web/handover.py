"""Give a task to a colleague, and give it back."""

from flask import Blueprint, current_app, flash, redirect, request, url_for
from flask_login import current_user

from engine.cases import drafts, handover, onbehalf
from engine.cases.handover import HandOver, Return
from engine.refusals import Refusal
from web import refusals
from web.i18n import gettext as _
from web.tasks import TASK, receipt_in, seen_revision, sheet_page, typed_of

blueprint = Blueprint("handover", __name__, url_prefix="/oppgaver")


@blueprint.post(f"/{TASK}/gi")
def give(task_id: int):
    _keep_draft(task_id)
    command = HandOver(
        task_id=task_id,
        account_id=current_user.id,
        to_id=onbehalf.who(request.form, "gi_til") or 0,
        receipt=receipt_in(),
        message=request.form.get("gi_melding", ""),
        seen_revision=seen_revision(),
    )
    try:
        handover.hand_over_task(current_app.extensions["trygg"], command)
    except Refusal as refusal:
        return _refused(task_id, refusal)
    flash(_("Oppgaven er gitt videre. Kollegaen har fått beskjed."))
    return redirect(url_for("tasks.mine"), 303)


@blueprint.post(f"/{TASK}/gi-tilbake")
def give_back(task_id: int):
    _keep_draft(task_id)
    command = Return(
        task_id=task_id,
        account_id=current_user.id,
        reason=request.form.get("gi_grunn", ""),
        receipt=receipt_in(),
        seen_revision=seen_revision(),
    )
    try:
        handover.return_task(current_app.extensions["trygg"], command)
    except Refusal as refusal:
        return _refused(task_id, refusal)
    flash(_("Oppgaven er gitt tilbake. Den som ga deg den, har fått beskjed."))
    return redirect(url_for("tasks.mine"), 303)


def _keep_draft(task_id: int) -> None:
    """What stood in the form; a page without the form has nothing to keep."""
    if "skjema" in request.form:
        product = current_app.extensions["trygg"]
        drafts.save_draft(product, current_user.id, task_id, typed_of(task_id))


def _refused(task_id: int, refusal: Refusal):
    """With faults the page again, with what was typed; else why, and the way back."""
    if refusal.faults:
        return sheet_page(task_id, moving=refusal), refusals.STATUS[refusal.code]
    ways = [(_("Tilbake til oppgavene"), url_for("tasks.mine"))]
    return refusals.page(refusal, ways=ways)
