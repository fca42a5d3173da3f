"""Parallel and inclusive gateways that join rightly in loops.

SpiffWorkflow's own joins fire early in a second round when the branches arrive in another order,
and the inclusive join also when another branch stands inside a sub-process, a call or a
multi-instance step. P01 meets both: the talks can be held again, in any order.

An arrival is an instance of the join whose parent has completed, which has not itself completed
and has not been used by an earlier firing. Firing uses up all arrivals.
"""

from __future__ import annotations

from SpiffWorkflow.bpmn.specs.defaults import InclusiveGateway, ParallelGateway
from SpiffWorkflow.util.task import TaskState

_USED = "used"
_TOKEN = TaskState.READY | TaskState.WAITING | TaskState.STARTED


def is_arrival(task) -> bool:
    """Whether this instance of a join is a token that has arrived and waits for the others."""
    return (
        task.parent.state == TaskState.COMPLETED
        and task.state != TaskState.COMPLETED
        and not task.internal_data.get(_USED)
    )


def _arrived(join, task) -> set[str]:
    """Names of the steps before the join from which a token has arrived in this round."""
    return {
        other.parent.task_spec.name
        for other in task.workflow.tasks.values()
        if other.task_spec is join and is_arrival(other)
    }


def _use_arrivals(join, task) -> None:
    for other in task.workflow.tasks.values():
        if other.task_spec is join and other.state == TaskState.CANCELLED:
            other.internal_data[_USED] = True


class Parallel(ParallelGateway):
    """Fires when a token has arrived on every incoming flow in this round."""

    def _check_threshold_unstructured(self, my_task):
        return len(_arrived(self, my_task)) >= len(self.inputs)

    def _run_hook(self, my_task):
        _use_arrivals(self, my_task)
        return super()._run_hook(my_task)


class Inclusive(InclusiveGateway):
    """Fires when no other token can still reach an incoming flow that is empty (BPMN 2.0, 13.4)."""

    def _check_threshold_unstructured(self, my_task):
        arrived = _arrived(self, my_task)
        to_empty = self._upstream([spec for spec in self.inputs if spec.name not in arrived])
        to_full = self._upstream([spec for spec in self.inputs if spec.name in arrived])
        return not any(
            other.task_spec.name in to_empty and other.task_spec.name not in to_full
            for other in my_task.workflow.tasks.values()
            if other.state & _TOKEN and other.task_spec is not self
        )

    def _upstream(self, goals) -> set[str]:
        """Names of all steps from which one of the goals is reached without passing this join."""
        seen: set[str] = set()
        queue = list(goals)
        while queue:
            spec = queue.pop()
            if spec is self or spec.name in seen:
                continue
            seen.add(spec.name)
            queue.extend(spec.inputs)
        return seen

    def _run_hook(self, my_task):
        _use_arrivals(self, my_task)
        return super()._run_hook(my_task)
