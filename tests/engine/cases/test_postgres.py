"""The same cases on PostgreSQL: nothing is done that only SQLite can do."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.cases.play import Player, read_scenarios
from engine.database.session import Database, migrate
from engine.product import PROCESSES
from engine.records import log

SCENARIOS = Path(__file__).parents[2] / "scenarios" / "core.yaml"


@pytest.mark.parametrize("name", ["T02", "T03", "C1"])
def test_a_written_case_goes_as_written(postgres_url, name):
    scenario = next(s for s in read_scenarios(SCENARIOS) if s["id"] == name)
    migrate(postgres_url)
    database = Database(postgres_url)
    try:
        assert Player(scenario, database, PROCESSES).play() == []
        with database.session() as session:
            assert list(log.verify(session)) == []
    finally:
        database.close()
