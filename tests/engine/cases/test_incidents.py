"""A case that can't go on by itself is an incident that leadership sees; nothing is half-saved."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import select

from engine.cases import repair, state
from engine.cases.desk import Desk as CaseDesk
from engine.cases.dossier import dossier
from engine.cases.handover import HandOver, hand_over_task
from engine.cases.incidents import NOBODY, STOPPED, Stopped, raise_incident
from engine.cases.play import Player, Stop
from engine.cases.tick import let_deadlines_pass
from engine.database.tables import (
    Answer,
    Case,
    Deadline,
    Draft,
    Event,
    Incident,
    NamedPerson,
    RoleHolding,
    Task,
)
from engine.definitions.bundle import Bundle
from engine.definitions.compile import compile_bundle
from engine.product import PROCESSES
from engine.refusals import Refusal
from engine.rules.workdays import moment
from tests.engine.cases.conftest import Story


@pytest.fixture
def broken(database, tmp_path) -> Story:
    """A school whose follow-up process asks for a list where there is none."""
    processes = tmp_path / "processes"
    shutil.copytree(PROCESSES, processes)
    model = processes / "aktivitetsplan_oppfolging" / "aktivitetsplan_oppfolging.bpmn"
    text = model.read_text()
    measures = "else lag_aktivitetsplan.tiltak"
    assert measures in text
    model.write_text(text.replace(measures, "else lag_aktivitetsplan.problem"))
    scenario = {"id": "x", "process": "aktivitetsplikt", "start": "2026-09-08T10:00", "steps": []}
    return Story(Player(scenario, database, processes))


def test_an_error_inside_a_step_leaves_the_last_committed_state(broken):
    story = broken
    story.report()
    story.suspect()
    story.receive()
    story.inform()
    story.talk()
    story.analyse()
    story.plan()
    before = story.case
    with pytest.raises(Stop, match="stanset"):
        story.approve()
    after = story.case
    assert (after.state, after.revision, after.status) == (
        before.state,
        before.revision,
        before.status,
    )
    assert story.open == ["godkjenn_plan"]
    assert not story.rows(Answer, step="godkjenn_plan")
    (incident,) = story.rows(Incident)
    assert incident.step == "gjennomfor_tiltak"
    assert story.rows(Draft, task_id=story.task("godkjenn_plan").id)
    with pytest.raises(Stop, match="stanset"):
        story.approve()
    assert len(story.rows(Incident)) == 1


def leaves(story, *roles: str) -> None:
    """Nobody holds these roles any more."""
    with story.product.database.transaction() as session:
        for holding in session.scalars(select(RoleHolding).where(RoleHolding.role.in_(roles))):
            holding.to_date = date(2026, 1, 1)


def test_a_role_that_nobody_holds_is_an_incident_and_never_everybody(story):
    leaves(story, "skoleeier")
    story.report(ledelse_mistenkt="ja")
    story.at_once("rektor", stilling="ledelse")
    (incident,) = story.rows(Incident)
    assert (incident.kind, incident.step) == ("ingen_i_rollen", "motta_skoleeier")
    for name in ("rektor", "faglaerer", "aks"):
        with pytest.raises(Stop):
            story.do("motta_skoleeier", name)


def test_a_pupil_without_a_kontaktlaerer_does_not_wait(story):
    leaves(story, "kontaktlaerer")
    story.report()
    story.suspect()
    story.receive(saksansvarlig="sosialveileder")
    assert story.task("informer_foresatte_elev").role == "saksansvarlig"
    story.do(
        "informer_foresatte_elev",
        "sosialveileder",
        foresatte=[{"navn": "foresatt_a", "maate": "samtale", "tolk": "nei"}],
        rett_statsforvalter_opplyst="ja",
        elev_informert="ja",
    )
    assert not story.rows(Incident)


def test_a_kontaktlaerer_who_is_mentioned_does_not_hold_the_case_up(story):
    story.report(ansatte_nevnt=["kontaktlaerer"])
    story.suspect()
    story.receive(saksansvarlig="sosialveileder")
    assert story.task("informer_foresatte_elev").role == "saksansvarlig"
    assert not story.rows(Incident)


def test_a_report_that_mentions_all_of_leadership_reaches_skoleeier(story):
    story.report(ansatte_nevnt=["rektor", "ledelse"])
    story.suspect()
    assert story.task("motta_varsel").role == "skoleeier"
    assert story.told("skoleeier")
    assert story.case.serious
    story.do(
        "motta_varsel",
        "skoleeier",
        saksansvarlig="sosialveileder",
        habilitet_bekreftet="ja",
        alvorlig="nei",
        barnevern_vurdert="nei",
        politi_vurdert="nei",
    )


def test_a_suspected_head_is_gone_past_whichever_box_was_ticked(story):
    story.report(ansatt_mistenkt="ja")
    story.at_once("rektor")
    assert {case.shielded for case in story.rows(Case)} == {"ledelse"}
    assert story.told("skoleeier") and not story.told("rektor") and not story.told("ledelse")


def test_the_tasks_of_one_who_has_left_are_for_those_who_lead(story):
    story.report()
    story.suspect()
    story.receive(saksansvarlig="sosialveileder", innhent_fra=["miljoarbeider"])
    story.inform()
    leaves(story, "sosialveileder", "miljoarbeider")
    story.do("innhent_ansatte", "rektor")
    story.talk()
    told = dict(utenfor_skolen="nei", elev_opplever_trygt="nei", undersokelse_viser_utrygt="ja")
    story.do("analyse", "rektor", **told, egnet_gjenopprettende="nei")
    assert story.open == ["lag_aktivitetsplan"]


def test_a_named_person_is_not_asked_what_she_has_seen(story):
    story.report(ansatte_nevnt=["miljoarbeider"])
    story.suspect()
    with pytest.raises(Stop, match="inhabil"):
        story.receive(innhent_fra=["miljoarbeider"])


def test_a_case_that_can_not_be_read_keeps_no_other_waiting(story):
    story.report()
    story.suspect()
    broken = story.case.id
    story.report()
    story.suspect()
    with story.product.database.transaction() as session:
        session.get(Case, broken).state_version = 99
    story.player.now = moment("2026-09-20T12:00")
    let_deadlines_pass(story.product)
    waiting = story.rows(Deadline, case_id=story.case.id, state="ventende")
    assert all(row.due_at > story.product.clock() for row in waiting)
    assert story.rows(Incident, case_id=broken)


# --- solved, by itself or by leadership ----------------------------------------------------------


class Desk:
    """What leadership does with what stands still."""

    def __init__(self, story):
        self.story, self.product = story, story.product

    def try_again(self, by: str = "rektor") -> repair.Tried:
        incident = self.story.rows(Incident)[-1]
        return repair.try_again(self.product, incident.id, self.story.account(by))

    def listed(self, name: str = "rektor") -> list[repair.Standstill]:
        return repair.standing_still(self.product, self.story.account(name))

    def frozen(self) -> tuple:
        """All that a stopped step may not have touched."""
        story, case = self.story, self.story.case
        tasks = [(t.id, t.state, t.revision) for t in story.rows(Task, case_id=case.id)]
        return case.state, case.revision, case.status, len(story.rows(Answer)), tasks


def broken_story(database, tmp_path, process: str, old: str, new: str) -> Story:
    processes = tmp_path / "processes"
    shutil.copytree(PROCESSES, processes)
    model = processes / process / f"{process}.bpmn"
    text = model.read_text()
    assert old in text
    model.write_text(text.replace(old, new))
    scenario = {"id": "x", "process": "aktivitetsplikt", "start": "2026-09-08T10:00", "steps": []}
    return Story(Player(scenario, database, processes))


def mend(story) -> None:
    """The version that the case stands on runs as it should again."""
    version = story.case.version
    whole = replace(compile_bundle(Bundle.read(PROCESSES, "aktivitetsplikt")), version=version)
    others = story.product.definition
    story.product.definition = lambda session, asked: (
        whole if asked == version else others(session, asked)
    )


def until_approval(story) -> None:
    story.report()
    story.suspect()
    story.receive()
    story.inform()
    story.talk()
    story.analyse()
    story.plan()


def test_a_stop_at_a_submit_is_solved_when_the_step_goes_through(broken):
    story, desk = broken, Desk(broken)
    until_approval(story)
    before = desk.frozen()
    with pytest.raises(Stop, match="stanset"):
        story.approve()
    assert desk.frozen() == before
    (incident,) = story.rows(Incident)
    assert (incident.step, incident.name) == ("gjennomfor_tiltak", "Gjennomfør tiltaket")
    assert incident.task_id == story.task("godkjenn_plan").id
    assert "ingen liste" in incident.message
    assert story.told("rektor").count("sak_stanset") == 1
    # trying again changes nothing as long as nobody sends the step: and that is said
    tried = desk.try_again()
    assert not tried.solved and "levere på nytt" in tried.message
    assert story.rows(Incident)[0].solved_at is None
    mend(story)
    story.approve()
    (incident,) = story.rows(Incident)
    assert incident.solved_at is not None
    assert "hendelse_lost" in [row.kind for row in story.rows(Event)]
    assert desk.listed() == []


def test_a_condition_that_gives_text_stops_at_its_gateway(database, tmp_path):
    story = broken_story(
        database,
        tmp_path,
        "aktivitetsplikt",
        '=godkjenn_plan.godkjent = "nei"',
        "=godkjenn_plan.godkjent",
    )
    desk = Desk(story)
    until_approval(story)
    before = desk.frozen()
    with pytest.raises(Stop, match="stanset"):
        story.approve()
    assert desk.frozen() == before
    (incident,) = story.rows(Incident)
    assert "ikke er ja eller nei" in incident.message
    assert incident.step and incident.name


def test_an_operation_that_can_not_be_done_stops_where_it_stands(story, monkeypatch):
    desk = Desk(story)
    story.report()
    story.suspect()
    before = desk.frozen()
    # The page was made while the pupil had another open case; it has ended since.
    read = CaseDesk._read

    def read_as_before(self):
        read(self)
        self.facts.system["finnes_aapen_sak"] = True

    monkeypatch.setattr(CaseDesk, "_read", read_as_before)
    with pytest.raises(Stop, match="stanset"):
        story.receive(slaa_sammen="ja")
    assert desk.frozen() == before
    (incident,) = story.rows(Incident)
    assert incident.name == "Slå sammen sakene"
    assert incident.task_id == story.task("motta_varsel").id
    assert "ingen annen åpen sak" in incident.message


def test_an_assignee_that_is_nobody_stops_at_the_step(database, tmp_path):
    story = broken_story(
        database,
        tmp_path,
        "aktivitetsplan_oppfolging",
        'camunda:assignee="=tiltak.ansvarlig"',
        'camunda:assignee="=tiltak.beskrivelse"',
    )
    desk = Desk(story)
    until_approval(story)
    before = desk.frozen()
    with pytest.raises(Stop, match="stanset"):
        story.approve()
    assert desk.frozen() == before
    assert [each.name for each in story.rows(Incident)] == ["Gjennomfør tiltaket"]


def test_what_can_not_start_leaves_nothing(database, tmp_path):
    story = broken_story(
        database,
        tmp_path,
        "aktivitetsplikt",
        'mistanke_vurdering.mistanke_utrygg = "nei"',
        "mistanke_vurdering.mistanke_utrygg",
    )
    with pytest.raises(Stop, match="stanset"):
        story.report()
        story.suspect()
    assert not any(case.received_at for case in story.rows(Case))


def test_a_stop_when_time_passes_is_tried_again_by_leadership(story):
    desk = Desk(story)
    story.report()
    story.suspect()
    with story.product.database.transaction() as session:
        session.get_one(Case, story.case.id).state_version = 99
    before = desk.frozen()
    story.player.now = moment("2026-09-20T12:00")
    let_deadlines_pass(story.product)
    let_deadlines_pass(story.product)
    assert desk.frozen() == before
    (each,) = desk.listed()
    assert each.step is None and "drifter Trygg" in each.remedy
    tried = desk.try_again()
    assert not tried.solved and "drifter Trygg" in tried.message
    assert len(story.rows(Incident)) == 1
    with story.product.database.transaction() as session:
        session.get_one(Case, story.case.id).state_version = state.VERSION
    assert desk.try_again().solved
    (incident,) = story.rows(Incident)
    assert incident.solved_by_id == story.account("rektor")
    waiting = story.rows(Deadline, case_id=story.case.id, state="ventende")
    assert all(row.due_at > story.product.clock() for row in waiting)


def test_only_leadership_tries_again(story):
    desk = Desk(story)
    leaves(story, "skoleeier")
    story.report(ledelse_mistenkt="ja")
    story.at_once("rektor", stilling="ledelse")
    for name in ("faglaerer", "rektor", "ledelse"):  # it is about leadership
        with pytest.raises(Refusal):
            desk.try_again(name)
    story.report()
    with pytest.raises(Refusal):
        desk.listed("faglaerer")
    assert desk.listed("rektor") == []


def joins(story, name: str, role: str) -> None:
    """This person holds the role from today."""
    with story.product.database.transaction() as session:
        school = session.scalar(select(RoleHolding.school_id).limit(1))
        session.add(
            RoleHolding(
                school_id=school,
                account_id=story.account(name),
                role=role,
                from_date=date(2026, 9, 1),
            )
        )


def test_a_role_of_nobody_is_solved_when_somebody_comes(story):
    leaves(story, "skoleeier")
    story.report(ledelse_mistenkt="ja")
    story.at_once("rektor", stilling="ledelse")
    let_deadlines_pass(story.product)
    assert story.rows(Incident)[0].solved_at is None
    joins(story, "sosialveileder", "skoleeier")
    let_deadlines_pass(story.product)
    (incident,) = story.rows(Incident)
    assert incident.solved_at is not None and incident.solved_by_id is None
    assert story.told("sosialveileder") == ["oppgave_tildelt"]
    let_deadlines_pass(story.product)
    assert story.told("sosialveileder") == ["oppgave_tildelt"]


def test_a_role_that_is_emptied_while_a_task_waits_goes_on_to_the_next(story):
    story.report()
    story.suspect()
    story.receive(saksansvarlig="sosialveileder")
    leaves(story, "kontaktlaerer")
    let_deadlines_pass(story.product)
    assert story.task("informer_foresatte_elev").role == "saksansvarlig"
    assert "oppgave_tildelt" in story.told("sosialveileder")
    assert not story.rows(Incident)
    leaves(story, "sosialveileder", "rektor", "ledelse", "skoleeier")
    let_deadlines_pass(story.product)
    assert {each.kind for each in story.rows(Incident)} == {"ingen_i_rollen"}


def test_leadership_gives_what_is_nobodys_to_a_person(story):
    story.report()
    story.suspect()
    story.receive(saksansvarlig="sosialveileder")
    task = story.task("informer_foresatte_elev")
    with story.product.database.transaction() as session:  # as in a process without a next in line
        row = session.get_one(Task, task.id)
        row.role = "elevraad"
        raise_incident(
            session, session.get_one(Case, row.case_id), NOBODY, "Ingen.", story.product.clock(),
            row.step, row.name,
        )  # fmt: skip
    (each,) = Desk(story).listed()
    assert each.task_id == task.id
    command = HandOver(task.id, story.account("rektor"), story.account("aks"), "r" * 36)
    hand_over_task(story.product, command)
    (incident,) = story.rows(Incident)
    assert incident.solved_at and incident.solved_by_id == story.account("rektor")
    assert "oppgave_tildelt" in story.told("aks")


def test_a_task_whose_holder_becomes_named_is_an_incident(story):
    story.report()
    story.suspect()
    story.receive(saksansvarlig="sosialveileder", innhent_fra=["miljoarbeider"])
    story.inform()
    with story.product.database.transaction() as session:
        account = story.account("miljoarbeider")
        session.add(NamedPerson(case_id=story.case.id, account_id=account, part="nevnt"))
    let_deadlines_pass(story.product)
    (incident,) = story.rows(Incident)
    assert incident.step == "innhent_ansatte" and "nevnt i saken" in incident.message
    command = HandOver(
        story.task("innhent_ansatte").id, story.account("rektor"), story.account("aks"), "r" * 36
    )
    hand_over_task(story.product, command)
    assert story.rows(Incident)[0].solved_at


def test_where_nobody_leads_skoleeier_is_told_and_sees_it(story):
    story.report()
    story.suspect()
    leaves(story, "rektor", "ledelse")
    with story.product.database.transaction() as session:
        session.get_one(Case, story.case.id).state_version = 99
    story.player.now = moment("2026-09-20T12:00")
    let_deadlines_pass(story.product)
    assert "sak_stanset" in story.told("skoleeier")
    assert len(Desk(story).listed("skoleeier")) == 1


def test_a_case_that_can_not_be_read_opens_with_words(story):
    story.report()
    story.suspect()
    number, rektor = story.case.number, story.account("rektor")
    with story.product.database.transaction() as session:
        session.get_one(Case, story.case.id).state = b"{"
    with pytest.raises(Stopped):
        dossier(story.product, rektor, number)
    page = repair.shut(story.product, rektor, number)
    assert page.may_repair and [each.case_number for each in page.standstills] == [number]
    with pytest.raises(Refusal):
        repair.shut(story.product, story.account("aks"), number)


def test_a_case_that_has_ended_is_tried_again_and_ends_no_second_time(story):
    """Such as one whose state could not be read for a while."""
    story.report(elev_sier_utrygt="nei")
    story.suspect("nei")
    story.do("logg_og_gi_beskjed", "melder")
    ended = story.case
    story.at("2026-09-20T10:00")
    with story.product.database.transaction() as session:
        case = session.get_one(Case, ended.id)
        raise_incident(
            session, case, STOPPED, "Trygg fikk ikke åpnet saken.", story.product.clock()
        )
    (incident,) = story.rows(Incident)
    assert repair.try_again(story.product, incident.id, story.account("rektor")).solved
    assert (story.case.ended_at, story.case.status) == (ended.ended_at, ended.status)
    assert len(story.rows(Event, kind="sak_avsluttet")) == 1
