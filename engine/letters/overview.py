"""A case's letters as its pages read them: all of them, one that is made, and one to be made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import aliased

from engine.cases.answers import open_to, title_in
from engine.cases.desk import Desk, no_access
from engine.database.tables import Account, Guardian, Letter, LetterTemplate
from engine.letters import templates
from engine.letters.called_for import Proposal, proposals
from engine.letters.compose import Draft, compose
from engine.letters.home import Home, NotTold, homes, not_told
from engine.letters.text import Block
from engine.people import access
from engine.people.access import Permission
from engine.records import reading


@dataclass(frozen=True)
class Made:
    """A letter as a list shows it. version: of the template, 0 for the text of Trygg itself."""

    id: int
    kind: str
    name: str
    language: str
    version: int
    to: str
    by: str
    at: datetime
    how: str | None
    given_at: datetime | None
    given_by: str | None
    registered_at: datetime | None


@dataclass(frozen=True)
class Letters:
    """The page with a case's letters. proposals: what the case calls for and is not made; none when
    the home is not to be told (not_told). why_not: the reason, for those who may read it."""

    number: str
    pupil: str
    shielded: bool
    homes: tuple[Home, ...]
    made: tuple[Made, ...]
    proposals: tuple[Proposal, ...]
    kinds: tuple[templates.Kind, ...]
    not_told: bool
    why_not: str | None
    may_edit_templates: bool


@dataclass(frozen=True)
class Reading:
    """One letter, as it was made."""

    number: str
    pupil: str
    shielded: bool
    made: Made
    heading: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Drafting:
    """The page on which a letter is made."""

    number: str
    pupil: str
    shielded: bool
    draft: Draft
    why_not: str | None


def letters(product, account_id: int, number: str) -> Letters:
    """The case's letters and what is called for. The reading is logged. Raises Refusal."""
    with product.database.transaction() as session:
        desk, account = open_to(product, session, account_id, number, Permission.WRITE_LETTERS)
        reading.record(session, desk.case.id, account_id, desk.now, reading.What.BREV)
        made, stop = _made(desk), not_told(desk)
        return Letters(
            number=number,
            pupil=title_in(session, desk.case),
            shielded=desk.case.shielded is not None,
            homes=homes(desk),
            made=made,
            proposals=() if stop else proposals(desk),
            kinds=tuple(templates.kinds().values()),
            not_told=stop is not None,
            why_not=_why(desk, account, stop),
            may_edit_templates=access.may(
                session, account, Permission.EDIT_TEMPLATES, now=desk.now
            ),
        )


def drafting(
    product,
    account_id: int,
    number: str,
    kind: str,
    guardian_id: int,
    language: str | None,
    typed: Mapping[str, str],
) -> Drafting:
    """The letter as it would be made. The reading is logged. Raises Refusal as `compose` does."""
    with product.database.transaction() as session:
        desk, account = open_to(product, session, account_id, number, Permission.WRITE_LETTERS)
        reading.record(session, desk.case.id, account_id, desk.now, reading.What.BREV)
        desk.load()
        draft = compose(desk, kind, guardian_id, language, typed)
        return Drafting(
            number=number,
            pupil=title_in(session, desk.case),
            shielded=desk.case.shielded is not None,
            draft=draft,
            why_not=_why(desk, account, draft.not_told),
        )


def read(product, account_id: int, number: str, letter_id: int) -> Reading:
    """One letter of the case. The reading is logged. Raises Refusal."""
    with product.database.transaction() as session:
        desk, row = open_letter(product, session, account_id, number, letter_id)
        content = desk.unseal(row.sealed_content, "letter")
        return Reading(
            number=number,
            pupil=title_in(session, desk.case),
            shielded=desk.case.shielded is not None,
            made=next(each for each in _made(desk) if each.id == letter_id),
            heading=content["heading"],
            blocks=tuple(
                Block(
                    block["kind"],
                    tuple(block["lines"]),
                    tuple(tuple(pair) for pair in block["pairs"]),
                )
                for block in content["blocks"]
            ),
        )


def open_letter(
    product, session, account_id: int, number: str, letter_id: int
) -> tuple[Desk, Letter]:
    """The letter of this case, for one who may read it; the reading is logged. Raises Refusal."""
    desk, _account = open_to(product, session, account_id, number, Permission.WRITE_LETTERS)
    row = session.get(Letter, letter_id)
    if row is None or row.case_id != desk.case.id:
        raise no_access()
    reading.record(session, desk.case.id, account_id, desk.now, reading.What.BREV)
    return desk, row


def _why(desk, account, stop: NotTold | None) -> str | None:
    """Why the home is not to be told, for those who may read the answer that says so."""
    if stop is None:
        return None
    about = {"case": stop.case, "now": desk.now}
    may = access.may(desk.session, account, Permission.SEE_ALL_ANSWERS, **about)
    return stop.reason if may else None


def _made(desk) -> tuple[Made, ...]:
    """The case's letters, the newest first."""
    giver = aliased(Account)
    rows = desk.session.execute(
        select(
            Letter.id,
            Letter.kind,
            Letter.language,
            LetterTemplate.version,
            Guardian.name.label("to"),
            Account.name.label("by"),
            Letter.at,
            Letter.how,
            Letter.given_at,
            giver.name.label("given_by"),
            Letter.registered_at,
        )
        .join(Guardian, Guardian.id == Letter.guardian_id)
        .join(Account, Account.id == Letter.account_id)
        .outerjoin(LetterTemplate, LetterTemplate.id == Letter.template_id)
        .outerjoin(giver, giver.id == Letter.given_by_id)
        .where(Letter.case_id == desk.case.id)
        .order_by(Letter.id.desc())
    )
    kinds = templates.kinds()
    return tuple(
        Made(
            id=row.id,
            kind=row.kind,
            name=kinds[row.kind].name if row.kind in kinds else row.kind,
            language=row.language,
            version=row.version or 0,
            to=row.to,
            by=row.by,
            at=row.at,
            how=row.how,
            given_at=row.given_at,
            given_by=row.given_by,
            registered_at=row.registered_at,
        )
        for row in rows
    )
