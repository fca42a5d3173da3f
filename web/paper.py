"""Paper forms for the day Trygg is down: to be printed while it is up. They are about nobody."""

from flask import Blueprint, current_app, render_template

from engine.letters import paper
from web.pdf import pdf_answer
from web.security import limiter, public

blueprint = Blueprint("paper", __name__, url_prefix="/papirskjema")


@blueprint.get("")
@public
def overview():
    papers = paper.listed(current_app.extensions["trygg"])
    return render_template("about/papirskjema.html", papers=papers, report=paper.REPORT)


@blueprint.get("/<string(maxlength=40):name>")
@public
@limiter.limit("120 per hour")
def download(name: str):
    content = paper.paper_form(current_app.extensions["trygg"], name)
    return pdf_answer(content, f"{name}.pdf")
