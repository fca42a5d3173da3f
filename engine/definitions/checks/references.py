"""Whether what a drawing names is there: roles, forms, deadlines, operations, steps and fields."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from lxml import etree

from engine.definitions.bpmn import (
    BPMN,
    CAMUNDA,
    TRYGG,
    lane_roles,
    name_of,
    role_of,
    rule_of_timer,
)
from engine.definitions.checks.context import Context
from engine.definitions.checks.expressions import expressions, names_in, too_much
from engine.definitions.checks.lookup import Lookup
from engine.definitions.checks.messages import messages
from engine.definitions.compile import CASES
from engine.definitions.dmn import required
from engine.definitions.findings import Finding, finding
from engine.definitions.forms import form_findings
from engine.definitions.operations import NAMES as OPERATIONS
from engine.definitions.operations import REPORTS
from engine.rules.regelverk import InvalidRules, read_regelverk

# fmt: off
ROLES = frozenset([
    "rektor", "ledelse", "kontaktlaerer", "faglaerer", "miljoarbeider", "aks", "sosialveileder",
    "helsesykepleier", "ressursteam", "ppt", "skoleeier", "elevraad", "fau_smu_ds",
    "melder", "saksansvarlig", "undersoker", "tilrettelegger", "ansvarlig",
])
TOLD = ROLES | {"foresatte"}
DELPLIKTER = frozenset(["folge_med", "gripe_inn", "varsle", "undersoke", "tiltak"])
# fmt: on


def references(tree: etree._ElementTree, lookup: Lookup) -> list[Finding]:
    """Findings `henvisning.*` on one drawing, whose references are sought in `lookup`."""
    context = Context(tree, lookup)
    found = [
        *_roles(tree, bool(lookup.callers(context.process_id))),
        *_forms(tree, context, lookup),
        *_deadlines(tree, lookup),
        *_operations(tree),
        *messages(tree, context, lookup),
        *_processes(tree, lookup),
        *_decisions(tree, context.process_id, lookup),
        *([] if too_much(tree) else _names(tree, context)),
        *_inputs(tree, context, lookup),
    ]
    return list(dict.fromkeys(found))


def _say(rule: str, node: etree._Element, **values) -> Finding:
    return finding(f"henvisning.{rule}", node.get("id"), name_of(node), **values)


def _roles(tree: etree._ElementTree, is_called: bool) -> Iterator[Finding]:
    for node in tree.iter(BPMN + "*"):
        for attribute in ("rolle", "startesAv", "varsler", "girRolle"):
            text = (node.get(TRYGG + attribute) or "").strip()
            named = [text] if attribute == "rolle" else text.split()
            known = TOLD if attribute == "varsler" else ROLES
            if not text.startswith("=") or attribute != "varsler":
                for role in named:
                    if role and role not in known:
                        yield _say("rolle_ukjent", node, what=role[:60], **_list(known))
    lanes = lane_roles(tree)
    for node in tree.iter(BPMN + "userTask"):
        if role_of(node, lanes) is None and not is_called:
            yield _say("uten_rolle", node)


def _forms(tree: etree._ElementTree, context: Context, lookup: Lookup) -> Iterator[Finding]:
    for node in tree.iter(BPMN + "userTask"):
        key = node.get(CAMUNDA + "formKey")
        if not key:
            continue
        data = lookup.form(context.process_id, key)
        if data is None:
            yield _say("skjema_mangler", node, what=key[:60])
            continue
        form = context.form(context.process_id, key)
        if form is None:
            faults = form_findings(data)
            yield _say(
                "skjema_feil",
                node,
                what=key[:60],
                count=len(faults),
                first=faults[0].message,
                first_en=faults[0].message_en,
            )
        elif form.id != key:
            yield _say("skjema_id", node, what=key[:60], id=form.id)


def _deadlines(tree: etree._ElementTree, lookup: Lookup) -> Iterator[Finding]:
    named = [
        (node, node.get(TRYGG + "frist"))
        for node in tree.iter(BPMN + "*")
        if node.get(TRYGG + "frist") is not None
    ]
    for event in tree.iter(BPMN + "timerEventDefinition"):
        key = rule_of_timer(event)
        if key is not None:
            named.append((event.getparent(), key))
    try:
        keys = read_regelverk(lookup.regelverk() or b"").keys()
    except InvalidRules:
        yield finding("henvisning.regelverk")
        return
    for node, key in named:
        if key not in keys:
            yield _say("frist_mangler", node, what=key[:60])


def _operations(tree: etree._ElementTree) -> Iterator[Finding]:
    steps = {node.get("id") for node in tree.iter(BPMN + "userTask")}
    for node in tree.iter(BPMN + "*"):
        operations = (node.get(TRYGG + "operasjon") or "").split()
        for operation in operations:
            if operation not in OPERATIONS:
                yield _say("operasjon_ukjent", node, what=operation[:60], **_list(OPERATIONS))
        concerns = node.get(TRYGG + "gjelder")
        if concerns is not None and concerns not in steps:
            yield _say("gjelder_ukjent", node, what=concerns[:60])
        elif concerns is None and "fremskynd" in operations:
            yield _say("gjelder_mangler", node)
        if (REPORTS in operations) != bool(node.get(TRYGG + "elever")):
            yield _say("elever_mangler", node)
        case = node.get(TRYGG + "sak")
        if case is not None and case not in CASES:
            yield _say("sak_ukjent", node, what=case[:60], **_list(CASES))
        part = node.get(TRYGG + "delplikt")
        if part is not None and part not in DELPLIKTER:
            yield _say("delplikt_ukjent", node, what=part[:60], **_list(DELPLIKTER))


def _processes(tree: etree._ElementTree, lookup: Lookup) -> Iterator[Finding]:
    for node in tree.iter(BPMN + "callActivity"):
        other = node.get("calledElement")
        if other and lookup.drawing(other) is None:
            yield _say("prosess_mangler", node, what=other[:60])


def _decisions(tree: etree._ElementTree, process_id: str, lookup: Lookup) -> Iterator[Finding]:
    steps = [node for node in tree.iter(BPMN + "businessRuleTask")]
    if not steps:
        return
    known = Counter(
        decision.get("id")
        for file in lookup.decisions(process_id)
        for decision in file.getroot().iterfind("{*}decision")
    )
    for node in steps:
        wanted = node.get(CAMUNDA + "decisionRef")
        if wanted and not known[wanted]:
            yield _say("beslutning_mangler", node, what=wanted[:60])
        elif wanted and known[wanted] > 1:
            yield _say("beslutning_flere", node, what=wanted[:60])


def _names(tree: etree._ElementTree, context: Context) -> Iterator[Finding]:
    for expression in expressions(tree):
        items = context.items(expression.node)
        said = set()
        for name in sorted(names_in(expression.text)):
            missing = context.missing(name, items)
            if missing is not None and missing not in said:
                said.add(missing)
                rule = "felt_mangler" if missing[0] == "felt" else "steg_ukjent"
                yield _say(rule, expression.node, what=missing[1][:60], path=name[:80])


def _inputs(tree: etree._ElementTree, context: Context, lookup: Lookup) -> Iterator[Finding]:
    """Fields that a step's decision table asks for and the form does not have.

    Steps that are not here are passed over: a table may be shared with processes that have them.
    """
    tables = {
        decision.get("id"): decision
        for file in lookup.decisions(context.process_id)
        for decision in file.getroot().iterfind("{*}decision")
    }
    for node in tree.iter(BPMN + "businessRuleTask"):
        items, said = context.items(node), set()
        for name in _read_by(node.get(CAMUNDA + "decisionRef") or "", tables, set()):
            missing = context.missing(name, items)
            if missing is not None and missing[0] == "felt" and name not in said:
                said.add(name)
                yield _say("felt_mangler", node, what=missing[1][:60], path=name[:80])


def _read_by(decision_id: str, tables: dict, seen: set[str]) -> Iterator[str]:
    """The names that the inputs of a decision read, and those of the decisions that it requires."""
    if decision_id not in tables or decision_id in seen:
        return
    seen.add(decision_id)
    table = tables[decision_id]
    for text in table.iterfind("{*}decisionTable/{*}input/{*}inputExpression/{*}text"):
        yield from sorted(names_in(text.text or ""))
    for other in required(table):
        yield from _read_by(other, tables, seen)


def _list(words: Iterable[str]) -> dict[str, str]:
    return {"known": ", ".join(sorted(words))}
