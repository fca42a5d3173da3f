"""Accounts and passwords."""

import pytest
from argon2 import PasswordHasher

from engine.database.tables import Account
from engine.people import accounts
from engine.refusals import Reason, Refusal

PASSWORD = "riktig hest batteri"


@pytest.fixture
def session(database):
    with database.transaction() as session:
        yield session


@pytest.fixture
def maja(session) -> Account:
    return accounts.create_account(session, "Maja.Lund ", "Maja Lund", PASSWORD)


def test_the_right_name_and_password(session, maja):
    assert accounts.verify(session, "maja.lund", PASSWORD) is maja
    assert accounts.verify(session, " MAJA.LUND", PASSWORD) is maja
    assert PASSWORD not in maja.password_hash


@pytest.mark.parametrize(
    ("username", "password"),
    [("maja.lund", "feil hest batteri"), ("maja.lund", ""), ("ukjent", PASSWORD), ("", "")],
)
def test_anything_else(session, maja, username, password):
    assert accounts.verify(session, username, password) is None


def test_an_account_that_is_not_active(session, maja):
    maja.active = False
    session.flush()
    assert accounts.verify(session, "maja.lund", PASSWORD) is None


def test_an_account_without_a_password_is_never_let_in(session, maja):
    maja.password_hash = ""
    session.flush()
    assert accounts.verify(session, "maja.lund", "") is None


def test_an_unknown_name_costs_as_much_as_a_known_one(session, maja, monkeypatch):
    checked = []
    fits = accounts.passwords.fits
    monkeypatch.setattr(
        accounts.passwords,
        "fits",
        lambda hashed, password: checked.append(hashed.split("$")[:4]) or fits(hashed, password),
    )
    accounts.verify(session, "maja.lund", "feil hest batteri")
    accounts.verify(session, "ukjent", "feil hest batteri")
    assert len(checked) == 2
    assert checked[0] == checked[1]  # the same kind of hash, with the same settings


def test_letters_composed_in_another_way_are_the_same_password(session):
    accounts.create_account(session, "asa", "Åsa", "grønn å med ring")
    assert accounts.verify(session, "asa", "grønn a\u030a med ring")


@pytest.mark.parametrize(
    ("username", "name", "password", "path"),
    [
        ("maja.lund", "En annen", PASSWORD, "brukernavn"),
        (" ", "Noen", PASSWORD, "brukernavn"),
        ("ny", " ", PASSWORD, "brukernavn"),
        ("ny", "Ny", "kort", "passord"),
        ("ny", "Ny", "x" * 201, "passord"),
    ],
)
def test_what_is_refused_and_why(session, maja, username, name, password, path):
    with pytest.raises(Refusal) as refused:
        accounts.create_account(session, username, name, password)
    assert refused.value.code is Reason.UGYLDIG_SVAR
    assert [fault.path for fault in refused.value.faults] == [path]


def test_changing_the_password(session, maja):
    accounts.change_password(maja, PASSWORD, "et helt nytt passord")
    assert accounts.verify(session, "maja.lund", PASSWORD) is None
    assert accounts.verify(session, "maja.lund", "et helt nytt passord") is maja
    for old, new, path in (
        (PASSWORD, "et nytt til", "gammelt"),
        ("et helt nytt passord", "kort", "passord"),
    ):
        with pytest.raises(Refusal) as refused:
            accounts.change_password(maja, old, new)
        assert refused.value.faults[0].path == path


def test_a_hash_is_renewed_when_the_work_has_changed(session, maja):
    before = maja.password_hash
    accounts.renew_hash(maja, PASSWORD)
    assert maja.password_hash == before
    maja.password_hash = PasswordHasher(time_cost=2, memory_cost=8, parallelism=1).hash(PASSWORD)
    accounts.renew_hash(maja, PASSWORD)
    assert "t=1" in maja.password_hash
    assert accounts.verify(session, "maja.lund", PASSWORD) is maja
