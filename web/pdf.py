"""A PDF as an answer: to be saved, never shown inside Trygg."""

import io

from flask import Response, send_file

from web.cases import FILE_POLICY


def pdf_answer(content: bytes, name: str) -> Response:
    """The PDF as a file with this name. The name says nothing of anybody."""
    answer = send_file(
        io.BytesIO(content),
        mimetype="application/pdf",
        as_attachment=True,
        download_name=name,
        conditional=False,
        etag=False,
    )
    answer.headers["Content-Security-Policy"] = FILE_POLICY
    return answer
