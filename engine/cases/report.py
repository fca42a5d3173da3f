"""«Meld fra»: one page, three steps, one transaction (§ 12-4: melde fra).

About an adult at the school, the third step is the first of the case that § 12-5 starts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.cases import drafts, onbehalf
from engine.cases.linked import ACT, REPORT, SHIELDED_PROCESS, SUSPECT
from engine.cases.linked import PUPILS_PROCESS as PROCESS
from engine.cases.scripting import evaluate
from engine.cases.start import StartCase, Started, start_case
from engine.cases.tasks import Performed
from engine.database.tables import School
from engine.people import access, register, roles
from engine.people.register import Option
from engine.people.roles import SCHOOL_ROLES, Role
from engine.people.standing import Standing
from engine.refusals import Fault, Reason, Refusal
from engine.rules import workdays
from engine.sentences import say

CHANNELS = ("muntlig", "papir")  # how a colleague told it, where another reports it
AT_ONCE = "meld_straks"
# A form's field -> the page's, where they differ.
ON_PAGE = {
    "hvorfor_ikke": "hva_gjort",
    "hva_sett_hort": "observasjon",
    "elev": "elev_utsatt",
}
NO_PUPIL = say("Velg hvilken elev du er urolig for.")


@dataclass(frozen=True)
class Report:
    """typed: the page's fields, flat, by the names of the steps' forms."""

    school_id: int
    account_id: int
    typed: dict[str, Any]
    receipt: str


@dataclass(frozen=True)
class ReportPage:
    """What the page offers: the schools one may report at, the one chosen, its pupils by class and
    its staff but the reporter, and the draft with when it was saved (UTC)."""

    schools: tuple[School, ...]
    school: School
    classes: dict[str, list[Option]]
    staff: list[Option]
    draft: dict[str, Any]
    saved_at: datetime | None


def open_page(product, account_id: int, school_id: int | None = None) -> ReportPage:
    """What the page needs; the first school when none or another's is asked for. Raises Refusal."""
    now = product.clock()
    with product.database.session() as session:
        schools = tuple(session.scalars(access.schools(Standing(account_id, now), SCHOOL_ROLES)))
        if not schools:
            raise Refusal(Reason.IKKE_TILGANG, access.NO_ACCESS)
        draft, saved_at = drafts.read_draft(product, session, account_id, None) or ({}, None)
        wanted = str(school_id or draft.get("skole") or "")
        school = next((each for each in schools if str(each.id) == wanted), schools[0])
        classes: dict[str, list[Option]] = {}
        for pupil in register.pupils_at(session, school.id, workdays.local_day(now)):
            option = Option(
                register.ref(register.Kind.ELEV, pupil.id), register.label_of_pupil(pupil)
            )
            classes.setdefault(pupil.class_name, []).append(option)
        myself = register.ref(register.Kind.ANSATT, account_id)
        staff = register.pickers(session, school.id, None, now)["ansatte"]
        others = [option for option in staff if option.value != myself]
        return ReportPage(schools, school, classes, others, draft, saved_at)


def report(product, command: Report) -> Started:
    """Send the report: rektor's task exists when this returns. Raises Refusal with every fault of
    the page, under the page's own fields; then what was typed is kept as a draft."""
    try:
        typed = _about_leadership(product, command)
        if not typed.get("elev_utsatt"):
            raise Refusal.of_answers([Fault("elev_utsatt", Reason.MANGLER_FELT, NO_PUPIL)])
        started = start_case(
            product,
            StartCase(
                process_id=PROCESS,
                school_id=command.school_id,
                account_id=command.account_id,
                answers=steps_of(typed),
                receipt=command.receipt,
                partial=typed.get("akutt_fare") == "ja",
                on_behalf=_on_behalf(product, command),
            ),
        )
    except Refusal as refusal:
        drafts.keep_refused(product, command.account_id, None, command.typed)
        if refusal.faults:
            raise Refusal.of_answers(_every_fault(product, command)) from refusal
        raise
    with product.database.transaction() as session:
        drafts.drop(session, command.account_id, None)
    return started


def drop_draft(product, account_id: int) -> None:
    """Throw away the draft of a report."""
    with product.database.transaction() as session:
        drafts.drop(session, account_id, None)


def steps_of(typed: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The page's fields as the answers of its steps, with what an empty field means."""
    acute = typed.get("akutt_fare") == "ja"
    shielded = "ja" in (typed.get("ansatt_mistenkt"), typed.get("ledelse_mistenkt"))
    report_answers = {
        "kilde": "ansatt",
        **typed,
        "kanal": (typed.get("kanal") if typed.get("melder") else None) or "skjema",
        "arena": typed.get("arena") or "annet",
    }
    for box in ("ansatt_mistenkt", "ledelse_mistenkt", "akutt_fare"):
        report_answers[box] = "ja" if typed.get(box) == "ja" else "nei"
    steps = {REPORT: report_answers, ACT: _action(typed, acute)}
    if shielded:
        steps[AT_ONCE] = _at_once(typed, report_answers)
    else:
        suspicion = "ja" if acute else typed.get("mistanke_utrygg")
        steps[SUSPECT] = {"mistanke_utrygg": suspicion, "begrunnelse": typed.get("begrunnelse")}
    return steps


def _at_once(typed: dict[str, Any], report_answers: dict[str, Any]) -> dict[str, Any]:
    """The report's answers as those of § 12-5's first step; the one box says what the person is."""
    leads = report_answers["ledelse_mistenkt"] == "ja"
    return {
        "hvem_mistenkt": typed.get("hvem_mistenkt"),
        "vet_ikke_hvem": "ja" if typed.get("vet_ikke_hvem") == "ja" else "nei",
        "stilling": "ledelse" if leads else "ansatt",
        "hva_sett_hort": typed.get("observasjon"),
        "elev": typed.get("elev_utsatt"),
        "akutt_skjerming_behov": typed.get("akutt_skjerming_behov"),
    }


def _action(typed: dict[str, Any], acute: bool) -> dict[str, Any]:
    """The page asks one question for both «what did you do» and «what hindered you». In acute
    danger an empty box says nothing; else it is «nei»."""
    action = {"grep_inn": typed.get("grep_inn"), "hva_gjort": typed.get("hva_gjort")}
    if typed.get("elev_ivaretatt") == "ja":
        action["elev_ivaretatt"] = "ja"
    elif not acute:
        action["elev_ivaretatt"] = "nei"
    if typed.get("grep_inn") == "nei":
        action["hvorfor_ikke"] = typed.get("hva_gjort")
    return action


def _on_behalf(product, command: Report) -> Performed | None:
    """The colleague who reports, and when; None when the account reports. Raises Refusal."""
    if not command.typed.get("melder"):
        return None
    faults = _behalf_faults(product, command)
    if faults:
        raise Refusal.of_answers(faults)
    return Performed(
        onbehalf.who(command.typed, "melder"), onbehalf.when(command.typed, product.clock())
    )


def _behalf_faults(product, command: Report) -> list[Fault]:
    """What is wrong with for whom it is reported: a colleague, some time before now, on paper or
    by word of mouth."""
    typed, now = command.typed, product.clock()
    if not typed.get("melder"):
        return []
    melder = onbehalf.who(typed, "melder")
    with product.database.session() as session:
        held = roles.held_by(session, melder, workdays.local_day(now)) if melder else []
    faults = []
    here = any(each.school_id == command.school_id for each in held)
    if not here or melder == command.account_id:
        said = say("Velg en kollega som er ansatt på skolen i dag.")
        faults.append(Fault("melder", Reason.IKKE_VALGBAR, said))
    when = onbehalf.when(typed, now)
    if when is None or when > now:
        said = say("Skriv dag og klokkeslett da kollegaen fortalte det, som 8.9 kl. 10.")
        faults.append(Fault(onbehalf.WHEN, Reason.MANGLER_FELT, said))
    if typed.get("kanal") not in CHANNELS:
        faults.append(Fault("kanal", Reason.MANGLER_FELT, say("Velg hvordan meldingen kom.")))
    return faults


def _about_leadership(product, command: Report) -> dict[str, Any]:
    """What was typed; a named person of the leadership counts as the second § 12-5 box, so that
    rektor never receives a report about rektor."""
    typed = command.typed
    if "ja" not in (typed.get("ansatt_mistenkt"), typed.get("ledelse_mistenkt")):
        return typed
    unknown = typed.get("vet_ikke_hvem") == "ja"
    _, suspect = register.parse(None if unknown else typed.get("hvem_mistenkt"))
    day = workdays.local_day(product.clock())
    with product.database.session() as session:
        held = roles.held_by(session, suspect, day) if suspect else []
    leads = any(
        each.school_id == command.school_id and each.role in (Role.REKTOR, Role.LEDELSE)
        for each in held
    )
    return {**typed, "ledelse_mistenkt": "ja"} if leads else typed


def _every_fault(product, command: Report) -> list[Fault]:
    """All that is wrong on the page, over its three forms, each under the field of the page."""
    faults = []
    typed = _about_leadership(product, command)
    acute = typed.get("akutt_fare") == "ja"
    with product.database.session() as session:
        now = product.clock()
        options = register.pickers(session, command.school_id, None, now)
        context: dict[str, Any] = {"i_dag": workdays.local_day(now).isoformat()}
        for step, answers in steps_of(typed).items():
            process_id = SHIELDED_PROCESS if step == AT_ONCE else PROCESS
            definition = product.published(session, process_id)
            form = definition.form(process_id, definition.step(process_id, step).form_key)
            context[step] = answers
            try:
                form.judge(answers, context, evaluate, options, partial=acute)
            except Refusal as refusal:
                faults += refusal.faults
    faults += _behalf_faults(product, command)
    found = {}
    if not typed.get("elev_utsatt"):
        found["elev_utsatt"] = Fault("elev_utsatt", Reason.MANGLER_FELT, NO_PUPIL)
    for fault in faults:
        path = ON_PAGE.get(fault.path, fault.path)
        found.setdefault(path, Fault(path, fault.code, fault.message))
    return list(found.values())
