"""Compaction: the finished part of the task tree is pruned and spliced after each step.

SpiffWorkflow keeps every task that ever was. A loop makes the tree deeper by each round, every
step slower, and at depth 1,000 tasks are lost without a word. After each step, at every level,
finished subtrees without a live task are pruned, and finished tasks with one child are spliced
out. What joins and the end still read is kept (`_Level._mark`); dropping all above the lowest
common ancestor instead makes nested joins wait for ever.

Live tasks keep their ids: rows, scopes and timers name them.
"""

from __future__ import annotations

from SpiffWorkflow.bpmn.specs.mixins.events.end_event import EndEvent
from SpiffWorkflow.specs.Join import Join
from SpiffWorkflow.util.task import TaskState

from engine.cases.workflow import LIVE, CaseWorkflow, all_of, forget_inside
from engine.definitions.gateways import Inclusive, Parallel, is_arrival

_FINISHED = TaskState.FINISHED_MASK
_UNFINISHED = TaskState.NOT_FINISHED_MASK


def compact(workflow: CaseWorkflow) -> None:
    """Make the tree as small as what is still to happen needs. Only between steps."""
    workflow.remember()
    for each in all_of(workflow):
        if each is workflow or each.parent_task_id in workflow.subprocesses:
            _Level(each).compact()
    for task_id, inner in list(workflow.subprocesses.items()):
        opener = workflow.get_task_from_id(task_id) if task_id in workflow.subprocesses else None
        if opener is not None and opener.state & _FINISHED and not _has_live(inner):
            forget_inside(workflow, task_id)


def _has_live(workflow) -> bool:
    return any(task.state & LIVE for task in workflow.tasks.values())


class _Level:
    """One workflow: the case's own, a sub-process or a called process.

    live: ids of what is not finished, or is still read as if it were not. pinned: finished tasks
    whose place in the tree matters.
    """

    def __init__(self, workflow):
        self.workflow, self.tasks = workflow, workflow.tasks
        self.live: set = set()
        self.pinned: set = set()

    def compact(self) -> None:
        self._mark()
        self._prune()
        self._splice()
        last = self.workflow.last_task
        if last is not None and last.id not in self.tasks:
            self.workflow.last_task = self.workflow.task_tree

    def _mark(self) -> None:
        """Find what must stay: each kind of task with what SpiffWorkflow reads around it.

        The parents of joins that wait hold the events on a step's edge in their place too: each has
        a join of its own from when it happens. A multi-instance step that runs asks only whether a
        child is left to do.
        """
        open_joins = {
            task.task_spec
            for task in self.tasks.values()
            if task.state & _UNFINISHED and isinstance(task.task_spec, Parallel | Inclusive)
        }
        for task in self.tasks.values():
            spec = task.task_spec
            waits_to_join = spec in open_joins and is_arrival(task)
            if task.state & _UNFINISHED or waits_to_join:
                self.live.add(task.id)
                if isinstance(spec, Join):
                    self.pinned.add(task._parent)
        self._mark_end()

    def _mark_end(self) -> None:
        """The end event that ran last proves that the case came to an end, and by which; so does
        SpiffWorkflow's own end."""
        self.live.update(task.id for task in completed_ends(self.workflow)[-1:])
        self.live.update(
            task.id
            for task in self.tasks.values()
            if task.task_spec.name == "End" and task.state == TaskState.COMPLETED
        )

    def _prune(self) -> None:
        kept = {self.workflow.task_tree.id}
        for task_id in self.live | self.pinned:
            while task_id is not None and task_id not in kept:
                kept.add(task_id)
                task_id = self.tasks[task_id]._parent
        for task_id in [each for each in self.tasks if each not in kept]:
            self._remove(task_id)
        for task in self.tasks.values():
            task._children = [child for child in task._children if child in kept]

    def _splice(self) -> None:
        for task in list(self.tasks.values()):
            if self._may_go(task):
                parent, child = self.tasks[task._parent], self.tasks[task._children[0]]
                parent._children[parent._children.index(task.id)] = child.id
                child._parent = parent.id
                self._remove(task.id)

    def _may_go(self, task) -> bool:
        """Whether a finished task can be taken out and its only child put in its place. The parent
        of a predicted child must stay: it is the one that predicts it."""
        if task is self.workflow.task_tree or task.id in self.live or task.id in self.pinned:
            return False
        if not task.state & _FINISHED or len(task._children) != 1 or task.triggered:
            return False
        return bool(self.tasks[task._children[0]].state & (LIVE | _FINISHED))

    def _remove(self, task_id) -> None:
        forget_inside(self.workflow, task_id)
        del self.tasks[task_id]


def completed_ends(workflow) -> list:
    """The end events that have run in this workflow itself, in the order they ran in."""
    found = [
        task
        for task in workflow.tasks.values()
        if isinstance(task.task_spec, EndEvent) and task.state == TaskState.COMPLETED
    ]
    return sorted(found, key=lambda task: task.last_state_change)
