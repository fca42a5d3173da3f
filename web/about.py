"""Pages about Trygg itself, open to all: help, privacy, accessibility, and whether it is alive."""

from flask import Blueprint, current_app, jsonify, render_template

from web.security import limiter, public

blueprint = Blueprint("about", __name__)


@blueprint.get("/hjelp")
@public
def help_page():
    return render_template("about/hjelp.html")


@blueprint.get("/personvern")
@public
def privacy():
    return render_template("about/personvern.html")


@blueprint.get("/tilgjengelighet")
@public
def accessibility():
    return render_template("about/tilgjengelighet.html")


@blueprint.get("/healthz")
@public
@limiter.exempt
def health():
    """200 when the database answers, else 503; for the school's IT, so no words about why."""
    product = current_app.extensions["trygg"]
    if product is not None and not product.is_alive():
        return jsonify(status="down"), 503
    return jsonify(status="ok")
