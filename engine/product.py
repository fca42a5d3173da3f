"""The product: what every command needs, put together once.

The clock is passed in, so that tests and scenarios decide what time it is.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from engine.database.session import Database, migrate
from engine.database.tables import ProcessVersion
from engine.definitions.bundle import Bundle
from engine.definitions.compile import Definition, compile_bundle
from engine.records.vault import MasterKey

PROCESSES = Path(__file__).parent.parent / "processes"

_compiled: dict[str, Definition] = {}
"""By sha-256. A version never changes and its definition neither, so whoever runs in this process
shares them."""


def now() -> datetime:
    return datetime.now(UTC)


def home(folder: str | None = None) -> Path:
    """Where the master key and, by default, the database lie: TRYGG_VAR, else `var`."""
    return Path(folder or os.environ.get("TRYGG_VAR", "var"))


def database_url(folder: Path) -> str:
    """DATABASE_URL, else the SQLite file in the folder."""
    return os.environ.get("DATABASE_URL") or f"sqlite:///{folder}/trygg.db"


@dataclass
class Product:
    """One running Trygg. Compiled definitions are kept in memory and shared between threads."""

    database: Database
    master_key: MasterKey
    clock: Callable[[], datetime] = now
    processes: Path = PROCESSES

    @classmethod
    def open(cls, url: str | None = None, folder: str | None = None) -> Product:
        """The product on the machine it runs on: migrated, with the shipped processes published.

        url: the database, else DATABASE_URL, else a SQLite file in the folder. folder: where the
        master key lies, else TRYGG_VAR, else `var`. Both are made where they are not there.
        """
        folder = home(folder)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        url = url or database_url(folder)
        migrate(url)
        product = cls(Database(url), MasterKey.from_file(folder / "master.key", create=True))
        product.publish_shipped()
        return product

    def is_alive(self) -> bool:
        """Whether the database answers."""
        try:
            with self.database.session() as session:
                return session.scalar(select(1)) == 1
        except SQLAlchemyError:
            return False

    def definition(self, session, version: str) -> Definition:
        """The compiled version with this sha-256."""
        if version not in _compiled:
            row = session.get_one(ProcessVersion, version)
            _compiled[version] = compile_bundle(Bundle.from_bytes(row.bundle))
        return _compiled[version]

    def published(self, session, process_id: str) -> Definition:
        """The version of a process that new cases start on."""
        version = session.scalar(
            select(ProcessVersion.sha256)
            .where(ProcessVersion.process_id == process_id, ProcessVersion.status == "published")
            .order_by(ProcessVersion.created_at.desc())
        )
        return self.definition(session, version)

    def is_published(self, session, process_id: str) -> bool:
        """Whether new cases of this process can start."""
        return (
            session.scalar(
                select(ProcessVersion.sha256)
                .where(
                    ProcessVersion.process_id == process_id, ProcessVersion.status == "published"
                )
                .limit(1)
            )
            is not None
        )

    def started_by(self, session, message: str) -> str | None:
        """The published process that a message of this name starts; None when there is none."""
        return next(
            (
                definition.process_id
                for definition in self.all_published(session)
                if definition.started_by_message == message
            ),
            None,
        )

    def all_published(self, session) -> list[Definition]:
        """The versions that new cases start on, one a process, in the order of its id. One
        statement, once they are in memory."""
        rows = session.execute(
            select(ProcessVersion.process_id, ProcessVersion.sha256)
            .where(ProcessVersion.status == "published")
            .order_by(ProcessVersion.created_at)
        )
        newest = {process_id: version for process_id, version in rows}
        return [self.definition(session, newest[process_id]) for process_id in sorted(newest)]

    def shipped(self) -> list[str]:
        """Ids of the processes that come with Trygg."""
        return sorted(drawing.parent.name for drawing in self.processes.glob("*/*.bpmn"))

    def publish_shipped(self) -> None:
        """Publish the shipped processes where this very version is not published yet."""
        for process_id in self.shipped():
            bundle = Bundle.read(self.processes, process_id)
            if bundle.sha256 not in _compiled:
                _compiled[bundle.sha256] = compile_bundle(bundle)
            with self.database.transaction() as session:
                if session.get(ProcessVersion, bundle.sha256) is not None:
                    continue
                for older in session.scalars(
                    select(ProcessVersion).where(
                        ProcessVersion.process_id == process_id,
                        ProcessVersion.status == "published",
                    )
                ):
                    older.status = "retired"
                session.add(
                    ProcessVersion(
                        sha256=bundle.sha256,
                        process_id=process_id,
                        name=bundle.name,
                        status="published",
                        bundle=bundle.to_bytes(),
                        created_at=self.clock(),
                    )
                )
