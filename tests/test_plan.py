"""The school's plan, section by section: each lives somewhere in Trygg, and a table says where."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from lxml import etree

from web.app import create_app

ROOT = Path(__file__).parent.parent
PROCESSES = ROOT / "processes"
SECTIONS = tomllib.loads((PROCESSES / "planen.toml").read_text("utf-8"))
TABLE = (ROOT / "docs" / "planen.md").read_text("utf-8")
# The numbered sections of each chapter; a chapter without any is one itself.
CHAPTERS = {1: 1, 2: 5, 3: 4, 4: 0, 5: 0, 6: 3, 7: 4, 8: 8}
PLACES = ("prosess", "steg", "rad", "side", "regel")


def numbers() -> set[str]:
    return {
        each
        for chapter, sections in CHAPTERS.items()
        for each in ([f"{chapter}.{n}" for n in range(1, sections + 1)] or [str(chapter)])
    }


@pytest.fixture(scope="module")
def there(tmp_path_factory) -> dict[str, set[str]]:
    """What there is, by kind of place."""
    trees = {path.stem: etree.parse(path) for path in PROCESSES.glob("*/*.bpmn")}
    rules = tomllib.loads((PROCESSES / "regelverk.toml").read_text("utf-8"))
    app = create_app(VAR=str(tmp_path_factory.mktemp("var")))
    return {
        "prosess": set(trees),
        "steg": {
            f"{name}/{node.get('id')}"
            for name, tree in trees.items()
            for node in tree.iter("{*}userTask", "{*}serviceTask", "{*}subProcess")
        },
        "rad": set(tomllib.loads((PROCESSES / "aarshjul.toml").read_text("utf-8"))["rad"]),
        "side": {rule.rule for rule in app.url_map.iter_rules()},
        "regel": {key for part in rules.values() for key in part},
    }


def test_every_section_of_the_plan_lives_somewhere():
    assert set(SECTIONS) == numbers()
    for number, section in SECTIONS.items():
        assert section["handler_om"], number
        assert section.keys() - {"handler_om"} <= set(PLACES), number
        assert any(section.get(place) for place in PLACES), number


@pytest.mark.parametrize("number", SECTIONS)
def test_what_a_section_names_is_there(there, number):
    for place in PLACES:
        assert set(SECTIONS[number].get(place, ())) <= there[place], (number, place)


def test_every_process_and_row_is_of_some_section(there):
    for place in ("prosess", "rad"):
        named = {each for section in SECTIONS.values() for each in section.get(place, ())}
        assert named == there[place], place


def test_the_table_says_the_same():
    rows = dict(re.findall(r"^\| ([\d.]+) \| (.+) \|$", TABLE, re.M))
    assert rows.keys() == SECTIONS.keys()
    for number, row in rows.items():
        about, places = row.split(" | ", 1)
        assert about == SECTIONS[number]["handler_om"]
        told = {each for place in PLACES for each in SECTIONS[number].get(place, ())}
        assert set(re.findall(r"`([^`]+)`", places)) == told, number
