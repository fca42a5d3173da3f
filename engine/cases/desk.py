"""One case on the desk, inside one transaction.

A command opens the case (its row locked), lets what is due happen first, does its one thing, lets
the engine run to the next wait, and puts everything down: state, tasks, answers, deadlines, log.
An error anywhere leaves the last committed state as it was.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from SpiffWorkflow.util.task import TaskState
from sqlalchemy import func, select

from engine.cases import deadlines, notices, operations, state
from engine.cases.facts import Facts, ScopeFact
from engine.cases.incidents import Stopped, raise_incident
from engine.cases.scripting import CaseEngine, evaluate
from engine.cases.state import Status
from engine.database.session import lock_case
from engine.database.tables import Account, Answer, Case, CaseRole, NamedPerson, Scope, Task
from engine.definitions.specs import step_id
from engine.people import register, roles, standing
from engine.people.roles import Role
from engine.records import log
from engine.records.log import Kind
from engine.records.vault import Key
from engine.refusals import Reason, Refusal
from engine.rules import workdays

HISTORY = 12  # answers kept in sight for each step; older ones stay in the database
MAX_AUTOMATIC_STEPS = 500
CHECK_AFTERWARDS = "etterkontroll"  # the step, and its timer's rule: closed, this remains

_END_STATUS = {"E4_overfort": Status.TRANSFERRED, "E5_slatt_sammen": Status.MERGED}


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


def case_id_of(product, number: str) -> int:
    """The id of the case with this number. Raises Refusal (IKKE_TILGANG) when there is none."""
    with product.database.session() as session:
        case_id = session.scalar(select(Case.id).where(Case.number == number))
    if case_id is None:
        raise no_access()
    return case_id


def no_access() -> Refusal:
    return Refusal(
        Reason.IKKE_TILGANG,
        "Du har ikke tilgang til denne siden. Trenger du den for å hjelpe en elev, "
        "snakk med rektor.",
    )


class Desk:
    """A case with its workflow, answers and key, for one actor (None: the system) at one moment."""

    def __init__(self, product, session, case: Case, actor_id: int | None, key: Key | None = None):
        self.product, self.session, self.case = product, session, case
        self.actor_id = actor_id
        self.now: datetime = product.clock()
        self.definition = product.definition(session, case.version)
        self.key = key or product.master_key.unwrap(case.wrapped_key)
        self.facts = Facts()
        self.engine = CaseEngine(self.facts, host=self)
        self.workflow = None
        self.acting_role: str | None = None
        self._steps_run = 0

    # --- load and save -----------------------------------------------------------------------

    def begin(self) -> None:
        """A new case: its workflow at the first wait."""
        self.facts.system = self._system_facts()
        self.workflow = state.create(self.definition, self.engine)
        self.advance()

    def load(self) -> None:
        self._load_facts()
        self.workflow = state.load(
            self.case.state, self.case.state_version, self.definition, self.engine
        )

    def save(self) -> None:
        """Put the case down. Raises Stopped when it neither waits for anybody nor has ended."""
        trouble = state.trouble(self.workflow)
        if trouble:
            raise Stopped(trouble)
        self._save_scopes()
        self.case.state = state.save(self.workflow)
        self.case.state_version = state.VERSION
        self.case.revision += 1
        self._set_status()

    def _system_facts(self) -> dict[str, Any]:
        local = workdays.local(self.now)
        received = self.case.received_at
        return {
            "naa": local.strftime("%Y-%m-%dT%H:%M"),
            "i_dag": local.date().isoformat(),
            "mottatt": received and workdays.local(received).strftime("%Y-%m-%dT%H:%M"),
            "finnes_aapen_sak": self.other_open_case() is not None,
        }

    def _load_facts(self) -> None:
        self.facts.system = self._system_facts()
        scopes = self.session.scalars(
            select(Scope).where(Scope.case_id == self.case.id).order_by(Scope.seq)
        )
        for row in scopes:
            self.facts.scopes[row.id] = ScopeFact(
                row.id,
                row.kind,
                row.step,
                row.parent_id,
                row.group,
                row.variable,
                self.unseal(row.sealed_item, "item") if row.sealed_item else None,
                row.result,
            )
        newest = (
            select(
                Answer.id,
                func.row_number()
                .over(partition_by=(Answer.scope_id, Answer.step), order_by=Answer.id.desc())
                .label("age"),
            )
            .where(Answer.case_id == self.case.id)
            .subquery()
        )
        answers = self.session.scalars(
            select(Answer)
            .join(newest, newest.c.id == Answer.id)
            .where(newest.c.age <= HISTORY)
            .order_by(Answer.id)
        )
        for row in answers:
            self.facts.put(row.scope_id, row.step, self.unseal(row.sealed_answers, "answer"))

    def _save_scopes(self) -> None:
        count = len(self.facts.scopes) - len(self.facts.opened)
        for seq, fact in enumerate(self.facts.opened, start=count + 1):
            self.session.add(
                Scope(
                    id=fact.id,
                    case_id=self.case.id,
                    seq=seq,
                    kind=fact.kind,
                    step=fact.step,
                    parent_id=fact.parent,
                    group=fact.group,
                    variable=fact.variable,
                    sealed_item=self.seal(fact.item, "item") if fact.kind == "mi" else None,
                )
            )
        self.session.flush()
        self.facts.opened.clear()
        for fact in self.facts.scopes.values():
            if fact.result is not None:
                self.session.get_one(Scope, fact.id).result = fact.result

    def _set_status(self) -> None:
        if state.ended(self.workflow):
            end = state.ends(self.workflow)[-1]
            self.case.status = _END_STATUS.get(end, Status.CLOSED)
            self.case.ended_at = self.now
            deadlines.lapse_all(self)
            self.log(Kind.SAK_AVSLUTTET, step=end, process_id=self.case.process_id)
        elif deadlines.only_remains(self, CHECK_AFTERWARDS, rule=CHECK_AFTERWARDS):
            self.case.status = Status.AWAITS_CHECK
        else:
            self.case.status = Status.OPEN

    # --- running -----------------------------------------------------------------------------

    def advance(self) -> None:
        """Run the engine to the next wait; timers whose time has come fire on the way."""
        while True:
            self._run_automatic_steps()
            deadlines.set_timers(self)
            if not deadlines.fire_timers(self):
                break
        self._sync_tasks()
        deadlines.keep(self)

    def _run_automatic_steps(self) -> None:
        try:
            self.workflow.do_engine_steps(did_complete_task=self._count)
        except Stopped:
            raise
        except Exception as error:  # whatever a diagram makes the engine raise: never half-saved
            raise self._stopped(error) from error

    def _count(self, task) -> None:
        self._steps_run += 1
        if self._steps_run > MAX_AUTOMATIC_STEPS:
            raise Stopped("De automatiske stegene går i ring.", step_id(task))

    def _stopped(self, error: Exception) -> Stopped:
        task = getattr(error, "task", None)
        element = step_id(task) if task is not None else getattr(error, "element", None)
        step = self.step_of(task) if task is not None else None
        return Stopped(
            "Steget kunne ikke utføres. Ingenting er endret. Ledelsen kan rette og prøve igjen.",
            element,
            step.name if step else None,
        )

    def operate(self, task) -> None:
        """An automatic step of the diagram: carry out its operations."""
        step = self.step_of(task)
        for name in step.operations:
            operations.carry_out(self, task, step, name)
        self.log(Kind.STEG_UTFORT, step=step.id, step_name=step.name, process_id=step.process_id)

    def decided(self, task, outcome: dict[str, Any]) -> None:
        """A decision has been made: its outcome is kept as the system's answer at that step."""
        step = self.step_of(task)
        scope_id = self.facts.scope_of(task)
        self.facts.put(scope_id, step.id, outcome)
        self.session.add(
            Answer(
                case_id=self.case.id,
                scope_id=scope_id,
                process_id=step.process_id,
                step=step.id,
                at=self.now,
                sealed_answers=self.seal(outcome, "answer"),
            )
        )
        self.log(Kind.STEG_UTFORT, step=step.id, step_name=step.name, process_id=step.process_id)

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

    # --- tasks -------------------------------------------------------------------------------

    def open_tasks(self) -> dict[str, Task]:
        """The case's open task rows, by the engine's id."""
        rows = self.session.scalars(
            select(Task).where(Task.case_id == self.case.id, Task.state == "open")
        )
        return {row.token: row for row in rows}

    def _sync_tasks(self) -> None:
        waiting = {
            str(task.id): task
            for task in self.workflow.get_tasks(state=TaskState.READY, manual=True)
        }
        rows = self.open_tasks()
        for token, row in rows.items():
            if token not in waiting:
                row.state = "withdrawn"
                row.done_at = self.now
                self.log_task(Kind.OPPGAVE_TRUKKET, row)
        for token, task in waiting.items():
            if token not in rows:
                self._open_task(task)

    def _open_task(self, task) -> None:
        step = self.step_of(task)
        row = Task(
            case_id=self.case.id,
            token=str(task.id),
            scope_id=self.facts.scope_of(task),
            process_id=step.process_id,
            step=step.id,
            name=step.name,
            form_key=step.form_key or "",
            role=self._role(task),
            assignee_id=self._assignee(task, step),
            state="open",
            opened_at=self.now,
        )
        self.session.add(row)
        self.session.flush()
        self.log_task(Kind.OPPGAVE_OPNET, row)
        if step.rule:
            deadlines.set_for_task(self, row, step.rule, task)
        if not notices.tell_of_task(self, row):
            raise_incident(
                self.session,
                self.case,
                kind="ingen_i_rollen",
                message=f"Ingen har rollen «{row.role}» for steget «{row.name}». "
                "Gi noen rollen, så dukker oppgaven opp hos dem.",
                at=self.now,
                step=row.step,
                name=row.name,
            )

    def _role(self, task) -> str | None:
        """The role that does this task in this case; a shielded case has its own handlers."""
        role = self.role_of(task)
        if role is None:
            return None
        return standing.handler_role(self.session, self.case, Role(role), self.now)

    def _assignee(self, task, step) -> int | None:
        if step.assignee is None:
            return None
        ref = self.engine.evaluate(task, step.assignee)
        kind, number = register.parse(ref)
        if kind is not register.Kind.ANSATT or self.session.get(Account, number) is None:
            raise Stopped("Steget har ingen å gi oppgaven til.", step.id, step.name)
        return number

    def complete(self, row: Task, typed: dict, partial: bool = False) -> None:
        """Judge the answers and complete this open task. Raises Refusal; does not save."""
        task = self.workflow.get_task_from_id(UUID(row.token))
        step = self.definition.step(row.process_id, row.step)
        form = self.definition.form(row.process_id, row.form_key)
        answers = form.judge(
            typed,
            self.context_of(row, task),
            evaluate,
            self.pickers(),
            named=self.named(),
            person=register.ref(register.Kind.ANSATT, self.actor_id) if self.actor_id else None,
            partial=partial,
        )
        self.keep_answers(row, form, answers)
        row.state, row.done_at, row.done_by_id = "done", self.now, self.actor_id
        self.log_task(Kind.OPPGAVE_UTFORT, row)
        deadlines.meet(self, row)
        notices.tell_from_step(self, task, step)
        try:
            task.run()
        except Exception as error:
            raise self._stopped(error) from error
        self.advance()

    def context_of(self, row: Task, task) -> dict[str, Any]:
        """What a form's rules see: the case's answers around the task, and whether it is late."""
        late = row.due_at is not None and row.due_at < self.now
        return {**self.engine.context(task), "over_frist": late}

    def keep_answers(self, row: Task, form, answers: dict) -> None:
        """Write an answer row, and what follows from the answers for the case itself."""
        self.facts.put(row.scope_id, row.step, answers)
        self.session.add(
            Answer(
                case_id=self.case.id,
                scope_id=row.scope_id,
                process_id=row.process_id,
                step=row.step,
                task_id=row.id,
                account_id=self.actor_id,
                at=self.now,
                form_version=form.sha256,
                sealed_answers=self.seal(answers, "answer"),
            )
        )
        for ref, part in form.named(answers):
            self.name_person(register.parse(ref)[1], part)
        for ref, role in form.case_roles(answers):
            self.give_role(register.parse(ref)[1], role)
        for mark, value in form.marks(answers):
            self._mark(mark, value)
        self.session.flush()

    def _mark(self, mark: str, value: Any) -> None:
        """What an answer says of the case itself (a form field's `merker`)."""
        if mark == "elev":
            self.case.pupil_id = register.parse(value)[1]
        elif mark == "alvorlig" and value == "ja":
            self.case.serious = True
        elif mark == "skjermet_ansatt" and value == "ja" and self.case.shielded is None:
            self.case.shielded = "ansatt"
        elif mark == "skjermet_ledelse" and value == "ja":
            self.case.shielded = "ledelse"
        elif mark == "mottatt":
            deadlines.correct_receipt(self, value)

    # --- people ------------------------------------------------------------------------------

    def pickers(self):
        """Who can be chosen in this case; guardians are those of every pupil it speaks of."""
        people = (register.parse(ref) for ref in self.facts.references())
        pupils = {number for kind, number in people if kind is register.Kind.ELEV}
        return register.pickers(
            self.session, self.case.school_id, self.case, self.now, pupils=pupils
        )

    def named(self) -> frozenset[str]:
        """References to the members of staff who are named in the case."""
        numbers = self.session.scalars(
            select(NamedPerson.account_id).where(NamedPerson.case_id == self.case.id)
        )
        return frozenset(register.ref(register.Kind.ANSATT, number) for number in numbers)

    def name_person(self, account_id: int, part: str) -> None:
        if self.session.get(NamedPerson, (self.case.id, account_id)) is None:
            self.session.add(NamedPerson(case_id=self.case.id, account_id=account_id, part=part))

    def give_role(self, account_id: int, role: str) -> None:
        """Name a person to a case role; whoever held it before no longer does."""
        self.give_roles([account_id], role)

    def give_roles(self, account_ids: Collection[int], role: str) -> None:
        """Name these, and nobody else, to a case role that several may hold."""
        held = self.session.scalars(
            select(CaseRole).where(
                CaseRole.case_id == self.case.id,
                CaseRole.role == role,
                CaseRole.to_time.is_(None),
            )
        ).all()
        for row in held:
            if row.account_id not in account_ids:
                row.to_time = self.now
        for account_id in sorted(set(account_ids) - {row.account_id for row in held}):
            self.session.add(
                CaseRole(case_id=self.case.id, account_id=account_id, role=role, from_time=self.now)
            )
            self.log(Kind.ROLLE_GITT, {"rolle": role, "ansatt": account_id}, role=role)

    def beside(self, case: Case) -> Desk:
        """Another case on the desk, in the same transaction."""
        desk = Desk(self.product, self.session, lock_case(self.session, case.id), self.actor_id)
        desk.load()
        return desk

    def other_open_case(self) -> Case | None:
        """The pupil's oldest other case that is still open."""
        if self.case.pupil_id is None:
            return None
        return self.session.scalar(
            select(Case)
            .where(
                Case.pupil_id == self.case.pupil_id,
                Case.id != self.case.id,
                Case.ended_at.is_(None),
                Case.shielded.is_(None),
                Case.process_id == self.case.process_id,
            )
            .order_by(Case.id)
        )

    def name_of(self, ref: str) -> str:
        """The name of the person a reference names; the reference itself for one who is gone."""
        return register.name_of(self.session, ref) or ref

    def no_longer_open(self, task: Task) -> Refusal:
        """What is said to one who comes to a task that is done or withdrawn."""
        if task.state == "done":
            return self.first_was(task.done_by_id, f"leverte «{task.name}»", task.done_at)
        return Refusal(
            Reason.ALLEREDE_UTFORT,
            f"«{task.name}» er ikke lenger aktuell. Saken har gått videre.",
            at=task.done_at,
        )

    def first_was(self, account_id: int | None, did: str, at: datetime) -> Refusal:
        """Who was first, by name and role; never a pronoun (ui.md, text 20)."""
        if account_id is None:
            return Refusal(Reason.ALLEREDE_UTFORT, "Fristen gikk ut, og Trygg svarte.", at=at)
        if account_id == self.actor_id:
            return Refusal(Reason.ALLEREDE_UTFORT, "Du har alt levert denne oppgaven.", at=at)
        name = self.session.get_one(Account, account_id).name
        held = roles.held_by(self.session, account_id, workdays.local_day(self.now))
        who = f"{name}, {roles.LABELS[roles.Role(held[0].role)]}" if held else name
        return Refusal(Reason.ALLEREDE_UTFORT, f"{who}, {did}, mens du skrev.", who=who, at=at)

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
            role=row.role,
        )
