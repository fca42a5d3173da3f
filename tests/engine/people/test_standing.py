"""Who holds a role in a case, and who steps in."""

from datetime import timedelta

import pytest

from engine.people.circle import around
from engine.people.roles import Role
from engine.people.standing import case_holders, in_case


def names(accounts) -> list[str]:
    return [account.name for account in accounts]


def test_rektor_is_told_and_ledelse_may_step_in(world):
    case = world.case()
    assert names(case_holders(world.session, case, Role.REKTOR, world.now)) == ["ledelse", "rektor"]
    assert names(in_case(world.session, case, Role.REKTOR, world.now)) == ["rektor"]


def test_ledelse_is_told_when_nobody_is_rektor_or_rektor_is_named(world):
    case = world.case()
    world.name(case, world.people["rektor"])
    assert names(in_case(world.session, case, Role.REKTOR, world.now)) == ["ledelse"]
    world.people["rektor"].active = False
    assert names(in_case(world.session, world.case(), Role.REKTOR, world.now)) == ["ledelse"]


def test_nobody_is_left(world):
    case = world.case(shielded="ansatt")
    world.name(case, world.people["rektor"])
    assert in_case(world.session, case, Role.REKTOR, world.now) == []
    assert in_case(world.session, case, Role.TILRETTELEGGER, world.now) == []


def test_the_kontaktlaerer_is_the_pupils_own(world):
    world.person("4A", "kontaktlaerer", class_name="4A")
    other = world.person("elsewhere", "kontaktlaerer", school_id=world.other_school.id)
    world.hold(other, "aks")
    case = world.case()
    assert names(in_case(world.session, case, Role.KONTAKTLAERER, world.now)) == ["kontaktlaerer"]


def test_rektor_is_saksansvarlig_until_somebody_is_named(world):
    case, aks = world.case(), world.people["aks"]
    found = lambda: names(in_case(world.session, case, Role.SAKSANSVARLIG, world.now))  # noqa: E731
    assert found() == ["rektor"]
    given = world.give(case, aks, "saksansvarlig")
    assert found() == ["aks"]
    given.to_time = world.now
    assert found() == ["rektor"]
    given.to_time = world.now + timedelta(hours=1)
    assert found() == ["aks"]
    aks.active = False
    assert found() == ["rektor"]


@pytest.mark.parametrize("role", [Role.SAKSANSVARLIG, Role.UNDERSOKER])
def test_in_a_case_about_leadership_skoleeier_steps_in(world, role):
    case = world.case(shielded="ledelse")
    assert names(in_case(world.session, case, role, world.now)) == ["skoleeier"]
    world.give(case, world.people["aks"], role)
    assert names(in_case(world.session, case, role, world.now)) == ["aks"]


def test_the_reporter_and_those_whose_report_was_joined(world):
    case = world.case()
    world.give(case, world.people["aks"], "melder")
    assert names(in_case(world.session, case, Role.MELDER, world.now)) == ["aks", "melder"]


@pytest.mark.parametrize(
    ("shield", "given", "lane", "role"),
    [
        (None, [], "rektor", "rektor"),
        (None, ["undersoker", "saksansvarlig"], "rektor", "rektor"),
        (None, ["undersoker", "saksansvarlig"], "kontaktlaerer", "kontaktlaerer"),
        ("ansatt", [], "rektor", "rektor"),
        ("ansatt", [], "ledelse", "rektor"),
        ("ansatt", [], "kontaktlaerer", "saksansvarlig"),
        ("ansatt", ["undersoker"], "rektor", "undersoker"),
        ("ansatt", ["undersoker"], "ledelse", "undersoker"),
        ("ansatt", ["undersoker"], "skoleeier", "skoleeier"),
        ("ansatt", ["undersoker"], "melder", "melder"),
        ("ledelse", [], "rektor", "skoleeier"),
        ("ledelse", [], "kontaktlaerer", "saksansvarlig"),
        ("ledelse", ["undersoker"], "rektor", "undersoker"),
    ],
)
def test_whose_step_it_is_in_a_shielded_case(world, shield, given, lane, role):
    case = world.case(shielded=shield)
    for name in given:
        world.give(case, world.people["aks"], name)
    circle = around(world.session, [case], world.now)[case.id]
    assert circle.handler_role(Role(lane)) == role
