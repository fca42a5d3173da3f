"""A case on its way, in two sizes: a bare run of any small diagram, and a whole school's case."""

from __future__ import annotations

import json
from uuid import UUID

import pytest
from SpiffWorkflow.bpmn.specs.event_definitions.message import MessageEventDefinition
from SpiffWorkflow.bpmn.util import BpmnEvent
from SpiffWorkflow.util.task import TaskState
from sqlalchemy import select

from engine.cases import state
from engine.cases.desk import open_case
from engine.cases.facts import Facts
from engine.cases.play import Player
from engine.cases.scripting import ALWAYS, CaseEngine
from engine.database.tables import Case, Notice, Task
from engine.definitions.bundle import Bundle
from engine.definitions.compile import compile_bundle
from engine.definitions.specs import step_id
from engine.product import PROCESSES

RULES = b'[frist.x]\ntekst="x"\nstatus="skolens_valg"\nkilde="x"\nfra="apnet"\nkalenderdager=1\n'


def compiled(*models: bytes, process_id: str = "p"):
    """A definition of these drawings; the first is the process that starts."""
    names = [process_id, *(f"q{n}" for n in range(1, len(models)))]
    files = {f"{name}/{name}.bpmn": model for name, model in zip(names, models, strict=True)}
    return compile_bundle(Bundle.of(process_id, {**files, "regelverk.toml": RULES}))


class Run:
    """A workflow of a definition, without a database. After each step it is saved and loaded again
    in a definition that was compiled anew, as another process would."""

    def __init__(self, *models: bytes, reload: bool = True):
        self.models, self.reload = models, reload
        self.definition = compiled(*models)
        self.facts = Facts()
        self.operated: list[str] = []
        self.workflow = state.create(self.definition, self._engine())
        self._settle()

    def operate(self, task) -> None:
        self.operated.append(step_id(task))

    def decide(self, task) -> None:
        self.facts.put(self.facts.scope_of(task), step_id(task), {})

    def _engine(self) -> CaseEngine:
        return CaseEngine(self.facts, host=self)

    def _settle(self) -> None:
        self.workflow.do_engine_steps()
        if self.reload:
            document = state.save(self.workflow)
            self.definition = compiled(*self.models)
            self.workflow = state.load(document, state.VERSION, self.definition, self._engine())

    @property
    def open(self) -> list[str]:
        """The steps that wait for somebody, in order of name."""
        return sorted(step_id(task) for task in self._ready())

    def _ready(self):
        return self.workflow.get_tasks(state=TaskState.READY, manual=True)

    def do(self, step: str, place: int = 0, **answers) -> None:
        """Complete an open step; of several alike, the one at `place`."""
        task = [task for task in self._ready() if step_id(task) == step][place]
        self.facts.put(self.facts.scope_of(task), step, answers)
        task.run()
        self._settle()

    def context(self, step: str, place: int = 0) -> dict:
        task = [task for task in self._ready() if step_id(task) == step][place]
        return self.workflow.script_engine.context(task)

    def send(self, message: str) -> None:
        self.workflow.send_event(BpmnEvent(MessageEventDefinition(message), payload={}))
        self._settle()

    def pass_time(self) -> None:
        """Every timer that waits fires."""
        for task in list(self.workflow.event_manager.tasks.values()):
            if task.state == TaskState.WAITING and "event_value" in task.internal_data:
                task.internal_data["event_value"] = ALWAYS
                task.task_spec._update(task)
        self._settle()

    def stored(self) -> dict:
        return json.loads(state.save(self.workflow))

    def task(self, token: str):
        return self.workflow.get_task_from_id(UUID(token))


@pytest.fixture
def run():
    return Run


@pytest.fixture
def player(database):
    """A school with the standard cast and no case yet; `start` and `complete` play steps."""
    scenario = {
        "id": "test",
        "process": "aktivitetsplikt",
        "start": "2026-09-08T10:00",
        "steps": [],
    }
    return Player(scenario, database, PROCESSES)


class Story:
    """A school's case, played by the product's own commands. Texts and dates that a step needs
    and the test does not give are filled in."""

    def __init__(self, player: Player):
        self.player, self.product = player, player.product

    def at(self, moment: str) -> None:
        """Move the clock to an ISO date-time in the school's own time, and let time pass."""
        self.player.play_step({"wait": moment})

    def do(self, step: str, by: str, at: str | None = None, **answers) -> None:
        self.player.play_step({"step": step, "by": by, "at": at, "answers": answers})

    def report(self, **answers) -> None:
        """A teacher reports that elev_a may not have it safe."""
        told = dict(kilde="ansatt", kanal="skjema", elev_utsatt="elev_a", arena="friminutt")
        told |= dict(ansatt_mistenkt="nei", ledelse_mistenkt="nei", akutt_fare="nei")
        self.do("registrer_melding", "faglaerer", **{**told, "elev_sier_utrygt": "ja", **answers})
        self.do("gripe_inn", "melder", grep_inn="ja", elev_ivaretatt="ja")

    def suspect(self, value: str = "ja") -> None:
        self.do("mistanke_vurdering", "melder", mistanke_utrygg=value)

    def receive(self, **answers) -> None:
        told = dict(saksansvarlig="kontaktlaerer", habilitet_bekreftet="ja", alvorlig="nei")
        told |= dict(barnevern_vurdert="nei", politi_vurdert="nei")
        self.do("motta_varsel", "rektor", **{**told, **answers})

    def inform(self) -> None:
        self.do(
            "informer_foresatte_elev",
            "kontaktlaerer",
            foresatte=[{"navn": "foresatt_a", "maate": "samtale", "tolk": "nei"}],
            rett_statsforvalter_opplyst="ja",
            barneombud_mobbeombud_opplyst="ja",
            elev_informert="ja",
        )

    def talk(self) -> None:
        self.do("samtale_utsatt_elev", "kontaktlaerer", vil_uttale_seg="ja")
        self.do("foresattes_syn", "kontaktlaerer")

    def analyse(self, **answers) -> None:
        told = dict(utenfor_skolen="nei", elev_opplever_trygt="nei", undersokelse_viser_utrygt="ja")
        self.do("analyse", "saksansvarlig", **{**told, "egnet_gjenopprettende": "nei", **answers})

    def plan(self, *measures: dict) -> None:
        one = dict(beskrivelse="x", fra_dato="2026-09-15", til_dato="2026-10-06")
        one |= dict(ansvarlig="aks", evalueres_dato="2026-10-06", nivaa="klasse")
        one |= dict(krever_enkeltvedtak="nei")
        rows = [{**one, **measure} for measure in measures or ({},)]
        self.do(
            "lag_aktivitetsplan",
            "saksansvarlig",
            problem="x",
            tiltak=rows,
            startdato="2026-09-15",
            elev_medvirket="ja",
        )

    def approve(self, godkjent: str = "ja") -> None:
        self.do("godkjenn_plan", "rektor", godkjent=godkjent)

    def until_followed_up(self) -> None:
        """All the way to the plan's follow-up."""
        self.report()
        self.suspect()
        self.receive()
        self.inform()
        self.talk()
        self.analyse()
        self.plan()
        self.approve()

    # --- what came of it -----------------------------------------------------------------------

    def account(self, name: str) -> int:
        return int(self.player.cast.refs[name].split(":")[1])

    def rows(self, table, **equal) -> list:
        with self.product.database.session() as session:
            return list(session.scalars(select(table).filter_by(**equal).order_by(table.id)))

    @property
    def case(self) -> Case:
        return self.rows(Case)[-1]

    @property
    def open(self) -> list[str]:
        return sorted(task.step for task in self.rows(Task, state="open"))

    def task(self, step: str) -> Task:
        return self.rows(Task, step=step)[-1]

    def answers(self, step: str) -> dict:
        with open_case(self.product, self.case.id, None) as desk:
            return desk.facts.context([]).get(step)

    def told(self, name: str) -> list[str]:
        """The kinds of notice that a member of staff has got."""
        return [row.kind for row in self.rows(Notice, account_id=self.account(name))]


@pytest.fixture
def story(player) -> Story:
    return Story(player)
