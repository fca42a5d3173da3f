"""What leadership changes in the year: a row's name, time, responsible role, whether it is done at
all, a row of the school's own, and a routine that is taken up once more.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select

from engine.database.tables import Account, Case, School, YearEvent, YearRow
from engine.people import access
from engine.people.access import Permission
from engine.people.roles import LABELS
from engine.refusals import Fault, Reason, Refusal
from engine.rules.workdays import local_day
from engine.sentences import say
from engine.year import opening, plan, schedule
from engine.year.rows import PER, ROLES, ROUTINE, of_school

LONGEST = 120


@dataclass(frozen=True)
class Edit:
    """A row as it stands in leadership's form. row_id None is a row that the school adds."""

    account_id: int
    school_id: int
    row_id: int | None
    name: str
    schedule: str
    role: str
    per: str = "skole"
    active: bool = True


def save(product, edit: Edit) -> int:
    """Keep leadership's edit of a row, or its new row, and plan the row's coming times anew. Gives
    the row's id. Raises Refusal: MANGLER_FELT, UGYLDIG_SVAR, IKKE_TILGANG."""
    with product.database.transaction() as session:
        require(session, edit.account_id, edit.school_id, product.clock())
        row = _row(session, edit)
        _judge(edit, row)
        row.name, row.schedule = edit.name.strip(), " ".join(edit.schedule.split())
        row.role, row.active = edit.role, edit.active
        row.changed_at, row.changed_by_id = product.clock(), edit.account_id
        if row.key is None:
            row.per = edit.per
        session.flush()
        plan.replan(product, session, row)
        return row.id


@dataclass(frozen=True)
class Line:
    """A row as leadership reads it. per: in words, trinn included; own: added by the school;
    groups: the classes or trinn it is done for, empty for the whole school."""

    id: int
    name: str
    schedule: str
    role: str
    per: str
    per_words: str
    source: str
    active: bool
    own: bool
    groups: tuple[tuple[str, str], ...]  # as stored and in words


@dataclass(frozen=True)
class Rows:
    """The rows of a school, in order."""

    school_id: int
    school: str
    lines: tuple[Line, ...]


def listed(product, account_id: int, school_id: int) -> Rows:
    """All rows, for those who lead the school. Raises Refusal (IKKE_TILGANG)."""
    now = product.clock()
    with product.database.session() as session:
        require(session, account_id, school_id, now)
        classes = plan.classes_at(session, school_id, local_day(now))
        lines = tuple(_line(row, classes) for row in of_school(session, school_id))
        return Rows(school_id, session.get_one(School, school_id).name, lines)


def _line(row: YearRow, classes: list[str]) -> Line:
    words = PER[row.per]
    if row.first_grade is not None:
        first, last = row.first_grade, row.last_grade
        words = say("%(whom)s, %(first)s.–%(last)s. trinn", whom=words, first=first, last=last)
    groups = () if row.per == "skole" else tuple(plan.groups_of(row, classes))
    return Line(
        id=row.id,
        name=row.name,
        schedule=row.schedule,
        role=row.role,
        per=row.per,
        per_words=words,
        source=row.source,
        active=row.active,
        own=row.key is None,
        groups=tuple((group, opening.label_of(group)) for group in groups),
    )


def take_up(product, account_id: int, school_id: int, row_id: int, due_on: date, group: str) -> str:
    """Take up a routine once more, from today: for need, and not in the plan's own days. Gives the
    number of its case. Raises Refusal: UGYLDIG_SVAR for a day before today or a group it is not
    for, IKKE_TILGANG."""
    now = product.clock()
    today = local_day(now)
    with product.database.transaction() as session:
        require(session, account_id, school_id, now)
        row = session.get(YearRow, row_id, with_for_update=True)
        if row is None or row.school_id != school_id or not row.active:
            raise Refusal(Reason.IKKE_TILGANG, access.NO_ACCESS)
        faults = []
        if due_on < today:
            faults.append(
                Fault("frist", Reason.UGYLDIG_SVAR, say("Velg en dag fra i dag og fremover."))
            )
        if group not in plan.groups_of(row, plan.classes_at(session, school_id, today)):
            said = say("Velg hvem rutinen gjøres for.")
            faults.append(Fault("gruppe", Reason.UGYLDIG_SVAR, said))
        if faults:
            raise Refusal.of_answers(faults)
        event_id = plan.add_event(session, row, due_on, today, group)
    opening.open_event(product, event_id)
    with product.database.session() as session:
        number = session.scalar(
            select(Case.number)
            .join(YearEvent, YearEvent.case_id == Case.id)
            .where(YearEvent.id == event_id)
        )
    if number is None:
        raise Refusal(Reason.STANSET, say("Rutinen kunne ikke åpnes nå. Trygg prøver igjen."))
    return number


def require(session, account_id: int, school_id: int, now) -> None:
    """Refuse all but those who lead this school."""
    account = session.get(Account, account_id)
    access.require(session, account, Permission.EDIT_YEAR, school_id=school_id, now=now)


def _row(session, edit: Edit) -> YearRow:
    if edit.row_id is not None:
        row = session.get(YearRow, edit.row_id)
        if row is None or row.school_id != edit.school_id:
            raise Refusal(Reason.IKKE_TILGANG, access.NO_ACCESS)
        return row
    session.get(School, edit.school_id, with_for_update=True)
    highest = session.scalar(
        select(func.max(YearRow.position)).where(YearRow.school_id == edit.school_id)
    )
    row = YearRow(
        school_id=edit.school_id,
        key=None,
        position=(highest or 0) + 1,
        name=edit.name,
        schedule=edit.schedule,
        per=edit.per,
        role=edit.role,
        process_id=ROUTINE,
        fields="",
        source="",
    )
    session.add(row)
    return row


def _judge(edit: Edit, row: YearRow) -> None:
    faults = []
    if not 0 < len(edit.name.strip()) <= LONGEST:
        said = say(
            "Skriv hva som skal gjøres, med inntil %(most)s tegn. Ikke skriv navn på elever.",
            most=LONGEST,
        )
        faults.append(Fault("navn", Reason.MANGLER_FELT, said))
    try:
        schedule.read(edit.schedule)
    except schedule.NotASchedule as wrong:
        faults.append(Fault("naar", Reason.UGYLDIG_SVAR, wrong.args[0]))
    if edit.role not in ROLES:
        faults.append(Fault("rolle", Reason.UGYLDIG_SVAR, say("Velg hvem som har ansvaret.")))
    if row.key is None and edit.per not in PER:
        faults.append(Fault("per", Reason.UGYLDIG_SVAR, say("Velg hvem rutinen gjøres for.")))
    if faults:
        raise Refusal.of_answers(faults)


def role_choices() -> list[tuple[str, str]]:
    """The roles that may have a routine, with their names."""
    return [(str(role), LABELS[role]) for role in ROLES]
