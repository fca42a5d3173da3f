"""What a step takes after many rounds of a loop: the engine alone, and a real submit.

The submit is that of the weekly check (ukesjekk) in the shipped process, with everything it does:
access, form, sealing, rows, deadlines, log, one commit. After each measurement the database is put
back as it was, so that every one stands at the same round. Rounds 6 to 1,499 of the long case are
copies of its first, with what the product marks as out of sight marked.
"""

from __future__ import annotations

import sqlite3
import statistics
import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from functools import partial
from pathlib import Path
from uuid import uuid4

from SpiffWorkflow.util.task import TaskState
from sqlalchemy import func, insert, select

from engine.cases import state
from engine.cases.deadlines import MOMENT, WAITING
from engine.cases.facts import HISTORY
from engine.cases.submit import SubmitTask, submit_task
from engine.cases.tick import let_deadlines_pass
from engine.database.session import Database, migrate
from engine.database.tables import Answer, Deadline, Scope, Task
from tests import course
from tests.bench.table import Table, interleaved, milliseconds, reached
from tests.follow_up import follow_up, one_round
from tests.running import Run

EARLY, LATE = 5, 1500
KEPT = (EARLY, 500, LATE)
TIMES = 100
SUBMITS = 40
GOAL = 1.2  # times as long at round 1,500 as at round 5


def tables() -> Iterator[Table]:
    yield _engine()
    yield _submit()


# --- the engine alone ----------------------------------------------------------------------------


def _engine() -> Table:
    run = Run(follow_up(), fresh=False)
    kept = {}
    for number in range(1, LATE + 1):
        if number in KEPT:
            document = state.save(run.workflow)
            kept[number] = (document, sum(len(each.tasks) for each in state.all_of(run.workflow)))
        one_round(run, number)
    works = [partial(_step, run, document) for document, _ in kept.values()]
    times = interleaved(*works, times=TIMES)
    rows = [
        (number, f"{took:.2f}", len(document), tasks)
        for took, (number, (document, tasks)) in zip(times, kept.items(), strict=True)
    ]
    rows.append(("", *_verdict(times[0], times[-1]), ""))
    columns = ("Round", "Load, step, save, ms", "State, bytes", "Tasks in the tree")
    return Table("The engine in a loop (medians)", columns, rows)


def _step(run: Run, document: bytes) -> None:
    run.workflow = state.load(document, state.VERSION, run.definition, run.engine())
    run.workflow.get_next_task(spec_name="tiltak [child]", state=TaskState.READY).run()
    run.workflow.do_engine_steps()
    assert state.trouble(run.workflow) is None
    state.save(run.workflow)


def _verdict(early: float, late: float) -> tuple[str, str]:
    times = late / early
    return f"{times:.2f} times round {EARLY}", f"goal {GOAL}: {reached(times <= GOAL)}"


# --- a real submit -------------------------------------------------------------------------------


def _submit() -> Table:
    with tempfile.TemporaryDirectory() as folder:
        cases = [_Case(Path(folder) / f"{name}.db") for name in ("early", "late")]
        late = cases[1]
        for case in cases:
            for _ in range(EARLY - 1):
                case.play_round()
        late.multiply(LATE - 1 - EARLY)
        late.play_round()
        for case in cases:
            case.wait()
            case.keep()
        taken = [[case.measured() for case in cases] for _ in range(SUBMITS)]
        times = [statistics.median(column) for column in zip(*taken, strict=True)]
        rows = [
            (number, f"{took:.1f}", case.count(Answer), case.count(Task), case.count(Deadline))
            for number, took, case in zip((EARLY, LATE), times, cases, strict=True)
        ]
        rows.append(("", *_verdict(*times), "", ""))
        for case in cases:
            case.database.close()
    columns = ("Round", "Submit, ms", "Answers", "Tasks", "Deadlines")
    return Table("Submitting the weekly check (medians)", columns, rows)


class _Case:
    """A case in its follow-up, in a school and a SQLite file of its own."""

    def __init__(self, path: Path):
        self.path, self._whole = path, path.with_suffix(".kept")
        migrate(f"sqlite:///{path}")
        self.database = Database(f"sqlite:///{path}")
        self._course = course.Course(self.database, course.APPROVED)
        self.player, self.product = self._course.player, self._course.product
        self.id = self.player.case_ids[0]

    def play_round(self) -> None:
        self.wait()
        submit_task(self.product, self._command())

    def wait(self) -> None:
        """Let time pass until the check is open."""
        with self.database.session() as session:
            due = session.scalar(
                select(func.min(Deadline.due_at)).where(
                    Deadline.case_id == self.id,
                    Deadline.kind == MOMENT,
                    Deadline.state == WAITING,
                )
            )
        self.player.now = max(self.player.now, due + timedelta(minutes=1))
        let_deadlines_pass(self.product)

    def _command(self) -> SubmitTask:
        with self.database.session() as session:
            task = session.scalars(
                select(Task).where(Task.step == "ukesjekk", Task.state == "open")
            ).one()
        answers = {
            "elev_spurt": "ja",
            "elevens_skaar": 4,
            "elevens_ord": "Det går fint.",
            "nye_hendelser": "nei",
        }
        account = self._course.account("kontaktlaerer")
        return SubmitTask(task.id, account, answers, str(uuid4()), task.revision)

    def multiply(self, count: int) -> None:
        """So many more rounds behind the case, as rows."""
        with self.database.transaction() as session:
            of_case = {"case_id": self.id}
            task = session.scalars(
                select(Task).filter_by(**of_case, step="ukesjekk").order_by(Task.id)
            ).first()
            tasks, answers, scopes = _copies(task, count), [], []
            first = session.scalar(select(func.max(Task.id))) + 1
            for place, row in enumerate(tasks):
                row |= {"id": first + place, "token": str(uuid4())}
            answer = session.scalars(select(Answer).filter_by(task_id=task.id)).one()
            for place, row in enumerate(_copies(answer, count)):
                in_sight = place >= count - HISTORY
                answers.append({**row, "task_id": first + place, "in_sight": in_sight})
            scope = session.scalars(select(Scope).filter_by(**of_case, kind="mi")).first()
            for place, row in enumerate(_copies(scope, count)):
                own = {"id": str(uuid4()), "group": str(uuid4()), "seq": -place}
                scopes.append({**row, **own, "in_sight": False})
            deadlines = []
            for deadline in session.scalars(select(Deadline).filter_by(task_id=task.id)):
                for place, row in enumerate(_copies(deadline, count)):
                    deadlines.append({**row, "task_id": first + place})
            moment = session.scalars(
                select(Deadline).filter_by(**of_case, kind=MOMENT).order_by(Deadline.id)
            ).first()
            deadlines += [{**row, "token": str(uuid4())} for row in _copies(moment, count)]
            for table, rows in ((Task, tasks), (Answer, answers), (Scope, scopes)):
                session.execute(insert(table), rows)
            session.execute(insert(Deadline), [row for row in deadlines if row["task_id"]])
            session.execute(insert(Deadline), [row for row in deadlines if not row["task_id"]])

    def keep(self) -> None:
        """Remember the database as it is, to be put back after each measurement."""
        with closing(sqlite3.connect(self.path)) as live, closing(self._kept()) as kept:
            live.backup(kept)

    def _kept(self) -> sqlite3.Connection:
        return sqlite3.connect(self._whole)

    def _put_back(self) -> None:
        with closing(sqlite3.connect(self.path)) as live, closing(self._kept()) as kept:
            kept.backup(live)
            live.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def measured(self) -> float:
        """How long one submit takes, in milliseconds; then all is as before."""
        command = self._command()
        took = milliseconds(lambda: submit_task(self.product, command))
        self._put_back()
        return took

    def count(self, table) -> int:
        with self.database.session() as session:
            of_case = select(func.count()).select_from(table).where(table.case_id == self.id)
            return session.scalar(of_case)


def _copies(row, count: int) -> list[dict]:
    """So many rows like this one, without their ids."""
    columns = [column.key for column in type(row).__mapper__.column_attrs if column.key != "id"]
    return [{column: getattr(row, column) for column in columns} for _ in range(count)]
