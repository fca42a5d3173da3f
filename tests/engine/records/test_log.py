"""The audit log: each way of tampering is found, each by raw SQL behind the product's back."""

import sqlite3
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from engine.database.tables import Account, Case, Event, ProcessVersion, School
from engine.records.log import Broken, Damage, Kind, append, row_hash, verify

ROWS = 6


@pytest.fixture
def cases(database, clock):
    """Two cases with a chain each; the second is there to stay whole."""
    with database.transaction() as session:
        school = School(name="Nedre Bekkelaget", owner="Oslo")
        account = Account(username="maja", name="Maja", password_hash="x")
        version = ProcessVersion(
            sha256="0" * 64, process_id="p", name="P", status="published", bundle=b"",
            created_at=clock(),
        )  # fmt: skip
        session.add_all([school, account, version])
        session.flush()
        numbers = []
        for number in ("2026-001", "2026-002"):
            case = Case(
                number=number, school_id=school.id, reporter_id=account.id, process_id="p",
                version=version.sha256, status="aapen", opened_at=clock(), state=b"",
                state_version=1,
            )  # fmt: skip
            session.add(case)
            session.flush()
            numbers.append(case.id)
        for turn in range(ROWS):
            for number in numbers:
                append(
                    session,
                    session.get_one(Case, number),
                    Kind.OPPGAVE_UTFORT if turn else Kind.SAK_STARTET,
                    clock() + timedelta(seconds=turn, microseconds=turn),
                    account.id,
                    step=f"steg_{turn}",
                    step_name=f"Steg {turn}",
                    process_id="p",
                    role="rektor",
                    sealed_detail=bytes([turn, 255]),
                )
    return numbers


def broken(database) -> list[Broken]:
    with database.session() as session:
        return list(verify(session))


def tamper(database, *statements: str) -> None:
    """Run SQL with nothing of the product between, foreign keys off."""
    with sqlite3.connect(database.url.database) as file:
        for statement in statements:
            assert file.execute(statement).rowcount != 0, statement


def test_a_whole_log(database, cases):
    assert broken(database) == []
    with database.session() as session:
        case = session.get_one(Case, cases[0])
        rows = session.scalars(
            select(Event).where(Event.case_id == case.id).order_by(Event.seq)
        ).all()
        assert [row.seq for row in rows] == list(range(1, ROWS + 1)) and case.event_count == ROWS
        assert [row.prev for row in rows] == ["", *[row.hash for row in rows[:-1]]]
        assert case.event_head == rows[-1].hash
        assert rows[0].version == case.version


CHANGES = {
    "at": "'2026-01-01 12:00:00.000000'",
    "kind": "'notat'",
    "step": "'annet'",
    "step_name": "NULL",
    "process_id": "'q'",
    "role": "'ledelse'",
    "actor_id": "NULL",
    "version": "'1'",
    "sealed_detail": "x'00'",
    "prev": "'x'",
    "hash": "'x'",
}


@pytest.mark.parametrize("column", CHANGES)
@pytest.mark.parametrize("seq", [1, 3, ROWS])
def test_a_changed_column(database, cases, column, seq):
    tamper(
        database,
        f"UPDATE event SET {column} = {CHANGES[column]} WHERE case_id = {cases[0]} AND seq = {seq}",
    )
    assert broken(database) == [Broken("2026-001", seq, Damage.ENDRET)]


def test_every_column_is_covered():
    outside = {"id", "hash", "case_id", "seq"}  # the last two: see moved and re-ordered rows
    assert set(CHANGES) | outside == {column.name for column in Event.__table__.columns}


def test_one_bit_of_the_sealed_bytes(database, cases):
    tamper(
        database, f"UPDATE event SET sealed_detail = x'03fe' WHERE case_id = {cases[0]} AND seq = 4"
    )
    assert broken(database) == [Broken("2026-001", 4, Damage.ENDRET)]


@pytest.mark.parametrize("seq", [1, 3, ROWS - 1])
def test_a_removed_row(database, cases, seq):
    tamper(database, f"DELETE FROM event WHERE case_id = {cases[0]} AND seq = {seq}")
    assert broken(database) == [Broken("2026-001", seq, Damage.FJERNET)]


@pytest.mark.parametrize("seq", [1, 3, ROWS - 1])
def test_a_removed_row_with_the_gap_closed(database, cases, seq):
    tamper(
        database,
        f"DELETE FROM event WHERE case_id = {cases[0]} AND seq = {seq}",
        *(
            f"UPDATE event SET seq = {later - 1} WHERE case_id = {cases[0]} AND seq = {later}"
            for later in range(seq + 1, ROWS + 1)
        ),
    )
    assert broken(database) == [Broken("2026-001", seq, Damage.ENDRET)]


@pytest.mark.parametrize("left", [0, 1, ROWS - 1])
def test_a_cut_off_tail(database, cases, left):
    tamper(database, f"DELETE FROM event WHERE case_id = {cases[0]} AND seq > {left}")
    assert broken(database) == [Broken("2026-001", left + 1, Damage.AVKORTET)]


def test_a_cut_off_tail_with_the_count_corrected(database, cases):
    tamper(
        database,
        f"DELETE FROM event WHERE case_id = {cases[0]} AND seq > 4",
        f"UPDATE 'case' SET event_count = 4 WHERE id = {cases[0]}",
    )
    assert broken(database) == [Broken("2026-001", 4, Damage.ENDRET)]


def forge(database, case_id: int, seq: int, prev: str) -> None:
    """Insert a row that is right in itself, as one who knows the encoding would."""
    with database.transaction() as session:
        row = session.scalars(select(Event).where(Event.case_id == case_id).limit(1)).one()
        values = {
            column.name: getattr(row, column.name)
            for column in Event.__table__.columns
            if column.name != "id"
        }
        forged = Event(**{**values, "seq": seq, "prev": prev, "step": "forged"})
        forged.hash = row_hash(forged)
        session.add(forged)


def head(database, case_id: int, seq: int) -> str:
    with database.session() as session:
        return session.scalar(select(Event.hash).where(Event.case_id == case_id, Event.seq == seq))


@pytest.mark.parametrize("seq", [0, -1])
def test_a_row_inserted_before_the_first(database, cases, seq):
    forge(database, cases[0], seq, "")
    assert broken(database) == [Broken("2026-001", seq, Damage.SATT_INN)]


def test_a_row_inserted_at_the_end(database, cases):
    forge(database, cases[0], ROWS + 1, head(database, cases[0], ROWS))
    assert broken(database) == [Broken("2026-001", ROWS + 1, Damage.SATT_INN)]


def test_a_row_inserted_in_the_middle(database, cases):
    tamper(
        database,
        *(
            f"UPDATE event SET seq = {later + 1} WHERE case_id = {cases[0]} AND seq = {later}"
            for later in range(ROWS, 2, -1)
        ),
    )
    forge(database, cases[0], 3, head(database, cases[0], 2))
    assert broken(database) == [Broken("2026-001", 4, Damage.ENDRET)]  # the row that was moved on


def test_a_row_replaced_by_one_that_is_right_in_itself(database, cases):
    prev = head(database, cases[0], 2)
    tamper(database, f"DELETE FROM event WHERE case_id = {cases[0]} AND seq = 3")
    forge(database, cases[0], 3, prev)
    assert broken(database) == [Broken("2026-001", 3, Damage.ENDRET)]


def test_the_last_row_replaced_by_one_that_is_right_in_itself(database, cases):
    tamper(database, f"DELETE FROM event WHERE case_id = {cases[0]} AND seq = {ROWS}")
    forge(database, cases[0], ROWS, head(database, cases[0], ROWS - 1))
    assert broken(database) == [Broken("2026-001", ROWS, Damage.ENDRET)]


def test_two_rows_in_the_others_place(database, cases):
    swap = "UPDATE event SET seq = {} WHERE case_id = {} AND seq = {}"
    tamper(database, *(swap.format(to, cases[0], old) for old, to in ((2, 99), (4, 2), (99, 4))))
    assert broken(database) == [Broken("2026-001", 2, Damage.ENDRET)]


def test_a_row_moved_to_another_case(database, cases):
    tamper(
        database,
        f"DELETE FROM event WHERE case_id = {cases[0]} AND seq = 3",
        f"UPDATE event SET case_id = {cases[0]} WHERE case_id = {cases[1]} AND seq = 3",
    )
    assert broken(database) == [
        Broken("2026-001", 3, Damage.ENDRET),
        Broken("2026-002", 3, Damage.FJERNET),
    ]


def test_a_log_whose_case_is_gone(database, cases):
    tamper(database, f"DELETE FROM 'case' WHERE id = {cases[0]}")
    assert broken(database) == [Broken("", 1, Damage.UTEN_SAK)]


def test_one_case_alone(database, cases):
    tamper(database, f"DELETE FROM event WHERE case_id = {cases[0]} AND seq = 3")
    with database.session() as session:
        assert list(verify(session, cases[1])) == []
        assert list(verify(session, cases[0])) == [Broken("2026-001", 3, Damage.FJERNET)]


def test_what_stands_in_one_column_never_reads_as_another():
    """The encoding is unambiguous: text moved over a border between columns is another row."""
    base = {
        "case_id": 1, "seq": 1, "kind": "notat", "actor_id": None, "version": "v", "prev": "",
        "process_id": None, "role": None, "sealed_detail": None,
    }  # fmt: skip
    pairs = [
        ({"step": "a", "step_name": "b"}, {"step": "ab", "step_name": ""}),
        ({"step": None, "step_name": "null"}, {"step": "null", "step_name": None}),
        ({"step": 'a","b', "step_name": ""}, {"step": "a", "step_name": 'b",""'}),
        ({"step": "", "step_name": None}, {"step": None, "step_name": None}),
    ]
    at = datetime(2026, 9, 8, tzinfo=UTC)
    for one, other in pairs:
        rows = [Event(**base, at=at, **values) for values in (one, other)]
        assert row_hash(rows[0]) != row_hash(rows[1])


def test_a_log_that_was_emptied_with_its_count(database, cases):
    tamper(
        database,
        f"DELETE FROM event WHERE case_id = {cases[0]}",
        f"UPDATE \"case\" SET event_count = 0, event_head = '' WHERE id = {cases[0]}",
    )
    assert broken(database) == [Broken("2026-001", 1, Damage.AVKORTET)]


def test_a_row_that_can_not_be_read(database, cases):
    tamper(database, f"UPDATE event SET at = 'x' WHERE case_id = {cases[0]} AND seq = 2")
    assert broken(database) == [Broken("2026-001", 2, Damage.ENDRET)]
