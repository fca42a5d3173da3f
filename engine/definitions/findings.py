"""Findings: what is wrong with a definition, said to the person who drew it.

A finding never carries a Python exception's words or raw XML. The sentences stand in
`findings.toml`, one entry a rule, in bokmål with English at hand.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_TEXTS = Path(__file__).with_name("findings.toml")


@dataclass(frozen=True)
class Finding:
    """One thing to know about a definition.

    rule: stable name, such as `kjorbar.skript`; severity: `error` stops publishing, `warning` and
    `info` do not; element and name: id and name of the element, None for the file as a whole;
    message: what is wrong and why it matters; remedy: what to do. `*_en` say the same in English.
    """

    rule: str
    severity: str
    element: str | None
    name: str | None
    message: str
    remedy: str
    message_en: str
    remedy_en: str


class Refused(Exception):
    """A definition that can't be used. `findings` says everything that is wrong with it."""

    def __init__(self, findings: Iterable[Finding]):
        self.findings = tuple(findings)
        super().__init__("; ".join(finding.rule for finding in self.findings))


@cache
def rules() -> dict[str, dict[str, str]]:
    """Every rule with its texts: severity, message, remedy, message_en, remedy_en."""
    tables = tomllib.loads(_TEXTS.read_text("utf-8"))
    return {
        f"{group}.{rule}": text for group, table in tables.items() for rule, text in table.items()
    }


def finding(rule: str, element: str | None = None, name: str | None = None, **values) -> Finding:
    """A finding of that rule, with the rule's sentences filled in from `name` and `values`."""
    text = rules()[rule]
    filled = {
        key: text[key].format(name=name, element=element, **values)
        for key in ("message", "remedy", "message_en", "remedy_en")
    }
    return Finding(rule, text["severity"], element, name, **filled)


def errors(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings that stop a definition from being used."""
    return tuple(finding for finding in findings if finding.severity == "error")
