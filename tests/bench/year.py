"""Planning a school year for thirty classes, planning it again, and reading it as a page does."""

from __future__ import annotations

import tempfile
from pathlib import Path

from sqlalchemy import func, select

from engine.database.session import Database, migrate
from engine.database.tables import Pupil, YearEvent
from engine.product import Product
from engine.records.vault import MasterKey
from engine.rules.workdays import local_day, moment
from engine.year.opening import open_due
from engine.year.plan import plan_year
from engine.year.wheel import year
from tests.bench.table import Table, milliseconds, reached
from tests.school import open_school

CLASSES = [f"{trinn}{letter}" for trinn in range(1, 11) for letter in "ABC"]
GOAL = 2000  # milliseconds, for planning
PAGE = 500


def tables() -> list[Table]:
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/year.db"
        migrate(url)
        database = Database(url)
        key = MasterKey.from_file(Path(folder) / "master.key", create=True)
        now = moment("2026-08-01T08:00")
        product = Product(database, key, lambda: now)
        product.publish_shipped()
        school = open_school(product)
        with database.transaction() as session:
            session.add_all(
                Pupil(school_id=school.id, name=name, class_name=name) for name in CLASSES
            )
        first = milliseconds(lambda: plan_year(product, school.id, local_day(now)))
        again = milliseconds(lambda: plan_year(product, school.id, local_day(now)))
        with database.session() as session:
            planned = session.scalar(select(func.count(YearEvent.id)))
        now = moment("2026-09-24T08:00")
        opened: list[int] = []
        opening = milliseconds(lambda: opened.append(open_due(product)))
        page = milliseconds(lambda: year(product, school.accounts["line"]))
        database.close()
    rows = [
        (f"plan the year ({planned} times)", f"{first:.0f}", GOAL, reached(first <= GOAL)),
        ("plan it again", f"{again:.0f}", GOAL, reached(again <= GOAL)),
        ("read the year for its page", f"{page:.0f}", PAGE, reached(page <= PAGE)),
        (f"open {opened[0]} cases", f"{opening:.0f}", "–", "–"),
    ]
    title = f"The school's year, {len(CLASSES) + 2} classes"
    return [Table(title, ("what", "ms", "goal", "reached"), rows)]
