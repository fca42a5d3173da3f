"""The only script engine a case ever meets: FEEL in the sandbox, and nothing else.

SpiffWorkflow's default engine is full Python, and loading a case silently puts it back; so `state`
takes this engine at every create and load, and everything here that could run code refuses.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol

from SpiffWorkflow.bpmn.script_engine import BasePythonScriptEngineEnvironment, PythonScriptEngine

from engine.cases.facts import Facts, ScopeFact, told
from engine.cases.incidents import Stopped
from engine.cases.state import ends
from engine.definitions import decisions, feel
from engine.definitions.bpmn import rule_named
from engine.definitions.decisions import Decision
from engine.definitions.feel import FeelError
from engine.definitions.specs import step_id
from engine.rules import workdays
from engine.sentences import say

# A timer never fires by SpiffWorkflow's clock: it waits for ever, and the deadline's row fires it.
NEVER = "9999-12-31T00:00:00+00:00"
ALWAYS = "1970-01-01T00:00:00+00:00"


class NotAllowed(Exception):
    """A diagram tried to run code. The checks refuse such a diagram long before this."""


class NotACondition(Exception):
    """A condition gave something else than true or false. Null is neither: an answer that it hangs
    on is missing, and nobody has said what then."""

    def __init__(self, element: str):
        super().__init__(element)
        self.element = element


class Host(Protocol):
    """Who runs the automatic steps of a case."""

    def operate(self, task) -> None: ...

    def decide(self, task) -> None: ...


class _NoEnvironment(BasePythonScriptEngineEnvironment):
    def evaluate(self, expression, context, external_context=None):
        raise NotAllowed("evaluate")

    def execute(self, script, context, external_context=None):
        raise NotAllowed("execute")

    def call_service(self, *args, **kwargs):
        raise NotAllowed("call_service")


def evaluate(expression: str, context: dict[str, Any]) -> Any:
    """FEEL on a case's context; `now()` and `today()` are the case's own moment, its `naa`. Raises
    Stopped for what can't be worked out."""
    try:
        return feel.evaluate(expression, told(expression, context), now=_moment_of(context))
    except FeelError as error:
        raise Stopped(say("%(why)s Ingenting er endret.", why=error.args[0])) from error


def _moment_of(context: dict[str, Any]) -> datetime | None:
    return workdays.moment(context["naa"]) if "naa" in context else None


class CaseEngine(PythonScriptEngine):
    """Evaluates a case's expressions as FEEL on its answers."""

    def __init__(self, facts: Facts, host: Host | None = None):
        super().__init__(_NoEnvironment())
        self.facts, self.host = facts, host

    def evaluate(self, task, expression, external_context=None) -> Any:
        """What SpiffWorkflow asks: a timer's date, or whether a flow is taken. A condition that is
        neither true nor false stops the case."""
        if rule_named(expression):
            return NEVER
        value = self.value(task, expression)
        if not isinstance(value, bool):
            raise NotACondition(step_id(task))
        return value

    def value(self, task, expression: str) -> Any:
        """The value of an expression on the answers around a task. Raises Stopped, which names the
        task's step."""
        try:
            return evaluate(expression, self.context(task))
        except Stopped as stopped:
            if task is None:
                raise
            name = task.task_spec.bpmn_name
            raise Stopped(stopped.message, step_id(task), name) from stopped

    def context(self, task) -> dict[str, Any]:
        return self.facts.context(self.facts.chain(task))

    def execute(self, task, script, external_context=None):
        raise NotAllowed("execute")

    def call_service(self, task, **kwargs):
        raise NotAllowed("call_service")

    def open_scope(self, task, kind: str, group=None, variable=None, item=None) -> None:
        chain = [scope for scope in self.facts.chain(task) if scope != str(task.id)]
        self.facts.open(
            ScopeFact(
                id=str(task.id),
                kind=kind,
                step=step_id(task),
                parent=chain[-1] if chain else "",
                group=group,
                variable=variable,
                item=item,
            )
        )

    def close_scope(self, task) -> None:
        """A called process has ended: its result is the end event that ended it."""
        reached = ends(task.workflow.top_workflow.subprocesses[task.id])
        self.facts.close(str(task.id), reached[-1])

    def operate(self, task) -> None:
        self.host.operate(task)

    def decide(self, task) -> None:
        self.host.decide(task)

    def outcome(self, task, decision: Decision) -> dict[str, Any]:
        """What a decision answers on the answers around a task. Raises Undecided."""
        context = self.context(task)
        return decisions.outcome(decision, told(decision.text, context), now=_moment_of(context))
