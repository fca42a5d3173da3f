"""Transactions, on both databases."""

import sqlite3
import threading
import time

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from engine.database.session import Database, Unusable, lock_case, migrate
from engine.database.tables import Account, Case, Guardianship, ProcessVersion, School

THREADS, TURNS = 8, 20


@pytest.fixture(params=["sqlite", "postgresql"])
def any_database(request):
    """The same test on SQLite and on a real PostgreSQL."""
    if request.param == "sqlite":
        yield request.getfixturevalue("database")
        return
    url = request.getfixturevalue("postgres_url")
    migrate(url)
    database = Database(url)
    yield database
    database.close()


def add_case(database: Database, clock) -> int:
    with database.transaction() as session:
        school = School(name="Nedre Bekkelaget", owner="Oslo")
        account = Account(username="maja", name="Maja", password_hash="x")
        version = ProcessVersion(
            sha256="0" * 64,
            process_id="aktivitetsplikt",
            name="Aktivitetsplikten",
            status="published",
            bundle=b"",
            created_at=clock(),
        )
        session.add_all([school, account, version])
        session.flush()
        case = Case(
            number="2026-001",
            school_id=school.id,
            reporter_id=account.id,
            process_id="aktivitetsplikt",
            version=version.sha256,
            status="open",
            opened_at=clock(),
            state=b"",
            state_version=1,
        )
        session.add(case)
        session.flush()
        return case.id


def test_threads_that_read_and_then_write_all_succeed(any_database, clock):
    case_id = add_case(any_database, clock)
    errors = []

    def work():
        try:
            for _ in range(TURNS):
                with any_database.transaction() as session:
                    case = lock_case(session, case_id)
                    session.scalars(select(School)).all()
                    case.revision += 1
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert errors == []
    with any_database.session() as session:
        assert session.get(Case, case_id).revision == THREADS * TURNS


def test_an_error_leaves_nothing_behind(any_database):
    with pytest.raises(ZeroDivisionError), any_database.transaction() as session:
        session.add(School(name="A", owner="B"))
        session.flush()
        _ = 1 / 0
    with any_database.session() as session:
        assert session.scalars(select(School)).all() == []


def test_a_reading_session_can_not_write(any_database):
    with any_database.session() as session, pytest.raises(DBAPIError):
        session.execute(text("INSERT INTO school (name, owner) VALUES ('A', 'B')"))
    with any_database.transaction() as session:  # the connection is not left so
        session.add(School(name="A", owner="B"))


def test_a_reader_sees_one_moment_and_never_waits(database):
    with database.transaction() as session:
        session.add(School(name="A", owner="B"))
    with database.session() as reader:
        assert len(reader.scalars(select(School)).all()) == 1
        with database.transaction() as session:
            session.add(School(name="C", owner="B"))
        reader.expire_all()
        assert len(reader.scalars(select(School)).all()) == 1


def test_there_is_no_case_to_lock(any_database):
    with any_database.transaction() as session:
        assert lock_case(session, 17) is None


def test_times_come_back_with_their_zone(any_database, clock):
    case_id = add_case(any_database, clock)
    with any_database.session() as session:
        assert session.get(Case, case_id).opened_at == clock()


def test_sqlite_is_set_up_to_keep_what_it_has_acknowledged(database):
    with database.session() as session:
        asked = {
            name: session.execute(text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert asked == {
        "journal_mode": "wal",
        "synchronous": 2,  # FULL
        "foreign_keys": 1,
        "busy_timeout": 10_000,
    }


def test_a_reference_to_nothing_is_refused(any_database):
    with pytest.raises(DBAPIError), any_database.transaction() as session:
        session.add(Guardianship(pupil_id=1, guardian_id=1))


def test_a_database_in_memory_or_of_another_kind_is_refused():
    for url in ("sqlite://", "sqlite:///:memory:", "mysql://localhost/trygg"):
        with pytest.raises(ValueError):
            Database(url)


def test_the_folder_of_the_file_is_made_for_its_owner_alone(tmp_path):
    migrate(f"sqlite:///{tmp_path}/var/trygg.db")
    assert (tmp_path / "var").stat().st_mode & 0o777 == 0o700
    with sqlite3.connect(tmp_path / "var" / "trygg.db") as file:
        assert file.execute("SELECT count(*) FROM school").fetchone() == (0,)


def test_beside_one_who_writes_without_end_others_soon_come_to_write(database):
    """A worker with a backlog: it holds the database for 30 ms at a time, and rests for 5."""
    stop = threading.Event()

    def write_on():
        while not stop.is_set():
            with database.transaction() as session:
                session.scalar(select(1))
                time.sleep(0.03)
            time.sleep(0.005)

    worker = threading.Thread(target=write_on)
    worker.start()
    try:
        began = time.monotonic()
        for _ in range(20):
            with database.transaction() as session:
                session.scalar(select(1))
        taken = time.monotonic() - began
    finally:
        stop.set()
        worker.join()
    assert taken < 6


def test_who_waits_too_long_to_write_is_told_so(database, monkeypatch):
    monkeypatch.setattr("engine.database.session.BUSY_SECONDS", 0.2)
    with database.transaction() as holds:
        holds.scalar(select(1))
        with pytest.raises(Unusable), database.transaction() as session:
            session.scalar(select(1))
    with database.transaction() as session:
        assert session.scalar(select(1)) == 1
