"""A case that is shielded, or whose people are named, after it has begun: who is out, and what is
told to those who are left."""

from __future__ import annotations

from datetime import date
from uuid import uuid4

import pytest
from click.testing import CliRunner

from engine.cases import inbox, lists
from engine.cases.answers import plan as read_plan
from engine.cases.dossier import dossier
from engine.cases.files import AddFile, add_file, read_file
from engine.cases.handover import HandOver, hand_over_task
from engine.cases.invitations import Invite, invite
from engine.cases.messages import start_by_hand
from engine.cases.report import Report, report
from engine.cases.reports import my_report
from engine.cases.submit import SubmitTask, submit_task
from engine.cases.worksheet import worksheet
from engine.database.tables import (
    Answer,
    Case,
    CaseFile,
    Incident,
    NamedPerson,
    Notice,
    RoleHolding,
    Task,
)
from engine.product import Product
from engine.refusals import Reason, Refusal
from tests.engine.cases.test_corrections import first, fix
from tests.engine.cases.test_shielded import who_sees
from web.cli import main

TICKED = {"ansatt_mistenkt": "ja"}


@pytest.fixture
def asked(story):
    """A case that many have a part in: led by the kontaktlærer, aks is asked what she has seen,
    and the sosialveileder is invited."""
    story.report()
    story.suspect()
    story.receive(innhent_fra=["aks"])
    story.inform()
    rektor, to = story.account("rektor"), story.account("sosialveileder")
    until = date(2026, 10, 1)
    invite(story.product, Invite(story.case.number, rektor, to, "Kjenner dem", until, str(uuid4())))
    return story


def tick(story, box: str = "ansatt_mistenkt") -> None:
    """Rektor finds that an adult may be behind it."""
    fix(story, "rektor", first(story, "registrer_melding"), **{box: "ja"})


def opens(story, who: str, number: str) -> bool:
    try:
        dossier(story.product, story.account(who), number)
    except Refusal as refusal:
        assert refusal.code is Reason.IKKE_TILGANG
        return False
    return True


def closed_to(story, who: str, task: Task) -> bool:
    """Whether a task's page is to this person as if there were no such task."""
    with pytest.raises(Refusal) as refused:
        worksheet(story.product, story.account(who), task.id)
    return refused.value.code is Reason.IKKE_TILGANG


def test_only_rektor_and_skoleeier_are_left(asked):
    assert who_sees(asked) >= {"kontaktlaerer", "aks", "sosialveileder", "ledelse"}
    tick(asked)
    assert who_sees(asked) == {"rektor", "skoleeier"}
    assert not opens(asked, "kontaktlaerer", asked.case.number)
    assert not opens(asked, "sosialveileder", asked.case.number)
    given = asked.task("innhent_ansatte")
    assert (given.assignee_id, given.state) == (None, "open")
    assert closed_to(asked, "aks", given)
    for task in asked.rows(Task, state="open"):
        assert worksheet(asked.product, asked.account("rektor"), task.id).may_complete


def test_what_one_has_done_and_added_is_no_longer_shown(asked):
    number, aks = asked.case.number, asked.account("aks")
    task = asked.task("innhent_ansatte")
    add_file(asked.product, AddFile(number, aks, "a.txt", b"hei", str(uuid4()), task.id))
    asked.do("innhent_ansatte", "aks")
    (row,) = asked.rows(CaseFile)
    assert read_file(asked.product, aks, number, row.id).content == b"hei"
    assert inbox.done_tasks(asked.product, aks)
    tick(asked)
    for who in ("aks", "kontaktlaerer", "faglaerer"):
        assert inbox.done_tasks(asked.product, asked.account(who)) == []
    assert closed_to(asked, "aks", task)
    assert closed_to(asked, "kontaktlaerer", asked.task("informer_foresatte_elev"))
    with pytest.raises(Refusal):
        read_file(asked.product, aks, number, row.id)


def test_rektor_sees_nothing_of_what_turns_out_to_be_about_leadership(story):
    story.report(**TICKED)
    story.at_once()
    story.do("motta_rektor", "rektor", aapenbart_grunnlos="nei")
    story.do("meld_skoleeier", "rektor", kanal="telefon")
    fix(story, "skoleeier", first(story, "meld_straks"), stilling="ledelse")
    assert who_sees(story) == {"skoleeier"}
    assert inbox.done_tasks(story.product, story.account("rektor")) == []
    assert closed_to(story, "rektor", story.task("motta_rektor"))


def test_the_handler_whom_skoleeier_named_stays_but_not_one_in_leadership(story):
    led = until_handled(story, "ledelse")
    assert "ledelse" in who_sees(story)
    fix(story, "skoleeier", first(story, "meld_straks"), stilling="ledelse")
    assert who_sees(story) == {"skoleeier"}
    assert opens(story, "skoleeier", led)


def until_handled(story, leads: str) -> str:
    """A § 12-5 case where skoleeier has named handlers. Gives the number of the pupil's case."""
    story.report(**TICKED)
    story.at_once()
    story.do("motta_rektor", "rektor", aapenbart_grunnlos="nei")
    story.do("meld_skoleeier", "rektor", kanal="telefon")
    named = dict(saksbehandler="skoleeier", undersoker="skoleeier", hvem_leder_elevens_sak=leads)
    story.do("motta_skoleeier", "skoleeier", **named)
    return story.rows(Case, process_id="aktivitetsplikt")[0].number


def test_the_reporter_reads_the_report_and_no_number_of_the_other_case(story):
    story.report(**TICKED)
    story.at_once()
    reporter = story.account("faglaerer")
    assert inbox.done_tasks(story.product, reporter) == []
    assert closed_to(story, "faglaerer", story.task("meld_straks"))
    number = story.rows(Case, process_id="aktivitetsplikt")[0].number
    assert my_report(story.product, reporter, number).report.number == number


def test_leadership_is_told_to_report_it_until_somebody_has(asked):
    number = asked.case.number
    assert not dossier(asked.product, asked.account("rektor"), number).must_report
    tick(asked)
    assert dossier(asked.product, asked.account("rektor"), number).must_report
    asked.report(**TICKED)
    asked.at_once()
    assert not dossier(asked.product, asked.account("rektor"), number).must_report
    for case in asked.rows(Case)[1:]:
        assert not dossier(asked.product, asked.account("rektor"), case.number).must_report


def joined(story) -> tuple[Case, Case]:
    """A case, and a report that was joined to it."""
    for answers in ({}, {"slaa_sammen": "ja"}):
        story.report()
        story.suspect()
        story.receive(**answers)
    one, two = story.rows(Case)
    assert two.merged_into_id == one.id
    return one, two


@pytest.mark.parametrize("place", [0, 1])
def test_a_joined_report_is_shielded_with_the_case_it_lies_in(story, place):
    joined(story)
    fix(story, "rektor", first(story, "registrer_melding", place), **TICKED)
    assert [case.shielded for case in story.rows(Case)] == ["ansatt", "ansatt"]
    assert who_sees(story) == {"rektor", "skoleeier"}


@pytest.mark.parametrize("place", [0, 1])
def test_who_is_named_in_a_joined_report_is_named_in_both(story, place):
    joined(story)
    aks = story.ref("aks")
    fix(story, "rektor", first(story, "registrer_melding", place), ansatte_nevnt=[aks])
    named = {(row.case_id, row.account_id) for row in story.rows(NamedPerson)}
    assert named == {(case.id, story.account("aks")) for case in story.rows(Case)}


def test_what_was_to_be_sent_to_one_who_is_named_is_not_sent(asked):
    aks = asked.account("aks")
    assert {row.state for row in asked.rows(Notice, account_id=aks)} == {"venter"}
    row = first(asked, "registrer_melding")
    fix(asked, "rektor", row, ansatte_nevnt=[asked.ref("aks")])
    assert {row.state for row in asked.rows(Notice, account_id=aks)} == {"trukket"}


@pytest.mark.parametrize(
    ("step", "field"), [("registrer_melding", "elev_utsatt"), ("meld_straks", "elev")]
)
def test_both_cases_are_about_the_same_pupil_when_that_is_corrected(story, step, field):
    story.report(**TICKED)
    story.at_once()
    fix(story, "rektor", first(story, step), **{field: story.ref("elev_b")})
    pupils = {case.pupil_id for case in story.rows(Case)}
    assert pupils == {int(story.ref("elev_b").partition(":")[2])}


def test_rektor_is_not_asked_to_join_a_case_that_names_rektor(story):
    story.report(ansatte_nevnt=["rektor"])
    story.suspect()
    told = dict(saksansvarlig="kontaktlaerer", habilitet_bekreftet="ja", alvorlig="nei")
    story.do("motta_varsel", "ledelse", **told, barnevern_vurdert="nei", politi_vurdert="nei")
    story.report()
    story.suspect()
    task = story.task("motta_varsel")
    for who, asks in (("rektor", False), ("ledelse", True)):
        page = worksheet(story.product, story.account(who), task.id)
        assert (page.other_case is not None, "slaa_sammen" in page.shown) == (asks, asks), who
    story.receive()
    assert "slaa_sammen" not in story.answers("motta_varsel")


def test_nothing_is_offered_while_a_case_waits_for_findings(story):
    number = until_handled(story, "sosialveileder")
    rektor = story.account("rektor")
    assert dossier(story.product, story.account("sosialveileder"), number).startable == ()
    with pytest.raises(Refusal) as refused:
        leader = story.account("sosialveileder")
        start_by_hand(story.product, number, leader, "kartlegging_startes", str(uuid4()))
    assert refused.value.code is Reason.IKKE_VENTET
    page = dossier(story.product, rektor, story.rows(Case)[1].number)
    assert not page.has_plan


def test_the_list_says_what_a_case_waits_for_to_those_who_may_know(story):
    number = until_handled(story, "sosialveileder")
    other = story.rows(Case, process_id="skjerpet_aktivitetsplikt")[0].number
    for who, told in (("rektor", other), ("skoleeier", other), ("sosialveileder", None)):
        lines = lists.cases(story.product, story.account(who)).lines
        (line,) = (line for line in lines if line.number == number)
        assert line.waits_for == told, who


def test_a_report_for_a_colleague_shows_the_registrars_corrections_alone(story):
    typed = {
        "elev_utsatt": story.ref("elev_a"), "observasjon": "Alene i friminuttet.",
        "grep_inn": "ja", "hva_gjort": "Snakket med dem.", "elev_ivaretatt": "ja",
        "elev_sier_utrygt": "ja", "mistanke_utrygg": "ja", "begrunnelse": "Har vart lenge.",
        "melder": story.ref("aks"), "utfort_tid": "8.9 kl. 9", "kanal": "muntlig",
    }  # fmt: skip
    school = story.player.cast.school_id
    registrar = story.account("miljoarbeider")
    number = report(story.product, Report(school, registrar, typed, str(uuid4()))).number
    row = first(story, "registrer_melding")

    def said() -> str:
        return str(my_report(story.product, story.account("aks"), number).lines)

    fix(story, "miljoarbeider", row, observasjon="Alene hele dagen.")
    assert "Alene hele dagen." in said()
    fix(story, "rektor", row, observasjon="Rektors egne ord.")
    assert "Rektors egne ord." not in said() and "Alene hele dagen." in said()
    assert len(story.rows(Answer, step="registrer_melding")) == 3


def test_the_operator_sees_a_case_that_nobody_may_see(story, monkeypatch):
    monkeypatch.setattr(Product, "open", lambda: story.product)
    assert CliRunner().invoke(main, ["unattended"]).exit_code == 0
    story.report(ledelse_mistenkt="ja", ansatte_nevnt=["skoleeier"])
    story.at_once("rektor", "ledelse")
    number = story.rows(Case, process_id="skjerpet_aktivitetsplikt")[0].number
    done = CliRunner().invoke(main, ["unattended"])
    assert done.exit_code == 1
    assert f"Sak {number} står fast ved «Bestem hvem som følger opp»" in done.output
    assert "elev_a" not in done.output and "12-5" not in done.output
    with story.product.database.transaction() as session:
        session.add(
            RoleHolding(
                school_id=story.player.cast.school_id,
                account_id=story.account("ppt"),
                role="skoleeier",
                from_date=date(2026, 9, 8),
            )
        )
    story.at("2026-09-08T11:00")
    assert CliRunner().invoke(main, ["unattended"]).exit_code == 0
    assert inbox.my_tasks(story.product, story.account("ppt"))


def test_a_plans_measures_go_to_the_one_who_handles_it(story):
    story.until_followed_up()
    assert story.task("gjennomfor_tiltak").assignee_id == story.account("aks")
    tick(story)
    assert who_sees(story) == {"rektor", "skoleeier"}
    assert not story.rows(Incident)
    mine = {line.name for line in inbox.my_tasks(story.product, story.account("rektor"))}
    assert {task.name for task in story.rows(Task, state="open")} == mine
    with pytest.raises(Refusal):
        read_plan(story.product, story.account("aks"), story.case.number)


def test_one_with_a_measure_is_not_told_whom_it_is_about(story):
    """Neither by a list where one colleague is missing, nor by what is said of a choice."""
    story.until_followed_up()
    with story.product.database.transaction() as session:
        case = session.get_one(Case, story.case.id)
        case.shielded = "ansatt"
        session.add(NamedPerson(case_id=case.id, account_id=story.account("offender"), part="x"))
    task, aks = story.task("gjennomfor_tiltak"), story.account("aks")
    page = worksheet(story.product, aks, task.id)
    assert page.may_complete and page.performers == ()
    said = set()
    for who in ("offender", "ppt"):
        to = story.account(who)
        with pytest.raises(Refusal) as refused:
            hand_over_task(story.product, HandOver(task.id, aks, to, str(uuid4())))
        said.add(refused.value.faults)
        with pytest.raises(Refusal) as refused:
            at = story.product.clock()
            command = SubmitTask(task.id, aks, {}, str(uuid4()), None, to, at)
            submit_task(story.product, command)
        said.add(refused.value.faults)
    assert len(said) == 2
