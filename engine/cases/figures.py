"""Figures over a school's cases in a school year, for the yearly evaluation (the plan, 4).

They never point to a child: a number from 1 to 4 is not shown, nor one that it could be worked out
from, and shielded cases (§ 12-5) are not counted at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time
from statistics import median
from typing import Any

from sqlalchemy import func, or_, select

from engine.cases.given import first_of
from engine.cases.linked import IN_WORDS, PUPILS_PROCESS
from engine.cases.planclock import PLAN_STEP
from engine.database.tables import Answer, Case, Task
from engine.rules import workdays

SMALL = 5  # a number below this may point to a child
TOO_FEW = f"Færre enn {SMALL}. Vises ikke."
SAFE, SCORE = "elev_opplever_trygt", "elevens_skaar"
ASKED_IN = ("analyse", "evalueringsmote", "ukesjekk")  # the steps where the pupil has said it
AUGUST = 8


def collect(desk) -> dict[str, Any]:
    """The figures as an automatic step's answer: each with its words, as pages show them."""
    since = _year_began(workdays.local_day(desk.now))
    cases = desk.session.scalars(
        select(Case)
        .where(
            Case.school_id == desk.case.school_id,
            Case.process_id == PUPILS_PROCESS,
            Case.shielded.is_(None),
            Case.pupil_id.is_not(None),
            Case.merged_into_id.is_(None),
            Case.opened_at >= since,
        )
        .order_by(Case.id)
    ).all()
    ids = [case.id for case in cases]
    safe, scores = _said(desk, cases, ids)
    still_open = sum(case.ended_at is None for case in cases)
    parts = _together(still_open, len(cases) - still_open)
    said = _together(safe.count("ja"), safe.count("nei"), even_none=True)
    words = {
        "meldt": ("Saker som er meldt dette skoleåret", _count(len(cases))),
        "aapne": ("Saker som er åpne nå", parts[0]),
        "avsluttet": ("Saker som er avsluttet", parts[1]),
        "dager_til_plan": (
            "Arbeidsdager fra melding til plan (halvparten brukte så mange eller færre)",
            _middle(_days_to_plan(desk, cases, ids)),
        ),
        "over_fristen": ("Steg som er gjort etter fristen, eller er over den nå", _late(desk, ids)),
        "trygt": ("Elever som sist de ble spurt, sa at de har det trygt", said[0]),
        "utrygt": ("Elever som sist de ble spurt, sa at de ikke har det trygt", said[1]),
        "skaar": ("Hvordan elevene har det, fra 1 til 5 (den midterste)", _middle(scores)),
    }
    return {**{key: text for key, (_, text) in words.items()}, IN_WORDS: words}


def _year_began(day: date) -> datetime:
    """The first moment of the school year that the day lies in."""
    return workdays.at(date(day.year - (day.month < AUGUST), AUGUST, 1), time(0))


def _said(desk, cases: Sequence[Case], ids: list[int]) -> tuple[list[str], list[int]]:
    """What each pupil said last, of being safe, and of how it is from 1 to 5; one a case."""
    keys = {case.id: desk.product.master_key.unwrap(case.wrapped_key) for case in cases}
    rows = desk.session.scalars(
        select(Answer).where(Answer.case_id.in_(ids), Answer.step.in_(ASKED_IN)).order_by(Answer.id)
    )
    as_they_stand = {first_of(row): row for row in rows}  # a correction takes the first one's place
    safe: dict[int, str] = {}
    scores: dict[int, int] = {}
    for row in as_they_stand.values():
        answers = desk.product.master_key.unseal(keys[row.case_id], row.sealed_answers, "answer")
        if answers.get(SAFE):
            safe[row.case_id] = answers[SAFE]
        if answers.get(SCORE) is not None:
            scores[row.case_id] = answers[SCORE]
    return list(safe.values()), list(scores.values())


def _days_to_plan(desk, cases: Sequence[Case], ids: list[int]) -> list[int]:
    """Working days from each report to its first plan."""
    planned = dict(
        desk.session.execute(
            select(Task.case_id, func.min(Task.done_at))
            .where(Task.case_id.in_(ids), Task.step == PLAN_STEP, Task.state == "done")
            .group_by(Task.case_id)
        ).all()
    )
    return [
        workdays.workdays_between(
            workdays.local_day(case.received_at or case.opened_at),
            workdays.local_day(planned[case.id]),
        )
        for case in cases
        if case.id in planned
    ]


def _late(desk, ids: list[int]) -> str:
    number = desk.session.scalar(
        select(func.count(Task.id)).where(
            Task.case_id.in_(ids),
            or_(
                (Task.state == "done") & (Task.done_at > Task.due_at),
                (Task.state == "open") & (Task.due_at < desk.now),
            ),
        )
    )
    return _count(number)


def _count(number: int) -> str:
    return TOO_FEW if 0 < number < SMALL else str(number)


def _together(*numbers: int, even_none: bool = False) -> list[str]:
    """Parts of one whole: when one is too small, none is shown, since it could be worked out.
    even_none: that nobody is in a part tells what all the others said, and is not shown either."""
    small = any(each < SMALL and (each or even_none) for each in numbers)
    return [TOO_FEW if small else str(each) for each in numbers]


def _middle(numbers: Iterable[int]) -> str:
    """The median, of so many that it points to nobody."""
    known = list(numbers)
    return TOO_FEW if len(known) < SMALL else f"{median(known):g}".replace(".", ",")
