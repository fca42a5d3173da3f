"""PDF files: PDF/A-3a to be kept and PDF/UA-1 to be read aloud, both in one file.

What a document says goes to typst as data (`sys_inputs`), never into its markup: a `#` in a name
is a `#`. The fonts are those that come with typst, so that a file looks alike on every machine.
"""

from __future__ import annotations

import json
import unicodedata
from datetime import datetime, timezone
from functools import lru_cache
from pathlib import Path
from typing import Any

import typst

from engine.rules.workdays import local

LAYOUTS = Path(__file__).parent / "layouts"
LETTER, PAPER_FORM = "brev", "skjema"
STANDARDS = ["a-3a", "ua-1"]
HOLE = "□"
"""What stands where the font has no such character, for example an emoji."""

_PROBE = b'#set document(title: "x")\n#set text(lang: "nb")\n#sys.inputs.tegn'
_PLAIN = {chr(code) for code in (*range(0x20, 0x7F), *range(0xA1, 0x180))} - {"\xad"} | {"\n"}


def render(layout: str, content: dict[str, Any], at: datetime) -> bytes:
    """The PDF that a layout makes of the content. at: the moment it says that it was made.

    content: `title` (of the file, no names) and `lang`, and what else the layout reads.
    """
    return typst.compile(
        LAYOUTS / f"{layout}.typ",
        root=LAYOUTS,
        ignore_system_fonts=True,
        pdf_standards=STANDARDS,
        sys_inputs={"innhold": json.dumps(displayable(content))},
        timestamp=at.astimezone(timezone(local(at).utcoffset())).replace(microsecond=0),
    )


def displayable(content: Any) -> Any:
    """The content with HOLE for what can't be printed, and without marks that do not show."""
    if isinstance(content, str):
        text = unicodedata.normalize("NFC", content.replace("\r\n", "\n").replace("\t", " "))
        return "".join(_shown(sign) for sign in text)
    if isinstance(content, dict):
        return {key: displayable(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [displayable(value) for value in content]
    return content


def _shown(sign: str) -> str:
    if sign in _PLAIN:
        return sign
    if sign in "\xa0\u2028\u2029" or unicodedata.category(sign) == "Zs":
        return " " if sign not in "\u2028\u2029" else "\n"
    if unicodedata.category(sign) in ("Cc", "Cf"):  # also marks that turn text round
        return ""
    return sign if _has_glyph(sign) else HOLE


@lru_cache(maxsize=4096)
def _has_glyph(sign: str) -> bool:
    """Whether the fonts have it: asked of typst itself, which refuses a PDF/A that lacks one."""
    if unicodedata.category(sign) in ("Co", "Cn", "Cs"):
        return False
    try:
        typst.compile(
            _PROBE,
            ignore_system_fonts=True,
            pdf_standards=STANDARDS,
            sys_inputs={"tegn": f"a{sign}"},
        )
    except typst.TypstError:
        return False
    return True
