"""A worker that is killed (SIGKILL) in the middle, again and again: nothing is lost, nothing is
done twice.

The same school's cases are left to a worker that nobody disturbs, and what both have done is
compared row by row.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from urllib.request import urlopen

import pytest
from sqlalchemy import func, select, update

from engine.database.session import Database, migrate
from engine.database.tables import Account, Case, Deadline, Event, Mail, Notice, Task
from engine.jobs.schedule import Work, run_all
from engine.product import Product, now
from engine.records import log
from engine.records.vault import MasterKey
from tests.mailbox import ADDRESS, free_port, mail_server
from tests.school import open_school
from tests.waiting import report_many

ROOT = Path(__file__).parent.parent.parent
CASES, SUSPECTED = 30, 10
SECONDS = 300  # on a machine that does much else


@pytest.fixture
def backlog(product, school, clock, tmp_path):
    """A folder whose database was left a month ago, by the machine's own clock."""
    clock.now = now() - timedelta(days=30)
    fill(product, school)
    return tmp_path


def fill(product, school) -> None:
    """The cases, and an address for everybody."""
    report_many(product, school, CASES, SUSPECTED)
    with product.database.transaction() as session:
        session.execute(update(Account).values(email=Account.username + "@skole.example"))
    product.database.close()


@contextmanager
def worker(folder: Path, port: int, url: str | None = None, command=("worker",)):
    """`trygg worker` as its own process, killed at the end if it still runs. url: of another
    database than the folder's; command: another one than `worker`."""
    environment = os.environ | {
        "TRYGG_VAR": str(folder),
        "DATABASE_URL": url or f"sqlite:///{folder}/trygg.db",
        "TRYGG_SMTP": f"smtp://127.0.0.1:{port}",
        "TRYGG_MAIL_FROM": "trygg@skole.example",
        "TRYGG_URL": ADDRESS,
        "PYTHONPATH": str(ROOT),
    }
    process = subprocess.Popen([sys.executable, "-m", "web.cli", *command], env=environment)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def until(happened, process=None) -> None:
    """Wait until it has happened; the test fails when it does not, or the worker ends first."""
    end = time.monotonic() + SECONDS
    while not happened():
        assert time.monotonic() < end, "it took too long"
        assert process is None or process.poll() is None, "the worker ended by itself"
        time.sleep(0.02)


class Left:
    """What stands in a folder's database."""

    def __init__(self, folder: Path, url: str | None = None):
        self.database = Database(url or f"sqlite:///{folder}/trygg.db")

    def count(self, table, *conditions) -> int:
        with self.database.session() as session:
            return session.scalar(select(func.count(table.id)).where(*conditions))

    def due(self) -> int:
        return self.count(Deadline, Deadline.state == "ventende", Deadline.due_at <= now())

    def passed(self) -> int:
        return self.count(Deadline, Deadline.state == "passert")

    def rows(self) -> dict[str, Counter]:
        """All that was done in the cases about pupils, without what differs from one run to the
        next; the year's routines open in their own time. Cases are called by their order: where a
        number that was drawn is taken, PostgreSQL leaves out an id."""
        asked = {
            "deadlines": (Deadline.case_id, Deadline.rule, Deadline.kind, Deadline.state),
            "notices": (Notice.case_id, Notice.account_id, Notice.kind, Notice.step),
            "tasks": (Task.case_id, Task.step, Task.state),
            "log": (Event.case_id, Event.seq, Event.kind),
            "cases": (Case.id, Case.revision),
        }
        with self.database.session() as session:
            about = select(Case.id).where(Case.title.is_(None)).order_by(Case.id)
            cases = session.scalars(about).all()
            place = {case_id: number for number, case_id in enumerate(cases, start=1)}
            return {
                name: Counter(
                    (place[case_id], *rest)
                    for case_id, *rest in session.execute(select(*columns))
                    if case_id in place
                )
                for name, columns in asked.items()
            }

    def is_whole(self) -> bool:
        with self.database.session() as session:
            return not list(log.verify(session))

    def some_minutes_later(self) -> None:
        """What a dead worker held is free again; the test does not wait for that."""
        with self.database.transaction() as session:
            session.execute(
                update(Mail).where(Mail.state == "venter").values(next_try_at=Mail.made_at)
            )


def undisturbed(folder: Path, copy: Path) -> dict[str, Counter]:
    """What a copy of the same database comes to when everything is done once, in peace."""
    copy.mkdir()
    for name in ("trygg.db", "master.key"):
        shutil.copy(folder / name, copy / name)
    product = Product(
        Database(f"sqlite:///{copy}/trygg.db"), MasterKey.from_file(copy / "master.key")
    )
    run_all(Work(product, None))
    product.database.close()
    return Left(copy).rows()


def test_killed_in_the_middle_of_deadlines_it_loses_nothing_and_does_nothing_twice(
    backlog, tmp_path_factory
):
    expected = undisturbed(backlog, tmp_path_factory.mktemp("peace") / "copy")
    left = Left(backlog)
    with mail_server() as (_box, controller):
        kills = 0
        while left.due():
            begun = left.passed()
            with worker(backlog, controller.port) as process:
                until(lambda begun=begun: left.passed() > begun + 8 or not left.due(), process)
                if left.due():
                    process.send_signal(signal.SIGKILL)
                    assert process.wait() == -signal.SIGKILL
                    kills += 1
        assert kills >= 3, "killed in the middle, not before or after"
        with worker(backlog, controller.port) as process:
            left.some_minutes_later()
            until(lambda: not left.count(Mail, Mail.state == "venter"), process)
            until(lambda: not left.count(Notice, Notice.state == "venter"), process)
    assert left.rows() == expected
    assert left.is_whole()


def test_killed_while_it_sends_every_mail_comes_and_none_is_another_one(backlog):
    left = Left(backlog)
    kills = [1, 2]  # at which mails of a run the worker dies, before the server has taken it
    with mail_server() as (box, controller):
        while kills:
            with worker(backlog, controller.port) as process:
                box.arriving = _killer(process, kills.pop())
                until(lambda: process.poll() is not None)
            box.arriving = lambda to: None
            left.some_minutes_later()
        with worker(backlog, controller.port) as process:
            until(lambda: left.count(Mail) and not _unsent(left), process)
            process.send_signal(signal.SIGTERM)
            assert process.wait(SECONDS) == 0, "asked to stop, it stops in order"
    ids = Counter(mail["Message-ID"] for _, mail in box.got)
    assert len(ids) == left.count(Mail, Mail.state == "sendt") > 2
    told = left.count(Notice, Notice.mail_id.is_not(None))
    assert told == left.count(Notice, Notice.account_id.is_not(None)), "nobody was forgotten"
    again = sum(ids.values()) - len(ids)
    assert again <= 2, "what was on its way at a kill may come again, as the same mail"


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_two_workers_at_once_do_each_thing_once(
    kind, request, backlog, school, clock, tmp_path_factory
):
    expected = undisturbed(backlog, tmp_path_factory.mktemp("peace") / "copy")
    url = None
    if kind == "postgres":
        url = request.getfixturevalue("postgres_url")
        migrate(url)
        key = MasterKey.from_file(backlog / "master.key")
        product = Product(Database(url), key, clock)
        product.publish_shipped()
        fill(product, open_school(product))
    left = Left(backlog, url)
    with (
        mail_server() as (box, controller),
        worker(backlog, controller.port, url) as one,
        worker(backlog, controller.port, url) as other,
    ):
        until(lambda: not left.due(), one)
        until(lambda: left.count(Mail) and not _unsent(left), other)
    assert left.rows() == expected
    assert left.is_whole()
    ids = Counter(mail["Message-ID"] for _, mail in box.got)
    assert set(ids.values()) == {1} and len(ids) == left.count(Mail)
    left.database.close()


def test_the_pages_are_served_with_a_worker_or_without(backlog):
    left = Left(backlog)
    for more, works in ((["--no-worker"], False), ([], True)):
        port = free_port()
        command = ("serve", "--port", str(port), *more)
        with (
            mail_server() as (_box, controller),
            worker(backlog, controller.port, command=command) as process,
        ):
            until(lambda port=port: answers(port), process)
            if works:
                until(lambda: not left.due(), process)
            else:
                time.sleep(5)
                assert left.due() and not left.passed()
            process.send_signal(signal.SIGTERM)
            assert process.wait(SECONDS) == 0


def answers(port: int) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False


def _unsent(left: Left) -> bool:
    """Whether anything is on its way; asked in the order in which it goes."""
    return bool(
        left.due()
        or left.count(Notice, Notice.mail_id.is_(None))
        or left.count(Mail, Mail.state == "venter")
    )


def _killer(process, at: int):
    arrived = []

    def arriving(to: str) -> None:
        arrived.append(to)
        if len(arrived) == at:
            process.send_signal(signal.SIGKILL)
            process.wait()

    return arriving
