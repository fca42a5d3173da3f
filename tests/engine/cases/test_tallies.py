"""A diagram can ask how many of the pupil's reports were settled on the spot lately."""

from __future__ import annotations

import json
import shutil
from uuid import uuid4

import pytest
from sqlalchemy import event, select

from engine.cases.desk import open_case
from engine.cases.start import StartCase, start_case
from engine.cases.submit import SubmitTask, submit_task
from engine.database.tables import Case, NamedPerson, Task
from engine.product import PROCESSES, Product
from tests.drawing import START, drawing, flows, lane, node, user

FACT = "lost_paa_stedet_siste_30_dager"
LOGGED, PATTERN = "logg_og_gi_beskjed", "vurder_moenster"
ON_THE_SPOT = node("endEvent", "E1_handtert_paa_stedet")
DRAWING = drawing(
    START,
    user("melding"),
    user(LOGGED),
    node("exclusiveGateway", "ofte", default="ofte_E1_handtert_paa_stedet"),
    user(PATTERN),
    ON_THE_SPOT,
    flows(
        f"start melding {LOGGED} ofte E1_handtert_paa_stedet",
        f"ofte {PATTERN}: ={FACT} >= 3",
        f"{PATTERN} E1_handtert_paa_stedet",
    ),
    lanes=lane("melder", "melding", LOGGED) + lane("rektor", PATTERN),
)


def form(key: str, *components: dict) -> str:
    fields = [{"id": each["key"], "label": each["key"], **each} for each in components]
    whole = {"type": "default", "id": key, "schemaVersion": 18, "components": fields}
    return json.dumps(whole)


@pytest.fixture
def small(database, master_key, clock, tmp_path):
    """A product with the small process alone, and the rules that are shipped."""
    folder = tmp_path / "processes" / "p"
    (folder / "forms").mkdir(parents=True)
    shutil.copy(PROCESSES / "regelverk.toml", folder.parent)
    (folder / "p.bpmn").write_bytes(DRAWING)
    pupil = dict(key="elev", type="select", valuesKey="elever", properties={"merker": "elev"})
    forms = {"melding": [pupil], LOGGED: [], PATTERN: []}
    for key, components in forms.items():
        (folder / "forms" / f"{key}.form").write_text(form(key, *components))
    product = Product(database, master_key, clock, folder.parent)
    product.publish_shipped()
    return product


class Days:
    """Reports on pupils at the small school, settled on the spot on the days they come."""

    def __init__(self, product, school, clock):
        self.product, self.school, self.clock = product, school, clock

    def report(self, day: str, pupil: str = "noor") -> int:
        """A report that is settled on the spot. Gives the case's id."""
        self.clock.set(f"{day}T12:00")
        emil = self.school.accounts["emil"]
        started = start_case(
            self.product,
            StartCase("p", self.school.id, emil, self._first(pupil), str(uuid4())),
        )
        task = self.open(started.case_id)[LOGGED]
        submit_task(self.product, SubmitTask(task.id, emil, {}, str(uuid4())))
        return started.case_id

    def _first(self, pupil: str) -> dict:
        return {"melding": {"elev": self.school.pupil(pupil)}}

    def open(self, case_id: int) -> dict[str, Task]:
        with self.product.database.session() as session:
            rows = session.scalars(
                select(Task).where(Task.case_id == case_id, Task.state == "open")
            )
            return {row.step: row for row in rows}

    def asks_rektor(self, case_id: int) -> bool:
        return PATTERN in self.open(case_id)


@pytest.fixture
def days(small, school, clock) -> Days:
    return Days(small, school, clock)


@pytest.fixture
def product(small):
    """The school of these tests stands on the small product."""
    return small


def test_the_third_in_thirty_days_is_for_rektor(days):
    assert not days.asks_rektor(days.report("2026-09-01"))
    assert not days.asks_rektor(days.report("2026-09-10"))
    third = days.report("2026-10-01")
    assert days.open(third)[PATTERN].role == "rektor"


@pytest.mark.parametrize(("day", "asked"), [("2026-10-01", True), ("2026-10-02", False)])
def test_the_thirtieth_day_counts_and_the_next_does_not(days, day, asked):
    days.report("2026-09-01")
    days.report("2026-09-10")
    assert days.asks_rektor(days.report(day)) is asked


def test_another_pupils_reports_do_not_count(days):
    for pupil in ("noor", "ada"):
        days.report("2026-09-01", pupil)
    assert not days.asks_rektor(days.report("2026-09-02"))


def test_a_case_that_rektor_may_not_see_does_not_count(days, school):
    first, second = days.report("2026-09-01"), days.report("2026-09-02")
    with days.product.database.transaction() as session:
        session.get_one(Case, first).shielded = "ledelse"
    assert not days.asks_rektor(days.report("2026-09-03"))
    with days.product.database.transaction() as session:
        session.get_one(Case, first).shielded = None
        berit = school.accounts["berit"]
        session.add(NamedPerson(case_id=second, account_id=berit, part="nevnt"))
    assert days.asks_rektor(days.report("2026-09-04"))
    assert number(days, second) == 2  # the first and the third; its own end is not ahead of it


def number(days, case_id: int) -> int:
    with open_case(days.product, case_id, None) as desk:
        return desk.facts.system[FACT]()


def test_a_case_counts_itself_once_its_step_is_answered(days, school):
    started = start_case(
        days.product,
        StartCase("p", school.id, school.accounts["emil"], days._first("noor"), str(uuid4())),
    )
    assert number(days, started.case_id) == 0
    days.report("2026-09-09")
    days.report("2026-09-10")
    waiting = days.report("2026-09-11")
    assert days.asks_rektor(waiting)
    assert number(days, waiting) == 3
    assert number(days, started.case_id) == 2  # one that waits for rektor has not ended


def test_nobody_pays_for_a_number_that_is_not_asked_for(days, school, clock):
    statements = []
    engine = days.product.database.engine
    event.listen(engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    clock.set("2026-09-01T12:00")
    started = start_case(
        days.product,
        StartCase("p", school.id, school.accounts["emil"], days._first("noor"), str(uuid4())),
    )
    counted = 'count("case".id)'
    assert not any(counted in statement for statement in statements)
    task = days.open(started.case_id)[LOGGED]
    submit_task(days.product, SubmitTask(task.id, school.accounts["emil"], {}, str(uuid4())))
    assert sum(counted in statement for statement in statements) == 1
