"""FEEL, the only expression language of diagrams, decisions and forms.

The evaluator is feelin, built into `build/feel.js` and run in an embedded V8 that has no file,
network or process to reach: JSON text goes in and out and nothing else. Each process has one V8,
made when first needed and made anew after a fork, a runaway expression or too much memory.

FEEL has three truth values. A name that is not there reads as null, and a comparison with null is
null or false: only `True` may hide a field or take a flow.
"""

import atexit
import json
import os
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from py_mini_racer import JSEvalException, JSOOMException, JSTimeoutException, MiniRacer

from engine.sentences import Sentence, say

TIME_LIMIT = 2.0
"""Seconds one expression may take: a thousand times what a real one needs, since a loaded machine
must not stop a case."""

MEMORY_LIMIT = 64 * 1024 * 1024
"""Bytes that V8 may hold."""

LENGTH_LIMIT = 10_000
"""Characters in one expression."""

OSLO = ZoneInfo("Europe/Oslo")
_TEXTS = re.compile(r'"(?:[^"\\]|\\.)*"')
BUNDLE = Path(__file__).parent / "build" / "feel.js"

_MESSAGES = {
    "empty": say("Uttrykket er tomt. Skriv hva som skal regnes ut."),
    "long": say("Uttrykket er for langt. Det kan ha %(most)s tegn.", most=LENGTH_LIMIT),
    "incomplete": say("Uttrykket er ikke ferdig skrevet. Noe mangler ved tegn %(column)s."),
    "unrecognized": say("Uttrykket kan ikke leses fra tegn %(column)s. Se etter skrivefeil der."),
    "failed": say("Uttrykket kan ikke regnes ut. Se om verdiene er av riktig slag."),
    "function": say("Uttrykket bruker en funksjon som ikke finnes. Se etter skrivefeil i navnet."),
    "time": say("Uttrykket brukte for lang tid og ble stoppet. Gjør det enklere."),
    "memory": say("Uttrykket brukte for mye minne og ble stoppet. Gjør det enklere."),
    "context": say("Svarene som uttrykket skal lese, kan ikke skrives som JSON."),
}


class FeelError(Exception):
    """An expression that can't be read or worked out.

    `code` is stable (`incomplete`, `unrecognized`, `failed`, `time`, `memory`, `empty`, `long`,
    `function`, `context`), the message is for the person who wrote the expression, and `position`
    is the index of the character where reading stopped, or None.
    """

    def __init__(self, code: str, position: int | None = None):
        column = "?" if position is None else position + 1
        said = _MESSAGES[code]
        super().__init__(Sentence(said.source, {"column": column, **said.values}))
        self.code = code
        self.position = position


def evaluate(expression: str, context: dict, now: datetime | None = None):
    """The value of `expression`, read with the names of `context`.

    Values are what JSON has; dates, times and durations come back as ISO text. `now` is the
    moment that `now()` and `today()` give, with a zone; the clock's own when left out. Raises
    FeelError, also for a function that is not there: feelin would go on with null.
    """
    return _ask("feelEval", expression, _json(context), _moment(now))


def unary(test: str, value, context: dict, now: datetime | None = None) -> bool:
    """Whether `value` passes a decision table's cell, such as `> 10` or `"ja", "usikker"`.

    Only FEEL's true passes; null does not. The value is also readable as `?`: a cell that reads it
    is a condition and passes when it is true. Raises FeelError, as `evaluate` does.
    """
    # feelin lets a condition that gives null pass for a value that is null; the standard does not.
    function = "feelEval" if reads_value(test) and check(test) is None else "feelUnary"
    given = _json({**context, "?": value})
    return _ask(function, test, given, _moment(now)) is True


def reads_value(test: str) -> bool:
    """Whether a cell reads its value as `?`, and so is a condition."""
    return "?" in _TEXTS.sub("", test)


def check(expression: str, unary: bool = False) -> FeelError | None:
    """What is wrong with the way `expression` is written, a function that is not there too, or
    None. `unary` reads it as a cell."""
    try:
        _ask("feelNames", expression, _top(unary))
    except FeelError as error:
        return error
    return None


def names(expression: str, unary: bool = False) -> set[str]:
    """The qualified names that `expression` reads, such as `motta_varsel.alvorlig`.

    A loop's variable stands for the list it runs through: `every t in tiltak satisfies t.virker`
    reads `tiltak` and `tiltak.virker`. In a filter, `item.x` and a bare `x` belong to the list.
    Functions are not names. Raises FeelError when the expression can't be read.
    """
    return set(_ask("feelNames", expression, _top(unary), any_function=True))


def _top(unary: bool) -> str:
    return "UnaryTests" if unary else "Expression"


def _json(context: dict) -> str:
    try:
        return json.dumps(context, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise FeelError("context") from error


def _moment(now: datetime | None) -> str:
    return (now or datetime.now(OSLO)).astimezone(OSLO).isoformat(timespec="seconds")


def _ask(function: str, expression: str, *arguments: str, any_function: bool = False):
    text = expression.strip().removeprefix("=").strip()
    if not text:
        raise FeelError("empty")
    if len(text) > LENGTH_LIMIT:
        raise FeelError("long")
    answer = json.loads(_machine(os.getpid()).call(function, text, *arguments))
    if "error" in answer:
        position = answer["at"]
        raise FeelError(answer["error"], position and position + expression.index(text))
    unknown = any(each["type"] == "NO_FUNCTION_FOUND" for each in answer["warnings"])
    if unknown and not any_function:
        raise FeelError("function")
    return answer["value"]


@cache
def _machine(process: int) -> "_Machine":
    """The V8 of this process; a fork has another number, and V8 does not survive a fork."""
    return _Machine()


class _Machine:
    """One V8 with the evaluator loaded, used by one thread at a time."""

    def __init__(self):
        self._lock = threading.Lock()
        self._v8: MiniRacer | None = None

    def call(self, function: str, *arguments: str) -> str:
        """What the JavaScript function answers. Raises FeelError when a limit is passed."""
        source = f"{function}({','.join(map(json.dumps, arguments))})"
        with self._lock:
            try:
                return self._ready().eval(source, timeout_sec=TIME_LIMIT)
            except JSTimeoutException as error:
                self._drop()
                raise FeelError("time") from error
            except JSOOMException as error:
                self._drop()
                raise FeelError("memory") from error
            except JSEvalException as error:
                self._drop()
                raise FeelError("failed") from error

    def _ready(self) -> MiniRacer:
        if self._v8 is None:
            atexit.register(self.close)
            # Made in a thread without an event loop, V8 gets one of its own. It would take over a
            # loop that runs in the caller's thread, and wait for ever when another thread asks.
            with ThreadPoolExecutor(1) as thread:
                self._v8 = thread.submit(MiniRacer).result()
            self._v8.set_hard_memory_limit(MEMORY_LIMIT)
            self._v8.eval(BUNDLE.read_text("utf-8"))
        return self._v8

    def close(self) -> None:
        """Let the V8 go before the process ends; left open, it may keep the process from ending."""
        atexit.unregister(self.close)
        if self._v8 is not None:
            self._v8.close()
            self._v8 = None

    def _drop(self) -> None:
        # A cancelled call answers late; asking once more lets it, before the V8 is closed.
        with suppress(JSEvalException):
            self._v8.eval("0", timeout_sec=TIME_LIMIT)
        self.close()
