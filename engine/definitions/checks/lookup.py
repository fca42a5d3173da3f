"""Where a drawing finds what it refers to: other drawings, forms, decisions and the rules.

Either in a bundle, or on disk: in the nearest folder above the file that holds `regelverk.toml`,
else among the processes that come with Trygg.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import Protocol

from lxml import etree

from engine.definitions.bpmn import called
from engine.definitions.bundle import REGELVERK, Bundle
from engine.definitions.findings import Refused
from engine.definitions.reader import BYTES, read_model

SHIPPED = Path(__file__).parents[3] / "processes"

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")


class Lookup(Protocol):
    """What a drawing can refer to. Names come from the drawing, so any text may be asked for."""

    def drawing(self, process_id: str) -> etree._ElementTree | None:
        """The readable drawing of that process, or None."""

    def form(self, process_id: str, key: str) -> bytes | None:
        """The form that the process calls by that key, or None."""

    def decisions(self, process_id: str) -> list[etree._ElementTree]:
        """The readable decision files that the process can use: its own, then those shared."""

    def regelverk(self) -> bytes | None:
        """The rules file, or None."""

    def callers(self, process_id: str) -> list[str]:
        """Ids of the processes that call this one."""

    def process_ids(self) -> list[str]:
        """Ids of the processes that can be seen from here, called or not."""


class InBundle:
    """Looks in a bundle and nowhere else."""

    def __init__(self, bundle: Bundle):
        self._bundle, self._files = bundle, bundle.files
        self._ids = bundle.process_ids()
        self._drawings: dict[str, etree._ElementTree | None] = {}

    def drawing(self, process_id: str) -> etree._ElementTree | None:
        if process_id not in self._drawings:
            self._drawings[process_id] = _read(self._files.get(f"{process_id}/{process_id}.bpmn"))
        return self._drawings[process_id]

    def form(self, process_id: str, key: str) -> bytes | None:
        return self._files.get(f"{process_id}/forms/{key}.form")

    def decisions(self, process_id: str) -> list[etree._ElementTree]:
        return _readable(reversed(self._bundle.decisions(process_id).values()))

    def regelverk(self) -> bytes | None:
        return self._files.get(REGELVERK)

    def callers(self, process_id: str) -> list[str]:
        return [
            other
            for other in self._ids
            if (tree := self.drawing(other)) is not None and process_id in called(tree)
        ]

    def process_ids(self) -> list[str]:
        return self._ids


class OnDisk:
    """Looks beside the file first, then in the folder of all processes."""

    def __init__(self, file: Path):
        self._home = file.resolve().parent
        above = (folder for folder in file.resolve().parents if (folder / REGELVERK).is_file())
        self._root = next(above, SHIPPED)
        self._drawings: dict[str, etree._ElementTree | None] = {}

    def drawing(self, process_id: str) -> etree._ElementTree | None:
        if process_id not in self._drawings:
            self._drawings[process_id] = _read(self._first(process_id, f"{process_id}.bpmn"))
        return self._drawings[process_id]

    def form(self, process_id: str, key: str) -> bytes | None:
        return self._first(process_id, f"forms/{key}.form") if _NAME.fullmatch(key) else None

    def decisions(self, process_id: str) -> list[etree._ElementTree]:
        own = [self._root / process_id] if _NAME.fullmatch(process_id) else []
        folders = dict.fromkeys([self._home, *own, self._root])
        files = [file for folder in folders for file in sorted(folder.glob("*.dmn"))]
        return _readable(map(_bytes, files))

    def regelverk(self) -> bytes | None:
        return _bytes(self._root / REGELVERK)

    def process_ids(self) -> list[str]:
        return sorted(drawing.parent.name for drawing in self._root.glob("*/*.bpmn"))

    @cached_property
    def _calls(self) -> dict[str, list[str]]:
        trees = {process_id: self.drawing(process_id) for process_id in self.process_ids()}
        return {process_id: called(tree) for process_id, tree in trees.items() if tree is not None}

    def callers(self, process_id: str) -> list[str]:
        return [other for other, calls in self._calls.items() if process_id in calls]

    def _first(self, process_id: str, name: str) -> bytes | None:
        if not _NAME.fullmatch(process_id):
            return None
        beside = _bytes(self._home / name)
        return _bytes(self._root / process_id / name) if beside is None else beside


def _bytes(file: Path) -> bytes | None:
    try:
        with file.open("rb") as opened:
            return opened.read(BYTES + 1)
    except OSError:
        return None


def _read(data: bytes | None) -> etree._ElementTree | None:
    try:
        return None if data is None else read_model(data)
    except Refused:
        return None


def _readable(files: Iterable[bytes | None]) -> list[etree._ElementTree]:
    return [tree for tree in map(_read, files) if tree is not None]
