"""The worker: runs the jobs on schedule with DBOS, in this process, until it is stopped.

DBOS keeps in a database of its own which job has begun: a job that a dead worker left is begun
anew by the next one, and of several workers one runs each job each time. What a job has done stands
in Trygg's own tables, in the same transaction as the thing done; nothing of a case reaches DBOS.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog
from dbos import DBOS

from engine.jobs.schedule import JOBS, Job, Work
from engine.rules.workdays import OSLO

NAME = "trygg"
STOP_SECONDS = 20  # a job that runs may end before the worker stops
KEPT = timedelta(days=2)  # what DBOS remembers of the past is for the operator alone
FORGOTTEN_AT_ONCE = 2000

_log = structlog.get_logger()


def jobs_url(database_url: str, folder: Path) -> str:
    """Where DBOS keeps its tables: beside ours on PostgreSQL (schema `dbos`), else in a file of its
    own, so that the two never wait for each other."""
    if database_url.startswith("sqlite"):
        return f"sqlite:///{folder}/jobs.db"
    return database_url


class Worker:
    """One worker; a process can have one at a time."""

    def __init__(self, work: Work, url: str, jobs: tuple[Job, ...] = JOBS):
        self.work, self.url = work, url
        self.jobs = (*jobs, Job("spor", "30 47 * * * *", lambda work: _forget()))

    def start(self) -> None:
        """Begin. Each job runs at once, so that what came due meanwhile does not wait."""
        DBOS(
            config={
                "name": NAME,
                "system_database_url": self.url,
                "sys_db_pool_size": 5,
                "log_level": "WARNING",
                # The same in every worker: whoever starts takes up what a dead one left. What one
                # that lives is doing is then begun twice, which no job minds.
                "executor_id": NAME,
                "application_version": "1",
            }
        )
        runs = {job.name: self._register(job) for job in self.jobs}
        DBOS.launch()
        for job in self.jobs:
            DBOS.register_queue(job.name, worker_concurrency=1, on_conflict="always_update")
        DBOS.apply_schedules(
            [
                {
                    "schedule_name": job.name,
                    "workflow_fn": runs[job.name],
                    "schedule": job.every,
                    "queue_name": job.name,
                    "cron_timezone": OSLO.key,
                }
                for job in self.jobs
            ]
        )
        for old in {each["schedule_name"] for each in DBOS.list_schedules()} - runs.keys():
            DBOS.delete_schedule(old)  # a job that Trygg had once
        for name in runs:
            DBOS.trigger_schedule(name)

    def stop(self) -> None:
        """Let what runs end, and stop. What does not end in time is begun anew by the next one."""
        DBOS.destroy(destroy_registry=True, workflow_completion_timeout_sec=STOP_SECONDS)

    def _register(self, job: Job):
        def run(_at: datetime, _context: None) -> int | None:
            try:
                return job.run(self.work)
            except Exception:
                # Said here and not raised: DBOS would keep the error, and with it what it is about.
                _log.exception("a job failed; it is tried again at its next time", job=job.name)
                return None

        return DBOS.workflow(name=job.name)(run)


def _forget() -> int:
    """Delete what DBOS remembers of runs that are over, or that nobody took up."""
    old = DBOS.list_workflows(
        end_time=(datetime.now(UTC) - KEPT).isoformat(),
        limit=FORGOTTEN_AT_ONCE,
        load_input=False,
        load_output=False,
    )
    if old:
        DBOS.delete_workflows([each.workflow_id for each in old])
    return len(old)
