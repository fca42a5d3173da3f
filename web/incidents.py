"""Cases that stand still: the list, and trying again."""

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask_login import current_user

from engine.cases import repair
from web.i18n import said
from web.security import limiter

blueprint = Blueprint("incidents", __name__, url_prefix="/hendelser")

INCIDENT = "<int(max=2147483647):incident_id>"


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
    tried = repair.try_again(current_app.extensions["trygg"], incident_id, current_user.id)
    flash(said(tried.message))
    if "liste" in request.form:
        return redirect(url_for("incidents.standing_still"), 303)
    return redirect(url_for("cases.case", number=tried.case_number), 303)
