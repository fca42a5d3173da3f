"""Whether a decision file (DMN) is one table whose every cell FEEL can read."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

from engine.definitions.bpmn import local, name_of, text_of
from engine.definitions.checks.expressions import Allowance
from engine.definitions.findings import Finding, finding

POLICIES = ("UNIQUE", "FIRST", "ANY", "COLLECT")
"""Hit policies that the engine follows. COLLECT gives lists, without sums."""

CELLS = 5_000
"""Cells of one table."""

_PARTS = frozenset({"input", "output", "rule"})
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
_BESIDE = frozenset({"decision", "inputData", "knowledgeSource", "extensionElements",
                     "description", "textAnnotation", "association", "DMNDI", "itemDefinition",
                     "artifact"})  # fmt: skip
_REQUIREMENTS = frozenset({"informationRequirement", "authorityRequirement", "variable",
                           "extensionElements", "description", "question", "allowedAnswers",
                           "decisionTable"})  # fmt: skip


def decisions(tree: etree._ElementTree) -> list[Finding]:
    """Findings `beslutning.*` on one decision file, read by `read_model`."""
    return list(dict.fromkeys(_file(tree.getroot())))


def _say(rule: str, node: etree._Element, **values) -> Finding:
    return finding(f"beslutning.{rule}", node.get("id"), name_of(node), **values)


def _file(root: etree._Element) -> Iterator[Finding]:
    found = root.findall("{*}decision")
    if len(found) != 1:
        yield finding("beslutning.antall", count=len(found))
    for node in root:
        if local(node) not in _BESIDE:
            yield _say("type", node, kind=local(node)[:60])
    for decision in found:
        yield from _decision(decision)


def _decision(decision: etree._Element) -> Iterator[Finding]:
    if not decision.get("id"):
        yield _say("uten_id", decision)
    for node in decision:
        if local(node) not in _REQUIREMENTS:
            yield _say("type", node, kind=local(node)[:60])
    tables = decision.findall("{*}decisionTable")
    if len(tables) != 1:
        yield _say("uten_tabell", decision)
    for table in tables:
        yield from _table(decision, table)


def _table(decision: etree._Element, table: etree._Element) -> Iterator[Finding]:
    policy = table.get("hitPolicy", "UNIQUE").upper()
    if policy not in POLICIES or table.get("aggregation"):
        yield _say("treff", decision, policy=policy[:40], known=", ".join(POLICIES))
    for part in table:
        if local(part) not in _PARTS:
            yield _say("type", decision, kind=local(part)[:60])
    inputs, outputs = table.findall("{*}input"), table.findall("{*}output")
    rules = table.findall("{*}rule")
    if not outputs or not rules:
        yield _say("tom", decision)
    if len(rules) * (len(inputs) + len(outputs)) > CELLS:
        yield _say("for_stor", decision, limit=CELLS)
        return
    for node in table.iter("{*}input", "{*}output", "{*}rule", "{*}inputEntry", "{*}outputEntry"):
        if not node.get("id"):
            yield _say("uten_id", decision)
    allowance = Allowance()
    for number, column in enumerate(inputs, 1):
        text = text_of(column.find("{*}inputExpression/{*}text"))
        place, place_en = f"inngang {number}", f"input {number}"
        yield from _cell(decision, place, place_en, allowance.check(text or ""))
    for column in outputs:
        if not _NAME.fullmatch(column.get("name") or ""):
            yield _say("utnavn", decision, what=(column.get("name") or "")[:60])
    for number, rule in enumerate(rules, 1):
        yield from _rule(decision, rule, number, (len(inputs), len(outputs)), allowance)
    for node in table.iter():
        language = node.get("expressionLanguage", "").lower()
        if language and "feel" not in language:
            yield _say("spraak", decision, what=language[:60])


def _rule(decision, rule, number: int, columns: tuple, allowance) -> Iterator[Finding]:
    given, answers = rule.findall("{*}inputEntry"), rule.findall("{*}outputEntry")
    if (len(given), len(answers)) != columns:
        yield _say("kolonner", decision, number=number)
        return
    place, place_en = f"rad {number}", f"row {number}"
    for entry in given:
        text = text_of(entry.find("{*}text"))
        if text not in (None, "-"):
            yield from _cell(decision, place, place_en, allowance.check(text, unary=True))
    for entry in answers:
        text = text_of(entry.find("{*}text"))
        yield from _cell(decision, place, place_en, allowance.check(text or ""))


def _cell(decision, place: str, place_en: str, error: object | None) -> Iterator[Finding]:
    if error is not None:
        yield _say("uttrykk", decision, place=place, place_en=place_en, why=str(error))
