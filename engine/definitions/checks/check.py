"""All checks on a file or a bundle, with every finding at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lxml import etree

from engine.definitions.bpmn import called, is_decision, processes
from engine.definitions.bundle import Bundle
from engine.definitions.checks.decisions import decisions
from engine.definitions.checks.expressions import Allowance
from engine.definitions.checks.layout import layout
from engine.definitions.checks.lookup import InBundle, Lookup, OnDisk
from engine.definitions.checks.references import references
from engine.definitions.checks.runnable import runnable, together
from engine.definitions.findings import Finding, Refused, errors, finding
from engine.definitions.forms import form_findings
from engine.definitions.reader import BYTES, read_model

MOST = 100
"""Findings of one rule in one file. Who has corrected a hundred will check again anyway."""

TOGETHER = 40
"""Processes that one process may call, near and far."""


@dataclass(frozen=True)
class Report:
    """What was found in one file. ok: nothing stops it from being used."""

    file: str
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        return not errors(self.findings)


def check_file(path: Path) -> Report:
    """Check a drawing, a decision or a form on disk. Raises OSError when it can't be opened."""
    with path.open("rb") as file:
        data = file.read(BYTES + 1)
    return _report(str(path), data, OnDisk(path))


def check_bundle(bundle: Bundle) -> list[Report]:
    """Check every drawing, decision and form of a bundle, in the order of their paths."""
    lookup = InBundle(bundle)
    return [
        _report(path, data, lookup)
        for path, data in bundle.files.items()
        if path.endswith((".bpmn", ".dmn", ".form"))
    ]


def _report(file: str, data: bytes, lookup: Lookup) -> Report:
    counts: Counter[str] = Counter()
    kept = []
    for each in _check(file, data, lookup):
        counts[each.rule] += 1
        if counts[each.rule] <= MOST:
            kept.append(each)
    return Report(file, tuple(kept))


def _check(name: str, data: bytes, lookup: Lookup) -> list[Finding]:
    if name.endswith(".form"):
        return form_findings(data, Allowance().check)
    try:
        tree = read_model(data)
    except Refused as refused:
        return list(refused.findings)
    return decisions(tree) if is_decision(tree) else _drawing(tree, lookup)


def _drawing(tree: etree._ElementTree, lookup: Lookup) -> list[Finding]:
    found = [*runnable(tree), *references(tree, lookup)]
    trees = _with_called(tree, lookup)
    if len(trees) > TOGETHER:
        found.append(finding("kjorbar.for_mange_kall", limit=TOGETHER))
    elif trees:
        found += together(next(iter(trees)), trees)
    if not errors(found):
        found += _trial(trees)
    return [*found, *layout(tree)]


def _with_called(tree: etree._ElementTree, lookup: Lookup) -> dict[str, etree._ElementTree]:
    """The drawing under its own process id, then those of all that it calls."""
    trees = {process.get("id") or "": tree for process in processes(tree)[:1]}
    queue = called(tree)
    while queue and len(trees) <= TOGETHER:
        process_id = queue.pop()
        other = None if process_id in trees else lookup.drawing(process_id)
        if other is not None:
            trees[process_id] = other
            queue += called(other)
    return trees


def _trial(trees: Mapping[str, etree._ElementTree]) -> list[Finding]:
    """What SpiffWorkflow's own parser says, when nothing else was found.

    Faults in a called drawing are found when that drawing is checked.
    """
    process_id, *others = trees
    if any(errors(runnable(trees[other])) for other in others):
        return []
    # Takes a third of a second to load, and is of no use to a file that has errors anyway.
    from engine.definitions.parser import parse

    try:
        parse(process_id, trees.values())
    except Refused as refused:
        return list(refused.findings)
    return []
