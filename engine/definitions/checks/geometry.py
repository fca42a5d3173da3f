"""Boxes and straight lines on a drawing: what lies near, overlaps, crosses or runs through."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator
from itertools import islice
from typing import NamedTuple

CELL = 240  # size of the squares that near things are found by, in pixels
SQUARES = 400  # squares that one thing is counted in, at most


class Box(NamedTuple):
    x: float
    y: float
    width: float
    height: float

    def overlaps(self, other: Box) -> bool:
        return (
            self.x < other.x + other.width and other.x < self.x + self.width
            and self.y < other.y + other.height and other.y < self.y + self.height
        )  # fmt: skip

    def holds(self, other: Box) -> bool:
        return (
            self.x <= other.x and other.x + other.width <= self.x + self.width
            and self.y <= other.y and other.y + other.height <= self.y + self.height
        )  # fmt: skip


class Line(NamedTuple):
    """One straight piece of an arrow; `edge` is the arrow's id."""

    edge: str
    x1: float
    y1: float
    x2: float
    y2: float

    @property
    def box(self) -> Box:
        x, y = min(self.x1, self.x2), min(self.y1, self.y2)
        return Box(x, y, abs(self.x2 - self.x1), abs(self.y2 - self.y1))


Placed = tuple[Hashable, Box, int]
"""A thing, its box, and the number of the plane it is drawn on."""


def cross(a: Line, b: Line) -> bool:
    """Whether the two cross inside both of them; touching at an end is no crossing."""
    dx, dy, ex, ey = a.x2 - a.x1, a.y2 - a.y1, b.x2 - b.x1, b.y2 - b.y1
    turn = dx * ey - dy * ex
    if not turn:
        return False
    along_a = ((b.x1 - a.x1) * ey - (b.y1 - a.y1) * ex) / turn
    along_b = ((b.x1 - a.x1) * dy - (b.y1 - a.y1) * dx) / turn
    return 0.001 < along_a < 0.999 and 0.001 < along_b < 0.999


def lie_on_each_other(a: Line, b: Line) -> bool:
    """Whether two upright or two level lines share more than a pixel."""
    step = 2  # from a line's first point to its second
    for across, along in ((0, 1), (1, 0)):
        first, second = a[1:], b[1:]
        straight = first[across] == first[across + step] and second[across] == second[across + step]
        if straight and abs(first[across] - second[across]) < 1:
            low, high = (sorted((line[along], line[along + step])) for line in (first, second))
            return min(low[1], high[1]) - max(low[0], high[0]) > 1
    return False


def runs_through(line: Line, box: Box) -> bool:
    """Whether the line has a part inside the box, a pixel from its edge or more."""
    enter, leave = 0.0, 1.0
    for start, delta, low, high in (
        (line.x1, line.x2 - line.x1, box.x + 1, box.x + box.width - 1),
        (line.y1, line.y2 - line.y1, box.y + 1, box.y + box.height - 1),
    ):
        if not delta:
            if not low < start < high:
                return False
            continue
        first, second = sorted(((low - start) / delta, (high - start) / delta))
        enter, leave = max(enter, first), min(leave, second)
    return enter < leave


def near_each_other(things: Iterable[Placed]) -> Iterator[tuple]:
    """Every pair of things that share a square, each pair once, in order."""
    found: dict[Hashable, list] = defaultdict(list)
    for thing, box, plane in things:
        seen = set()
        for square in squares(box, plane):
            for other in found[square]:
                if other not in seen:
                    seen.add(other)
                    yield other, thing
            found[square].append(thing)


def near(things: Iterable[Placed], others: Iterable[Placed]) -> Iterator[tuple]:
    """Every pair of a thing and another that share a square; a pair may come more than once."""
    found: dict[Hashable, list] = defaultdict(list)
    for other, box, plane in others:
        for square in squares(box, plane):
            found[square].append(other)
    for thing, box, plane in things:
        for square in squares(box, plane):
            for other in found.get(square, ()):
                yield thing, other


def squares(box: Box, plane: int) -> Iterator[tuple[int, int, int]]:
    """The squares that the box touches, at most `SQUARES`."""
    columns = range(int(box.x // CELL), int((box.x + box.width) // CELL) + 1)
    rows = range(int(box.y // CELL), int((box.y + box.height) // CELL) + 1)
    return islice(((plane, column, row) for column in columns for row in rows), SQUARES)
