"""The tasks of one person: those to do and those done, and which came of a step just sent."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, select
from sqlalchemy.orm import defer

from engine.cases.lists import title_of
from engine.cases.parts import Parts
from engine.cases.submit import Submitted
from engine.database.tables import Account, Case, Draft, Pupil, Scope, Task
from engine.people import access, register
from engine.people.access import Permission
from engine.people.roles import LABELS, Role

LIMIT = 200


@dataclass(frozen=True)
class TaskLine:
    """One of my tasks. Moments in UTC.

    pupil: `Noor, 4B`, «Skjermet sak», or None; item: what one of several alike tasks is about;
    part: what I am in it (engine.cases.parts); in_workdays: how its deadline counts;
    claimed_by: who has taken it; mine: taken by me or given to me; draft_at: when I saved a draft.
    """

    id: int
    name: str
    item: str | None
    case_number: str
    pupil: str | None
    part: str | None
    due_at: datetime | None
    in_workdays: bool
    late: bool
    claimed_by: str | None
    mine: bool
    draft_at: datetime | None


@dataclass(frozen=True)
class DoneLine:
    """A task that I have done, and when (UTC)."""

    id: int
    name: str
    case_number: str
    pupil: str | None
    done_at: datetime


@dataclass(frozen=True)
class Next:
    """A step that opened: its name, and whose turn it is, in words (None: a person's by name)."""

    name: str
    role: str | None


def my_tasks(product, account_id: int) -> list[TaskLine]:
    """The open tasks that are mine to do, by due date, those without one last; LIMIT at most."""
    now = product.clock()
    with product.database.session() as session:
        order = (Task.due_at.is_(None), Task.due_at, Task.id)
        chosen = (  # sorted by their ids alone: whole rows would bring every case's state along
            select(Task.id).where(access.my_tasks(account_id, now)).order_by(*order).limit(LIMIT)
        )
        rows = session.execute(
            select(Task, Case, Pupil, Account.name, Draft.saved_at, Scope.sealed_item)
            .join(Case, Case.id == Task.case_id)
            .outerjoin(Pupil, Pupil.id == Case.pupil_id)
            .outerjoin(Account, Account.id == Task.claimed_by_id)
            .outerjoin(Draft, and_(Draft.task_id == Task.id, Draft.account_id == account_id))
            .outerjoin(Scope, and_(Scope.id == Task.scope_id, Scope.kind == "mi"))
            .where(Task.id.in_(chosen))
            .order_by(*order)
            .options(defer(Case.state, raiseload=True))
        ).all()
        parts = Parts(session, account_id, now) if rows else None
        items = {task.id: _item(product, case, sealed_item) for task, case, *_, sealed_item in rows}
        names = register.names_of(session, _references(items.values()))
        return [
            TaskLine(
                id=task.id,
                name=task.name,
                item=_in_words(items[task.id], names),
                case_number=case.number,
                pupil=title_of(case, pupil),
                part=parts.of(case, task),
                due_at=task.due_at,
                in_workdays=_in_workdays(product, session, case, task),
                late=task.due_at is not None and task.due_at < now,
                claimed_by=claimed_by,
                mine=account_id in (task.assignee_id, task.claimed_by_id),
                draft_at=draft_at,
            )
            for task, case, pupil, claimed_by, draft_at, _ in rows
        ]


def done_tasks(product, account_id: int) -> list[DoneLine]:
    """The tasks that this account has done and may still read, the latest first; LIMIT at most."""
    with product.database.session() as session:
        order = (Task.done_at.desc(), Task.id.desc())
        mine = access.done_by_me(account_id, product.clock())
        chosen = select(Task.id).where(mine).order_by(*order).limit(LIMIT)
        rows = session.execute(
            select(Task, Case, Pupil)
            .join(Case, Case.id == Task.case_id)
            .outerjoin(Pupil, Pupil.id == Case.pupil_id)
            .where(Task.id.in_(chosen))
            .order_by(*order)
            .options(defer(Case.state, raiseload=True))
        ).all()
    return [
        DoneLine(task.id, task.name, case.number, title_of(case, pupil), task.done_at)
        for task, case, pupil in rows
    ]


def opened_by(product, account_id: int, submitted: Submitted) -> list[Next]:
    """The steps that a submitted one opened, told to those who may see the case."""
    with product.database.session() as session:
        account, case = session.get(Account, account_id), session.get_one(Case, submitted.case_id)
        if not access.may(session, account, Permission.SEE_CASE, case=case, now=product.clock()):
            return []
        rows = session.scalars(
            select(Task)
            .where(Task.case_id == case.id, Task.state == "open", Task.opened_at == submitted.at)
            .order_by(Task.id)
        )
        steps = {(task.name, LABELS[Role(task.role)] if task.role else None) for task in rows}
    return [Next(name, role) for name, role in sorted(steps, key=lambda step: step[0])]


def item_in_words(session, item) -> str | None:
    """What one child of a multi-instance step is about: a person's name, or a measure's text."""
    return _in_words(item, register.names_of(session, _references([item])))


def _in_words(item, names: dict[str, str]) -> str | None:
    if isinstance(item, dict) and item.get("beskrivelse"):
        return item["beskrivelse"]
    people = _references([item])
    pupils = [ref for ref in people if register.parse(ref)[0] is register.Kind.ELEV]
    return ", ".join(names[ref] for ref in pupils or people if ref in names) or None


def _references(items: Iterable) -> list[str]:
    """The people that these items speak of."""
    values = (
        value for item in items for value in (item.values() if isinstance(item, dict) else [item])
    )
    return [value for value in values if register.parse(value)[0]]


def _item(product, case: Case, sealed: bytes | None):
    """Not told in a list of a shielded case, like the pupil."""
    if sealed is None or case.shielded is not None:
        return None
    return product.master_key.unseal(product.master_key.unwrap(case.wrapped_key), sealed, "item")


def _in_workdays(product, session, case: Case, task: Task) -> bool:
    definition = product.definition(session, case.version)
    rule = definition.step(task.process_id, task.step).rule
    return rule is None or definition.regelverk.frist(rule).in_workdays
