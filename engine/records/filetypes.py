"""What a file truly is: told from its content, never from its name or from what a browser says.

A closed list of kinds that do nothing by themselves. Everything else is refused, and so is a file
that is not what its name says: programs, archives, web pages and pictures made of code (SVG), and
documents with macros or with other things that run inside them.
"""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass
from enum import StrEnum

from engine.sentences import Sentence, say


class Kind(StrEnum):
    """The kinds of file that are kept, and what each is called."""

    PDF = "PDF"
    PNG = "PNG-bilde"
    JPEG = "JPG-bilde"
    HEIC = "HEIC-bilde"
    WEBP = "WebP-bilde"
    DOCX = "Word-dokument"
    XLSX = "Excel-ark"
    ODT = "OpenDocument-tekst"
    TXT = "ren tekst"
    HTML = "nettside"  # made by Trygg itself; none can be added

    @property
    def label(self) -> Sentence:
        """What the kind is called, to the reader."""
        return LABELS[self]


ENDINGS = {
    "pdf": Kind.PDF, "png": Kind.PNG, "jpg": Kind.JPEG, "jpeg": Kind.JPEG, "heic": Kind.HEIC,
    "heif": Kind.HEIC, "webp": Kind.WEBP, "docx": Kind.DOCX, "xlsx": Kind.XLSX, "odt": Kind.ODT,
    "txt": Kind.TXT,
}  # fmt: skip
MEDIA_TYPES = {
    Kind.PDF: "application/pdf",
    Kind.PNG: "image/png",
    Kind.JPEG: "image/jpeg",
    Kind.HEIC: "image/heic",
    Kind.WEBP: "image/webp",
    Kind.DOCX: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    Kind.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Kind.ODT: "application/vnd.oasis.opendocument.text",
    Kind.TXT: "text/plain",
    Kind.HTML: "text/html",
}
LABELS = {
    Kind.PDF: say("PDF"),
    Kind.PNG: say("PNG-bilde"),
    Kind.JPEG: say("JPG-bilde"),
    Kind.HEIC: say("HEIC-bilde"),
    Kind.WEBP: say("WebP-bilde"),
    Kind.DOCX: say("Word-dokument"),
    Kind.XLSX: say("Excel-ark"),
    Kind.ODT: say("OpenDocument-tekst"),
    Kind.TXT: say("ren tekst"),
    Kind.HTML: say("nettside"),
}
CAN_BE = say(
    "PDF, bilde (JPG, PNG, HEIC eller WebP), Word (.docx), Excel (.xlsx), OpenDocument (.odt) "
    "eller ren tekst (.txt)"
)

_START = {Kind.PDF: (b"%PDF-",), Kind.PNG: (b"\x89PNG\r\n\x1a\n",), Kind.JPEG: (b"\xff\xd8\xff",)}
_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"mif1"}
_MARKUP = re.compile(rb"<\s*(!doctype|html|svg|script|iframe|body|head|\?xml)\b|^#!", re.I)
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0e-\x1f\x7f]")
_RUNS = re.compile(
    r"vbaproject|vbadata|macrosheets/|activex/|oleobject|^basic/|^scripts/|\.(exe|dll|bat|js|vbs)$"
)
_ENTRIES = 5_000  # parts of one document
_READ = 1_000_000  # bytes of a part that is looked into


class Unfit(Exception):
    """A file that is not kept. The message says why and what to do, in Norwegian."""


@dataclass(frozen=True)
class FileType:
    """kind: in words; media_type: as HTTP names it."""

    kind: Kind
    media_type: str


def judge(name: str, content: bytes) -> FileType:
    """What the file is. Raises Unfit when it is not of a kind that is kept, or not what its name
    says, or has something in it that runs."""
    ending = name.rpartition(".")[2].lower() if "." in name else ""
    kind = ENDINGS.get(ending)
    if kind is None:
        what = say("Filer uten endelse i navnet")
        if ending:
            what = say("Filer som slutter på «.%(ending)s»", ending=ending[:12])
        raise Unfit(
            say("%(what)s kan ikke legges ved. En fil kan være %(kinds)s.", what=what, kinds=CAN_BE)
        )
    if not content:
        raise Unfit(say("Filen er tom. Velg en annen."))
    if not _is(kind, content):
        raise Unfit(
            say(
                "Navnet slutter på «.%(ending)s», men innholdet er noe annet enn %(kind)s. Åpne "
                "filen i programmet den er laget i, lagre den på nytt, og prøv igjen.",
                ending=ending,
                kind=LABELS[kind],
            )
        )
    return FileType(kind, MEDIA_TYPES[kind])


def kind_of(media_type: str) -> Kind:
    """The kind that a stored media type stands for."""
    return next(kind for kind, each in MEDIA_TYPES.items() if each == media_type)


def _is(kind: Kind, content: bytes) -> bool:
    if kind in _START:
        return content.startswith(_START[kind])
    if kind is Kind.HEIC:
        return content[4:8] == b"ftyp" and content[8:12] in _HEIC_BRANDS
    if kind is Kind.WEBP:
        return content[:4] == b"RIFF" and content[8:12] == b"WEBP"
    if kind is Kind.TXT:
        return not _CONTROL.search(content) and not _MARKUP.search(content[:4096])
    return content.startswith(b"PK\x03\x04") and _is_document(kind, content)


def _is_document(kind: Kind, content: bytes) -> bool:
    """Whether the archive is a document of this kind. Raises Unfit when something in it runs."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()
            if len(names) > _ENTRIES:
                return False
            if kind is Kind.ODT:
                found = _part(archive, "mimetype") == MEDIA_TYPES[kind].encode()
            else:
                types = _part(archive, "[Content_Types].xml")
                main = MEDIA_TYPES[kind].encode() + b".main+xml"
                found = main in types or b"macroEnabled" in types
                if b"macroEnabled" in types or b"vbaProject" in types:
                    raise Unfit(_MACROS)
            if any(_RUNS.search(name.lower()) for name in names):
                raise Unfit(_MACROS)
            # A template that is fetched when the document is opened may hold macros.
            if b"attachedTemplate" in _part(archive, "word/_rels/settings.xml.rels"):
                raise Unfit(_MACROS)
            return found
    except Unfit:
        raise
    except Exception:  # whatever a broken archive makes zipfile and its decompressors raise
        return False


_MACROS = say(
    "Dokumentet har makroer eller andre små programmer i seg. "
    "Lagre det som PDF eller uten makroer, og prøv igjen."
)


def _part(archive: zipfile.ZipFile, name: str) -> bytes:
    """The first million bytes of a part; nothing when it is not there."""
    if name not in archive.namelist():
        return b""
    with archive.open(name) as part:
        return part.read(_READ)
