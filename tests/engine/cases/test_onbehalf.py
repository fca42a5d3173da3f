"""A step is registered for the one who did it: who, when, and who may."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from engine.cases import answers, onbehalf
from engine.cases.dossier import dossier
from engine.cases.submit import SubmitTask, submit_task
from engine.database.tables import Answer
from engine.refusals import Reason, Refusal
from engine.rules.workdays import moment

STEP = "foresattes_syn"
DONE = moment("2026-09-08T15:40")


@pytest.fixture
def talking(story):
    story.report(ansatte_nevnt=["aks"])
    story.suspect()
    story.receive()
    story.inform()
    story.at("2026-09-09T10:00")
    return story


def register(story, by: str, performed_by: str | None, at=DONE, step: str = STEP, **given):
    typed = {"syn": "De er urolige", "tid": "8.9.2026 kl. 15.40", **given}
    task = story.task(step)
    form = story.product.definition
    with story.product.database.session() as session:
        form = form(session, story.case.version).form(task.process_id, task.form_key)
    for key, field in form.fields():
        if field.required and "." not in key and key not in typed:
            typed[key] = "x" if not field.options else field.options[0].value
    return submit_task(
        story.product,
        SubmitTask(
            task.id,
            story.account(by),
            typed,
            str(uuid4()),
            performed_by=performed_by and story.account(performed_by),
            performed_at=at,
        ),
    )


def faults(story, *args, **more) -> dict[str, Reason]:
    with pytest.raises(Refusal) as caught:
        register(story, *args, **more)
    return {fault.path: fault.code for fault in caught.value.faults}


def test_both_names_stand_in_the_case(talking):
    story = talking
    register(story, "kontaktlaerer", "miljoarbeider")
    (row,) = story.rows(Answer, step=STEP)
    assert row.account_id == story.account("kontaktlaerer")
    assert row.performed_by_id == story.account("miljoarbeider")
    assert row.performed_at == DONE
    page = dossier(story.product, story.account("rektor"), story.case.number)
    told = next(line for line in page.timeline if line.performed_by)
    assert (told.performed_by, told.performed_at, told.actor) == (
        "miljoarbeider",
        DONE,
        "kontaktlaerer",
    )
    read = answers.answers(story.product, story.account("rektor"), story.case.number, row.id)
    assert (read.performed_by, read.performed_at, read.by) == (
        "miljoarbeider",
        DONE,
        "kontaktlaerer",
    )


def test_who_did_it_does_not_get_to_see_the_case(talking):
    story = talking
    register(story, "kontaktlaerer", "miljoarbeider")
    with pytest.raises(Refusal):
        dossier(story.product, story.account("miljoarbeider"), story.case.number)


def test_the_one_who_registers_must_have_the_task(talking):
    with pytest.raises(Refusal) as caught:
        register(talking, "miljoarbeider", "kontaktlaerer")
    assert caught.value.code in (Reason.IKKE_TILGANG, Reason.FEIL_ROLLE)


def test_the_one_who_did_it_is_staff_and_not_named(talking):
    assert faults(talking, "kontaktlaerer", "aks") == {"utfort_av": Reason.INHABIL}
    assert faults(talking, "kontaktlaerer", "kontaktlaerer") == {"utfort_av": Reason.IKKE_VALGBAR}
    assert faults(talking, "kontaktlaerer", None) == {"utfort_av": Reason.MANGLER_FELT}
    assert not talking.rows(Answer, step=STEP)


def test_it_was_done_after_the_case_began_and_not_in_the_future(talking):
    now = talking.product.clock()
    for at, code in (
        (None, Reason.MANGLER_FELT),
        (now + timedelta(minutes=1), Reason.UGYLDIG_SVAR),
        (moment("2026-09-07T23:59"), Reason.UGYLDIG_SVAR),
    ):
        assert faults(talking, "kontaktlaerer", "miljoarbeider", at) == {"utfort_tid": code}
    register(talking, "kontaktlaerer", "miljoarbeider", now)


def test_leaderships_steps_were_done_by_leadership(talking):
    story = talking
    story.talk()
    story.analyse()
    story.plan({"ansvarlig": "faglaerer"})
    approve = dict(step="godkjenn_plan", godkjent="ja", at=story.product.clock())
    assert faults(story, "rektor", "miljoarbeider", **approve) == {"utfort_av": Reason.IKKE_VALGBAR}
    assert faults(story, "rektor", "aks", **approve) == {"utfort_av": Reason.INHABIL}
    register(story, "rektor", "ledelse", **approve)
    plan = answers.plan(story.product, story.account("rektor"), story.case.number)
    assert plan.approved_by == "ledelse"


def test_a_field_of_a_page_is_read_as_people_write():
    now = moment("2026-09-09T10:00")
    assert onbehalf.when({"utfort_tid": "8.9 kl. 15.40"}, now) == DONE
    assert onbehalf.when({"utfort_tid": "i går"}, now) is None
    assert onbehalf.who({"utfort_av": "ansatt:7"}) == 7
    assert onbehalf.who({"utfort_av": "elev:7"}) == 0
    assert onbehalf.who({}) is None
