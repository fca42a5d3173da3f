"""Case numbers: they tell the year and nothing else."""

import re

import pytest

from engine.cases import newcase
from engine.database.tables import Case


@pytest.fixture
def drawn(monkeypatch):
    """`drawn(1, 1, 2)` decides what comes out of the hat, counted from the lowest number."""

    def drawn(*numbers: int) -> None:
        left = list(numbers)
        monkeypatch.setattr(newcase.secrets, "randbelow", lambda below: left.pop(0))

    return drawn


def numbers(story) -> list[str]:
    return [case.number for case in story.rows(Case)]


def test_a_number_has_the_year_and_four_digits_in_no_order(story):
    for _ in range(8):
        story.report()
    found = numbers(story)
    assert all(re.fullmatch(r"2026-[1-9][0-9]{3}", number) for number in found)
    assert len(set(found)) == 8
    running = [int(number[5:]) for number in found]
    assert running != list(range(running[0], running[0] + 8))


def test_a_number_that_is_taken_is_drawn_again(story, drawn):
    drawn(41, 41, 41, 7)
    story.report()
    story.report()
    assert numbers(story) == ["2026-1041", "2026-1007"]


def test_a_year_that_fills_up_gets_longer_numbers(story, drawn, monkeypatch):
    monkeypatch.setattr(newcase, "_taken", lambda session, year, digits: 4501 * (digits == 4))
    drawn(0)
    story.report()
    assert numbers(story) == ["2026-10000"]


def test_only_the_numbers_of_the_year_and_length_are_counted(story, drawn):
    drawn(5)
    story.report()
    with story.product.database.session() as session:
        counted = [
            newcase._taken(session, year, n) for year, n in ((2026, 4), (2026, 5), (2025, 4))
        ]
    assert counted == [1, 0, 0]
