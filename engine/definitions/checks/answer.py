"""`trygg decide`: what a decision answers, from a terminal."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from engine.definitions.bpmn import is_decision
from engine.definitions.checks.check import check_file
from engine.definitions.checks.command import as_text
from engine.definitions.decisions import Undecided, decide, read_decisions
from engine.definitions.findings import Refused
from engine.definitions.reader import BYTES, read_model
from engine.rules.workdays import moment

CLOCK = "naa"
"""The name in the input that says what time it is."""


class WrongCall(Exception):
    """What was asked for can't be asked; the message says why."""


def run(file: Path, decision_id: str, given: str) -> int:
    """Print as JSON what the decision answers to the given JSON: a text, `@file`, or `-` for
    standard input. Says what is wrong on standard error.

    The exit code: 0 with an answer, 1 when the file has an error or gives no answer, 2 for a wrong
    call.
    """
    try:
        report = check_file(file)
        if not report.ok:
            print(as_text(report), file=sys.stderr)
            return 1
        context = _context(given)
        answer = decide(_decision(file, decision_id), context, _now(context))
    except OSError as error:
        print(f"{error.filename or file}: filen kan ikke åpnes.", file=sys.stderr)
        return 2
    except WrongCall as wrong:
        print(wrong, file=sys.stderr)
        return 2
    except Undecided as undecided:
        print(undecided, file=sys.stderr)
        return 1
    print(json.dumps(answer, ensure_ascii=False))
    return 0


def _decision(file: Path, decision_id: str):
    try:
        tree = read_model(file.read_bytes()[: BYTES + 1])
    except Refused:
        tree = None
    if tree is None or not is_decision(tree):
        raise WrongCall(f"{file}: filen har ingen beslutningstabell.")
    known = read_decisions(tree)
    if decision_id not in known:
        names = ", ".join(known)
        raise WrongCall(f"{file}: det er ingen beslutning «{decision_id}». Velg blant: {names}.")
    return known[decision_id]


def _context(given: str) -> dict[str, Any]:
    try:
        context = json.loads(_text(given), parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise WrongCall("Det som er gitt i --input, er ikke JSON.") from error
    if not isinstance(context, dict):
        raise WrongCall('--input må være et objekt, for eksempel {"steg": {"felt": "ja"}}.')
    return context


def _text(given: str) -> str:
    if given == "-":
        return sys.stdin.read()
    return Path(given[1:]).read_text("utf-8") if given.startswith("@") else given


def _refuse(constant: str):
    raise ValueError(constant)


def _now(context: dict[str, Any]):
    if CLOCK not in context:
        return None
    try:
        return moment(context[CLOCK])
    except (ValueError, TypeError, OverflowError) as error:
        raise WrongCall(f"{CLOCK} må være dato og klokkeslett, som 2026-09-08T10:00.") from error
