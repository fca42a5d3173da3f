"""«Oppgavene mine», and one task: fill it in, save a draft, send it, read it back."""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC
from itertools import groupby
from uuid import uuid4

from flask import (
    Blueprint,
    abort,
    current_app,
    flash,
    jsonify,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_login import current_user
from markupsafe import Markup

from engine.cases import drafts, files, inbox, notes, onbehalf, readback, submit, worksheet
from engine.cases.inbox import Next
from engine.cases.scripting import evaluate
from engine.cases.submit import SubmitTask
from engine.definitions.forms import Form, Line
from engine.refusals import Fault, Reason, Refusal
from web import refusals
from web.forms import Add, Save, Send, action_from, apply, focus_after, name_of, typed_from
from web.i18n import gettext as _
from web.i18n import nb, said
from web.security import takes_files
from web.sheet import Sheet
from web.uploads import file_of, has_file
from web.words import clock, due_group

blueprint = Blueprint("tasks", __name__, url_prefix="/oppgaver")

TASK = "<row:task_id>"
RECEIPT = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
REVISION = re.compile(r"[0-9]{1,9}")


# --- lists ----------------------------------------------------------------------------------------


@blueprint.get("")
def mine():
    now = _now()
    tasks = inbox.my_tasks(_product(), current_user.id)
    names = [
        ("over", _("Over fristen")),
        ("today", _("I dag")),
        ("week", _("Denne uken")),
        ("later", _("Senere")),
        ("none", _("Uten frist")),
    ]
    groups = [
        (group, name, [task for task in tasks if due_group(task.due_at, now) == group])
        for group, name in names
    ]
    return render_template(
        "tasks/mine.html", tasks=tasks, groups=groups, now=now, limit=inbox.LIMIT
    )


@blueprint.get("/ferdige")
def done():
    tasks = inbox.done_tasks(_product(), current_user.id)
    return render_template("tasks/ferdige.html", tasks=tasks, now=_now(), limit=inbox.LIMIT)


# --- one task -------------------------------------------------------------------------------------


@blueprint.get(f"/{TASK}")
def show(task_id: int):
    try:
        return sheet_page(task_id)
    except Refusal as refusal:
        if refusal.code is not Reason.ALLEREDE_UTFORT:
            raise
        return _closed_page(task_id, refusal)


@blueprint.post(f"/{TASK}")
@takes_files
def handle(task_id: int):
    form = worksheet.form_of(_product(), current_user.id, task_id)
    typed, action = typed_in(form), action_from(request.form, form)
    wants_file = "legg_ved" in request.form or has_file()
    if wants_file:
        drafts.save_draft(_product(), current_user.id, task_id, typed)
        try:
            _add_file(task_id)
        except Refusal as refusal:
            return _file_refused(task_id, typed, refusal)
    if isinstance(action, Send):
        return _send(task_id, typed)
    if not wants_file:
        drafts.save_draft(_product(), current_user.id, task_id, typed)
    if "legg_ved" in request.form:
        flash(_("Filen er lagt ved."))
        return redirect(url_for("tasks.show", task_id=task_id, _anchor="vedlegg"), 303)
    if isinstance(action, Save):
        flash(_("Kladden er lagret. Bare du ser den."))
        return redirect(url_for("tasks.mine"), 303)
    try:
        return sheet_page(task_id, typed, action=action)
    except Refusal as refusal:
        if refusal.code is not Reason.ALLEREDE_UTFORT:
            raise
        return _first_page(task_id, refusal)


@blueprint.post(f"/{TASK}/kladd")
def keep_draft(task_id: int):
    at = drafts.save_draft(_product(), current_user.id, task_id, typed_of(task_id))
    return jsonify(saved_at=clock(at))


@blueprint.post(f"/{TASK}/ta")
def claim(task_id: int):
    return _after_claim(task_id, submit.claim_task, _("Du har tatt oppgaven."))


@blueprint.post(f"/{TASK}/slipp")
def release(task_id: int):
    return _after_claim(task_id, submit.release_task, _("Nå kan andre ta oppgaven."))


@blueprint.post(f"/{TASK}/slett-kladd")
def drop_draft(task_id: int):
    readback.drop_draft(_product(), current_user.id, task_id)
    flash(_("Kladden er slettet."))
    return redirect(url_for("tasks.mine"), 303)


@blueprint.post(f"/{TASK}/merknad")
def note_draft(task_id: int):
    """Put what was typed and not sent on the case as a note."""
    task = readback.closed(_product(), current_user.id, task_id)
    if task.case_number is None or not task.lines:
        abort(404)
    text = "\n".join([f"«{task.task_name}»", *_plain(task.lines)])
    notes.add_note(_product(), task.case_number, current_user.id, text, receipt_in())
    readback.drop_draft(_product(), current_user.id, task_id)
    flash(_("Teksten ligger i saken som merknad."))
    return redirect(url_for("tasks.mine"), 303)


# --- files ----------------------------------------------------------------------------------------


def _add_file(task_id: int) -> None:
    """Add the file that came with the form, whichever button was pressed: nothing is left out."""
    number = files.number_of(_product(), current_user.id, task_id)
    files.add_file(_product(), file_of(number, current_user.id, receipt_in(), task_id))


def _file_refused(task_id: int, typed: dict, refusal: Refusal):
    """The page again with what is typed, and why the file was not added. Nothing was sent."""
    if refusal.code is Reason.ALLEREDE_UTFORT:
        return _first_page(task_id, refusal)
    if refusal.code not in (Reason.MANGLER_FELT, Reason.UGYLDIG_SVAR):
        raise refusal
    return sheet_page(task_id, typed, file_fault=refusal.message), refusals.STATUS[refusal.code]


# --- sending --------------------------------------------------------------------------------------


def _send(task_id: int, typed: dict):
    now = _now()
    command = SubmitTask(
        task_id=task_id,
        account_id=current_user.id,
        answers=typed,
        receipt=receipt_in(),
        seen_revision=seen_revision(),
        performed_by=onbehalf.who(typed),
        performed_at=onbehalf.when(typed, now),
    )
    try:
        submitted = submit.submit_task(_product(), command)
    except Refusal as refusal:
        return _refused(task_id, typed, refusal)
    flash(_said_of(inbox.opened_by(_product(), current_user.id, submitted)))
    return redirect(url_for("tasks.mine"), 303)


def _refused(task_id: int, typed: dict, refusal: Refusal):
    if refusal.code is Reason.ALLEREDE_UTFORT:
        return _first_page(task_id, refusal)
    if [fault.code for fault in refusal.faults] == [Reason.IKKE_TRYGT]:
        return _unsafe_page(task_id, typed, refusal.faults[0])
    if refusal.faults or refusal.code is Reason.ENDRET:
        return sheet_page(task_id, typed, refusal=refusal), refusals.STATUS[refusal.code]
    back = [(_("Tilbake til oppgavene"), url_for("tasks.mine"))]
    return refusals.page(refusal, kept=True, ways=back)


def _said_of(opened: list[Next]) -> str:
    """What happens now, without names: the message is kept in the browser."""
    if not opened:
        return _("Sendt. Takk.")
    steps = Markup(", ").join(
        Markup("«{}» ({})").format(nb(step.name), said(step.role))
        if step.role
        else Markup("«{}»").format(nb(step.name))
        for step in opened
    )
    if len(opened) == 1:
        return _("Sendt. Neste steg er %(step)s.", step=steps)
    return _("Sendt. De neste stegene er %(steps)s.", steps=steps)


# --- pages ----------------------------------------------------------------------------------------


def sheet_page(
    task_id: int,
    typed: dict | None = None,
    action=None,
    refusal: Refusal | None = None,
    moving: Refusal | None = None,
    file_fault: str | None = None,
):
    """The task with its form. typed: what stands in it, in place of the draft; action: a button
    that changed its rows; refusal: why it was not sent; moving: why it was not given over;
    file_fault: why a file was not added."""
    task = worksheet.worksheet(_product(), current_user.id, task_id, typed)
    typed, focus = task.typed, None
    if action is not None:
        row = (
            task.form.new_row(action.key, task.context, evaluate)
            if isinstance(action, Add)
            else None
        )
        changed = apply(action, typed, row)
        focus = focus_after(action, changed)
        if changed != typed:
            drafts.save_draft(_product(), current_user.id, task_id, changed)
        typed = changed
    faults = refusal.faults if refusal else ()
    sheet = Sheet(task.form, typed, task.context, evaluate, task.options, faults, focus)
    return render_template(
        "tasks/oppgave.html",
        task=task,
        sheet=sheet,
        known=_grouped(task.known),
        receipt=receipt_in() if refusal or moving else str(uuid4()),
        refusal=refusal,
        typed=typed,
        behalf=_faults(faults, onbehalf.WHO, onbehalf.WHEN),
        moving=_faults(moving.faults if moving else (), "gi_til", "gi_melding", "gi_grunn"),
        file_fault=file_fault,
        words=_words_of(task.form.id),
        now=_now(),
    )


def _unsafe_page(task_id: int, typed: dict, fault: Fault):
    """The pupil says it is not safe, so the case stays open; the other choices are ways on."""
    task = worksheet.worksheet(_product(), current_user.id, task_id, typed)
    field = task.form.field(fault.path)
    others = [option for option in field.options if str(option.value) != str(typed.get(fault.path))]
    quotes = [each for each in task.known if each.own_words]
    page = render_template(
        "tasks/ikke_trygt.html",
        task=task,
        fault=fault,
        name=fault.path,
        ways=others[::-1],
        kept=list(flat({key: it for key, it in typed.items() if key != fault.path})),
        quote=max(quotes, key=lambda each: each.at, default=None),
        pupil=None if task.shielded or not task.pupil else task.pupil.split(",")[0].split()[0],
        now=_now(),
    )
    return page, 422


def _closed_page(task_id: int, refusal: Refusal):
    """What was answered, for those who may read it; else who was first."""
    closed = readback.closed(_product(), current_user.id, task_id)
    if not closed.may_read:
        return _first_page(task_id, refusal)
    given = readback.answers_of(_product(), current_user.id, task_id)
    return render_template(
        "tasks/svar.html", task_id=task_id, given=given, closed=closed, receipt=uuid4(), now=_now()
    )


def _first_page(task_id: int, refusal: Refusal):
    closed = readback.closed(_product(), current_user.id, task_id)
    page = render_template(
        "tasks/forst.html",
        task_id=task_id,
        refusal=refusal,
        closed=closed,
        receipt=uuid4(),
        now=_now(),
    )
    return page, 409


def _words_of(form_id: str) -> dict[str, str]:
    """What a form's page says: button, what happens next, what is kept apart, summary."""
    own = {
        "lag_aktivitetsplan": {
            "send": _("Send til rektor for godkjenning"),
            "next": _("Når du sender: Rektor får planen til godkjenning."),
            "apart": _("Samtaler med andre elever vises ikke her, bare det dere kom fram til."),
            "one": _("Planen er ikke sendt. Rett én ting:"),
            "many": _("Planen er ikke sendt. Rett %(n)s ting:"),
        },
    }
    return {
        "send": _("Send svaret"),
        "next": "",
        "apart": "",
        "one": _("Svaret er ikke sendt. Rett én ting:"),
        "many": _("Svaret er ikke sendt. Rett %(n)s ting:"),
    } | own.get(form_id, {})


def _grouped(known) -> list[tuple[str, object, list]]:
    """Earlier answers by the step they were given at, in their order: step, when, answers."""
    return [
        (source, at, list(answers))
        for (source, at), answers in groupby(known, key=lambda each: (each.source, each.at))
    ]


# --- what comes in --------------------------------------------------------------------------------


def _after_claim(task_id: int, command, done: str):
    """Take or let go of a task, with what stood in the form kept as a draft."""
    if "revision" in request.form:
        drafts.save_draft(_product(), current_user.id, task_id, typed_of(task_id))
    try:
        command(_product(), task_id, current_user.id)
    except Refusal as refusal:
        if refusal.code is not Reason.ALLEREDE_UTFORT:
            raise
        done = _("En annen var først.")
    flash(done)
    return redirect(url_for("tasks.show", task_id=task_id), 303)


def typed_of(task_id: int) -> dict:
    return typed_in(worksheet.form_of(_product(), current_user.id, task_id))


def typed_in(form: Form) -> dict:
    """The form's typed values, and for whom they are registered."""
    behalf = {name: request.form[name] for name in onbehalf.FIELDS if request.form.get(name)}
    return typed_from(request.form, form) | behalf


def _faults(faults: Iterable[Fault], *fields: str) -> dict[str, str]:
    return {fault.path: fault.message for fault in faults if fault.path in fields}


def receipt_in() -> str:
    receipt = request.form.get("receipt", "")
    if not RECEIPT.fullmatch(receipt):
        abort(400)
    return receipt


def seen_revision() -> int | None:
    seen = request.form.get("revision", "")
    return int(seen) if REVISION.fullmatch(seen) else None


def flat(typed: Mapping, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Typed values as the names and values of hidden fields."""
    for key, value in typed.items():
        for index, each in enumerate(value if isinstance(value, list) else [value]):
            if isinstance(each, Mapping):
                row = name_of(f"{prefix}{key}[{index}]")
                yield row, ""
                yield from flat(each, f"{row}-")
            else:
                yield f"{prefix}{key}", "" if each is None else str(each)


def _plain(lines: tuple[Line, ...] | list[Line]) -> Iterator[str]:
    for label, answer in lines:
        if isinstance(answer, str):
            yield f"{label} {answer}"
        else:
            for title, inner in answer:
                yield f"{title}:"
                yield from _plain(inner)


def _now():
    return _product().clock().astimezone(UTC)


def _product():
    return current_app.extensions["trygg"]
