"""A bare run of any small diagram: the engine's core without a database, a school or a form."""

from __future__ import annotations

import json
from uuid import UUID

from SpiffWorkflow.bpmn.specs.event_definitions.message import MessageEventDefinition
from SpiffWorkflow.bpmn.util import BpmnEvent
from SpiffWorkflow.util.task import TaskState

from engine.cases import state
from engine.cases.facts import Facts
from engine.cases.scripting import ALWAYS, CaseEngine
from engine.cases.workflow import all_of
from engine.definitions.bpmn import processes
from engine.definitions.bundle import Bundle
from engine.definitions.compile import compile_bundle
from engine.definitions.reader import read_model
from engine.definitions.specs import step_id

RULES = b'[frist.x]\ntekst="x"\nstatus="skolens_valg"\nkilde="x"\nfra="apnet"\nkalenderdager=1\n'


def compiled(*models: bytes | Bundle):
    """A definition of these drawings; the first is the process that starts. Or of one bundle."""
    if isinstance(models[0], Bundle):
        return compile_bundle(models[0])
    names = [next(iter(processes(read_model(model)))).get("id") for model in models]
    files = {f"{name}/{name}.bpmn": model for name, model in zip(names, models, strict=True)}
    return compile_bundle(Bundle.of(names[0], {**files, "regelverk.toml": RULES}))


def predicting_all(definition):
    """The same definition, predicting the whole way to the end as SpiffWorkflow does."""
    for spec in (definition.spec, *definition.subspecs.values()):
        for step in spec.task_specs.values():
            del step._predict, step._update
    return definition


class Run:
    """A workflow of a definition, without a database. After each step it is saved and loaded again
    in a definition that was compiled anew, as another process would.

    reload: False keeps the workflow in memory, where nothing is compacted, and predicts the whole
    way. fresh: False lets two definitions take turns instead of compiling after each step.
    """

    def __init__(self, *models: bytes | Bundle, reload: bool = True, fresh: bool = True):
        self._begin(models, Facts(), reload, fresh)
        self.workflow = state.create(self.definition, self.engine())
        self._settle()

    @classmethod
    def resumed(cls, *models: bytes, facts: Facts, document: bytes, version: int) -> Run:
        """A run that goes on from a stored state and its facts."""
        run = cls.__new__(cls)
        run._begin(models, facts)
        run.workflow = state.load(document, version, run.definition, run.engine())
        return run

    def _begin(self, models, facts: Facts, reload: bool = True, fresh: bool = True) -> None:
        self.models, self.reload, self.facts = models, reload, facts
        self.definition = compiled(*models)
        if not reload:
            predicting_all(self.definition)
        self._other = compiled(*models) if reload and not fresh else None
        self.operated: list[str] = []

    def operate(self, task) -> None:
        self.operated.append(step_id(task))

    def decide(self, task) -> None:
        self.facts.put(self.facts.scope_of(task), step_id(task), {})

    def engine(self) -> CaseEngine:
        return CaseEngine(self.facts, host=self)

    def _settle(self) -> None:
        self.workflow.do_engine_steps()
        if self.reload:
            document = state.save(self.workflow)
            self._turn()
            self.workflow = state.load(document, state.VERSION, self.definition, self.engine())

    def _turn(self) -> None:
        if self._other is None:
            self.definition = compiled(*self.models)
        else:
            self.definition, self._other = self._other, self.definition

    @property
    def open(self) -> list[str]:
        """The steps that wait for somebody, in order of name."""
        return sorted(step_id(task) for task in self._ready())

    def _ready(self):
        return self.workflow.get_tasks(state=TaskState.READY, manual=True)

    def do(self, step: str, place: int = 0, **answers) -> None:
        """Complete an open step; of several alike, the one at `place`."""
        self.complete([task for task in self._ready() if step_id(task) == step][place], **answers)

    def complete(self, task, **answers) -> None:
        """Complete this open task."""
        self.facts.put(self.facts.scope_of(task), step_id(task), answers)
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
                self._fire(task)
        self._settle()

    def fire(self, timer) -> None:
        """This timer fires."""
        self._fire(timer)
        self._settle()

    @staticmethod
    def _fire(timer) -> None:
        timer.internal_data["event_value"] = ALWAYS
        timer.task_spec._update(timer)

    def stored(self) -> dict:
        return json.loads(state.save(self.workflow))

    def task(self, token: str):
        """The task with this id; None when it is gone from the tree."""
        levels = all_of(self.workflow)
        return next((each.tasks[UUID(token)] for each in levels if UUID(token) in each.tasks), None)
