"""Prediction bounded to what is next.

SpiffWorkflow predicts the whole way to the end from where a case stands, each branch for itself: a
row of parallel blocks doubles the tree with each block, and sixteen of them are never done. What
runs next reads no further than a task's children and theirs. So each step predicts so far, and
again when its turn comes, before it is made ready.
"""

from __future__ import annotations

from types import MethodType

from SpiffWorkflow.util.task import TaskState

AHEAD = 2  # generations: an event on a step's edge starts to wait without a turn of its own
_TO_COME = TaskState.PREDICTED_MASK | TaskState.FUTURE


def bound(spec) -> None:
    """Let the steps of this specification predict what is next, and no more. Once, at compile."""
    for step in spec.task_specs.values():
        step._predict = MethodType(_predict, step)
        step._update = MethodType(_update, step)


def _predict(self, my_task, seen=None, looked_ahead=0, mask=TaskState.PREDICTED_MASK) -> None:
    if my_task.has_state(mask):
        self._predict_hook(my_task)
    if looked_ahead + 1 < AHEAD:
        for child in my_task.children:
            if child.has_state(mask):
                child.task_spec._predict(child, None, looked_ahead + 1, mask)


def _update(self, my_task) -> None:
    # What an event has triggered leads nowhere: the process ends when it and all else are done.
    if my_task.has_state(_TO_COME) and not my_task.triggered:
        self._predict(my_task, mask=_TO_COME)
    if self._update_hook(my_task):
        my_task._ready()
