"""Submitting a task: exactly once, by the right person, with the right answers, or not at all."""

from __future__ import annotations

import threading
from uuid import uuid4

import pytest

from engine.cases.drafts import read_draft, save_draft
from engine.cases.report import Report, report
from engine.cases.submit import SubmitTask, claim_task, release_task, submit_task
from engine.database.tables import Account, Answer, Case, Event, RoleHolding, Task
from engine.records import log
from engine.refusals import Reason, Refusal

DELIVERY = {
    "habilitet_bekreftet": "ja",
    "alvorlig": "nei",
    "begrunnelse": "Ingen av punktene på listen passer.",
    "barnevern_vurdert": "nei",
    "politi_vurdert": "nei",
}


def received(story, **more) -> dict:
    return {**DELIVERY, "saksansvarlig": story.player.cast.refs["kontaktlaerer"], **more}


def submit(story, step: str, by: str, answers: dict, receipt: str | None = None, **more):
    command = SubmitTask(
        story.task(step).id, story.account(by), answers, receipt or str(uuid4()), **more
    )
    return submit_task(story.product, command)


@pytest.fixture
def reported(story):
    story.report()
    story.suspect()
    return story


def test_twenty_people_at_once_are_one_success_and_nineteen_drafts(reported):
    story = reported
    deputies = []
    with story.product.database.transaction() as session:
        for number in range(19):
            account = Account(
                username=f"leder{number}", name=f"Leder {number}", password_hash="", language="nb"
            )
            session.add(account)
            session.flush()
            session.add(
                RoleHolding(
                    school_id=story.player.cast.school_id,
                    account_id=account.id,
                    role="ledelse",
                    from_date=story.product.clock().date().replace(year=2020),
                )
            )
            deputies.append(account.id)
    people = [story.account("rektor"), *deputies]
    task = story.task("motta_varsel")
    outcomes: dict[int, Reason | None] = {}
    start = threading.Barrier(len(people))

    def send(account_id: int) -> None:
        typed = received(story, begrunnelse=f"Skrevet av {account_id}")
        start.wait()
        try:
            submit_task(story.product, SubmitTask(task.id, account_id, typed, str(uuid4())))
            outcomes[account_id] = None
        except Refusal as refusal:
            outcomes[account_id] = refusal.code

    threads = [threading.Thread(target=send, args=(each,)) for each in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, outcomes.values())) == sorted(
        ["None", *[Reason.ALLEREDE_UTFORT] * (len(people) - 1)]
    )
    assert len(story.rows(Answer, step="motta_varsel")) == 1
    for account_id, code in outcomes.items():
        with story.product.database.session() as session:
            draft = read_draft(story.product, session, account_id, task.id)
        if code is None:
            assert draft is None
        else:
            assert draft[0]["begrunnelse"] == f"Skrevet av {account_id}"


def test_the_same_receipt_twice_is_the_same_receipt(reported):
    story = reported
    key = str(uuid4())
    first = submit(story, "motta_varsel", "rektor", received(story), key)
    again = submit(story, "motta_varsel", "rektor", received(story), key)
    assert first == again
    assert len(story.rows(Answer, step="motta_varsel")) == 1


def test_a_receipt_used_for_another_task_does_not_look_like_success(reported):
    story = reported
    key = str(uuid4())
    submit(story, "motta_varsel", "rektor", received(story), key)
    story.inform()
    with pytest.raises(Refusal) as refused:
        submit(story, "samtale_utsatt_elev", "rektor", {"vil_uttale_seg": "nei"}, key)
    assert refused.value.code == Reason.UGYLDIG_SVAR


def test_a_receipt_of_somebody_else_is_refused(reported):
    story = reported
    key = str(uuid4())
    submit(story, "motta_varsel", "rektor", received(story), key)
    with pytest.raises(Refusal) as refused:
        submit(story, "informer_foresatte_elev", "kontaktlaerer", {"x": "y"}, key)
    assert refused.value.code == Reason.UGYLDIG_SVAR


def test_a_refused_answer_changes_nothing_and_is_kept_as_a_draft(reported):
    story = reported
    before, events = story.case, len(story.rows(Event))
    typed = received(story, alvorlig="kanskje", begrunnelse="Nesten ferdig")
    with pytest.raises(Refusal) as refused:
        submit(story, "motta_varsel", "rektor", typed)
    assert [fault.path for fault in refused.value.faults] == ["alvorlig"]
    after = story.case
    assert (after.state, after.revision, after.event_head) == (
        before.state,
        before.revision,
        before.event_head,
    )
    assert len(story.rows(Event)) == events
    with story.product.database.session() as session:
        draft, _ = read_draft(
            story.product, session, story.account("rektor"), story.task("motta_varsel").id
        )
    assert draft["begrunnelse"] == "Nesten ferdig"


def test_a_draft_is_for_the_one_who_typed_alone(reported):
    story = reported
    task = story.task("motta_varsel")
    save_draft(story.product, story.account("rektor"), task.id, {"begrunnelse": "mitt"})
    with story.product.database.session() as session:
        assert read_draft(story.product, session, story.account("ledelse"), task.id) is None


@pytest.mark.parametrize(
    ("by", "code"),
    [
        ("kontaktlaerer", Reason.IKKE_TILGANG),
        ("aks", Reason.IKKE_TILGANG),
        ("skoleeier", Reason.IKKE_TILGANG),
    ],
)
def test_others_can_not_do_rektors_task(reported, by, code):
    with pytest.raises(Refusal) as refused:
        submit(reported, "motta_varsel", by, received(reported))
    assert refused.value.code == code
    assert reported.open == ["motta_varsel"]


def test_a_deputy_does_rektors_task(reported):
    submit(reported, "motta_varsel", "ledelse", received(reported))
    assert reported.open == ["informer_foresatte_elev"]


def test_a_task_that_does_not_exist_looks_like_one_that_is_not_mine(reported):
    with pytest.raises(Refusal) as unknown:
        submit_task(
            reported.product, SubmitTask(4_000_000, reported.account("aks"), {}, str(uuid4()))
        )
    with pytest.raises(Refusal) as foreign:
        submit(reported, "motta_varsel", "aks", received(reported))
    assert unknown.value.code == foreign.value.code == Reason.IKKE_TILGANG
    assert unknown.value.message == foreign.value.message


def test_a_task_that_was_taken_after_the_page_was_opened_asks_for_a_second_look(reported):
    story = reported
    seen = story.task("motta_varsel").revision
    claim_task(story.product, story.task("motta_varsel").id, story.account("ledelse"))
    with pytest.raises(Refusal) as refused:
        submit(story, "motta_varsel", "rektor", received(story), seen_revision=seen)
    assert refused.value.code == Reason.ENDRET
    release_task(story.product, story.task("motta_varsel").id, story.account("ledelse"))


def test_only_the_one_who_took_a_task_lets_it_go(reported):
    task = reported.task("motta_varsel")
    claim_task(reported.product, task.id, reported.account("ledelse"))
    with pytest.raises(Refusal):
        claim_task(reported.product, task.id, reported.account("rektor"))
    with pytest.raises(Refusal):
        release_task(reported.product, task.id, reported.account("rektor"))


def test_a_person_named_in_the_case_can_not_be_given_it(story):
    story.report(ansatte_nevnt=["miljoarbeider"])
    story.suspect()
    typed = received(story, saksansvarlig=story.player.cast.refs["miljoarbeider"])
    with pytest.raises(Refusal) as refused:
        submit(story, "motta_varsel", "rektor", typed)
    assert refused.value.code == Reason.INHABIL


def test_two_parallel_answers_stand_side_by_side(reported):
    story = reported
    story.receive(innhent_fra=["aks", "miljoarbeider"])
    story.inform()
    story.do("innhent_ansatte", "miljoarbeider", observasjon="Fra miljøarbeider")
    story.do("innhent_ansatte", "aks", observasjon="Fra AKS")
    given = story.answers("innhent_ansatte")
    assert [each["observasjon"] for each in given] == ["Fra AKS", "Fra miljøarbeider"]


def test_every_step_is_in_the_log_and_the_log_holds(reported):
    kinds = [event.kind for event in reported.rows(Event)]
    assert kinds.count("oppgave_utfort") == 3
    with reported.product.database.session() as session:
        assert list(log.verify(session)) == []


def test_no_word_of_an_answer_lies_open_in_the_database(story, tmp_path):
    story.report(observasjon="Hun stod alene ved gjerdet")
    story.suspect()
    story.receive()
    story.product.database.close()
    stored = b"".join(path.read_bytes() for path in tmp_path.glob("trygg.db*"))
    assert b"gjerdet" not in stored


def test_a_report_is_three_steps_in_one_command_and_rektor_has_it(story):
    typed = {
        "elev_utsatt": story.player.cast.refs["elev_a"],
        "observasjon": "To andre tok luen hennes.",
        "grep_inn": "ja",
        "hva_gjort": "Jeg ga luen tilbake.",
        "elev_ivaretatt": "ja",
        "elev_sier_utrygt": "ja",
        "mistanke_utrygg": "usikker",
    }
    command = Report(story.player.cast.school_id, story.account("faglaerer"), typed, "nøkkel")
    started = report(story.product, command)
    assert started == report(story.product, command)
    assert len(story.rows(Case)) == 1
    assert story.open == ["motta_varsel"]
    assert "varsel_rektor" in story.told("rektor")


def test_acute_danger_needs_only_the_pupil(story):
    typed = {"elev_utsatt": story.player.cast.refs["elev_a"], "akutt_fare": "ja"}
    report(
        story.product,
        Report(story.player.cast.school_id, story.account("aks"), typed, "akutt"),
    )
    assert story.open == ["motta_varsel"]
    assert story.answers("mistanke_vurdering")["mistanke_utrygg"] == "ja"


def test_a_refused_report_is_kept_and_nothing_is_started(story):
    typed = {"observasjon": "Bare dette"}
    with pytest.raises(Refusal):
        report(
            story.product,
            Report(story.player.cast.school_id, story.account("aks"), typed, "x"),
        )
    assert story.rows(Case) == story.rows(Task) == []
    with story.product.database.session() as session:
        draft, _ = read_draft(story.product, session, story.account("aks"), None)
    assert draft == typed
