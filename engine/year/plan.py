"""The plan of a school year: which routine is due when, for whom. A row is planned once.

Planned again, only what is missing is added. What is in the plan is not a case yet: that comes
when its time does (`engine.year.opening`), so that the tasks of a whole year lie in nobody's list.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from sqlalchemy import delete, func, insert, select

from engine.database.tables import Pupil, RoleHolding, School, YearEvent, YearRow
from engine.people import register
from engine.people.roles import Role, in_force
from engine.rules.workdays import add_workdays, local_day
from engine.year import rows, schedule
from engine.year.schedule import AUGUST

EXTRA = 100  # periods above this are times that were taken up besides the plan's


@dataclass(frozen=True)
class Planned:
    """A planned year: the autumn it begins in, and how many events were added now."""

    year: int
    added: int


def plan_year(product, school_id: int, day: date | None = None) -> Planned:
    """Plan the school year that the day (today, for None) lies in, from that day on: read in the
    shipped rows that the school lacks, and add every event that is missing. Nothing is planned
    twice, and nothing is opened. A school that begins in November has no routines from August."""
    day = day or local_day(product.clock())
    with product.database.transaction() as session:
        session.get_one(School, school_id, with_for_update=True)
        wheel = rows.import_rows(session, product.processes, school_id)
        return Planned(schedule.year_of(day), _add_missing(product, session, wheel, day))


def plan_years(product, day: date | None = None) -> dict[int, Planned]:
    """Plan the year of every school, a transaction a school; by the school's id."""
    with product.database.session() as session:
        schools = session.scalars(select(School.id).order_by(School.id)).all()
    return {school_id: plan_year(product, school_id, day) for school_id in schools}


def replan(product, session, row: YearRow) -> None:
    """A row was changed: what of it is not opened yet is planned anew, if the year is planned.

    A row that is turned off has no more events; those that were opened stay."""
    today = local_day(product.clock())
    year = schedule.year_of(today)
    of_year = (YearEvent.school_id == row.school_id, YearEvent.year == year)
    is_planned = session.scalar(select(YearEvent.id).where(*of_year).limit(1)) is not None
    session.execute(
        delete(YearEvent).where(*of_year, YearEvent.row_id == row.id, YearEvent.case_id.is_(None))
    )
    if is_planned:
        _add_missing(product, session, [row], today)


def add_event(session, row: YearRow, due_on: date, today: date, group: str) -> int:
    """One more time of a row, that opens today; its id."""
    taken = session.scalar(
        select(func.max(YearEvent.period)).where(
            YearEvent.row_id == row.id, YearEvent.year == schedule.year_of(due_on)
        )
    )
    event = YearEvent(
        row_id=row.id,
        school_id=row.school_id,
        year=schedule.year_of(due_on),
        period=max(taken or 0, EXTRA) + 1,
        group=group,
        opens_on=today,
        due_on=due_on,
    )
    session.add(event)
    session.flush()
    return event.id


def groups_of(row: YearRow, classes: list[str]) -> list[str]:
    """For whom a row is done: each class, each trinn, or "" for the whole school."""
    if row.per == "skole":
        return [""]
    if row.per == "klasse":
        return chosen(row, classes)
    return list(dict.fromkeys(str(grade_of(name)) for name in chosen(row, classes)))


def chosen(row: YearRow, classes: list[str]) -> list[str]:
    """The classes that a row is for: those of its trinn."""
    if row.first_grade is None:
        return classes
    return [name for name in classes if row.first_grade <= grade_of(name) <= row.last_grade]


def grade_of(class_name: str) -> int:
    """The trinn of a class: the digits it begins with; 0 for a class without any."""
    found = re.match(r"\d+", class_name)
    return int(found[0]) if found else 0


def classes_at(session, school_id: int, day: date) -> list[str]:
    """The school's classes on that day: those with pupils, or with a kontaktlærer."""
    taught = session.scalars(
        select(RoleHolding.class_name).where(
            RoleHolding.school_id == school_id,
            RoleHolding.role == Role.KONTAKTLAERER,
            RoleHolding.class_name.is_not(None),
            in_force(RoleHolding, day),
        )
    )
    attended = session.scalars(
        select(Pupil.class_name)
        .where(Pupil.school_id == school_id, register.attends(day))
        .distinct()
    )
    return sorted({*taught, *attended}, key=lambda name: (grade_of(name), name))


def _add_missing(product, session, wheel: list[YearRow], day: date) -> int:
    year = schedule.year_of(day)
    school_id = wheel[0].school_id
    held = session.execute(
        select(YearEvent.row_id, YearEvent.period, YearEvent.group).where(
            YearEvent.school_id == school_id, YearEvent.year == year
        )
    )
    known = {tuple(each) for each in held}
    classes = classes_at(session, school_id, day)
    opens = rows.read(product.processes).opens
    new = [
        event
        for row in wheel
        if row.active
        for event in _events(row, year, classes, opens)
        if event["due_on"] >= day
        and (event["row_id"], event["period"], event["group"]) not in known
    ]
    if new:
        session.execute(insert(YearEvent), new)
    return len(new)


def _events(row: YearRow, year: int, classes: list[str], opens) -> Iterator[dict]:
    kind, _ = schedule.read(row.schedule)
    for time in schedule.times(row.schedule, year):
        for group in groups_of(row, classes):
            yield {
                "row_id": row.id,
                "school_id": row.school_id,
                "year": year,
                "period": time.period,
                "group": group,
                "opens_on": max(add_workdays(time.due, -opens[kind]), date(year, AUGUST, 1)),
                "due_on": time.due,
            }
