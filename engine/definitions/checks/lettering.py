"""How much room a text takes in a diagram, laid out the way bpmn-js does it."""

from __future__ import annotations

import re
from functools import lru_cache

# Arial's character widths in thousandths of the font size; all others count as 556.
_WIDTHS = {
    char: width
    for width, chars in {
        191: "'", 222: "ijl", 278: " !,./:;It[]\\f|", 333: "()-r`", 355: '"', 389: "*",
        469: "^", 500: "Jckvsxyz", 584: "+<=>~", 611: "FTZø", 667: "ABEKPSVXYÅ&", 722: "CDHNRUw",
        778: "GOQØ", 833: "Mm", 889: "%æ", 944: "W", 1000: "Æ…—", 1015: "@",
    }.items()
    for char in chars
}  # fmt: skip
LINE = 1.2  # line height, in font sizes
LONGEST = 160  # characters that are looked at


def fits(text: str, width: float, height: float, size: int) -> bool:
    """Whether the text fits a box of that many pixels, with every word whole."""
    if any(width_of(word, size) > width for word in text.split()):
        return False
    lines, whole = wrap(text, width, size)
    return whole and len(lines) * size * LINE <= height


@lru_cache(maxsize=2048)
def wrap(text: str, width: float, size: int) -> tuple[tuple[str, ...], bool]:
    """The lines that bpmn-js makes of the text, and whether every word stayed whole."""
    lines, whole, rest = [], True, text[:LONGEST]
    while rest:
        line = rest
        while len(line) > 1 and (needed := width_of(line, size)) > width:
            room = max(len(line) * width / needed, 1)
            shorter = ""
            for part in re.split(r"(\s|-)", line):
                if len(shorter) + len(part) >= room:
                    break
                shorter += part
            if not shorter.strip():
                whole, shorter = False, line[: max(round(room - 1), 1)]
            line = shorter
        lines.append(line.strip())
        rest = rest[len(line) :].strip()
    return tuple(lines), whole


def width_of(text: str, size: int) -> float:
    """The width of the text in Arial, in pixels."""
    return sum(_WIDTHS.get(char, 556) for char in text.rstrip()) * size / 1000
