"""Letters of a case: what is called for, make one, read it, and write down that it was given."""

from uuid import uuid4

from flask import (
    Blueprint,
    abort,
    current_app,
    flash,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_login import current_user

from engine.definitions.dates import read_moment
from engine.letters import letters
from engine.letters import overview as pages
from engine.letters.compose import ASKED, READ, RISK
from engine.letters.letters import MakeLetter, RegisterGiven
from engine.refusals import Refusal
from engine.rules.workdays import local_day
from web import refusals
from web.cases import NUMBER, know_the_number, receipt_in
from web.i18n import gettext as _
from web.i18n import ngettext
from web.pdf import pdf_answer
from web.security import limiter

blueprint = Blueprint("letters", __name__)
blueprint.before_request(know_the_number)

LETTER = "<int(max=2147483647):letter_id>"
ADDRESS = f"/saker/{NUMBER}/brev"
MAKE = "lag"


def languages() -> dict[str, str]:
    """What the languages of a letter are called."""
    return {
        "nb": _("Bokmål"),
        "nn": _("Nynorsk"),
        "en": _("Engelsk"),
        "enkelt": _("Enkelt språk (bokmål)"),
    }


def ways() -> dict[str, str]:
    """How a letter was given, in words."""
    return {
        "skrevet_ut": _("Skrevet ut og gitt"),
        "sikker_melding": _("Med sikker melding"),
        "overlevert": _("Overlevert i et møte"),
        "post": _("I posten"),
    }


def asked() -> dict[str, tuple[str, str]]:
    """The places that are filled in when a letter is made: the question, and an example."""
    return {
        "mote_dag": (_("Hvilken dag er møtet?"), _("For eksempel: torsdag 17. september.")),
        "mote_tid": (_("Når på dagen?"), _("For eksempel: 14.00.")),
        "mote_sted": (_("Hvor?"), _("For eksempel: rom 12 i andre etasje.")),
    }


@blueprint.context_processor
def words() -> dict:
    """What the pages with letters say in words."""
    return {
        "languages": languages(),
        "ways": ways(),
        "lang_of": lambda language: {"enkelt": "nb"}.get(language, language),
        "now": _product().clock(),
    }


@blueprint.get(ADDRESS)
def overview(number: str):
    found = pages.letters(_product(), current_user.id, number)
    by_kind: dict[str, list] = {}
    for each in found.proposals:
        by_kind.setdefault(each.kind.id, []).append(each)
    return render_template(
        "letters/brev.html",
        page=found,
        called_for=list(by_kind.values()),
        new_receipt=lambda: str(uuid4()),
    )


@blueprint.get(f"{ADDRESS}/nytt")
def draft(number: str):
    """The letter as it would be, from the choices in the address."""
    return _draft_page(number, request.args, {})


@blueprint.post(f"{ADDRESS}/nytt")
@limiter.limit("120 per hour")
def make(number: str):
    """Make the letter; another button shows it again with what is typed."""
    typed = {name: value for name, value in request.form.items() if len(value) <= 50_000}
    if request.form.get("send") != MAKE:
        return _draft_page(number, request.form, typed)
    command = MakeLetter(
        number=number,
        account_id=current_user.id,
        kind=request.form.get("slag", ""),
        guardian_id=_guardian(request.form),
        language=request.form.get("sprak") or None,
        receipt=receipt_in(),
        typed=typed,
    )
    try:
        letter_id = letters.make(_product(), command)
    except Refusal as refusal:
        if not refusal.faults:
            raise
        return _draft_page(number, request.form, typed, refusal), 422
    flash(_("Brevet er laget. Registrer det her når du har gitt det."))
    return redirect(url_for("letters.show", number=number, letter_id=letter_id), 303)


def _draft_page(number: str, chosen, typed, refusal: Refusal | None = None) -> str:
    found = pages.drafting(
        _product(),
        current_user.id,
        number,
        chosen.get("slag", ""),
        _guardian(chosen),
        chosen.get("sprak") or None,
        typed,
    )
    faults = {fault.path: fault.message for fault in refusal.faults} if refusal else {}
    fields = {*found.draft.asked, *found.draft.texts, READ, RISK}
    return render_template(
        "letters/nytt.html",
        errors=[(path if path in fields else "slik", why) for path, why in faults.items()],
        page=found,
        draft=found.draft,
        asked=asked(),
        typed=typed,
        faults=faults,
        waits=[why for name, why in found.draft.faults.items() if name not in ASKED],
        receipt=request.form.get("receipt") or str(uuid4()),
        make=MAKE,
        text_labels=_text_labels(found.draft.texts),
    )


def _text_labels(texts) -> list[tuple[str, str]]:
    """The plan's free texts by their names, each with what it is."""
    labels = []
    for key in texts:
        part, _dot, index = key.partition(".")
        number = int(index or 0) + 1
        labels.append(
            (
                key,
                {
                    "problem": _("Problemet som tiltakene skal løse"),
                    "tiltak": _("Tiltak %(n)s", n=number),
                    "hvor_ofte": _("Tiltak %(n)s: hvor ofte", n=number),
                }[part],
            )
        )
    return labels


def _guardian(chosen) -> int:
    number = chosen.get("foresatt", "")
    if not (number.isascii() and number.isdigit() and len(number) < 10):
        abort(404)
    return int(number)


@blueprint.post(f"{ADDRESS}/alle")
@limiter.limit("60 per hour")
def make_all(number: str):
    """Make the letters of one kind that the case calls for, one to each guardian."""
    kind = request.form.get("slag", "")
    count = letters.make_proposed(_product(), current_user.id, number, kind, receipt_in())
    if count:
        flash(ngettext("Ett brev er laget.", "%(num)s brev er laget.", count))
    return redirect(url_for("letters.overview", number=number), 303)


@blueprint.get(f"{ADDRESS}/{LETTER}")
def show(number: str, letter_id: int):
    return _letter_page(number, letter_id)


def _letter_page(number: str, letter_id: int, typed=None, faults=None) -> str:
    found = pages.read(_product(), current_user.id, number, letter_id)
    return render_template("letters/ett.html", page=found, typed=typed or {}, faults=faults or {})


@blueprint.get(f"{ADDRESS}/{LETTER}/pdf")
@limiter.limit("120 per hour")
def download(number: str, letter_id: int):
    """The letter's PDF, to be saved and printed."""
    content = letters.download(_product(), current_user.id, number, letter_id)
    return pdf_answer(content, f"brev-{number}-{letter_id}.pdf")


@blueprint.post(f"{ADDRESS}/{LETTER}/gitt")
def given(number: str, letter_id: int):
    """Write down that the letter was given."""
    typed = {name: request.form.get(name, "") for name in ("hvordan", "tid")}
    command = RegisterGiven(
        number=number,
        account_id=current_user.id,
        letter_id=letter_id,
        how=typed["hvordan"],
        at=read_moment(typed["tid"], local_day(_product().clock())),
    )
    try:
        letters.register_given(_product(), command)
    except Refusal as refusal:
        if not refusal.faults:
            raise
        faults = {fault.path: fault.message for fault in refusal.faults}
        return _letter_page(number, letter_id, typed, faults), refusals.STATUS[refusal.code]
    flash(_("Det er skrevet ned at brevet er gitt."))
    return redirect(url_for("letters.show", number=number, letter_id=letter_id), 303)


def _product():
    return current_app.extensions["trygg"]
