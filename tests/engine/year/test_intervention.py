"""Physical intervention: off until leadership turns it on, and then everybody's to document."""

from __future__ import annotations

from uuid import uuid4

import pytest
from sqlalchemy import select

from engine.cases import switches
from engine.cases.start import StartCase, start_case
from engine.database.tables import Case, Notice, Task
from engine.people import access, register
from engine.refusals import Reason, Refusal
from tests.engine.year.course import Course

PROCESS = "fysisk_inngripen"


def begin(product, school) -> Course:
    """A teacher documents what happened to Noor."""
    answers = {
        "elev": school.pupil("noor"),
        "tid": "2026-09-08T11:00",
        "hva_avverget": "Et kast med stein",
        "hvorfor_ikke_mildere": "Det var ikke tid",
    }
    account = school.accounts["emil"]
    command = StartCase(PROCESS, school.id, account, {"dokumenter": answers}, str(uuid4()))
    started = start_case(product, command)
    course = Course.__new__(Course)
    course.product, course.school, course.case_id = product, school, started.case_id
    return course


@pytest.fixture
def on(product, school):
    switches.turn(product, school.accounts["berit"], school.id, PROCESS, True)
    return school


def test_it_is_off_until_leadership_turns_it_on(product, school):
    with pytest.raises(Refusal) as refused:
        begin(product, school)
    assert refused.value.code is Reason.IKKE_VALGBAR
    berit = school.accounts["berit"]
    assert [each.active for each in switches.switches(product, berit, school.id)] == [False]
    switches.turn(product, berit, school.id, PROCESS, True)
    begin(product, school)
    switches.turn(product, berit, school.id, PROCESS, False)
    with pytest.raises(Refusal):
        begin(product, school)


@pytest.mark.parametrize("who", ["maja", "kari"])
def test_only_leadership_turns_it_on(product, school, who):
    with pytest.raises(Refusal) as refused:
        switches.turn(product, school.accounts[who], school.id, PROCESS, True)
    assert refused.value.code is Reason.IKKE_TILGANG


@pytest.mark.parametrize("process_id", ["aktivitetsplikt", "finnes_ikke"])
def test_what_the_law_requires_can_not_be_turned_off(product, school, process_id):
    with pytest.raises(Refusal) as refused:
        switches.turn(product, school.accounts["berit"], school.id, process_id, False)
    assert refused.value.code is Reason.IKKE_TILGANG


def test_rektor_guardians_and_pupil_have_their_part_the_same_day(product, on):
    course = begin(product, on)
    assert sorted(course.open()) == ["elev_samtale", "informer_foresatte", "vurder"]
    with product.database.session() as session:
        guardian = guardian_of_noor(session, on)
    told = {"foresatte": [guardian], "tid": "2026-09-08T13:00", "maate": "telefon"}
    course.do("informer_foresatte", "berit", **told)
    said = {
        "tid": "2026-09-08T13:00",
        "trygg_voksen": "Bjarte",
        "elevens_opplevelse": "Jeg ble redd",
    }
    course.do("elev_samtale", "maja", **said)
    judged = {"mistanke_krenkelse": "nei", "gjentatt": "nei", "begrunnelse": "Nødvendig"}
    course.do("vurder", "berit", **judged)
    assert course.ends() == ["dokumentert"]
    with product.database.session() as session:
        told = session.scalars(select(Notice.guardian_id).where(Notice.guardian_id.is_not(None)))
        assert len(told.all()) == 1
        case = session.get_one(Case, course.case_id)
        assert (case.pupil_id, case.received_at) == (on.pupils["noor"], None), "no report, no clock"


def guardian_of_noor(session, school) -> str:
    ((guardian, _),) = register.guardians_of(session, school.pupils["noor"])
    return register.ref(register.Kind.FORESATT, guardian.id)


def test_suspicion_opens_a_report_and_repetition_is_told_to_skoleeier(product, clock, on):
    course = begin(product, on)
    judged = {"mistanke_krenkelse": "ja", "gjentatt": "ja", "begrunnelse": "Andre gang"}
    course.do("vurder", "berit", **judged, meldes_av=on.staff("berit"))
    with product.database.session() as session:
        report = session.scalar(select(Case).where(Case.process_id == "aktivitetsplikt"))
        opened = session.scalars(select(Task.step).where(Task.case_id == report.id)).all()
        assert (report.reporter_id, opened) == (on.accounts["berit"], ["registrer_melding"])
        seen = session.scalar(
            select(Case.id).where(
                Case.id == course.case_id, access.visible_cases(on.accounts["kari"], clock())
            )
        )
    assert seen == course.case_id, "skoleeier"
    assert sorted(course.open()) == ["elev_samtale", "informer_foresatte"]
