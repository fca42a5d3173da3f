"""What another process finds is reported: a pupil who may not be safe (§ 12-4), or an adult who may
have offended one (§ 12-5). A restorative process never takes the place of either.

The report goes into the pupil's open case, or starts one, past the first steps: whoever receives
reports has the task when the step that found it is done.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from engine.cases import linked, roster
from engine.cases.linked import ACT, REPORT, SHIELDED_PROCESS, SUSPECT
from engine.cases.state import Status
from engine.database.tables import Case, CaseRole, NamedPerson, Task
from engine.people import register
from engine.people.roles import Role
from engine.people.standing import Shield
from engine.records.log import Kind

INVESTIGATED = "undersok_ansattsak"  # the step of § 12-5 that must be done first
SUSPECTED = "mistenkt"


def report(desk, pupil: str, step) -> None:
    """Report that this pupil (a reference) may not be safe, as this step of the case shows. What a
    shielded case finds is reported after § 12-5, and never outside those who may know of it."""
    said = _said(desk, pupil)
    open_case = _open_case(desk, pupil)
    if open_case is not None:
        facts = {"melding": said, "sak": desk.case.number, "nevnt": sorted(roster.named(desk))}
        linked.post(desk, open_case, linked.REPORTED, facts)
        told = open_case.number
    else:
        other = _new_case(desk)
        if desk.case.shielded is not None:
            _report_adult(_through(other, said, adult=True), said, _suspect(desk))
        else:
            _through(other, said, adult=False)
        told = other.case.number
    desk.log(Kind.VARSLET, {"sak": told}, step=step.id, step_name=step.name)


def open_report(desk, account_id: int) -> None:
    """An empty report for this person to fill in, where the case does not know of whom it will be:
    a case that belongs together with no other."""
    desk.start_beside(linked.PUPILS_PROCESS, None, reporter_id=account_id).begin()


def report_adult(desk, chosen: dict[str, Any], step) -> bool:
    """Report the adult that was chosen (`laerer`) after § 12-5, and make this case part of the
    pupil's: it then waits for what is found. Where that adult is reported already, the case joins
    that one. Whether it is investigated already."""
    suspect = chosen["laerer"]
    known = _known(desk, suspect)
    if known is not None:
        _join(desk, known)
        return _is_investigated(desk, known)
    said = {
        **_said(desk, register.ref(register.Kind.ELEV, desk.case.pupil_id)),
        "observasjon": chosen["hva_sett_hort"],
        "elev_sier_utrygt": "nei",
    }
    if desk.case.part_of_id is None:
        other = _new_case(desk)
        desk.case.part_of_id = other.case.id
        adult = _through(other, said, adult=True)
    else:
        adult = linked.start(desk, SHIELDED_PROCESS, said)
    desk.session.flush()  # from here on they belong together, and are shielded together
    _report_adult(adult, said, suspect)
    desk.facts.system["gjelder_ledelsen"] = desk.case.shielded == Shield.LEDELSE
    desk.log(Kind.VARSLET, {"sak": adult.case.number}, step=step.id, step_name=step.name)
    return False


def _said(desk, pupil: str) -> dict[str, Any]:
    """The report in the words of `registrer_melding`. Nothing that others said is in it."""
    return {
        "kilde": "ansatt",
        "kanal": "skjema",
        "elev_utsatt": pupil,
        "arena": "annet",
        "ansatt_mistenkt": "nei",
        "ledelse_mistenkt": "nei",
        "akutt_fare": "nei",
        "elev_sier_utrygt": "ja",
        "observasjon": f"Meldt fra sak {desk.case.number}, {desk.definition.name.lower()}: "
        "eleven kan ha det utrygt. Spør den som leder prosessen.",
    }


def _new_case(desk):
    """A new case for a pupil, not yet begun. The reporter is the one whose step found it."""
    other = desk.start_beside(linked.PUPILS_PROCESS, desk.actor_id, reporter_id=desk.actor_id)
    linked.share_named(desk.case, other)
    return other


def _through(other, said: dict[str, Any], adult: bool):
    """Take the new case through its first steps. Gives the desk of the case of § 12-5 that it
    starts, for one about an adult; else its own."""
    said = {**said, "ansatt_mistenkt": "ja"} if adult else said
    steps = {
        REPORT: said,
        ACT: {"grep_inn": "ja", "hva_gjort": "Meldt videre. Se saken det er meldt fra."},
        SUSPECT: {"mistanke_utrygg": "ja"},
    }
    other.begin()
    for name in (REPORT, ACT) if adult else steps:
        row = next(row for row in other.agenda.open.values() if row.step == name)
        other.complete(row, steps[name], partial=True)
    return other.started[0] if adult else other


def _report_adult(adult, said: dict[str, Any], suspect: str | None) -> None:
    """The first step of § 12-5, in the words of `meld_straks`."""
    leads = suspect is not None and roster.leads_school(adult, register.parse(suspect)[1])
    row = next(iter(adult.agenda.open.values()))
    adult.complete(
        row,
        {
            "hvem_mistenkt": suspect,
            "vet_ikke_hvem": "ja" if suspect is None else "nei",
            "stilling": "ledelse" if leads else "ansatt",
            "hva_sett_hort": said["observasjon"],
            "elev": said["elev_utsatt"],
            "akutt_skjerming_behov": "ja",
        },
        partial=True,
    )


def _open_case(desk, pupil: str) -> Case | None:
    """The case that a report on this pupil belongs in: the one that this case is part of, else the
    pupil's oldest that is worked on and not shielded."""
    _, pupil_id = register.parse(pupil)
    root = desk.case.part_of_id and desk.session.get_one(Case, desk.case.part_of_id)
    if root and root.pupil_id == pupil_id and root.status == Status.OPEN:
        return root
    if desk.case.shielded is not None:
        return None
    return desk.session.scalar(
        select(Case)
        .where(
            Case.pupil_id == pupil_id,
            Case.school_id == desk.case.school_id,
            Case.process_id == linked.PUPILS_PROCESS,
            Case.status == Status.OPEN,
            Case.shielded.is_(None),
        )
        .order_by(Case.id)
    )


def _suspect(desk) -> str | None:
    """The adult who is suspected in this case, when it is known who."""
    account_id = desk.session.scalar(
        select(NamedPerson.account_id).where(
            NamedPerson.case_id == desk.case.id, NamedPerson.part == SUSPECTED
        )
    )
    return account_id and register.ref(register.Kind.ANSATT, account_id)


def _known(desk, suspect: str) -> Case | None:
    """The open case of § 12-5 about this pupil in which this adult is suspected."""
    return desk.session.scalar(
        select(Case)
        .join(NamedPerson, NamedPerson.case_id == Case.id)
        .where(
            Case.pupil_id == desk.case.pupil_id,
            Case.process_id == SHIELDED_PROCESS,
            Case.ended_at.is_(None),
            Case.part_of_id.is_not(None),
            NamedPerson.account_id == register.parse(suspect)[1],
            NamedPerson.part == SUSPECTED,
        )
        .order_by(Case.id)
    )


def _join(desk, adult: Case) -> None:
    """Make this case part of the pupil's, with its shield, those who handle it and those named."""
    desk.case.part_of_id = adult.part_of_id
    desk.session.flush()
    roster.shield(desk, Shield(adult.shielded))
    named = select(NamedPerson).where(NamedPerson.case_id == adult.id)
    for each in desk.session.scalars(named).all():
        roster.name_person(desk, each.account_id, each.part)
    handling = select(CaseRole).where(
        CaseRole.case_id == adult.id,
        CaseRole.role == Role.UNDERSOKER,
        CaseRole.to_time.is_(None),
    )
    for each in desk.session.scalars(handling).all():
        roster.give_role(desk, each.account_id, each.role)


def _is_investigated(desk, adult: Case) -> bool:
    done = select(Task.id).where(
        Task.case_id == adult.id, Task.step == INVESTIGATED, Task.state == "done"
    )
    return desk.session.scalar(done.limit(1)) is not None
