"""A case's whole course at a school, for the tests of pages that show how far it has come.

`Course(database, steps)` plays the first steps of one case through the product's own commands: the
report on Monday 24 August 2026, the plan on Thursday, the period, the decision, and the check
afterwards in November.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select, update

from engine.cases.play import Player
from engine.database.tables import Account, Case, Pupil, RoleHolding
from engine.people.accounts import passwords
from engine.product import PROCESSES
from engine.rules.workdays import moment
from tests.school import PASSWORD

REPORTED = 3  # how many of the steps have been taken when the report is sent
PLANNED = 11
APPROVED = 12
EXTENDED = 17
CLOSED = 23
MEASURE = {
    "beskrivelse": "En voksen følger til garderoben",
    "fra_dato": "2026-08-31",
    "til_dato": "2026-09-18",
    "ansvarlig": "kontaktlaerer",
    "evalueres_dato": "2026-09-18",
    "nivaa": "individ",
    "krever_enkeltvedtak": "nei",
}
FOLLOW_UP = "aktivitetsplan_oppfolging"


def _step(step: str, by: str, at: str, process: str | None = None, **answers) -> dict:
    taken = {"step": step, "by": by, "at": f"2026-{at}", "answers": answers}
    return {**taken, "process": process} if process else taken


STEPS = [
    _step(
        "registrer_melding",
        "faglaerer",
        "08-24T10:15",
        kilde="ansatt",
        kanal="skjema",
        elev_utsatt="elev_a",
        arena="garderobe",
        ansatt_mistenkt="nei",
        ledelse_mistenkt="nei",
        akutt_fare="nei",
        elev_sier_utrygt="ja",
        andre_involverte=[{"elev": "elev_b", "rolle": "mulig_utover"}],
    ),
    _step("gripe_inn", "melder", "08-24T10:15", grep_inn="ja", elev_ivaretatt="ja"),
    _step("mistanke_vurdering", "melder", "08-24T10:15", mistanke_utrygg="ja"),
    _step(
        "motta_varsel",
        "rektor",
        "08-24T10:50",
        saksansvarlig="kontaktlaerer",
        habilitet_bekreftet="ja",
        alvorlig="nei",
        barnevern_vurdert="nei",
        politi_vurdert="nei",
        innhent_fra=["miljoarbeider"],
    ),
    _step(
        "informer_foresatte_elev",
        "kontaktlaerer",
        "08-24T14:00",
        foresatte=[{"navn": "foresatt_a", "maate": "samtale", "tolk": "nei"}],
        rett_statsforvalter_opplyst="ja",
        barneombud_mobbeombud_opplyst="ja",
        elev_informert="ja",
    ),
    _step("samtale_utsatt_elev", "kontaktlaerer", "08-25T09:00", vil_uttale_seg="ja"),
    _step("foresattes_syn", "kontaktlaerer", "08-25T15:00"),
    _step("samtale_andre_elever", "kontaktlaerer", "08-26T09:00", vil_uttale_seg="ja"),
    _step("innhent_ansatte", "miljoarbeider", "08-26T13:00"),
    _step(
        "analyse",
        "saksansvarlig",
        "08-27T09:00",
        utenfor_skolen="nei",
        elev_opplever_trygt="nei",
        undersokelse_viser_utrygt="ja",
        egnet_gjenopprettende="nei",
    ),
    _step(
        "lag_aktivitetsplan",
        "saksansvarlig",
        "08-27T11:00",
        problem="Eleven går alene i garderoben",
        tiltak=[MEASURE],
        startdato="2026-08-31",
        elev_medvirket="ja",
    ),
    _step("godkjenn_plan", "rektor", "08-28T09:00", godkjent="ja"),
    *(
        _step(
            "ukesjekk",
            "kontaktlaerer",
            at,
            FOLLOW_UP,
            elev_spurt="ja",
            elevens_skaar=3,
            nye_hendelser="nei",
        )
        for at in ("09-07T12:00", "09-14T12:00")
    ),
    _step("gjennomfor_tiltak", "kontaktlaerer", "09-15T14:00", FOLLOW_UP, utfort="ja"),
    _step(
        "evalueringsmote",
        "saksansvarlig",
        "09-18T13:00",
        FOLLOW_UP,
        elev_opplever_trygt="nei",
        tiltak=[{"virket": "delvis", "som_planlagt": "ja"}],
    ),
    _step(
        "beslutning",
        "rektor",
        "09-18T14:00",
        FOLLOW_UP,
        beslutning="forlenge",
        evalueres_dato="2026-10-09",
    ),
    *(
        _step(
            "ukesjekk",
            "kontaktlaerer",
            at,
            FOLLOW_UP,
            elev_spurt="ja",
            elevens_skaar=5,
            nye_hendelser="nei",
        )
        for at in ("09-28T12:00", "10-05T12:00")
    ),
    _step("gjennomfor_tiltak", "kontaktlaerer", "10-06T14:00", FOLLOW_UP, utfort="ja"),
    _step(
        "evalueringsmote",
        "saksansvarlig",
        "10-09T13:00",
        FOLLOW_UP,
        elev_opplever_trygt="ja",
        tiltak=[{"virket": "ja", "som_planlagt": "ja"}],
    ),
    _step("beslutning", "rektor", "10-09T14:00", FOLLOW_UP, beslutning="avslutte"),
    _step("avslutt_sak", "rektor", "10-12T09:00", elev_bekrefter_trygt="ja"),
    {"wait": "2026-11-09T07:00"},
    _step("etterkontroll", "kontaktlaerer", "11-09T10:00", fortsatt_trygt="ja"),
]
SHIELDED = [{**STEPS[0], "answers": {**STEPS[0]["answers"], "ansatt_mistenkt": "ja"}}, STEPS[1]]
NAMES = {
    "rektor": "Randi",
    "ledelse": "Line",
    "kontaktlaerer": "Maja",
    "laerer_7a": "Petter",
    "faglaerer": "Hanna",
    "miljoarbeider": "Sivert",
    "skoleeier": "Kari",
}
PUPILS = {"elev_a": "Noor", "elev_b": "Ask"}


class Course:
    """A school on an empty database; everybody's password is PASSWORD. `number` is the newest
    case's."""

    def __init__(self, database, steps: int = 0):
        scenario = {
            "id": "course",
            "process": "aktivitetsplikt",
            "start": "2026-08-24T10:15",
            "steps": [],
            "persons": {"laerer_7a": {"role": "kontaktlaerer"}},
        }
        self.player = Player(scenario, database, PROCESSES)
        self.product = self.player.product
        self._name_people()
        if steps:
            self.tell(STEPS[:steps])

    def tell(self, steps: list[dict]) -> str:
        """A new case with these steps. Gives its number."""
        with self.product.database.session() as session:
            self.player.before = session.scalar(select(func.max(Case.id))) or 0
        self.player.case_ids = []
        self.go_on(steps)
        with self.product.database.session() as session:
            self.number = session.get_one(Case, self.player.case_ids[0]).number
        return self.number

    def go_on(self, steps: list[dict]) -> None:
        """More steps in the newest case."""
        for step in steps:
            self.player.play_step(step)

    def set(self, text: str) -> datetime:
        """Set the clock to an ISO date or date-time in the school's own time."""
        self.player.now = moment(text)
        return self.player.now

    def account(self, name: str) -> int:
        """The id of the account that plays this part: `rektor`, `kontaktlaerer` and so on."""
        return int(self.player.cast.refs[name].split(":")[1])

    @property
    def staff(self) -> list[str]:
        """Everybody who can log in, by part."""
        refs = self.player.cast.refs
        return [
            name for name, ref in refs.items() if ref.startswith("ansatt:") and name != "melder"
        ]

    def _name_people(self) -> None:
        with self.product.database.transaction() as session:
            session.execute(update(Account).values(password_hash=passwords.hash(PASSWORD)))
            for part, name in NAMES.items():
                session.execute(update(Account).where(Account.username == part).values(name=name))
            for part, name in PUPILS.items():
                session.execute(update(Pupil).where(Pupil.name == part).values(name=name))
            other = session.scalar(
                select(RoleHolding).where(RoleHolding.account_id == self.account("laerer_7a"))
            )
            other.class_name = "7A"
