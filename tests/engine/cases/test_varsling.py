"""Who is told is what the table says, and a table that says nothing stops the case."""

from __future__ import annotations

import shutil

import pytest

from engine.cases.play import Player, Stop
from engine.database.tables import Answer, Case, Event, Incident, Notice, Task
from engine.definitions.bundle import Bundle
from engine.definitions.compile import compile_bundle
from engine.product import PROCESSES
from tests.engine.cases.conftest import Story

BY_TABLE = 'trygg:varsler="=varsling.hvem"'


@pytest.fixture
def changed(database, tmp_path):
    """`changed(old, new)` gives a school whose table or drawing has been changed so."""

    def changed(old: str, new: str) -> Story:
        folder = tmp_path / "processes"
        shutil.copytree(PROCESSES, folder)
        for path in (folder / "varsling.dmn", folder / "aktivitetsplikt" / "aktivitetsplikt.bpmn"):
            path.write_text(path.read_text("utf-8").replace(old, new), "utf-8")
        assert any(new in each.read_text("utf-8") for each in folder.rglob("*.[bd]*"))
        scenario = {"id": "t", "process": "aktivitetsplikt", "start": "2026-09-08T10:00"}
        return Story(Player(scenario | {"steps": []}, database, folder))

    return changed


def test_the_table_tells_rektor_and_kontaktlaerer_and_that_delivers_the_report(story):
    story.report()
    assert story.case.received_at is None
    story.suspect()
    assert story.told("rektor")[0] == "varsel_rektor" and "beskjed" in story.told("kontaktlaerer")
    assert not story.told("skoleeier") and not story.case.serious
    assert story.case.received_at == story.product.clock()
    (answer,) = story.rows(Answer, step="varsling")
    assert (answer.account_id, answer.task_id) == (None, None)
    assert story.answers("varsling") == {"hvem": ["rektor", "kontaktlaerer"]}
    assert {"varsling", "varsle"} <= {event.step for event in story.rows(Event)}


def test_one_who_is_named_is_not_told_whatever_the_table_says(story):
    story.report(ansatte_nevnt=["kontaktlaerer"])
    story.suspect()
    assert story.told("kontaktlaerer") == [] and story.told("rektor")


def test_leadership_can_have_skoleeier_told_by_changing_the_table(changed):
    story = changed('<text>"kontaktlaerer"</text>', '<text>"skoleeier"</text>')
    story.report()
    story.suspect()
    assert "varsel_skoleeier" in story.told("skoleeier") and story.case.serious


@pytest.mark.parametrize(
    ("old", "new", "step", "words"),
    [
        ('"ja","usikker",null</text>', '"nei"</text>', "varsling", "Ingen rad i tabellen"),
        ('not("ja")', '"x"', "varsling", "Ingen rad i tabellen"),
        ('"ja","usikker","nei",null', '"nei"', "varsling", "verdi som tabellen ikke kjenner"),
        (BY_TABLE, 'trygg:varsler="=varsling.hvem[item = 1]"', "varsle", "Ingen skal varsles her"),
        (BY_TABLE, 'trygg:varsler="=&quot;rektr&quot;"', "varsle", "verken en rolle eller"),
    ],
)  # fmt: skip
def test_a_case_stops_with_words_when_nobody_would_be_told(changed, old, new, step, words):
    story = changed(old, new)
    story.report()
    with pytest.raises(Stop, match="Ledelsen har fått beskjed"):
        story.suspect()
    (incident,) = story.rows(Incident)
    assert (incident.step, words in incident.message) == (step, True)
    assert story.rows(Task, state="open")[0].step == "mistanke_vurdering", "nothing is lost"
    assert story.case.received_at is None


def test_roles_and_references_may_be_mixed(changed):
    story = changed(
        BY_TABLE, 'trygg:varsler="=[&quot;rektor&quot;, null, registrer_melding.elev_utsatt]"'
    )
    story.report()
    story.suspect()
    assert [row.pupil_id for row in story.rows(Notice, step="varsle") if row.pupil_id]
    assert story.case.received_at is not None


def test_a_decision_that_several_processes_ask_is_in_the_bundle_of_each(tmp_path):
    files = Bundle.read(PROCESSES, "aktivitetsplikt").files
    assert files["varsling.dmn"] == (PROCESSES / "varsling.dmn").read_bytes()
    assert "varsling.dmn" not in Bundle.read(PROCESSES, "aktivitetsplan_oppfolging").files
    folder = tmp_path / "processes"
    shutil.copytree(PROCESSES, folder)
    (folder / "ubrukt.dmn").write_bytes(files["varsling.dmn"])
    bundle = Bundle.read(folder, "aktivitetsplikt")
    assert "ubrukt.dmn" not in bundle.files
    again = compile_bundle(Bundle.from_bytes(bundle.to_bytes()))
    assert again.decision("aktivitetsplikt", "varsling").name == "Hvem skal varsles"


@pytest.mark.parametrize(("shielded", "delivered"), [("ledelse", True), (None, False)])
def test_telling_skoleeier_delivers_where_leadership_is_suspected(changed, shielded, delivered):
    story = changed(BY_TABLE, 'trygg:varsler="skoleeier"')
    story.report()
    with story.product.database.transaction() as session:
        session.get_one(Case, story.case.id).shielded = shielded
    story.suspect()
    assert (story.case.received_at is not None) is delivered
