"""The school's year: the wheel, the same as a table, and leadership's rows."""

from datetime import date, datetime

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask_login import current_user

from engine.cases import switches
from engine.definitions.dates import read_date
from engine.refusals import Fault, Reason, Refusal
from engine.rules.workdays import local_day
from engine.year import edits, plan, rows, schedule, vulnerable, wheel
from engine.year.wheel import State
from web.i18n import formatted, nb, ngettext
from web.i18n import gettext as _
from web.security import limiter
from web.wheel import SIZE, room, sector

blueprint = Blueprint("year", __name__, url_prefix="/aarshjul")

ROW = "<int(max=2147483647):row_id>"
SHORT = 3  # letters of a month's name in the wheel


@blueprint.get("")
def overview():
    found = wheel.year(_product(), current_user.id, _school())
    asked = request.args.get("maaned", "")
    at = next(
        (n for n, each in enumerate(found.months) if f"{each.first:%Y-%m}" == asked),
        _this_month(found),
    )
    return render_template(
        "year/aarshjul.html",
        found=found,
        at=at,
        this_month=_this_month(found),
        sectors=[sector(n, len(each.dots)) for n, each in enumerate(found.months)],
        size=SIZE,
        room=room(),
        words=_counted(found),
        talk_names=[
            _("%(talk)s, vår", talk=nb(name)) if spring else _("%(talk)s, høst", talk=nb(name))
            for name, spring in found.talk_names
        ],
        **_shared(found),
    )


@blueprint.get("/tabell")
def table():
    found = wheel.year(_product(), current_user.id, _school())
    return render_template("year/tabell.html", found=found, **_shared(found))


@blueprint.get("/saarbare")
def vulnerable_pupils():
    found = vulnerable.overview(_product(), current_user.id)
    return render_template("year/saarbare.html", entries=found, reasons=_reasons(), **_dates())


@blueprint.post("/planlegg")
@limiter.limit("20 per hour")
def plan_now():
    """Plan the year: what is missing is added."""
    school_id = _posted_school()
    edits.listed(_product(), current_user.id, school_id)  # refuses all but leadership
    planned = plan.plan_year(_product(), school_id)
    flash(
        ngettext("%(num)s ny dag i årshjulet.", "%(num)s nye dager i årshjulet.", planned.added)
        if planned.added
        else _("Årshjulet er alt planlagt. Ingenting er endret.")
    )
    return redirect(url_for("year.overview", skole=school_id), 303)


@blueprint.get("/rader")
def rows_list():
    found = _listed(_school())
    optional = switches.switches(_product(), current_user.id, found.school_id)
    return render_template("year/rader.html", found=found, optional=optional, **_said())


@blueprint.post("/prosess")
@limiter.limit("60 per hour")
def turn_process():
    """Turn a process on or off that the school decides of."""
    school_id, active = _posted_school(), request.form.get("paa") == "ja"
    process_id = request.form.get("prosess", "")
    switches.turn(_product(), current_user.id, school_id, process_id, active)
    flash(_("Prosessen er slått på.") if active else _("Prosessen er slått av."))
    return redirect(url_for("year.rows_list", skole=school_id), 303)


@blueprint.get("/rader/ny")
def new_row():
    found = _listed(_school())
    return _form(found, None, {"rolle": "ledelse", "per": "skole", "naar": "", "navn": ""})


@blueprint.post("/rader/ny")
@limiter.limit("60 per hour")
def add_row():
    return _save(None)


@blueprint.get(f"/rader/{ROW}")
def edit_row(row_id: int):
    found = _listed(_school())
    row = _row(found, row_id)
    typed = {"navn": row.name, "naar": row.schedule, "rolle": row.role, "per": row.per}
    return _form(found, row, typed | ({"aktiv": "ja"} if row.active else {}))


@blueprint.post(f"/rader/{ROW}")
@limiter.limit("60 per hour")
def save_row(row_id: int):
    return _save(row_id)


@blueprint.post(f"/rader/{ROW}/na")
@limiter.limit("60 per hour")
def take_up(row_id: int):
    """Take up a routine once more, now."""
    school_id = _posted_school()
    found = _listed(school_id)
    row = _row(found, row_id)
    typed = request.form.get("frist", "")
    due_on = read_date(typed, local_day(_product().clock()))
    try:
        if due_on is None:
            words = _("Skriv en dag, som 25.11.")
            raise Refusal.of_answers([Fault("frist", Reason.UGYLDIG_SVAR, words)])
        group = request.form.get("gruppe", "")
        number = edits.take_up(_product(), current_user.id, school_id, row_id, due_on, group)
    except Refusal as refusal:
        if not refusal.faults:
            raise
        stands = {"navn": row.name, "naar": row.schedule, "rolle": row.role, "per": row.per}
        stands |= {"aktiv": "ja"} if row.active else {}
        return _form(found, row, stands | request.form.to_dict(), refusal), 422
    flash(_("Rutinen er tatt opp. Den som har ansvaret, har fått oppgaven."))
    return redirect(url_for("cases.case", number=number), 303)


def _save(row_id: int | None):
    school_id = _posted_school()
    found = _listed(school_id)
    row = None if row_id is None else _row(found, row_id)
    typed = request.form
    naar = typed.get("hvor_ofte", "")
    edit = edits.Edit(
        account_id=current_user.id,
        school_id=school_id,
        row_id=row_id,
        name=typed.get("navn", ""),
        schedule=typed.get("naar", "") if naar in ("", schedule.SINGLE) else naar,
        role=typed.get("rolle", ""),
        per=typed.get("per", "skole"),
        active=row_id is None or typed.get("aktiv") == "ja",
    )
    try:
        edits.save(_product(), edit)
    except Refusal as refusal:
        if not refusal.faults:
            raise
        return _form(found, row, typed.to_dict() | {"naar": edit.schedule}, refusal), 422
    flash(_("Raden er lagret. Det som ikke er begynt, følger den nye planen."))
    return redirect(url_for("year.rows_list", skole=school_id), 303)


def _form(found, row, typed: dict, refusal: Refusal | None = None):
    faults = {fault.path: fault.message for fault in refusal.faults} if refusal else {}
    return render_template(
        "year/rad.html",
        found=found,
        row=row,
        typed=typed,
        faults=faults,
        refusal=refusal,
        roles=edits.role_choices(),
        per=list(rows.PER.items()),
        **_said(),
    )


def _listed(school_id: int | None):
    if school_id is None:
        school_id = wheel.year(_product(), current_user.id).school_id
    return edits.listed(_product(), current_user.id, school_id)


def _row(found, row_id: int):
    return next((row for row in found.lines if row.id == row_id), None) or _missing()


def _missing():
    raise Refusal(Reason.IKKE_TILGANG, "")


def _school() -> int | None:
    return request.args.get("skole", type=int)


def _posted_school() -> int:
    return request.form.get("skole", type=int) or _missing()


# --- words ----------------------------------------------------------------------------------------


def _shared(found) -> dict:
    return {
        "states": _states(),
        "icons": ICONS,
        "month": lambda day: formatted(day, "MMMM", "MMMM"),
        "short": lambda day: formatted(day, "MMM", "MMM").rstrip(".")[:SHORT],
        **_dates(),
        "when": lambda once: _when(once),
        "years": f"{found.year}/{(found.year + 1) % 100:02}",
    }


def _dates() -> dict:
    return {"date": lambda day: formatted(day, "d. MMMM", "d MMMM")}


def _reasons() -> dict[str, str]:
    return {
        "tidligere_utsatt": _("Har hatt det utrygt før"),
        "ny_elev": _("Er ny på skolen"),
        "spraak": _("Språk"),
        "funksjon": _("Funksjon"),
        "hjemmeforhold_kjent": _("Forhold hjemme som skolen kjenner til"),
        "fravaer": _("Fravær"),
        "annet": _("Annet"),
    }


def _said() -> dict:
    return {"schedule": _schedule, "often": _often(), "roles_of": dict(edits.role_choices())}


ICONS = {
    State.LATE: "warning",
    State.ONGOING: "now",
    State.COMING: "todo",
    State.DONE: "done",
    State.DROPPED: "minus",
}


def _states() -> dict[State, str]:
    return {
        State.DONE: _("Gjort"),
        State.ONGOING: _("I gang"),
        State.COMING: _("Kommer"),
        State.LATE: _("Over fristen"),
        State.DROPPED: _("Utgår"),
    }


def _often() -> dict[str, str]:
    return {
        schedule.SINGLE: _("På bestemte dager"),
        "hver_uke": _("Hver uke"),
        "annenhver_uke": _("Annenhver uke"),
        "hver_maaned": _("Hver måned"),
        schedule.ON_DEMAND: _("Ved behov"),
    }


def _schedule(text: str) -> str:
    """A schedule in words: `25. september og 25. februar`, `Hver måned`."""
    kind, days = schedule.read(text)
    if kind != schedule.SINGLE:
        return _often()[kind]
    spoken = [formatted(date(2027, *each), "d. MMMM", "d MMMM") for each in days]
    return _(" og ").join([", ".join(spoken[:-1]), spoken[-1]] if len(spoken) > 1 else spoken)


def _when(once) -> str:
    """`Gjort 11. november`, `Frist 15. oktober`, `Innen 27. november`."""
    day = formatted(once.due_on, "d. MMMM", "d MMMM")
    if once.state is State.DONE:
        return _("Gjort %(day)s", day=_local(once.done_at))
    if once.state is State.DROPPED:
        return _("Utgår, avgjort %(day)s", day=_local(once.done_at))
    return _("Frist %(day)s", day=day) if once.state is State.LATE else _("Innen %(day)s", day=day)


def _local(value: datetime) -> str:
    return formatted(local_day(value), "d. MMMM", "d MMMM")


def _counted(found) -> str:
    """`13 rutiner er gjort. 1 er over fristen. 3 gjenstår i november.`"""
    this = found.months[_this_month(found)]
    left = sum(dot.state in (State.COMING, State.ONGOING) for dot in this.dots)
    month = formatted(this.first, "MMMM", "MMMM")
    done = ngettext(
        "%(num)s rutine er gjort.", "%(num)s rutiner er gjort.", found.counts[State.DONE]
    )
    late = ngettext("%(num)s er over fristen.", "%(num)s er over fristen.", len(found.late))
    coming = ngettext(
        "%(num)s gjenstår i %(month)s.", "%(num)s gjenstår i %(month)s.", left, month=month
    )
    return " ".join([done, late, coming])


def _this_month(found) -> int:
    """Where today's month stands among the months."""
    return (found.today.month - schedule.AUGUST) % len(found.months)


def _product():
    return current_app.extensions["trygg"]
