"""A case on its way, in two sizes: a bare run of any small diagram, and a whole school's case."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from engine.cases.desk import open_case
from engine.cases.play import Player
from engine.database.tables import Case, Notice, Task
from engine.product import PROCESSES
from tests.running import Run


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
        "persons": {"offender": {"role": "faglaerer"}},
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

    def at_once(self, who: str | None = "offender", stilling: str = "ansatt", **answers) -> None:
        """The reporter of a § 12-5 case says whom it is about."""
        told = dict(hvem_mistenkt=who) if who else dict(vet_ikke_hvem="ja")
        told |= dict(stilling=stilling, akutt_skjerming_behov="ja")
        self.do("meld_straks", "melder", **{**told, **answers})

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
            order = list(table.__table__.primary_key)
            return list(session.scalars(select(table).filter_by(**equal).order_by(*order)))

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

    def answers_in(self, process_id: str, step: str) -> dict:
        """The latest answers of a step, in the newest case of this process."""
        case = self.rows(Case, process_id=process_id)[-1]
        with open_case(self.product, case.id, None) as desk:
            return desk.facts.context([]).get(step)

    def ref(self, name: str) -> str:
        """One of the cast as a reference, such as `ansatt:7`."""
        return self.player.cast.refs[name]

    def told(self, name: str) -> list[str]:
        """The kinds of notice that a member of staff has got."""
        return [row.kind for row in self.rows(Notice, account_id=self.account(name))]


@pytest.fixture
def story(player) -> Story:
    return Story(player)
