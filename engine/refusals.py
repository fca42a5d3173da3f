"""Refusals: what the product says when it will not do what it was asked.

A refusal has a stable code and a sentence for the person who meets it. The sentence says what is
wrong and what to do; Python's own words never reach a page.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from engine.sentences import say


class Reason(StrEnum):
    """Stable reason codes. Scenarios, tests, the audit log and the manual name them."""

    MANGLER_FELT = "mangler_felt"  # a required answer is missing
    UGYLDIG_SVAR = "ugyldig_svar"  # an answer is not of its field's kind
    INHABIL = "inhabil"  # a person named in the case can't handle or approve it
    IKKE_TRYGT = "ikke_trygt"  # the case can't be closed while the pupil says it is not safe
    IKKE_VALGBAR = "ikke_valgbar"  # this choice is not open here
    SAMME_PERSON = "samme_person"  # a second person is needed
    ALLEREDE_UTFORT = "allerede_utfort"  # somebody else was first, or the step is done
    FEIL_ROLLE = "feil_rolle"  # the task belongs to another role
    IKKE_TILGANG = "ikke_tilgang"  # not allowed, or it does not exist: the two look alike
    ENDRET = "endret"  # the case has moved since the page was opened
    IKKE_VENTET = "ikke_ventet"  # nothing in the case waits for this
    STANSET = "stanset"  # the case can't go on by itself; leadership has been told


@dataclass(frozen=True)
class Fault:
    """One thing wrong with one answer.

    path: the field's key, for a row of a list `tiltak[1].ansvarlig` (rows count from 0).
    message: what is wrong and what to do, in plain Norwegian.
    """

    path: str
    code: Reason
    message: str


class Refusal(Exception):
    """A command that was not carried out. Nothing was changed.

    code: the first reason; message: one or two sentences in plain Norwegian;
    faults: for refused answers, every fault at once, in the form's order;
    who, at: for ALLEREDE_UTFORT the name and role of the one who was first, and when (UTC).
    """

    def __init__(
        self,
        code: Reason,
        message: str,
        faults: tuple[Fault, ...] = (),
        who: str | None = None,
        at=None,
    ):
        super().__init__(message)
        self.code, self.message, self.faults, self.who, self.at = code, message, faults, who, at

    @classmethod
    def of_answers(cls, faults: list[Fault]) -> Refusal:
        """A refusal that carries every fault found in a form's answers."""
        count = len(faults)
        message = say("Rett én ting:") if count == 1 else say("Rett %(count)s ting:", count=count)
        return cls(faults[0].code, message, tuple(faults))
