"""«Meld fra om en elev», its receipt, and «Meldingene mine»."""

import re
from datetime import datetime
from uuid import uuid4

from flask import (
    Blueprint,
    abort,
    current_app,
    jsonify,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask_login import current_user

from engine.cases import drafts, report, reports
from engine.cases.report import Report
from engine.refusals import Fault, Reason, Refusal
from engine.rules.workdays import local_day
from web.account import SHARED
from web.i18n import gettext as _
from web.i18n import spoken
from web.words import clock, when

blueprint = Blueprint("report", __name__)

SINGLE = (
    "skole",
    "akutt_fare",
    "elev_utsatt",
    "observasjon",
    "arena",
    "elevens_ord",
    "hendelse_tid",
    "grep_inn",
    "hva_gjort",
    "elev_ivaretatt",
    "elev_sier_utrygt",
    "mistanke_utrygg",
    "begrunnelse",
    "ansatt_mistenkt",
    "ledelse_mistenkt",
    "hvem_mistenkt",
    "melder",
    "utfort_tid",
    "kanal",
    "vet_ikke_hvem",
    "akutt_skjerming_behov",
)
ORDER = (*SINGLE[:7], "andre_involverte", "ansatte_nevnt", *SINGLE[7:])
ROW = re.compile(r"andre_involverte\[(\d{1,2})\]\.(elev|rolle)")
ROWS = 20  # of other pupils, and of other staff
RECEIPT = re.compile(r"[0-9a-f-]{36}")


@blueprint.get("/meld")
def write():
    page = _page()
    return _show(page, page.draft, str(uuid4()))


@blueprint.post("/meld")
def send():
    typed = typed_in(request.form)
    receipt = request.form.get("receipt", "")
    if not RECEIPT.fullmatch(receipt):
        abort(400)
    if "slett_kladd" in request.form:
        report.drop_draft(_product(), current_user.id)
        return redirect(url_for("report.write"), 303)
    if change := _change_of_rows(request.form, typed):
        return _show(_page(typed.get("skole")), typed, receipt, focus=change)
    page = _page(typed.get("skole"))
    try:
        command = Report(page.school.id, current_user.id, typed, receipt)
        started = report.report(_product(), command)
    except Refusal as refusal:
        if refusal.code is Reason.IKKE_TILGANG:
            abort(404)
        return _show(_page(typed.get("skole")), typed, receipt, refusal), 422
    return redirect(url_for("report.receipt", number=started.number), 303)


@blueprint.post("/meld/kladd")
def keep_draft():
    at = drafts.save_draft(_product(), current_user.id, None, typed_in(request.form))
    return jsonify(saved_at=clock(at))


@blueprint.get("/meld/kvittering/<number>")
def receipt(number: str):
    return render_template(
        "report/kvittering.html",
        mine=_mine(number),
        now=_product().clock(),
        today=local_day(_product().clock()),
        shared=session.get(SHARED, False),
    )


@blueprint.get("/meldinger")
def own_reports():
    mine = reports.my_reports(_product(), current_user.id)
    return render_template("report/meldinger.html", reports=mine, now=_product().clock())


@blueprint.route("/meldinger/<number>", methods=["GET", "POST"])
def own_report(number: str):
    text, wrong = "", None
    if request.method == "POST":
        text, key = request.form.get("tillegg", ""), request.form.get("receipt", "")
        if not RECEIPT.fullmatch(key):
            abort(400)
        try:
            reports.add_to_report(_product(), current_user.id, number, text, key)
            return redirect(url_for("report.own_report", number=number, lagt_til=1), 303)
        except Refusal as refusal:
            if refusal.code is Reason.IKKE_TILGANG:
                abort(404)
            wrong = refusal.message
    page = render_template(
        "report/melding.html",
        mine=_mine(number),
        now=_product().clock(),
        text=text,
        wrong=wrong,
        receipt=uuid4(),
    )
    return page, 422 if wrong else 200


def typed_in(form) -> dict:
    """The page's fields as typed: single answers, the rows of other pupils, and other staff."""
    typed = {name: form[name] for name in SINGLE if form.get(name)}
    rows: dict[int, dict[str, str]] = {}
    for name, value in form.items():
        if match := ROW.fullmatch(name):
            rows.setdefault(int(match[1]), {})[match[2]] = value
    typed["andre_involverte"] = [rows[number] for number in sorted(rows)][:ROWS]
    typed["ansatte_nevnt"] = form.getlist("ansatte_nevnt")[:ROWS]
    return typed


def _change_of_rows(form, typed: dict) -> str | None:
    """Add or remove a row, for browsers without JavaScript too. Keeps the draft; returns the id of
    the field to go on with, or None when this is no such change."""
    pupils, staff = typed["andre_involverte"], typed["ansatte_nevnt"]
    if "bytt_skole" in form:
        focus = "elev_utsatt"
    elif form.get("legg_til") == "elev":
        pupils.append({})
        focus = f"andre_involverte-{len(pupils) - 1}-elev"
    elif form.get("legg_til") == "ansatt":
        staff.append("")
        focus = f"ansatte_nevnt-{len(staff) - 1}"
    elif form.get("fjern", "").isdecimal():
        del pupils[int(form["fjern"]) : int(form["fjern"]) + 1]
        focus = "legg_til_elev"
    else:
        return None
    drafts.save_draft(_product(), current_user.id, None, typed)
    return focus


def _show(
    page, typed: dict, receipt: str, refusal: Refusal | None = None, focus: str | None = None
):
    found = sorted(refusal.faults, key=_place) if refusal else []
    faults = {_field_id(fault.path): _words(fault) for fault in found}
    now = _product().clock()
    return render_template(
        "report/meld.html",
        page=page,
        typed=typed,
        receipt=receipt,
        refusal=refusal,
        faults=faults,
        title=_title(len(faults)),
        focus=focus,
        saved=_saved(page.saved_at, now) if page.saved_at else None,
    )


def _saved(at: datetime, now: datetime) -> str:
    if local_day(at) == local_day(now):
        return _("Kladd lagret kl. %(time)s. Bare du ser den.", time=clock(at))
    return _("Kladd lagret %(when)s. Bare du ser den.", when=when(at, now))


def _place(fault: Fault) -> int:
    """Where on the page the field stands."""
    name = re.split(r"[\[.]", fault.path)[0]
    return ORDER.index(name) if name in ORDER else len(ORDER)


def _words(fault: Fault) -> str:
    """What is wrong; for an answer that is missing, which one."""
    if fault.code is not Reason.MANGLER_FELT:
        return spoken(fault.message)
    if match := ROW.fullmatch(fault.path):
        number = int(match[1]) + 1
        if match[2] == "elev":
            return _("Velg hvem elev %(n)s er, eller fjern raden.", n=number)
        return _("Velg hvordan elev %(n)s var med.", n=number)
    own = {
        "observasjon": _("Skriv hva du så eller hørte."),
        "grep_inn": _("Svar på om du kunne stoppe det."),
        "hva_gjort": _("Skriv hva du gjorde, eller hva som hindret deg."),
        "elev_sier_utrygt": _("Svar på om eleven eller foresatte har sagt at det ikke er trygt."),
        "hvem_mistenkt": _("Velg hvem det gjelder, eller kryss av for at du ikke vet det."),
        "akutt_skjerming_behov": _("Svar på om eleven må skjermes allerede i dag."),
        "mistanke_utrygg": _("Velg om du tror at eleven kan ha det utrygt."),
        "begrunnelse": _("Skriv hvorfor du tror at eleven har det trygt."),
    }
    return own.get(fault.path) or spoken(fault.message)


def _title(count: int) -> str:
    if count == 1:
        return _("Meldingen er ikke sendt. Rett én ting:")
    return _("Meldingen er ikke sendt. Rett %(n)s ting:", n=count)


def _field_id(path: str) -> str:
    """`andre_involverte[0].elev` as the id of its field: `andre_involverte-0-elev`."""
    return re.sub(r"[\[\].]+", "-", path).strip("-")


def _page(school: str | None = None):
    try:
        wanted = int(school) if school and school.isdecimal() else None
        return report.open_page(_product(), current_user.id, wanted)
    except Refusal:
        abort(404)


def _mine(number: str):
    try:
        return reports.my_report(_product(), current_user.id, number)
    except Refusal:
        abort(404)


def _product():
    return current_app.extensions["trygg"]
