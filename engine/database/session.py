"""The database: where it is, how a command opens one transaction, and how it is brought up to date.

SQLite serves one school, PostgreSQL several workers. A command runs in `Database.transaction()`:
on SQLite that is BEGIN IMMEDIATE, so that two commands that read and then write wait for each
other and neither fails; on PostgreSQL the case's row is locked by `lock_case`.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, event, make_url, select, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from sqlalchemy.sql.compiler import InsertmanyvaluesSentinelOpts

from engine.database.tables import Case, Task

DEFAULT_URL = "sqlite:///var/trygg.db"
BUSY_SECONDS = 10  # how long a command waits for another one's write on SQLite
LOOK_SECONDS = 0.004  # how often it looks whether it is its turn
MIGRATION_LOCK = 7_289_412  # the advisory lock on PostgreSQL; any number nobody else uses


Unusable = SQLAlchemyError
"""What every failure to read or write the database is."""


class Database:
    """One database and its connections. Make one per process and share it between threads."""

    def __init__(self, url: str | URL = DEFAULT_URL):
        self.url = make_url(url)
        self.engine = _connect(self.url)
        self._reader = self.engine.execution_options(reading=True, postgresql_readonly=True)

    @property
    def is_sqlite(self) -> bool:
        return self.url.get_backend_name() == "sqlite"

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A session for reading. All it reads is from one moment; a write is an error."""
        with Session(self._reader, autoflush=False, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """The session of one command: committed when the block ends, rolled back on any error.

        Objects stay readable after the commit. Keep slow work (passwords, mail) outside: on
        SQLite nobody else can write from the first statement to the end of the block.
        """
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def lock_case(session: Session, case_id: int) -> Case | None:
    """The case as it now stands, held until the transaction ends; None if there is no such case.

    On SQLite the whole database is held already, and the lock adds nothing. On PostgreSQL rows that
    refer to the case can be added meanwhile: a linked case need not wait to name somebody in it.
    """
    return session.get(Case, case_id, with_for_update={"key_share": True}, populate_existing=True)


def lock_case_of(session: Session, task_id: int) -> Case | None:
    """The case of a task, as `lock_case` gives it; None if there is no such task."""
    return session.scalar(
        select(Case)
        .join(Task, Task.case_id == Case.id)
        .where(Task.id == task_id)
        .with_for_update(of=Case, key_share=True)
        .execution_options(populate_existing=True)
    )


def migrate(url: str | URL = DEFAULT_URL) -> None:
    """Bring the database up to the newest tables, making it if it is not there.

    All steps are one transaction: they are done whole or not at all. When two processes start at
    once, the second waits and finds nothing left to do.
    """
    url = make_url(url)
    engine = _connect(url, foreign_keys=False)  # SQLite rebuilds a table to alter it
    try:
        with engine.begin() as connection:
            if url.get_backend_name() == "postgresql":
                connection.execute(
                    text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION_LOCK}
                )
            command.upgrade(alembic_config(connection), "head")
            if url.get_backend_name() == "sqlite":
                broken = connection.execute(text("PRAGMA foreign_key_check")).first()
                if broken is not None:
                    raise RuntimeError(f"the migration left a dangling reference: {broken}")
    finally:
        engine.dispose()


def alembic_config(connection: Connection) -> Config:
    """Alembic's settings for the migrations in this package, on an open connection."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def _connect(url: URL, foreign_keys: bool = True) -> Engine:
    """An engine for the url. SQLite's driver is told to leave BEGIN to us."""
    if url.get_backend_name() == "postgresql":
        return create_engine(url.set(drivername="postgresql+psycopg"), pool_pre_ping=True)
    if url.get_backend_name() != "sqlite":
        raise ValueError(f"the database must be SQLite or PostgreSQL, not {url.drivername}")
    if not url.database or url.database == ":memory:":
        raise ValueError("the SQLite database must be a file")
    Path(url.database).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS})
    # Rows of one table go in with one statement; their ids rise in the order of its values.
    engine.dialect.insertmanyvalues_implicit_sentinel = (
        InsertmanyvaluesSentinelOpts.ANY_AUTOINCREMENT
    )

    @event.listens_for(engine, "connect")
    def set_up(driver, _record):
        driver.isolation_level = None  # the driver sends no BEGIN of its own
        for pragma in (
            f"busy_timeout = {BUSY_SECONDS * 1000}",
            "journal_mode = WAL",
            "synchronous = FULL",  # NORMAL may lose the last commits at a power cut
            f"foreign_keys = {'ON' if foreign_keys else 'OFF'}",
        ):
            driver.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection):
        reading = connection.get_execution_options().get("reading", False)
        connection.exec_driver_sql(f"PRAGMA query_only = {'ON' if reading else 'OFF'}")
        if reading:
            connection.exec_driver_sql("BEGIN")
        else:
            _begin_to_write(connection)

    return engine


def _begin_to_write(connection: Connection) -> None:
    """Begin a transaction that writes, as soon as nobody else does.

    SQLite's own wait looks only every tenth of a second. Beside a worker that writes one case after
    the other it would seldom meet the moment between two, and people would wait for seconds.
    """
    driver = connection.connection.driver_connection
    end = time.monotonic() + BUSY_SECONDS
    driver.execute("PRAGMA busy_timeout = 0")
    try:
        while time.monotonic() < end:
            try:
                driver.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError:
                time.sleep(LOOK_SECONDS)
        connection.exec_driver_sql("BEGIN IMMEDIATE")  # an error now is the caller's
    finally:
        driver.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")
