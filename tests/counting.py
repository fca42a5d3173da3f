"""The statements that a database gets, for tests that hold them down."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import event

from engine.cases import play
from engine.cases.play import Player
from engine.database.session import Database
from engine.database.tables import Task
from engine.product import PROCESSES

NOT_COUNTED = ("BEGIN", "PRAGMA")  # SQLite's own; a transaction is begun and ended besides


@contextmanager
def counted(database: Database) -> Iterator[list[str]]:
    """Every statement the database gets meanwhile; many rows of one table sent at once are one."""
    statements: list[str] = []

    def count(_connection, _cursor, statement, *_rest) -> None:
        if not statement.startswith(NOT_COUNTED):
            statements.append(statement)

    event.listen(database.engine, "before_cursor_execute", count)
    try:
        yield statements
    finally:
        event.remove(database.engine, "before_cursor_execute", count)


def submits_of(scenario: dict, database: Database) -> list[tuple[str, int]]:
    """Play a scenario on an empty database: each step that is submitted, with its statements."""
    found: list[tuple[str, int]] = []
    submit_task = play.submit_task

    def submit(product, command):
        with counted(database) as statements:
            submitted = submit_task(product, command)
        with database.session() as session:
            found.append((session.get_one(Task, command.task_id).step, len(statements)))
        return submitted

    play.submit_task = submit
    try:
        differences = Player(scenario, database, PROCESSES).play()
    finally:
        play.submit_task = submit_task
    assert differences == []
    return found
