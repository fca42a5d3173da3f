"""The worker itself: jobs run at once and on time, one that fails stops nothing, and it stops."""

from __future__ import annotations

import sqlite3
import threading
import time
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from engine.jobs.schedule import JOBS, Job, Work
from engine.jobs.worker import Worker, jobs_url

EVERY_SECOND, NEVER = "* * * * * *", "0 0 0 1 1 *"
SECONDS = 60


class Runs:
    """A job that counts its runs."""

    def __init__(self, name: str = "teller", every: str = EVERY_SECOND, fails: bool = False):
        self.count, self.fails, self.ran = 0, fails, threading.Event()
        self.job = Job(name, every, self._run)

    def _run(self, _work: Work) -> int:
        self.count += 1
        self.ran.set()
        if self.fails:
            raise ValueError("Noor er sint på Ask")
        return self.count


@pytest.fixture(params=["sqlite", "postgres"])
def url(request, tmp_path) -> str:
    if request.param == "postgres":
        return jobs_url(request.getfixturevalue("postgres_url"), tmp_path)
    return jobs_url(f"sqlite:///{tmp_path}/trygg.db", tmp_path)


def work_for(url: str, *runs: Runs) -> Worker:
    worker = Worker(Work(None, None), url, tuple(each.job for each in runs))
    worker.start()
    return worker


def test_it_runs_at_once_and_again_and_stops_and_starts(url):
    often, seldom = Runs(), Runs("sjelden", NEVER)
    worker = work_for(url, often, seldom)
    try:
        assert often.ran.wait(SECONDS) and seldom.ran.wait(SECONDS)
        end = time.monotonic() + SECONDS
        while often.count < 3:
            assert time.monotonic() < end
            time.sleep(0.05)
    finally:
        worker.stop()
    assert seldom.count == 1
    stopped = often.count
    time.sleep(2)
    assert often.count == stopped
    often.ran.clear()
    worker = work_for(url, often)
    try:
        assert often.ran.wait(SECONDS)
    finally:
        worker.stop()
    assert seldom.count == 1, "a job that is no longer in the table"


def test_one_job_that_fails_stops_neither_itself_nor_the_others(tmp_path):
    url = jobs_url(f"sqlite:///{tmp_path}/trygg.db", tmp_path)
    bad, good = Runs("daarlig", fails=True), Runs("god")
    with capture_logs() as lines:
        worker = work_for(url, bad, good)
        end = time.monotonic() + SECONDS
        while min(bad.count, good.count) < 2:
            assert time.monotonic() < end
            time.sleep(0.05)
        worker.stop()
    assert {line["job"] for line in lines if line["log_level"] == "error"} == {"daarlig"}
    kept = (tmp_path / "jobs.db").read_bytes()
    assert b"Noor" not in kept, "what DBOS keeps is about no case"


def test_what_the_worker_keeps_is_a_file_of_its_own(tmp_path):
    assert jobs_url("sqlite:///x/trygg.db", Path("/var/lib/t")) == "sqlite:////var/lib/t/jobs.db"
    assert jobs_url("postgresql://u@h/d", Path("/v")) == "postgresql://u@h/d"


def test_what_is_long_past_is_forgotten(tmp_path):
    file = tmp_path / "jobs.db"
    often = Runs("teller", NEVER)
    worker = work_for(f"sqlite:///{file}", often)
    assert often.ran.wait(SECONDS)
    worker.stop()
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE workflow_status SET created_at = 0, updated_at = 0")
        before = connection.execute("SELECT count(*) FROM workflow_status").fetchone()[0]
    worker = work_for(f"sqlite:///{file}", often)
    end = time.monotonic() + SECONDS
    while True:
        with sqlite3.connect(file) as connection:
            old = connection.execute(
                "SELECT count(*) FROM workflow_status WHERE created_at = 0"
            ).fetchone()[0]
        if not old:
            break
        assert time.monotonic() < end, (before, old)
        time.sleep(0.1)
    worker.stop()


def test_every_job_has_a_name_of_its_own():
    assert len({job.name for job in JOBS}) == len(JOBS)
