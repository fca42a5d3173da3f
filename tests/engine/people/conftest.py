"""A school for the tests of who may do what."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import count

import pytest
from sqlalchemy.orm import Session

from engine.database.session import Database, migrate
from engine.database.tables import (
    Account,
    Case,
    CaseRole,
    NamedPerson,
    ProcessVersion,
    Pupil,
    RoleHolding,
    School,
    Task,
)
from engine.people.roles import SCHOOL_ROLES


class World:
    """A school, a second one, and short ways to add people, cases and tasks.

    At the first school one person holds each school role and is called after it; kontaktlaerer has
    class 4B, which is the pupil's.
    """

    def __init__(self, session: Session, now: datetime):
        self.session, self.now, self.today = session, now, now.date()
        self._numbers = count(1)
        self.school = self.add(School(name="Nedre Bekkelaget", owner="Oslo"))
        self.other_school = self.add(School(name="Nabolaget", owner="Oslo"))
        self.pupil = self.add(Pupil(school_id=self.school.id, name="Noor", class_name="4B"))
        self.version = self.add(
            ProcessVersion(
                sha256="0" * 64,
                process_id="aktivitetsplikt",
                name="Aktivitetsplikten",
                status="published",
                bundle=b"",
                created_at=now,
            )
        )
        self.reporter = self.person("melder", "faglaerer")
        self.people = {
            role: self.person(role, role, class_name="4B" if role == "kontaktlaerer" else None)
            for role in sorted(map(str, SCHOOL_ROLES))
        }

    def add(self, row):
        self.session.add(row)
        self.session.flush()
        return row

    def person(self, name: str, *roles: str, active: bool = True, **holding) -> Account:
        """An account that holds these roles, at the first school unless told otherwise."""
        account = self.add(
            Account(
                username=f"{name}{next(self._numbers)}", name=name, password_hash="", active=active
            )
        )
        for role in roles:
            self.hold(account, role, **holding)
        return account

    def hold(self, account: Account, role: str, **holding) -> RoleHolding:
        values = {
            "school_id": self.school.id,
            "class_name": None,
            "from_date": date(2026, 8, 1),
            "to_date": None,
        }
        return self.add(RoleHolding(account_id=account.id, role=role, **{**values, **holding}))

    def case(self, **values) -> Case:
        given = {
            "number": f"2026-{next(self._numbers):03d}",
            "school_id": self.school.id,
            "pupil_id": self.pupil.id,
            "reporter_id": self.reporter.id,
            "process_id": "aktivitetsplikt",
            "version": self.version.sha256,
            "status": "aapen",
            "opened_at": self.now,
            "state": b"",
            "state_version": 1,
        }
        return self.add(Case(**{**given, **values}))

    def task(self, case: Case, role: str | None, **values) -> Task:
        given = {
            "case_id": case.id,
            "token": f"token {next(self._numbers)}",
            "scope_id": "",
            "process_id": "aktivitetsplikt",
            "step": "steg",
            "name": "Gjør noe",
            "form_key": "steg",
            "role": role,
            "state": "open",
            "opened_at": self.now,
        }
        return self.add(Task(**{**given, **values}))

    def give(self, case: Case, account: Account, role: str, **times) -> CaseRole:
        values = {"from_time": self.now - timedelta(days=1), "to_time": None, **times}
        return self.add(CaseRole(case_id=case.id, account_id=account.id, role=role, **values))

    def name(self, case: Case, account: Account, part: str = "nevnt") -> NamedPerson:
        return self.add(NamedPerson(case_id=case.id, account_id=account.id, part=part))


@pytest.fixture
def world(database, clock):
    with database.transaction() as session:
        yield World(session, clock())


@pytest.fixture
def postgres_world(postgres_url, clock):
    migrate(postgres_url)
    database = Database(postgres_url)
    with database.transaction() as session:
        yield World(session, clock())
    database.close()
