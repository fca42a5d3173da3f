"""Logging in. A password takes time to work out, so nothing here holds the database meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache

from sqlalchemy import Select, and_, func, select

from engine.database.session import Database
from engine.database.tables import Account, Notice, RoleHolding, School, Task
from engine.people import access, accounts, roles
from engine.people.access import Permission
from engine.people.roles import LABELS, Role
from engine.people.standing import Standing
from engine.sentences import together

ONLY_REPORTS = frozenset(
    {Role.FAGLAERER, Role.MILJOARBEIDER, Role.AKS, Role.ELEVRAAD, Role.FAU_SMU_DS}
)
"""Roles that get a task only now and then: who has no other meets the report first."""


@dataclass(frozen=True)
class Today:
    """What an account is today: the schools with a role there, the roles in words, its pages, and
    how many notices it has not read. held: the roles, each with the school's id."""

    schools: tuple[str, ...]
    held: tuple[tuple[int, Role], ...]
    roles: tuple[str, ...]
    sees_cases: bool
    only_reports: bool
    unread: int


def log_in(database: Database, username: str, password: str) -> Account | None:
    """The active account with this name and password, or None; its hash is renewed when old."""
    with database.session() as session:
        account = accounts.verify(session, username, password)
    if account is None:
        return None
    known = account.password_hash
    accounts.renew_hash(account, password)
    if account.password_hash != known:
        _keep_hash(database, account)
    return account


def active_account(database: Database, account_id: int) -> Account | None:
    """The account, unless it has been closed."""
    with database.session() as session:
        account = session.get(Account, account_id)
    return account if account is not None and account.active else None


def change_own_password(database: Database, account_id: int, old: str, new: str) -> Account:
    """Change the account's password. Raises a Refusal saying what is wrong."""
    with database.session() as session:
        account = session.get_one(Account, account_id)
    accounts.change_password(account, old, new)
    _keep_hash(database, account)
    return account


def choose_own_language(database: Database, account_id: int, language: str) -> None:
    """Set the language in which this account has the pages. Raises a Refusal."""
    with database.transaction() as session:
        accounts.choose_language(session.get_one(Account, account_id), language)


def today(database: Database, account: Account, now: datetime) -> Today:
    """What the account is and may open today."""
    with database.session() as session:
        rows = session.execute(_roles_today(), Standing.values(account.id, now)).all()
    held = [(holding, school) for holding, school, *_ in rows if holding is not None]
    names = {holding.school_id: school for holding, school in held}
    return Today(
        schools=tuple(sorted(names.values())),
        held=tuple((each.school_id, Role(each.role)) for each, _ in held),
        roles=tuple(_in_words(each, names, several=len(names) > 1) for each, _ in held),
        sees_cases=rows[0].sees_cases,
        only_reports={each.role for each, _ in held} <= ONLY_REPORTS,
        unread=rows[0].unread,
    )


@cache
def _roles_today() -> Select:
    """The roles of today and their schools, with what may be opened: a row a role, at least one.
    Built once, since every page asks."""
    whoever = Standing.asked()
    return (
        select(
            RoleHolding,
            School.name,
            access.has_page(whoever, Permission.SEE_CASES_LIST).label("sees_cases"),
            select(func.count(Notice.id))
            .where(access.notices_of(whoever), Notice.read_at.is_(None))
            .scalar_subquery()
            .label("unread"),
        )
        .select_from(Account)
        .outerjoin(
            RoleHolding,
            and_(
                RoleHolding.account_id == Account.id,
                Account.active,
                roles.in_force(RoleHolding, whoever.day),
            ),
        )
        .outerjoin(School, School.id == RoleHolding.school_id)
        .where(Account.id == whoever.account)
        .order_by(RoleHolding.id)
    )


def has_tasks(database: Database, account: Account, now: datetime) -> bool:
    """Whether the account has anything to do."""
    tasks = select(Task.id).where(access.my_tasks(account, now))
    with database.session() as session:
        return session.scalar(tasks.limit(1)) is not None


def _in_words(holding, names: dict[int, str], several: bool) -> str:
    """`kontaktlærer 4B`, and at which school when there are several."""
    words = [LABELS[Role(holding.role)], holding.class_name]
    said = together(filter(None, words), by=" ")
    return together([said, names[holding.school_id]]) if several else said


def _keep_hash(database: Database, account: Account) -> None:
    with database.transaction() as session:
        session.get_one(Account, account.id).password_hash = account.password_hash
