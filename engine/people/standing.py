"""Who a person is in a case: leads it, owns the school, holds a role in it, is named in it.

Each answer is a condition in SQL, so that a list, a count and a single check give the same answer.
`engine.people.access` builds its one table from these; who sees what is said in docs/haandbok.md.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from functools import cache

from sqlalchemy import (
    ColumnElement,
    Date,
    Integer,
    ScalarSelect,
    Select,
    String,
    and_,
    bindparam,
    case,
    cast,
    exists,
    func,
    literal,
    or_,
    select,
    tuple_,
)
from sqlalchemy.orm import Session

from engine.database.tables import (
    Account,
    Case,
    CaseFile,
    CaseRole,
    NamedPerson,
    Pupil,
    RoleHolding,
    Task,
    UtcTime,
)
from engine.people.roles import SCHOOL_ROLES, Role, in_force
from engine.rules.workdays import local_day


class Shield(StrEnum):
    """Whom a shielded case is about (`Case.shielded`)."""

    ANSATT = "ansatt"
    LEDELSE = "ledelse"


# Aliases, so that nothing here is taken for a table of the statement that a condition stands in.
holding, active = RoleHolding.__table__.alias(), Account.__table__.alias()
pupil, task = Pupil.__table__.alias(), Task.__table__.alias()
file = CaseFile.__table__.alias()
given, named = CaseRole.__table__.alias(), NamedPerson.__table__.alias()

# Leadership's, the kontaktlærer's and skoleeier's steps have rules of their own.
PLAIN_ROLES = SCHOOL_ROLES - {Role.REKTOR, Role.KONTAKTLAERER, Role.SKOLEEIER}


class Standing:
    """The conditions on `Case` for one account (its id, or a column of ids) at one moment.

    An account that is not active, or holds no role at the case's school today, has no standing.
    day: the school's day at that moment, when `now` is itself a parameter of a statement.
    deputies: whether ledelse may act as rektor.
    """

    def __init__(
        self,
        account: int | ColumnElement[int],
        now: datetime | ColumnElement[datetime],
        day: ColumnElement[date] | None = None,
        deputies: bool = True,
    ):
        self.account, self.now, self.deputies = account, now, deputies
        self.day = local_day(now) if day is None else day

    @staticmethod
    @cache
    def asked() -> Standing:
        """Of the account, moment and day that a statement is executed with (`values`).

        A statement made of this is built once and kept: building it costs more than running it.
        """
        return Standing(
            bindparam("account", type_=Integer),
            bindparam("now", type_=UtcTime),
            bindparam("day", type_=Date),
        )

    @staticmethod
    def values(account_id: int, now: datetime) -> dict[str, object]:
        """What a statement made of `asked` is executed with."""
        return {"account": account_id, "now": now, "day": local_day(now)}

    def is_staff(self) -> ColumnElement[bool]:
        """Holds some role at the case's school today."""
        return Case.school_id.in_(self._schools())

    def is_named(self) -> ColumnElement[bool]:
        """Is named in the case as a member of staff, and so has no part in it."""
        return Case.id.in_(select(named.c.case_id).where(named.c.account_id == self.account))

    def leads(self) -> ColumnElement[bool]:
        """Leads the school in this case.

        Rektor and ledelse lead an open case. A shielded case about a member of staff is rektor's,
        and ledelse's only when nobody is rektor. In one about leadership nobody at school leads.
        """
        rektor = Case.school_id.in_(self._schools(Role.REKTOR))
        if not self.deputies:
            return and_(rektor, or_(Case.shielded.is_(None), Case.shielded == Shield.ANSATT))
        deputy = Case.school_id.in_(self._schools(Role.LEDELSE))
        alone = and_(deputy, Case.school_id.not_in(self._schools_with_rektor()))
        return or_(
            and_(Case.shielded.is_(None), or_(rektor, deputy)),
            and_(Case.shielded == Shield.ANSATT, or_(rektor, alone)),
        )

    def owns(self) -> ColumnElement[bool]:
        """Is skoleeier of the case's school."""
        return Case.school_id.in_(self._schools(Role.SKOLEEIER))

    def teaches_pupil(self) -> ColumnElement[bool]:
        """Is kontaktlærer of the pupil's class, in a case that is not shielded.

        A case without a pupil belongs to every kontaktlærer at the school, or to those of the class
        that it is about.
        """
        own_pupils = self._holdings(Role.KONTAKTLAERER, select(pupil.c.id)).join(
            pupil,
            and_(
                pupil.c.school_id == holding.c.school_id, pupil.c.class_name == holding.c.class_name
            ),
        )
        own_class = self._holdings(
            Role.KONTAKTLAERER, select(holding.c.school_id, holding.c.class_name)
        )
        anybodys = and_(
            Case.pupil_id.is_(None),
            or_(
                and_(
                    Case.class_name.is_(None),
                    Case.school_id.in_(self._schools(Role.KONTAKTLAERER)),
                ),
                tuple_(Case.school_id, Case.class_name).in_(own_class),
            ),
        )
        return and_(Case.shielded.is_(None), or_(Case.pupil_id.in_(own_pupils), anybodys))

    def has_pupil(self) -> ColumnElement[bool]:
        """A condition on `Pupil`: leads the pupil's school, or is kontaktlærer of the class."""
        leads = self._schools(Role.REKTOR).union(self._schools(Role.LEDELSE))
        taught = self._holdings(
            Role.KONTAKTLAERER, select(holding.c.school_id, holding.c.class_name)
        )
        return or_(
            Pupil.school_id.in_(leads), tuple_(Pupil.school_id, Pupil.class_name).in_(taught)
        )

    def is_given(self, role: Role | ColumnElement[str]) -> ColumnElement[bool]:
        """Is the person to whom this case role is given; for melder, whoever reported the case."""
        role = _column(role)
        pairs = select(given.c.case_id, given.c.role).where(
            given.c.account_id == self.account, _counts(given.c, self.now)
        )
        return and_(
            self.is_staff(),
            or_(
                tuple_(Case.id, role).in_(pairs),
                and_(role == Role.MELDER, Case.reporter_id == self.account),
            ),
        )

    def acts_as(self, role: Role | ColumnElement[str]) -> ColumnElement[bool]:
        """Would do a step of this role in the case. No role is nobody.

        Until somebody is given saksansvarlig or undersoker, that is whoever leads the case, or
        skoleeier when it is about leadership.
        """
        role = _column(role)
        held = select(holding.c.school_id, holding.c.role)
        plain = tuple_(Case.school_id, role).in_(self._holdings(None, held))
        ungiven = tuple_(Case.id, role).not_in(self._given_to_somebody())
        return or_(
            and_(role == Role.REKTOR, self.leads()),
            and_(role == Role.SKOLEEIER, self.owns()),
            and_(role == Role.KONTAKTLAERER, self.teaches_pupil()),
            and_(role.in_(PLAIN_ROLES), Case.shielded.is_(None), plain),
            self.is_given(role),
            and_(
                role.in_((Role.SAKSANSVARLIG, Role.UNDERSOKER)),
                ungiven,
                or_(self.leads(), and_(Case.shielded == Shield.LEDELSE, self.owns())),
            ),
        )

    def has_task(self) -> ColumnElement[bool]:
        """Could do the task (a condition on `Case` and `Task`): it is given to this account, or to
        nobody and its role is one that the account acts in. The tasks of one who has left the
        school are for those who lead the case."""
        return and_(
            self.is_staff(),
            or_(
                Task.assignee_id == self.account,
                and_(Task.assignee_id.is_(None), self.acts_as(Task.role)),
                and_(Task.assignee_id.not_in(self._staff_today()), self.leads()),
            ),
        )

    def had_task(self) -> ColumnElement[bool]:
        """Has or had a task in the case, as a person or as the pupil's kontaktlærer."""
        return exists().where(
            task.c.case_id == Case.id,
            or_(
                task.c.assignee_id == self.account,
                task.c.done_by_id == self.account,
                task.c.claimed_by_id == self.account,
                and_(
                    task.c.state == "open",
                    task.c.role == Role.KONTAKTLAERER,
                    task.c.assignee_id.is_(None),
                ),
            ),
        )

    def has_named_task(self) -> ColumnElement[bool]:
        """Has an open task in the case, given to this account by name."""
        return exists().where(
            task.c.case_id == Case.id, task.c.state == "open", task.c.assignee_id == self.account
        )

    def takes_part(self) -> ColumnElement[bool]:
        """Has or had a task in a case of the school itself, as a person or in a role."""
        return and_(
            Case.title.is_not(None),
            Case.shielded.is_(None),
            self.is_staff(),
            exists().where(
                task.c.case_id == Case.id,
                or_(
                    task.c.assignee_id == self.account,
                    task.c.done_by_id == self.account,
                    task.c.claimed_by_id == self.account,
                    and_(
                        task.c.state == "open",
                        task.c.assignee_id.is_(None),
                        self.acts_as(task.c.role),
                    ),
                ),
            ),
        )

    def added_file(self) -> ColumnElement[bool]:
        """Has added a file to the case, and is still on the staff."""
        added = select(file.c.case_id).where(file.c.account_id == self.account)
        return and_(self.is_staff(), Case.id.in_(added))

    def _schools(self, role: Role | None = None) -> Select:
        """The schools where the account holds the role (any role, for None) today."""
        return self._holdings(role, select(holding.c.school_id))

    def _holdings(self, role: Role | None, columns: Select) -> Select:
        chosen = (
            columns.select_from(holding)
            .join(active, and_(active.c.id == holding.c.account_id, active.c.active))
            .where(holding.c.account_id == self.account, in_force(holding.c, self.day))
        )
        return chosen.where(holding.c.role.in_(SCHOOL_ROLES if role is None else {role}))

    def _schools_with_rektor(self) -> Select:
        return (
            select(holding.c.school_id)
            .join(active, and_(active.c.id == holding.c.account_id, active.c.active))
            .where(holding.c.role == Role.REKTOR, in_force(holding.c, self.day))
        )

    def _staff_today(self) -> Select:
        """The active accounts that hold any role at any school today."""
        return (
            select(holding.c.account_id)
            .join(active, and_(active.c.id == holding.c.account_id, active.c.active))
            .where(in_force(holding.c, self.day))
        )

    def _given_to_somebody(self) -> Select:
        """Cases and the case roles that are given in them now to somebody still on the staff."""
        return select(given.c.case_id, given.c.role).where(
            given.c.account_id.in_(self._staff_today()), _counts(given.c, self.now)
        )


def case_holders(
    session: Session, case: Case, role: Role, now: datetime, deputies: bool = True
) -> list[Account]:
    """Who can do a step of this role in the case, in order of name. Empty is an incident.

    A person named in the case is never among them. deputies: whether ledelse counts as rektor.
    """
    values = {"case": case.id, "role": str(role), "now": now, "day": local_day(now)}
    return list(session.scalars(_holders(deputies), values))


@cache
def _holders(deputies: bool) -> Select:
    """The statement that selects the holders. Built once: that is what costs."""
    now, day = bindparam("now", type_=UtcTime), bindparam("day", type_=Date)
    standing = Standing(Account.id, now, day, deputies)
    return (
        select(Account)
        .join(Case, Case.id == bindparam("case", type_=Integer))
        .where(standing.acts_as(bindparam("role", type_=String)), ~standing.is_named())
        .order_by(Account.name, Account.id)
    )


def task_holders(session: Session, task: Task, now: datetime) -> list[Account]:
    """Who can do this open task, in order of name: as `Standing.has_task`, without those named."""
    values = {"task": task.id, "now": now, "day": local_day(now)}
    return list(session.scalars(_task_holders(), values))


def cases_of_nobody(session: Session, now: datetime) -> set[int]:
    """The cases with an open task that nobody can do. One statement.

    Who has a task is asked of one task of each kind, not of thousands that are alike.
    """
    kinds, standing = _alike(now).cte(), Standing(Account.id, now)
    somebody = exists().where(standing.has_task(), ~standing.is_named()).correlate(Case, Task)
    found = session.scalars(
        select(kinds.c.cases)
        .join(Task, Task.id == kinds.c.one)
        .join(Case, Case.id == Task.case_id)
        .where(~somebody)
    )
    return {int(case_id) for cases in found for case_id in cases.split(",")}


def _alike(now: datetime) -> Select:
    """The kinds of open tasks: `one` of each, and the ids of their `cases`. Tasks of one kind are
    alike in all that `Standing.has_task` and `is_named` look at."""
    reporter = case((Task.role == Role.MELDER, Case.reporter_id))
    holders = _listed(
        given.c.account_id,
        given.c.case_id == Case.id,
        given.c.role == Task.role,
        _counts(given.c, now),
    )
    out = _listed(named.c.account_id, named.c.case_id == Case.id)
    task_itself = (Task.role, Task.assignee_id)
    its_case = (Case.school_id, Case.shielded, Case.class_name)
    its_pupil = (pupil.c.school_id, pupil.c.class_name)
    return (
        select(
            func.min(Task.id).label("one"),
            func.aggregate_strings(cast(Task.case_id, String), ",").label("cases"),
        )
        .join(Case, Case.id == Task.case_id)
        .outerjoin(pupil, pupil.c.id == Case.pupil_id)
        .where(Task.state == "open")
        .group_by(*task_itself, *its_case, *its_pupil, reporter, holders, out)
    )


def _listed(number: ColumnElement[int], *where: ColumnElement[bool]) -> ScalarSelect[str]:
    """These numbers as one text, of a case and task around it; null when there are none."""
    text = func.aggregate_strings(cast(number, String), ",")
    return select(text).where(*where).correlate(Case, Task).scalar_subquery()


@cache
def _task_holders() -> Select:
    """The statement that selects a task's holders. Built once: that is what costs."""
    now, day = bindparam("now", type_=UtcTime), bindparam("day", type_=Date)
    standing = Standing(Account.id, now, day)
    return (
        select(Account)
        .join(Task, Task.id == bindparam("task", type_=Integer))
        .join(Case, Case.id == Task.case_id)
        .where(standing.has_task(), ~standing.is_named())
        .order_by(Account.name, Account.id)
    )


def in_case(session: Session, case: Case, role: Role, now: datetime) -> list[Account]:
    """Whom the role means in this case: those who hold it; deputies only when nobody does."""
    return case_holders(session, case, role, now, deputies=False) or case_holders(
        session, case, role, now
    )


def _counts(given, now: datetime) -> ColumnElement[bool]:
    """The condition that a case role is given at that moment."""
    return and_(given.from_time <= now, or_(given.to_time.is_(None), given.to_time > now))


def _column(role: Role | ColumnElement[str]) -> ColumnElement[str]:
    return literal(str(role)) if isinstance(role, str) else role
