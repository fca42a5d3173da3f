"""A worker that has been away comes back to a thousand deadlines, each in a case of its own.

In each of them the system answers for a teacher who has not, and the case goes on to rektor: that
is the most that a deadline can set going. Measured from the worker's start to the last one.
"""

from __future__ import annotations

import tempfile
import time
from datetime import timedelta
from pathlib import Path

from argon2 import PasswordHasher
from sqlalchemy import func, select

from engine.database.session import Database, migrate
from engine.database.tables import Deadline
from engine.jobs.schedule import JOBS, Work
from engine.jobs.worker import Worker
from engine.people.accounts import passwords
from engine.product import Product, now
from engine.records.vault import MasterKey
from tests.bench.table import Table, reached
from tests.school import open_school
from tests.waiting import report_many

DEADLINES = 1000
GOAL = 60  # seconds


def tables() -> list[Table]:
    with tempfile.TemporaryDirectory() as folder:
        taken, passed = _handle(Path(folder), DEADLINES)
    rows = [(passed, f"{taken:.1f} s", f"under {GOAL} s", reached(taken < GOAL))]
    return [Table("A worker's backlog, SQLite", ("deadlines", "time", "goal", "reached"), rows)]


def _handle(folder: Path, count: int) -> tuple[float, int]:
    """How long the worker takes for so many cases, and how many deadlines passed."""
    url = f"sqlite:///{folder}/trygg.db"
    migrate(url)
    product = Product(Database(url), MasterKey.from_file(folder / "master.key", create=True))
    product.publish_shipped()
    passwords.use(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    product.clock = lambda: now() - timedelta(days=1)
    report_many(product, open_school(product), count)
    product.clock = now
    worker = Worker(Work(product, None), f"sqlite:///{folder}/jobs.db", JOBS)
    began = time.perf_counter()
    worker.start()
    while (left := _waiting(product)) and time.perf_counter() - began < 10 * GOAL:
        time.sleep(0.2)
    taken = time.perf_counter() - began
    worker.stop()
    product.database.close()
    return taken, count - left


def _waiting(product) -> int:
    due = (Deadline.rule == "mistanke", Deadline.kind == "frist", Deadline.state == "ventende")
    with product.database.session() as session:
        return session.scalar(select(func.count(Deadline.id)).where(*due))
