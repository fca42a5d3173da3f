"""What an automatic step can do: a closed list. A diagram names an operation, it never holds code.

The names stand in `engine.definitions.operations`, where the checks on diagrams read them.
"""

from __future__ import annotations

from sqlalchemy import func, select

from engine.cases import (
    agreement,
    deadlines,
    export,
    figures,
    joining,
    linked,
    notices,
    referral,
    roster,
)
from engine.cases.incidents import Stopped
from engine.database.tables import Answer
from engine.people import register
from engine.people.register import Kind as Person
from engine.people.roles import Role
from engine.people.standing import Shield
from engine.records.log import Kind
from engine.rules import workdays
from engine.sentences import say


def carry_out(desk, task, step, name: str) -> None:
    """Do one operation for an automatic step."""
    OPERATIONS[name](desk, task, step)


def tell(desk, task, step) -> None:
    """`varsle`: tell the roles or people the step names. Telling rektor delivers the report; where
    leadership is suspected (§ 12-5), telling skoleeier does. Raises Stopped when nobody is named.
    """
    told = notices.those_told(desk, task, step)
    if not told:
        raise Stopped(say("Ingen skal varsles her. Se hva steget bruker."), step.id, step.name)
    receiver = Role.SKOLEEIER if desk.case.shielded == Shield.LEDELSE else Role.REKTOR
    if desk.case.received_at is None and receiver in told:
        desk.case.received_at = desk.now
        deadlines.set_at_receipt(desk)
        linked.tell_pupils_case(desk, mottatt=desk.now.isoformat())
    notices.tell_all(desk, told, step)
    desk.log(Kind.VARSLET, {"hvem": " ".join(told)}, step=step.id, step_name=step.name)


def inform(desk, task, step) -> None:
    """`informer`: a notice to guardians or pupil, on a secure channel."""
    notices.tell_from_step(desk, task, step, notices.GUARDIANS_INFORMED)
    desk.log(Kind.INFORMERT, step=step.id, step_name=step.name)


def share_plan(desk, task, step) -> None:
    """`del_plan`: the plan to pupil and guardians, to each who carries out a measure, and to AKS
    where a measure is theirs (the plan, 8.8)."""
    plan = desk.engine.context(task)["lag_aktivitetsplan"]
    told = {f"elev:{desk.case.pupil_id}"}
    told |= {register.ref(Person.FORESATT, number) for number in roster.guardians_to_tell(desk)}
    responsible = {measure["ansvarlig"] for measure in plan["tiltak"]}
    roster.give_roles(desk, {register.parse(ref)[1] for ref in responsible}, "ansvarlig")
    told |= responsible
    for ref in sorted(told):
        notices.tell_person(desk, ref, notices.PLAN_SHARED, step.id)
    if any(measure.get("nivaa") == "AKS" for measure in plan["tiltak"]):
        notices.tell_role(desk, "aks", notices.PLAN_SHARED, step.id)
    desk.log(Kind.PLAN_DELT, {"til": sorted(told)}, step=step.id, step_name=step.name)


def archive(desk, task, step) -> None:
    """`arkiver`: mark in the log what is to be archived: the answers as they stand now."""
    desk.log(Kind.ARKIVERT, {"til_og_med_svar": _newest(desk)}, step=step.id, step_name=step.name)


def _newest(desk) -> int | None:
    """The id of the case's newest answer."""
    if desk.answered is None:
        return desk.session.scalar(
            select(func.max(Answer.id)).where(Answer.case_id == desk.case.id)
        )
    if desk.answered.id is None:
        desk.session.flush()
    return desk.answered.id


def join_cases(desk, task, step) -> None:
    """`slaa_sammen`: this report goes into the pupil's open case, and saksansvarlig is told."""
    other = roster.other_open_case(desk)
    if other is None:
        raise Stopped(say("Eleven har ingen annen åpen sak å slå sammen med."), step.id, step.name)
    context = desk.engine.context(task)
    report = {
        **(context.get("registrer_melding") or {}),
        "gripe_inn": context.get("gripe_inn"),
        "sak": desk.case.number,
    }
    joining.take_in(desk.beside(other), report, roster.named(desk), desk.case.number, step)
    desk.case.merged_into_id = other.id
    desk.log(Kind.SLATT_SAMMEN, {"sak": other.number}, step=step.id, step_name=step.name)


def bring_forward(desk, task, step) -> None:
    """`fremskynd`: the open step that `trygg:gjelder` names is due today."""
    today = workdays.at(workdays.local_day(desk.now), workdays.DAY_ENDS)
    for row in desk.agenda.open.values():
        if row.step == step.concerns:
            deadlines.move(desk, row, today)


def send(desk, task, step) -> None:
    """`send_melding`: the message in `trygg:melding`, with the answers in `trygg:sender`."""
    linked.send(desk, task, step)


def call_in(desk, task, step) -> None:
    """`innkall`: those in `trygg:varsler` are called in to a talk; `foresatte` are the guardians of
    the pupil. This alone reaches a person named in the case, and only while it is not shielded."""
    told = notices.those_told(desk, task, step)
    notices.call_in(desk, told, step)
    desk.log(Kind.VARSLET, {"hvem": " ".join(told)}, step=step.id, step_name=step.name)


def report_pupils(desk, task, step) -> None:
    """`meld_utrygg`: each pupil in `trygg:elever` is reported as one who may not be safe."""
    pupils = desk.engine.value(task, step.pupils)
    if not isinstance(pupils, list) or not pupils:
        said = say("Steget skal melde fra om en elev, men sier ikke hvem.")
        raise Stopped(said, step.id, step.name)
    for pupil in dict.fromkeys(pupils):
        referral.report(desk, pupil, step)


def report_adult(desk, task, step) -> None:
    """`meld_12_5`: § 12-5 goes first. The step's answer says whether it is investigated already."""
    chosen = desk.engine.context(task)["velg_tilrettelegger"]
    investigated = referral.report_adult(desk, chosen, step)
    desk.keep_outcome(task, {"undersokt": "ja" if investigated else "nei"})


def share_agreement(desk, task, step) -> None:
    """`del_avtale`: a copy of the agreement for each party, without the others' names."""
    agreement.share(desk, desk.engine.context(task), step)


def freeze(desk, task, step) -> None:
    """`frys_og_eksporter`: the pupil's case as it stands now, as a file on this one (§ 12-6)."""
    export.freeze(desk, step)


def open_pupils_case(desk, task, step) -> None:
    """`opprett_elevsak`: the pupil's case, where this one was started without it."""
    if desk.case.part_of_id is None:
        linked.open_pupils_case(desk, desk.engine.context(task)["meld_straks"])


def open_reports(desk, task, step) -> None:
    """`opprett_melding`: an empty report for each person that `trygg:varsler` names.

    It is a case of its own: nothing goes with it, and neither case knows of the other. What this
    one is about (a survey, a routine) must never be tied to a pupil. Raises Stopped when nobody is
    named.
    """
    told = [register.parse(each) for each in notices.those_told(desk, task, step)]
    people = [number for kind, number in told if kind is Person.ANSATT]
    if not people:
        raise Stopped(say("Ingen er valgt til å melde fra."), step.id, step.name)
    for account_id in people:
        referral.open_report(desk, account_id)


def collect_figures(desk, task, step) -> None:
    """`samle_tall`: figures over the school's cases this school year become the answer of the step,
    without any that could point to a child."""
    desk.keep_outcome(task, figures.collect(desk))


OPERATIONS = {
    "varsle": tell,
    "informer": inform,
    "del_plan": share_plan,
    "arkiver": archive,
    "slaa_sammen": join_cases,
    "fremskynd": bring_forward,
    "send_melding": send,
    "opprett_elevsak": open_pupils_case,
    "innkall": call_in,
    "meld_utrygg": report_pupils,
    "meld_12_5": report_adult,
    "del_avtale": share_agreement,
    "frys_og_eksporter": freeze,
    "opprett_melding": open_reports,
    "samle_tall": collect_figures,
}
