"""Which answers decide the way of a case: those that a condition or a decision table reads."""

from __future__ import annotations

from engine.definitions.bundle import Bundle
from engine.definitions.checks.expressions import expressions, names_in
from engine.definitions.compile import Definition
from engine.definitions.reader import read_model


def deciding(definition: Definition, step: str) -> frozenset[str]:
    """The keys of the step's fields that a condition of the drawings, or an input of a decision
    table, reads."""
    keys = set()
    version = definition.version
    if version not in _NAMES:
        _NAMES[version] = _names(definition.bundle)
    for name in _NAMES[version]:
        parts = name.removeprefix("historikk.").split(".")
        if parts[0] == step and len(parts) > 1:
            keys.add(parts[1])
    return frozenset(keys)


_NAMES: dict[str, frozenset[str]] = {}
"""Every name that decides something, by version; each is read once."""


def _names(bundle: Bundle) -> frozenset[str]:
    found: set[str] = set()
    for process_id in bundle.process_ids():
        for expression in expressions(read_model(bundle.model(process_id))):
            if expression.place == "vilkåret":
                found |= names_in(expression.text)
    for path, data in bundle.files.items():
        if path.endswith(".dmn"):
            for text in read_model(data).getroot().iterfind(".//{*}inputExpression/{*}text"):
                found |= names_in(text.text or "")
    return frozenset(found)
