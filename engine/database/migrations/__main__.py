"""Write the next migration: what `tables.py` has and the migrated database has not."""

import sys
import tempfile
from pathlib import Path

from alembic import command

from engine.database.session import Database, alembic_config, migrate


def write(message: str) -> None:
    """Write a step named after the message into `versions/`."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/empty.db"
        migrate(url)
        database = Database(url)
        with database.engine.connect() as connection:
            config = alembic_config(connection)
            number = len(list((Path(__file__).parent / "versions").glob("[0-9]*.py"))) + 1
            command.revision(config, message, autogenerate=True, rev_id=f"{number:04d}")
        database.close()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit('Usage: python -m engine.database.migrations "what changed"')
    write(sys.argv[1])
