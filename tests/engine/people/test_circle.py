"""The people around a case, in memory: they are exactly those whom the access rules name."""

from __future__ import annotations

import itertools
from datetime import date, timedelta

import pytest

from engine.people.circle import around
from engine.people.roles import Role
from engine.people.standing import case_holders

SHIELDS = (None, "ansatt", "ledelse")


def people(world) -> list:
    """More than one of a kind: deputies, other classes, other schools, those who have left."""
    other = world.other_school.id
    return [
        *world.people.values(),
        world.reporter,
        world.person("Randi", "rektor"),
        world.person("both", "ledelse", "kontaktlaerer", class_name="4B"),
        world.person("4A", "kontaktlaerer", class_name="4A"),
        world.person("any class", "kontaktlaerer"),
        world.person("gone", "rektor", "ledelse", active=False),
        world.person("was", "rektor", to_date=date(2026, 8, 31)),
        world.person("will be", "ledelse", from_date=date(2026, 12, 1)),
        world.person("elsewhere", "rektor", "ledelse", "skoleeier", school_id=other),
        world.person("4B elsewhere", "kontaktlaerer", school_id=other, class_name="4B"),
        world.person("nobody"),
    ]


def cases(world) -> list:
    """Cases of every shield, with and without a pupil, at either school."""
    made = []
    for shield, pupil, school in itertools.product(
        SHIELDS, (world.pupil.id, None), (world.school.id, world.other_school.id)
    ):
        made.append(world.case(shielded=shield, pupil_id=pupil, school_id=school))
    for class_name in ("4A", "4B", None):
        made.append(world.case(pupil_id=None, title="Sosiogram", class_name=class_name))
    return made


def agree(world, made) -> None:
    """Both say the same of every role in every case."""
    world.session.flush()
    circles = around(world.session, made, world.now)
    for case, role, deputies in itertools.product(made, Role, (True, False)):
        in_sql = case_holders(world.session, case, role, world.now, deputies)
        in_memory = circles[case.id].holders(role, deputies)
        about = (case.shielded, case.pupil_id, case.school_id, role, deputies)
        assert [one.id for one in in_memory] == [one.id for one in in_sql], about


def test_nobody_is_given_or_named(world):
    people(world)
    agree(world, cases(world))


def test_everybody_is_given_something(world):
    """Each person holds each case role in some case: in force, ended, still to come."""
    everybody, made = people(world), cases(world)
    roles = ("melder", "saksansvarlig", "undersoker", "ansvarlig", "rektor")
    ended = {"to_time": world.now - timedelta(hours=1)}
    later = {"from_time": world.now + timedelta(hours=1)}
    ends = {"to_time": world.now + timedelta(hours=1)}
    times = itertools.cycle([{}, ended, {}, later, ends, {"to_time": world.now}])
    for number, person in enumerate(everybody):
        for place, case in enumerate(made):
            if (number + place) % 3 == 0:
                world.give(case, person, roles[(number + place) % len(roles)], **next(times))
    agree(world, made)


@pytest.mark.parametrize("role", ["saksansvarlig", "undersoker"])
def test_one_who_has_left_is_given_a_role(world, role):
    people(world)
    made = cases(world)
    for place, case in enumerate(made):
        left = world.person(f"left {place}", "aks", active=place % 2 == 0)
        if place % 2 == 0:
            left = world.person(f"moved {place}", "aks", school_id=world.other_school.id)
        world.give(case, left, role)
    agree(world, made)


def test_everybody_is_named_somewhere(world):
    everybody, made = people(world), cases(world)
    for number, person in enumerate(everybody):
        for place, case in enumerate(made):
            if (number * 7 + place) % 4 == 0:
                world.name(case, person)
                world.give(case, person, "saksansvarlig")
    agree(world, made)


def test_no_rektor_at_all(world):
    everybody, made = people(world), cases(world)
    for person in everybody:
        if person.name in ("rektor", "Randi"):
            person.active = False
    agree(world, made)


def test_what_a_step_changes_counts_at_once(world):
    """A role given, a person named, a shield and a pupil set, before any of it is written."""
    people(world)
    case = world.case(pupil_id=None)
    circle = around(world.session, [case], world.now)[case.id]
    aks = world.people["aks"]
    circle.give(world.give(case, aks, "saksansvarlig"), staff=True)
    circle.named.add(world.people["rektor"].id)
    world.name(case, world.people["rektor"])
    case.shielded, case.pupil_id = "ansatt", world.pupil.id
    circle.meet_pupil(world.session, world.pupil.id)
    world.session.flush()
    for role in Role:
        in_sql = case_holders(world.session, case, role, world.now)
        assert [one.id for one in circle.holders(role)] == [one.id for one in in_sql], role
