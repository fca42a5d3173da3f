"""Whether a decision file (DMN) is tables that we work out whole, and whose cells FEEL can read.

Whatever else the standard has is a finding: no part of a decision is passed over.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from lxml import etree

from engine.definitions import feel
from engine.definitions.bpmn import local, name_of, text_of
from engine.definitions.checks.expressions import Allowance
from engine.definitions.dmn import (
    AGGREGATIONS,
    POLICIES,
    TYPES,
    UNCHECKED_TYPES,
    aggregation_of,
    cell_of,
    kind_of,
    literals,
    place_of,
    policy_of,
    required,
    test_of,
    type_of,
    variable_of,
)
from engine.definitions.findings import Finding, finding

CELLS = 5_000
"""Cells of one file's tables."""

DECISIONS = 30
"""Decisions of one file."""

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
# fmt: off
_BESIDE = frozenset([
    "decision", "inputData", "knowledgeSource", "extensionElements", "description", "group",
    "textAnnotation", "association", "DMNDI", "itemDefinition", "artifact", "performanceIndicator",
    "organizationUnit", "organisationUnit",
])
_REQUIREMENTS = frozenset([
    "informationRequirement", "authorityRequirement", "variable", "extensionElements",
    "description", "question", "allowedAnswers", "decisionTable", "supportedObjective",
    "impactedPerformanceIndicator", "decisionMaker", "decisionOwner", "usingProcess", "usingTask",
])
_PARTS = frozenset([
    "input", "inputExpression", "inputValues", "output", "outputValues", "defaultOutputEntry",
    "rule", "inputEntry", "outputEntry", "annotation", "annotationEntry", "text", "description",
    "extensionElements",
])
# fmt: on
_WITH_ID = ("{*}input", "{*}output", "{*}rule", "{*}inputEntry", "{*}outputEntry")


def decisions(tree: etree._ElementTree) -> list[Finding]:
    """Findings `beslutning.*` on one decision file, read by `read_model`."""
    return list(dict.fromkeys(_file(tree.getroot())))


def _say(rule: str, node: etree._Element, **values) -> Finding:
    return finding(f"beslutning.{rule}", node.get("id"), name_of(node), **values)


def _file(root: etree._Element) -> Iterator[Finding]:
    found = root.findall("{*}decision")
    if not 1 <= len(found) <= DECISIONS:
        yield finding("beslutning.antall", count=len(found), limit=DECISIONS)
        return
    for node in root:
        if local(node) not in _BESIDE:
            yield _say("type", node, kind=local(node)[:60])
    yield from _language(root, root)
    yield from _requirements(found)
    cells = sum(map(_size, root.iterfind("{*}decision/{*}decisionTable")))
    if cells > CELLS:
        yield finding("beslutning.for_stor", count=cells, limit=CELLS)
        return
    allowance = Allowance()
    for decision in found:
        yield from _decision(decision, allowance)


def _size(table: etree._Element) -> int:
    columns = len(table.findall("{*}input")) + len(table.findall("{*}output"))
    return len(table.findall("{*}rule")) * columns


def _requirements(found: list[etree._Element]) -> Iterator[Finding]:
    """That ids are unique, and that what a decision requires is there and leads to an end."""
    by_id = {decision.get("id", ""): decision for decision in found}
    for decision_id, count in Counter(each.get("id", "") for each in found).items():
        if count > 1:
            yield _say("lik_id", by_id[decision_id])
    for decision in found:
        names: Counter[str] = Counter()
        for other in required(decision):
            if other not in by_id:
                yield _say("krever_ukjent", decision, what=other[:60])
                continue
            name = variable_of(by_id[other])
            names[name] += 1
            if not _NAME.fullmatch(name) or names[name] > 1:
                yield _say("variabel", by_id[other], what=name[:60])
        if _leads_back(decision.get("id", ""), by_id):
            yield _say("ring", decision)


def _leads_back(start: str, by_id: dict[str, etree._Element]) -> bool:
    queue, seen = [start], set()
    while queue:
        for other in required(by_id[queue.pop()]):
            if other == start:
                return True
            if other in by_id and other not in seen:
                seen.add(other)
                queue.append(other)
    return False


def _decision(decision: etree._Element, allowance: Allowance) -> Iterator[Finding]:
    if not decision.get("id"):
        yield _say("uten_id", decision)
    for node in decision:
        if local(node) not in _REQUIREMENTS or not _is_dmn(node, decision):
            yield _say("type", decision, kind=local(node)[:60])
    tables = decision.findall("{*}decisionTable")
    if len(tables) != 1:
        yield _say("uten_tabell", decision)
    for table in tables:
        yield from _shape(decision, table)
        yield from _policy(decision, table)
        yield from _columns(decision, table, allowance)
        yield from _rules(decision, table, allowance)


def _is_dmn(node: etree._Element, inside: etree._Element) -> bool:
    return etree.QName(node).namespace == etree.QName(inside).namespace


def _language(owner: etree._Element, node: etree._Element) -> Iterator[Finding]:
    language = node.get("expressionLanguage", "")
    if language and "feel" not in language.lower():
        yield _say("spraak", owner, what=language[:60])


def _shape(decision: etree._Element, node: etree._Element) -> Iterator[Finding]:
    """That there is nothing in a table but what is read."""
    yield from _language(decision, node)
    for part in node:
        if local(part) not in _PARTS or not _is_dmn(part, node):
            yield _say("type", decision, kind=local(part)[:60])
        elif local(part) != "extensionElements":
            yield from _shape(decision, part)


def _policy(decision: etree._Element, table: etree._Element) -> Iterator[Finding]:
    policy, aggregation = policy_of(table), aggregation_of(table)
    outputs = table.findall("{*}output")
    if policy not in POLICIES:
        yield _say("treff", decision, policy=policy[:40], known=", ".join(POLICIES))
    if aggregation is not None:
        if policy != "COLLECT" or aggregation not in AGGREGATIONS or len(outputs) != 1:
            known = ", ".join(AGGREGATIONS)
            yield _say("samler", decision, aggregation=aggregation[:40], known=known)
        elif aggregation != "COUNT" and TYPES.get(type_of(outputs[0]) or "number") != "number":
            yield _say("samler_tall", decision, aggregation=aggregation)
        elif aggregation == "COUNT" and outputs[0].find("{*}defaultOutputEntry") is not None:
            yield _say("teller", decision)
    if policy in ("PRIORITY", "OUTPUT ORDER") and not any(
        literals(text_of(output.find("{*}outputValues/{*}text"))) for output in outputs
    ):
        yield _say("rekkefolge", decision, policy=policy)


def _columns(decision, table: etree._Element, allowance: Allowance) -> Iterator[Finding]:
    inputs, outputs = table.findall("{*}input"), table.findall("{*}output")
    if not outputs or not table.findall("{*}rule"):
        yield _say("tom", decision)
    for node in table.iter(*_WITH_ID):
        if not node.get("id"):
            yield _say("uten_id", decision)
    for number, column in enumerate(inputs, 1):
        place, place_en = f"inngang {number}", f"input {number}"
        expression = column.find("{*}inputExpression")
        text = None if expression is None else cell_of(expression)
        yield from _cell(decision, place, place_en, allowance.check(text or ""))
        yield from _allowed(decision, column, "inputValues", (place, place_en), allowance)
        if expression is not None:
            yield from _type(decision, expression)
    names = Counter(column.get("name") or "" for column in outputs)
    for column in outputs:
        name = column.get("name") or ""
        if not _NAME.fullmatch(name):
            yield _say("utnavn", decision, what=name[:60])
        elif names[name] > 1:
            yield _say("like_svar", decision, what=name)
        place, place_en = f"svaret «{name}»", f"output «{name}»"
        yield from _allowed(decision, column, "outputValues", (place, place_en), allowance)
        yield from _type(decision, column)
        default = column.find("{*}defaultOutputEntry")
        if default is not None:
            text = cell_of(default) or ""
            yield from _cell(decision, place, place_en, allowance.check(text))
            yield from _literal(decision, column, text, place, place_en)


def _allowed(decision, column, kind: str, places, allowance: Allowance) -> Iterator[Finding]:
    values = column.find("{*}" + kind)
    if values is not None:
        yield from _cell(decision, *places, allowance.check(cell_of(values) or "", unary=True))


def _type(decision: etree._Element, node: etree._Element) -> Iterator[Finding]:
    name = type_of(node)
    if name is not None and name not in TYPES and name not in UNCHECKED_TYPES:
        yield _say("datatype", decision, what=name[:60], known=", ".join(TYPES))


def _rules(decision, table: etree._Element, allowance: Allowance) -> Iterator[Finding]:
    inputs, outputs = table.findall("{*}input"), table.findall("{*}output")
    rules = table.findall("{*}rule")
    whole = []
    for number, rule in enumerate(rules, 1):
        given, answers = rule.findall("{*}inputEntry"), rule.findall("{*}outputEntry")
        if (len(given), len(answers)) != (len(inputs), len(outputs)):
            yield _say("kolonner", decision, number=number)
            continue
        whole.append((number, tuple(map(test_of, given)), tuple(map(cell_of, answers))))
        place, place_en = f"rad {number}", f"row {number}"
        for test in filter(None, map(test_of, given)):
            yield from _test(decision, test, place, place_en, allowance)
        for column, entry in zip(outputs, answers, strict=True):
            text = cell_of(entry) or ""
            yield from _cell(decision, place, place_en, allowance.check(text))
            yield from _literal(decision, column, text, place, place_en)
    yield from _alike(decision, policy_of(table), whole)


def _alike(decision: etree._Element, policy: str, rules: list[tuple]) -> Iterator[Finding]:
    """Rows that ask the very same: a contradiction, or one that is never reached."""
    first: dict[tuple, tuple] = {}
    for number, tests, answers in rules:
        earlier = first.get(tests) or (policy == "FIRST" and first.get((None,) * len(tests)))
        first.setdefault(tests, (number, answers))
        if not earlier:
            continue
        if policy == "FIRST":
            yield _say("naas_ikke", decision, number=number, earlier=earlier[0])
        elif policy == "UNIQUE" or (policy == "ANY" and _differ(earlier[1], answers)):
            yield _say("like_rader", decision, number=number, earlier=earlier[0])


def _differ(one: tuple, other: tuple) -> bool:
    """Whether two rows answer differently for certain."""
    pairs = [(literals(a), literals(b)) for a, b in zip(one, other, strict=True)]
    return any(a and b and place_of(a[0], b) is None for a, b in pairs)


def _literal(decision, column, text: str, place: str, place_en: str) -> Iterator[Finding]:
    """That an answer which is a plain value is of the column's type and among its values."""
    value = literals(text)
    if value is None or len(value) != 1:
        return
    kind = TYPES.get(type_of(column) or "")
    if kind is not None and kind_of(value[0]) not in (kind, None):
        yield _say("feil_type", decision, place=place, place_en=place_en, kind=type_of(column))
    allowed = literals(text_of(column.find("{*}outputValues/{*}text")))
    if allowed is not None and place_of(value[0], allowed) is None:
        what = text_of(column.find("{*}outputValues/{*}text"))[:80]
        yield _say("ukjent_svar", decision, place=place, place_en=place_en, known=what)


def _test(decision, test: str, place: str, place_en: str, allowance: Allowance):
    error = allowance.check(test, unary=True)
    yield from _cell(decision, place, place_en, error)
    if error is None and feel.reads_value(test) and feel.check(test) is not None:
        yield _say("betingelse", decision, place=place, place_en=place_en)


def _cell(decision, place: str, place_en: str, error: object | None) -> Iterator[Finding]:
    if error is not None:
        yield _say("uttrykk", decision, place=place, place_en=place_en, why=str(error))
