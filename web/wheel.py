"""The wheel of the year as shapes: twelve months from August at the top, a mark a routine.

All lengths are those of the drawing (`SIZE` square). What the marks mean is said in words beside.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, pi, sin

SIZE = 600
CENTRE = SIZE / 2
OUTER, RIM, INNER = (294, 242), 234, 108  # the months' band, and the edges of the marks' band
PITCH = 18  # from one mark to the next
GAP = 0.012  # radians between two months
TURN = 2 * pi / 12


@dataclass(frozen=True)
class Sector:
    """A month: the outlines of its name and of its marks, where its name and each mark stand, and
    where the words about those that did not fit do."""

    band: str
    field: str
    name: tuple[float, float]
    marks: tuple[tuple[float, float], ...]
    rest: tuple[float, float]


def sector(number: int, marks: int) -> Sector:
    """The shapes of a month, 0 for the first, with room for so many marks as fit."""
    start, end = number * TURN + GAP, (number + 1) * TURN - GAP
    middle = (start + end) / 2
    return Sector(
        band=_ring(start, end, *OUTER),
        field=_ring(start, end, RIM, INNER),
        name=_at(middle, sum(OUTER) / 2),
        marks=tuple(_places(start, end))[:marks],
        rest=_at(middle, INNER + PITCH / 2),
    )


def room() -> int:
    """How many marks a month has room for."""
    return len(_places(GAP, TURN - GAP))


def _places(start: float, end: float) -> list[tuple[float, float]]:
    """Rows of marks from the rim inwards, each row along its own arc."""
    places = []
    radius = RIM - PITCH * 0.8
    while radius > INNER + PITCH * 1.2:
        fit = int(((end - start) * radius - PITCH * 0.4) // PITCH)
        step = PITCH / radius
        first = (start + end) / 2 - (fit - 1) * step / 2
        places += [_at(first + n * step, radius) for n in range(fit)]
        radius -= PITCH
    return places


def _ring(start: float, end: float, outer: float, inner: float) -> str:
    """The outline of a piece of a ring, as an SVG path."""
    (ax, ay), (bx, by) = _at(start, outer), _at(end, outer)
    (cx, cy), (dx, dy) = _at(end, inner), _at(start, inner)
    return f"M{ax} {ay}A{outer} {outer} 0 0 1 {bx} {by}L{cx} {cy}A{inner} {inner} 0 0 0 {dx} {dy}Z"


def _at(angle: float, radius: float) -> tuple[float, float]:
    """The point at this angle from the top, clockwise."""
    return (
        round(CENTRE + radius * sin(angle), 1),
        round(CENTRE - radius * cos(angle), 1),
    )
