"""The overview of pupils who need somebody to follow along (the plan, 7.2).

An entry is what a class's newest round of `saarbare_elever` says of the pupil. It is read by those
whom it names as needing to know, and by those who lead the school; each reading is written down.
After some months it no longer holds, unless a later round has it too.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from engine.cases.given import first_of
from engine.database.tables import Account, Answer, Case, Pupil
from engine.people import access, register
from engine.people.access import PAGES, Permission
from engine.people.standing import Standing
from engine.records import reading
from engine.rules.workdays import local_day
from engine.year import rows
from engine.year.schedule import months_after

PROCESS, STEP, LIST = "saarbare_elever", "meld_inn", "elever"


@dataclass(frozen=True)
class Entry:
    """One pupil. reason: as stored; who: the names of those who need to know; until: the last day
    that it holds."""

    pupil: str
    reason: str
    helps: str
    who: tuple[str, ...]
    until: date


@dataclass(frozen=True)
class _Told:
    case: Case
    pupil_id: int
    answer: dict
    since: date


def overview(product, account_id: int) -> list[Entry]:
    """The entries that hold today and that this account may read, in order of class and name. The
    reading of each case is written down."""
    now = product.clock()
    today = local_day(now)
    months = rows.read(product.processes).holds_months
    me = register.ref(register.Kind.ANSATT, account_id)
    with product.database.transaction() as session:
        leads = _schools(session, account_id, Permission.EDIT_YEAR, now)
        works = _schools(session, account_id, Permission.SEE_YEAR, now)
        told = [
            each
            for each in _newest(product, session, works, months_after(today, -months))
            if each.case.school_id in leads or me in each.answer.get("hvem_maa_vite", ())
        ]
        for case_id in dict.fromkeys(each.case.id for each in told):
            reading.record(session, case_id, account_id, now, reading.What.SAARBARE)
        pupils = {
            pupil.id: pupil
            for pupil in session.scalars(
                select(Pupil).where(
                    Pupil.id.in_([each.pupil_id for each in told]), register.attends(today)
                )
            )
        }
        names = register.names_of(
            session, (ref for each in told for ref in each.answer.get("hvem_maa_vite", ()))
        )
        shown = [each for each in told if each.pupil_id in pupils]
        shown.sort(key=lambda each: (pupils[each.pupil_id].class_name, pupils[each.pupil_id].name))
        return [
            Entry(
                pupil=register.label_of_pupil(pupils[each.pupil_id]),
                reason=each.answer["grunn"],
                helps=each.answer["hva_hjelper"],
                who=tuple(names[ref] for ref in each.answer["hvem_maa_vite"] if ref in names),
                until=months_after(each.since, months),
            )
            for each in shown
        ]


def _schools(session, account_id: int, permission: Permission, now: datetime) -> set[int]:
    account = session.get(Account, account_id)
    found = session.scalars(access.schools(Standing(account_id, now), PAGES[permission])).all()
    ask = {"now": now}
    return {
        each.id
        for each in found
        if access.may(session, account, permission, school_id=each.id, **ask)
    }


def _newest(product, session, schools: set[int], since: date) -> list[_Told]:
    """What was said last of each pupil at these schools, after the day `since`."""
    found = session.execute(
        select(Answer, Case)
        .join(Case, Case.id == Answer.case_id)
        .where(
            Case.process_id == PROCESS,
            Case.school_id.in_(schools),
            Case.shielded.is_(None),
            Answer.step == STEP,
        )
        .order_by(Answer.id)
    ).all()
    as_they_stand = {first_of(answer): (answer, case) for answer, case in found}
    first_at = {answer.id: answer.at for answer, _ in found}
    newest: dict[int, _Told] = {}
    for first, (answer, case) in as_they_stand.items():
        day = local_day(first_at[first])
        if day <= since or case.wrapped_key is None:
            continue
        key = product.master_key.unwrap(case.wrapped_key)
        said = product.master_key.unseal(key, answer.sealed_answers, "answer")
        for row in said.get(LIST, ()):
            _, pupil_id = register.parse(row["elev"])
            newest[pupil_id] = _Told(case, pupil_id, row, day)
    return list(newest.values())
