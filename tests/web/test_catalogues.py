"""Every message of the pages and of the engine is marked, and said in nynorsk and in English."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from jinja2 import nodes

from web import catalogues
from web.app import create_app
from web.catalogues import SOURCE

ROOT = catalogues.ROOT
TEMPLATES = sorted((ROOT / "web" / "templates").rglob("*.html"))
SAID = {"aria-label", "alt", "title", "placeholder", "label", "data-label", "data-saved",
        "data-failed"}  # fmt: skip
"""Attributes that are read to people."""
NAMES = {"Trygg", "PDF", "ja"}  # the product, and what a macro answers
LANGUAGES = {SOURCE, *catalogues.TRANSLATED}
NAME_OF_SOURCE = "Bokmål"
MARKS = {"_", "gettext", "ngettext", "say"}
OPERATORS = (  # what the school's IT and those who draw processes read, in bokmål and English
    "engine/definitions/checks/",
    "engine/definitions/schema.py",
    "engine/records/vault.py",
    "engine/rules/regelverk.py",
    "engine/cases/play.py",
    "engine/cases/demo.py",
    "engine/cases/cast.py",
    "engine/cases/state.py",
    "engine/jobs/settings.py",
    "web/cli.py",
)
DOCUMENTS = (  # what is kept in the case or printed, as the school writes it
    "engine/cases/agreement.py",
    "engine/cases/export.py",
    "engine/cases/figures.py",
    "engine/letters/example.py",
    "engine/letters/paper.py",
)
ANSWERED = {  # what Trygg itself answers at a step, kept beside what people answer
    "Meldt videre. Se saken det er meldt fra.",
    "Tatt opp med rektor",
    "Har det gått en uke?",
}
OTHERS = (
    "web/told.py",  # the verbs of steps, which are the school's own words
    "engine/definitions/dates.py",  # as dates are typed, and read back in answers
)
_NORWEGIAN = re.compile(
    r"[æøåÆØÅ]|\b(ikke|er|og|som|en|et|til|det|med|av|har|kan|skal|velg|skriv|saken|du|denne)\b",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"^[A-ZÆØÅ«].* .*|^[A-ZÆØÅ][a-zæøå]+$")


@pytest.mark.parametrize("language", catalogues.TRANSLATED)
def test_every_message_is_translated_with_the_same_values(language):
    wrong = catalogues.lacking(language)
    assert not wrong, "`make translations`, then fill in:\n" + "\n".join(wrong)


@pytest.mark.parametrize("language", catalogues.TRANSLATED)
def test_the_file_is_as_it_is_written(language):
    assert catalogues.path_of(language).read_bytes() == catalogues.written(language)


# --- templates ------------------------------------------------------------------------------------


class Plain(HTMLParser):
    """What a template says itself, between its expressions."""

    def __init__(self, source: str):
        super().__init__()
        self.found: list[str] = []
        self._silent = 0
        source = re.sub(r"\{#.*?#\}", "", source, flags=re.DOTALL)
        self.feed(re.sub(r"\{\{.*?\}\}|\{%.*?%\}", "\u0001", source, flags=re.DOTALL))

    def handle_starttag(self, tag, attributes):
        self._silent += tag in ("script", "style")
        for name, value in attributes:
            if name in SAID and value:
                self._keep(value)

    def handle_endtag(self, tag):
        self._silent -= tag in ("script", "style")

    def handle_data(self, data):
        if not self._silent and '="' not in data:  # a macro that gives attributes
            self._keep(data)

    def _keep(self, text: str):
        for part in re.split("[\u0001\\s]+", text):
            word = part.strip(".,:;()«»?!")
            if re.search(r"[A-Za-zæøåÆØÅ]{2}", word) and word not in NAMES:
                self.found.append(word)


def constants(source: str) -> Iterator[str]:
    """The texts in a template's expressions that are not marked."""
    tree = create_app(SECRET_KEY="test").jinja_env.parse(source)
    marked = {
        id(constant)
        for call in tree.find_all(nodes.Call)
        if isinstance(call.node, nodes.Name) and call.node.name in MARKS
        for constant in call.find_all(nodes.Const)
    }
    for constant in tree.find_all(nodes.Const):
        if isinstance(constant.value, str) and id(constant) not in marked:
            yield constant.value


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_a_template_says_nothing_unmarked(path):
    source = path.read_text("utf-8")
    texts = [text for text in constants(source) if _NORWEGIAN.search(text) and " " in text.strip()]
    assert not Plain(source).found + texts, f"{path.name}: put it in _()"


def test_unmarked_text_in_a_template_is_found():
    assert Plain('<p aria-label="Hvem er med">{{ x }} Elev</p>').found == [
        *("Hvem", "er", "med", "Elev")
    ]
    assert list(constants('{{ f("Saken er lukket") }}{{ _("Saken er åpen") }}')) == [
        "Saken er lukket"
    ]


# --- code -----------------------------------------------------------------------------------------


def sentences(path: Path) -> Iterator[tuple[int, str]]:
    """The texts of a module that people may read, outside the marks, the docstrings, and tables
    that say the same in each language."""
    tree = ast.parse(path.read_text("utf-8"))
    silent = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            silent.add(id(node.value))  # a docstring
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in MARKS:
            silent.update(id(each) for each in ast.walk(node))
        if isinstance(node, ast.Dict) and _keys(node) >= LANGUAGES:
            silent.update(id(each) for each in ast.walk(node))
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in silent
        ):
            yield node.lineno, node.value


def _keys(table: ast.Dict) -> set[str]:
    return {key.value for key in table.keys if isinstance(key, ast.Constant)}


def modules() -> list[Path]:
    found = [*(ROOT / "engine").rglob("*.py"), *(ROOT / "web").glob("*.py")]
    return sorted(
        path
        for path in found
        if not str(path.relative_to(ROOT)).startswith((*OPERATORS, *DOCUMENTS, *OTHERS))
    )


@pytest.mark.parametrize("path", modules(), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_module_says_nothing_unmarked(path):
    known = {NAME_OF_SOURCE, *ANSWERED}
    found = [
        f"{line}: {text}"
        for line, text in sentences(path)
        if _SENTENCE.match(text) and _NORWEGIAN.search(text) and text not in known
    ]
    assert not found, f"{path.relative_to(ROOT)}: put it in _() (web) or say() (engine)"


def test_unmarked_text_of_a_module_is_found(tmp_path):
    path = tmp_path / "module.py"
    path.write_text(
        '"""Saken er lukket."""\n'
        'raise Refusal(f"Saken {number} er lukket.", say("Saken er åpen."))\n'
        'SAID = {"nb": "Saken er her.", "nn": "Saka er her.", "en": "The case is here."}\n'
        'HALF = {"nb": "Saken er der.", "en": "The case is there."}\n'
    )
    texts = [text for _line, text in sentences(path) if " " in text]
    assert sorted(texts) == [" er lukket.", "Saken ", "Saken er der.", "The case is there."]


def test_the_pages_take_their_messages_from_one_place():
    for path in (ROOT / "web").glob("*.py"):
        if path.name != "i18n.py":
            assert "from flask_babel" not in path.read_text("utf-8"), path.name
