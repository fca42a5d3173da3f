"""Names that a letter must not carry: other pupils', and another home's with an address block.

What a plan says is free text. The names that are known are taken out here; whoever makes the letter
reads the rest, for only a person sees that a sentence is about another child.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

from sqlalchemy import select

from engine.database.tables import Guardian, Guardianship, Pupil

ANOTHER_PUPIL = {
    "nb": "en annen elev",
    "nn": "ein annan elev",
    "en": "another pupil",
    "enkelt": "en annen elev",
}
REMOVED = {
    "nb": "[navn fjernet]",
    "nn": "[namn fjerna]",
    "en": "[name removed]",
    "enkelt": "[navn fjernet]",
}


@dataclass(frozen=True)
class Names:
    """What to take out of a letter to one guardian: the names of pupils, and of other guardians."""

    pupils: tuple[str, ...]
    guardians: tuple[str, ...]

    def redacted(self, text: str, language: str) -> str:
        """The text without these names. A genitive stays one."""
        for names, instead in ((self.pupils, ANOTHER_PUPIL), (self.guardians, REMOVED)):
            for name in names:
                found = rf"(^|[.!?]\s+)?(?<!\w){re.escape(name)}('?s)?(?!\w)"
                text = re.sub(found, partial(_in_place, instead[language], language), text)
        return text


def _in_place(words: str, language: str, match: re.Match) -> str:
    """The words instead of a name: with its genitive, and a capital where it began a sentence."""
    if match[2] and words[-1].isalpha():
        words += "'s" if language == "en" else "s"
    if match[1] is None:
        return words
    return match[1] + words[:1].upper() + words[1:]


def names_for(session, pupil: Pupil, guardian_id: int, involved: Iterable[int]) -> Names:
    """The names that a letter about this pupil to this guardian must not carry.

    Other pupils at the school by their whole name, unless it is one word, which may be a member of
    staff's too; classmates and those involved in the case also by their first name and surname, but
    not by one that the pupil has too. Other guardians of the pupil where one of them has an address
    block, this one included.
    """
    own = set(_parts(pupil.name))
    close, involved = [], set(involved)
    for other in session.scalars(select(Pupil).where(Pupil.school_id == pupil.school_id)):
        if other.id == pupil.id or other.name == pupil.name:
            continue
        close += [other.name] if " " in other.name else []
        if other.class_name == pupil.class_name or other.id in involved:
            close += [other.name, *(part for part in _parts(other.name) if part not in own)]
    return Names(_longest_first(close), _guardians(session, pupil, guardian_id))


def _guardians(session, pupil: Pupil, guardian_id: int) -> tuple[str, ...]:
    rows = session.execute(
        select(Guardian.id, Guardian.name, Guardianship.address_block)
        .join(Guardianship, Guardianship.guardian_id == Guardian.id)
        .where(Guardianship.pupil_id == pupil.id)
    ).all()
    if not any(row.address_block for row in rows):
        return ()
    # A surname that the pupil or the receiver bears too tells nothing of the other home.
    known = set(_parts(pupil.name))
    known |= {part for row in rows if row.id == guardian_id for part in _parts(row.name)}
    found: list[str] = []
    for row in rows:
        if row.id != guardian_id:
            found += [row.name, *(part for part in _parts(row.name) if part not in known)]
    return _longest_first(found)


def _parts(name: str) -> list[str]:
    """First names and surnames of at least three letters: shorter ones are also words."""
    return [part for part in re.split(r"[\s-]+", name) if len(part) > 2]


def _longest_first(names: list[str]) -> tuple[str, ...]:
    return tuple(sorted(set(names), key=lambda name: (-len(name), name)))
