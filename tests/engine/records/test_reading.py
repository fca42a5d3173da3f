"""Who has read a case."""

from datetime import timedelta

import pytest

from engine.database.tables import Account, Case, ProcessVersion, School
from engine.records.reading import Reader, What, readers, record


@pytest.fixture
def session(database):
    with database.transaction() as session:
        yield session


def test_readers_the_latest_first(session, clock):
    school = School(name="Nedre Bekkelaget", owner="Oslo")
    maja, line = (Account(username=n, name=n, password_hash="x") for n in ("Maja", "Line"))
    version = ProcessVersion(
        sha256="0", process_id="p", name="P", status="published", bundle=b"", created_at=clock()
    )
    session.add_all([school, maja, line, version])
    session.flush()
    one, other = (
        Case(
            number=number, school_id=school.id, reporter_id=maja.id, process_id="p", version="0",
            status="aapen", opened_at=clock(), state=b"", state_version=1,
        )
        for number in ("2026-001", "2026-002")
    )  # fmt: skip
    session.add_all([one, other])
    session.flush()
    first = clock()
    record(session, one.id, maja.id, clock(), What.SAK)
    record(session, one.id, line.id, clock.forward(minutes=1), What.PLAN)
    record(session, one.id, maja.id, clock.forward(minutes=1), What.SVAR)
    record(session, other.id, line.id, clock.forward(minutes=1), What.SAK)

    minute = timedelta(minutes=1)
    assert readers(session, one.id) == [
        Reader(maja.id, "Maja", 2, first, first + 2 * minute),
        Reader(line.id, "Line", 1, first + minute, first + minute),
    ]
