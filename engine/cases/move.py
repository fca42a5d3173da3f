"""Moving a running workflow to another version of its process.

SpiffWorkflow's own migration has two silent faults: what follows an open multi-instance step,
sub-process or call keeps to the old way, and its reset wipes what an open task remembers (which of
several it is, when its timer fires). Here nothing is reset. The tree is read anew with the other
specification, so that every task that has come keeps its id and its memory, and only what was
predicted, and has not come, is worked out again.
"""

from __future__ import annotations

from dataclasses import dataclass

from SpiffWorkflow.bpmn.specs.control import BoundaryEventSplit, StartEventSplit
from SpiffWorkflow.bpmn.specs.mixins.subworkflow_task import SubWorkflowTask
from SpiffWorkflow.specs.Join import Join
from SpiffWorkflow.util.task import TaskState

from engine.cases import documents
from engine.cases.workflow import LIVE, CaseWorkflow, all_of
from engine.definitions.gateways import is_arrival
from engine.definitions.specs import step_id
from engine.sentences import say

_AHEAD = TaskState.PREDICTED_MASK | TaskState.FUTURE  # predicted, and not come to
_UNFINISHED = TaskState.NOT_FINISHED_MASK


@dataclass(frozen=True)
class Obstacle:
    """Why a case can't be moved: the step (an element's id), and the reason in words."""

    step: str
    why: str


class CannotMove(Exception):
    """obstacles: all of them. The workflow is as it was."""

    def __init__(self, obstacles: list[Obstacle]):
        super().__init__("; ".join(f"{each.step}: {each.why}" for each in obstacles))
        self.obstacles = obstacles


GONE = say("Saken står i dette steget, og den nye versjonen har det ikke.")
OTHER_KIND = say("Saken står i dette steget, og i den nye versjonen er det et annet slags steg.")
NO_PROCESS = say("Saken er inne i en prosess som den nye versjonen ikke har.")
EDGE = say("Saken står i et steg som har fått eller mistet en hendelse på kanten.")
JOIN = say("Saken venter her på en gren som ikke lenger kommer hit.")


def move(workflow: CaseWorkflow, definition, engine) -> CaseWorkflow:
    """The workflow on the other version, with the same tasks open. `workflow` is used up.

    Raises CannotMove when something that the case has come to has no counterpart there.
    """
    found = obstacles(workflow, definition)
    if found:
        raise CannotMove(found)
    for each in all_of(workflow):
        for task in _come_to(each):
            for child in task.children:
                if _is_ahead(child):
                    each._remove_task(child.id)
    moved = documents.read(documents.write(workflow), documents.VERSION, definition, engine)
    for each in all_of(moved):
        for task in _come_to(each):
            _look_ahead(task)
    return moved


def obstacles(workflow: CaseWorkflow, definition) -> list[Obstacle]:
    """Everything that hinders a move to this version; nothing is changed."""
    found: dict[Obstacle, None] = {}
    for each in all_of(workflow):
        spec = definition.spec if each is workflow else definition.subspecs.get(each.spec.name)
        for task in each.tasks.values():
            why = NO_PROCESS if spec is None else _hindered(task, spec)
            if why is not None:
                found[Obstacle(step_id(task), why)] = None
    return list(found)


def _hindered(task, spec) -> str | None:
    """What is in the way of putting this task into the other specification."""
    if task.state & _AHEAD and not _is_kept(task):
        return None
    old, new = task.task_spec, spec.task_specs.get(task.task_spec.name)
    if new is None:
        return GONE
    if type(new) is not type(old) or _opened_by(new) != _opened_by(old):
        return OTHER_KIND
    if isinstance(old, BoundaryEventSplit | StartEventSplit) and _names(new) != _names(old):
        open_still = any(child.state & LIVE for child in task.children)
        return EDGE if open_still else None
    if isinstance(old, Join) and is_arrival(task):
        before = {each.name for each in new.inputs}
        return None if task.parent.task_spec.name in before else JOIN
    return None


def _names(spec) -> set[str]:
    return {each.name for each in spec.outputs}


def _opened_by(spec) -> str | None:
    """The sub-process or process that such a step opens."""
    return spec.spec if isinstance(spec, SubWorkflowTask) else None


def _come_to(workflow) -> list:
    """The unfinished tasks that stay. Those that an event or a loop has triggered lead nowhere, and
    nothing is predicted after them."""
    return [
        task
        for task in workflow.tasks.values()
        if task.state & _UNFINISHED and _is_kept(task) and not task.triggered
    ]


def _is_kept(task) -> bool:
    """Come to, or next to be come to: what stands under a task that is finished."""
    return not task.state & _AHEAD or bool(task.parent.state & TaskState.FINISHED_MASK)


def _is_ahead(task) -> bool:
    return bool(task.state & _AHEAD) and not task.triggered


def _look_ahead(task) -> None:
    task.task_spec._predict_hook(task)
    for child in task.children:
        if _is_ahead(child):
            child.task_spec._predict(child, mask=_AHEAD)
