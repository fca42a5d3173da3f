"""Cases that belong together: a pupil's case, and those that are part of it (§ 12-5, restorative
processes, Statsforvalteren).

They share pupil, reporter, shield and those who are named. Each has its own key, its own log and
its own lock: one never waits for another's. What one tells another is a message, see
`engine.cases.exchange`.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from SpiffWorkflow.bpmn.specs.event_definitions.message import MessageEventDefinition
from SpiffWorkflow.bpmn.util import BpmnEvent
from SpiffWorkflow.util.task import TaskState
from sqlalchemy import func, or_, select

from engine.cases.incidents import NOT_RECEIVED, raise_incident
from engine.database.tables import Answer, Case, CaseRole, Message, NamedPerson
from engine.definitions.forms import Line
from engine.people import register
from engine.people.access import PUPILS_PROCESS
from engine.people.roles import Role
from engine.records.log import Kind
from engine.sentences import say

SHIELDED_PROCESS = "skjerpet_aktivitetsplikt"
REPORT, ACT, SUSPECT = "registrer_melding", "gripe_inn", "mistanke_vurdering"  # its first steps
NEW_PLAN = "ny_plan_kreves"  # the message, and the event that takes it
HANDLING = (Role.SAKSANSVARLIG, Role.UNDERSOKER)  # the roles that a new case beside it keeps
ABOUT_CASE = "trygg:sak"  # a message that no diagram sends: who and when, for the case itself
REPORTED = "trygg:melding"  # another such: a report on the pupil, to be taken into the case
MAIL = "mail"  # in a session: the ids of the cases that a message was posted to
IN_WORDS = "ord"  # beside a message's facts: label and text of each, as the sender's forms say them


def family(session, case: Case) -> list[Case]:
    """The pupil's case and all that are part of it, the oldest first; the case itself too."""
    root = case.part_of_id or case.id
    return list(
        session.scalars(
            select(Case).where(or_(Case.id == root, Case.part_of_id == root)).order_by(Case.id)
        )
    )


def together(session, case: Case) -> list[Case]:
    """The family, and every report that was joined to the same case: they are one matter, so who
    is named in one is named in all, and they are shielded together."""
    root = case.merged_into_id or case.part_of_id or case.id
    return list(
        session.scalars(
            select(Case)
            .where(
                or_(
                    Case.id.in_({root, case.id}),
                    Case.part_of_id == root,
                    Case.merged_into_id == root,
                )
            )
            .order_by(Case.id)
        )
    )


def others(desk) -> list[Case]:
    """The cases that this one belongs together with."""
    return [case for case in family(desk.session, desk.case) if case.id != desk.case.id]


# --- starting ------------------------------------------------------------------------------------


def start(desk, process_id: str, facts: dict[str, Any]):
    """Start a case that is part of the pupil's case, with what the message carries."""
    other = desk.start_beside(process_id, desk.actor_id)
    other.case.part_of_id = desk.case.part_of_id or desk.case.id
    share(desk.case, other)
    other.begin(facts)
    return other


def open_pupils_case(desk, told: dict[str, Any]) -> None:
    """The pupil's case for one that was started by itself: the report is what was told there, and
    the reporter still says what was done on the spot."""
    other = desk.start_beside(PUPILS_PROCESS, None)
    desk.case.part_of_id = other.case.id
    share(desk.case, other)
    other.begin()
    (row,) = other.agenda.open.values()
    report = {
        "kilde": "ansatt",
        "kanal": "skjema",
        "arena": "annet",
        "akutt_fare": "nei",
        "elev_utsatt": told.get("elev"),
        "observasjon": told.get("hva_sett_hort"),
        "ansatt_mistenkt": "ja",
        "ledelse_mistenkt": "ja" if desk.case.shielded == "ledelse" else "nei",
    }
    other.complete(row, report, partial=True)


def share(case: Case, other) -> None:
    """Pupil, shield and named persons of the case are the same in the new one, and those who
    handle it do so there too. other: the new case's desk, not yet begun."""
    session = other.session
    for what in ("pupil_id", "shielded", "serious"):
        setattr(other.case, what, getattr(case, what))
    share_named(case, other)
    # In a shielded case, undersoker does in those beside it what saksansvarlig does else.
    handling = select(CaseRole).where(
        CaseRole.case_id == case.id,
        CaseRole.role.in_(HANDLING if case.shielded is None else {Role.UNDERSOKER}),
        CaseRole.to_time.is_(None),
    )
    for each in session.scalars(handling).all():
        session.add(
            CaseRole(
                case_id=other.case.id,
                account_id=each.account_id,
                role=each.role,
                from_time=other.now,
            )
        )
    session.flush()


def share_named(case: Case, other) -> None:
    """Whoever is named in the case is named in the new one."""
    named = other.session.scalars(select(NamedPerson).where(NamedPerson.case_id == case.id))
    for each in named.all():
        other.session.add(
            NamedPerson(case_id=other.case.id, account_id=each.account_id, part=each.part)
        )
    other.session.flush()


# --- sending -------------------------------------------------------------------------------------


def send(desk, task, step) -> None:
    """Send the message of a service task: it starts a process, or it goes to the cases that this
    one belongs together with and that can receive it."""
    facts = _carried(desk, task, step)
    process_id = desk.product.started_by(desk.session, step.sends)
    if process_id is not None:
        if _starts_anew(desk, process_id, step):
            start(desk, process_id, facts)
        return
    receivers = [case for case in others(desk) if _can_receive(desk, case, step.sends)]
    if not any(case.ended_at is None for case in receivers):
        not_received(desk.session, desk.case, step.sends, desk.now)
    for case in receivers:
        if case.ended_at is None:
            post(desk, case, step.sends, facts)


def _starts_anew(desk, process_id: str, step) -> bool:
    """Not while a case of that process is open beside this one, and not again for the answers that
    the last one was started with."""
    earlier = [case for case in others(desk) if case.process_id == process_id]
    if not earlier:
        return True
    if any(case.ended_at is None for case in earlier):
        return False
    newest = desk.session.scalar(
        select(func.max(Answer.at)).where(
            Answer.case_id == desk.case.id,
            Answer.step.in_([path.partition(".")[0] for path in step.carries]),
            Answer.corrects_id.is_(None),
        )
    )
    return newest is not None and newest > max(case.opened_at for case in earlier)


def tell_pupils_case(desk, **about) -> None:
    """Tell the pupil's case what this one decides for it: `mottatt` (moment), `roller`."""
    if desk.case.part_of_id is None:
        return
    pupils = next((case for case in others(desk) if case.id == desk.case.part_of_id), None)
    if pupils is not None:
        post(desk, pupils, ABOUT_CASE, about)


def post(desk, receiver: Case, name: str, facts: dict[str, Any]) -> None:
    """Put a message on its way, in the sender's transaction; it is delivered after the commit."""
    key = desk.product.master_key.unwrap(receiver.wrapped_key)
    desk.session.add(
        Message(
            case_id=receiver.id,
            from_case_id=desk.case.id,
            name=name,
            at=desk.now,
            sealed_facts=desk.product.master_key.seal(key, facts, "message"),
        )
    )
    desk.session.info.setdefault(MAIL, set()).add(receiver.id)


def not_received(session, sender: Case, name: str, at) -> None:
    """Nobody is there to receive a message: leadership must know, once."""
    raise_incident(
        session,
        sender,
        NOT_RECEIVED,
        say(
            "Elevens sak er avsluttet og fikk ikke vite det som ble funnet. "
            "Har eleven det ikke trygt, meld fra på nytt."
        ),
        at,
        step=name,
    )


def _can_receive(desk, case: Case, name: str) -> bool:
    definition = desk.product.definition(desk.session, case.version)
    return any(step.message == name for step in definition.steps.values())


def _carried(desk, task, step) -> dict[str, Any]:
    """The answers that the message takes along, by field, and how they read in words. Of two
    fields of one name, the later that has an answer counts."""
    context = desk.engine.context(task)
    facts: dict[str, Any] = {}
    words: dict[str, Any] = {}
    for path in step.carries:
        step_id, _, name = path.partition(".")
        said = (context.get(step_id) or {}).get(name)
        if said is None:
            continue
        facts[name] = said
        source = desk.definition.step(step.process_id, step_id)
        if source.form_key:
            form = desk.definition.form(step.process_id, source.form_key)
            lines = form.describe({name: said}, partial(_name, desk))
            words |= {name: lines[0]} if lines else {}
        elif name in context[step_id].get(IN_WORDS, {}):
            words[name] = context[step_id][IN_WORDS][name]
    return {**facts, IN_WORDS: words} if words else facts


def in_words(answers: dict[str, Any]) -> dict[str, Line]:
    """What a message carried, by field: label and text, as the sender's forms said them."""
    return {name: _line(said) for name, said in answers.get(IN_WORDS, {}).items()}


def _line(said) -> Line:
    label, text = said
    if isinstance(text, str):
        return label, text
    return label, [(title, [_line(each) for each in lines]) for title, lines in text]


def _name(desk, ref: str) -> str:
    return register.name_of(desk.session, ref) or ref


# --- receiving -----------------------------------------------------------------------------------


def awaited(desk) -> dict[str, Any]:
    """The steps that wait for a message now, by the message's name."""
    return {task.task_spec.event_definition.name: desk.step_of(task) for task in _waiting(desk)}


def waits_for_another(desk) -> list:
    """The steps where the case stands still until another case tells it something: nobody has a
    task beside them."""
    live = TaskState.READY | TaskState.STARTED
    busy = {task.workflow for task in desk.workflow.get_tasks(state=live)}
    steps = [desk.step_of(task) for task in _waiting(desk) if task.workflow not in busy]
    return [step for step in steps if step.kind == "intermediateCatchEvent" and not step.started_by]


def _waiting(desk) -> list:
    if desk.workflow.completed:
        return []
    return [
        task
        for task in desk.workflow.event_manager.tasks.values()
        if task.state == TaskState.WAITING
        and isinstance(task.task_spec.event_definition, MessageEventDefinition)
    ]


def receive(desk, name: str, facts: dict[str, Any]) -> dict[str, str]:
    """Give the case a message that it waits for. What it carries becomes the system's answer at
    the step that waits, before the step goes on; nothing goes through the engine. Gives the case
    roles that it brings, each with who gets it (`trygg:girRolle`)."""
    step = awaited(desk)[name]
    facts = _taken(step, facts)
    if facts:
        desk.facts.put("", step.id, facts)
        desk.session.add(
            Answer(
                case_id=desk.case.id,
                scope_id="",
                process_id=step.process_id,
                step=step.id,
                at=desk.now,
                sealed_answers=desk.seal(facts, "answer"),
            )
        )
    if desk.case.title is None:  # what opens a case of the school itself comes from no other case
        about = {"step": step.id, "step_name": step.name, "process_id": step.process_id}
        desk.log(Kind.MELDING_MOTTATT, **about)
    desk.workflow.send_event(BpmnEvent(MessageEventDefinition(name), payload={}))
    return {role: facts[role] for role in step.gives_roles if facts.get(role)}


def _taken(step, facts: dict[str, Any]) -> dict[str, Any]:
    """What the event takes of a message (`trygg:mottar`); the rest goes no further."""
    taken = {name: facts[name] for name in step.receives if name in facts}
    words = {name: said for name, said in facts.get(IN_WORDS, {}).items() if name in taken}
    return {**taken, IN_WORDS: words} if words else taken
