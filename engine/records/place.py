"""Where a picture was taken, taken out of it.

A phone writes its position into each picture. In a case that can be a child's home, also when the
address is secret, so it is never kept. What else a picture says of itself, such as when it was
taken, may be what the case needs, and stays.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from itertools import islice

from engine.records.filetypes import Kind

_TIFF = re.compile(rb"II\x2a\x00|MM\x00\x2a")  # how the block of a picture's own facts begins
_AFTER_EXIF = re.compile(rb"Exif\x00\x00(?=II\x2a\x00|MM\x00\x2a)")
# Bounded, so that no file can make the search slow.
_XMP = re.compile(
    rb"""\bexif:GPS\w{1,40}\s{0,9}=\s{0,9}(?:"[^"]{0,200}"|'[^']{0,200}')"""
    rb"""|<exif:GPS(\w{1,40})[^>]{0,200}>[^<]{0,200}</exif:GPS\1\s{0,9}>""",
)
_BLOCKS, _ENTRIES = 16, 500  # more than any camera writes
_POSITION = 0x8825  # the tag that leads to the position
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}
_PNG_START = 8
_PNG_FACTS = {b"eXIf", b"tEXt", b"zTXt", b"iTXt"}


def without_place(kind: Kind, content: bytes) -> bytes:
    """The picture without its position; what is no picture, and a picture without one, as it was.

    Except in a PNG the length stays: the position is written over.
    """
    if kind is Kind.PNG:
        return _without_facts(content)
    if kind not in (Kind.JPEG, Kind.HEIC, Kind.WEBP):
        return content
    blank = bytearray(content)
    starts = [found.end() for found in islice(_AFTER_EXIF.finditer(content), _BLOCKS)]
    if kind is Kind.WEBP:
        webp = islice(_exif_of_webp(content), _BLOCKS)
        starts += [start for start in webp if _TIFF.match(content, start)]
    for start in starts:
        try:
            _blank_position(blank, start)
        except struct.error:  # it ends in the middle: nobody can read a position from it
            continue
    return _XMP.sub(lambda found: b" " * len(found[0]), bytes(blank))


def _blank_position(content: bytearray, start: int) -> None:
    """Write zeros over the position in the block of facts that begins at `start`."""
    order = "<" if content[start : start + 2] == b"II" else ">"
    (first,) = struct.unpack_from(f"{order}I", content, start + 4)
    for entry in _entries(content, order, start + first):
        tag, _kind, _count, offset = struct.unpack_from(f"{order}HHII", content, entry)
        if tag != _POSITION:
            continue
        for fact in list(_entries(content, order, start + offset)):
            _tag, kind, count, at = struct.unpack_from(f"{order}HHII", content, fact)
            size = _SIZES.get(kind, 1) * count
            if size > 4:
                end = min(start + at + size, len(content))
                content[start + at : end] = bytes(max(0, end - start - at))
            content[fact : fact + 12] = bytes(12)
        content[start + offset : start + offset + 2] = bytes(2)
        content[entry : entry + 12] = bytes(12)
        return


def _entries(content: bytearray, order: str, start: int) -> Iterator[int]:
    """Where each entry of a directory begins."""
    (count,) = struct.unpack_from(f"{order}H", content, start)
    yield from (start + 2 + 12 * number for number in range(min(count, _ENTRIES)))


def _exif_of_webp(content: bytes) -> Iterator[int]:
    at = 12
    while at + 8 <= len(content):
        name, size = struct.unpack_from("<4sI", content, at)
        if name == b"EXIF":
            yield at + 8
        at += 8 + size + size % 2


def _without_facts(content: bytes) -> bytes:
    """A PNG without the parts that hold text and a camera's facts: each has a checksum."""
    kept, at = [content[:_PNG_START]], _PNG_START
    while at + 8 <= len(content):
        size, name = struct.unpack_from(">I4s", content, at)
        end = at + 12 + size
        if name not in _PNG_FACTS:
            kept.append(content[at:end])
        at = end
    return b"".join([*kept, content[at:]])
