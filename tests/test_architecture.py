"""The arrows of docs/architecture.md, read from the imports of every module."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

# What each room of the engine may import from the others. A module beside the rooms is a room.
ARROWS = {
    "sentences": set(),
    "refusals": {"sentences"},
    "rules": {"sentences"},
    "database": {"sentences"},
    "definitions": {"refusals", "rules", "sentences"},
    "people": {"database", "refusals", "rules", "sentences"},
    "records": {"database", "people", "refusals", "rules", "sentences"},
    "product": {"database", "definitions", "records"},
    "cases": {
        "database",
        "definitions",
        "people",
        "product",
        "records",
        "refusals",
        "rules",
        "sentences",
    },
    "jobs": {"cases", "database", "people", "product", "rules", "year"},
    "letters": {
        "cases",
        "database",
        "definitions",
        "people",
        "product",
        "records",
        "refusals",
        "rules",
        "sentences",
    },
    "year": {
        "cases",
        "database",
        "people",
        "product",
        "records",
        "refusals",
        "rules",
        "sentences",
    },
}
LIBRARIES = {  # who alone may import them
    "flask": {"web"},
    "werkzeug": {"web"},
    "SpiffWorkflow": {"definitions", "cases"},
    "lxml": {"definitions"},
    "alembic": {"database"},
    "cryptography": {"records"},
    "argon2": {"people"},
    "icalendar": {"cases"},
    "dbos": {"jobs"},
    "smtplib": {"jobs"},
    "typst": {"letters"},
}
SQL = {"sqlalchemy", "alembic", "sqlite3", "psycopg"}
STATEMENTS = {"execute", "scalar", "scalars", "exec_driver_sql", "get_one", "add", "delete"}


def modules(package: str) -> Iterator[tuple[str, ast.Module]]:
    """Every module of the package: its path below the root, and what it says."""
    for path in sorted((ROOT / package).rglob("*.py")):
        if "node_modules" not in path.parts:
            yield str(path.relative_to(ROOT)), ast.parse(path.read_text(encoding="utf-8"))


def imports(module: ast.Module, path: str) -> Iterator[str]:
    """The full names of what a module imports, in functions and for types too."""
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports by dots"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def room(path: str) -> str:
    """`engine/cases/start.py` stands in `cases`, `engine/product.py` in `product`."""
    return Path(path).with_suffix("").parts[1]


ENGINE = [(path, list(imports(module, path))) for path, module in modules("engine")]
WEB = [(path, list(imports(module, path))) for path, module in modules("web")]


def test_every_room_is_drawn():
    rooms = {room(path) for path, _ in ENGINE} - {"__init__"}
    assert rooms == set(ARROWS), "a new room needs its arrows, here and in docs/architecture.md"


@pytest.mark.parametrize("own", ARROWS)
def test_a_room_imports_only_where_its_arrows_point(own):
    for path, names in ENGINE:
        if room(path) == own:
            found = {name.split(".")[1] for name in names if name.startswith("engine.")}
            assert found - {own} <= ARROWS[own], path


def test_the_arrows_never_meet():
    done: set[str] = set()
    while len(done) < len(ARROWS):
        free = {own for own, others in ARROWS.items() if others <= done} - done
        assert free, f"a ring among {set(ARROWS) - done}"
        done |= free


def test_the_engine_does_not_know_the_web():
    for path, names in ENGINE:
        roots = {name.split(".")[0] for name in names}
        assert not {root for root in roots if root == "web" or root.startswith("flask")}, path


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_library_is_met_in_its_own_rooms_alone(library):
    for path, names in ENGINE + WEB:
        where = "web" if path.startswith("web") else room(path)
        if any(name.split(".")[0] == library for name in names):
            assert where in LIBRARIES[library], path


def test_the_web_asks_the_engine_and_never_the_database():
    for path, names in WEB:
        assert not SQL & {name.split(".")[0] for name in names}, path
        assert not {n for n in names if n.startswith("engine.database.tables")}, path


def test_the_web_runs_no_statement_on_a_session():
    for path, module in modules("web"):
        for node in ast.walk(module):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                asked = node.func.value
                name = asked.id if isinstance(asked, ast.Name) else getattr(asked, "attr", "")
                bad = name == "session" and node.func.attr in STATEMENTS
                assert not bad, f"{path}:{node.lineno}"
