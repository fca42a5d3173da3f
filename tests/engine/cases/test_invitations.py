"""A colleague is invited for a reason and until a day; what that opens, and that it closes."""

from __future__ import annotations

from datetime import date
from uuid import uuid4

import pytest

from engine.cases import invitations, lists
from engine.cases.dossier import dossier
from engine.cases.invitations import Invite
from engine.cases.notes import add_note
from engine.database.tables import Account, Case, CaseRole, Event, RoleHolding
from engine.people import access
from engine.people.access import Permission
from engine.refusals import Reason, Refusal
from engine.rules.workdays import moment

DAY = date(2026, 9, 20)


class Guests:
    def __init__(self, story):
        self.story, self.product = story, story.product

    def invite(self, to: str, by: str = "rektor", **more) -> str:
        command = dict(reason="Hun kjenner klassen", until=DAY, receipt=str(uuid4())) | more
        to_id = self.story.account(to)
        by_id = self.story.account(by)
        return invitations.invite(
            self.product, Invite(self.story.case.number, by_id, to_id, **command)
        )

    def faults(self, to: str, by: str = "rektor", **more) -> dict[str, Reason]:
        with pytest.raises(Refusal) as caught:
            self.invite(to, by, **more)
        return {fault.path: fault.code for fault in caught.value.faults} or caught.value.code

    def may(self, name: str) -> set[Permission]:
        with self.product.database.session() as session:
            account = session.get_one(Account, self.story.account(name))
            case = session.get_one(Case, self.story.case.id)
            now = self.product.clock()
            return {
                each
                for each in Permission
                if access.may(session, account, each, case=case, now=now)
            }

    def page(self, name: str):
        return dossier(self.product, self.story.account(name), self.story.case.number)


@pytest.fixture
def guests(story) -> Guests:
    story.report()
    story.suspect()
    story.receive(saksansvarlig="sosialveileder")
    return Guests(story)


def test_the_invited_sees_the_case_and_the_plan_and_not_what_others_have_told(guests):
    assert guests.may("aks") == set()
    assert guests.invite("aks", by="sosialveileder") == "aks"
    assert guests.may("aks") == {
        Permission.SEE_CASES_LIST,
        Permission.SEE_CASE,
        Permission.SEE_PLAN,
        Permission.NOTE,
    }
    story = guests.story
    add_note(guests.product, story.case.number, story.account("rektor"), "Rektors", str(uuid4()))
    add_note(guests.product, story.case.number, story.account("aks"), "AKS sitt", str(uuid4()))
    page = guests.page("aks")
    assert [note.text for note in page.notes] == ["AKS sitt"]
    assert not (page.timeline or page.members or page.readers or page.invited or page.invitable)
    assert not (page.may_see_answers or page.may_invite or page.may_hand_over or page.may_repair)
    assert lists.cases(guests.product, story.account("aks")).total == 1
    assert "invitert" in story.told("aks")


def test_the_page_says_who_is_invited_why_by_whom_and_until_when(guests):
    guests.invite("aks", by="sosialveileder")
    (one,) = guests.page("rektor").invited
    assert (one.name, one.reason, one.by, one.until) == (
        "aks",
        "Hun kjenner klassen",
        "sosialveileder",
        DAY,
    )
    (row,) = guests.story.rows(CaseRole, role="invitert")
    assert b"klassen" not in row.sealed_reason


def test_access_is_gone_when_the_day_is_over(guests):
    guests.invite("aks")
    for now, sees in (
        ("2026-09-20T23:59", True),
        ("2026-09-21T00:00", False),
        ("2026-09-21T00:01", False),
    ):
        guests.story.player.now = moment(now)
        assert (Permission.SEE_CASE in guests.may("aks")) == sees
    assert guests.page("rektor").invited == ()


def test_an_invitation_is_ended_at_once_and_once(guests):
    guests.invite("aks")
    number, rektor = guests.story.case.number, guests.story.account("rektor")
    (one,) = guests.page("rektor").invited
    with pytest.raises(Refusal):
        invitations.end_invitation(guests.product, number, one.id, guests.story.account("aks"))
    for _ in range(2):
        invitations.end_invitation(guests.product, number, one.id, rektor)
    assert guests.may("aks") == set()
    kinds = [row.kind for row in guests.story.rows(Event) if row.role == "invitert"]
    assert kinds == ["invitert", "invitasjon_avsluttet"]


def test_one_who_is_invited_again_has_one_invitation_with_the_new_day(guests):
    guests.invite("aks")
    guests.invite("aks", until=date(2026, 10, 1))
    (one,) = guests.page("rektor").invited
    assert one.until == date(2026, 10, 1)


def test_an_invitation_needs_a_colleague_a_reason_and_a_day_that_is_near(guests):
    wrong = {"grunn": Reason.MANGLER_FELT, "dag": Reason.MANGLER_FELT}
    assert guests.faults("aks", reason=" ", until=None) == wrong
    for day in (date(2026, 9, 7), date(2026, 12, 8)):
        assert guests.faults("aks", until=day) == {"dag": Reason.UGYLDIG_SVAR}
    guests.invite("aks", until=date(2026, 12, 7))  # 90 days ahead
    assert guests.faults("ledelse") == {"til": Reason.IKKE_VALGBAR}  # sees it from before
    assert guests.faults("ppt") == {"til": Reason.IKKE_VALGBAR}  # gets a task instead
    assert guests.faults("rektor") == {"til": Reason.MANGLER_FELT}
    assert guests.faults("faglaerer", by="kontaktlaerer") is Reason.IKKE_TILGANG
    assert guests.faults("faglaerer", by="aks") is Reason.IKKE_TILGANG


def test_a_named_person_is_never_invited(story):
    guests = Guests(story)
    story.report(ansatte_nevnt=["aks"])
    story.suspect()
    assert guests.faults("aks") == {"til": Reason.INHABIL}


def test_one_who_is_named_later_sees_nothing_more(guests):
    guests.invite("aks")
    with guests.product.database.transaction() as session:
        from engine.database.tables import NamedPerson

        account = guests.story.account("aks")
        session.add(NamedPerson(case_id=guests.story.case.id, account_id=account, part="nevnt"))
    assert guests.may("aks") == set()


def test_one_who_has_left_the_school_sees_nothing_more(guests):
    guests.invite("aks")
    with guests.product.database.transaction() as session:
        for row in session.query(RoleHolding).filter_by(account_id=guests.story.account("aks")):
            row.to_date = date(2026, 9, 1)
    assert guests.may("aks") == set()


def test_a_shielded_case_is_opened_only_by_those_who_lead_it(story):
    guests = Guests(story)
    story.report(ansatt_mistenkt="ja")
    story.at_once("aks")
    with guests.product.database.transaction() as session:
        session.add(
            CaseRole(
                case_id=story.case.id,
                account_id=story.account("sosialveileder"),
                role="saksansvarlig",
                from_time=story.product.clock(),
            )
        )
    assert guests.faults("miljoarbeider", by="sosialveileder") is Reason.IKKE_TILGANG
    assert guests.page("sosialveileder").invitable == ()
    assert guests.faults("aks") == {"til": Reason.INHABIL}
    guests.invite("miljoarbeider", by="skoleeier")
    assert Permission.SEE_CASE in guests.may("miljoarbeider")


def test_nobody_in_leadership_is_invited_to_a_case_about_leadership(story):
    guests = Guests(story)
    story.report(ledelse_mistenkt="ja")
    story.at_once("rektor", stilling="ledelse")
    assert guests.faults("ledelse", by="skoleeier") == {"til": Reason.IKKE_VALGBAR}
    assert guests.faults("rektor", by="skoleeier") == {"til": Reason.INHABIL}
    guests.invite("sosialveileder", by="skoleeier")


def test_the_same_receipt_invites_once(guests):
    key = str(uuid4())
    guests.invite("aks", receipt=key)
    guests.invite("aks", receipt=key)
    assert len(guests.story.rows(CaseRole, role="invitert")) == 1


def test_nobody_is_invited_to_a_case_that_has_ended_and_the_invited_see_it_no_longer(guests):
    guests.invite("aks")
    with guests.product.database.transaction() as session:
        session.get_one(Case, guests.story.case.id).ended_at = guests.product.clock()
    assert guests.may("aks") == set()
    assert guests.faults("faglaerer") is Reason.IKKE_VENTET
