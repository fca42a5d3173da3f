"""Migrations: they make exactly the tables that the code knows, and can be started twice."""

import subprocess
import sys

import pytest
from alembic import op
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect

from engine.database.session import Database, migrate
from engine.database.tables import Table


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/trygg.db"
    return request.getfixturevalue("postgres_url")


def difference(url: str) -> list:
    database = Database(url)
    try:
        with database.engine.connect() as connection:
            return compare_metadata(MigrationContext.configure(connection), Table.metadata)
    finally:
        database.close()


def test_migrations_make_the_tables_that_the_code_knows(url):
    migrate(url)
    assert difference(url) == []


def test_migrating_again_changes_nothing(url):
    migrate(url)
    migrate(url)
    assert difference(url) == []


def test_processes_that_start_at_once_migrate_once(url):
    start = f"from engine.database.session import migrate; migrate({url!r})"
    started = [
        subprocess.Popen([sys.executable, "-c", start], stderr=subprocess.PIPE) for _ in range(3)
    ]
    assert [process.communicate()[1].decode() for process in started] == ["", "", ""]
    assert difference(url) == []


def test_a_migration_that_fails_leaves_nothing(url, monkeypatch):
    create_table, calls = op.create_table, []

    def fail_at_the_fifth(*arguments, **options):
        calls.append(arguments)
        if len(calls) == 5:
            raise RuntimeError("stopped half way")
        return create_table(*arguments, **options)

    monkeypatch.setattr(op, "create_table", fail_at_the_fifth)
    with pytest.raises(RuntimeError, match="half way"):
        migrate(url)
    database = Database(url)
    assert inspect(database.engine).get_table_names() == []
    database.close()
