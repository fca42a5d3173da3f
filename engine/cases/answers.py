"""What was answered at the steps of a case, read back: one step's answers, and the plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from sqlalchemy import select

from engine.cases import given
from engine.cases.desk import Desk, no_access
from engine.cases.linked import NEW_PLAN
from engine.cases.lists import title_of
from engine.cases.parts import acting_role
from engine.cases.planclock import PLAN_STEP
from engine.cases.wording import form_of, lines_of, step_name_of
from engine.database.tables import Account, Answer, Case, Pupil, School, Task
from engine.definitions.forms import Line
from engine.people import access
from engine.people.access import Permission
from engine.people.roles import held_by_each, in_words
from engine.records import reading
from engine.rules.workdays import local_day


@dataclass(frozen=True)
class Correction:
    """One correction of an answer: who, when and why. struck: the lines that it took away."""

    by: str | None
    role: str | None
    at: datetime
    reason: str
    struck: tuple[Line, ...]


@dataclass(frozen=True)
class Answers:
    """What was answered at one step, as it stands.

    by, role, at: of the first answer. performed_by, performed_at: who did it and when, where `by`
    registered it for another. corrections: the latest first. corrected_since: by another, and this
    account sees only its own words.
    """

    case_number: str
    answer_id: int
    pupil: str
    shielded: bool
    step_name: str
    by: str | None
    role: str | None
    at: datetime
    performed_by: str | None
    performed_at: datetime | None
    lines: tuple[Line, ...]
    corrections: tuple[Correction, ...]
    corrected_since: bool
    may_correct: bool
    may_see_case: bool


@dataclass(frozen=True)
class Plan:
    """One version of the aktivitetsplan, numbered from 1.

    law: by a line's label, which of the five things that the law asks for it is (§ 12-4). ordered:
    Statsforvalteren demanded this version (§ 12-6).
    """

    school: str

    case_number: str
    pupil: str
    shielded: bool
    version: int
    versions: int
    made_by: str | None
    made_at: datetime
    corrected_at: datetime | None
    approved_by: str | None
    approved_at: datetime | None
    lines: tuple[Line, ...]
    law: Mapping[str, str]
    ordered: bool
    may_see_case: bool


def answers(product, account_id: int, number: str, answer_id: int) -> Answers:
    """What was answered at one step of this case, for those who may see it; the reading is logged.

    One's own answers, or all of the case's for those who lead it. Raises Refusal.
    """
    with product.database.transaction() as session:
        row = session.get(Answer, answer_id)
        case = session.get(Case, row.case_id) if row else None
        if case is None or case.number != number:
            raise no_access()
        now, account = product.clock(), session.get(Account, account_id)
        every = given.versions(session, row)
        first = every[0]
        own = first.account_id == account_id and first.task_id is not None
        permission = Permission.SEE_TASK if own else Permission.SEE_ALL_ANSWERS
        task = session.get(Task, first.task_id) if own else None
        access.require(session, account, permission, case=case, task=task, now=now)
        reading.record(session, case.id, account_id, now, reading.What.SVAR)
        desk = Desk(product, session, case, account_id)
        step = desk.definition.steps.get((first.process_id, first.step))
        if step is not None and step.form_key is None:
            raise no_access()  # a decision's outcome: nobody answered, and there is no form

        def may(permission: Permission) -> bool:
            return access.may(session, account, permission, case=case, now=now)

        seen = every
        if not may(Permission.SEE_ALL_ANSWERS):
            seen = [each for each in every if each.account_id == account_id]
        return Answers(
            case_number=case.number,
            answer_id=first.id,
            pupil=title_in(session, case),
            shielded=case.shielded is not None,
            step_name=step_name_of(desk, first),
            by=name_of(session, first.account_id),
            role=_role_at(desk, first),
            at=first.at,
            performed_by=name_of(session, first.performed_by_id),
            performed_at=first.performed_at,
            lines=lines_of(desk, seen[-1]),
            corrections=_corrections(desk, seen),
            corrected_since=seen[-1] is not every[-1],
            may_correct=first.task_id is not None
            and (may(Permission.CORRECT) or (own and seen == every)),
            may_see_case=may(Permission.SEE_CASE),
        )


def _corrections(desk: Desk, seen: list[Answer]) -> tuple[Correction, ...]:
    """What took the place of what, the latest first."""
    held = held_by_each(desk.session, {row.account_id for row in seen}, local_day(desk.now))
    found = []
    for before, after in pairwise(seen):
        stands = lines_of(desk, after)
        found.append(
            Correction(
                by=name_of(desk.session, after.account_id),
                role=in_words(None, held.get(after.account_id, ())),
                at=after.at,
                reason=desk.unseal(after.sealed_reason, "reason"),
                struck=tuple(line for line in lines_of(desk, before) if line not in stands),
            )
        )
    return tuple(found[::-1])


def plan(product, account_id: int, number: str, version: int | None = None) -> Plan:
    """The case's plan, the newest or an earlier version (from 1); the reading is logged."""
    with product.database.transaction() as session:
        desk, account = open_to(product, session, account_id, number, Permission.SEE_PLAN)
        rows = session.scalars(
            select(Answer)
            .where(
                Answer.case_id == desk.case.id,
                Answer.step == PLAN_STEP,
                given.as_they_stand(desk.case.id),
            )
            .order_by(given.first_id)
        ).all()
        if not rows or not 1 <= (version or len(rows)) <= len(rows):
            raise no_access()
        version = version or len(rows)
        row = rows[version - 1]
        reading.record(session, desk.case.id, account_id, desk.now, reading.What.PLAN)
        following = given.first_of(rows[version]) if version < len(rows) else None
        approved = _approval(desk, row, following)
        first = session.get_one(Answer, given.first_of(row))
        return Plan(
            school=session.get_one(School, desk.case.school_id).name,
            case_number=number,
            pupil=title_in(session, desk.case),
            shielded=desk.case.shielded is not None,
            version=version,
            versions=len(rows),
            made_by=name_of(session, first.performed_by_id or first.account_id),
            made_at=first.at,
            corrected_at=row.at if row is not first else None,
            approved_by=name_of(session, approved.performed_by_id or approved.account_id)
            if approved
            else None,
            approved_at=(approved.performed_at or approved.at) if approved else None,
            lines=lines_of(desk, row),
            law={
                field.label: field.lovkrav
                for _, field in form_of(desk, row).fields()
                if field.lovkrav
            },
            ordered=_is_ordered(desk, row, rows[version - 2] if version > 1 else None),
            may_see_case=access.may(
                session, account, Permission.SEE_CASE, case=desk.case, now=desk.now
            ),
        )


def _is_ordered(desk: Desk, row: Answer, before: Answer | None) -> bool:
    """Whether Statsforvalteren demanded this version: the demand came after the one before it."""
    demand = select(Answer.id).where(
        Answer.case_id == desk.case.id,
        Answer.step == NEW_PLAN,
        Answer.id < given.first_of(row),
        Answer.id > (given.first_of(before) if before is not None else 0),
    )
    return desk.session.scalar(demand.limit(1)) is not None


def open_to(product, session, account_id, number, permission) -> tuple[Desk, Account | None]:
    """The case with this number, for one who has the permission in it. Raises Refusal."""
    case = session.scalar(select(Case).where(Case.number == number))
    if case is None:
        raise no_access()
    account = session.get(Account, account_id)
    access.require(session, account, permission, case=case, now=product.clock())
    return Desk(product, session, case, account_id), account


def title_in(session, case: Case) -> str:
    """What the case is called: the pupil and the class, or «Skjermet sak»."""
    pupil = session.get(Pupil, case.pupil_id) if case.pupil_id else None
    return title_of(case, pupil) or ""


def name_of(session, account_id: int | None) -> str | None:
    return session.get_one(Account, account_id).name if account_id else None


def _approval(desk: Desk, made: Answer, before: int | None) -> Answer | None:
    """The answer that approved this version of the plan: yes, before the next version was made."""
    for row in desk.session.scalars(
        select(Answer)
        .where(
            Answer.case_id == desk.case.id,
            Answer.step == "godkjenn_plan",
            given.as_they_stand(desk.case.id),
            given.first_id > given.first_of(made),
        )
        .order_by(given.first_id)
    ):
        if before is not None and given.first_of(row) > before:
            return None
        if desk.unseal(row.sealed_answers, "answer").get("godkjent") == "ja":
            return row
    return None


def _role_at(desk: Desk, row: Answer) -> str | None:
    """The role by which it was answered; None when nobody did, or not at a task."""
    task = desk.session.get(Task, row.task_id) if row.task_id else None
    if task is None or row.account_id is None:
        return None
    held = held_by_each(desk.session, [row.account_id], local_day(desk.now))
    return in_words(acting_role(task), held.get(row.account_id, ()))
