"""Play scenarios: written cases that the product runs on an empty school with a set clock.

The form of a scenario file is described in docs/scenarioformat.md. A scenario is played through
the same commands as the pages use; what differs from the text is a `Difference`.
"""

from __future__ import annotations

import secrets
import tempfile
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import yaml
from sqlalchemy import select

from engine.cases import cast, tasks
from engine.cases.cast import Cast
from engine.cases.deadlines import DUE, MOMENT, PASSED, WAITING
from engine.cases.desk import open_case
from engine.cases.linked import PUPILS_PROCESS
from engine.cases.scripting import evaluate
from engine.cases.start import StartCase, known_at_start, start_case
from engine.cases.submit import SubmitTask, submit_task
from engine.cases.tick import let_deadlines_pass
from engine.database.session import Database, migrate
from engine.database.tables import Account, Case, CaseRole, Deadline, Event, Notice, Task
from engine.definitions.fields import Field, Kind, fields_of
from engine.people import access
from engine.product import PROCESSES, Product
from engine.records.log import Kind as Logged
from engine.records.vault import MasterKey
from engine.refusals import Refusal
from engine.rules import workdays

FIRST_STEPS = {
    "registrer_melding",
    "egnethet",
    "velg_tilrettelegger",
    "registrer_tillitsbrudd",
    "registrer_sf",
    "forbered",
}


CASE_ROLES = ("saksansvarlig", "undersoker", "tilrettelegger")
EXPECTED = {"told", "not_told", "deadlines", "open", "ended", "hidden_from"}


@dataclass(frozen=True)
class Difference:
    """Where the product did something else than the scenario says."""

    scenario: str
    step: str
    message: str


class Stop(Exception):
    """The scenario can't go on: a step was refused, or was not open."""


def read_scenarios(path: Path) -> list[dict[str, Any]]:
    """The scenarios of a file. Raises ValueError, in words, when it is not written as it should."""
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ValueError("Filen er ikke YAML.") from error
    if not isinstance(found, list) or not found:
        raise ValueError("Filen er ikke en liste av scenarier.")
    for scenario in found:
        wrong = _wrong_with(scenario)
        if wrong:
            name = scenario.get("id", "?") if isinstance(scenario, dict) else "?"
            raise ValueError(f"Scenario {name}: {wrong}.")
    return found


def _wrong_with(scenario: Any) -> str | None:
    """What is wrong with how a scenario is written, in words; None when nothing is."""
    if not isinstance(scenario, dict) or not scenario.keys() >= {"id", "process", "start", "steps"}:
        return "trenger id, process, start og steps"
    if scenario["process"] not in {path.name for path in PROCESSES.iterdir() if path.is_dir()}:
        return f"prosessen {scenario['process']} finnes ikke"
    steps, expect = scenario["steps"], scenario.get("expect") or {}
    if not isinstance(steps, list) or not all(isinstance(step, dict) for step in steps):
        return "steps er en liste av steg"
    for number, step in enumerate(steps, start=1):
        if "wait" not in step and not isinstance(step.get("step"), str):
            return f"steg {number} har verken step eller wait"
        if not isinstance(step.get("answers") or {}, dict):
            return f"steg {number}: answers er felt og verdier"
    moments = [scenario["start"], *(step.get(key) for step in steps for key in ("at", "wait"))]
    if not all(moment is None or _is_moment(moment) for moment in moments):
        return "et tidspunkt er ikke skrevet som 2026-09-07T12:10"
    if not isinstance(expect, dict) or not expect.keys() <= EXPECTED:
        return f"expect kan bare ha {', '.join(sorted(EXPECTED))}"
    persons = scenario.get("persons") or {}
    if not all(isinstance(person, dict) and "role" in person for person in persons.values()):
        return "hver person i persons trenger en role"
    return None


def _is_moment(value: Any) -> bool:
    try:
        _moment(value)
    except (TypeError, ValueError):
        return False
    return True


def play(scenario: dict[str, Any], processes: Path = PROCESSES) -> list[Difference]:
    """Play one scenario on a school of its own; the differences, none when it went as written."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/spill.db"
        migrate(url)
        database = Database(url)
        try:
            return Player(scenario, database, processes).play()
        finally:
            database.close()


class Player:
    """One scenario on an empty, migrated database; `now` is its clock, `cast` its people."""

    def __init__(self, scenario: dict[str, Any], database: Database, processes: Path):
        self.scenario = scenario
        self.now = _moment(scenario["start"])
        self.product = Product(
            database, MasterKey(secrets.token_bytes(32)), lambda: self.now, processes
        )
        self.product.publish_shipped()
        self.cast: Cast = cast.gather(self.product, scenario)
        self.reporter = "melder"
        self.case_ids: list[int] = []
        self.before = 0  # the newest case that is older than the scenario
        self.differences: list[Difference] = []

    def play(self) -> list[Difference]:
        for number, step in enumerate(self.scenario["steps"], start=1):
            where = f"{number} {step.get('step', 'wait')}"
            try:
                self.play_step(step)
            except Stop as stop:
                self.differences.append(Difference(self.scenario["id"], where, str(stop)))
                return self.differences
        self._check(self.scenario.get("expect", {}))
        return self.differences

    # --- steps -------------------------------------------------------------------------------

    def play_step(self, step: dict[str, Any]) -> None:
        at = step.get("wait") or step.get("at")
        if at is not None:
            self.now = max(self.now, _moment(at))
        let_deadlines_pass(self.product)
        if "wait" in step:
            return
        refused = step.get("refused")
        try:
            self._complete(step)
        except Refusal as refusal:
            if refused is None:
                faults = "; ".join(f"{f.path}: {f.message}" for f in refusal.faults)
                raise Stop(f"nektet: {refusal.code}: {refusal.message} {faults}") from refusal
            if refusal.code != refused:
                raise Stop(f"nektet med {refusal.code}, skulle vært {refused}") from refusal
            return
        if refused is not None:
            raise Stop(f"skulle vært nektet med {refused}, men gikk igjennom")

    def _complete(self, step: dict[str, Any]) -> None:
        row = self._find(step)
        if row is None:
            if step["step"] not in FIRST_STEPS:
                raise Stop("steget er ikke åpent")
            self._start(step)
            return
        if step["step"] in FIRST_STEPS:  # opened for somebody by another case
            self._is_reporter(step.get("by", "melder"), row.case_id)
        submit_task(
            self.product,
            SubmitTask(
                task_id=row.id,
                account_id=self._account(step.get("by"), row.case_id),
                answers=self._answers(step, row),
                receipt=self._receipt(),
            ),
        )

    def _start(self, step: dict[str, Any]) -> None:
        account_id = self._is_reporter(step.get("by", "melder"), None)
        process_id = step.get("process", self.scenario["process"])
        with self.product.database.session() as session:
            definition = self.product.published(session, process_id)
            beside = self._pupils_case(session) if definition.is_in_pupils_case else None
            known = known_at_start(self.product, session, definition, account_id, beside)
        first = definition.step(process_id, step["step"])
        form = definition.form(process_id, first.form_key)
        context = {**self._first_context(), definition.start.id: known}
        typed = self._typed(step, form, context, None)
        started = start_case(
            self.product,
            StartCase(
                process_id,
                self.cast.school_id,
                account_id,
                {step["step"]: typed},
                self._receipt(),
                beside=beside and beside.id,
            ),
        )
        self.case_ids.append(started.case_id)

    def _pupils_case(self, session) -> Case | None:
        """The scenario's case of the pupil, in which a process such as § 12-6 is started."""
        return session.scalar(
            select(Case)
            .where(Case.id.in_(self.case_ids), Case.process_id == PUPILS_PROCESS)
            .order_by(Case.id)
        )

    def _is_reporter(self, by: str, case_id: int | None) -> int:
        """From now on, `melder` is this person."""
        self.reporter = by
        account_id = self._account(by, case_id)
        self.cast.refs["melder"] = f"ansatt:{account_id}"
        return account_id

    def _find(self, step: dict[str, Any]) -> Task | None:
        """The oldest open task of this step, else the newest one that is done."""
        self._find_started()
        with self.product.database.session() as session:
            rows = session.scalars(
                select(Task)
                .where(Task.case_id.in_(self.case_ids), Task.step == step["step"])
                .order_by(Task.id)
            ).all()
        if "process" in step:
            rows = [row for row in rows if row.process_id == step["process"]]
        opened = [row for row in rows if row.state == "open"]
        if len(opened) > 1:
            by = self._account(step.get("by"), opened[0].case_id)
            opened = [row for row in opened if row.assignee_id == by] or opened
        return opened[0] if opened else (rows[-1] if rows and step.get("refused") else None)

    def _find_started(self) -> None:
        """Cases that the scenario's own have started are its own too, tied to them or not."""
        with self.product.database.session() as session:
            since = select(Case.id).where(Case.id > self.before).order_by(Case.id)
            self.case_ids = list(session.scalars(since))

    def _receipt(self) -> str:
        """A new key for each step that is sent."""
        return str(uuid4())

    # --- people ------------------------------------------------------------------------------

    def _account(self, by: str | None, case_id: int | None) -> int:
        """The account that a name in the scenario means: a case role first, then the cast."""
        by = by or self.reporter
        if case_id is not None and by in CASE_ROLES:
            with self.product.database.session() as session:
                held = session.scalar(
                    select(CaseRole.account_id).where(
                        CaseRole.case_id == case_id,
                        CaseRole.role == by,
                        CaseRole.to_time.is_(None),
                    )
                )
            if held is None:
                raise Stop(f"ingen er {by} i saken")
            return held
        ref = self.cast.refs.get(by)
        if ref is None or not ref.startswith("ansatt:"):
            raise Stop(f"{by} er ingen som kan logge inn")
        return int(ref.split(":")[1])

    # --- answers -----------------------------------------------------------------------------

    def _answers(self, step: dict[str, Any], row: Task) -> dict[str, Any]:
        if row.state != "open":
            return {}
        with open_case(self.product, row.case_id, None) as desk:
            task = desk.workflow.get_task_from_id(UUID(row.token))
            context = tasks.context_of(desk, row, task)
            form = desk.definition.form(row.process_id, row.form_key)
        return self._typed(step, form, context, row)

    def _typed(self, step, form, context, row) -> dict[str, Any]:
        """The scenario's answers, and for what it leaves out the player's own."""
        given = self._given(step.get("answers", {}), form.components)
        typed = {**form.defaults(context, evaluate), **given}
        for _ in range(3):  # an answer may open a further question
            shown = form.visible(context, typed, evaluate)
            for field in fields_of(form.components):
                if field.key in shown and field.key not in given:
                    self._fill(typed, field, row)
        for field in fields_of(form.components):
            if field.kind == Kind.LIST:
                rows = given.get(field.key) or []
                for index, item in enumerate(typed.get(field.key) or []):
                    self._fill_row(item, field, rows[index] if index < len(rows) else {}, row)
        return typed

    def _fill_row(self, item: dict, field: Field, given: dict, row: Task | None) -> None:
        for inner in fields_of(field.components):
            if inner.key not in given:
                self._fill(item, inner, row)

    def _fill(self, typed: dict, field: Field, row: Task | None) -> None:
        if not field.required or typed.get(field.key) not in (None, "", []):
            return
        local = self.now.astimezone(workdays.OSLO)
        if field.kind in (Kind.TEXT, Kind.LONGTEXT):
            typed[field.key] = "x"
        elif field.kind == Kind.DATE:
            typed[field.key] = local.date().isoformat()
        elif field.kind == Kind.DATETIME:
            typed[field.key] = local.strftime("%Y-%m-%dT%H:%M")
        elif field.kind == Kind.PERSON:
            typed[field.key] = self._default_person(field, row)
        elif field.kind == Kind.LIST:
            typed[field.key] = [{}]

    def _default_person(self, field: Field, row: Task | None) -> str:
        """The role that the field is named after, else the one whose task it is."""
        if field.source == "elever":
            return self.cast.refs["elev_a"]
        if field.source == "foresatte":
            return self.cast.refs["foresatt_a"]
        if field.key in self.cast.refs:
            return self.cast.refs[field.key]
        if row is not None and row.role in CASE_ROLES:
            return f"ansatt:{self._account(row.role, row.case_id)}"
        role = row.role if row is not None and row.role in self.cast.refs else "kontaktlaerer"
        return self.cast.refs[role]

    def _given(self, answers: dict[str, Any], components) -> dict[str, Any]:
        """The scenario's answers as typed values: names as references, dates as text."""
        fields = {field.key: field for field in fields_of(components)}
        return {key: self._value(value, fields.get(key)) for key, value in answers.items()}

    def _value(self, value: Any, field: Field | None) -> Any:
        if isinstance(value, datetime):
            return value.strftime("%Y-%m-%dT%H:%M")
        if isinstance(value, date):
            return value.isoformat()
        if field is None:
            return value
        if field.kind == Kind.PERSON:
            return self.cast.refs.get(value, value)
        if field.kind == Kind.PERSONS:
            return [self.cast.refs.get(each, each) for each in value]
        if field.kind == Kind.LIST and value is not None:
            return [self._given(item, field.components) for item in value]
        return value

    def _first_context(self) -> dict[str, Any]:
        local = self.now.astimezone(workdays.OSLO)
        return {"naa": local.strftime("%Y-%m-%dT%H:%M"), "i_dag": local.date().isoformat()}

    # --- what is expected ----------------------------------------------------------------------

    def _check(self, expect: dict[str, Any]) -> None:
        self._find_started()
        unknown = {
            name
            for what in ("told", "not_told", "hidden_from")
            for name in expect.get(what) or ()
            if name not in self.cast.refs
        }
        if unknown:
            self._differ("expect", f"finnes ikke i scenariet: {', '.join(sorted(unknown))}")
        with self.product.database.session() as session:
            self._compare("open", expect.get("open"), self._open(session))
            self._compare("ended", expect.get("ended"), self._ended(session))
            self._check_deadlines(session, expect.get("deadlines"))
            told = self._told(session)
            for name in expect.get("told", []):
                if self.cast.refs.get(name) not in told:
                    self._differ("told", f"{name} har ikke fått noe")
            for name in expect.get("not_told", []):
                if self.cast.refs.get(name) in told:
                    self._differ("not_told", f"{name} har fått noe")
            for name in [*expect.get("not_told", []), *expect.get("hidden_from", [])]:
                if self._sees(session, name):
                    self._differ("not_told", f"{name} kan se saken")

    def _compare(self, what: str, expected, found) -> None:
        if expected is not None and sorted(expected) != sorted(found):
            self._differ(what, f"skulle vært {sorted(expected)}, er {sorted(found)}")

    def _differ(self, step: str, message: str) -> None:
        self.differences.append(Difference(self.scenario["id"], step, message))

    def _open(self, session) -> set[str]:
        return set(
            session.scalars(
                select(Task.step).where(Task.case_id.in_(self.case_ids), Task.state == "open")
            )
        )

    def _ended(self, session) -> list[str]:
        rows = session.execute(
            select(Event.process_id, Event.step)
            .where(Event.case_id.in_(self.case_ids), Event.kind == Logged.SAK_AVSLUTTET)
            .order_by(Event.id)
        )
        main = self.scenario["process"]
        return [step if process == main else f"{process}:{step}" for process, step in rows]

    def _check_deadlines(self, session, expected: dict[str, date] | None) -> None:
        if expected is None:
            return
        first: dict[str, date] = {}
        late: set[str] = set()  # still to come, or passed
        for row in session.scalars(
            select(Deadline).where(Deadline.case_id.in_(self.case_ids)).order_by(Deadline.id)
        ):
            if row.kind in (DUE, MOMENT):
                first.setdefault(row.rule, self._first_day(session, row))
                late |= {row.rule} if row.state in (WAITING, PASSED) else set()
        if not expected and late:
            self._differ("deadlines", f"skulle vært ingen, er {sorted(late)}")
        for rule, day in expected.items():
            if first.get(rule) != day:
                self._differ("deadlines", f"{rule} skulle vært {day}, er {first.get(rule)}")

    def _first_day(self, session, row: Deadline) -> date:
        """The day that a task's deadline was set to; it may have been brought forward since."""
        if row.task_id is None:
            return row.day
        case = session.get_one(Case, row.case_id)
        key = self.product.master_key.unwrap(case.wrapped_key)
        set_then = select(Event.sealed_detail).where(
            Event.case_id == case.id, Event.kind == Logged.FRIST_SATT, Event.at == row.set_at
        )
        details = [
            self.product.master_key.unseal(key, sealed, "event")
            for sealed in session.scalars(set_then.order_by(Event.seq))
        ]
        moments = [each["frist"] for each in details if each.get("regel") == row.rule]
        return workdays.local_day(datetime.fromisoformat(moments[0])) if moments else row.day

    def _told(self, session) -> set[str]:
        told = set()
        for notice in session.scalars(select(Notice).where(Notice.case_id.in_(self.case_ids))):
            if notice.account_id:
                told.add(f"ansatt:{notice.account_id}")
            if notice.guardian_id:
                told.add(f"foresatt:{notice.guardian_id}")
            if notice.pupil_id:
                told.add(f"elev:{notice.pupil_id}")
        return told

    def _sees(self, session, name: str) -> bool:
        """Whether a person finds the case in any list. Guardians and pupils have no login."""
        ref = self.cast.refs.get(name, "")
        if not ref.startswith("ansatt:"):
            return False
        account = session.get_one(Account, int(ref.split(":")[1]))
        cases = select(Case.id).where(
            Case.id.in_(self.case_ids), access.visible_cases(account, self.now)
        )
        tasks = select(Task.id).where(
            Task.case_id.in_(self.case_ids), access.my_tasks(account, self.now)
        )
        return session.scalar(cases) is not None or session.scalar(tasks) is not None


def _moment(value: datetime | str) -> datetime:
    """A scenario's local time as a moment."""
    local = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    return local.replace(tzinfo=workdays.OSLO)
