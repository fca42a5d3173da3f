"""What happens by itself, and how often: the one table.

Each job looks at what stands in the database and does what is left to do. It may be stopped
anywhere, run twice, or run late: then it does what has gathered, once. So how often it runs is a
matter of how soon, never of what.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from engine.cases.tick import let_deadlines_pass
from engine.jobs import clearing, digest, outbox
from engine.jobs.post import Post
from engine.product import Product
from engine.year.opening import open_due
from engine.year.plan import plan_years


@dataclass(frozen=True)
class Work:
    """What a job works with. post: None where no mail server is set."""

    product: Product
    post: Post | None


@dataclass(frozen=True)
class Job:
    """name: as the log and `trygg tick` say it; every: a cron line that begins with seconds, in
    Oslo's time; run: does what is left to do, and returns how much that was."""

    name: str
    every: str
    run: Callable[[Work], int]


def _digests(work: Work) -> int:
    return digest.make_digests(work.product) if work.post is not None else 0


def _plan_year(work: Work) -> int:
    return sum(planned.added for planned in plan_years(work.product).values())


JOBS = (
    Job("frister", "*/30 * * * * *", lambda work: let_deadlines_pass(work.product)),
    Job("aarsplan", "0 40 4 * * *", _plan_year),
    Job("aarshjul", "10 */10 * * * *", lambda work: open_due(work.product)),
    Job("dagens", "5 * * * * *", _digests),
    Job("post", "*/15 * * * * *", lambda work: outbox.run(work.product, work.post)),
    Job("rydding", "0 17 * * * *", lambda work: clearing.clear(work.product)),
)


def run_all(work: Work) -> dict[str, int]:
    """Do once what is left to do of everything, in the order of the table. What each job did."""
    return {job.name: job.run(work) for job in JOBS}
