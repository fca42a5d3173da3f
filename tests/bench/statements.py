"""What steps and pages ask of the database: statements, and how long pages take with many cases.

Statements are those of the whole command or request, BEGIN and COMMIT apart. Times are of this
process's own processor, so that others on the machine do not count.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from argon2 import PasswordHasher

from engine.cases.play import read_scenarios
from engine.cases.tick import fill_empty_roles
from engine.database.session import Database, migrate
from engine.people.accounts import passwords
from tests.bench.many import school_with
from tests.bench.table import Table, reached
from tests.counting import counted, submits_of
from tests.school import PASSWORD, post
from web.app import create_app

SCENARIOS = Path(__file__).parents[1] / "scenarios" / "core.yaml"
PLAYED = ("T02", "T05", "C1")
MOST_OF_A_SUBMIT, MOST_OF_A_PAGE = 15, 8
MANY = (10, 10_000)
PAGES = ("/oppgaver", "/saker")
PEOPLE = ("rektor", "kontaktlaerer", "skoleeier")
TIMES = 5


def submits() -> Iterator[tuple[str, int, str, int, float]]:
    """Of each scenario: its submits, the step that takes most, how many, and the median."""
    for scenario in read_scenarios(SCENARIOS):
        if scenario["id"] not in PLAYED:
            continue
        with tempfile.TemporaryDirectory() as folder:
            url = f"sqlite:///{folder}/trygg.db"
            migrate(url)
            database = Database(url)
            taken = submits_of(scenario, database)
            database.close()
        step, most = max(taken, key=lambda each: each[1])
        median = statistics.median(count for _, count in taken)
        yield scenario["id"], len(taken), step, most, median


def pages(url: str | None = None) -> Iterator[tuple[int, str, str, int, float]]:
    """For each number of cases, page and person, and for what looks through all of them when time
    passes: statements, and milliseconds."""
    passwords.use(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    for cases in MANY:
        with school_with(cases, url) as course, tempfile.TemporaryDirectory() as folder:
            app = create_app(course.product, VAR=folder)
            for who in PEOPLE:
                client = app.test_client()
                post(client, "/logg-inn", {"brukernavn": who, "passord": PASSWORD})
                for page in PAGES:
                    yield cases, page, who, *_page(client, course.product.database, page)
            search = partial(fill_empty_roles, course.product)
            yield cases, "search for empty roles", "", *_taken(course.product.database, search)


def _page(client, database: Database, page: str) -> tuple[int, float]:
    client.get(page)

    def get() -> None:
        assert client.get(page).status_code == 200

    return _taken(database, get)


def _taken(database: Database, work: Callable[[], object]) -> tuple[int, float]:
    taken = []
    for _ in range(TIMES):
        began = time.thread_time()
        with counted(database) as statements:
            work()
        taken.append((time.thread_time() - began) * 1000)
    return len(statements), statistics.median(taken)


def tables() -> Iterator[Table]:
    yield _submits()
    yield _pages()


def _submits() -> Table:
    columns = (
        "Scenario",
        "Submits",
        "Most at",
        "Statements",
        "Median",
        f"At most {MOST_OF_A_SUBMIT}",
    )
    rows = [(*row, reached(row[3] <= MOST_OF_A_SUBMIT)) for row in submits()]
    return Table("SQL statements of one submit", columns, rows)


def _pages() -> Table:
    columns = ("Cases", "Page", "Who", "Statements", f"At most {MOST_OF_A_PAGE}", "Processor, ms")
    rows = [
        (cases, page, who, count, reached(count <= MOST_OF_A_PAGE), f"{taken:.0f}")
        for cases, page, who, count, taken in pages()
    ]
    return Table("SQL statements of a page, and its time (medians)", columns, rows)


if __name__ == "__main__":
    for table in tables():
        print(table, flush=True)
