"""Who is told what: rows in the outbox, written in the same transaction as the step.

Nobody who is named in the case is told of it, but for being called in to a talk, and the content is
sealed with the case's key.
"""

from __future__ import annotations

from engine.cases import roster
from engine.cases.incidents import Stopped
from engine.database.tables import Notice, Task
from engine.people import register
from engine.people.access import CALLED_IN
from engine.people.circle import Person
from engine.people.register import Kind
from engine.people.roles import Role
from engine.sentences import say

# What is told; never with a name or a category in the text that is sent.
TASK_GIVEN = "oppgave_tildelt"
TASK_RETURNED = "oppgave_gitt_tilbake"
INVITED = "invitert"
DEADLINE_NEAR = "frist_naermer_seg"
DEADLINE_PASSED = "frist_overskredet"
REPORT_TO_HEAD = "varsel_rektor"
REPORT_TO_OWNER = "varsel_skoleeier"
GUARDIANS_INFORMED = "info_foresatte"
PLAN_SHARED = "plan_delt"
INFORMED = "beskjed"
REMINDED = "purring"
AGREEMENT_SHARED = "avtale_delt"

GUARDIANS = "foresatte"  # in `trygg:varsler`: the pupil's guardians

WAITING, HANDLED = "venter", "behandlet"  # by the outbox, which sends mail

_KIND_BY_ROLE = {"rektor": REPORT_TO_HEAD, "skoleeier": REPORT_TO_OWNER}


def people_in(desk, role: str) -> list[Person]:
    """The people that a role means in this case today, without those named in it."""
    return desk.circle.meant_by(desk.circle.handler_role(Role(role)))


def tell_role(
    desk, role: str, kind: str, step: str | None = None, task: Task | None = None
) -> bool:
    """Tell everybody who holds the role, perhaps of one task. False when nobody holds it.

    The one who acts is not told of the own next task: that page comes by itself.
    """
    people = people_in(desk, role)
    for person in people:
        if kind == TASK_GIVEN and person.id == desk.actor_id:
            continue
        _add(desk, kind, step, role=role, account_id=person.id, task=task)
    return bool(people)


def tell_of_task(desk, row: Task, kind: str = TASK_GIVEN) -> bool:
    """Tell those whose turn it is. False when the task belongs to nobody."""
    if row.assignee_id is not None:
        if register.ref(Kind.ANSATT, row.assignee_id) in roster.named(desk):
            return False
        if kind != TASK_GIVEN or row.assignee_id != desk.actor_id:
            _add(desk, kind, row.step, role=row.role, account_id=row.assignee_id, task=row)
        return True
    return row.role is not None and tell_role(desk, row.role, kind, row.step, row)


def tell_of_date(desk, role: str, kind: str, task: Task | None) -> None:
    """Tell a role that a date is near or past; of a task that was handed over, the one who has it
    is reminded in its stead."""
    if kind == DEADLINE_NEAR and task is not None and task.handed_over_by_id is not None:
        tell_of_task(desk, task, kind)
    else:
        tell_role(desk, role, kind, task.step if task else None, task)


def those_told(desk, task, step) -> list[str]:
    """Whom a step's `trygg:varsler` names: roles, or what its FEEL gives, each a role or a
    reference such as `foresatt:2`. Raises Stopped for FEEL that gives anything else."""
    text = (step.tells or "").strip()
    if not text.startswith("="):
        return text.split()
    given = desk.engine.value(task, text)
    told = [each for each in (given if isinstance(given, list) else [given]) if each is not None]
    if not all(each in list(Role) or register.parse(each)[0] for each in told):
        raise Stopped(
            say("Steget sier at noen skal varsles, men det er verken en rolle eller en person."),
            step.id,
            step.name,
        )
    return list(dict.fromkeys(told))


def tell_from_step(desk, task, step, kind: str | None = None) -> None:
    """Tell those whom a step's `trygg:varsler` names."""
    tell_all(desk, those_told(desk, task, step), step, kind)


def tell_all(desk, told: list[str], step, kind: str | None = None) -> None:
    """Tell these roles and persons."""
    for each in told:
        if each == GUARDIANS:
            for number in roster.guardians_to_tell(desk):
                tell_person(desk, register.ref(Kind.FORESATT, number), kind, step.id)
            continue
        if each not in list(Role):
            tell_person(desk, each, kind, step.id)
            continue
        tell_role(desk, each, kind or _KIND_BY_ROLE.get(each, INFORMED), step.id)
        if each == Role.SKOLEEIER:
            desk.case.serious = True


def call_in(desk, told: list[str], step) -> None:
    """Call these in to a talk. A person named in the case is reached by this alone, and only while
    the case is not shielded."""
    for each in told:
        what, number = register.parse(each)
        if what is Kind.ANSATT and desk.case.shielded is None:
            _add(desk, CALLED_IN, step.id, account_id=number)
        else:
            tell_all(desk, [each], step, CALLED_IN)


def tell_person(
    desk, ref: str | None, kind: str | None, step: str | None, task: Task | None = None
) -> None:
    """Tell the person a reference names; what is no reference is passed over."""
    what, number = register.parse(ref)
    if what is Kind.FORESATT:
        _add(desk, kind or GUARDIANS_INFORMED, step, guardian_id=number)
    elif what is Kind.ELEV:
        _add(desk, kind or INFORMED, step, pupil_id=number)
    elif what is Kind.ANSATT and ref not in roster.named(desk):
        _add(desk, kind or INFORMED, step, account_id=number, task=task)


def _add(desk, kind: str, step: str | None, **to) -> None:
    desk.session.add(
        Notice(case_id=desk.case.id, at=desk.now, kind=kind, step=step, state=WAITING, **to)
    )
