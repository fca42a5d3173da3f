"""Files that come in with a form: the field is called `fil`."""

from flask import request

from engine.cases.files import AddFile


def has_file() -> bool:
    """Whether a file came with this request."""
    sent = request.files.get("fil")
    return sent is not None and bool(sent.filename)


def file_of(number: str, account_id: int, receipt: str, task_id: int | None = None) -> AddFile:
    """The file that this request sends, to be added to the case."""
    sent = request.files.get("fil")
    name, content = (sent.filename or "", sent.read()) if sent else ("", b"")
    return AddFile(number, account_id, name, content, receipt, task_id)
