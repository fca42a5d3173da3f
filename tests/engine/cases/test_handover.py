"""A task goes from one to another and back: who may, to whom, and what each of them sees then."""

from __future__ import annotations

from uuid import uuid4

import pytest

from engine.cases import handover, worksheet
from engine.cases.desk import Desk
from engine.cases.dossier import dossier
from engine.cases.handover import HandOver, Return
from engine.cases.inbox import my_tasks
from engine.cases.submit import claim_task
from engine.database.tables import Account, Case, Event, Task
from engine.people import access
from engine.people.access import Permission
from engine.records import log
from engine.refusals import Reason, Refusal


class Hands:
    """A story whose people give tasks to each other."""

    def __init__(self, story):
        self.story, self.product = story, story.product

    def give(self, step: str, by: str, to: str, message: str = "", **more) -> str:
        story = self.story
        command = dict(message=message, receipt=str(uuid4()), seen_revision=None) | more
        return handover.hand_over_task(
            self.product,
            HandOver(story.task(step).id, story.account(by), story.account(to), **command),
        )

    def give_back(self, step: str, by: str, reason: str = "Jeg rekker det ikke", **more) -> None:
        command = dict(receipt=str(uuid4())) | more
        task = self.story.task(step).id
        handover.return_task(self.product, Return(task, self.story.account(by), reason, **command))

    def choices(self, step: str, by: str) -> set[str]:
        """The names that this person can choose among."""
        with self.product.database.session() as session:
            task = session.get_one(Task, self.story.task(step).id)
            account = session.get_one(Account, self.story.account(by))
            desk = Desk(self.product, session, session.get_one(Case, task.case_id), account.id)
            desk.load()
            options = handover.receivers(desk, task, account)
            return {option.label.split(",")[0] for option in options}

    def sees(self, name: str) -> set[str]:
        return {task.name for task in my_tasks(self.product, self.story.account(name))}

    def may(self, name: str, permission: Permission) -> bool:
        with self.product.database.session() as session:
            account = session.get_one(Account, self.story.account(name))
            case = session.get_one(Case, self.story.case.id)
            return access.may(session, account, permission, case=case, now=self.product.clock())

    def refused(self, code: Reason, *args, **more) -> str:
        with pytest.raises(Refusal) as caught:
            self.give(*args, **more)
        assert caught.value.code is code
        faults = caught.value.faults
        return faults[0].message if faults else caught.value.message


@pytest.fixture
def hands(story) -> Hands:
    story.report()
    story.suspect()
    return Hands(story)


@pytest.fixture
def informing(hands) -> Hands:
    """The kontaktlærer is to inform the pupil and the guardians; sosialveileder has the case."""
    hands.story.receive(saksansvarlig="sosialveileder")
    return hands


STEP, DONE = "informer_foresatte_elev", log.Kind.OPPGAVE_UTFORT


def test_the_one_who_gets_a_task_can_do_it_and_sees_that_task_alone(informing):
    hands, story = informing, informing.story
    assert hands.give(STEP, "sosialveileder", "aks", "Ring mor etter kl. 15") == "aks"
    assert hands.sees("aks") == {"Informer foresatte og elev"}
    assert "Informer foresatte og elev" not in hands.sees("kontaktlaerer")
    assert not hands.may("aks", Permission.SEE_CASE)
    sheet = worksheet.worksheet(hands.product, story.account("aks"), story.task(STEP).id)
    assert (sheet.given.by, sheet.given.message) == ("sosialveileder", "Ring mor etter kl. 15")
    assert sheet.part is None and sheet.may_complete and sheet.may_return
    assert not sheet.may_see_case
    assert story.told("aks") == ["oppgave_tildelt"]
    with pytest.raises(Refusal) as caught:
        worksheet.worksheet(hands.product, story.account("kontaktlaerer"), story.task(STEP).id)
    assert caught.value.code is Reason.FEIL_ROLLE or caught.value.code is Reason.IKKE_TILGANG
    story.do(
        STEP,
        "aks",
        foresatte=[{"navn": "foresatt_a", "maate": "samtale", "tolk": "nei"}],
        rett_statsforvalter_opplyst="ja",
        elev_informert="ja",
    )
    assert story.task(STEP).done_by_id == story.account("aks")
    page = dossier(hands.product, story.account("rektor"), story.case.number)
    told = next(line for line in page.timeline if line.step == STEP and line.kind == DONE)
    assert told.role == "AKS"  # not kontaktlærer, whose step it was
    assert next(each.what for each in page.members if each.name == "aks") == ("AKS",)


def test_what_was_said_is_sealed_and_the_log_holds(informing):
    hands, story = informing, informing.story
    hands.give(STEP, "sosialveileder", "aks", "Ring mor etter kl. 15")
    hands.give_back(STEP, "aks", "Jeg er borte i morgen")
    rows = [row for row in story.rows(Event) if "oppgave_gitt" in row.kind]
    assert [row.kind for row in rows] == ["oppgave_gitt", "oppgave_gitt_tilbake"]
    assert all(b"mor" not in row.sealed_detail for row in rows)
    with hands.product.database.session() as session:
        assert list(log.verify(session)) == []


def test_one_of_a_role_gives_within_the_role_and_who_handles_the_case_to_anybody(informing):
    hands, story = informing, informing.story
    others = {"rektor", "ledelse", "faglaerer", "aks", "sosialveileder", "ppt", "melder"}
    assert hands.choices(STEP, "sosialveileder") >= {*others, "kontaktlaerer"}
    assert hands.choices(STEP, "kontaktlaerer") == {"kontaktlaerer"}  # nobody else has the class
    assert hands.choices(STEP, "aks") == set()
    assert "leder" in hands.refused(Reason.IKKE_VALGBAR, STEP, "kontaktlaerer", "aks")
    hands.give(STEP, "rektor", "aks")
    assert hands.choices(STEP, "aks") == {"kontaktlaerer"}  # given on, it is the role's still
    assert story.task(STEP).role == "kontaktlaerer"


def test_rektors_steps_stay_with_those_who_lead(hands):
    step, story = "motta_varsel", hands.story
    assert hands.choices(step, "rektor") == {"rektor", "ledelse"}
    assert "ledelsen" in hands.refused(Reason.IKKE_VALGBAR, step, "rektor", "aks")
    hands.give(step, "rektor", "ledelse")
    assert hands.sees("rektor") == set() and hands.sees("ledelse")
    hands.refused(Reason.IKKE_TILGANG, step, "aks", "aks")
    story.do(
        step,
        "ledelse",
        saksansvarlig="sosialveileder",
        habilitet_bekreftet="ja",
        alvorlig="nei",
        barnevern_vurdert="nei",
        politi_vurdert="nei",
    )
    story.inform()
    story.talk()
    told = dict(utenfor_skolen="nei", elev_opplever_trygt="nei", undersokelse_viser_utrygt="ja")
    story.do("analyse", "sosialveileder", **told, egnet_gjenopprettende="nei")
    story.plan()
    # saksansvarlig handles the case, but does not decide who approves the plan
    assert hands.choices("godkjenn_plan", "sosialveileder") == set()
    hands.refused(Reason.IKKE_VALGBAR, "godkjenn_plan", "sosialveileder", "ledelse")


def test_a_named_person_and_one_who_has_left_never_get_a_task(story):
    hands = Hands(story)
    story.report(ansatte_nevnt=["aks"])
    story.suspect()
    story.receive(saksansvarlig="sosialveileder")
    assert "aks" not in hands.choices(STEP, "rektor")
    assert "nevnt i saken" in hands.refused(Reason.INHABIL, STEP, "rektor", "aks")
    with story.product.database.transaction() as session:
        session.get_one(Account, story.account("ppt")).active = False
    assert "ppt" not in hands.choices(STEP, "rektor")
    hands.refused(Reason.IKKE_VALGBAR, STEP, "rektor", "ppt")


def test_a_shielded_case_is_opened_to_nobody_by_a_task(story):
    hands = Hands(story)
    story.report(ansatt_mistenkt="ja")
    story.at_once("aks")
    step = story.open[0]
    assert hands.choices(step, "rektor") <= {"rektor", "skoleeier"}
    for name in ("ledelse", "faglaerer", "sosialveileder"):
        hands.refused(Reason.IKKE_VALGBAR, step, "rektor", name)
    hands.refused(Reason.INHABIL, step, "rektor", "aks")


def test_a_leader_takes_over_the_task_of_one_who_is_away(informing):
    hands, story = informing, informing.story
    hands.give(STEP, "ledelse", "ledelse")
    assert "Informer foresatte og elev" in hands.sees("ledelse")
    assert story.told("ledelse").count("oppgave_tildelt") == 0  # no notice of one's own doing


def test_a_task_given_back_goes_to_whom_it_came_from(informing):
    hands, story = informing, informing.story
    hands.give(STEP, "sosialveileder", "aks")
    hands.give(STEP, "rektor", "faglaerer")  # moved on from aks: rektor's to place anew
    hands.give_back(STEP, "faglaerer")
    assert story.task(STEP).assignee_id == story.account("rektor")
    assert "oppgave_gitt_tilbake" in story.told("rektor")
    hands.give(STEP, "rektor", "aks")
    hands.give_back(STEP, "aks", "Jeg er syk")
    sheet = worksheet.worksheet(hands.product, story.account("rektor"), story.task(STEP).id)
    assert (sheet.given.by, sheet.given.message, sheet.given.back) == ("aks", "Jeg er syk", True)
    assert not sheet.may_return  # it was rektor's own


def test_from_a_role_and_back_to_the_role(informing):
    hands, story = informing, informing.story
    hands.give(STEP, "sosialveileder", "aks")
    hands.give_back(STEP, "aks")
    task = story.task(STEP)
    assert (task.assignee_id, task.handed_over_by_id, task.role) == (None, None, "kontaktlaerer")
    assert "Informer foresatte og elev" in hands.sees("kontaktlaerer")
    assert story.told("kontaktlaerer").count("oppgave_tildelt") >= 2
    with pytest.raises(Refusal) as caught:
        hands.give_back(STEP, "aks")
    assert caught.value.code in (Reason.IKKE_TILGANG, Reason.FEIL_ROLLE)


def test_a_reason_is_needed_to_give_back(informing):
    hands = informing
    hands.give(STEP, "sosialveileder", "aks")
    with pytest.raises(Refusal) as caught:
        hands.give_back(STEP, "aks", "  ")
    assert [fault.path for fault in caught.value.faults] == ["gi_grunn"]


def test_a_page_that_is_too_old_is_told_who_moved_the_task_and_when(informing):
    hands, story = informing, informing.story
    seen = story.task(STEP).revision
    hands.give(STEP, "rektor", "aks")
    said = hands.refused(Reason.ENDRET, STEP, "sosialveileder", "faglaerer", seen_revision=seen)
    assert said.startswith("rektor endret oppgaven 8.9. kl. ")


def test_the_same_receipt_gives_once(informing):
    hands, story = informing, informing.story
    key = str(uuid4())
    hands.give(STEP, "sosialveileder", "aks", receipt=key)
    revision = story.task(STEP).revision
    hands.give(STEP, "sosialveileder", "aks", receipt=key)
    assert story.task(STEP).revision == revision
    assert story.told("aks") == ["oppgave_tildelt"]


def test_who_had_taken_it_has_it_no_longer(informing):
    hands, story = informing, informing.story
    claim_task(hands.product, story.task(STEP).id, story.account("kontaktlaerer"))
    hands.give(STEP, "rektor", "aks")
    assert story.task(STEP).claimed_by_id is None


def test_the_reminder_reaches_the_one_who_has_the_task(informing):
    hands, story = informing, informing.story
    hands.give(STEP, "sosialveileder", "aks")
    story.at("2026-09-09T15:00")
    assert "frist_naermer_seg" in story.told("aks")


def test_a_done_task_is_not_given(informing):
    hands, story = informing, informing.story
    story.inform()
    hands.refused(Reason.ALLEREDE_UTFORT, STEP, "rektor", "aks")
