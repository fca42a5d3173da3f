"""The demonstration: a fictional school with its people and cases, played up to now.

The people and the cases stand in `demo.yaml`. Everything that happens in them goes through the
product's own commands, with a clock of its own that runs from weeks ago until now, so that the
log, the deadlines and the reminders are what they would have been.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import cache
from itertools import cycle
from pathlib import Path
from typing import Any
from uuid import uuid4

import yaml
from sqlalchemy import func, select

from engine.cases.deadlines import WAITING
from engine.cases.drafts import save_draft
from engine.cases.linked import family
from engine.cases.messages import start_by_hand
from engine.cases.notes import add_note
from engine.cases.report import Report, report
from engine.cases.submit import SubmitTask, submit_task
from engine.cases.tick import let_deadlines_pass
from engine.cases.worksheet import worksheet
from engine.database.tables import (
    Account,
    Case,
    Deadline,
    Guardian,
    Guardianship,
    Pupil,
    RoleHolding,
    School,
    Task,
)
from engine.people import accounts
from engine.people.register import Kind, ref
from engine.rules import workdays

FILE = Path(__file__).with_suffix(".yaml")
CLASS_OF_LOGIN = "4B"  # whose kontaktlærer logs in
SINCE = date(2020, 8, 1)
DAY_BEGINS = time(10, 15)  # from then on, today's first lessons have been
JUST_NOW = timedelta(minutes=40)
REFERENCE = re.compile(r"(elev|ansatt|foresatt):(.+)")
DAY = re.compile(r"@(a|d)([+-]\d+)")


def is_empty(product) -> bool:
    """Whether the database holds no school and nobody who can log in."""
    with product.database.session() as session:
        return not (session.scalar(select(School.id)) or session.scalar(select(Account.id)))


def logins(product) -> list[tuple[str, str]]:
    """Username and password of each role at the demonstration school, where the password is still
    the one it was made with. None for any other school."""
    school = _told()["school"]
    with product.database.session() as session:
        if session.scalar(select(School.id).filter_by(**school)) is None:
            return []
        return [
            (username, _password(username))
            for username in _told()["logins"]
            if accounts.verify(session, username, _password(username)) is not None
        ]


def fill(product, progress: Callable[[float], None]) -> None:
    """Fill an empty database. progress: told how far it has come, from 0 to 1."""
    days = Days(product.clock())
    school_id, people = _make_school(product)
    happenings = _happenings(days)
    told = _Teller(product, days, school_id, people)
    for count, happening in enumerate(happenings, start=1):
        told.tell(happening)
        progress(count / len(happenings))
    told.wait_until(days.now)


@cache
def _told() -> dict[str, Any]:
    return yaml.safe_load(FILE.read_text(encoding="utf-8"))


def _password(username: str) -> str:
    return f"tyttebaer-{username}"


# --- when ----------------------------------------------------------------------------------------


class Days:
    """The days of the demonstration, seen from now: the same now gives the same days.

    last: the last school day; today once its first lessons have been, else the one before.
    """

    def __init__(self, now: datetime):
        self.now = now
        today = workdays.local_day(now)
        begun = workdays.is_workday(today) and workdays.local(now).time() >= DAY_BEGINS
        self.last = today if begun else workdays.add_workdays(today, -1)

    def moment(self, text: str) -> datetime:
        """The moment that an `at` of the file means; never later than now."""
        when, clock = text.split()
        if when == "haster":
            return min(self._urgent() + timedelta(minutes=int(clock)), self.now)
        if when == "straks":
            return min(self._just_now() + timedelta(minutes=int(clock)), self.now)
        if when.startswith("d"):
            day = self.last + timedelta(days=int(when[1:]))
            day = day if workdays.is_workday(day) else workdays.add_workdays(day, 1)
        else:
            day = workdays.add_workdays(self.last, int(when))
        return min(workdays.at(day, time.fromisoformat(clock)), self.now)

    def day(self, unit: str, count: int) -> date:
        """The last school day moved by working days (`a`) or by days (`d`)."""
        if unit == "a":
            return workdays.add_workdays(self.last, count)
        return self.last + timedelta(days=count)

    def _urgent(self) -> datetime:
        """On the last school day, so that what is due the same day is not yet late: in the
        morning, or after the school day when it is over."""
        over = self.now >= workdays.at(self.last, workdays.DAY_ENDS)
        return workdays.at(self.last, workdays.DAY_ENDS if over else time(9, 5))

    def _just_now(self) -> datetime:
        """Today, a little while ago, on the same side of the end of the school day as now."""
        today = workdays.local_day(self.now)
        first = workdays.at(today, time(0))
        end = workdays.at(today, workdays.DAY_ENDS)
        return max(self.now - JUST_NOW, end if self.now >= end else first)


@dataclass(frozen=True)
class Happening:
    """One thing that somebody does in a story (its number)."""

    at: datetime
    story: int
    step: dict[str, Any]


def _happenings(days: Days) -> list[Happening]:
    """Everything that happens, in order of time; within a story in the order of the file."""
    found = []
    for number, story in enumerate(_told()["stories"]):
        at = None
        for step in story["steps"]:
            at = max(filter(None, (at, days.moment(step["at"]))))
            found.append(Happening(at, number, step))
    return sorted(found, key=lambda happening: happening.at)


# --- what ----------------------------------------------------------------------------------------


class _Teller:
    """Lets what the file tells happen, through the product's commands on a clock of its own."""

    def __init__(self, product, days: Days, school_id: int, people: dict[str, int]):
        self.days, self.school_id, self.people = days, school_id, people
        self.now = days.now
        self.product = replace(product, clock=lambda: self.now)
        self.cases: dict[int, int] = {}

    def tell(self, happening: Happening) -> None:
        self.wait_until(happening.at)
        step, case_id = happening.step, self.cases.get(happening.story)
        account_id = self.people[f"ansatt:{step['by']}"]
        answers = self._value(step.get("answers", {}))
        if "report" in step:
            typed = self._value(step["report"])
            sent = report(self.product, Report(self.school_id, account_id, typed, str(uuid4())))
            self.cases[happening.story] = sent.case_id
        elif "submit" in step:
            task_id = self._task(case_id, step["submit"], account_id)
            typed = {**worksheet(self.product, account_id, task_id).typed, **answers}
            submit_task(self.product, SubmitTask(task_id, account_id, typed, str(uuid4())))
        elif "draft" in step:
            task_id = self._task(case_id, step["draft"], account_id)
            save_draft(self.product, account_id, task_id, answers)
        elif "start" in step:
            number = self._number(case_id)
            start_by_hand(self.product, number, account_id, step["start"], str(uuid4()))
        else:
            add_note(self.product, self._number(case_id), account_id, step["note"], str(uuid4()))

    def wait_until(self, moment: datetime) -> None:
        """Move the clock, stopping at each deadline on the way."""
        while (due := self._next_due()) is not None and due <= moment:
            self.now = due
            let_deadlines_pass(self.product)
        self.now = moment

    def _next_due(self) -> datetime | None:
        with self.product.database.session() as session:
            return session.scalar(
                select(func.min(Deadline.due_at)).where(Deadline.state == WAITING)
            )

    def _number(self, case_id: int) -> str:
        with self.product.database.session() as session:
            return session.get_one(Case, case_id).number

    def _task(self, case_id: int, step: str, account_id: int) -> int:
        """The open task of this step, in the case or in one that belongs together with it: the one
        given to this account, else the oldest."""
        with self.product.database.session() as session:
            cases = [case.id for case in family(session, session.get_one(Case, case_id))]
            found = session.execute(
                select(Task.id, Task.assignee_id)
                .where(Task.case_id.in_(cases), Task.step == step, Task.state == "open")
                .order_by(Task.id)
            ).all()
        return min(found, key=lambda task: (task.assignee_id != account_id, task.id)).id

    def _value(self, value: Any) -> Any:
        """A value of the file as it is typed: names as references, days as dates."""
        if isinstance(value, dict):
            return {key: self._value(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self._value(inner) for inner in value]
        if not isinstance(value, str):
            return value
        if value == "@naa":
            return workdays.local(self.now).strftime("%Y-%m-%dT%H:%M")
        if day := DAY.fullmatch(value):
            return self.days.day(day[1], int(day[2])).isoformat()
        if REFERENCE.fullmatch(value):
            return ref(Kind(value.split(":")[0]), self.people[value])
        return value


# --- who -----------------------------------------------------------------------------------------


def _make_school(product) -> tuple[int, dict[str, int]]:
    """The school with its people; the id of each by the name that the stories use."""
    told = _told()
    with product.database.transaction() as session:
        school = School(**told["school"])
        session.add(school)
        session.flush()
        people: dict[str, int] = {}
        for role, name in told["logins"].items():
            account = accounts.create_account(session, role, name, _password(role))
            class_name = CLASS_OF_LOGIN if role == "kontaktlaerer" else None
            people[f"ansatt:{role}"] = _hold(session, school, account, role, class_name)
        for username, person in told["staff"].items():
            account = Account(username=username, name=person["name"], password_hash="")
            session.add(account)
            session.flush()
            people[f"ansatt:{username}"] = _hold(
                session, school, account, person["role"], person.get("class")
            )
        _make_pupils(session, school, people)
        return school.id, people


def _hold(session, school: School, account: Account, role: str, class_name: str | None) -> int:
    session.add(
        RoleHolding(
            school_id=school.id,
            account_id=account.id,
            role=role,
            class_name=class_name,
            from_date=SINCE,
        )
    )
    return account.id


def _make_pupils(session, school: School, people: dict[str, int]) -> None:
    told, others = _told(), _other_guardians()
    for class_name, names in told["pupils"].items():
        for name in names:
            pupil = Pupil(school_id=school.id, name=name, class_name=class_name)
            session.add(pupil)
            session.flush()
            people[f"elev:{name}"] = pupil.id
            for who in told["guardians"].get(name) or next(others):
                own = {key: who[key] for key in ("name", "language") if key in who}
                flags = {key: value for key, value in who.items() if key not in own}
                guardian = Guardian(**own)
                session.add(guardian)
                session.flush()
                people[f"foresatt:{who['name']}"] = guardian.id
                session.add(Guardianship(pupil_id=pupil.id, guardian_id=guardian.id, **flags))


def _other_guardians() -> Iterator[list[dict[str, str]]]:
    """Guardians for pupils without a story: one, then two, then one ..."""
    first, last = cycle(_told()["first_names"]), cycle(_told()["last_names"])
    for count in cycle((1, 2)):
        family = next(last)
        yield [{"name": f"{next(first)} {family}"} for _ in range(count)]
