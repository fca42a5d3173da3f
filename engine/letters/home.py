"""The homes of a case's pupil: who may get a letter, in which language, and whether any may."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from engine.cases import given, linked
from engine.cases.desk import Desk
from engine.database.tables import Answer, Case, Guardian
from engine.people import register

INFORMING = ("informer_foresatte_elev", "informer_elev_foresatte")
"""The steps that tell the home; one may say in `unntak_grunn` why the home is not told."""


@dataclass(frozen=True)
class Home:
    """A guardian as the page with letters shows her. language: what the letters are proposed in."""

    guardian: Guardian
    responsible: bool  # parental responsibility: nobody else gets a letter
    address_block: bool
    interpreter: bool

    @property
    def language(self) -> str:
        """The guardian's own; for one who needs an interpreter, plain bokmål rather than bokmål."""
        own = self.guardian.language
        return "enkelt" if self.interpreter and own == "nb" else own


def homes(desk) -> tuple[Home, ...]:
    """The guardians of the case's pupil, in order of name; none when no pupil is known."""
    if desk.case.pupil_id is None:
        return ()
    return tuple(
        Home(
            guardian,
            responsible=link.parental_responsibility,
            address_block=link.address_block,
            interpreter=link.interpreter,
        )
        for guardian, link in register.guardians_of(desk.session, desk.case.pupil_id)
    )


@dataclass(frozen=True)
class NotTold:
    """Why the home is not to be told, and the case whose answers say so."""

    reason: str
    case: Case


def not_told(desk) -> NotTold | None:
    """Why the home is not to be told (`unntak_grunn`), as the newest answers say, in this case or
    in one that it belongs together with; None when nothing says so."""
    for case in linked.family(desk.session, desk.case):
        beside = desk if case is desk.case else Desk(desk.product, desk.session, case, None)
        row = desk.session.scalar(
            select(Answer)
            .where(
                Answer.case_id == case.id,
                Answer.step.in_(INFORMING),
                given.as_they_stand(case.id),
            )
            .order_by(given.first_id.desc())
        )
        reason = row and beside.unseal(row.sealed_answers, "answer").get("unntak_grunn")
        if reason:
            return NotTold(reason, case)
    return None
