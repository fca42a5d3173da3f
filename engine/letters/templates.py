"""Letter templates: what comes with Trygg (`processes/brev`), and what leadership has written.

A version is a row and old ones stay. In a language whose newest text is empty the letter can't be
made.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from sqlalchemy import select

from engine.database.tables import Account, LetterTemplate, School
from engine.letters import text
from engine.people import access
from engine.people.access import PAGES, Permission
from engine.people.standing import Standing
from engine.product import PROCESSES
from engine.refusals import Fault, Reason, Refusal
from engine.sentences import say

LANGUAGES = ("nb", "nn", "en", "enkelt")
"""Bokmål, nynorsk, English, and bokmål in plain language («enkelt språk»)."""

PLACES = {
    "elev": "elevens navn",
    "klasse": "elevens klasse",
    "foresatt": "navnet til den som får brevet",
    "skole": "skolens navn",
    "kommune": "kommunens navn",
    "dato": "dagen brevet er laget",
    "saksnummer": "sakens nummer",
    "saksbehandler": "den som har ansvar for saken på skolen",
    "avsender": "den som lager brevet",
    "mottatt_dato": "dagen meldingen kom",
    "statsforvalter_dato": "dagen saken kan meldes til Statsforvalteren fra",
}
"""The places of every letter, and what is put there."""

OWN_PLACES = {
    "plan": {"plan": "det planen sier, alene på en linje"},
    "innkalling": {
        "mote_dag": "dagen for møtet",
        "mote_tid": "klokkeslettet for møtet",
        "mote_sted": "stedet for møtet",
    },
    "avslutning": {"avsluttet_dato": "dagen saken ble avsluttet"},
}
"""The places of one kind of letter alone."""


@dataclass(frozen=True)
class Kind:
    """A letter that can be made. after: what has happened in a case when it is called for (mottatt,
    plan_delt, evalueringsmote, avsluttet); needed: places that its text must have."""

    id: str
    name: str
    description: str
    after: str
    needed: tuple[str, ...]
    shipped: Mapping[str, tuple[str, str]]  # by language: title and text

    @property
    def places(self) -> dict[str, str]:
        """What the text may name, and what is put there."""
        return PLACES | OWN_PLACES.get(self.id, {})


@dataclass(frozen=True)
class Template:
    """One version of a letter's text. version 0 comes with Trygg; by, at: who wrote it and when."""

    kind: str
    language: str
    title: str
    text: str
    version: int = 0
    id: int | None = None
    by: str | None = None
    at: datetime | None = None

    @property
    def usable(self) -> bool:
        """Whether letters can be made of it."""
        return bool(self.text.strip())

    @property
    def sha256(self) -> str:
        return hashlib.sha256(f"{self.title}\n{self.text}".encode()).hexdigest()


@dataclass(frozen=True)
class Status:
    """How a kind stands in one language. behind: another language was written later."""

    language: str
    version: int
    usable: bool
    by: str | None
    at: datetime | None
    behind: bool


@dataclass(frozen=True)
class Overview:
    """The page with all templates: each kind with its languages."""

    school: str
    kinds: tuple[tuple[Kind, tuple[Status, ...]], ...]


@dataclass(frozen=True)
class Editing:
    """One template to be edited. earlier: all versions, the newest first, with Trygg's own last."""

    school: str
    kind: Kind
    current: Template
    earlier: tuple[Template, ...]


@cache
def kinds() -> dict[str, Kind]:
    """The kinds of letter, by their id, in the order in which a case needs them."""
    return {name: _read(name) for name in ("informasjon", "plan", "innkalling", "avslutning")}


def _read(name: str) -> Kind:
    told = tomllib.loads((PROCESSES / "brev" / f"{name}.toml").read_text(encoding="utf-8"))
    return Kind(
        id=name,
        name=told["navn"],
        description=told["beskrivelse"],
        after=told["etter"],
        needed=tuple(told.get("trenger", ())),
        shipped={each: (told[each]["tittel"], told[each]["tekst"].strip()) for each in LANGUAGES},
    )


def current(session, school_id: int) -> dict[tuple[str, str], Template]:
    """The newest version of every kind in every language, at this school."""
    found = {
        (kind.id, each): shipped(kind, each) for kind in kinds().values() for each in LANGUAGES
    }
    for template in _rows(session, LetterTemplate.school_id == school_id):
        found[template.kind, template.language] = template
    return found


def shipped(kind: Kind, language: str) -> Template:
    """The text that comes with Trygg."""
    title, words = kind.shipped[language]
    return Template(kind.id, language, title, words)


def overview(product, account_id: int) -> Overview:
    """All templates of the school that this account leads. Raises Refusal."""
    with product.database.session() as session:
        school = _school_of(product, session, account_id)
        newest = current(session, school.id)
        return Overview(
            school.name,
            tuple((kind, _statuses(kind, newest)) for kind in kinds().values()),
        )


def _statuses(kind: Kind, newest: dict) -> tuple[Status, ...]:
    templates = [newest[kind.id, each] for each in LANGUAGES]
    last = max((each.at for each in templates if each.at), default=None)
    return tuple(
        Status(
            each.language,
            each.version,
            each.usable,
            each.by,
            each.at,
            behind=last is not None and (each.at is None or each.at < last),
        )
        for each in templates
    )


def editing(product, account_id: int, kind_id: str, language: str) -> Editing:
    """One template as leadership edits it. Raises Refusal (IKKE_TILGANG for an unknown one)."""
    with product.database.session() as session:
        school = _school_of(product, session, account_id)
        kind = _known(kind_id, language)
        rows = _rows(
            session,
            LetterTemplate.school_id == school.id,
            LetterTemplate.kind == kind_id,
            LetterTemplate.language == language,
        )
        every = (*rows[::-1], shipped(kind, language))
        return Editing(school.name, kind, every[0], every)


def save(
    product, account_id: int, kind_id: str, language: str, title: str, words: str, seen: int
) -> int:
    """Keep a new version and give its number; the same text again is no new version.

    seen: the version that stood on the page. An empty text takes the letter out of use in the
    language. Raises Refusal with what is wrong, in words, under the field `tekst`; ENDRET when a
    colleague has saved meanwhile.
    """
    with product.database.transaction() as session:
        school = _school_of(product, session, account_id)
        kind = _known(kind_id, language)
        title, words = title.strip(), words.replace("\r\n", "\n").strip()
        newest = current(session, school.id)[kind_id, language]
        if (newest.title, newest.text) == (title, words):
            return newest.version
        if newest.version != seen:
            raise Refusal(
                Reason.ENDRET,
                say(
                    "%(who)s har lagret en ny versjon mens du skrev. Se over den først.",
                    who=newest.by,
                ),
            )
        if words:
            check(kind, title, words)
        session.add(
            LetterTemplate(
                school_id=school.id,
                kind=kind_id,
                language=language,
                version=newest.version + 1,
                title=title,
                text=words,
                account_id=account_id,
                at=product.clock(),
            )
        )
        return newest.version + 1


def check(kind: Kind, title: str, words: str) -> None:
    """Raise Refusal with everything that is wrong with a text, in words."""
    found = text.faults(title, words, kind.places, kind.needed)
    if found:
        raise Refusal.of_answers([Fault("tekst", Reason.UGYLDIG_SVAR, each) for each in found])


def _known(kind_id: str, language: str) -> Kind:
    if kind_id not in kinds() or language not in LANGUAGES:
        raise unknown()
    return kinds()[kind_id]


def unknown() -> Refusal:
    """What is said of a template that is not there."""
    return Refusal(Reason.IKKE_TILGANG, access.NO_ACCESS)


def _school_of(product, session, account_id: int) -> School:
    """The school whose templates this account may edit."""
    now = product.clock()
    account = session.get(Account, account_id)
    access.require(session, account, Permission.EDIT_TEMPLATES, now=now)
    leads = access.schools(Standing(account_id, now), PAGES[Permission.EDIT_TEMPLATES])
    return session.scalars(leads).first()


def _rows(session, *chosen) -> list[Template]:
    """The versions that leadership has written, the oldest first."""
    return [
        Template(row.kind, row.language, row.title, row.text, row.version, row.id, name, row.at)
        for row, name in session.execute(
            select(LetterTemplate, Account.name)
            .join(Account, Account.id == LetterTemplate.account_id)
            .where(*chosen)
            .order_by(LetterTemplate.version)
        )
    ]
