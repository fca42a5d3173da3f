"""A worker that has been away comes back to a thousand deadlines, each in a case of its own.

In each of them the system answers for a teacher who has not, and the case goes on to rektor: that
is the most that a deadline can set going. A month later nobody has done anything, and it comes back
to all that has gathered in the same cases. Measured from the worker's start to the last one.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from argon2 import PasswordHasher
from sqlalchemy import func, select

from engine.database.session import Database, migrate
from engine.database.tables import Deadline
from engine.jobs.schedule import Work
from engine.jobs.worker import Worker
from engine.people.accounts import passwords
from engine.product import Product, now
from engine.records.vault import MasterKey
from tests.bench.table import Table, reached
from tests.school import open_school
from tests.waiting import report_many

CASES = 1000
GOAL = 60  # seconds for a thousand deadlines
LOOK_SECONDS = 0.5


def tables(cases: int = CASES) -> list[Table]:
    columns = ("What was due", "Deadlines", "Time", "For 1,000", f"Under {GOAL} s")
    with tempfile.TemporaryDirectory() as folder:
        rows = [
            (what, due, f"{taken:.1f} s", f"{taken / due * 1000:.1f} s", _is_reached(taken, due))
            for what, due, taken in _measured(Path(folder), cases)
        ]
    return [Table("What a worker comes back to, on SQLite", columns, rows)]


def _is_reached(taken: float, due: int) -> str:
    return reached(taken / due * 1000 < GOAL)


def _measured(folder: Path, cases: int) -> Iterator[tuple[str, int, float]]:
    """What was due, how many, and how long the worker took."""
    url = f"sqlite:///{folder}/trygg.db"
    migrate(url)
    product = Product(Database(url), MasterKey.from_file(folder / "master.key", create=True))
    product.publish_shipped()
    passwords.use(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    for what, days in (
        ("one in each case, and it goes on", 0),
        ("a month's in the same cases", 30),
    ):
        if not days:
            product.clock = lambda: now() - timedelta(days=1)
            report_many(product, open_school(product), cases)
        product.clock = lambda days=days: now() + timedelta(days=days)
        yield what, *_caught_up(product, folder)
    product.database.close()


def _caught_up(product, folder: Path) -> tuple[int, float]:
    due = _due(product, "frist", "tidspunkt")
    worker = Worker(Work(product, None), f"sqlite:///{folder}/jobs.db")
    began = time.perf_counter()
    worker.start()
    while _due(product):
        time.sleep(LOOK_SECONDS)
    taken = time.perf_counter() - began
    worker.stop()
    return due, taken


def _due(product, *kinds: str) -> int:
    """How much is due: of these kinds, or reminders and escalations too."""
    waits = (Deadline.state == "ventende", Deadline.due_at <= product.clock())
    chosen = select(func.count(Deadline.id)).where(*waits)
    if kinds:
        chosen = chosen.where(Deadline.kind.in_(kinds))
    with product.database.session() as session:
        return session.scalar(chosen)


if __name__ == "__main__":
    for table in tables():
        print(table)
