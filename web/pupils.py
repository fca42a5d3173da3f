"""Pupils: the list by class, and one pupil's page with what may be seen of it over time."""

from flask import Blueprint, current_app, render_template, request
from flask_login import current_user

from engine.cases import pupil
from web.cases import statuses
from web.words import month, whole_month

blueprint = Blueprint("pupils", __name__, url_prefix="/elever")

PUPIL = "<int(max=2147483647):pupil_id>"


@blueprint.get("")
def overview():
    asked = request.args.get("klasse", "")
    found = pupil.pupils(_product(), current_user.id, asked if asked.isprintable() else None)
    return render_template("pupils/elever.html", found=found)


@blueprint.get(f"/{PUPIL}")
def show(pupil_id: int):
    page = pupil.pupil_page(_product(), current_user.id, pupil_id)
    return render_template(
        "pupils/elev.html",
        page=page,
        most=max(count for _, count in page.months),
        month=month,
        whole_month=whole_month,
        statuses=statuses(),
        now=_product().clock(),
    )


def _product():
    return current_app.extensions["trygg"]
