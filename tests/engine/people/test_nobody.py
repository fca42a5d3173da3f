"""Tasks that nobody can do: one statement finds those that are found by asking one by one."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from engine.database.tables import Pupil
from engine.people.roles import SCHOOL_ROLES, Role
from engine.people.standing import cases_of_nobody, task_holders
from tests.counting import counted

ROLES = (*sorted(Role), None)
SHIELDS = (None, None, "ansatt", "ledelse")


@pytest.fixture(params=["sqlite", "postgresql"])
def any_world(request):
    name = "world" if request.param == "sqlite" else "postgres_world"
    return request.getfixturevalue(name)


def crowd(world, draw: random.Random) -> list:
    """Some hold a role here, some at the other school, some have left."""
    schools = (world.school.id, world.school.id, world.other_school.id)
    people = [world.person("nobody")]
    for number in range(12):
        role = draw.choice(sorted(SCHOOL_ROLES))
        times = draw.choice(
            [{}, {"to_date": world.today - timedelta(days=1)}, {"active": draw.random() < 0.5}]
        )
        people.append(
            world.person(
                f"p{number}",
                role,
                school_id=draw.choice(schools),
                class_name=draw.choice(("4A", "4B", None)),
                **times,
            )
        )
    for role, account in world.people.items():
        account.active = role not in draw.sample(sorted(world.people), 6)
    return [*people, *world.people.values()]


@pytest.mark.parametrize("seed", range(3))
def test_they_are_those_that_nobody_has_when_each_is_asked_for(any_world, seed):
    world, draw = any_world, random.Random(seed)
    people, tasks = crowd(world, draw), []
    for _ in range(40):
        case = world.case(
            shielded=draw.choice(SHIELDS),
            pupil_id=draw.choice((world.pupil.id, world.pupil.id, None)),
            school_id=draw.choice((world.school.id, world.other_school.id)),
            reporter_id=draw.choice(people).id,
        )
        for account in draw.sample(people, draw.choice((0, 0, 1, 8))):
            world.name(case, account)
        for account in draw.sample(people, draw.choice((0, 1, 2))):
            ends = draw.choice((None, world.now, world.now + timedelta(hours=1)))
            world.give(case, account, draw.choice(sorted(Role)), to_time=ends)
        for _ in range(draw.choice((1, 3))):
            assignee = draw.choice((None, None, draw.choice(people).id))
            state = draw.choice(("open", "open", "done"))
            tasks.append(world.task(case, draw.choice(ROLES), assignee_id=assignee, state=state))
    world.session.flush()
    empty = {
        task.case_id
        for task in tasks
        if task.state == "open" and not task_holders(world.session, task, world.now)
    }
    assert 0 < len(empty) < 40
    assert cases_of_nobody(world.session, world.now) == empty


def _named(world):
    yield world.task(world.case(), "aks")
    case = world.case()
    world.name(case, world.people["aks"])
    yield world.task(case, "aks")


def _given(world):
    case = world.case()
    world.give(case, world.people["aks"], "ansvarlig")
    yield world.task(case, "ansvarlig")
    yield world.task(world.case(), "ansvarlig")


def _reporter(world):
    yield world.task(world.case(), "melder")
    yield world.task(world.case(reporter_id=world.person("gone", active=False).id), "melder")


def _shielded(world):
    yield world.task(world.case(), "aks")
    yield world.task(world.case(shielded="ansatt"), "aks")


def _of_another_class(world):
    yield world.task(world.case(), "kontaktlaerer")
    pupil = Pupil(school_id=world.school.id, name="Ine", class_name="1A")
    yield world.task(world.case(pupil_id=world.add(pupil).id), "kontaktlaerer")


def _of_a_pupil_elsewhere(world):
    yield world.task(world.case(), "kontaktlaerer")
    pupil = Pupil(school_id=world.other_school.id, name="Ine", class_name="4B")
    yield world.task(world.case(pupil_id=world.add(pupil).id), "kontaktlaerer")


def _elsewhere(world):
    yield world.task(world.case(), "aks")
    yield world.task(world.case(school_id=world.other_school.id), "aks")


def _assigned(world):
    yield world.task(world.case(), "aks", assignee_id=world.people["aks"].id)
    for role in ("rektor", "ledelse"):
        world.people[role].active = False
    yield world.task(world.case(), "aks", assignee_id=world.person("gone", active=False).id)


def _of_another_role(world):
    yield world.task(world.case(), "aks")
    yield world.task(world.case(), None)


PAIRS = (
    _named, _given, _reporter, _shielded, _of_another_class, _of_a_pupil_elsewhere, _elsewhere,
    _assigned, _of_another_role,
)  # fmt: skip


@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.parametrize("first", ["somebodys", "nobodys"])
def test_one_thing_makes_the_difference(world, pair, first):
    """Two tasks that are alike but for this: one is somebody's, the other nobody's."""
    somebodys, nobodys = pair(world)
    if first == "nobodys":
        somebodys.case_id, nobodys.case_id = nobodys.case_id, somebodys.case_id
        for name in ("role", "assignee_id"):
            one, other = getattr(nobodys, name), getattr(somebodys, name)
            setattr(somebodys, name, one)
            setattr(nobodys, name, other)
        somebodys, nobodys = nobodys, somebodys
    world.session.flush()
    assert task_holders(world.session, somebodys, world.now)
    assert cases_of_nobody(world.session, world.now) == {nobodys.case_id}


def test_one_statement_finds_them(world, database):
    world.task(world.case(), None)
    world.session.flush()
    with counted(database) as statements:
        assert len(cases_of_nobody(world.session, world.now)) == 1
    assert len(statements) == 1


def test_there_are_none_where_nothing_is_open(world):
    world.task(world.case(), "rektor", state="done")
    assert cases_of_nobody(world.session, world.now) == set()
