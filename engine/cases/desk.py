"""One case on the desk, inside one transaction.

A command opens the case (its row locked), lets what is due happen first, does its one thing, lets
the engine run to the next wait, and puts everything down: state, tasks, answers, deadlines, log.
An error anywhere leaves the last committed state as it was.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property, partial
from typing import Any, NamedTuple

from sqlalchemy import select

from engine.cases import deadlines, linked, operations, roster, solving, state, tallies, tasks
from engine.cases.agenda import Agenda
from engine.cases.facts import Facts, Later
from engine.cases.incidents import Stopped, readable
from engine.cases.newcase import new_case
from engine.cases.parts import acting_role
from engine.cases.scripting import CaseEngine, NotACondition
from engine.cases.sight import Sight, contents
from engine.cases.state import Status
from engine.database.session import lock_case, lock_case_of
from engine.database.tables import Answer, Case, Task
from engine.definitions.decisions import Undecided
from engine.definitions.specs import NotAList, step_id
from engine.people import access
from engine.people.circle import Circle
from engine.people.standing import Shield
from engine.records import log
from engine.records.log import Kind
from engine.records.vault import Key
from engine.refusals import Reason, Refusal
from engine.rules import workdays
from engine.sentences import say

MAX_AUTOMATIC_STEPS = 500
CHECK_AFTERWARDS = "etterkontroll"  # the step, and its timer's rule: closed, this remains

_END_STATUS = {"E4_overfort": Status.TRANSFERRED, "E5_slatt_sammen": Status.MERGED}
_WHY = {
    NotACondition: say("Veien videre avhenger av et svar som mangler, eller ikke er ja eller nei."),
    NotAList: say("Steget skal gjøres én gang for hver i en liste, men svaret er ingen liste."),
}


@contextmanager
def open_case(product, case_id: int, actor_id: int | None) -> Iterator[Desk]:
    """The case, locked, in a transaction that commits when the block ends without an error."""
    with product.database.transaction() as session:
        case = lock_case(session, case_id)
        if case is None:
            raise no_access()
        desk = Desk(product, session, case, actor_id)
        desk.load()
        yield desk


@contextmanager
def open_task(product, task_id: int, actor_id: int | None) -> Iterator[Desk]:
    """The case of a task, as `open_case` gives it, but nothing of it is read yet."""
    with product.database.transaction() as session:
        case = lock_case_of(session, task_id)
        if case is None:
            raise no_access()
        yield Desk(product, session, case, actor_id)


def case_id_of(product, number: str) -> int:
    """The id of the case with this number. Raises Refusal (IKKE_TILGANG) when there is none."""
    with product.database.session() as session:
        case_id = session.scalar(select(Case.id).where(Case.number == number))
    if case_id is None:
        raise no_access()
    return case_id


def case_id_of_task(product, task_id: int) -> int:
    """The case of a task. Raises Refusal (IKKE_TILGANG) when there is no such task."""
    with product.database.session() as session:
        case_id = session.scalar(select(Task.case_id).where(Task.id == task_id))
    if case_id is None:
        raise no_access()
    return case_id


def no_access() -> Refusal:
    return Refusal(Reason.IKKE_TILGANG, access.NO_ACCESS)


class Place(NamedTuple):
    """Where a step's answer belongs."""

    scope_id: str
    process_id: str
    step: str


class Desk:
    """A case with its workflow, answers and key, for one actor (None: the system) at one moment."""

    @readable()
    def __init__(self, product, session, case: Case, actor_id: int | None, key: Key | None = None):
        self.product, self.session, self.case = product, session, case
        self.actor_id = actor_id
        self.now: datetime = product.clock()
        self.definition = product.definition(session, case.version)
        self.key = key or product.master_key.unwrap(case.wrapped_key)
        self.facts = Facts()
        self.engine = CaseEngine(self.facts, host=self)
        self.workflow = None
        self.started: list[Desk] = []  # cases that this one has started, saved with it
        self.sight = Sight(self)
        self.answered: Answer | None = None  # the newest answer of this command
        self.passed: set[str] = set()  # the steps taken or opened since it was loaded
        self._steps_run = 0

    # --- load and save -----------------------------------------------------------------------

    def begin(self, facts: dict[str, Any] | None = None) -> None:
        """A new case: its workflow at the first wait. facts: what the message that starts it
        carries, for a process that a message starts."""
        self._read()
        self.workflow = state.create(self.definition, self.engine)
        if self.definition.started_by_message:
            self._run_automatic_steps()
            message = self.definition.started_by_message
            roster.give_received(self, linked.receive(self, message, facts or {}))
        self.advance()

    @readable()
    def load(self) -> None:
        self._read()
        self.workflow = state.load(
            self.case.state, self.case.state_version, self.definition, self.engine
        )

    def save(self) -> None:
        """Put the case down. Raises Stopped when it neither waits for anybody nor has ended."""
        trouble = state.trouble(self.workflow)
        if trouble:
            raise Stopped(trouble)
        solving.settle(self)
        self.sight.write()
        self.sight.tidy()
        self.case.state = state.save(self.workflow)
        self.case.state_version = state.VERSION
        self.case.revision += 1
        self._set_status()
        while self.started:
            self.started.pop().save()

    def _read(self) -> None:
        """Read what lies on the case: answers and people, in one statement."""
        asked = {
            "cases": [self.case.id],
            "actor": self.actor_id,
            "counted": self.definition.from_receipt,
            "now": self.now,
            "day": workdays.local_day(self.now),
        }
        rows = self.session.execute(contents(), asked).all()
        self.circle = Circle(self.case, self.now, rows)
        self.facts.system = self._system_facts()
        self.facts.system["finnes_aapen_sak"] = any(row.what == "other_case" for row in rows)
        self.sight.read(rows)

    @cached_property
    def agenda(self) -> Agenda:
        """What the case waits for, read when it is first asked for."""
        return Agenda(self.session, self.case.id)

    def _system_facts(self) -> dict[str, Any]:
        local = workdays.local(self.now)
        received = self.case.received_at
        return {
            "naa": local.strftime("%Y-%m-%dT%H:%M"),
            "i_dag": local.date().isoformat(),
            "mottatt": received and workdays.local(received).strftime("%Y-%m-%dT%H:%M"),
            "gjelder_ledelsen": self.case.shielded == Shield.LEDELSE,
            "klassetrinn": Later(partial(roster.years, self)),
            **tallies.of(self),
        }

    def _set_status(self) -> None:
        if self.case.ended_at is not None:  # it ends once, whatever is put right in it later
            return
        if state.ended(self.workflow):
            end = state.ends(self.workflow)[-1]
            self.case.status = _END_STATUS.get(end, Status.CLOSED)
            self.case.ended_at = self.now
            deadlines.lapse_all(self)
            self.log(Kind.SAK_AVSLUTTET, step=end, process_id=self.case.process_id)
        elif deadlines.only_remains(self, CHECK_AFTERWARDS, rule=CHECK_AFTERWARDS):
            self.case.status = Status.AWAITS_CHECK
            deadlines.lapse_clock(self)
        else:
            self.case.status = Status.OPEN

    # --- running -----------------------------------------------------------------------------

    def advance(self) -> None:
        """Run the engine to the next wait; timers whose time has come fire on the way."""
        with self.session.no_autoflush:  # what a step changes is written once, at its end
            while True:
                self._run_automatic_steps()
                deadlines.set_timers(self)
                if not deadlines.fire_timers(self):
                    break
            tasks.sync(self)
            deadlines.keep(self)

    def _run_automatic_steps(self) -> None:
        try:
            self.workflow.do_engine_steps(did_complete_task=self._count)
        except Stopped:
            raise
        except Exception as error:  # whatever a diagram makes the engine raise: never half-saved
            raise self.stopped(error) from error

    def _count(self, task) -> None:
        self.passed.add(step_id(task))
        self._steps_run += 1
        if self._steps_run > MAX_AUTOMATIC_STEPS:
            raise Stopped(say("De automatiske stegene går i ring."), step_id(task))

    def stopped(self, error: Exception) -> Stopped:
        """What an error inside a step is to a person; the transaction is to be rolled back."""
        task = getattr(error, "task", None)
        element = step_id(task) if task is not None else getattr(error, "element", None)
        steps = self.definition.steps.values()
        step = next((step for step in steps if step.id == element), None)
        why = _WHY.get(type(error), say("Steget kunne ikke utføres."))
        said = say("%(why)s Ingenting er endret.", why=why)
        return Stopped(said, element, step.name if step else None)

    def operate(self, task) -> None:
        """An automatic step of the diagram: carry out its operations."""
        step = self.step_of(task)
        for name in step.operations:
            operations.carry_out(self, task, step, name)
        self.log(Kind.STEG_UTFORT, step=step.id, step_name=step.name, process_id=step.process_id)

    def decide(self, task) -> None:
        """A decision step: what its table answers is kept as the system's answer at that step."""
        step = self.step_of(task)
        decision = self.definition.decision(step.process_id, step.decision)
        try:
            answer = self.engine.outcome(task, decision)
        except Undecided as undecided:
            raise Stopped(undecided.args[0], step.id, step.name) from undecided
        self.keep_outcome(task, answer)
        self.log(Kind.STEG_UTFORT, step=step.id, step_name=step.name, process_id=step.process_id)

    def keep_outcome(self, task, answers: dict) -> None:
        """What an automatic step found, as the system's answer at that step."""
        step = self.step_of(task)
        self.keep_answer(Place(self.facts.scope_of(task), step.process_id, step.id), answers)

    def keep_answer(self, place: Task | Place, answers: dict, **by: Any) -> None:
        """Keep answers where the task stands: in sight of what follows, and as a row."""
        self.facts.put(place.scope_id, place.step, answers)
        self.answered = Answer(
            case_id=self.case.id,
            scope_id=place.scope_id,
            process_id=place.process_id,
            step=place.step,
            at=self.now,
            sealed_answers=self.seal(answers, "answer"),
            **by,
        )
        self.session.add(self.answered)

    # --- where a task stands -------------------------------------------------------------------

    def process_of(self, task) -> str:
        """The process whose diagram holds this task, through the sub-processes around it."""
        workflow = task.workflow
        while workflow.spec.name not in self.definition.diagrams:
            workflow = workflow.parent_workflow
        return workflow.spec.name

    def step_of(self, task):
        return self.definition.steps.get((self.process_of(task), step_id(task)))

    def role_of(self, task) -> str | None:
        """The step's own role, else that of the calling step; None is nobody."""
        while task is not None:
            step = self.step_of(task)
            if step is not None and step.role:
                return step.role
            caller = task.workflow.parent_task_id
            task = self.workflow.get_task_from_id(caller) if caller else None
        return None

    def complete(self, row: Task, typed: dict, partial: bool = False, performed=None) -> None:
        """Judge the answers and complete this open task. Raises Refusal; does not save."""
        with self.session.no_autoflush:
            tasks.complete(self, row, typed, partial, performed)
        self.advance()

    def beside(self, case: Case) -> Desk:
        """Another case on the desk, in the same transaction."""
        desk = Desk(self.product, self.session, lock_case(self.session, case.id), self.actor_id)
        desk.load()
        return desk

    def glance(self, case: Case) -> Desk:
        """Another case to read from: neither locked nor loaded."""
        return Desk(self.product, self.session, case, self.actor_id)

    def start_beside(
        self, process_id: str, actor_id: int | None, reporter_id: int | None = None
    ) -> Desk:
        """A new case of the same school, and of the same reporter unless another is given, in the
        same transaction and saved with this one; not yet begun."""
        definition = self.product.published(self.session, process_id)
        case, key = new_case(
            self.product,
            self.session,
            definition,
            self.case.school_id,
            reporter_id or self.case.reporter_id,
            self.now,
        )
        desk = Desk(self.product, self.session, case, actor_id, key)
        desk.log(Kind.SAK_STARTET, process_id=process_id, role="melder")
        self.started.append(desk)
        return desk

    # --- records -----------------------------------------------------------------------------

    def seal(self, content: Any, purpose: str) -> bytes:
        return self.product.master_key.seal(self.key, content, purpose)

    def unseal(self, sealed: bytes, purpose: str) -> Any:
        return self.product.master_key.unseal(self.key, sealed, purpose)

    def log(self, kind: Kind, detail: dict | None = None, **about) -> None:
        log.append(
            self.session,
            self.case,
            kind,
            self.now,
            self.actor_id,
            sealed_detail=self.seal(detail, "event") if detail else None,
            **about,
        )

    def log_task(self, kind: Kind, row: Task, detail: dict | None = None) -> None:
        self.log(
            kind,
            detail,
            step=row.step,
            step_name=row.name,
            process_id=row.process_id,
            role=acting_role(row),
        )
