"""Load a case, complete one task, save it: Trygg's engine against SpiffWorkflow used plainly.

The plain loop is what SpiffWorkflow's manual shows: its own parser and serializer, and the whole
workflow with its specification as one JSON document. Both stand half way through the same drawing
and store in a SQLite file of the same kind, whose wait for the disk is left out. Neither has any
answers; the plain one would store them too.
"""

from __future__ import annotations

import sqlite3
import tempfile
from functools import partial
from pathlib import Path

from lxml import etree
from SpiffWorkflow.bpmn.parser import BpmnParser
from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.util.task import TaskState

from engine.cases import state
from engine.cases.facts import Facts
from engine.cases.scripting import CaseEngine
from tests.bench.table import Table, interleaved, reached
from tests.drawing import END, START, drawing, flows, node, user
from tests.running import compiled

TIMES = 200
SIZES = {4: (26, 4), 16: (98, 8)}  # blocks: nodes, and how many times faster it is to be
SMALLER = 6  # times


def process(blocks: int) -> bytes:
    """So many blocks in a row, each of six nodes: two steps, and a choice of the third.

    The condition is false in FEEL as in Python.
    """
    body, path = "", ["start"]
    for n in range(blocks):
        body += "".join(user(f"{name}{n}") for name in "abcd")
        body += node("exclusiveGateway", f"velg{n}", default=f"velg{n}_c{n}")
        body += node("exclusiveGateway", f"samle{n}")
        body += flows(f"a{n} b{n} velg{n} c{n} samle{n}", f"velg{n} d{n}: 1 > 2", f"d{n} samle{n}")
        body += flows(f"{path[-1]} a{n}")
        path.append(f"samle{n}")
    return drawing(START, body, END, flows(f"{path[-1]} slutt"))


class _Store:
    """A SQLite table of cases that all stand at the same place, one for each time it is read."""

    def __init__(self, folder: str, name: str):
        self._connection = sqlite3.connect(Path(folder) / name, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=OFF")
        self._connection.execute("CREATE TABLE row (id INTEGER PRIMARY KEY, state BLOB)")
        self._next = 0

    def fill(self, document: bytes | str, count: int) -> None:
        self._connection.executemany(
            "INSERT INTO row (state) VALUES (?)", [(document,) for _ in range(count)]
        )

    def read(self) -> bytes | str:
        """The next case's state."""
        self._next += 1
        query = "SELECT state FROM row WHERE id = ?"
        return self._connection.execute(query, (self._next,)).fetchone()[0]

    def write(self, document: bytes | str) -> None:
        """Put the case down that was read last."""
        query = "UPDATE row SET state = ? WHERE id = ?"
        self._connection.execute(query, (document, self._next))


class _Ours:
    def __init__(self, model: bytes):
        self.definition = compiled(model)
        workflow = state.create(self.definition, self._engine())
        workflow.do_engine_steps()
        self.document = state.save(workflow)

    def _engine(self) -> CaseEngine:
        return CaseEngine(Facts())

    def complete(self, document: bytes) -> bytes:
        """Complete the first open task, and judge where the case stands."""
        workflow = state.load(document, state.VERSION, self.definition, self._engine())
        workflow.get_next_task(state=TaskState.READY, manual=True).run()
        workflow.do_engine_steps()
        assert state.trouble(workflow) is None
        return state.save(workflow)


class _Plain:
    def __init__(self, model: bytes):
        self.serializer = BpmnWorkflowSerializer()
        parser = BpmnParser()
        parser.add_bpmn_xml(etree.fromstring(model))
        workflow = BpmnWorkflow(parser.get_spec("p"))
        workflow.do_engine_steps()
        self.document = self.serializer.serialize_json(workflow)

    def complete(self, document: str) -> str:
        """Complete the first open task."""
        workflow = self.serializer.deserialize_json(document)
        workflow.get_next_task(state=TaskState.READY, manual=True).run()
        workflow.do_engine_steps()
        return self.serializer.serialize_json(workflow)


def tables() -> list[Table]:
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for blocks, (nodes, goal) in SIZES.items():
            rows += _compared(blocks, nodes, goal, folder)
    columns = ("Nodes", "What", "Plain SpiffWorkflow", "Trygg", "Times", "Goal", "Reached")
    return [Table("Load, complete one task, save (medians)", columns, rows)]


def _compared(blocks: int, nodes: int, goal: int, folder: str) -> list[tuple]:
    model = process(blocks)
    cycles, sizes = [], []
    for kind in (_Plain, _Ours):
        engine = kind(model)
        document = engine.document
        for _ in range(blocks // 2 * 3):  # half of the steps; the next is not before a choice
            document = engine.complete(document)
        sizes.append(len(document))
        store = _Store(folder, f"{kind.__name__}{nodes}.db")
        store.fill(document, TIMES + 1)
        cycles.append(partial(_cycle, engine, store))
    times = interleaved(*cycles, times=TIMES)
    faster, smaller = times[0] / times[1], sizes[0] / sizes[1]
    return [
        (
            nodes,
            "time, ms",
            f"{times[0]:.2f}",
            f"{times[1]:.2f}",
            f"{faster:.1f} faster",
            goal,
            reached(faster >= goal),
        ),
        (
            nodes,
            "state, bytes",
            *sizes,
            f"{smaller:.1f} smaller",
            SMALLER,
            reached(smaller >= SMALLER),
        ),
    ]


def _cycle(engine: _Ours | _Plain, store: _Store) -> None:
    store.write(engine.complete(store.read()))
