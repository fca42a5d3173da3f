"""Invite a colleague to a case, and end it."""

from flask import Blueprint, current_app, flash, redirect, request, url_for
from flask_login import current_user

from engine.cases import invitations, onbehalf
from engine.cases.invitations import Invite
from engine.definitions.dates import read_date
from engine.refusals import Refusal
from engine.rules.workdays import local_day
from web import refusals
from web.cases import NUMBER, case_page, know_the_number, receipt_in, words
from web.i18n import gettext as _

blueprint = Blueprint("invitations", __name__)
blueprint.before_request(know_the_number)
blueprint.context_processor(words)

INVITATION = "<row:invitation_id>"


@blueprint.post(f"/saker/{NUMBER}/inviter")
def invite(number: str):
    typed = {name: request.form.get(name, "") for name in ("til", "grunn", "dag")}
    product = current_app.extensions["trygg"]
    command = Invite(
        number=number,
        account_id=current_user.id,
        to_id=onbehalf.who(typed, "til") or 0,
        reason=typed["grunn"],
        until=read_date(typed["dag"], local_day(product.clock())),
        receipt=receipt_in(),
    )
    try:
        invitations.invite(product, command)
    except Refusal as refusal:
        if not refusal.faults:
            raise
        faults = {fault.path: fault.message for fault in refusal.faults}
        page = case_page(number, invitation=typed, invitation_faults=faults)
        return page, refusals.STATUS[refusal.code]
    flash(_("Kollegaen er invitert og har fått beskjed."))
    return redirect(url_for("cases.case", number=number, _anchor="inviterte"), 303)


@blueprint.post(f"/saker/{NUMBER}/inviter/{INVITATION}/avslutt")
def end(number: str, invitation_id: int):
    product = current_app.extensions["trygg"]
    invitations.end_invitation(product, number, invitation_id, current_user.id)
    flash(_("Invitasjonen er avsluttet."))
    return redirect(url_for("cases.case", number=number, _anchor="inviterte"), 303)
