"""A picture is kept without where it was taken, and with all else that it says of itself."""

from __future__ import annotations

import struct
import time
import zlib

import pytest

from engine.records.filetypes import Kind
from engine.records.place import without_place
from tests.files import PDF, PNG, TEXT

TAKEN = b"2026:09:08 10:00:00\0"
NORTH = struct.pack("<6I", 59, 1, 52, 1, 31, 1)  # degrees, minutes, seconds
SIX = 6  # turned a quarter


def facts(order: str = "<") -> bytes:
    """What a camera writes: how the picture is turned, when and where it was taken."""
    start = b"II*\0" if order == "<" else b"MM\0*"
    north = struct.pack(f"{order}6I", 59, 1, 52, 1, 31, 1)
    main = struct.pack(f"{order}H", 3)
    main += struct.pack(f"{order}HHIHH", 0x0112, 3, 1, SIX, 0)
    main += struct.pack(f"{order}HHII", 0x0132, 2, len(TAKEN), 50)
    main += struct.pack(f"{order}HHII", 0x8825, 4, 1, 70)
    main += struct.pack(f"{order}I", 0)
    place = struct.pack(f"{order}H", 2)
    place += struct.pack(f"{order}HHI4s", 1, 2, 2, b"N\0\0\0")
    place += struct.pack(f"{order}HHII", 2, 5, 3, 100)
    place += struct.pack(f"{order}I", 0)
    return start + struct.pack(f"{order}I", 8) + main + TAKEN + place + north


def jpeg(block: bytes) -> bytes:
    size = struct.pack(">H", len(block) + 2)
    return b"\xff\xd8\xff\xe1" + size + block + b"\xff\xda" + bytes(40) + b"\xff\xd9"


def webp(block: bytes) -> bytes:
    chunk = b"EXIF" + struct.pack("<I", len(block)) + block
    return b"RIFF" + struct.pack("<I", len(chunk) + 4) + b"WEBP" + chunk


def part(name: bytes, content: bytes) -> bytes:
    checksum = struct.pack(">I", zlib.crc32(name + content))
    return struct.pack(">I", len(content)) + name + content + checksum


PICTURES = {
    "jpeg": (Kind.JPEG, jpeg(b"Exif\0\0" + facts())),
    "jpeg of another order": (Kind.JPEG, jpeg(b"Exif\0\0" + facts(">"))),
    "heic": (Kind.HEIC, b"\0\0\0\x18ftypheic" + bytes(9) + b"Exif\0\0" + facts()),
    "webp": (Kind.WEBP, webp(facts())),
}


@pytest.mark.parametrize("name", PICTURES)
def test_the_position_is_gone_and_all_else_stays(name):
    kind, picture = PICTURES[name]
    north = NORTH if "another" not in name else struct.pack(">6I", 59, 1, 52, 1, 31, 1)
    assert north in picture
    kept = without_place(kind, picture)
    assert north not in kept and b"N\0\0\0" not in kept
    assert TAKEN in kept and len(kept) == len(picture)
    order = ">" if "another" in name else "<"
    assert struct.pack(f"{order}HHIHH", 0x0112, 3, 1, SIX, 0) in kept


def test_the_position_in_words_is_gone_too():
    said = (
        b'<x exif:GPSLatitude="59,52.5N" exif:DateTimeOriginal="2026" '
        b"exif:GPSLongitude = '10,4E'><exif:GPSAltitude>12</exif:GPSAltitude></x>"
    )
    kept = without_place(Kind.JPEG, jpeg(said))
    assert b"GPS" not in kept and b"59,52" not in kept and b"10,4E" not in kept
    assert b'exif:DateTimeOriginal="2026"' in kept


def test_a_png_keeps_its_picture_alone():
    picture, end = part(b"IDAT", bytes(9)), part(b"IEND", b"")
    content = PNG[:33] + part(b"eXIf", facts()) + part(b"tEXt", b"GPS\x0059") + picture + end
    assert without_place(Kind.PNG, content) == PNG[:33] + picture + end


@pytest.mark.parametrize("content", [PDF, TEXT, PNG])
def test_what_has_no_position_is_as_it_was(content):
    kind = {PDF: Kind.PDF, TEXT: Kind.TXT, PNG: Kind.PNG}[content]
    assert without_place(kind, content) == content


@pytest.mark.parametrize("end", range(10, 130, 7))
def test_a_picture_that_is_cut_off_is_no_trouble(end):
    cut = jpeg(b"Exif\0\0" + facts())[:end]
    assert len(without_place(Kind.JPEG, cut)) == len(cut)
    assert without_place(Kind.WEBP, webp(facts())[:end]) is not None
    assert without_place(Kind.PNG, PNG + part(b"eXIf", facts())[:end]) is not None


def test_no_file_makes_it_slow():
    many = b"Exif\0\0II*\0\x08\0\0\0\xff\xff" + struct.pack("<HHII", 0x8825, 4, 1, 8)
    began = time.monotonic()
    for evil in (many * 200_000, b"<exif:GPSx>" * 1_000_000, b'exif:GPSx="' * 1_000_000):
        without_place(Kind.JPEG, evil)
    assert time.monotonic() - began < 10
