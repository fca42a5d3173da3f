"""`make bench`: what Trygg's engine takes in time and room, measured on this machine.

A module with `tables()`, which gives its tables one by one as they are measured, adds them by being
named in MODULES.
"""

from __future__ import annotations

import os
import platform
import sqlite3
from importlib.metadata import version

from tests.bench import engine, rounds, statements, worker, year

MODULES = (engine, rounds, statements, worker, year)


def machine() -> str:
    """What was measured on, in a line."""
    return (
        f"{_processor()}, {os.cpu_count()} cores; Python {platform.python_version()}, "
        f"SpiffWorkflow {version('spiffworkflow')}, SQLite {sqlite3.sqlite_version}"
    )


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            names = [line.split(":")[1].strip() for line in file if line.startswith("model name")]
    except OSError:
        names = []
    return names[0] if names else platform.processor() or platform.machine()


def main() -> None:
    print(machine(), end="\n\n", flush=True)
    for module in MODULES:
        for table in module.tables():
            print(table, flush=True)


if __name__ == "__main__":
    main()
