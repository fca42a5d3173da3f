"""Our own kinds of steps, where SpiffWorkflow's would keep answers in the task tree or run Python.

They speak to the case through the script engine that the case sets at every load
(`engine.cases.scripting.CaseEngine`): `open_scope`, `value`,
`operate`, `decide`.
"""

from __future__ import annotations

from SpiffWorkflow.bpmn.specs.bpmn_task_spec import BpmnTaskSpec
from SpiffWorkflow.bpmn.specs.data_spec import TaskDataReference
from SpiffWorkflow.bpmn.specs.defaults import CallActivity


class NotAList(Exception):
    """A multi-instance step's collection gave something else than a list."""

    def __init__(self, element: str):
        super().__init__(element)
        self.element = element


def step_id(task) -> str:
    """The element's id in the diagram."""
    return task.task_spec.bpmn_id or task.task_spec.name


def engine_of(task):
    return task.workflow.top_workflow.script_engine


class FeelList(TaskDataReference):
    """A multi-instance step's collection: a FEEL expression, evaluated on the case's answers."""

    def get(self, task):
        items = engine_of(task).value(task, self.bpmn_id)
        if not isinstance(items, list):
            raise NotAList(step_id(task))
        return items

    def exists(self, task):
        return True


class Item(TaskDataReference):
    """One child of a multi-instance step: opens the scope its answers belong to."""

    def exists(self, task):
        return False

    def set(self, task, item):
        engine_of(task).open_scope(
            task, "mi", group=str(task.parent.id), variable=self.bpmn_id, item=item
        )


class Call(CallActivity):
    """A called process: its answers belong to a scope of their own."""

    def start_workflow(self, my_task):
        engine_of(my_task).open_scope(my_task, "call")
        super().start_workflow(my_task)

    def _run_hook(self, my_task):
        engine_of(my_task).close_scope(my_task)
        return super()._run_hook(my_task)


class OperationTask(BpmnTaskSpec):
    """An automatic step: an operation from the closed list, never code from the diagram."""

    def _run_hook(self, my_task):
        engine_of(my_task).operate(my_task)
        return True


class DecisionTask(BpmnTaskSpec):
    """A business rule task: a decision table in FEEL, whose answer becomes a fact of the case."""

    def _run_hook(self, my_task):
        engine_of(my_task).decide(my_task)
        return True
