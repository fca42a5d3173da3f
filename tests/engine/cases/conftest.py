"""A case on its way, in two sizes: a bare run of any small diagram, and a whole school's case."""

from __future__ import annotations

import json
from uuid import UUID

import pytest
from SpiffWorkflow.bpmn.util import BpmnEvent
from SpiffWorkflow.spiff.specs.event_definitions import MessageEventDefinition
from SpiffWorkflow.util.task import TaskState

from engine.cases import state
from engine.cases.facts import Facts
from engine.cases.play import Player
from engine.cases.scripting import ALWAYS, CaseEngine
from engine.definitions.bundle import Bundle
from engine.definitions.compile import compile_bundle
from engine.definitions.specs import step_id
from engine.product import PROCESSES

RULES = b'[frist.x]\ntekst="x"\nstatus="skolens_valg"\nkilde="x"\nfra="apnet"\nkalenderdager=1\n'


def compiled(*models: bytes, process_id: str = "p"):
    """A definition of these drawings; the first is the process that starts."""
    names = [process_id, *(f"q{n}" for n in range(1, len(models)))]
    files = {f"{name}/{name}.bpmn": model for name, model in zip(names, models, strict=True)}
    return compile_bundle(Bundle.of(process_id, {**files, "regelverk.toml": RULES}))


class Run:
    """A workflow of a definition, without a database. After each step it is saved and loaded again
    in a definition that was compiled anew, as another process would."""

    def __init__(self, *models: bytes, reload: bool = True):
        self.models, self.reload = models, reload
        self.definition = compiled(*models)
        self.facts = Facts()
        self.operated: list[str] = []
        self.workflow = state.create(self.definition, self._engine())
        self._settle()

    def operate(self, task) -> None:
        self.operated.append(step_id(task))

    def _engine(self) -> CaseEngine:
        return CaseEngine(self.facts, host=self)

    def _settle(self) -> None:
        self.workflow.do_engine_steps()
        if self.reload:
            document = state.save(self.workflow)
            self.definition = compiled(*self.models)
            self.workflow = state.load(document, state.VERSION, self.definition, self._engine())

    @property
    def open(self) -> list[str]:
        """The steps that wait for somebody, in order of name."""
        return sorted(step_id(task) for task in self._ready())

    def _ready(self):
        return self.workflow.get_tasks(state=TaskState.READY, manual=True)

    def do(self, step: str, place: int = 0, **answers) -> None:
        """Complete an open step; of several alike, the one at `place`."""
        task = [task for task in self._ready() if step_id(task) == step][place]
        self.facts.put(self.facts.scope_of(task), step, answers)
        task.run()
        self._settle()

    def context(self, step: str, place: int = 0) -> dict:
        task = [task for task in self._ready() if step_id(task) == step][place]
        return self.workflow.script_engine.context(task)

    def send(self, message: str) -> None:
        self.workflow.send_event(BpmnEvent(MessageEventDefinition(message), payload={}))
        self._settle()

    def pass_time(self) -> None:
        """Every timer that waits fires."""
        for task in list(self.workflow.event_manager.tasks.values()):
            if task.state == TaskState.WAITING and "event_value" in task.internal_data:
                task.internal_data["event_value"] = ALWAYS
                task.task_spec._update(task)
        self._settle()

    def stored(self) -> dict:
        return json.loads(state.save(self.workflow))

    def task(self, token: str):
        return self.workflow.get_task_from_id(UUID(token))


@pytest.fixture
def run():
    return Run


@pytest.fixture
def player(database):
    """A school with the standard cast and no case yet; `start` and `complete` play steps."""
    scenario = {"id": "test", "process": "aktivitetsplikt", "start": "2026-09-08T10:00", "steps": []}
    return Player(scenario, database, PROCESSES)
