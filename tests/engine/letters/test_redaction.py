"""Names that a letter must not carry."""

from __future__ import annotations

import pytest

from engine.database.tables import Guardian, Guardianship, Pupil, School
from engine.letters.redaction import Names, names_for


@pytest.fixture
def session(database):
    with database.transaction() as session:
        yield session


@pytest.fixture
def pupils(session):
    school = School(name="Tyttebærlia skole", owner="Tyttebærlia kommune")
    session.add(school)
    session.flush()
    found = {
        name: Pupil(school_id=school.id, name=name, class_name=class_name)
        for name, class_name in (
            ("Noor Kløvereng", "4B"),
            ("Ada Kløvereng", "4B"),  # the same surname
            ("Ask Lyng-Fjell", "4B"),
            ("Bo Li", "4B"),  # parts too short to stand alone
            ("Storm Havn", "7A"),
            ("Emil", "7A"),  # may be a teacher's name too
            ("Una Strand", "7A"),
        )
    }
    session.add_all(found.values())
    session.flush()
    return found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Ask plager Noor.", "En annen elev plager Noor."),
        ("Noor er redd for Ask Lyng-Fjell.", "Noor er redd for en annen elev."),
        ("Det gjelder Asks gjeng og Lyng.", "Det gjelder en annen elevs gjeng og en annen elev."),
        ("Asken står der. Ask. Han", "Asken står der. En annen elev. Han"),
        ("Ada og Noor Kløvereng", "En annen elev og Noor Kløvereng"),
        ("Bo Li bor her. Bo blir.", "En annen elev bor her. Bo blir."),
        ("Storm kommer. Storm Havn ser på.", "Storm kommer. En annen elev ser på."),
        ("Emil følger Noor. Una Strand ikke.", "Emil følger Noor. En annen elev ikke."),
    ],
)
def test_other_pupils_are_taken_out(session, pupils, text, found):
    names = names_for(session, pupils["Noor Kløvereng"], 0, ())
    assert names.redacted(text, "nb") == found


def test_those_involved_are_taken_out_by_first_name_wherever_they_go(session, pupils):
    noor, una = pupils["Noor Kløvereng"], pupils["Una Strand"]
    assert names_for(session, noor, 0, ()).redacted("med Una", "en") == "med Una"
    found = names_for(session, noor, 0, [una.id]).redacted("med Una", "en")
    assert found == "med another pupil"


def test_the_other_home_is_taken_out_only_where_an_address_is_blocked(session, pupils):
    noor = pupils["Noor Kløvereng"]
    mother, father = Guardian(name="Samira Kløvereng"), Guardian(name="Tariq Fjellstrøm")
    session.add_all([mother, father])
    session.flush()
    links = [Guardianship(pupil_id=noor.id, guardian_id=each.id) for each in (mother, father)]
    session.add_all(links)
    session.flush()
    text = "Samira og Tariq Fjellstrøm er enige. Kløvereng."
    assert names_for(session, noor, mother.id, ()).redacted(text, "nb") == text
    links[0].address_block = True
    session.flush()
    for guardian, found in (
        (mother, "Samira og [navn fjernet] er enige. Kløvereng."),
        (father, "[navn fjernet] og Tariq Fjellstrøm er enige. Kløvereng."),
    ):
        names = names_for(session, noor, guardian.id, ())
        assert names.redacted(text, "nb") == found


def test_a_name_is_never_a_pattern():
    assert Names((".*",), ()).redacted("alt er med", "nb") == "alt er med"
