"""Who holds a school role, and when."""

from datetime import date, timedelta

from engine.people import access
from engine.people.roles import (
    CASE_ROLES,
    LABELS,
    SCHOOL_ROLES,
    Role,
    held_by,
    holders,
)


def test_every_role_is_of_one_kind_and_has_a_name():
    assert set(Role) == SCHOOL_ROLES | CASE_ROLES
    assert not SCHOOL_ROLES & CASE_ROLES
    assert set(LABELS) == set(Role)
    assert not {"ansatt", "elev", "foresatte"} & set(Role)


def test_only_ledelse_acts_as_another():
    assert access.with_deputies({Role.REKTOR}) == {Role.REKTOR, Role.LEDELSE}
    for role in set(Role) - {Role.REKTOR}:
        assert access.with_deputies({role}) == {role}
    assert access.with_deputies(()) == frozenset()


def test_a_holding_counts_from_its_first_day_to_its_last(world):
    teacher = world.person("vikar")
    world.hold(teacher, "aks", from_date=date(2026, 9, 1), to_date=date(2026, 9, 3))
    counted = [
        day
        for day in (date(2026, 8, 31) + timedelta(days=n) for n in range(6))
        if held_by(world.session, teacher.id, day)
    ]
    assert counted == [date(2026, 9, 1), date(2026, 9, 2), date(2026, 9, 3)]


def test_an_account_that_is_not_active_holds_nothing(world):
    gone = world.person("gone", "aks", active=False)
    assert held_by(world.session, gone.id, world.today) == []
    found = holders(world.session, world.school.id, Role.AKS, world.today)
    assert found == [world.people["aks"]]


def test_holders_at_the_school_for_the_class_in_order_of_name(world):
    berit = world.person("Berit", "kontaktlaerer", class_name="4B")
    anna = world.person("Anna", "kontaktlaerer", class_name="4A")
    world.person("elsewhere", "kontaktlaerer", class_name="4B", school_id=world.other_school.id)
    own = world.people["kontaktlaerer"]

    def found(class_name=None):
        return holders(world.session, world.school.id, Role.KONTAKTLAERER, world.today, class_name)

    assert found("4B") == [berit, own]
    assert found() == [anna, berit, own]
    assert found("7C") == []
    # Only the kontaktlærer's role is for a class.
    assert holders(world.session, world.school.id, Role.AKS, world.today, "7C")
