"""Random walks: two runs of one process, side by side, that must do the same at every step."""

from __future__ import annotations

import random

from SpiffWorkflow.exceptions import WorkflowException
from SpiffWorkflow.util.task import TaskState

from engine.cases import state
from engine.definitions.specs import step_id
from tests.running import Run


class Walk:
    """A walk that is the same for the same seed.

    choose: gives the answers to a step. patience: steps done for each message that is sent.
    """

    def __init__(self, seed: int, messages: list[str], choose, patience: int = 3):
        self._random = random.Random(seed)
        self.messages, self.choose, self.patience = messages, choose, patience
        self.moves = 0

    def together(self, ours: Run, plain: Run, steps: int) -> None:
        """Walk both until nobody is waited for, or for so many steps."""
        for _ in range(steps):
            plain.workflow.remember()
            open_ = [_described(ours, task) for task in _waiting(ours)]
            assert open_ == [_described(plain, task) for task in _waiting(plain)]
            assert state.trouble(ours.workflow) is None
            if not self._step(ours, plain, len(open_)):
                break
        plain.workflow.remember()
        assert state.ended(ours.workflow) == state.ended(plain.workflow)
        assert state.ends(ours.workflow)[-1:] == state.ends(plain.workflow)[-1:]
        assert ours.workflow.passed == plain.workflow.passed

    def _step(self, ours: Run, plain: Run, count: int) -> bool:
        timers = bool(_timers(plain))
        kinds = ["do"] * self.patience * bool(count) + ["time"] * timers
        kinds += ["send"] * bool(self.messages)
        if (not count and not timers) or plain.workflow.completed:
            return False
        kind = self._random.choice(kinds)
        if kind == "do":
            place = self._random.randrange(count)
            task = _waiting(plain)[place]
            answers = self.choose(step_id(task), self._random)
            for run in (ours, plain):
                run.complete(_waiting(run)[place], **answers)
        elif kind == "time":
            place = self._random.randrange(len(_timers(plain)))
            for run in (ours, plain):
                run.fire(_timers(run)[place])
        else:
            message = self._random.choice(self.messages)
            assert _sent(ours, message) == _sent(plain, message)
        self.moves += 1
        return True


def _waiting(run: Run) -> list:
    """The tasks that wait for somebody, in an order that does not hang on the tree's own."""
    tasks = run.workflow.get_tasks(state=TaskState.READY, manual=True)
    return sorted(tasks, key=lambda task: str(_described(run, task)))


def _timers(run: Run) -> list:
    tasks = run.workflow.event_manager.tasks.values()
    timers = [t for t in tasks if t.state == TaskState.WAITING and "event_value" in t.internal_data]
    return sorted(timers, key=step_id)


def _described(run: Run, task) -> tuple:
    """What somebody who opens the task would see of it: the step, its items and the answers."""
    scopes = [run.facts.scopes[scope] for scope in run.facts.chain(task)]
    items = [(scope.step, scope.item) for scope in scopes]
    return step_id(task), items, run.workflow.script_engine.context(task)


def _sent(run: Run, message: str) -> bool:
    try:
        run.send(message)
    except WorkflowException as error:
        assert "not waiting" in str(error)
        return False
    return True
