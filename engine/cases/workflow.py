"""A case's workflow: SpiffWorkflow's, with its sub-processes kept whole and its way remembered."""

from __future__ import annotations

from SpiffWorkflow.bpmn.specs.control import BoundaryEventJoin, BoundaryEventSplit
from SpiffWorkflow.bpmn.specs.mixins.subworkflow_task import CallActivity
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.specs.Join import Join
from SpiffWorkflow.util.task import TaskState

from engine.definitions.specs import step_id

# What SpiffWorkflow puts between the steps of a diagram where one has events on its edge.
_HIDDEN = (BoundaryEventSplit, BoundaryEventJoin)
LIVE = TaskState.READY | TaskState.WAITING | TaskState.STARTED


class CaseWorkflow(BpmnWorkflow):
    """The task tree of one case.

    passed: by process, the flows that the case has gone through, as the ids of the two steps. The
    tree forgets them when its finished part is compacted. recorded: ids of the tasks whose way in
    is in `passed` already; after compaction a task's parent need not be the step before it.
    """

    def __init__(self, spec, subspecs, script_engine, **kwargs):
        self.passed: dict[str, set[tuple[str, str]]] = {}
        self.recorded: set = set()
        super().__init__(spec, subspecs, script_engine=script_engine, **kwargs)
        self.task_removed_event.connect(_drop_orphan)

    def remember(self) -> None:
        """Write down the flows that tokens have gone through since the last time."""
        for each in all_of(self):
            flows = self.passed.setdefault(_process_of(each), set())
            for task in each.tasks.values():
                if task.id in self.recorded or not _came(task):
                    continue
                self.recorded.add(task.id)
                before = _step_before(task)
                if before is not None and step_id(before) != step_id(task):
                    flows.add((step_id(before), step_id(task)))


def all_of(workflow):
    """The workflow and those inside it: sub-processes and called processes."""
    return [workflow, *workflow.subprocesses.values()]


def forget_inside(workflow, task_id) -> None:
    """Remove the sub-process that a task of this id has opened, and what is inside it."""
    inner = workflow.top_workflow.subprocesses.pop(task_id, None)
    for each in list(inner.tasks) if inner is not None else ():
        forget_inside(inner, each)


def _drop_orphan(workflow, task) -> None:
    """A removed task takes its sub-process with it; left behind, it crashes the next step."""
    top = workflow.top_workflow
    top.event_manager.remove_task(task)
    orphan = top.subprocesses.get(task.id)
    if orphan is not None:
        for inner in list(orphan.tasks.values()):
            _drop_orphan(orphan, inner)
        top.subprocesses.pop(task.id, None)


def _process_of(workflow) -> str:
    """The process whose diagram a workflow is drawn in, through the sub-processes around it."""
    while workflow.parent_task_id is not None:
        opener = workflow.top_workflow.get_task_from_id(workflow.parent_task_id)
        if isinstance(opener.task_spec, CallActivity):
            break
        workflow = opener.workflow
    return workflow.spec.name


def _came(task) -> bool:
    """Whether a token has come to this task. Of those that meet in a join, all but one are
    cancelled."""
    if task.state & (LIVE | TaskState.COMPLETED):
        return True
    return task.state == TaskState.CANCELLED and isinstance(task.task_spec, Join)


def _step_before(task):
    """The completed step of the diagram that led here, past SpiffWorkflow's own hidden ones."""
    before = task.parent
    while before is not None and isinstance(before.task_spec, _HIDDEN):
        before = before.parent
    return before if before is not None and before.state == TaskState.COMPLETED else None
