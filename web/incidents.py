"""Cases that stand still: the list, trying again, and saying what has been done about it."""

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask_login import current_user

from engine.cases import repair
from web.i18n import said
from web.security import limiter

blueprint = Blueprint("incidents", __name__, url_prefix="/hendelser")

INCIDENT = "<row:incident_id>"


@blueprint.get("")
def standing_still():
    product = current_app.extensions["trygg"]
    found = repair.standing_still(product, current_user.id)
    return render_template(
        "cases/hendelser.html", standstills=found, limit=repair.LIMIT, now=product.clock()
    )


@blueprint.post(f"/{INCIDENT}/prov-igjen")
@limiter.limit("60 per hour")
def try_again(incident_id: int):
    return _answered(
        repair.try_again(current_app.extensions["trygg"], incident_id, current_user.id)
    )


@blueprint.post(f"/{INCIDENT}/avklar")
@limiter.limit("60 per hour")
def set_aside(incident_id: int):
    product, reason = current_app.extensions["trygg"], request.form.get("grunn", "")
    return _answered(repair.set_aside(product, incident_id, current_user.id, reason))


def _answered(tried: repair.Tried):
    flash(said(tried.message))
    if "liste" in request.form:
        return redirect(url_for("incidents.standing_still"), 303)
    return redirect(url_for("cases.case", number=tried.case_number), 303)
