"""A version of a process as one immutable thing: its files and the sha-256 that names them.

The files of every process that it calls, near and far, are in it too, so that a case that runs
on it never depends on anything that can change. A decision that several processes ask lies beside
the rules, named by its id; it is in the bundle of each of them.
"""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from engine.definitions.bpmn import called, decided_by, name_of, processes
from engine.definitions.findings import Refused, finding
from engine.definitions.reader import BYTES, read_model

REGELVERK = "regelverk.toml"

_NAME = r"[A-Za-z][A-Za-z0-9_]{0,63}"
_PATH = re.compile(
    rf"regelverk\.toml|{_NAME}\.dmn|({_NAME})/(?:\1\.bpmn|process\.toml|{_NAME}\.dmn|forms/{_NAME}\.form)"
)
_FILES = 500
_DATE = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Bundle:
    """The files of one process and of every process that it calls.

    process_id: the process that a case starts; name: what people call it; files: path to bytes,
    such as `aktivitetsplikt/aktivitetsplikt.bpmn`, `aktivitetsplikt/forms/x.form` and
    `regelverk.toml`; sha256: hex, the same for the same files on every machine.
    """

    process_id: str
    name: str
    files: Mapping[str, bytes]
    sha256: str

    @classmethod
    def of(cls, process_id: str, files: Mapping[str, bytes]) -> Bundle:
        """A bundle of these files. Raises Refused for a bad path or when the drawing is missing."""
        for path in (f"{process_id}/{process_id}.bpmn", *files):
            if not _PATH.fullmatch(path):
                raise Refused([finding("lesing.navn", path=path[:80])])
        drawing = files.get(f"{process_id}/{process_id}.bpmn")
        if drawing is None:
            raise Refused([finding("lesing.finnes_ikke", process=process_id)])
        name = next(map(name_of, processes(read_model(drawing))), process_id)
        files = MappingProxyType(dict(sorted(files.items())))
        sha256 = hashlib.sha256(_zip(process_id, files)).hexdigest()
        return cls(process_id, name, files, sha256)

    @classmethod
    def read(cls, root: Path, process_id: str) -> Bundle:
        """The bundle of a process from the folder that holds all processes.

        A called process that is not there is left out; the checks say so. Raises Refused when the
        process itself is not there, when a drawing can't be read or a path leads out of `root`.
        """
        files: dict[str, bytes] = {}
        queue, seen = [process_id], set()
        while queue:
            current = queue.pop()
            if current in seen:
                continue
            seen.add(current)
            found = _folder(root, current)
            drawing = found.get(f"{current}/{current}.bpmn")
            if drawing is not None:
                tree = read_model(drawing)
                files |= found | _shared(root, decided_by(tree))
                queue += called(tree)
        rules = root / REGELVERK
        if rules.is_file():
            files[REGELVERK] = _bytes(root, rules)
        return cls.of(process_id, files)

    def to_bytes(self) -> bytes:
        """A zip archive, the same bytes for the same bundle on every machine."""
        return _zip(self.process_id, self.files)

    @classmethod
    def from_bytes(cls, data: bytes) -> Bundle:
        """The bundle that `to_bytes` wrote. Raises Refused for anything else."""
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                entries = archive.infolist()
                if len(entries) > _FILES or any(entry.file_size > BYTES for entry in entries):
                    raise Refused([finding("lesing.pakke")])
                process_id = archive.comment.decode("ascii")
                files = {entry.filename: archive.read(entry) for entry in entries}
        except (zipfile.BadZipFile, ValueError, EOFError, NotImplementedError, OSError) as error:
            raise Refused([finding("lesing.pakke")]) from error
        bundle = cls.of(process_id, files)
        if bundle.to_bytes() != data:
            raise Refused([finding("lesing.pakke")])
        return bundle

    def model(self, process_id: str) -> bytes | None:
        """The drawing of that process, None when it is not in the bundle."""
        return self.files.get(f"{process_id}/{process_id}.bpmn")

    def decisions(self, process_id: str | None = None) -> dict[str, bytes]:
        """The decision files by path: all, or those that the process can use, its own last."""
        return {
            path: data
            for path, data in sorted(self.files.items(), key=lambda file: "/" in file[0])
            if path.endswith(".dmn")
            and (process_id is None or "/" not in path or path.startswith(f"{process_id}/"))
        }

    def process_ids(self) -> list[str]:
        """Every process in the bundle, the one that a case starts first."""
        ids = [path.split("/")[0] for path in self.files if path.endswith(".bpmn")]
        return sorted(ids, key=lambda process_id: process_id != self.process_id)


def _folder(root: Path, process_id: str) -> dict[str, bytes]:
    if not re.fullmatch(_NAME, process_id):
        raise Refused([finding("lesing.navn", path=process_id[:80])])
    folder = root / process_id
    paths = [folder / f"{process_id}.bpmn", folder / "process.toml"]
    paths += [*folder.glob("*.dmn"), *(folder / "forms").glob("*.form")]
    return {
        path.relative_to(root).as_posix(): _bytes(root, path) for path in paths if path.is_file()
    }


def _shared(root: Path, decision_ids: list[str]) -> dict[str, bytes]:
    """The decisions beside the rules that a drawing asks."""
    names = [f"{each}.dmn" for each in decision_ids if re.fullmatch(_NAME, each)]
    return {name: _bytes(root, root / name) for name in names if (root / name).is_file()}


def _bytes(root: Path, path: Path) -> bytes:
    """The file's bytes, one more than the limit at most. A link out of the folder is refused."""
    if not path.resolve().is_relative_to(root.resolve()):
        raise Refused([finding("lesing.navn", path=path.name[:80])])
    with path.open("rb") as file:
        return file.read(BYTES + 1)


def _zip(process_id: str, files: Mapping[str, bytes]) -> bytes:
    # Stored, not deflated: another zlib may deflate to other bytes.
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        archive.comment = process_id.encode("ascii")
        for path in sorted(files):
            entry = zipfile.ZipInfo(path, _DATE)
            entry.create_system = 3
            archive.writestr(entry, files[path])
    return buffer.getvalue()
