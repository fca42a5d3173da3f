"""Small files of each kind, made here so that a test can say what is in them."""

from __future__ import annotations

import io
import zipfile

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
PNG = b"\x89PNG\r\n\x1a\n" + b"\x00\x00\x00\rIHDR" + bytes(17)
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(20)
HEIC = b"\x00\x00\x00\x18ftypheic" + bytes(20)
WEBP = b"RIFF\x10\x00\x00\x00WEBPVP8 " + bytes(8)
TEXT = "Notat fra møtet. Æ, ø og å.\r\n".encode()
PROGRAM = b"MZ\x90\x00\x03" + bytes(60)
HTML = b"<!DOCTYPE html><script>alert(1)</script>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'

_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
_EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"


def archive(**parts: bytes) -> bytes:
    """A zip with these parts; `__` in a name is a slash."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in parts.items():
            # ZipInfo has a date of its own: the same bytes every time.
            info = zipfile.ZipInfo(name.replace("__", "/"))
            made.writestr(info, content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _office(kind: str, **parts: bytes) -> bytes:
    types = f'<Types><Override ContentType="{kind}"/></Types>'.encode()
    return archive(**{"[Content_Types].xml": types, **parts})


def word(**parts: bytes) -> bytes:
    """A Word document with these parts besides its own."""
    return _office(_WORD, word__document=b"<w/>", **parts)


def excel(**parts: bytes) -> bytes:
    return _office(_EXCEL, xl__workbook=b"<w/>", **parts)


def odt(**parts: bytes) -> bytes:
    return archive(mimetype=b"application/vnd.oasis.opendocument.text", **parts)


MACRO_WORD = _office("application/vnd.ms-word.document.macroEnabled.main+xml")
