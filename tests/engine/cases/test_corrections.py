"""A corrected answer is a new row: the old one stands, and the case does not go back."""

from __future__ import annotations

from uuid import uuid4

import pytest
from sqlalchemy import select

from engine.cases import answers as answered
from engine.cases import reports
from engine.cases.corrections import CorrectAnswer, correct, correction_page
from engine.cases.desk import open_case
from engine.database.tables import Answer, Case, Deadline, Event, NamedPerson, Notice, Task
from engine.people.register import parse
from engine.records import log
from engine.refusals import Reason, Refusal

WHY = "Skrev feil."
SERIOUS = {"alvorlig": "ja", "alvorlig_grunn": ["flere_mot_en"]}


@pytest.fixture
def told(story):
    """A case that rektor has received and saksansvarlig is informing about."""
    story.report()
    story.suspect()
    story.receive()
    return story


def first(story, step: str, place: int = 0) -> Answer:
    return [row for row in story.rows(Answer, step=step) if row.corrects_id is None][place]


def stored(story, row: Answer) -> dict:
    with open_case(story.product, row.case_id, None) as desk:
        return desk.unseal(row.sealed_answers, "answer")


def fix(story, who: str, row: Answer, reason: str = WHY, **change) -> None:
    """Correct an answer on its page: all that stands there, with some of it changed."""
    number = story.rows(Case, id=row.case_id)[0].number
    page = correction_page(story.product, story.account(who), number, row.id)
    receipt, seen = change.pop("receipt", str(uuid4())), change.pop("seen", page.seen)
    typed = {**page.typed, **change}
    account = story.account(who)
    correct(story.product, CorrectAnswer(number, row.id, account, typed, reason, seen, receipt))


def refused(story, who: str, row: Answer, **change) -> Refusal:
    with pytest.raises(Refusal) as caught:
        fix(story, who, row, **change)
    return caught.value


def read(story, who: str, row: Answer) -> answered.Answers:
    return answered.answers(story.product, story.account(who), story.case.number, row.id)


def test_the_new_answer_counts_and_the_old_one_is_never_changed(told):
    row = first(told, "registrer_melding")
    before = (row.sealed_answers, row.at, row.account_id)
    told.at("2026-09-08T12:00")
    fix(told, "rektor", row, arena="garderobe")
    old, new = told.rows(Answer, step="registrer_melding")
    assert (old.sealed_answers, old.at, old.account_id) == before
    assert (new.corrects_id, new.account_id) == (old.id, told.account("rektor"))
    assert b"feil" not in new.sealed_reason
    assert told.answers("registrer_melding")["arena"] == "garderobe"
    assert stored(told, old)["arena"] == "friminutt"


def test_the_page_shows_what_was_struck_with_who_when_and_why(told):
    row = first(told, "registrer_melding")
    told.at("2026-09-08T12:00")
    fix(told, "rektor", row, arena="garderobe")
    fix(told, "ledelse", row, reason="Det var på turen.", arena="tur")
    page = read(told, "rektor", told.rows(Answer, step="registrer_melding")[1])
    assert (page.by, page.answer_id) == (told_name(told, "faglaerer"), row.id)
    assert dict(page.lines)["Hvor skjedde det?"] == "På tur"
    latest, earlier = page.corrections
    assert (latest.reason, latest.by) == ("Det var på turen.", told_name(told, "ledelse"))
    assert latest.struck == (("Hvor skjedde det?", "I garderoben"),)
    assert (earlier.reason, earlier.role) == (WHY, "rektor")
    assert earlier.struck == (("Hvor skjedde det?", "I friminuttet"),)


def told_name(story, who: str) -> str:
    with story.product.database.session() as session:
        return answered.name_of(session, story.account(who))


def test_the_case_stays_where_it_is_and_it_is_logged(told):
    before = (told.open, told.case.status, told.case.state)
    row = first(told, "motta_varsel")
    fix(told, "rektor", row, **SERIOUS)
    assert (told.open, told.case.status, told.case.state) == before
    (event,) = told.rows(Event, kind=log.Kind.RETTET)
    assert (event.step, event.actor_id) == ("motta_varsel", told.account("rektor"))
    with told.product.database.session() as session:
        assert list(log.verify(session)) == []


def test_a_correction_of_an_earlier_round_is_not_the_newest(story):
    story.until_followed_up()
    for at, score in (("2026-09-22T09:00", 3), ("2026-09-29T09:00", 4)):
        story.at(at)
        story.do(
            "ukesjekk", "kontaktlaerer", elev_spurt="ja", elevens_skaar=score, nye_hendelser="nei"
        )
    one, two = (first(story, "ukesjekk", place) for place in (0, 1))
    fix(story, "rektor", one, elevens_skaar=2)
    with open_case(story.product, story.case.id, None) as desk:
        scope = desk.facts.context([])["aktivitetsplan_oppfolging"]
        history = desk.facts.answers[one.scope_id]["ukesjekk"]
    assert scope["ukesjekk"]["elevens_skaar"] == 4
    assert [each["elevens_skaar"] for each in history] == [2, 4]
    fix(story, "rektor", two, elevens_skaar=5)
    fix(story, "rektor", one, elevens_skaar=1)
    with open_case(story.product, story.case.id, None) as desk:
        history = desk.facts.answers[one.scope_id]["ukesjekk"]
    assert [each["elevens_skaar"] for each in history] == [1, 5]


def test_what_is_out_of_sight_stays_there_when_it_is_corrected(told):
    row = first(told, "registrer_melding")
    with told.product.database.transaction() as session:
        session.get_one(Answer, row.id).in_sight = False
    fix(told, "rektor", row, arena="garderobe")
    assert [each.in_sight for each in told.rows(Answer, step="registrer_melding")] == [False] * 2
    assert told.answers("registrer_melding") is None


# --- who ------------------------------------------------------------------------------------------


def test_who_may_correct(told):
    row = first(told, "motta_varsel")
    for who in ("faglaerer", "aks", "ppt", "skoleeier", "miljoarbeider"):
        assert refused(told, who, row, **SERIOUS).code is Reason.IKKE_TILGANG
    for who, change in (
        ("rektor", SERIOUS),
        ("ledelse", {"alvorlig": "nei"}),
        ("kontaktlaerer", SERIOUS),  # saksansvarlig here
    ):
        fix(told, who, row, **change)
    assert len(told.rows(Answer, step="motta_varsel")) == 4


def test_one_who_answered_may_correct_it_until_another_has(told):
    row = first(told, "registrer_melding")
    fix(told, "faglaerer", row, arena="tur")
    assert read(told, "faglaerer", row).may_correct
    fix(told, "rektor", row, arena="garderobe")
    assert refused(told, "faglaerer", row, arena="friminutt").code is Reason.FEIL_ROLLE
    page = read(told, "faglaerer", row)
    assert not page.may_correct and page.corrected_since
    assert dict(page.lines)["Hvor skjedde det?"] == "På tur"
    assert len(page.corrections) == 1


def test_another_case_or_a_row_that_nobody_answered_is_not_found(told):
    row = first(told, "registrer_melding")
    told.report(elev_utsatt="elev_b")
    number = told.case.number
    with pytest.raises(Refusal) as caught:
        correction_page(told.product, told.account("rektor"), number, row.id)
    assert caught.value.code is Reason.IKKE_TILGANG


def test_my_reports_shows_the_reporters_own_words(told):
    row = first(told, "registrer_melding")
    number, account = told.case.number, told.account("faglaerer")
    fix(told, "faglaerer", row, observasjon="Jeg så at han gråt.")
    fix(told, "rektor", row, observasjon="Rektors ord om saken.")
    words = str(reports.my_report(told.product, account, number))
    assert "Jeg så at han gråt." in words and "Rektors ord" not in words


# --- what is asked --------------------------------------------------------------------------------


def test_the_forms_own_rules_and_a_reason(told):
    row = first(told, "motta_varsel")
    refusal = refused(told, "rektor", row, reason="  ", habilitet_bekreftet=None, **SERIOUS)
    assert {fault.path for fault in refusal.faults} == {"habilitet_bekreftet", "grunn"}
    assert refused(told, "rektor", row, alvorlig="tja").code is Reason.UGYLDIG_SVAR
    assert "ikke endret noe" in refused(told, "rektor", row).message
    assert len(told.rows(Answer, step="motta_varsel")) == 1


def test_the_forms_rules_see_what_was_known_then(told):
    """The plan is made later than its own evaluation would allow today."""
    told.inform()
    told.talk()
    told.analyse()
    told.plan()
    told.at("2026-11-20T10:00")
    row = first(told, "lag_aktivitetsplan")
    fix(told, "rektor", row, problem="Eleven går alene.")
    assert stored(told, told.rows(Answer, step="lag_aktivitetsplan")[-1])["problem"] == (
        "Eleven går alene."
    )
    number, account = told.case.number, told.account("rektor")
    plan = answered.plan(told.product, account, number)
    assert (plan.versions, plan.made_at, bool(plan.corrected_at)) == (1, row.at, True)


def test_two_at_once_and_twice_the_same(told):
    row, receipt = first(told, "registrer_melding"), str(uuid4())
    fix(told, "rektor", row, arena="tur", receipt=receipt)
    fix(told, "rektor", row, arena="tur", receipt=receipt)
    assert len(told.rows(Answer, step="registrer_melding")) == 2
    refusal = refused(told, "ledelse", row, arena="garderobe", seen=row.id)
    assert refusal.code is Reason.ENDRET
    assert refusal.who == told_name(told, "rektor") and "kl. 10.00" in refusal.message
    assert len(told.rows(Answer, step="registrer_melding")) == 2


# --- what follows, and what does not --------------------------------------------------------------


def test_leadership_is_told_when_the_answer_decided_the_way(told):
    row = first(told, "motta_varsel")
    page = correction_page(told.product, told.account("kontaktlaerer"), told.case.number, row.id)
    assert "Er saken alvorlig?" in page.decides
    before = told.told("rektor").count("beskjed")
    fix(told, "kontaktlaerer", row, **SERIOUS)
    assert told.told("rektor").count("beskjed") == before + 1
    fix(told, "kontaktlaerer", first(told, "registrer_melding"), observasjon="Mer.")
    assert told.told("rektor").count("beskjed") == before + 1


def test_a_role_is_not_given_by_a_correction(told):
    refusal = refused(told, "rektor", first(told, "motta_varsel"), saksansvarlig=ref(told, "aks"))
    assert [(fault.path, fault.code) for fault in refusal.faults] == [
        ("saksansvarlig", Reason.IKKE_VALGBAR)
    ]


def ref(story, name: str) -> str:
    return story.player.cast.refs[name]


def test_only_leadership_moves_a_case_to_another_pupil(told):
    row, other = first(told, "registrer_melding"), ref(told, "elev_b")
    for who in ("kontaktlaerer", "faglaerer"):
        refusal = refused(told, who, row, elev_utsatt=other)
        assert [fault.path for fault in refusal.faults] == ["elev_utsatt"]
    assert told.case.pupil_id == parse(ref(told, "elev_a"))[1]
    task = told.task("informer_foresatte_elev")
    fix(told, "rektor", row, elev_utsatt=other)
    assert told.case.pupil_id == parse(other)[1]
    assert told.task("informer_foresatte_elev").revision == task.revision + 1


def test_a_shield_is_made_stricter_and_never_taken_away(told):
    row = first(told, "registrer_melding")
    fix(told, "rektor", row, ansatt_mistenkt="ja")
    assert told.case.shielded == "ansatt"
    assert told.rows(Event, kind=log.Kind.SAK_SKJERMET)
    assert {task.role for task in told.rows(Task, state="open")} == {"saksansvarlig"}
    refusal = refused(told, "rektor", row, ansatt_mistenkt="nei")
    assert [fault.path for fault in refusal.faults] == ["ansatt_mistenkt"]
    assert told.case.shielded == "ansatt"


def test_a_person_who_was_named_stays_named(told):
    row = first(told, "registrer_melding")
    one, two = ref(told, "miljoarbeider"), ref(told, "aks")
    fix(told, "rektor", row, ansatte_nevnt=[one])
    fix(told, "rektor", row, ansatte_nevnt=[two])
    with told.product.database.session() as session:
        named = set(session.scalars(select(NamedPerson.account_id)))
    assert named == {parse(one)[1], parse(two)[1]}
    event = told.rows(Event, kind=log.Kind.RETTET)[-1]
    with open_case(told.product, told.case.id, None) as desk:
        assert desk.unseal(event.sealed_detail, "event")["fortsatt_nevnt"] == [one]


def test_tasks_of_one_who_is_named_go_to_another(told):
    """The kontaktlærer turns out to be near one of them."""
    row = first(told, "registrer_melding")
    fix(told, "rektor", row, ansatte_nevnt=[ref(told, "kontaktlaerer")])
    (task,) = told.rows(Task, state="open")
    assert task.role == "rektor"
    assert told.rows(Notice, account_id=told.account("rektor"), kind="varsel_rektor") or told.rows(
        Notice, account_id=told.account("rektor"), step=task.step
    )


def test_received_earlier_brings_what_counts_from_it_forward(told):
    (plan,) = [row for row in told.rows(Deadline, rule="plan") if row.kind == "frist"]
    fix(told, "rektor", first(told, "motta_varsel"), mottatt_rektor="2026-09-07T09:00")
    (moved,) = [row for row in told.rows(Deadline, rule="plan") if row.kind == "frist"]
    assert moved.day < plan.day
    later = {"mottatt_rektor": "2026-09-07T09:30"}
    assert refused(told, "rektor", first(told, "motta_varsel"), **later).code is (
        Reason.UGYLDIG_SVAR
    )


def test_open_tasks_too_follow_a_report_that_was_received_earlier(told):
    """What counts from the report is due earlier, and its reminders come earlier with it."""
    before = told.task("informer_foresatte_elev")
    fix(told, "rektor", first(told, "motta_varsel"), mottatt_rektor="2026-09-07T09:00")
    after = told.task("informer_foresatte_elev")
    assert (before.due_at - after.due_at).days == 1
    assert after.revision > before.revision
    rows = told.rows(Deadline, task_id=after.id, state="ventende")
    assert [row.due_at for row in rows if row.kind == "frist"] == [after.due_at]
    assert all(row.due_at <= after.due_at for row in rows if row.kind == "paaminnelse")
