"""A page that Trygg makes itself and keeps as a file on the case: plain HTML, sealed like any file,
readable without Trygg and fit for printing."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from engine.database.tables import CaseFile
from engine.definitions.forms import Line
from engine.records import filetypes
from engine.records.log import Kind

_STYLE = (
    "body{font:16px/1.5 sans-serif;max-width:48rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse;width:100%}"
    "th,td{text-align:left;vertical-align:top;padding:.3rem .6rem;border-bottom:1px solid #888}"
    "dt{font-weight:bold}dd{margin:0 0 .6rem;white-space:pre-line}"
)


def page(title: str, *parts: str) -> str:
    """A whole page. The parts are HTML."""
    head = f'<meta charset="utf-8"><title>{escape(title)}</title><style>{_STYLE}</style>'
    body = "\n".join([heading(title, 1), *parts])
    return f'<!doctype html>\n<html lang="nb"><head>{head}</head>\n<body>\n{body}\n</body></html>\n'


def heading(text: str, level: int = 2) -> str:
    return f"<h{level}>{escape(text)}</h{level}>"


def paragraph(text: str) -> str:
    return f"<p>{escape(text)}</p>"


def table(columns: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """A table with a heading for each column; empty cells say so."""
    head = "".join(f'<th scope="col">{escape(each)}</th>' for each in columns)
    body = "\n".join(
        "<tr>" + "".join(f"<td>{escape(str(cell or '–'))}</td>" for cell in row) + "</tr>"
        for row in rows
    )
    return f"<table>\n<tr>{head}</tr>\n{body}\n</table>"


def answers(lines: Iterable[Line]) -> str:
    """Labels and what was answered; the rows of a list each under a title."""
    return f"<dl>{''.join(map(_line, lines))}</dl>"


def _line(line: Line) -> str:
    label, said = line
    if not isinstance(said, str):
        rows = "".join(
            f"<dt>{escape(title)}</dt><dd>{answers(inner)}</dd>" for title, inner in said
        )
        return f"<dt>{escape(label)}</dt><dd><dl>{rows}</dl></dd>"
    return f"<dt>{escape(label)}</dt><dd>{escape(said)}</dd>"


def put_down(desk, name: str, content: str) -> None:
    """Keep the page on the case, in the transaction of the step that makes it."""
    data = content.encode()
    row = CaseFile(
        case_id=desk.case.id,
        account_id=desk.actor_id or desk.case.reporter_id,
        at=desk.now,
        media_type=filetypes.MEDIA_TYPES[filetypes.Kind.HTML],
        size=len(data),
        sealed_name=desk.seal(name, "filename"),
        sealed_content=desk.product.master_key.seal_bytes(desk.key, data, "file"),
    )
    desk.session.add(row)
    desk.session.flush()
    desk.log(Kind.FIL_LAGT_TIL, {"fil": row.id, "navn": name})
