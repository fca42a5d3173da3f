"""Who may see and do what: the one table.

A permission is given to those who stand in one of the listed ways to the case or the task. Nobody
else has it, and a person named in a case has none in it, whatever else she is. Elev and foresatte
have no login.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from enum import StrEnum
from functools import cache

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    and_,
    bindparam,
    exists,
    false,
    literal,
    or_,
    select,
)
from sqlalchemy.orm import Session, aliased

from engine.database.tables import Account, Case, Notice, Pupil, RoleHolding, School, Task
from engine.people.roles import LABELS, SCHOOL_ROLES, Role, in_force
from engine.people.standing import Standing
from engine.refusals import Reason, Refusal
from engine.rules.workdays import local_day
from engine.sentences import Sentence, either, say


class Permission(StrEnum):
    """What can be asked for."""

    REPORT = "report"  # send a report
    SEE_OWN_REPORTS = "see_own_reports"  # own words, and that they were received
    SEE_CASES_LIST = "see_cases_list"  # the case in a list, a count or a search
    SEE_CASE = "see_case"  # the case's page
    SEE_ALL_ANSWERS = "see_all_answers"  # what everybody has filled in
    SEE_LOG = "see_log"  # the timeline, and who has read the case
    SEE_PLAN = "see_plan"
    SEE_TASK = "see_task"  # one task and what was filled in there
    COMPLETE_TASK = "complete_task"
    CLAIM_TASK = "claim_task"  # take a task that a role has, or give it back
    HAND_OVER = "hand_over"  # give an open task to a colleague
    RETURN_TASK = "return_task"  # give back a task that a colleague gave
    START_MANUAL = "start_manual"  # start by hand what the diagram lets these roles start
    NOTE = "note"
    ADD_FILE = "add_file"  # to the case, or with a task
    SEE_FILES = "see_files"  # what everybody has added
    SEE_OWN_FILES = "see_own_files"
    CORRECT = "correct"  # correct what anybody has answered
    CORRECT_PUPIL = "correct_pupil"  # correct whom the case is about
    WRITE_LETTERS = "write_letters"  # make, read and give out letters to the pupil's guardians
    EDIT_TEMPLATES = "edit_templates"  # the texts of those letters
    REMIND = "remind"
    SEE_PUPIL = "see_pupil"  # the page of the pupil whom the case is about
    INVITE = "invite"  # ask a colleague into the case, or end that
    LEAD = "lead"  # decide who takes part in a shielded case, and who does leadership's steps
    SEE_INCIDENTS = "see_incidents"
    REPAIR = "repair"  # try again what has stopped
    SEE_OVERSIGHT = "see_oversight"  # figures over the school's cases
    SEE_YEAR = "see_year"  # the school's year: its routines, when and by whom
    EDIT_YEAR = "edit_year"  # change the routines, and plan the year


class Who(StrEnum):
    """How a person stands to a case or a task."""

    MELDER = "melder"  # reported it
    KONTAKTLAERER = "kontaktlaerer"  # the pupil's own, with a task there, now or before
    SAKSANSVARLIG = "saksansvarlig"
    UNDERSOKER = "undersoker"
    TILRETTELEGGER = "tilrettelegger"  # leads this restorative process
    ANSVARLIG = "ansvarlig"  # for a measure in the plan
    LEDER = "leder"  # leads the school in this case: see Standing.leads
    SKOLEEIER = "skoleeier"  # of the school, when the case is serious or shielded
    INVITERT = "invitert"  # is asked in by those who handle it, while the invitation lasts
    DELTAKER = "deltaker"  # has or had a task in a case of the school itself, without a pupil
    OPPGAVE = "oppgave"  # has the task
    FATT_OPPGAVE = "fatt_oppgave"  # has the task because a colleague gave it
    LEDIG_OPPGAVE = "ledig_oppgave"  # has the task as one of those who hold its role
    LEVERT = "levert"  # did the task, in a case that is not shielded
    LA_VED = "la_ved"  # has added a file; in a shielded case, while having a task by name
    STARTER = "starter"  # acts in a role that may start this by hand


HANDLERS = frozenset({Who.LEDER, Who.SKOLEEIER, Who.SAKSANSVARLIG, Who.UNDERSOKER})

TABLE: dict[Permission, frozenset[Who]] = {
    Permission.REPORT: frozenset(),
    Permission.SEE_OWN_REPORTS: frozenset({Who.MELDER}),
    Permission.SEE_CASES_LIST: HANDLERS
    | {Who.TILRETTELEGGER, Who.KONTAKTLAERER, Who.DELTAKER, Who.INVITERT},
    Permission.SEE_CASE: HANDLERS
    | {Who.TILRETTELEGGER, Who.KONTAKTLAERER, Who.DELTAKER, Who.INVITERT},
    Permission.SEE_ALL_ANSWERS: HANDLERS | {Who.TILRETTELEGGER},
    Permission.SEE_LOG: HANDLERS | {Who.TILRETTELEGGER},
    Permission.SEE_PLAN: HANDLERS | {Who.KONTAKTLAERER, Who.ANSVARLIG, Who.INVITERT},
    Permission.SEE_TASK: HANDLERS | {Who.TILRETTELEGGER, Who.OPPGAVE, Who.LEVERT},
    Permission.COMPLETE_TASK: frozenset({Who.OPPGAVE}),
    Permission.CLAIM_TASK: frozenset({Who.LEDIG_OPPGAVE}),
    Permission.HAND_OVER: HANDLERS | {Who.OPPGAVE},
    Permission.RETURN_TASK: frozenset({Who.FATT_OPPGAVE}),
    Permission.START_MANUAL: frozenset({Who.STARTER}),
    Permission.NOTE: HANDLERS | {Who.TILRETTELEGGER, Who.KONTAKTLAERER, Who.INVITERT},
    Permission.ADD_FILE: HANDLERS | {Who.TILRETTELEGGER, Who.KONTAKTLAERER, Who.OPPGAVE},
    Permission.SEE_FILES: HANDLERS | {Who.TILRETTELEGGER},
    Permission.SEE_OWN_FILES: HANDLERS | {Who.TILRETTELEGGER, Who.LA_VED},
    Permission.CORRECT: HANDLERS,
    Permission.CORRECT_PUPIL: frozenset({Who.LEDER, Who.SKOLEEIER}),
    Permission.WRITE_LETTERS: HANDLERS | {Who.KONTAKTLAERER},
    Permission.EDIT_TEMPLATES: frozenset(),
    Permission.REMIND: HANDLERS | {Who.TILRETTELEGGER},
    Permission.SEE_PUPIL: HANDLERS | {Who.KONTAKTLAERER},
    Permission.INVITE: HANDLERS,
    Permission.LEAD: HANDLERS - {Who.SAKSANSVARLIG},
    Permission.SEE_INCIDENTS: frozenset({Who.LEDER, Who.SKOLEEIER}),
    Permission.REPAIR: frozenset({Who.LEDER, Who.SKOLEEIER}),
    Permission.SEE_OVERSIGHT: frozenset({Who.LEDER, Who.SKOLEEIER}),
    Permission.SEE_YEAR: frozenset(),
    Permission.EDIT_YEAR: frozenset(),
}

# What a school role gives before any case is chosen: the pages, not what stands on them.
LEADERSHIP = frozenset({Role.REKTOR, Role.LEDELSE, Role.SKOLEEIER})
PAGES: dict[Permission, frozenset[Role]] = {
    Permission.REPORT: SCHOOL_ROLES,
    Permission.SEE_OWN_REPORTS: SCHOOL_ROLES,
    Permission.SEE_CASES_LIST: LEADERSHIP | {Role.KONTAKTLAERER},
    Permission.SEE_PUPIL: frozenset({Role.REKTOR, Role.LEDELSE, Role.KONTAKTLAERER}),
    Permission.SEE_INCIDENTS: LEADERSHIP,
    Permission.SEE_OVERSIGHT: LEADERSHIP,
    Permission.SEE_YEAR: SCHOOL_ROLES,
    Permission.EDIT_YEAR: frozenset({Role.REKTOR, Role.LEDELSE}),
    Permission.EDIT_TEMPLATES: frozenset({Role.REKTOR, Role.LEDELSE}),
}

PUPILS_PROCESS = "aktivitetsplikt"  # the process of a pupil's own case

CALLED_IN = "innkalling"  # the kind of the one notice that reaches a person named in the case

NO_ACCESS = say(
    "Du har ikke tilgang til denne siden. Trenger du den for å hjelpe en elev, snakk med rektor."
)
NAMED = say("Du er nevnt i saken og kan ikke behandle eller godkjenne den. En annen tar oppgaven.")

CONDITIONS: dict[Who, Callable[[Standing], ColumnElement[bool]]] = {
    # A case of the school itself was opened by the year's plan, or by a colleague: no report.
    Who.MELDER: lambda me: and_(Case.title.is_(None), me.is_given(Role.MELDER)),
    Who.KONTAKTLAERER: lambda me: and_(me.teaches_pupil(), me.had_task()),
    Who.SAKSANSVARLIG: lambda me: me.is_given(Role.SAKSANSVARLIG),
    Who.UNDERSOKER: lambda me: me.is_given(Role.UNDERSOKER),
    # In the pupil's own case, whoever is asked to lead such a process has no part.
    Who.TILRETTELEGGER: lambda me: and_(
        me.is_given(Role.TILRETTELEGGER), Case.process_id != PUPILS_PROCESS
    ),
    Who.ANSVARLIG: lambda me: me.is_given(Role.ANSVARLIG),
    Who.LEDER: lambda me: me.leads(),
    Who.SKOLEEIER: lambda me: and_(me.owns(), or_(Case.serious, Case.shielded.is_not(None))),
    Who.INVITERT: lambda me: and_(me.is_given(Role.INVITERT), Case.ended_at.is_(None)),
    Who.DELTAKER: lambda me: me.takes_part(),
    Who.OPPGAVE: lambda me: me.has_task(),
    Who.FATT_OPPGAVE: lambda me: and_(
        me.is_staff(), Task.assignee_id == me.account, Task.handed_over_by_id.is_not(None)
    ),
    Who.LEDIG_OPPGAVE: lambda me: and_(Task.assignee_id.is_(None), me.has_task()),
    Who.LA_VED: lambda me: and_(me.added_file(), or_(Case.shielded.is_(None), me.has_named_task())),
    Who.LEVERT: lambda me: and_(
        me.is_staff(), Task.done_by_id == me.account, Case.shielded.is_(None)
    ),
}
DOING = frozenset(
    {
        Permission.COMPLETE_TASK,
        Permission.CLAIM_TASK,
        Permission.HAND_OVER,
        Permission.RETURN_TASK,
        Permission.START_MANUAL,
    }
)
ON_TASK = frozenset({Who.OPPGAVE, Who.FATT_OPPGAVE, Who.LEDIG_OPPGAVE, Who.LEVERT})


def may(
    session: Session,
    account: Account | None,
    permission: Permission,
    *,
    now: datetime,
    case: Case | None = None,
    task: Task | None = None,
    school_id: int | None = None,
    roles: Collection[Role] = (),
) -> bool:
    """Whether the account has the permission in this case or on this task; with neither, whether
    it has the page at the school (at any school, for None).

    roles: for START_MANUAL, the roles that may start it.
    """
    if account is None:
        return False
    if case is None and task is None:
        return _may_at_school(session, account, permission, now, school_id, roles)
    return _holds(session, account, permission, now, case, task, roles)


def require(
    session: Session,
    account: Account | None,
    permission: Permission,
    *,
    now: datetime,
    case: Case | None = None,
    task: Task | None = None,
    school_id: int | None = None,
    roles: Collection[Role] = (),
) -> None:
    """Raise a Refusal unless `may`.

    INHABIL: the account would have had it, but is named in the case. FEIL_ROLLE: it may see this,
    but it is another's to do. IKKE_TILGANG: everything else, in the words for what does not exist;
    always so in a shielded case for those named in it.
    """
    about = {"now": now, "case": case, "task": task}
    if may(session, account, permission, school_id=school_id, roles=roles, **about):
        return
    if account is not None and permission in DOING and (case is not None or task is not None):
        if _holds(session, account, permission, now, case, task, roles, though_named=True):
            raise Refusal(Reason.INHABIL, NAMED)
        knows = Permission.SEE_CASE if task is None else Permission.SEE_TASK
        if may(session, account, knows, **about):
            raise Refusal(Reason.FEIL_ROLLE, _belongs_to(session, task, roles))
    raise Refusal(Reason.IKKE_TILGANG, NO_ACCESS)


def visible_cases(account: Account | int | None, now: datetime) -> ColumnElement[bool]:
    """The condition on `Case` for every list, count and search of cases."""
    return _cases(Permission.SEE_CASES_LIST, account, now)


def visible_pupils(account: Account | None, now: datetime) -> ColumnElement[bool]:
    """The condition on `Pupil` for those whose page the account may open: rektor's and ledelse's
    at the school, the kontaktlærer's own, and those of a case that it may see. Which cases stand on
    the page is asked by `visible_cases`."""
    if account is None:
        return false()
    standing = Standing(account.id, now)
    return or_(
        standing.has_pupil(),
        Pupil.id.in_(select(Case.pupil_id).where(_cases_of(standing, Permission.SEE_PUPIL))),
    )


def startable_cases(
    account: Account | None, roles: Collection[Role], now: datetime
) -> ColumnElement[bool]:
    """The condition on `Case` for the pupils' cases in which the account may start what these roles
    may start. In a shielded case, whoever handles it does what they do else."""
    if account is None:
        return false()
    standing = Standing(account.id, now)
    handler = frozenset({Role.UNDERSOKER})
    return and_(
        Case.process_id == PUPILS_PROCESS,
        or_(
            and_(Case.shielded.is_(None), _has(Permission.START_MANUAL, standing, False, roles)),
            and_(
                Case.shielded.is_not(None), _has(Permission.START_MANUAL, standing, False, handler)
            ),
        ),
        ~standing.is_named(),
    )


def own_reports(account: Account | None, now: datetime) -> ColumnElement[bool]:
    """The condition on `Case` for the list of what the account has reported."""
    return _cases(Permission.SEE_OWN_REPORTS, account, now)


def cases_with_incidents(account: Account | int | None, now: datetime) -> ColumnElement[bool]:
    """The condition on `Case` for the list of incidents."""
    return _cases(Permission.SEE_INCIDENTS, account, now)


def seen_to_by_nobody(now: datetime) -> ColumnElement[bool]:
    """The condition on `Case` that there is nobody who could see an incident of it: all who could
    are named in it, or nobody holds the roles."""
    standing = Standing(Account.id, now)
    sees_to = _has(Permission.SEE_INCIDENTS, standing, False, ())
    return ~select(Account.id).where(sees_to, ~standing.is_named()).correlate(Case).exists()


def my_tasks(account: Account | int | None, now: datetime) -> ColumnElement[bool]:
    """The condition on `Task` for the open tasks that the account can do: given to it, or given
    to nobody and of a role it acts in (also when a colleague has taken it: the list says so)."""
    if account is None:
        return false()
    standing = Standing(_id_of(account), now)
    return and_(
        Task.state == "open",
        exists()
        .where(
            Case.id == Task.case_id,
            _has(Permission.COMPLETE_TASK, standing, True, ()),
            ~standing.is_named(),
        )
        .correlate(Task),  # a list that joins Case has it of its own
    )


def done_by_me(account: Account | int | None, now: datetime) -> ColumnElement[bool]:
    """The condition on `Task` for those that the account has done and may still read."""
    if account is None:
        return false()
    standing = Standing(_id_of(account), now)
    return and_(
        Task.state == "done",
        exists()
        .where(Case.id == Task.case_id, CONDITIONS[Who.LEVERT](standing), ~standing.is_named())
        .correlate(Task),
    )


def own_notices(account: int | ColumnElement[int], now: datetime) -> ColumnElement[bool]:
    """The condition on `Notice` for what the account has been told and may still be told of: not
    when it has left the school, nor in a case where it has been named since, but for being called
    in to a talk, while the case is not shielded. What more a page may say of the case is asked by
    `visible_cases`, `my_tasks` and `done_by_me`."""
    return notices_of(Standing(account, now))


def notices_of(standing: Standing) -> ColumnElement[bool]:
    """As `own_notices`."""
    return and_(
        Notice.account_id == standing.account,
        exists()
        .where(
            Case.id == Notice.case_id,
            standing.is_staff(),
            or_(
                ~standing.is_named(),
                and_(Notice.kind == CALLED_IN, Case.shielded.is_(None)),
            ),
        )
        .correlate(Notice),
    )


def people_in(
    session: Session, case: Case, ways: Collection[Who] | None, now: datetime
) -> list[Account]:
    """The staff who stand in one of these ways to the case (in any, for None), in order of name.
    A person named in the case is never among them."""
    values = {"case": case.id, "now": now, "day": local_day(now)}
    return list(session.scalars(_people(None if ways is None else frozenset(ways)), values))


@cache
def _people(ways: frozenset[Who] | None) -> Select:
    asked = Standing.asked()
    standing = Standing(Account.id, asked.now, asked.day)
    conditions = [CONDITIONS[who](standing) for who in sorted(ways or ())]
    return (
        select(Account)
        .join(Case, Case.id == bindparam("case", type_=Integer))
        .where(standing.is_staff() if ways is None else or_(false(), *conditions))
        .where(~standing.is_named())
        .order_by(Account.name, Account.id)
    )


def schools(standing: Standing, roles: Collection[Role]) -> Select:
    """The statement that selects the schools where one holds one of the roles today."""
    holding, active = aliased(RoleHolding), aliased(Account)
    return (
        select(School)
        .where(
            School.id.in_(
                select(holding.school_id)
                .join(active, and_(active.id == holding.account_id, active.active))
                .where(
                    holding.account_id == standing.account,
                    holding.role.in_(roles),
                    in_force(holding, standing.day),
                )
            )
        )
        .order_by(School.name)
    )


def has_page(standing: Standing, permission: Permission) -> ColumnElement[bool]:
    """Whether `may` gives the page at any school: a column of a statement that asks for more."""
    asked = _ways_to_page(standing, permission, frozenset())
    return or_(false(), *(exists(each.correlate(None)) for each in asked))


def _may_at_school(
    session: Session,
    account: Account,
    permission: Permission,
    now: datetime,
    school_id: int | None,
    roles: Collection[Role],
) -> bool:
    asked = _page_questions(permission, school_id is not None, frozenset(roles))
    values = Standing.values(account.id, now) | {"school": school_id}
    return any(session.scalar(each, values) is not None for each in asked)


@cache
def _page_questions(
    permission: Permission, at_school: bool, roles: frozenset[Role]
) -> tuple[Select, ...]:
    """The statements of `_ways_to_page`, at the school `school` when `at_school`."""
    school = bindparam("school", type_=Integer)
    return tuple(
        (each.where(each.selected_columns.school == school) if at_school else each).limit(1)
        for each in _ways_to_page(Standing.asked(), permission, roles)
    )


def with_deputies(allowed: Collection[Role]) -> frozenset[Role]:
    """These roles at a school, and those who act in their place there."""
    return frozenset(allowed) | ({Role.LEDELSE} if Role.REKTOR in allowed else set())


def _ways_to_page(
    standing: Standing, permission: Permission, roles: frozenset[Role]
) -> list[Select]:
    """Statements of which one gives a row, the school's id, when one has the page there."""
    allowed = roles if permission is Permission.START_MANUAL else PAGES.get(permission)
    if not allowed:
        return []
    found = schools(standing, with_deputies(allowed)).order_by(None)
    found = found.with_only_columns(School.id.label("school"))
    seen = select(Case.school_id.label("school"))
    seen = seen.where(_cases_of(standing, Permission.SEE_CASES_LIST))
    # The list of cases is also for those who have one, whatever their role at the school.
    return [found, seen] if permission is Permission.SEE_CASES_LIST else [found]


def _id_of(account: Account | int) -> int:
    return account if isinstance(account, int) else account.id


def _cases(
    permission: Permission, account: Account | int | None, now: datetime
) -> ColumnElement[bool]:
    return false() if account is None else _cases_of(Standing(_id_of(account), now), permission)


def _cases_of(standing: Standing, permission: Permission) -> ColumnElement[bool]:
    return and_(_has(permission, standing, False, ()), ~standing.is_named())


def _has(
    permission: Permission, standing: Standing, of_task: bool, roles: Collection[Role]
) -> ColumnElement[bool]:
    """The table's line for the permission, as a condition; being named is not looked at."""
    ways = []
    for who in sorted(TABLE[permission]):
        if who is Who.STARTER:
            ways += [standing.acts_as(role) for role in sorted(roles)]
        elif who not in ON_TASK:
            ways.append(CONDITIONS[who](standing))
        elif of_task:
            way = CONDITIONS[who](standing)
            # Once a task is done or withdrawn, those who had it and did not do it see no answers.
            seeing = permission is Permission.SEE_TASK and who is Who.OPPGAVE
            ways.append(and_(way, Task.state == "open") if seeing else way)
    return or_(false(), *ways)


def _holds(
    session: Session,
    account: Account,
    permission: Permission,
    now: datetime,
    case: Case | None,
    task: Task | None,
    roles: Collection[Role],
    though_named: bool = False,
) -> bool:
    """Whether the account has the permission in this case or on this task. One query.

    though_named: whether it would, in an open case, if it were not named in it.
    """
    question = _question(
        permission, case is not None, task is not None, frozenset(roles), though_named
    )
    values = Standing.values(account.id, now)
    values |= {"case": case.id} if case is not None else {}
    values |= {"task": task.id} if task is not None else {}
    return session.scalar(question, values) is not None


@cache
def _question(
    permission: Permission, of_case: bool, of_task: bool, roles: frozenset[Role], though_named: bool
) -> Select:
    """The statement that asks for a permission: a row or none. Built once: that is what costs."""
    standing = Standing.asked()
    question = (
        select(literal(1))
        .select_from(Case)
        .where(
            _has(permission, standing, of_task, roles),
            Case.shielded.is_(None) if though_named else ~standing.is_named(),
        )
    )
    if of_case:
        question = question.where(Case.id == bindparam("case", type_=Integer))
    if of_task:
        question = question.join(Task, Task.case_id == Case.id).where(
            Task.id == bindparam("task", type_=Integer)
        )
    return question


@cache
def on_task(permission: Permission) -> ColumnElement[bool]:
    """Whether the account `account` has the permission on the task `task` in the case `case`, at
    the moment `now` of the local day `day`: a column of a statement that asks for more besides."""
    question = _question(permission, True, True, frozenset(), False)
    return exists(question.correlate(None)).label("may")


def _belongs_to(session: Session, task: Task | None, roles: Collection[Role]) -> Sentence:
    """The sentence that says whose this is."""
    if task is not None and task.assignee_id is not None:
        name = session.get_one(Account, task.assignee_id).name
        return say("Oppgaven «%(step)s» er gitt til %(name)s.", step=task.name, name=name)
    names = [LABELS[role] for role in ([task.role] if task else roles) if role in LABELS]
    if not names:
        return say("Oppgaven hører ikke til noen rolle du har. Snakk med rektor.")
    return say("Denne oppgaven er det %(roles)s som gjør.", roles=either(names))
