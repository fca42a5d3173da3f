"""`trygg check`: the checks from a terminal, for people and for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from engine.definitions.checks.check import Report, check_file

_SEVERITY = {"error": "FEIL", "warning": "ADVARSEL", "info": "TIL ORIENTERING"}


def run(files: Sequence[Path], as_json: bool) -> int:
    """Check the files and print what was found, as text or as one JSON object a line.

    The exit code: 0 without errors, 1 with, 2 for a wrong call (no file, or one that can't be
    read). The other files are checked in any case.
    """
    if not files:
        print("Nevn minst én fil.", file=sys.stderr)
        return 2
    code = 0
    for file in files:
        try:
            report = check_file(file)
        except OSError:
            print(f"{file}: filen kan ikke åpnes.", file=sys.stderr)
            code = 2
            continue
        print(_as_json(report) if as_json else as_text(report), flush=True)
        if not report.ok:
            code = max(code, 1)
    return code


def _as_json(report: Report) -> str:
    found = [
        {
            "rule": each.rule,
            "severity": each.severity,
            "element": each.element,
            "name": each.name,
            "message": each.message,
            "remedy": each.remedy,
        }
        for each in report.findings
    ]
    return json.dumps({"file": report.file, "ok": report.ok, "findings": found}, ensure_ascii=False)


def as_text(report: Report) -> str:
    """What was found in one file, as lines for a person."""
    lines = [f"{report.file}: {'i orden' if report.ok else 'har feil'}"]
    for each in report.findings:
        lines.append(f"  {_SEVERITY[each.severity]} {each.rule} ({each.element or 'hele filen'})")
        lines.append(f"    {each.message} {each.remedy}")
    return "\n".join(lines)
