"""Compose a letter: a template, a guardian and a case become what the letter says, before it is
made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from engine.database.tables import Pupil
from engine.letters import facts, pdf, redaction, templates, text
from engine.letters.home import Home, NotTold, homes, not_told
from engine.letters.templates import Kind, Template
from engine.letters.text import PLAN, Block
from engine.people import register
from engine.refusals import Fault, Reason, Refusal
from engine.sentences import say

READ, RISK = "lest", "trygt"
"""The boxes to tick: that the text has been read, and that it is safe to write home."""
ASKED = {"mote_dag": 60, "mote_tid": 60, "mote_sted": 120}
"""What the one who makes a letter fills in, and how long it may be."""
MAX_TEXT = 20_000


@dataclass(frozen=True)
class Draft:
    """A letter that is not made yet.

    asked: the places to fill in, with what is typed. texts: the plan's free texts, with known names
    taken out, for the one who makes the letter to read and to take out more. faults: by field, why
    it can't be made as it stands. careful: another home must not be seen in the letter.
    """

    kind: Kind
    home: Home
    language: str
    languages: tuple[str, ...]
    template: Template
    heading: str
    blocks: tuple[Block, ...]
    asked: Mapping[str, str]
    texts: Mapping[str, str]
    faults: Mapping[str, str]
    not_told: NotTold | None
    careful: bool

    @property
    def must_be_read(self) -> bool:
        """Whether free text goes into the letter, so that somebody must have read it."""
        return bool(self.texts)


def compose(
    desk, kind_id: str, guardian_id: int, language: str | None, typed: Mapping[str, str]
) -> Draft:
    """The letter of this kind to this guardian. language: None for the one proposed; typed: what
    stands in the fields `ASKED` and the plan's texts, where the page has been sent.

    Raises Refusal: IKKE_TILGANG for a kind or guardian that is none of this case's, IKKE_VALGBAR
    for a language without text.
    """
    every = homes(desk)
    home = next((each for each in every if each.guardian.id == guardian_id), None)
    if home is None or not home.responsible or kind_id not in templates.kinds():
        raise templates.unknown()
    kind, newest = templates.kinds()[kind_id], templates.current(desk.session, desk.case.school_id)
    usable = tuple(each for each in templates.LANGUAGES if newest[kind_id, each].usable)
    if not usable:
        raise Refusal(Reason.IKKE_VALGBAR, say("Ledelsen har tatt dette brevet ut av bruk."))
    if language is None:
        language = home.language if home.language in usable else usable[0]
    if language not in usable:
        raise Refusal(
            Reason.IKKE_VALGBAR,
            say("Brevet har ingen tekst på dette språket. Velg et annet språk."),
        )
    careful = len(every) > 1 and any(each.address_block for each in every)
    template = newest[kind_id, language]
    return _Composing(desk, kind, home, language, template, usable, typed, careful).draft()


class _Composing:
    def __init__(self, desk, kind, home, language, template, usable, typed, careful):
        self.desk, self.kind, self.home, self.language = desk, kind, home, language
        self.template, self.usable, self.typed = template, usable, typed
        self.careful = careful
        self.faults: dict[str, str] = {}

    def draft(self) -> Draft:
        asked = self._asked()
        values = facts.values(self.desk, self.home.guardian, self.language)
        values |= {name: value for name, value in asked.items() if value}
        plan, texts = self._plan()
        whole = f"{self.template.title}\n{self.template.text}"
        for name in text.places(whole):
            if name not in values and (name != PLAN or plan is None):
                self.faults.setdefault(name, facts.MISSING[name])
                values[name] = "…"
        blocks = facts.plan_blocks(self.desk, plan, texts, self.language) if plan else []
        return Draft(
            kind=self.kind,
            home=self.home,
            language=self.language,
            languages=self.usable,
            template=self.template,
            heading=pdf.displayable(text.fill(self.template.title, values)),
            blocks=tuple(
                map(_displayable, text.filled(text.blocks(self.template.text), values, blocks))
            ),
            asked=asked,
            texts=texts,
            faults=self.faults,
            not_told=not_told(self.desk),
            careful=self.careful,
        )

    def _asked(self) -> dict[str, str]:
        """The places of the template that the page asks for, with what is typed there."""
        named = text.places(f"{self.template.title}\n{self.template.text}")
        return {
            name: " ".join(self.typed.get(name, "").split())[:length]
            for name, length in ASKED.items()
            if name in named
        }

    def _plan(self) -> tuple[Mapping[str, Any] | None, dict[str, str]]:
        """The plan that this letter tells of, and its texts as they are to be read."""
        if PLAN not in text.places(self.template.text):
            return None, {}
        plan = facts.shared_plan(self.desk)
        if plan is None:
            return None, {}
        session = self.desk.session
        references = map(register.parse, self.desk.facts.references())
        involved = {number for kind, number in references if kind is register.Kind.ELEV}
        pupil = session.scalar(select(Pupil).where(Pupil.id == self.desk.case.pupil_id))
        names = redaction.names_for(session, pupil, self.home.guardian.id, involved)
        texts = facts.plan_texts(plan, names, self.language)
        for key in texts:
            said = self.typed.get(key, texts[key]).replace("\r\n", "\n").strip()[:MAX_TEXT]
            if not said and not key.startswith("hvor_ofte"):
                self.faults[key] = say("Loven krever at planen sier dette. La noe stå.")
            texts[key] = said
        return plan, texts


def require_ready(draft: Draft, typed: Mapping[str, str]) -> None:
    """Raise Refusal with every fault, unless the letter can be made as it stands."""
    faults = [Fault(path, Reason.MANGLER_FELT, why) for path, why in draft.faults.items()]
    if draft.must_be_read and typed.get(READ) != "ja":
        why = say("Les teksten, og kryss av for at den ikke sier noe om andre barn.")
        faults.append(Fault(READ, Reason.MANGLER_FELT, why))
    if draft.not_told and typed.get(RISK) != "ja":
        why = say("Kryss av for at rektor har vurdert at det er trygt å sende brev hjem.")
        faults.append(Fault(RISK, Reason.MANGLER_FELT, why))
    if faults:
        raise Refusal.of_answers(faults)


def _displayable(block: Block) -> Block:
    return Block(
        block.kind,
        tuple(pdf.displayable(list(block.lines))),
        tuple(tuple(pair) for pair in pdf.displayable([list(pair) for pair in block.pairs])),
    )
