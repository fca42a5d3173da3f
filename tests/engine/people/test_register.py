"""References, names and the choices of the pickers."""

from datetime import date

import pytest

from engine.database.tables import Guardian, Guardianship, Pupil
from engine.people import register
from engine.people.register import Kind, Option


@pytest.fixture
def family(world):
    """Noor and Emil of 4B with a guardian they share, and Emil's other guardian."""
    emil = world.add(Pupil(school_id=world.school.id, name="Emil", class_name="4B"))
    shared = world.add(Guardian(name="Sara"))
    other = world.add(Guardian(name="Adam"))
    for pupil, guardian, flags in (
        (world.pupil, shared, {}),
        (emil, shared, {}),
        (emil, other, {"address_block": True, "interpreter": True}),
    ):
        world.add(Guardianship(pupil_id=pupil.id, guardian_id=guardian.id, **flags))
    return world.pupil, emil, shared, other


def test_a_reference_is_read_as_it_was_written():
    for kind in Kind:
        assert register.parse(register.ref(kind, 7)) == (kind, 7)
    assert register.ref("ansatt", 7) == "ansatt:7"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "elev",
        "elev:",
        "elev:x",
        "elev:-1",
        "elev:1:2",
        "rektor:1",
        "elev:²",
        "elev:" + "9" * 20,
        None,
        7,
        ["elev:1"],
    ],
)
def test_what_is_no_reference(text):
    assert register.parse(text) == (None, None)


def test_names(world, family):
    noor, emil, shared, _ = family
    maja = world.person("Maja")
    refs = [f"elev:{noor.id}", f"ansatt:{maja.id}", f"foresatt:{shared.id}"]
    assert register.names_of(world.session, [*refs, "elev:999", "tull"]) == dict(
        zip(refs, ["Noor, 4B", "Maja", "Sara"], strict=True)
    )
    assert register.name_of(world.session, f"elev:{emil.id}") == "Emil, 4B"
    assert register.name_of(world.session, "ansatt:999") is None
    assert register.names_of(world.session, []) == {}


def test_guardians_come_with_their_flags(world, family):
    found = register.guardians_of(world.session, family[1].id)
    assert [(guardian.name, link.address_block) for guardian, link in found] == [
        ("Adam", True),
        ("Sara", False),
    ]


def labels(options: list[Option]) -> list[str]:
    return [option.label for option in options]


def test_the_choices_in_a_case(world, family):
    shared = family[2]
    world.add(
        Pupil(school_id=world.school.id, name="Flyttet", class_name="4B", left_on=date(2026, 9, 1))
    )
    world.add(Pupil(school_id=world.other_school.id, name="Nabo", class_name="4B"))
    world.person("gone", "aks", active=False)
    world.person("old", "aks", to_date=date(2026, 9, 1))
    world.person("elsewhere", "aks", school_id=world.other_school.id)
    world.hold(world.people["kontaktlaerer"], "faglaerer")

    found = register.pickers(world.session, world.school.id, world.case(), world.now)

    assert labels(found["elever"]) == ["Emil, 4B", "Noor, 4B"]
    assert found["foresatte"] == [Option(f"foresatt:{shared.id}", "Sara, foresatt til Noor, 4B")]
    assert "kontaktlaerer, kontaktlærer 4B, faglærer" in labels(found["ansatte"])
    assert len(found["ansatte"]) == 14  # one of each role, and the reporter
    assert {register.parse(option.value)[0] for option in found["ansatte"]} == {Kind.ANSATT}


def test_guardians_of_others_who_are_involved(world, family):
    emil = family[1]
    found = register.pickers(
        world.session, world.school.id, world.case(), world.now, pupils=[emil.id]
    )
    assert labels(found["foresatte"]) == [
        "Adam, foresatt til Emil, 4B",
        "Sara, foresatt til Emil, 4B og Noor, 4B",
    ]


def test_without_a_pupil_all_guardians_at_the_school(world, family):
    found = register.pickers(world.session, world.school.id, None, world.now)
    assert len(found["foresatte"]) == 2
    assert register.pickers(world.session, world.other_school.id, None, world.now) == {
        "elever": [],
        "ansatte": [],
        "foresatte": [],
    }
