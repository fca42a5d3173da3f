"""A letter template's text: paragraphs, `# ` headings, `- ` lists, and places such as `{elev}`.

A template is data. It is read into blocks before anything is put in its places, and a letter is
drawn from the blocks, so neither a template nor a name can become markup.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from engine.sentences import say, together

TITLE_LENGTH, TEXT_LENGTH = 150, 8000
PLAN = "plan"
"""The place that is not words in a sentence: what the plan says, a paragraph of its own."""

_PLACE = re.compile(r"\{([^{}]*)\}")
_BRACE = re.compile(r"[{}]")


@dataclass(frozen=True)
class Block:
    """A piece of a letter. kind: heading, paragraph or list (lines), facts (pairs of a label and
    what it says), or plan: the place where the plan is put in."""

    kind: str
    lines: tuple[str, ...] = ()
    pairs: tuple[tuple[str, str], ...] = ()


def blocks(text: str) -> tuple[Block, ...]:
    """The blocks of a template's text. A blank line ends a paragraph; its lines stay lines."""
    found: list[Block] = []
    kind, lines = "", []

    def end() -> None:
        nonlocal kind, lines
        if lines:
            found.append(Block(kind, tuple(lines)))
        kind, lines = "", []

    for line in map(str.strip, text.splitlines()):
        if not line:
            end()
        elif line == f"{{{PLAN}}}":
            end()
            found.append(Block(PLAN))
        elif line.startswith("# "):
            end()
            found.append(Block("heading", (line[2:].strip(),)))
        else:
            own, said = ("list", line[2:].strip()) if line.startswith("- ") else ("paragraph", line)
            if own != kind:
                end()
            kind = own
            lines.append(said)
    end()
    return tuple(found)


def places(text: str) -> list[str]:
    """The names in braces, in order."""
    return [name.strip() for name in _PLACE.findall(text)]


def faults(title: str, text: str, known: Collection[str], needed: Collection[str]) -> list[str]:
    """What is wrong with a template, in words; nothing when it can be used.

    known: the places that it may name; needed: those that it must.
    """
    whole = f"{title}\n{text}"
    found = []
    if not title.strip():
        found.append(say("Skriv en overskrift."))
    if len(title) > TITLE_LENGTH or "\n" in title.strip():
        found.append(
            say("Overskriften må være én linje på høyst %(most)s tegn.", most=TITLE_LENGTH)
        )
    if len(text) > TEXT_LENGTH:
        found.append(say("Teksten er for lang. Den kan ha %(most)s tegn.", most=TEXT_LENGTH))
    for name in dict.fromkeys(places(whole)):
        if name not in known:
            near = get_close_matches(name, known, n=1, cutoff=0.75)
            hint = say("Se listen over plasser.")
            if near:
                hint = say("Mente du %(place)s?", place=f"{{{near[0]}}}")
            unknown = say("Plassen %(place)s finnes ikke i dette brevet.", place=f"{{{name}}}")
            found.append(together([unknown, hint], by=" "))
    if _BRACE.search(_PLACE.sub("", whole)):
        found.append(say("En klamme { eller } står alene. En plass skrives slik: {elev}."))
    for name in needed:
        if name not in places(text):
            found.append(say("Plassen %(place)s må være med i teksten.", place=f"{{{name}}}"))
    if any(f"{{{PLAN}}}" in line for line in _within_sentences(title, text)):
        found.append(say("Plassen %(place)s må stå alene på en linje.", place=f"{{{PLAN}}}"))
    elif places(text).count(PLAN) > 1:
        found.append(say("Plassen %(place)s kan bare stå én gang.", place=f"{{{PLAN}}}"))
    return found


def _within_sentences(title: str, text: str) -> Iterable[str]:
    yield title
    for block in blocks(text):
        yield from block.lines


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with its places filled. KeyError for a place that has no value."""
    return _PLACE.sub(lambda match: values[match[1].strip()], text)


def filled(
    template: Iterable[Block], values: Mapping[str, str], plan: Iterable[Block] = ()
) -> tuple[Block, ...]:
    """The blocks with their places filled. What is put in is never read as a template again."""
    found: list[Block] = []
    for block in template:
        if block.kind == PLAN:
            found += plan
        else:
            found.append(Block(block.kind, tuple(fill(line, values) for line in block.lines)))
    return tuple(found)
