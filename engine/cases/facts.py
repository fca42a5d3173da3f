"""A case's answers as FEEL sees them, each under its step's id, kept outside the task tree.

A scope is where answers belong: the case (id ""), one child of a multi-instance step, or a called
process. Seen from outside, a multi-instance step is the list of its newest round, and a called
process an object with `resultat`, the end event that ended it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

CASE = ""
HISTORY = 12  # answers kept in sight for each step; older ones stay in the database
JOINED = "melding_slatt_sammen"  # reports on the same pupil that were joined to this case


class Later:
    """A fact that is worked out, once, when an expression names it."""

    def __init__(self, work_out: Callable[[], Any]):
        self._work_out, self._known = work_out, []

    def __call__(self) -> Any:
        if not self._known:
            self._known.append(self._work_out())
        return self._known[0]


def told(text: str, context: dict[str, Any]) -> dict[str, Any]:
    """The context as this expression is to see it: without what is worked out later, but for what
    the expression names."""
    return {
        name: value() if isinstance(value, Later) else value
        for name, value in context.items()
        if not isinstance(value, Later) or name in text
    }


@dataclass
class ScopeFact:
    id: str
    kind: str  # mi | call
    step: str
    parent: str
    group: str | None = None
    variable: str | None = None
    item: Any = None
    result: str | None = None
    seq: int = 0  # order of opening within the case; 0 until it is stored


class Facts:
    """The answers and scopes of one case.

    `system` holds what the product itself knows (naa, i_dag, finnes_aapen_sak ...), some of it
    Later. `opened` and `closed` list the scopes opened and closed since loading, for the caller to
    store.
    """

    def __init__(self, system: dict[str, Any] | None = None):
        self.system = system or {}
        self.scopes: dict[str, ScopeFact] = {}
        self.answers: dict[str, dict[str, list[dict]]] = defaultdict(lambda: defaultdict(list))
        self.opened: list[ScopeFact] = []
        self.closed: list[ScopeFact] = []

    def open(self, scope: ScopeFact) -> None:
        if scope.id not in self.scopes:
            self.scopes[scope.id] = scope
            self.opened.append(scope)

    def close(self, scope_id: str, result: str) -> None:
        """A called process has ended by this end event."""
        self.scopes[scope_id].result = result
        self.closed.append(self.scopes[scope_id])

    def put(self, scope_id: str, step: str, answers: dict) -> None:
        given = self.answers[scope_id][step]
        given.append(answers)
        del given[:-HISTORY]

    def references(self) -> set[str]:
        """Every text in the answers that may name a person, such as `elev:3`."""
        found: set[str] = set()
        queue: list[Any] = [given for steps in self.answers.values() for given in steps.values()]
        while queue:
            value = queue.pop()
            if isinstance(value, dict):
                queue.extend(value.values())
            elif isinstance(value, list):
                queue.extend(value)
            elif isinstance(value, str) and ":" in value:
                found.add(value)
        return found

    def chain(self, task) -> list[str]:
        """The scopes around a task, outermost first; the case itself is not named."""
        found = []
        top = task.workflow.top_workflow
        while task is not None:
            if str(task.id) in self.scopes:
                found.append(str(task.id))
            caller = task.workflow.parent_task_id
            task = top.get_task_from_id(caller) if caller else None
        return found[::-1]

    def scope_of(self, task) -> str:
        """Where an answer given at this task belongs."""
        chain = self.chain(task)
        return chain[-1] if chain else CASE

    def context(self, chain: list[str]) -> dict[str, Any]:
        """FEEL's context in the innermost of these scopes: inner answers hide outer ones."""
        context = {**self.system, JOINED: [], **self._view(CASE)}
        history = self._history(CASE)
        for scope_id in chain:
            context |= self._view(scope_id)
            history |= self._history(scope_id)
        context["historikk"] = history
        if JOINED in self.answers[CASE]:
            context[JOINED] = self.answers[CASE][JOINED]
        return context

    def _history(self, scope_id: str) -> dict[str, list[dict]]:
        return dict(self.answers[scope_id]) if scope_id in self.answers else {}

    def _view(self, scope_id: str) -> dict[str, Any]:
        view: dict[str, Any] = {
            step: given[-1] for step, given in self.answers.get(scope_id, {}).items()
        }
        inside: dict[str, list[ScopeFact]] = defaultdict(list)
        for scope in self.scopes.values():
            if scope.parent == scope_id:
                inside[scope.step].append(scope)
        for step, scopes in inside.items():
            newest = scopes[-1]
            if newest.kind == "mi":
                view[step] = [self._inner(s) for s in scopes if s.group == newest.group]
            else:
                view[step] = {**self._view(newest.id), "resultat": newest.result}
        own = self.scopes.get(scope_id)
        if own is not None and own.variable:
            view[own.variable] = own.item
        return view

    def _inner(self, child: ScopeFact) -> dict[str, Any]:
        """A child's answers seen from outside: those of its own step lie open, others by step."""
        view = self._view(child.id)
        return {**view, **view.pop(child.step, {})} if child.step in view else view
