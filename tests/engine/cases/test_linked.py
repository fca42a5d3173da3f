"""Cases that belong together: messages, handlers, the clock, and every way through § 12-5."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from engine.cases import exchange, linked, repair
from engine.cases.desk import open_case
from engine.cases.dossier import dossier
from engine.cases.incidents import STOPPED, raise_incident
from engine.cases.linked import family
from engine.cases.play import Stop
from engine.cases.start import StartCase, start_case
from engine.cases.tick import let_deadlines_pass
from engine.database.tables import (
    Case,
    CaseRole,
    Deadline,
    Event,
    Incident,
    Message,
    NamedPerson,
    Task,
)
from engine.people import standing
from engine.records import log
from engine.refusals import Reason, Refusal
from engine.rules import workdays

P01, P02 = "aktivitetsplikt", "skjerpet_aktivitetsplikt"


def of(story, process_id: str) -> Case:
    return story.rows(Case, process_id=process_id)[-1]


def open_in(story, process_id: str) -> list[str]:
    return [task.step for task in story.rows(Task, case_id=of(story, process_id).id, state="open")]


def to_head(story, **answers) -> None:
    story.report(ansatt_mistenkt="ja", **answers)
    story.at_once()


def to_owner(story) -> None:
    to_head(story)
    story.do("motta_rektor", "rektor", aapenbart_grunnlos="nei")
    story.do("meld_skoleeier", "rektor", kanal="telefon")


def handlers(story, **answers) -> None:
    told = dict(saksbehandler="skoleeier", undersoker="skoleeier")
    told |= dict(hvem_leder_elevens_sak="sosialveileder")
    story.do("motta_skoleeier", "skoleeier", **{**told, **answers})


def inform(story, by: str = "undersoker") -> None:
    story.do(
        "informer_elev_foresatte",
        by,
        foresatte=[{"navn": "foresatt_a", "maate": "samtale", "tolk": "nei"}],
        rett_statsforvalter_opplyst="ja",
        elev_informert="ja",
    )


def investigate(story, by: str = "undersoker", **answers) -> None:
    told = dict(personalsak_henvist="nei", gjenopprettende_aktuelt="nei", funn="Det stemmer.")
    story.do("undersok_ansattsak", by, **{**told, **answers})


# --- two cases ------------------------------------------------------------------------------------


def test_a_case_of_its_own_is_part_of_the_pupils(story):
    to_head(story)
    pupils, other = of(story, P01), of(story, P02)
    assert other.part_of_id == pupils.id and pupils.part_of_id is None
    assert (other.pupil_id, other.reporter_id) == (pupils.pupil_id, pupils.reporter_id)
    assert other.wrapped_key != pupils.wrapped_key
    assert other.shielded == pupils.shielded == "ansatt"
    with story.product.database.session() as session:
        assert list(log.verify(session)) == []


def test_the_clock_runs_in_the_pupils_case_from_the_moment_it_was_said(story):
    story.report(ansatt_mistenkt="ja")
    assert of(story, P01).received_at is None
    story.at("2026-09-08T10:20")
    story.at_once()
    said = workdays.moment("2026-09-08T10:20")
    assert of(story, P01).received_at == of(story, P02).received_at == said
    kept = {row.rule for row in story.rows(Deadline, case_id=of(story, P01).id, kind="frist")}
    assert {"plan", "plan_paaminnelse", "kan_meldes_sf", "varsle"} <= kept
    own = {row.rule for row in story.rows(Deadline, case_id=of(story, P02).id, kind="frist")}
    assert own == {"meld_straks", "motta_rektor"}


def test_rektor_is_not_waited_for_where_leadership_is_suspected(story):
    story.report(ledelse_mistenkt="ja")
    story.at_once("rektor", stilling="ledelse")
    kept = {row.rule for row in story.rows(Deadline, case_id=of(story, P01).id, kind="frist")}
    assert "plan" in kept and "varsle" not in kept


def test_what_is_not_said_is_passed_on_at_the_end_of_the_day(story):
    story.report(ansatt_mistenkt="ja")
    story.at("2026-09-08T16:01")
    assert open_in(story, P02) == ["motta_rektor"]
    assert "varsel_rektor" in story.told("rektor")


def test_an_hour_and_then_the_alarm_goes_to_skoleeier(story):
    to_head(story)
    story.at("2026-09-08T11:30")
    assert "frist_overskredet" in story.told("rektor")
    assert not story.told("skoleeier")
    story.at("2026-09-08T16:01")
    assert story.told("skoleeier") == ["frist_overskredet"]


# --- the handlers ---------------------------------------------------------------------------------


def test_the_named_handlers_have_the_tasks_of_both(story):
    to_owner(story)
    handlers(story)
    given = {(row.case_id, row.role, row.account_id) for row in story.rows(CaseRole, to_time=None)}
    owner, leader = story.account("skoleeier"), story.account("sosialveileder")
    pupils, other = of(story, P01).id, of(story, P02).id
    assert {(other, "undersoker", owner), (pupils, "undersoker", owner)} <= given
    assert (pupils, "saksansvarlig", leader) in given
    assert (other, "saksansvarlig", leader) not in given
    inform(story)
    investigate(story)
    assert open_in(story, P01) == ["analyse"] and open_in(story, P02) == ["konkluder"]
    assert story.told("sosialveileder") == ["oppgave_tildelt"]
    story.analyse()
    story.plan()
    assert story.task("godkjenn_plan").role == "undersoker"
    with pytest.raises(Stop, match="feil_rolle"):
        story.do("godkjenn_plan", "rektor", godkjent="ja")


def test_a_task_that_is_open_already_goes_to_the_one_who_is_named(story):
    """The groundless way is by rektor; told of afterwards, the handler takes over what is open."""
    groundless(story, elev_sier_utrygt="nei")
    inform(story, "rektor")
    assert story.task("analyse").role == "saksansvarlig"
    pupils = of(story, P01)
    with open_case(story.product, pupils.id, None) as desk:
        exchange._about_case(desk, {"roller": {"saksansvarlig": story.ref("sosialveileder")}})
        desk.save()
    assert story.told("sosialveileder") == ["oppgave_tildelt"]
    story.analyse()


@pytest.mark.parametrize("field", ["saksbehandler", "hvem_leder_elevens_sak"])
def test_one_who_is_named_can_not_handle_it(story, field):
    to_owner(story)
    with pytest.raises(Stop, match="inhabil"):
        handlers(story, **{field: "offender"})


def test_one_who_is_named_in_the_same_form_can_not_handle_it(story):
    story.report(ledelse_mistenkt="ja")
    story.at_once(None, stilling="ledelse")
    with pytest.raises(Stop, match="inhabil"):
        handlers(story, hvem_mistenkt="sosialveileder", skjermingstiltak="x")


# --- the ways through -----------------------------------------------------------------------------


def groundless(story, kontrollert_av: str = "sosialveileder", **report) -> None:
    to_head(story, **report)
    story.do(
        "motta_rektor",
        "rektor",
        aapenbart_grunnlos="ja",
        begrunnelse="Den ansatte var ikke på jobb.",
        kontrollert_av=kontrollert_av,
    )


def test_groundless_and_the_pupil_says_it_is_safe(story):
    groundless(story, elev_sier_utrygt="nei")
    assert not story.told("skoleeier")
    inform(story, "rektor")
    assert of(story, P02).status == "avsluttet"
    assert open_in(story, P01) == ["analyse"]
    assert story.answers_in(P01, "p02_funn")["begrunnelse"] == "Den ansatte var ikke på jobb."
    story.do(
        "analyse",
        "rektor",
        utenfor_skolen="nei",
        elev_opplever_trygt="ja",
        undersokelse_viser_utrygt="nei",
        egnet_gjenopprettende="nei",
    )


def test_groundless_but_the_pupil_says_it_is_not_safe(story):
    groundless(story, elev_sier_utrygt="ja")
    inform(story, "rektor")
    investigate(story, "rektor")
    story.do("konkluder", "rektor", eleven_trygt="ja")
    assert of(story, P02).status == "avsluttet"
    assert open_in(story, P01) == ["analyse"]


@pytest.mark.parametrize(
    ("controller", "code"), [("rektor", "samme_person"), ("offender", "inhabil"), (None, "mangler")]
)
def test_another_must_have_looked_at_what_is_groundless(story, controller, code):
    with pytest.raises(Stop, match=code):
        groundless(story, kontrollert_av=controller)


def test_a_restorative_process_is_started_and_nothing_waits_for_it(story):
    to_owner(story)
    handlers(story, saksbehandler="miljoarbeider")
    inform(story)
    investigate(story, gjenopprettende_aktuelt="ja")
    assert open_in(story, P02) == ["konkluder"]
    assert open_in(story, "gjenopprettende_laerer_elev") == ["velg_tilrettelegger"]


# --- messages -------------------------------------------------------------------------------------


def test_what_was_found_is_an_answer_in_the_pupils_case(story):
    to_owner(story)
    handlers(story)
    inform(story)
    investigate(story)
    found = story.answers_in(P01, "p02_funn")
    assert found["funn"] == "Det stemmer."
    assert found["ord"]["funn"] == ["Hva har du funnet ut?", "Det stemmer."]
    (row,) = story.rows(Message, name="p02_funn")
    assert row.delivered_at is not None and b"stemmer" not in row.sealed_facts


def test_a_message_waits_until_the_case_waits_for_it(story):
    """Started by itself, § 12-5 may be through before the reporter has said what was done."""
    start_directly(story)
    assert open_in(story, P01) == ["gripe_inn"]
    story.do("motta_rektor", "rektor", aapenbart_grunnlos="nei")
    story.do("meld_skoleeier", "rektor", kanal="telefon")
    handlers(story)
    inform(story)
    investigate(story)
    assert open_in(story, P01) == ["gripe_inn"]
    (row,) = story.rows(Message, name="p02_funn")
    assert row.delivered_at is None
    story.do("gripe_inn", "faglaerer", grep_inn="ja", elev_ivaretatt="ja")
    assert open_in(story, P01) == ["analyse"]
    assert len(story.rows(Case, process_id=P02)) == 1, "no second case of § 12-5"


def test_time_delivers_what_a_stopped_server_left(story, monkeypatch):
    to_owner(story)
    handlers(story)
    inform(story)
    with monkeypatch.context() as stopped:
        stopped.setattr(exchange, "deliver", lambda *_: None)
        investigate(story)
    assert open_in(story, P01) == []
    let_deadlines_pass(story.product)
    assert open_in(story, P01) == ["analyse"]


def test_a_message_to_a_case_that_has_ended_opens_nothing_and_leadership_is_told(story):
    to_owner(story)
    handlers(story)
    inform(story)
    with story.product.database.transaction() as session:
        pupils = session.get_one(Case, of(story, P01).id)
        pupils.ended_at, pupils.status = story.product.clock(), "overfort"
    investigate(story)
    assert open_in(story, P01) == [] and open_in(story, P02) == ["konkluder"]
    (incident,) = story.rows(Incident)
    assert incident.case_id == of(story, P02).id
    assert "Har eleven det ikke trygt, meld fra på nytt." in incident.message
    let_deadlines_pass(story.product)
    assert len(story.rows(Incident)) == 1


def test_a_case_that_ends_before_its_message_comes_tells_the_senders_leadership(story, monkeypatch):
    to_owner(story)
    handlers(story)
    inform(story)
    with monkeypatch.context() as stopped:
        stopped.setattr(exchange, "deliver", lambda *_: None)
        investigate(story)
    with story.product.database.transaction() as session:
        pupils = session.get_one(Case, of(story, P01).id)
        pupils.ended_at, pupils.status = story.product.clock(), "overfort"
    for _ in range(2):
        exchange.deliver(story.product, of(story, P01).id)
    (incident,) = story.rows(Incident)
    assert incident.case_id == of(story, P02).id
    (row,) = story.rows(Message, name="p02_funn")
    assert row.delivered_at is None


# --- started by itself ----------------------------------------------------------------------------


def start_directly(story, **answers) -> None:
    told = {
        "hvem_mistenkt": story.ref("offender"),
        "stilling": "ansatt",
        "hva_sett_hort": "Hun ble holdt hardt i armen.",
        "elev": story.ref("elev_a"),
        "akutt_skjerming_behov": "ja",
    }
    player = story.player
    command = StartCase(
        P02,
        player.cast.school_id,
        story.account("faglaerer"),
        {"meld_straks": {**told, **answers}},
        player._receipt(),
    )
    player.case_ids.append(start_case(story.product, command).case_id)
    player.reporter = "faglaerer"
    player._find_started()


def test_started_by_itself_it_makes_the_pupils_case(story):
    start_directly(story)
    pupils, other = of(story, P01), of(story, P02)
    assert other.part_of_id == pupils.id
    assert pupils.shielded == other.shielded == "ansatt"
    assert pupils.received_at == other.received_at == story.product.clock()
    sent = story.answers_in(P01, "registrer_melding")
    assert sent["observasjon"] == "Hun ble holdt hardt i armen."
    assert (sent["ansatt_mistenkt"], sent["ledelse_mistenkt"]) == ("ja", "nei")
    for case in (pupils, other):
        (named,) = story.rows(NamedPerson, case_id=case.id)
        assert named.account_id == story.account("offender")


def test_started_by_itself_about_leadership_it_goes_past_the_school(story):
    start_directly(story, hvem_mistenkt=story.ref("rektor"))
    assert open_in(story, P02) == ["motta_skoleeier"]
    assert {case.shielded for case in story.rows(Case)} == {standing.Shield.LEDELSE}
    assert not story.told("rektor") and not story.told("ledelse")
    assert story.answers_in(P01, "registrer_melding")["ledelse_mistenkt"] == "ja"


def test_the_family_is_the_same_from_both_sides(story):
    to_head(story)
    with story.product.database.session() as session:
        cases = session.scalars(select(Case).order_by(Case.id)).all()
        assert [[each.id for each in family(session, case)] for case in cases] == [
            [case.id for case in cases]
        ] * 2


# --- a pattern ------------------------------------------------------------------------------------


def settle(story, day: str) -> None:
    story.at(f"2026-09-{day}T10:00")
    story.player.case_ids.clear()
    story.report(elev_sier_utrygt="nei")
    story.suspect("nei")
    story.do("logg_og_gi_beskjed", "melder")


@pytest.mark.parametrize(("utrygg", "step"), [("usikker", "motta_varsel"), ("nei", None)])
def test_the_third_time_in_thirty_days_rektor_looks_for_a_pattern(story, utrygg, step):
    for day in ("08", "10"):
        settle(story, day)
        assert story.open == []
    settle(story, "24")
    assert story.open == ["vurder_moenster"]
    story.do("vurder_moenster", "rektor", utrygg=utrygg)
    assert story.open == ([step] if step else [])


# --- a message that does not arrive ---------------------------------------------------------------


def lost(story) -> Incident:
    """What § 12-5 found, sent to a pupil's case that has ended."""
    to_owner(story)
    handlers(story)
    inform(story)
    with story.product.database.transaction() as session:
        pupils = session.get_one(Case, of(story, P01).id)
        pupils.ended_at, pupils.status = story.product.clock(), "overfort"
    investigate(story)
    (incident,) = story.rows(Incident)
    return incident


def test_leadership_settles_a_lost_message_by_saying_what_was_done(story):
    incident, rektor = lost(story), story.account("rektor")
    (told,) = repair.standing_still(story.product, rektor)
    assert told.goes_on and told.id == incident.id
    settled = repair.set_aside(story.product, incident.id, rektor, "  Meldt fra på nytt. ")
    assert settled.solved
    assert repair.standing_still(story.product, rektor) == []
    (incident,) = story.rows(Incident)
    assert (incident.solved_by_id, incident.solved_at) == (rektor, story.product.clock())
    (event,) = story.rows(Event, kind=log.Kind.HENDELSE_AVKLART)
    assert event.actor_id == rektor and b"nytt" not in event.sealed_detail
    with open_case(story.product, of(story, P02).id, None) as desk:
        assert desk.unseal(event.sealed_detail, "event") == {"grunn": "Meldt fra på nytt."}
    with story.product.database.session() as session:
        assert list(log.verify(session)) == []
    assert repair.set_aside(story.product, incident.id, rektor, "En gang til.").solved
    assert len(story.rows(Event, kind=log.Kind.HENDELSE_AVKLART)) == 1


def test_what_was_done_is_read_by_those_who_read_the_answers(story):
    incident = lost(story)
    repair.set_aside(story.product, incident.id, story.account("rektor"), "Meldt fra på nytt.")
    number = of(story, P02).number
    page = dossier(story.product, story.account("skoleeier"), number)
    assert "Meldt fra på nytt." in [told.reason for told in page.timeline]


def test_a_lost_message_is_not_settled_without_a_word(story):
    incident, rektor = lost(story), story.account("rektor")
    for reason in ("", "  ", "x" * 20_001):
        assert not repair.set_aside(story.product, incident.id, rektor, reason).solved
    assert not repair.try_again(story.product, incident.id, rektor).solved
    story.do("konkluder", "undersoker", eleven_trygt="ja")
    (incident,) = story.rows(Incident)
    assert incident.solved_at is None


@pytest.mark.parametrize("who", ["offender", "faglaerer", "kontaktlaerer"])
def test_others_can_not_settle_it(story, who):
    incident = lost(story)
    with pytest.raises(Refusal) as refused:
        repair.set_aside(story.product, incident.id, story.account(who), "Det går bra.")
    assert refused.value.code is Reason.IKKE_TILGANG


def test_a_case_that_stands_still_can_not_be_set_aside(story):
    to_head(story)
    with story.product.database.transaction() as session:
        case = session.get_one(Case, of(story, P02).id)
        raise_incident(session, case, STOPPED, "Steget kunne ikke utføres.", story.product.clock())
    (incident,) = story.rows(Incident)
    with pytest.raises(Refusal) as refused:
        repair.set_aside(story.product, incident.id, story.account("rektor"), "Det går bra.")
    assert refused.value.code is Reason.IKKE_VALGBAR


def test_a_second_message_that_is_lost_is_told_of_too(story):
    """The first was settled; what comes later is news."""
    incident = lost(story)
    repair.set_aside(story.product, incident.id, story.account("rektor"), "Meldt fra på nytt.")
    story.at("2026-09-10T10:00")
    with story.product.database.transaction() as session:
        pupils, other = of(story, P01), of(story, P02)
        session.add(
            Message(
                case_id=pupils.id,
                from_case_id=other.id,
                name="p02_funn",
                at=story.product.clock(),
            )
        )
    for _ in range(2):
        exchange.deliver(story.product, of(story, P01).id)
    assert [row.solved_at is None for row in story.rows(Incident)] == [False, True]


def spoil(story, monkeypatch, name: str = "p02_funn") -> list[bytes]:
    """The message is damaged on its way. Gives what it was."""
    post = linked.post

    def damaged(desk, receiver, sent, facts) -> None:
        post(desk, receiver, sent, facts)
        desk.session.flush()
        row = desk.session.scalars(select(Message).order_by(Message.id.desc())).first()
        if sent == name:
            kept.append(row.sealed_facts)
            row.sealed_facts = b"broken"

    kept: list[bytes] = []
    monkeypatch.setattr(linked, "post", damaged)
    return kept


def test_what_the_receiver_can_not_take_is_its_incident_and_not_the_senders(story, monkeypatch):
    to_owner(story)
    handlers(story)
    inform(story)
    kept = spoil(story, monkeypatch)
    investigate(story)
    assert open_in(story, P02) == ["konkluder"], "the sender's step is done"
    assert open_in(story, P01) == []
    (incident,) = story.rows(Incident)
    assert (incident.case_id, incident.step) == (of(story, P01).id, "p02_funn")
    let_deadlines_pass(story.product)
    assert len(story.rows(Incident)) == 1
    rektor = story.account("rektor")
    tried = repair.try_again(story.product, incident.id, rektor)
    assert not tried.solved and "melding" in tried.message
    with story.product.database.transaction() as session:
        session.scalars(select(Message).filter_by(name="p02_funn")).one().sealed_facts = kept[0]
    assert repair.try_again(story.product, incident.id, rektor).solved
    assert open_in(story, P01) == ["analyse"]
    assert story.answers_in(P01, "p02_funn")["funn"] == "Det stemmer."


def test_one_message_that_is_damaged_keeps_no_other_waiting(story, monkeypatch):
    """Who handles the pupil's case is told of before what was found, and is damaged."""
    to_owner(story)
    kept = spoil(story, monkeypatch, linked.ABOUT_CASE)
    handlers(story)
    assert len(kept) == 1
    inform(story)
    investigate(story)
    assert open_in(story, P01) == ["analyse"]
    (incident,) = story.rows(Incident)
    assert (incident.case_id, incident.solved_at) == (of(story, P01).id, None)
    with story.product.database.transaction() as session:
        rows = session.scalars(select(Message).where(Message.delivered_at.is_(None)))
        rows.one().sealed_facts = kept[0]
    let_deadlines_pass(story.product)
    (incident,) = story.rows(Incident)
    assert incident.solved_at is not None
    assert story.task("analyse").role == "saksansvarlig"


def test_a_database_that_fails_at_delivery_does_not_fail_the_sender(story, monkeypatch):
    to_owner(story)
    handlers(story)
    inform(story)
    with monkeypatch.context() as failing:
        failing.setattr(exchange, "open_case", _locked)
        failing.setattr(exchange.incidents, "record_stop", _locked)
        investigate(story)
    assert open_in(story, P02) == ["konkluder"]
    let_deadlines_pass(story.product)
    assert open_in(story, P01) == ["analyse"]


def _locked(*_, **__):
    raise OperationalError("BEGIN IMMEDIATE", {}, Exception("database is locked"))
