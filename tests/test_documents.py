"""The documents name everything that can be met: a new route, role or code needs its line."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import pytest

from engine.definitions import findings
from engine.definitions.checks.extensions import _OURS as ATTRIBUTES
from engine.definitions.operations import NAMES as OPERATIONS
from engine.people.roles import Role
from engine.refusals import Reason
from web.app import create_app
from web.cli import main

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted((ROOT / "docs").glob("*.md"))
TEXTS = {path.name: path.read_text(encoding="utf-8") for path in DOCUMENTS}
QUOTED = {name: set(re.findall(r"`([^`\n]+)`", text)) for name, text in TEXTS.items()}


@pytest.fixture(scope="module")
def routes(tmp_path_factory) -> set[str]:
    """The addresses of the pages, with the parts that vary as `<name>`."""
    app = create_app(VAR=str(tmp_path_factory.mktemp("var")))
    return {
        re.sub(r"<[^:>]+:", "<", rule.rule)
        for rule in app.url_map.iter_rules()
        if rule.endpoint != "static"
    }


def settings() -> set[str]:
    """The environment variables that the code reads."""
    found = set()
    for path in [*(ROOT / "engine").rglob("*.py"), *(ROOT / "web").glob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.keyword) and node.arg == "envvar":
                found.add(ast.literal_eval(node.value))
            elif isinstance(node, ast.Call) and "environ" in ast.unparse(node.func):
                found.add(ast.literal_eval(node.args[0]))
            elif isinstance(node, ast.Subscript) and "environ" in ast.unparse(node.value):
                found.add(ast.literal_eval(node.slice))
    return found


def test_every_route_is_described(routes):
    assert routes <= QUOTED["architecture.md"]


def test_every_role_and_refusal_is_in_the_handbook():
    assert set(Role) | set(Reason) <= QUOTED["haandbok.md"]


def test_every_rule_reference_and_choice_is_in_the_handbook():
    rules = tomllib.loads((ROOT / "processes" / "regelverk.toml").read_text(encoding="utf-8"))
    keys = {key for part in rules.values() for key in part}
    assert len(keys) > 30
    assert keys <= QUOTED["haandbok.md"]
    for part in rules.values():
        for entry in part.values():
            assert entry["tekst"] in TEXTS["haandbok.md"], "the handbook says what the rules say"


def test_every_command_and_setting_is_described():
    assert {f"trygg {name}" for name in main.commands} <= QUOTED["operations.md"]
    assert {"TRYGG_VAR", "DATABASE_URL", "PORT"} <= settings() <= QUOTED["operations.md"]
    params = [param for command in main.commands.values() for param in command.params]
    options = {name for param in params for name in param.opts if name.startswith("--")}
    assert options <= QUOTED["operations.md"]


def test_every_make_target_is_described():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.search(r"^\.PHONY: (.*)$", makefile, re.M)[1].split()
    assert {f"make {target}" for target in targets} <= QUOTED["operations.md"]


def test_everything_a_diagram_can_say_is_described():
    text = QUOTED["diagrams.md"]
    assert {f"trygg:{name}" for name in ATTRIBUTES} <= text
    assert text >= OPERATIONS
    assert {rule.split(".")[0] for rule in findings.rules()} <= text


def test_every_room_and_table_is_described():
    from engine.database.tables import Table

    text = TEXTS["architecture.md"]
    rooms = {path.name for path in (ROOT / "engine").iterdir() if (path / "__init__.py").exists()}
    assert all(f"  {room}/ " in text for room in rooms)
    assert set(Table.metadata.tables) <= QUOTED["architecture.md"]


@pytest.mark.parametrize("path", [ROOT / "README.md", *DOCUMENTS], ids=lambda path: path.name)
def test_links_and_files_are_there(path):
    text = path.read_text(encoding="utf-8")
    for link in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text):
        assert link.startswith("http") or (path.parent / link).exists(), link
    for named in re.findall(r"`((?:engine|web|tests|processes|scripts|docs)/[\w./-]+)`", text):
        assert (ROOT / named).exists(), named
    for named in re.findall(r"`((?:cases|definitions)/\w+\.py)`", text):
        assert (ROOT / "engine" / named).exists(), named


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_to_headings(path):
    text = path.read_text(encoding="utf-8")
    for file, anchor in re.findall(r"\]\(([^)#]*)#([^)]+)\)", text):
        there = TEXTS[file] if file else text
        headings = re.findall(r"^#+ (.+)$", there, re.M)
        assert anchor in {re.sub(r"[^\w -]", "", h).lower().replace(" ", "-") for h in headings}


def test_the_handbook_says_how_large_a_file_may_be():
    from engine.cases.files import MAX_BYTES, MAX_FILES

    for words in (f"inntil {MAX_BYTES // 1024**2} MB", f"kan ha {MAX_FILES} filer"):
        assert words in TEXTS["haandbok.md"]
