"""Sealing and unsealing."""

import pickle

import pytest

from engine.records.vault import KeyFileError, MasterKey, Unreadable

DATA = {"elevens_ord": "Jeg gruer meg «æøå»", "tall": [1, 2.5, None, True], "tom": {}}


def test_what_is_sealed_comes_back(master_key):
    key, wrapped = master_key.new_case_key()
    sealed = master_key.seal(key, DATA, "answer")
    assert master_key.unseal(key, sealed, "answer") == DATA
    assert master_key.unseal(master_key.unwrap(wrapped), sealed, "answer") == DATA
    assert b"gruer" not in sealed


def test_sealed_twice_it_never_looks_the_same(master_key):
    key, _ = master_key.new_case_key()
    assert master_key.seal(key, DATA, "answer") != master_key.seal(key, DATA, "answer")


def test_another_key_or_another_purpose_opens_nothing(master_key):
    key, _ = master_key.new_case_key()
    other, _ = master_key.new_case_key()
    sealed = master_key.seal(key, DATA, "answer")
    for attempt in ((other, sealed, "answer"), (key, sealed, "note")):
        with pytest.raises(Unreadable, match="kan ikke leses"):
            master_key.unseal(*attempt)


def test_every_changed_bit_and_every_shortening_is_noticed(master_key):
    key, wrapped = master_key.new_case_key()
    sealed = master_key.seal(key, 1, "answer")
    spoilt = [bytes(sealed[:n]) for n in range(len(sealed))]
    for place in range(len(sealed)):
        changed = bytearray(sealed)
        changed[place] ^= 1
        spoilt.append(bytes(changed))
    for data in spoilt:
        with pytest.raises(Unreadable):
            master_key.unseal(key, data, "answer")
    with pytest.raises(Unreadable):
        master_key.unwrap(wrapped[:-1])
    with pytest.raises(Unreadable):
        master_key.unwrap(sealed)


def test_without_the_wrapped_key_the_content_is_gone(master_key):
    with pytest.raises(Unreadable, match="slettet"):
        master_key.unwrap(None)


def test_another_master_key_opens_no_case(master_key, tmp_path):
    _, wrapped = master_key.new_case_key()
    other = MasterKey.from_file(tmp_path / "other.key", create=True)
    with pytest.raises(Unreadable):
        other.unwrap(wrapped)


def test_a_personal_key_is_the_same_each_time_and_no_one_elses(master_key):
    sealed = master_key.seal(master_key.personal_key(7), DATA, "draft")
    assert master_key.unseal(master_key.personal_key(7), sealed, "draft") == DATA
    for number in (0, 8, 77):
        with pytest.raises(Unreadable):
            master_key.unseal(master_key.personal_key(number), sealed, "draft")


def test_what_is_no_json_is_refused(master_key):
    key, _ = master_key.new_case_key()
    for data in ({1, 2}, float("nan"), object()):
        with pytest.raises((TypeError, ValueError)):
            master_key.seal(key, data, "answer")


def test_a_key_does_not_show_itself(master_key):
    key, _ = master_key.new_case_key()
    assert repr(key) == "<Key>"
    with pytest.raises(TypeError):
        pickle.dumps(key)


# --- the file with the master key ----------------------------------------------------------------


def test_the_file_is_made_once_for_its_owner_alone(tmp_path):
    path = tmp_path / "var" / "master.key"
    _, wrapped = MasterKey.from_file(path, create=True).new_case_key()
    assert path.stat().st_mode & 0o777 == 0o600
    assert len(bytes.fromhex(path.read_text().strip())) == 32
    assert list(path.parent.iterdir()) == [path]
    MasterKey.from_file(path, create=True).unwrap(wrapped)
    MasterKey.from_file(path).unwrap(wrapped)


def test_a_file_that_others_can_read_is_refused(tmp_path):
    path = tmp_path / "master.key"
    MasterKey.from_file(path, create=True)
    for mode in (0o644, 0o640, 0o604, 0o620):
        path.chmod(mode)
        with pytest.raises(KeyFileError, match="chmod 600"):
            MasterKey.from_file(path)


@pytest.mark.parametrize("text", ["", "00" * 31, "00" * 33, "zz" * 32, "æ" * 64])
def test_a_file_with_no_key_in_it_is_refused(tmp_path, text):
    path = tmp_path / "master.key"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(KeyFileError):
        MasterKey.from_file(path, create=True)


def test_a_file_that_is_not_there_is_not_made_unasked(tmp_path):
    with pytest.raises(KeyFileError, match="kan ikke leses"):
        MasterKey.from_file(tmp_path / "master.key")
