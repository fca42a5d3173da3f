"""One case as its page reads it: what has happened, what is due, who is in it, who may see what."""

from uuid import uuid4

import pytest

from engine.cases import answers, messages, notes
from engine.cases.dossier import dossier
from engine.cases.duedates import Fate
from engine.cases.tick import let_deadlines_pass
from engine.database.tables import Answer, Notice
from engine.records.log import Kind
from engine.refusals import Reason, Refusal
from tests import course as told
from tests.course import SHIELDED, STEPS, Course


@pytest.fixture
def course(database):
    return Course(database)


def read(course, by="rektor"):
    return dossier(course.product, course.account(by), course.number)


def refusal(call, *given, **named) -> Reason:
    with pytest.raises(Refusal) as refused:
        call(*given, **named)
    return refused.value.code


def test_the_timeline_says_who_did_what_the_latest_first(course):
    course.tell(STEPS[:7])
    lines = read(course).timeline
    said = [(line.step_name, line.actor, line.role) for line in lines]
    assert said[0] == ("Hør hva foresatte mener", "Maja", "kontaktlærer")
    assert ("Ta imot meldingen", "Randi", "rektor") in said
    assert said[-1] == ("Meld fra", "Hanna", "melder")
    assert all(line.answer_id for line in lines if line.kind is Kind.OPPGAVE_UTFORT)


def test_what_the_system_answered_has_no_actor(course):
    course.tell(STEPS[:2])
    course.set("2026-08-24T17:00")
    let_deadlines_pass(course.product)
    lines = {(line.step, line.kind): line for line in read(course).timeline}
    assert lines["mistanke_vurdering", Kind.OPPGAVE_UTFORT].actor is None
    assert lines["mistanke_vurdering", Kind.FRIST_PASSERT].step_name == "Vurder om det er utrygt"


def test_deadlines_say_how_they_went(course):
    course.tell(STEPS[:7])
    course.set("2026-09-02T12:00")
    let_deadlines_pass(course.product)
    fates = {(due.rule.key, due.step_name): due.fate for due in read(course).deadlines}
    assert fates["varsle", None] is Fate.DONE
    assert fates["motta_varsel", "Ta imot meldingen"] is Fate.DONE
    assert fates["undersok", "Snakk med andre elever"] is Fate.LATE
    assert fates["plan", None] is Fate.LATE
    assert fates["kan_meldes_sf", None] is Fate.REACHED
    assert "plan_paaminnelse" not in {rule for rule, _ in fates}  # only reminds
    course.go_on([{**step, "at": "2026-09-02T13:00"} for step in STEPS[7:11]])
    fates = {(due.rule.key, due.step_name): due.fate for due in read(course).deadlines}
    assert fates["undersok", "Snakk med andre elever"] is Fate.DONE_LATE
    assert fates["plan", None] is Fate.DONE_LATE


def test_a_timer_that_is_waited_for_is_told_with_its_day(course):
    course.tell(STEPS[: told.CLOSED])
    (wait,) = read(course).waits
    assert wait.rule.key == "etterkontroll"
    assert wait.due_at.date().isoformat() == "2026-11-09"


def test_members_have_their_own_roles(course):
    course.tell(STEPS[:10])
    members = {member.name: member.what for member in read(course).members}
    assert members["Maja"] == ("saksansvarlig", "kontaktlærer")
    assert members["Sivert"] == ("miljøarbeider",)
    assert members["Randi"] == ("rektor",)


def test_each_reading_is_logged(course):
    course.tell(STEPS[:10])
    read(course, "ledelse")
    read(course, "ledelse")
    readers = {reader.name: reader.times for reader in read(course).readers}
    assert readers == {"Line": 2, "Randi": 1}


def test_a_kontaktlaerer_sees_the_case_without_its_history(course):
    course.tell(
        [
            *STEPS[:3],
            {**STEPS[3], "answers": {**STEPS[3]["answers"], "saksansvarlig": "faglaerer"}},
        ]
    )
    found = read(course, "kontaktlaerer")
    assert found.pupil == "Noor, 4B" and found.turns
    assert found.timeline == found.members == found.readers == found.standstills == ()
    assert not found.may_see_answers and not found.may_remind and found.may_note
    assert all(step.done_by is None for each in found.diagrams for step in each.steps)


def test_a_note_is_read_by_those_who_lead_and_by_its_writer(course):
    course.tell(STEPS[:5])
    for by in ("rektor", "kontaktlaerer"):
        key = str(uuid4())
        for _ in range(2):  # sent twice, written once
            notes.add_note(
                course.product, course.number, course.account(by), f" Sett av {by} ", key
            )
    assert [note.text for note in read(course).notes] == ["Sett av kontaktlaerer", "Sett av rektor"]
    assert read(course).timeline[0].kind is Kind.NOTAT


def test_an_empty_note_is_refused(course):
    course.tell(STEPS[:5])
    code = refusal(
        notes.add_note, course.product, course.number, course.account("rektor"), "  ", "k"
    )
    assert code is Reason.MANGLER_FELT


def test_reminding_tells_those_whose_turn_it_is(course):
    course.tell(STEPS[:10])
    (turn,) = read(course).turns
    who = notes.remind(course.product, course.number, turn.task_id, course.account("rektor"))
    assert who == "Maja"
    with course.product.database.session() as session:
        told_to = {n.account_id for n in session.query(Notice) if n.kind == "purring"}
    assert told_to == {course.account("kontaktlaerer")}
    (line, *_) = read(course).timeline
    assert (line.kind, line.actor, line.role) == (Kind.PURRET, "Randi", "rektor")


def test_only_those_who_handle_a_case_remind_and_only_of_its_own_tasks(course):
    course.tell(STEPS[:10])
    (turn,) = read(course).turns
    remind = (course.product, course.number, turn.task_id)
    assert refusal(notes.remind, *remind, course.account("aks")) is Reason.IKKE_TILGANG
    course.go_on(STEPS[10:11])
    assert refusal(notes.remind, *remind, course.account("rektor")) is Reason.ALLEREDE_UTFORT
    assert (
        refusal(notes.remind, course.product, course.number, 99, course.account("rektor"))
        is Reason.IKKE_TILGANG
    )


def test_what_can_be_started_says_what_comes_of_it(course):
    course.tell(STEPS[: told.APPROVED])
    found = {each.step: each for each in read(course).startable}
    assert found["kartlegging_startes"].then == "Kartlegg miljøet rundt eleven"
    assert not found["kartlegging_startes"].ends
    assert found["elev_bytter_skole"].ends
    assert "elev_bytter_skole" not in {e.step for e in read(course, "kontaktlaerer").startable}


def test_what_is_started_twice_with_one_receipt_starts_once(course):
    course.tell(STEPS[:10])
    for _ in range(2):
        messages.start_by_hand(
            course.product, course.number, course.account("rektor"), "kartlegging_startes", "en"
        )
    assert [turn.step for turn in read(course).turns].count("kartlegging") == 1


def test_the_plan_marks_what_the_law_asks_for_and_keeps_its_versions(course):
    course.tell(STEPS[: told.PLANNED])
    course.go_on(
        [
            {**STEPS[11], "answers": {"godkjent": "nei", "retur_grunn": "Skriv hvem"}},
            {**STEPS[10], "at": "2026-08-28T10:00"},
            {**STEPS[11], "at": "2026-08-28T11:00"},
        ]
    )
    who = course.account("rektor")
    newest = answers.plan(course.product, who, course.number)
    assert (newest.version, newest.versions, newest.approved_by) == (2, 2, "Randi")
    assert set(newest.law.values()) == {"1", "2", "3", "4", "5"}
    first = answers.plan(course.product, who, course.number, 1)
    assert first.approved_by is None and first.school == "Tyttebærlia skole"
    assert refusal(answers.plan, course.product, who, course.number, 3) is Reason.IKKE_TILGANG


def test_answers_belong_to_their_case(course):
    course.tell(STEPS[:5])
    with course.product.database.session() as session:
        answer = session.query(Answer).filter_by(step="motta_varsel").one()
    who = course.account("rektor")
    found = answers.answers(course.product, who, course.number, answer.id)
    assert (found.step_name, found.by, found.role) == ("Ta imot meldingen", "Randi", "rektor")
    assert "Maja" in [said for _, said in found.lines]
    code = refusal(answers.answers, course.product, who, "2026-999", answer.id)
    assert code is Reason.IKKE_TILGANG


def test_a_shielded_case_says_no_name(course):
    course.tell(SHIELDED)
    found = read(course)
    assert found.pupil == "Skjermet sak" and found.pupil_name is None
    assert refusal(dossier, course.product, course.account("ledelse"), course.number) is (
        Reason.IKKE_TILGANG
    )
