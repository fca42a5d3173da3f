"""Cases: the overview, one case, what was answered in it, and its plan."""

import io
import re
from collections.abc import Sequence
from datetime import datetime
from uuid import uuid4

from flask import (
    Blueprint,
    abort,
    current_app,
    flash,
    redirect,
    render_template,
    request,
    send_file,
    url_for,
)
from flask_login import current_user

from engine.cases import answers as answered
from engine.cases import files, lists, messages, notes, repair
from engine.cases.diagram import Diagram, Part, Place
from engine.cases.dossier import dossier
from engine.cases.duedates import Fate
from engine.cases.incidents import Stopped
from engine.cases.lists import CaseList, Filters, Turn
from engine.cases.planclock import Clock
from engine.cases.state import Status
from engine.people.roles import LABELS, Role
from engine.refusals import Reason, Refusal
from engine.rules.workdays import local_day
from web import told
from web.i18n import gettext as _
from web.i18n import nb, said
from web.numbers import row_of
from web.security import limiter, takes_files
from web.tasks import RECEIPT
from web.uploads import file_of
from web.words import short_date, short_day

blueprint = Blueprint("cases", __name__)
"""Its addresses, and others' that begin with a case, ask for NUMBER and run `know_the_number`."""

NUMBER = "<string(maxlength=20):number>"
ANSWER = "<row:answer_id>"
FILE = "<row:file_id>"
# A file is never shown in the browser; should one be all the same, nothing in it can do anything.
FILE_POLICY = "default-src 'none'; frame-ancestors 'none'; sandbox"
CASE_NUMBER = re.compile(r"[0-9]{4}-[0-9]+")
OPEN, ALL = "apne", "alle"


def delplikter() -> dict[str, str]:
    """What the five parts of the duty are called."""
    return {
        "folge_med": _("Følge med"),
        "gripe_inn": _("Gripe inn"),
        "varsle": _("Varsle"),
        "undersoke": _("Undersøke"),
        "tiltak": _("Tiltak"),
    }


def statuses() -> dict[str, str]:
    """What a case's status is called."""
    return {
        Status.OPEN: _("Åpen"),
        Status.AWAITS_CHECK: _("Avsluttet, etterkontroll gjenstår"),
        Status.CLOSED: _("Avsluttet"),
        Status.MERGED: _("Slått sammen"),
        Status.TRANSFERRED: _("Overført"),
    }


def fates() -> dict[str, str]:
    """How a deadline went, in words."""
    return {
        Fate.COMING: _("Kommer"),
        Fate.DONE: _("Gjort"),
        Fate.DONE_LATE: _("Gjort etter fristen"),
        Fate.LATE: _("Over fristen"),
        Fate.LAPSED: _("Utgår"),
        Fate.REACHED: _("Har kommet"),
    }


def places() -> dict[str, str]:
    """Where a step is, in words."""
    return {
        Place.DONE: _("Ferdig"),
        Place.CURRENT: _("Nå"),
        Place.AHEAD: _("Ikke kommet dit"),
    }


def know_the_number() -> None:
    """What can't be a case's number is met like a case that does not exist."""
    number = request.view_args.get("number")
    if number is not None and not CASE_NUMBER.fullmatch(number):
        abort(404)


blueprint.before_request(know_the_number)


@blueprint.context_processor
def words() -> dict:
    """What the pages about cases say in words."""
    return {
        "statuses": statuses(),
        "fates": fates(),
        "places": places(),
        "sentence": told.sentence,
        "bar": bar,
        "whose": whose,
        "people_of": people_of,
        "duties_of": duties_of,
        "ago": _ago,
        "clock_days": lambda clock: list(zip(clock.days, bar(clock), strict=True)),
        "short_day": short_day,
        "duty_parts": duty_parts,
        "drawing": drawing,
        "role_words": lambda role: LABELS[Role(role)],
        "now": _product().clock(),
    }


def _product():
    return current_app.extensions["trygg"]


def bar(clock: Clock) -> list[str]:
    """The state of each of the clock's days: done, now or todo."""
    today = local_day(_product().clock())
    return ["done" if day < today else "now" if day == today else "todo" for day in clock.days]


def whose(turn: Turn) -> str:
    """Whose turn it is: «Du», «Maja, kontaktlærer», or the role alone."""
    if turn.mine:
        return _("Du")
    return ", ".join(map(said, filter(None, (turn.person, turn.role)))) or _("Ingen")


def people_of(turns: Sequence[Turn]) -> list[str]:
    """Whose turn it is in these steps, each once."""
    return list(dict.fromkeys(map(whose, turns)))


def duties_of(turns: Sequence[Turn]) -> list[str]:
    """The delplikter that these steps belong to, each once."""
    names = delplikter()
    return list(dict.fromkeys(names[turn.delplikt] for turn in turns if turn.delplikt))


def _ago(moment: datetime) -> str:
    days = (local_day(_product().clock()) - local_day(moment)).days
    return {0: _("I dag"), 1: _("I går")}.get(days) or _("%(n)s dager siden", n=days)


def duty_parts(parts: Sequence[Part]) -> list[dict]:
    """The five delplikter as the stepper draws them. To watch over pupils goes on all the time."""
    drawn, names = [], delplikter()
    for part in parts:
        if part.id == "folge_med":
            state, words = "always", _("Hele tiden")
        elif part.place is Place.CURRENT:
            state, words = "now", _("Nå: %(step)s", step=nb(part.step))
        elif part.place is Place.DONE:
            state, words = "done", _("Ferdig %(day)s", day=short_date(part.at))
        else:
            state, words = "todo", _("Ikke kommet dit")
        drawn.append({"name": names[part.id], "state": state, "words": words})
    return drawn


def drawing(diagram: Diagram) -> dict:
    """What viewer.mjs draws."""
    return {"xml": diagram.xml.decode(), "done": diagram.done, "current": diagram.current}


# --- the overview ---------------------------------------------------------------------------------


@blueprint.get("/saker")
def overview():
    filters = Filters(
        step=_asked("steg"),
        role=_asked("rolle"),
        class_name=_asked("klasse"),
        state=_asked("tilstand") or OPEN,
        late=_asked("over") == "ja",
    )
    page = request.args.get("side", 1, type=int)
    found = lists.cases(_product(), current_user.id, filters, page)
    return render_template(
        "cases/saker.html",
        found=found,
        may_see_pupils=found.may_see_pupils,
        filters=filters,
        narrowed=filters != Filters(),
        fields=_fields(found, filters),
        page_url=_page_url,
        stopped=found.standing_still,
    )


def _asked(name: str) -> str | None:
    """A filter of the address; what no filter can hold is none."""
    value = request.args.get(name, "")
    return value if value and value.isprintable() else None


def _fields(found: CaseList, filters: Filters) -> list[tuple]:
    """The filters: name, label, choices, and what is chosen."""
    everything = ("", _("Alle"))
    ended = [(state, words) for state, words in statuses().items() if state != Status.OPEN]
    late = [("ja", _("Over fristen"))]
    classes = [(name, name) for name in found.classes]
    return [
        ("steg", _("Steg"), [everything, *found.steps], filters.step),
        ("rolle", _("Venter på"), [everything, *found.roles], filters.role),
        ("klasse", _("Klasse"), [everything, *classes], filters.class_name),
        ("tilstand", _("Tilstand"), [(OPEN, _("Åpne")), *ended, (ALL, _("Alle"))], filters.state),
        ("over", _("Frist"), [everything, *late], "ja" if filters.late else ""),
    ]


def _page_url(page: int) -> str:
    kept = {name: value for name, value in request.args.items() if value and name != "side"}
    return url_for("cases.overview", **kept, side=page)


# --- one case ------------------------------------------------------------------------------------


@blueprint.get(f"/saker/{NUMBER}")
def case(number: str):
    return case_page(number)


def case_page(number: str, **typed) -> str:
    """The case's page; in plain words when the case can't be opened now."""
    try:
        found = dossier(_product(), current_user.id, number)
    except Stopped:
        found = repair.shut(_product(), current_user.id, number)
        return render_template("cases/stengt.html", case=found)
    return render_template("cases/sak.html", case=found, new_receipt=lambda: str(uuid4()), **typed)


@blueprint.post(f"/saker/{NUMBER}/minn")
@limiter.limit("20 per hour")
def remind(number: str):
    """Remind those whose turn it is."""
    task = row_of(request.form.get("oppgave", ""))
    if task is None:
        abort(400)
    who = notes.remind(_product(), number, task, current_user.id)
    flash(_("%(who)s har fått en påminnelse.", who=who))
    return redirect(url_for("cases.case", number=number), 303)


@blueprint.post(f"/saker/{NUMBER}/notat")
def note(number: str):
    """Write a note; an empty one comes back with the reason."""
    text = request.form.get("notat", "")
    try:
        notes.add_note(_product(), number, current_user.id, text, receipt_in())
    except Refusal as refusal:
        if refusal.code is not Reason.MANGLER_FELT:
            raise
        return case_page(number, note=text, note_fault=refusal.message), 422
    flash(_("Notatet er lagret."))
    return redirect(url_for("cases.case", number=number, _anchor="notater"), 303)


@blueprint.post(f"/saker/{NUMBER}/fil")
@takes_files
@limiter.limit("60 per hour")
def add_file(number: str):
    """Add a file; one that can't be kept comes back with the reason."""
    try:
        files.add_file(_product(), file_of(number, current_user.id, receipt_in()))
    except Refusal as refusal:
        if refusal.code not in (Reason.MANGLER_FELT, Reason.UGYLDIG_SVAR):
            raise
        return case_page(number, file_fault=refusal.message), 422
    flash(_("Filen er lagt i saken."))
    return redirect(url_for("cases.case", number=number, _anchor="filer"), 303)


@blueprint.get(f"/saker/{NUMBER}/fil/{FILE}")
def download(number: str, file_id: int):
    """A file, to be saved and opened outside Trygg."""
    found = files.read_file(_product(), current_user.id, number, file_id)
    answer = send_file(
        io.BytesIO(found.content),
        mimetype=found.media_type,
        as_attachment=True,
        download_name=found.name,
        conditional=False,
        etag=False,
    )
    answer.headers["Content-Security-Policy"] = FILE_POLICY
    return answer


@blueprint.post(f"/saker/{NUMBER}/start")
def start(number: str):
    """Start by hand what the diagram lets this person start."""
    step = request.form.get("steg", "")
    messages.start_by_hand(_product(), number, current_user.id, step, receipt_in())
    flash(_("Det er startet. De det gjelder, har fått beskjed."))
    return redirect(url_for("cases.case", number=number), 303)


def receipt_in() -> str:
    """The form's own key. A form without one was not made here."""
    receipt = request.form.get("receipt", "")
    if not RECEIPT.fullmatch(receipt):
        abort(400)
    return receipt


# --- what was answered ---------------------------------------------------------------------------


@blueprint.get(f"/saker/{NUMBER}/svar/{ANSWER}")
def answer(number: str, answer_id: int):
    found = answered.answers(_product(), current_user.id, number, answer_id)
    return render_template("cases/svar.html", answers=found)


@blueprint.get(f"/saker/{NUMBER}/plan")
def plan(number: str):
    version = request.args.get("versjon", type=int)
    found = answered.plan(_product(), current_user.id, number, version)
    return render_template("cases/plan.html", plan=found)
