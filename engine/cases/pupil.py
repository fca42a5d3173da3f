"""A pupil's page: the reports and cases over time that this account may see, no trace of others.

Each case that is shown is written in its own reading log.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial

from sqlalchemy import and_, select

from engine.cases import roster
from engine.cases.desk import Desk, no_access
from engine.cases.report import PROCESS, REPORT
from engine.database.tables import Account, Answer, Case, Event, Pupil
from engine.people import access
from engine.people.access import Permission
from engine.records import reading
from engine.records.log import Kind
from engine.rules.workdays import local_day

MONTHS = 12  # in the picture, the present one last
WHERE = "arena"  # the field of the report that says where it happened
_ENDING = "Avslutt: "  # how the name of an end event begins


@dataclass(frozen=True)
class PupilCase:
    """One case as the pupil's page shows it.

    end: how it ended, in the drawing's words; where: it happened, for those who may read the
    answers; joined: the number of the case that it was joined to, for those who may see that one.
    """

    number: str
    process: str
    status: str
    shielded: bool
    opened_at: datetime
    ended_at: datetime | None
    end: str | None
    where: str | None
    joined: str | None


@dataclass(frozen=True)
class PupilPage:
    """cases: the newest first. months: the first day of each month and how many reports came.
    counts: what is counted, in the rules' own words, and the number."""

    name: str
    class_name: str
    has_left: bool
    cases: tuple[PupilCase, ...]
    months: tuple[tuple[date, int], ...]
    counts: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class PupilList:
    """The pupils whose pages may be opened, of one class; classes: all there are."""

    classes: tuple[str, ...]
    class_name: str | None
    pupils: tuple[tuple[int, str], ...]


def pupils(product, account_id: int, class_name: str | None = None) -> PupilList:
    """The pupils of a class (the first, unless another is asked for) whose pages this account may
    open. Raises Refusal (IKKE_TILGANG)."""
    now = product.clock()
    with product.database.session() as session:
        account = session.get(Account, account_id)
        access.require(session, account, Permission.SEE_PUPIL, now=now)
        mine = and_(access.visible_pupils(account, now), Pupil.left_on.is_(None))
        classes = tuple(
            session.scalars(
                select(Pupil.class_name).where(mine).distinct().order_by(Pupil.class_name)
            )
        )
        chosen = class_name if class_name in classes else next(iter(classes), None)
        rows = session.execute(
            select(Pupil.id, Pupil.name)
            .where(mine, Pupil.class_name == chosen)
            .order_by(Pupil.name, Pupil.id)
        )
        return PupilList(classes, chosen, tuple((row.id, row.name) for row in rows))


def pupil_page(product, account_id: int, pupil_id: int) -> PupilPage:
    """The pupil's page for this account; each case shown is logged as read. Raises Refusal
    (IKKE_TILGANG)."""
    with product.database.transaction() as session:
        account, now = session.get(Account, account_id), product.clock()
        pupil = session.scalar(
            select(Pupil).where(Pupil.id == pupil_id, access.visible_pupils(account, now))
        )
        if pupil is None:
            raise no_access()
        cases = session.scalars(
            select(Case)
            .where(Case.pupil_id == pupil.id, access.visible_cases(account, now))
            .order_by(Case.opened_at.desc(), Case.id.desc())
        ).all()
        for case in cases:
            reading.record(session, case.id, account_id, now, reading.What.ELEV)
        ends = _ends(session, cases)
        today = local_day(now)
        return PupilPage(
            name=pupil.name,
            class_name=pupil.class_name,
            has_left=pupil.left_on is not None and pupil.left_on <= today,
            cases=tuple(
                _shown(product, session, account, case, ends.get(case.id)) for case in cases
            ),
            months=_months(cases, today),
            counts=_counts(product, session, cases, ends, today),
        )


def _ends(session, cases: Sequence[Case]) -> dict[int, str]:
    """By case: the id of the end event that it came to."""
    rows = session.execute(
        select(Event.case_id, Event.step)
        .where(Event.case_id.in_([case.id for case in cases]), Event.kind == Kind.SAK_AVSLUTTET)
        .order_by(Event.id)
    )
    return dict(rows.all())


def _shown(product, session, account: Account, case: Case, end: str | None) -> PupilCase:
    definition = product.definition(session, case.version)
    step = definition.steps.get((case.process_id, end))
    joined = None
    if case.merged_into_id is not None:
        now = product.clock()
        joined = session.scalar(
            select(Case.number).where(
                Case.id == case.merged_into_id, access.visible_cases(account, now)
            )
        )
    return PupilCase(
        number=case.number,
        process=definition.name,
        status=case.status,
        shielded=case.shielded is not None,
        opened_at=case.opened_at,
        ended_at=case.ended_at,
        end=step.name.removeprefix(_ENDING) if step else None,
        where=_where(product, session, account, case),
        joined=joined,
    )


def _where(product, session, account: Account, case: Case) -> str | None:
    """Where it happened, as the report says it now."""
    about = {"case": case, "now": product.clock()}
    if not access.may(session, account, Permission.SEE_ALL_ANSWERS, **about):
        return None
    row = session.scalar(
        select(Answer)
        .where(Answer.case_id == case.id, Answer.step == REPORT)
        .order_by(Answer.id.desc())
    )
    if row is None or case.wrapped_key is None:
        return None
    desk = Desk(product, session, case, account.id)
    step = desk.definition.step(row.process_id, row.step)
    form = desk.definition.form(row.process_id, step.form_key)
    answered = desk.unseal(row.sealed_answers, "answer")
    said = form.describe({WHERE: answered.get(WHERE)}, partial(roster.name_of, desk))
    return said[0][1] if said else None


def _months(cases: Sequence[Case], today: date) -> tuple[tuple[date, int], ...]:
    """The last months, the earliest first, with how many reports came in each: the pupil's own
    cases, for what runs beside one is the same report, or none."""
    reports = (case for case in cases if case.process_id == PROCESS)
    opened = Counter(local_day(case.opened_at).replace(day=1) for case in reports)
    months = [today.replace(day=1)]
    while len(months) < MONTHS:
        months.append((months[-1] - timedelta(days=1)).replace(day=1))
    return tuple((month, opened[month]) for month in reversed(months))


def _counts(product, session, cases, ends, today: date) -> tuple[tuple[str, int], ...]:
    """What the rules count of a pupil's cases (`telling`), among those that are shown."""
    counts = product.published(session, PROCESS).regelverk.counts
    found = []
    for count in counts.values():
        first = today - timedelta(days=count.kalenderdager)
        ended = (
            case.ended_at is not None
            and case.process_id == PROCESS
            and ends.get(case.id) == count.slutt
            and local_day(case.ended_at) >= first
            for case in cases
        )
        found.append((count.tekst, sum(ended)))
    return tuple(found)
