"""Letters to guardians: what they say, to whom, in which language, and what is written down."""

from __future__ import annotations

from datetime import datetime
from uuid import uuid4

import pytest
from sqlalchemy import select, text, update

from engine.database.tables import (
    Case,
    Event,
    Guardian,
    Guardianship,
    Letter,
    Pupil,
    Reading,
)
from engine.letters import letters as module
from engine.letters import overview
from engine.letters.letters import MakeLetter, RegisterGiven
from engine.records import log
from engine.refusals import Reason, Refusal
from engine.rules.workdays import moment
from tests.course import APPROVED, CLOSED, PLANNED, REPORTED, STEPS, Course
from tests.pdfs import opened

RECEIVED = 5  # steps of the course until the home is to be told


class Homes:
    """A course whose pupil has two guardians: `mother`, the course's own, and `father`."""

    def __init__(self, database, steps: int, **father):
        self.course = Course(database, steps)
        self.product = self.course.product
        with self.product.database.transaction() as session:
            case = session.scalar(select(Case).where(Case.number == self.course.number))
            mother = session.scalar(
                select(Guardian)
                .join(Guardianship, Guardianship.guardian_id == Guardian.id)
                .where(Guardianship.pupil_id == case.pupil_id)
            )
            mother.name = "Samira Kløvereng"
            other = Guardian(name="Tariq Fjellstrøm", language=father.pop("language", "nb"))
            session.add(other)
            session.flush()
            session.add(Guardianship(pupil_id=case.pupil_id, guardian_id=other.id, **father))
            self.mother, self.father, self.pupil = mother.id, other.id, case.pupil_id

    def account(self, who: str) -> int:
        return int(self.course.player.cast.refs[who].partition(":")[2])

    def page(self, who: str = "rektor"):
        return overview.letters(self.product, self.account(who), self.course.number)

    def draft(self, kind: str, to: int, who: str = "rektor", language=None, **typed):
        number = self.course.number
        found = overview.drafting(
            self.product, self.account(who), number, kind, to, language, typed
        )
        return found.draft

    def make(self, kind: str, to: int, who: str = "rektor", language=None, **typed) -> int:
        number, receipt = self.course.number, typed.pop("receipt", str(uuid4()))
        return module.make(
            self.product,
            MakeLetter(number, self.account(who), kind, to, language, receipt, typed),
        )

    def pdf(self, letter_id: int, who: str = "rektor"):
        number = self.course.number
        return opened(module.download(self.product, self.account(who), number, letter_id))

    def give(self, letter_id: int, who: str = "rektor", how="post", at=None):
        at = at or datetime(2026, 8, 28, 12, 0)
        command = RegisterGiven(self.course.number, self.account(who), letter_id, how, at)
        module.register_given(self.product, command)

    def rows(self, table, **chosen):
        with self.product.database.session() as session:
            return session.scalars(select(table).filter_by(**chosen)).all()


def refused(call, *args, **more) -> Refusal:
    with pytest.raises(Refusal) as caught:
        call(*args, **more)
    return caught.value


@pytest.fixture
def told(database):
    """The report has been received, and the home is to be told."""
    return Homes(database, RECEIVED - 1)


@pytest.fixture
def planned(database):
    """The plan is approved and shared."""
    return Homes(database, APPROVED)


def test_the_letter_says_what_the_home_has_a_right_to_know(told):
    found = told.pdf(told.make("informasjon", told.mother))
    assert (found.kept, found.spoken, found.lang) == ("3A", "1", "nb-NO")
    assert found.tagged and found.fonts_inside
    assert {"/H1", "/H2", "/P", "/L", "/LI"} <= found.tags
    words = " ".join(found.text.split())
    for said in (
        "Tyttebærlia skole",
        f"Sak {told.course.number}",
        "Til Samira Kløvereng",
        "Noor har rett til å ha det trygt og godt",
        "24. august 2026 fikk skolen vite",
        "§ 12-6",
        "fra 31. august 2026",  # a week after the report was delivered
        "Mobbeombudet",
        "Barneombudet",
        "Maja følger opp saken",
        "Randi",
    ):
        assert said in words, said
    assert found.title == "Informasjon til foresatte"  # a file's title names nobody


def test_a_letter_never_names_the_other_home(told):
    mothers = told.pdf(told.make("informasjon", told.mother)).text
    fathers = told.pdf(told.make("informasjon", told.father)).text
    assert "Samira" in mothers and "Tariq" not in mothers
    assert "Tariq" in fathers and "Samira" not in fathers


def test_two_homes_with_an_address_block(database):
    """Edge test (f): two separate letters, and neither says that the other home is there."""
    homes = Homes(database, PLANNED - 1, address_block=True)
    plan = dict(next(step for step in STEPS if step["step"] == "lag_aktivitetsplan"))
    plan["answers"] = plan["answers"] | {
        "problem": "Samira sier at Noor er redd. Tariq sier det samme. Ask plager Noor."
    }
    homes.course.go_on([plan, STEPS[PLANNED]])
    for to, own, other in (
        (homes.mother, "Samira Kløvereng", ("Tariq", "Fjellstrøm")),
        (homes.father, "Tariq Fjellstrøm", ("Samira", "Kløvereng")),
    ):
        assert homes.draft("plan", to).careful
        found = homes.pdf(homes.make("plan", to, lest="ja"))
        assert f"Til {own}" in found.text
        assert not [name for name in (*other, "Ask") if name in found.text]
        assert "En annen elev plager Noor" in " ".join(found.text.split())
    content = [row.sealed_content for row in homes.rows(Letter)]
    assert len(content) == 2 and all(b"Noor" not in each for each in content)


def test_the_plan_has_its_five_contents(planned):
    found = planned.pdf(planned.make("plan", planned.mother, lest="ja"))
    words = " ".join(found.text.split())
    for said in (
        "Eleven går alene i garderoben",  # the problem
        "En voksen følger til garderoben",  # the measure
        "fra 31. august 2026 til 18. september 2026",  # when
        "Hvem gjennomfører: Maja",  # who
        "Når vi evaluerer: 18. september 2026",
    ):
        assert said in words, said
    assert "Ask" not in found.text


def test_the_plan_must_be_read_and_can_be_shortened(planned):
    why = refused(planned.make, "plan", planned.mother)
    assert [fault.path for fault in why.faults] == ["lest"]
    typed = {"lest": "ja", "problem": "Eleven går alene"}
    found = planned.pdf(planned.make("plan", planned.mother, **typed))
    assert "Eleven går alene\n" in found.text and "i garderoben\n" not in found.text
    empty = refused(planned.make, "plan", planned.mother, lest="ja", problem=" ")
    assert [fault.path for fault in empty.faults] == ["problem"]


def test_a_letter_waits_for_what_it_tells_of(told):
    for kind, place in (("plan", "plan"), ("avslutning", "avsluttet_dato")):
        why = refused(told.make, kind, told.mother, lest="ja")
        assert [fault.path for fault in why.faults] == [place]
    missing = {fault.path for fault in refused(told.make, "innkalling", told.mother).faults}
    assert missing == {"mote_dag", "mote_tid", "mote_sted"}
    typed = {"mote_dag": "torsdag 17. september", "mote_tid": "14.00", "mote_sted": "#rom 12"}
    found = told.pdf(told.make("innkalling", told.mother, **typed))
    assert "Sted: #rom 12" in found.text


def test_what_is_written_is_never_markup(told):
    with told.product.database.transaction() as session:
        session.execute(update(Pupil).where(Pupil.id == told.pupil).values(name="#panic() *N* 🙂"))
        session.execute(
            update(Guardian).where(Guardian.id == told.mother).values(name="{elev} $x$ \u202e")
        )
    found = told.pdf(told.make("informasjon", told.mother))
    assert "#panic() *N* □ har rett" in " ".join(found.text.split())
    assert "Til {elev} $x$" in found.text and "\u202e" not in found.text


def test_the_language_is_the_guardians(database):
    homes = Homes(database, RECEIVED - 1, language="nn")
    with homes.product.database.transaction() as session:
        session.execute(
            update(Guardianship)
            .where(Guardianship.guardian_id == homes.mother)
            .values(interpreter=True)
        )
    assert [home.language for home in homes.page().homes] == ["enkelt", "nn"]
    assert homes.draft("informasjon", homes.mother).language == "enkelt"
    nynorsk = homes.pdf(homes.make("informasjon", homes.father))
    assert nynorsk.lang == "nn-NO" and "24. august 2026 fekk skulen vite" in nynorsk.text
    english = homes.pdf(homes.make("informasjon", homes.father, language="en"))
    assert english.lang == "en-GB" and "On 24 August 2026 the school" in english.text
    plain = homes.pdf(homes.make("informasjon", homes.mother))
    assert plain.lang == "nb-NO" and "Du kan be om tolk" in plain.text


def test_nobody_without_parental_responsibility_gets_one(database):
    homes = Homes(database, RECEIVED - 1, parental_responsibility=False)
    assert {each.home.guardian.id for each in homes.page().proposals} == {homes.mother}
    assert refused(homes.make, "informasjon", homes.father).code is Reason.IKKE_TILGANG


def test_what_the_case_calls_for(database):
    homes = Homes(database, RECEIVED - 1)

    def called_for():
        return [(each.kind.id, each.home.guardian.id) for each in homes.page().proposals]

    both = [homes.mother, homes.father]
    assert called_for() == [("informasjon", each) for each in both]
    number, account = homes.course.number, homes.account("kontaktlaerer")
    receipt = str(uuid4())
    assert module.make_proposed(homes.product, account, number, "informasjon", receipt) == 2
    assert module.make_proposed(homes.product, account, number, "informasjon", receipt) == 0
    assert called_for() == []
    homes.course.go_on(STEPS[RECEIVED - 1 : APPROVED])
    # The meeting's task is open from the start of the follow-up.
    assert called_for() == [(kind, each) for kind in ("plan", "innkalling") for each in both]
    why = refused(module.make_proposed, homes.product, account, number, "plan", str(uuid4()))
    assert why.code is Reason.IKKE_VALGBAR
    homes.make("plan", homes.mother, lest="ja")
    assert ("plan", homes.mother) not in called_for() and ("plan", homes.father) in called_for()


def test_a_closed_case_calls_for_the_last_letter(database):
    homes = Homes(database, CLOSED)
    called_for = {each.kind.id for each in homes.page().proposals}
    assert "avslutning" in called_for and "innkalling" not in called_for
    found = homes.pdf(homes.make("avslutning", homes.mother))
    assert "12. oktober 2026 avsluttet skolen" in " ".join(found.text.split())


def test_where_home_is_the_risk_nothing_is_made_by_itself(database):
    """Edge test (d): the reason stops the letters until somebody says that it is safe."""
    homes = Homes(database, RECEIVED - 1)
    informing = STEPS[RECEIVED - 1]
    assert informing["step"] == "informer_foresatte_elev"
    answers = informing["answers"] | {"foresatte": [], "unntak_grunn": "Eleven er redd hjemme"}
    homes.course.go_on([informing | {"answers": answers}])
    page = homes.page()
    assert (page.not_told, page.why_not, page.proposals) == (True, "Eleven er redd hjemme", ())
    assert homes.page("kontaktlaerer").not_told
    number, account = homes.course.number, homes.account("rektor")
    why = refused(module.make_proposed, homes.product, account, number, "informasjon", str(uuid4()))
    assert why.code is Reason.IKKE_VALGBAR
    assert [f.path for f in refused(homes.make, "informasjon", homes.mother).faults] == ["trygt"]
    assert homes.make("informasjon", homes.mother, trygt="ja")


def test_who_may_make_and_read(told):
    letter = told.make("informasjon", told.mother, who="kontaktlaerer")
    for who in ("faglaerer", "miljoarbeider", "laerer_7a", "skoleeier"):
        for call in (
            lambda who=who: told.page(who),
            lambda who=who: told.draft("informasjon", told.mother, who),
            lambda who=who: told.make("informasjon", told.mother, who),
            lambda who=who: told.pdf(letter, who),
            lambda who=who: told.give(letter, who),
        ):
            assert refused(call).code is Reason.IKKE_TILGANG, who
    for who in ("rektor", "ledelse", "kontaktlaerer"):
        assert told.page(who).made and told.pdf(letter, who)


def test_a_letter_of_another_case_is_not_found(told):
    letter = told.make("informasjon", told.mother)
    first = told.course.number
    told.course.tell(STEPS[:REPORTED])
    assert told.course.number != first
    assert refused(told.pdf, letter).code is Reason.IKKE_TILGANG
    assert refused(told.give, letter).code is Reason.IKKE_TILGANG


def test_what_was_given_is_written_down_once(told):
    letter = told.make("informasjon", told.mother)
    told.course.player.now = moment("2026-08-28T13:00")
    wrong = refused(told.give, letter, how="brevdue", at=datetime(2026, 8, 20, 12, 0))
    assert [fault.path for fault in wrong.faults] == ["hvordan", "tid"]
    told.give(letter, how="sikker_melding")
    (made,) = told.page().made
    assert (made.how, made.given_by, made.to) == ("sikker_melding", "Randi", "Samira Kløvereng")
    again = refused(told.give, letter)
    assert (again.code, again.who) == (Reason.ALLEREDE_UTFORT, "Randi")
    kinds = [row.kind for row in told.rows(Event) if "brev" in row.kind]
    assert kinds == [log.Kind.BREV_LAGET, log.Kind.BREV_GITT]
    with told.product.database.session() as session:
        assert not list(log.verify(session))


def test_sent_twice_it_is_made_once(told):
    receipt = str(uuid4())
    first = told.make("informasjon", told.mother, receipt=receipt)
    assert told.make("informasjon", told.mother, receipt=receipt) == first
    assert len(told.rows(Letter)) == 1


def test_the_reading_is_logged_and_nothing_stands_open(told):
    letter = told.make("informasjon", told.mother)
    told.pdf(letter, "ledelse")
    assert told.account("ledelse") in {row.account_id for row in told.rows(Reading, what="brev")}
    with told.product.database.session() as session:
        for table in ("letter", "event", "receipt"):
            for row in session.execute(text(f"select * from {table}")):
                stored = b" ".join(
                    each if isinstance(each, bytes) else str(each).encode() for each in row
                )
                assert b"Noor" not in stored and b"Samira" not in stored
