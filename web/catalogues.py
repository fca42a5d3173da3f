"""The catalogues: what every page says in nynorsk and English.

Bokmål is the source, so it has none. The files are `web/translations/<language>/LC_MESSAGES/
messages.po`, read as they stand when the first page asks. `make translations` (`python -m
web.catalogues`) finds the messages anew in code and templates, keeps both files sorted and without
dates and line numbers, and prints what lacks a translation.
"""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from babel.messages import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from babel.support import NullTranslations, Translations

SOURCE = "nb"
TRANSLATED = ("nn", "en")
ROOT = Path(__file__).parent.parent
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "say": None}
HEADER = """msgid ""
msgstr ""
"Language: {language}\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

"""
_PLACEHOLDER = re.compile(r"%\(([a-z_0-9]+)\)s")

Message = str | tuple[str, str]
"""A sentence, or one for one and one for several."""


def path_of(language: str) -> Path:
    """Where the catalogue of this language stands."""
    return Path(__file__).parent / "translations" / language / "LC_MESSAGES" / "messages.po"


@cache
def translations(language: str) -> NullTranslations:
    """What gettext asks; empty for the source language."""
    if language not in TRANSLATED:
        return NullTranslations()
    compiled = io.BytesIO()
    write_mo(compiled, catalogue(language))
    compiled.seek(0)
    return Translations(compiled)


def catalogue(language: str) -> Catalog:
    """The catalogue as it stands in its file."""
    with path_of(language).open("rb") as file:
        return read_po(file, locale=language)


def messages() -> set[Message]:
    """Every message of the code and the templates, in bokmål."""
    return {message for method, path in _sources() for message in _extracted(method, path)}


def written(language: str) -> bytes:
    """The catalogue as its file should be: what is new is empty, what nobody says any more gone."""
    old, new = catalogue(language), Catalog(locale=language)
    for message in messages():
        known = old.get(forms(message)[0])
        new.add(message, string=known.string if known is not None else None)
    file = io.BytesIO()
    file.write(HEADER.format(language=language).encode())
    write_po(file, new, width=0, omit_header=True, sort_output=True)
    return file.getvalue()


def update() -> None:
    """Write both catalogues anew."""
    for language in TRANSLATED:
        path_of(language).write_bytes(written(language))


def lacking(language: str) -> list[str]:
    """The messages that are not said in this language, or not with the same values in them; and
    those of the catalogue that are not the code's. Each with what is wrong."""
    found, written = messages(), catalogue(language)
    known = {message.id: message for message in written if message.id}
    wrong = [f"not in the catalogue: {message!r}" for message in found - known.keys()]
    wrong += [f"no longer in the code: {message!r}" for message in known.keys() - found]
    for message in known.values():
        sources, said = forms(message.id), forms(message.string)
        if message.fuzzy or not all(said):
            wrong.append(f"not translated: {message.id!r}")
        elif {_values(each) for each in said} - {_values(each) for each in sources}:
            wrong.append(f"other values: {message.id!r} is {message.string!r}")
    return sorted(wrong)


def _values(text: str) -> tuple[str, ...]:
    return tuple(sorted(_PLACEHOLDER.findall(text)))


def forms(text: Message) -> tuple[str, ...]:
    """The sentence, or both: for one and for several."""
    return text if isinstance(text, tuple) else (text,)


def _sources() -> Iterator[tuple[str, Path]]:
    """The files that say something, and how each is read."""
    for room in ("engine", "web"):
        for path in sorted((ROOT / room).rglob("*.py")):
            if "node_modules" not in path.parts:
                yield "python", path
    for path in sorted((ROOT / "web" / "templates").rglob("*.html")):
        yield "jinja2", path


def _extracted(method: str, path: Path) -> Iterator[Message]:
    for _line, message, _comments, _context in extract_from_file(
        method, path, keywords=KEYWORDS, options={"trimmed": "true", "encoding": "utf-8"}
    ):
        yield tuple(message) if isinstance(message, list | tuple) else message


def main() -> int:
    """Update both catalogues and print what lacks. 1 when something does."""
    update()
    found = {language: lacking(language) for language in TRANSLATED}
    for language, wrong in found.items():
        for each in wrong:
            print(f"{path_of(language).relative_to(ROOT)}: {each}")
    return 1 if any(found.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
