"""Numbers of tasks, answers, files and the like in addresses: not those of their rows.

Rows are counted: of 101, 102 and 104, one who may see all other cases learns that there is one more
that is kept from her, and when it moved. So each stands under a number that only the product's own
key can turn back. Case numbers are drawn at random and need none of this.
"""

from __future__ import annotations

import hmac

from flask import Flask, current_app
from werkzeug.routing import BaseConverter, ValidationError

LAST = 2**31 - 1  # of the database's own numbers
HALF, ROUNDS = 16, 4  # bits of a half


class Numbers:
    """Row numbers and those of addresses, each other's opposite. key: None leaves them as they are.

    A Feistel cipher over 32 bits: every number has one other, and no two the same.
    """

    def __init__(self, key: bytes | None):
        self.key = key

    def hidden(self, number: int) -> int:
        return self._turned(number, range(ROUNDS))

    def row(self, text: str) -> int | None:
        """The row of a number as it was typed; None when it can't be one."""
        if not (text.isascii() and text.isdigit() and len(text) <= 10 and int(text) < 2**32):
            return None
        number = self._turned(int(text), reversed(range(ROUNDS)))
        return number if number <= LAST else None

    def _turned(self, number: int, rounds) -> int:
        if self.key is None:
            return number
        left, right = number >> HALF, number & (2**HALF - 1)
        for each in rounds:
            left, right = right, left ^ self._mixed(each, right)
        return right << HALF | left

    def _mixed(self, each: int, half: int) -> int:
        said = hmac.digest(self.key, b"%d %d" % (each, half), "sha256")
        return int.from_bytes(said[: HALF // 8])


def init(app: Flask) -> None:
    """Let addresses say `<row:name>`. Numbers are hidden where HIDE_NUMBERS says so."""
    secret = app.config["SECRET_KEY"]
    key = secret if isinstance(secret, bytes) else secret.encode()
    numbers = Numbers(hmac.digest(key, b"row numbers", "sha256"))
    if not app.config.get("HIDE_NUMBERS"):
        numbers = Numbers(None)
    app.extensions["numbers"] = numbers

    class RowConverter(BaseConverter):
        regex = "[0-9]{1,10}"

        def to_python(self, value: str) -> int:
            number = numbers.row(value)
            if number is None:
                raise ValidationError
            return number

        def to_url(self, value: int) -> str:
            return str(numbers.hidden(value))

    app.url_map.converters["row"] = RowConverter
    app.jinja_env.filters["hidden_number"] = numbers.hidden


def row_of(text: str) -> int | None:
    """The row of a number that a form sends; None when it can't be one."""
    return current_app.extensions["numbers"].row(text)
