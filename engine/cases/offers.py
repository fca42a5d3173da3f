"""What a person may start by hand beside a report, and the page where it is started."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from engine.cases import lists, switches
from engine.cases.start import known_at_start
from engine.database.tables import Account, Case, Pupil, School
from engine.definitions.forms import Form
from engine.people import access, register
from engine.people.access import Permission
from engine.people.register import Option
from engine.people.roles import Role
from engine.people.standing import Standing
from engine.refusals import Reason, Refusal
from engine.rules import workdays
from engine.sentences import together

MANY = 300  # cases to choose among, the newest


@dataclass(frozen=True)
class Offer:
    """A process that the account may start. for_what, not_for: in plain words; in_pupils_case: it
    is started in the case of a pupil."""

    process_id: str
    name: str
    for_what: str
    not_for: str
    in_pupils_case: bool


@dataclass(frozen=True)
class StartPage:
    """What the page needs. first_step, step: the first step's id and name; cases: those it can be
    started in; chosen: the number of the one that is chosen; form: None until a case is chosen
    where one must be."""

    offer: Offer
    first_step: str
    step: str
    schools: tuple[School, ...]
    school: School
    cases: tuple[Option, ...]
    chosen: str | None
    case_id: int | None
    form: Form | None
    context: Mapping[str, Any]
    options: Mapping[str, Sequence[Option]]


def offers(product, account_id: int) -> list[Offer]:
    """The processes that the account may start, in the order of their names."""
    with product.database.session() as session:
        account = session.get(Account, account_id)
        found = [
            _offer(definition)
            for definition in product.all_published(session)
            if _may(product, session, account, definition)
        ]
        return sorted(found, key=lambda each: each.name)


def has_any(product, held: Collection[tuple[int, Role]]) -> bool:
    """Whether one who holds these roles, each at the school of that id, finds something there. What
    every page asks: one statement, and one more where all that is left is off until turned on."""
    with product.database.session() as session:
        known = product.all_published(session)
        return any(
            switches.is_on(session, definition, school_id)
            for definition in sorted(known, key=lambda each: each.is_optional)
            for school_id, role in held
            if role in access.with_deputies(definition.start.started_by)
        )


def open_page(
    product, account_id: int, process_id: str, school_id: int | None, number: str | None
) -> StartPage:
    """The page where the process is started. number: of the pupil's case, where it is started in
    one. Raises Refusal (IKKE_TILGANG)."""
    now = product.clock()
    with product.database.session() as session:
        account = session.get(Account, account_id)
        known = {each.process_id: each for each in product.all_published(session)}
        definition = known.get(process_id)
        if definition is None or not _may(product, session, account, definition):
            raise Refusal(Reason.IKKE_TILGANG, access.NO_ACCESS)
        beside = definition.is_in_pupils_case
        cases = _cases(product, session, account, definition) if beside else []
        case = next((each for each, _ in cases if each.number == number), None)
        if case is not None:
            schools = (session.get_one(School, case.school_id),)
        else:
            schools = _schools(product, session, account, definition)
        school = next((each for each in schools if each.id == school_id), schools[0])
        ready = case is not None or not beside
        first = definition.first_step
        pupils = {case.pupil_id} if case is not None and case.pupil_id else set()
        return StartPage(
            offer=_offer(definition),
            first_step=first.id,
            step=first.name,
            schools=schools,
            school=school,
            cases=tuple(Option(each.number, title) for each, title in cases),
            chosen=case and case.number,
            case_id=case and case.id,
            form=definition.form(process_id, first.form_key) if ready else None,
            context={
                "naa": workdays.local(now).strftime("%Y-%m-%dT%H:%M"),
                "i_dag": workdays.local_day(now).isoformat(),
                definition.start.id: known_at_start(product, session, definition, account_id, case),
            },
            options=dict(register.pickers(session, school.id, case, now, pupils=pupils)),
        )


def _offer(definition) -> Offer:
    about = definition.about
    return Offer(
        definition.process_id,
        definition.name,
        about.get("for_hva", ""),
        about.get("ikke_for", ""),
        definition.is_in_pupils_case,
    )


def _may(product, session, account, definition) -> bool:
    """Whether the account may start it at any school, or in any pupil's case."""
    if not definition.start.started_by:
        return False
    if definition.is_in_pupils_case:
        roles, now = definition.start.started_by, product.clock()
        some = select(Case.id).where(access.startable_cases(account, roles, now))
        return session.scalar(some.limit(1)) is not None
    return bool(_schools(product, session, account, definition))


def _cases(product, session, account, definition) -> list[tuple[Case, str]]:
    """The pupils' cases in which it can be started, open ones first, each with its title."""
    condition = access.startable_cases(account, definition.start.started_by, product.clock())
    rows = session.execute(
        select(Case, Pupil)
        .outerjoin(Pupil, Pupil.id == Case.pupil_id)
        .where(condition, Case.merged_into_id.is_(None), Case.wrapped_key.is_not(None))
        .order_by(Case.ended_at.is_not(None), Case.id.desc())
        .limit(MANY)
    )
    return [
        (case, together([case.number, lists.title_of(case, pupil) or ""])) for case, pupil in rows
    ]


def _schools(product, session, account, definition) -> tuple[School, ...]:
    """The schools where the account may start it now; of one that is started in a pupil's case,
    those where the account holds a role."""
    roles, now = frozenset(definition.start.started_by), product.clock()
    held = access.schools(Standing(account.id, now), roles | access.SCHOOL_ROLES)
    permission = Permission.START_MANUAL
    return tuple(
        school
        for school in session.scalars(held).all()
        if definition.is_in_pupils_case
        or (
            switches.is_on(session, definition, school.id)
            and access.may(session, account, permission, school_id=school.id, roles=roles, now=now)
        )
    )
