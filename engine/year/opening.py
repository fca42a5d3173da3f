"""The year's events become cases when their time comes.

An event is opened once, in a transaction of its own, so that one that can't be opened keeps no
other waiting. Whoever holds the row's role then is responsible; where nobody does, leadership is.
"""

from __future__ import annotations

from datetime import date

import structlog
from sqlalchemy import select, update

from engine.cases.incidents import Stopped
from engine.cases.newcase import About
from engine.cases.start import PlannedCase, open_planned
from engine.database.tables import Account, RoleHolding, YearEvent, YearRow
from engine.people import register, roles
from engine.people.roles import Role
from engine.rules.workdays import local_day
from engine.sentences import say
from engine.year import plan
from engine.year.plan import grade_of
from engine.year.rows import ROUTINE

_log = structlog.get_logger()

IN_THEIR_STEAD = (Role.LEDELSE, Role.REKTOR, Role.SKOLEEIER)


def open_due(product) -> int:
    """Open a case for every event whose time has come. How many were opened."""
    today = local_day(product.clock())
    with product.database.session() as session:
        due = session.scalars(
            select(YearEvent.id)
            .join(YearRow, YearRow.id == YearEvent.row_id)
            .where(YearEvent.case_id.is_(None), YearEvent.opens_on <= today, YearRow.active)
            .order_by(YearEvent.opens_on, YearEvent.id)
        ).all()
    return sum(open_event(product, event_id) for event_id in due)


def label_of(group: str) -> str:
    """Whom an event is for, in words: `4B`, `4. trinn`, or nothing for the whole school."""
    return say("%(grade)s. trinn", grade=group) if group.isdigit() else group


def title_of(row: YearRow, group: str) -> str:
    """What the case of an event is called."""
    return ", ".join(filter(None, (row.name, label_of(group))))


def open_event(product, event_id: int) -> bool:
    """Open the case of one event. Whether it was opened now."""
    today = local_day(product.clock())
    try:
        with product.database.transaction() as session:
            event = session.get(YearEvent, event_id, with_for_update=True, populate_existing=True)
            if event is None or event.case_id is not None:  # opened by another, or planned anew
                return False
            row = session.get_one(YearRow, event.row_id)
            responsible = _responsible(session, row, event.group, today)
            if not responsible:
                _log.error("nobody is there to do a routine", event_id=event_id)
                return False
            process_id = row.process_id
            if not product.is_published(session, process_id):
                process_id = ROUTINE  # its own process is withdrawn: what is common to all remains
            facts = _facts(session, row, event, responsible, today)
            planned = PlannedCase(
                process_id=process_id,
                school_id=row.school_id,
                about=_about(row, event.group),
                facts=facts,
                responsible=responsible,
            )
            case = open_planned(product, session, planned)
            event.case_id = case.id
            _share(session, row, event)
            return True
    except Stopped:
        _log.exception("a routine could not be opened", event_id=event_id)
        return False


def _about(row: YearRow, group: str) -> About:
    return About(title_of(row, group), group if row.per == "klasse" else None)


def _facts(session, row: YearRow, event: YearEvent, responsible: list[int], today: date) -> dict:
    """What the process is told; each receives what its first event names.

    klasser, trinn: what a step is done once for each of, with who does it there.
    """
    teachers = _teachers(session, row.school_id, today)
    classes = plan.chosen(row, plan.classes_at(session, row.school_id, today))
    grades = list(dict.fromkeys(str(grade_of(name)) for name in classes))
    by_grade = {str(grade_of(name)): number for name, number in reversed(teachers.items())}
    return {
        "rutine": row.name,
        "frist": event.due_on.isoformat(),
        "gruppe": label_of(event.group),
        "felt": row.fields.split(),
        "kort": "ja" if row.brief else "nei",
        "fra_trinn": row.first_grade,
        "til_trinn": row.last_grade,
        "klasser": [_item(name, teachers.get(name, responsible[0])) for name in classes],
        "trinn": [_item(label_of(g), by_grade.get(g, responsible[0])) for g in grades],
    }


def _item(label: str, account_id: int) -> dict[str, str]:
    return {"beskrivelse": label, "ansvarlig": register.ref(register.Kind.ANSATT, account_id)}


def _share(session, row: YearRow, event: YearEvent) -> None:
    """The events of rows that are a part of this one lie in its case."""
    if row.key is None:
        return
    parts = select(YearRow.id).where(
        YearRow.school_id == row.school_id, YearRow.part_of == row.key, YearRow.active
    )
    session.execute(
        update(YearEvent)
        .where(
            YearEvent.row_id.in_(parts),
            YearEvent.year == event.year,
            YearEvent.group == event.group,
            YearEvent.case_id.is_(None),
        )
        .values(case_id=event.case_id)
        .execution_options(synchronize_session=False)
    )


def _responsible(session, row: YearRow, group: str, today: date) -> list[int]:
    """The accounts that hold the row's role for this class or trinn, else leadership."""
    for role in (Role(row.role), *IN_THEIR_STEAD):
        class_name = group if row.per == "klasse" else None
        found = roles.holders(session, row.school_id, role, today, class_name)
        if role is Role.KONTAKTLAERER and row.per == "trinn":
            names = _holdings(session, row.school_id, today)
            taught = {number for number, name in names if grade_of(name) == int(group)}
            found = [account for account in found if account.id in taught]
        if found:
            return [account.id for account in found]
    return []


def _teachers(session, school_id: int, today: date) -> dict[str, int]:
    """By class: its kontaktlærer, the one who has been it longest."""
    taught: dict[str, int] = {}
    for account_id, name in _holdings(session, school_id, today):
        taught.setdefault(name, account_id)
    return dict(sorted(taught.items()))


def _holdings(session, school_id: int, today: date) -> list[tuple[int, str]]:
    """Who is kontaktlærer of which class."""
    rows = session.execute(
        select(RoleHolding.account_id, RoleHolding.class_name)
        .join(Account, Account.id == RoleHolding.account_id)
        .where(
            Account.active,
            RoleHolding.school_id == school_id,
            RoleHolding.role == Role.KONTAKTLAERER,
            RoleHolding.class_name.is_not(None),
            roles.in_force(RoleHolding, today),
        )
        .order_by(RoleHolding.from_date, RoleHolding.id)
    )
    return [(account_id, name) for account_id, name in rows]
