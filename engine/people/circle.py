"""The people around one case, worked out in memory: who would do a step of a role, and who is told.

What `engine.people.standing` says in SQL is said here again for one case whose people have been
read, so that a step that opens many tasks asks the database once, and sees at once whom it has
itself named. Access is never decided here. That both say the same is a test:
tests/engine/people/test_circle.py.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache

from sqlalchemy import ColumnElement, Date, Row, Select, bindparam, exists, or_, select
from sqlalchemy.orm import Session, aliased

from engine.database.mixed import mixed
from engine.database.tables import (
    Account,
    Case,
    CaseRole,
    Guardianship,
    NamedPerson,
    Pupil,
    RoleHolding,
    UtcTime,
)
from engine.people.roles import SCHOOL_ROLES, Role, in_force
from engine.people.standing import PLAIN_ROLES, Shield
from engine.rules.workdays import local_day


@dataclass(frozen=True, order=True)
class Person:
    """An active account with a role at the school today; in order of name."""

    name: str
    id: int


@dataclass(frozen=True)
class Held:
    """A school role that is held today."""

    person: Person
    school_id: int
    role: str
    class_name: str | None


@dataclass
class Given:
    """A case role. row: its id in the database, or itself while it is not written yet; staff: its
    holder is on the staff of some school today."""

    account_id: int
    role: str
    from_time: datetime
    to_time: datetime | None
    staff: bool
    row: int | CaseRole


class Circle:
    """The people around one case at one moment. What the case itself says (its shield, its pupil,
    who reported it) is read from `case` each time, so a change counts at once."""

    def __init__(self, case: Case, now: datetime, rows: Iterable[Row]):
        self.case, self.now = case, now
        self.held: list[Held] = []
        self.given: list[Given] = []
        self.named: set[int] = set()
        self._pupils: dict[int, tuple[int, str]] = {}
        self._guardians: dict[int, list[int]] = defaultdict(list)
        for row in sorted(rows, key=lambda row: row.row or 0):
            self._add(row)
        self._by_person: dict[Person, list[Held]] = defaultdict(list)
        for held in self.held:
            self._by_person[held.person].append(held)

    def _add(self, row: Row) -> None:
        if row.what == "held":
            person = Person(row.name, row.number)
            self.held.append(Held(person, row.school, row.role, row.class_name))
        elif row.case_id != self.case.id:
            return
        elif row.what == "given":
            self.given.append(
                Given(row.number, row.role, row.from_time, row.to_time, row.staff, row.row)
            )
        elif row.what == "named":
            self.named.add(row.number)
        elif row.what == "pupil":
            self._pupils[row.number] = (row.school, row.class_name)
        elif row.what == "guardian":
            self._guardians[row.row].append(row.number)

    # --- who -----------------------------------------------------------------------------------

    def holders(self, role: str, deputies: bool = True) -> list[Person]:
        """Who can do a step of this role in the case, in order of name; nobody who is named in it.

        deputies: whether ledelse counts as rektor.
        """
        return sorted(
            person
            for person in self._by_person
            if person.id not in self.named and self._acts_as(person, role, deputies)
        )

    def meant_by(self, role: str) -> list[Person]:
        """Whom the role means in this case: those who hold it; deputies only when nobody does."""
        return self.holders(role, deputies=False) or self.holders(role)

    def handler_role(self, role: Role) -> Role:
        """The role that a step of this lane has in this case, to be stored on the task it opens.

        In a shielded case leadership's steps are the named undersoker's, and the kontaktlærer's are
        saksansvarlig's; in a case that is part of the pupil's, both are undersoker's. Before anyone
        is named, a case about leadership is skoleeier's alone, and in one about a member of staff
        ledelse's steps are rektor's.
        """
        if self.case.shielded is None:
            return role
        if role in (Role.REKTOR, Role.LEDELSE):
            if any(given.role == Role.UNDERSOKER for given in self._counting()):
                return Role.UNDERSOKER
            return Role.SKOLEEIER if self.case.shielded == Shield.LEDELSE else Role.REKTOR
        if self.case.part_of_id is not None and role in (Role.KONTAKTLAERER, Role.SAKSANSVARLIG):
            return Role.UNDERSOKER
        return Role.SAKSANSVARLIG if role == Role.KONTAKTLAERER else role

    def holds(self, account_id: int, *roles: str) -> bool:
        """Whether this account holds one of these roles at the case's school today."""
        return any(
            held.person.id == account_id and held.role in roles for held in self._at_school()
        )

    def leadership(self) -> list[Held]:
        """Who leads the case's school, whatever the case is about."""
        return [held for held in self._at_school() if held.role in (Role.REKTOR, Role.LEDELSE)]

    def staff(self) -> list[Held]:
        """What everybody holds at the case's school, in order of name."""
        return sorted(self._at_school(), key=lambda held: held.person)

    @property
    def guardians(self) -> list[int]:
        """The pupil's guardians with parental responsibility."""
        return self._guardians[self.case.pupil_id]

    def knows(self, account_id: int) -> bool:
        """Whether this account holds any role here today; others may be on the staff elsewhere."""
        return any(held.person.id == account_id for held in self.held)

    # --- what a step changes ---------------------------------------------------------------------

    def give(self, row: CaseRole, staff: bool) -> None:
        """A case role has been given in this transaction."""
        self.given.append(Given(row.account_id, row.role, row.from_time, None, staff, row))

    def meet_pupil(self, session: Session, pupil_id: int) -> None:
        """The case has got this pupil in this transaction."""
        if pupil_id not in self._pupils:
            pupil = session.get_one(Pupil, pupil_id)
            self._pupils[pupil_id] = (pupil.school_id, pupil.class_name)
            self._guardians[pupil_id] += session.scalars(
                _guardians(Guardianship.pupil_id == pupil_id)
            )

    # --- the rules of engine.people.standing -----------------------------------------------------

    def _at_school(self) -> list[Held]:
        return [held for held in self.held if held.school_id == self.case.school_id]

    def _has(self, person: Person, role: str) -> bool:
        school = self.case.school_id
        return any(
            held.role == role and held.school_id == school for held in self._by_person[person]
        )

    def _is_staff(self, person: Person) -> bool:
        return any(self._has(person, role) for role in SCHOOL_ROLES)

    def _leads(self, person: Person, deputies: bool) -> bool:
        shielded = self.case.shielded
        if self._has(person, Role.REKTOR):
            return shielded in (None, Shield.ANSATT)
        if not (deputies and self._has(person, Role.LEDELSE)):
            return False
        no_rektor = not any(held.role == Role.REKTOR for held in self._at_school())
        return shielded is None or (shielded == Shield.ANSATT and no_rektor)

    def _owns(self, person: Person) -> bool:
        return self._has(person, Role.SKOLEEIER)

    def _teaches_pupil(self, person: Person) -> bool:
        if self.case.shielded is not None:
            return False
        if self.case.pupil_id is None and self.case.class_name is None:
            return self._has(person, Role.KONTAKTLAERER)
        if self.case.pupil_id is None:
            taught = (self.case.school_id, self.case.class_name)
        else:
            taught = self._pupils[self.case.pupil_id]
        return any(
            held.role == Role.KONTAKTLAERER and (held.school_id, held.class_name) == taught
            for held in self._by_person[person]
        )

    def _counting(self) -> list[Given]:
        return [
            given
            for given in self.given
            if given.from_time <= self.now and (given.to_time is None or given.to_time > self.now)
        ]

    def _is_given(self, person: Person, role: str) -> bool:
        reported = role == Role.MELDER and self.case.reporter_id == person.id
        given = any((g.account_id, g.role) == (person.id, role) for g in self._counting())
        return (reported or given) and self._is_staff(person)

    def _acts_as(self, person: Person, role: str, deputies: bool) -> bool:
        shielded = self.case.shielded
        if self._is_given(person, role):
            return True
        if role == Role.REKTOR:
            return self._leads(person, deputies)
        if role == Role.SKOLEEIER:
            return self._owns(person)
        if role == Role.KONTAKTLAERER:
            return self._teaches_pupil(person)
        if role in PLAIN_ROLES:
            return shielded is None and self._has(person, role)
        if role in (Role.SAKSANSVARLIG, Role.UNDERSOKER):
            if any(given.role == role and given.staff for given in self._counting()):
                return False
            owns = shielded == Shield.LEDELSE and self._owns(person)
            return owns or self._leads(person, deputies)
        return False


def around(session: Session, cases: Collection[Case], now: datetime) -> dict[int, Circle]:
    """The circle of each of these cases, by the case's id. One statement."""
    asked = {"cases": [case.id for case in cases], "now": now, "day": local_day(now)}
    rows = session.execute(_people(), asked).all()
    return {case.id: Circle(case, now, rows) for case in cases}


def held_at(session: Session, school_id: int, day: date) -> list[Held]:
    """What everybody holds at a school on that day, in order of name."""
    rows = session.execute(
        select(RoleHolding, Account.name)
        .join(Account, Account.id == RoleHolding.account_id)
        .where(Account.active, RoleHolding.school_id == school_id, in_force(RoleHolding, day))
        .order_by(Account.name, Account.id, RoleHolding.id)
    )
    return [
        Held(Person(name, row.account_id), row.school_id, row.role, row.class_name)
        for row, name in rows
    ]


@cache
def _people():
    return mixed(**kinds())


def kinds() -> dict[str, Select]:
    """The statements that read the people around the cases whose ids are `cases`, at the moment
    `now` of the local day `day`: what `Circle` takes."""
    now, day = bindparam("now", type_=UtcTime), bindparam("day", type_=Date)
    chosen = Case.id.in_(bindparam("cases", expanding=True))
    elsewhere, active = aliased(RoleHolding), aliased(Account)
    on_staff = (
        exists()
        .where(
            elsewhere.account_id == CaseRole.account_id,
            in_force(elsewhere, day),
            active.id == elsewhere.account_id,
            active.active,
        )
        .correlate(CaseRole)
    )
    return {
        "held": select(
            RoleHolding.id.label("row"),
            RoleHolding.account_id.label("number"),
            RoleHolding.school_id.label("school"),
            RoleHolding.role.label("role"),
            RoleHolding.class_name.label("class_name"),
            Account.name.label("name"),
        )
        .join(Account, Account.id == RoleHolding.account_id)
        .where(
            Account.active,
            in_force(RoleHolding, day),
            or_(
                RoleHolding.school_id.in_(select(Case.school_id).where(chosen)),
                RoleHolding.school_id.in_(
                    select(Pupil.school_id).join(Case, Case.pupil_id == Pupil.id).where(chosen)
                ),
            ),
        ),
        "given": select(
            CaseRole.id.label("row"),
            CaseRole.case_id.label("case_id"),
            CaseRole.account_id.label("number"),
            CaseRole.role.label("role"),
            CaseRole.from_time.label("from_time"),
            CaseRole.to_time.label("to_time"),
            on_staff.label("staff"),
            Account.name.label("name"),
        )
        .join(Account, Account.id == CaseRole.account_id)
        .where(
            CaseRole.case_id.in_(bindparam("cases", expanding=True)),
            or_(CaseRole.to_time.is_(None), CaseRole.to_time > now),
        ),
        "named": select(
            NamedPerson.case_id.label("case_id"), NamedPerson.account_id.label("number")
        ).where(NamedPerson.case_id.in_(bindparam("cases", expanding=True))),
        "pupil": select(
            Case.id.label("case_id"),
            Pupil.id.label("number"),
            Pupil.school_id.label("school"),
            Pupil.class_name.label("class_name"),
        )
        .join(Pupil, Pupil.id == Case.pupil_id)
        .where(chosen),
        "guardian": _guardians(chosen)
        .join(Case, Case.pupil_id == Guardianship.pupil_id)
        .add_columns(Case.id.label("case_id"), Guardianship.pupil_id.label("row")),
    }


def _guardians(chosen: ColumnElement[bool]) -> Select:
    return select(Guardianship.guardian_id.label("number")).where(
        chosen, Guardianship.parental_responsibility
    )
