"""Statsforvalteren's case (§ 12-6): started in the pupil's, which goes on meanwhile."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from engine.cases import files
from engine.cases.agenda import LAPSED, MET, PASSED, WAITING
from engine.cases.answers import plan
from engine.cases.export import FATE, HAPPENED
from engine.cases.messages import start_by_hand
from engine.cases.play import Stop
from engine.cases.start import StartCase, start_case
from engine.database.tables import Case, CaseFile, CaseRole, Deadline, Task
from engine.records.log import Kind
from engine.refusals import Reason, Refusal

P01, P06, P07 = "aktivitetsplikt", "aktivitetsplan_oppfolging", "statsforvaltersak"


def of(story, process_id: str) -> Case:
    return story.rows(Case, process_id=process_id)[-1]


def open_in(story, process_id: str) -> list[str]:
    rows = story.rows(Task, case_id=of(story, process_id).id, state="open")
    return sorted(task.step for task in rows)


def do(story, step: str, by: str, **given) -> None:
    story.player.play_step({"step": step, "process": P07, "by": by, "answers": given})


def letter(story, by: str = "rektor", **given) -> None:
    do(story, "registrer_sf", by, **{"frist_fra_sf": "2026-09-25", **given})


def answered(story) -> None:
    letter(story)
    do(story, "redegjorelse", "saksansvarlig")
    do(story, "godkjenn_og_send", "rektor", sikker_kanal="ja")


def decided(story, **given) -> None:
    told = dict(resultat="vedtak", tiltak=[{"hva": "Følge i storefri", "frist": "2026-10-15"}])
    told |= dict(tvangsmulkt="nei", klage_mulig_for="elev_foresatte")
    do(story, "registrer_vedtak", "rektor", **{**told, **given})


def ends(story) -> list[str]:
    with story.product.database.session() as session:
        return story.player._ended(session)


def test_it_is_part_of_the_pupils_case_and_its_handler_writes_the_account(story):
    story.until_followed_up()
    before = open_in(story, P01)
    letter(story)
    case, pupils = of(story, P07), of(story, P01)
    assert (case.part_of_id, case.pupil_id) == (pupils.id, pupils.pupil_id)
    [task] = story.rows(Task, case_id=case.id, state="open")
    assert (task.step, task.role) == ("redegjorelse", "saksansvarlig")
    [given] = story.rows(CaseRole, case_id=case.id, role="saksansvarlig")
    assert given.account_id == story.account("kontaktlaerer")
    assert open_in(story, P01) == before  # the duty does not pause
    assert "varsel_skoleeier" in story.told("skoleeier") and case.serious
    due = {row.rule: row.day.isoformat() for row in story.rows(Deadline, case_id=case.id)
           if row.kind == "frist"}  # fmt: skip
    assert due == {
        "varsle_skoleeier": "2026-09-08",
        "sf_svar": "2026-09-25",
        "sf_redegjorelse": "2026-09-22",
    }


def test_what_is_known_of_the_pupils_case_is_there(story):
    story.until_followed_up()
    letter(story)
    known = story.answers_in(P07, "sf_henvendelse")
    assert known["tatt_opp_med_rektor"] == "2026-09-08" and known["vilkaar_uke_oppfylt"] == "nei"
    story.at("2026-09-16T09:00")
    letter(story)
    assert story.answers_in(P07, "sf_henvendelse")["vilkaar_uke_oppfylt"] == "ja"


def test_it_comes_at_any_time_also_before_there_is_a_plan(story):
    story.report()
    story.suspect()
    letter(story)
    assert open_in(story, P01) == ["motta_varsel"]
    [task] = story.rows(Task, case_id=of(story, P07).id, state="open")
    assert task.step == "redegjorelse"  # rektor's until somebody is saksansvarlig


@pytest.mark.parametrize("by", ["kontaktlaerer", "faglaerer", "skoleeier"])
def test_only_those_who_lead_register_it(story, by):
    story.until_followed_up()
    with pytest.raises(Stop, match=r"ikke_tilgang|feil_rolle"):
        letter(story, by)
    assert len(story.rows(Case)) == 1


def test_it_is_never_started_without_a_pupils_case(story):
    rektor = story.account("rektor")
    for beside in (None, 999):
        with pytest.raises(Refusal) as refused:
            start_case(
                story.product,
                StartCase(P07, 1, rektor, {"registrer_sf": {}}, f"r{beside}", beside=beside),
            )
        assert refused.value.code == Reason.MANGLER_FELT


def test_a_decision_gives_the_pupil_a_new_plan(story):
    story.until_followed_up()
    answered(story)
    assert open_in(story, P07) == ["registrer_vedtak"]  # it stays open until the letter comes
    decided(story)
    assert open_in(story, P01) == ["lag_aktivitetsplan"]
    assert open_in(story, P07) == ["rapporter_sf"]
    [task] = story.rows(Task, step="rapporter_sf")
    assert task.due_at.date().isoformat() == "2026-10-15"
    story.plan()
    story.approve()
    number, rektor = of(story, P01).number, story.account("rektor")
    assert [plan(story.product, rektor, number, version).ordered for version in (1, 2)] == [
        False, True,
    ]  # fmt: skip
    do(story, "rapporter_sf", "rektor")
    do(story, "registrer_vedtak", "rektor", resultat="avsluttet")
    do(story, "laerdom", "ledelse")
    assert ends(story) == [f"{P07}:vedtak_oppfylt"]
    assert "evalueringsmote" in open_in(story, P01)


@pytest.mark.parametrize("result", ["avvist", "plikt_oppfylt"])
def test_without_a_decision_it_ends_as_it_was_decided(story, result):
    story.until_followed_up()
    answered(story)
    do(story, "registrer_vedtak", "rektor", resultat=result)
    do(story, "laerdom", "ledelse")
    assert ends(story) == [f"{P07}:{result}"]


def test_a_pupil_who_changes_school_takes_the_case_along(story):
    story.until_followed_up()
    letter(story)
    number, rektor = of(story, P07).number, story.account("rektor")
    start_by_hand(story.product, number, rektor, "elev_bytter_skole", "00000001")
    assert ends(story) == [f"{P07}:overfort"]


def test_a_complaint_is_answered_beside_the_rest(story):
    story.until_followed_up()
    answered(story)
    number, rektor = of(story, P07).number, story.account("rektor")
    start_by_hand(story.product, number, rektor, "klage_udir", "00000002")
    do(story, "registrer_klage", "rektor", frist="2026-10-20")
    [task] = story.rows(Task, step="uttalelse")
    assert task.due_at.date().isoformat() == "2026-10-20"
    do(story, "uttalelse", "rektor")
    assert open_in(story, P07) == ["registrer_vedtak"]


def test_the_case_is_frozen_as_a_page_that_can_be_read(story):
    story.until_followed_up()
    letter(story)
    case, pupils = of(story, P07), of(story, P01)
    [row] = story.rows(CaseFile, case_id=case.id)
    got = files.read_file(story.product, story.account("rektor"), case.number, row.id)
    page = got.content.decode()
    assert got.name.startswith("Eksport 2026-09-08") and got.media_type == "text/html"
    assert f"Sak {pupils.number}" in page and pupils.event_head in page
    for said in (
        "Hva som har skjedd", "Svar", "Planens versjoner", "Frister", "Hvem som fikk beskjed",
        "Personer som er nevnt, til sladding", "Hvilken elev er du urolig for?", "foresatt til",
        "Planen ble delt", "Plan innen",
    ):  # fmt: skip
        assert said in page, said
    with story.product.database.session() as session:
        sealed = session.scalar(select(CaseFile.sealed_content).where(CaseFile.id == row.id))
    assert b"Hva som har skjedd" not in sealed
    frozen = page
    story.at("2026-09-09T09:00")
    got = files.read_file(story.product, story.account("rektor"), case.number, row.id)
    assert got.content.decode() == frozen


def test_in_a_shielded_case_whoever_investigates_has_it(story):
    story.report(ansatt_mistenkt="ja")
    story.at_once()
    letter(story)
    case = of(story, P07)
    assert case.shielded == "ansatt"
    [task] = story.rows(Task, case_id=case.id, state="open")
    assert (task.step, task.role) == ("redegjorelse", "undersoker")


def test_in_a_case_about_leadership_rektor_has_no_part(story):
    story.report(ledelse_mistenkt="ja")
    story.at_once("rektor", "ledelse")
    with pytest.raises(Stop, match=r"inhabil|ikke_tilgang"):
        letter(story)
    letter(story, "skoleeier")
    assert of(story, P07).shielded == "ledelse"


def test_whatever_stands_in_the_log_has_words_in_the_frozen_case():
    """A kind without words would keep the letter from being registered."""
    assert set(HAPPENED) == set(Kind)
    assert set(FATE) == {WAITING, PASSED, MET, LAPSED}
