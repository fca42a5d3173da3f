"""The rules file `processes/regelverk.toml`: every deadline, every reference to law or plan."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from types import MappingProxyType
from typing import Any

from engine.rules.rule import Nudge, Rule, Status


class InvalidRules(Exception):
    """The rules file can't be used. `faults` has every fault found, in Norwegian."""

    def __init__(self, faults: list[str]):
        super().__init__("\n".join(faults))
        self.faults = tuple(faults)


WAYS = (
    "arbeidsdager",
    "kalenderdager",
    "timer",
    "samme_dag",
    "samme_dag_foer",
    "dato",
    "hver",
)


@dataclass(frozen=True)
class Reference:
    """A reference to law, guidance or plan (`henvisning`)."""

    key: str
    tekst: str
    status: Status


@dataclass(frozen=True)
class Choice:
    """Where the school's plan and the law differ (`valg`): what each says, what was built and why.

    Leadership must decide.
    """

    key: str
    tekst: str
    plan: str
    lov: str
    bygget: str
    hvorfor: str


@dataclass(frozen=True)
class Count:
    """How many of a pupil's cases ended at `slutt` in the last so many days (`telling`).

    FEEL reads the number by the key. A case that is still open counts itself once its step `steg`
    is answered: it is on its way to that end.
    """

    key: str
    tekst: str
    status: Status
    kilde: str
    slutt: str
    steg: str
    kalenderdager: int


@dataclass(frozen=True)
class Regelverk:
    """The rules file, read and checked."""

    rules: Mapping[str, Rule]
    references: Mapping[str, Reference]
    choices: Mapping[str, Choice]
    counts: Mapping[str, Count]

    def frist(self, key: str) -> Rule:
        """The rule of that key. KeyError if there is none: the checks refuse such a diagram."""
        return self.rules[key]

    def keys(self) -> frozenset[str]:
        return frozenset(self.rules)

    def at_receipt(self) -> tuple[Rule, ...]:
        """The rules whose deadline is set on the case when the report is delivered."""
        return tuple(rule for rule in self.rules.values() if rule.ved_mottak)

    def set_by(self, step: str) -> tuple[Rule, ...]:
        """The rules whose deadline is set on the case when this step is answered."""
        return tuple(rule for rule in self.rules.values() if step in rule.settes_av)


def read_regelverk(data: bytes) -> Regelverk:
    """Read `regelverk.toml`. Raises InvalidRules with every fault at once."""
    try:
        document = tomllib.loads(data.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidRules([f"Filen med regler kan ikke leses som TOML: {error}."]) from None
    faults = [
        f"«{name}» er ingen del av filen med regler. Delene er frist, henvisning, valg og telling."
        for name in document
        if name not in ("frist", "henvisning", "valg", "telling")
    ]
    rules = {key: _rule(key, table, faults) for key, table in _part(document, "frist", faults)}
    references = {
        key: _texts("Henvisningen", key, table, Reference, faults)
        for key, table in _part(document, "henvisning", faults)
    }
    choices = {
        key: _texts("Valget", key, table, Choice, faults)
        for key, table in _part(document, "valg", faults)
    }
    counts = {key: _count(key, table, faults) for key, table in _part(document, "telling", faults)}
    if faults:
        raise InvalidRules(faults)
    return Regelverk(*map(MappingProxyType, (rules, references, choices, counts)))


def _part(document: dict, name: str, faults: list[str]) -> list[tuple[str, dict]]:
    part = document.get(name, {})
    if not isinstance(part, dict) or not all(isinstance(table, dict) for table in part.values()):
        faults.append(f"«{name}» må ha en overskrift for hver, for eksempel [{name}.plan].")
        return []
    return list(part.items())


def _rule(key: str, table: dict, faults: list[str]) -> Rule | None:
    """The rule, or None when it has faults; they are added to the list."""
    before = len(faults)
    where = f"Fristen «{key}»"
    kinds = {
        "tekst": str, "kilde": str, "fra": str, "dato": str, "samme_dag": bool, "ved_mottak": bool,
        "arbeidsdager": int, "kalenderdager": int, "hver": int, "timer": (int, float),
        "apnet_i": list, "settes_av": list,
        "samme_dag_foer": time, "klokke": time, "status": Status,
        "paaminnelse": tuple, "eskalering": tuple, "ved_frist": dict,
    }  # fmt: skip
    values = _values(where, table, kinds, faults)
    for needed in ("tekst", "status", "kilde"):
        if needed not in table:
            faults.append(f"{where} mangler «{needed}».")
    ways = [way for way in WAYS if values.get(way) not in (None, False)]
    if len(ways) != 1:
        faults.append(f"{where} må ha akkurat én av: {', '.join(WAYS)}.")
    start = values.get("fra", "apnet")
    if start not in ("apnet", "mottatt_rektor") and not start.startswith("="):
        faults.append(
            f"{where}: «fra» er apnet, mottatt_rektor eller et uttrykk som begynner med =."
        )
    if "dato" in values and not values["dato"].startswith("="):
        faults.append(f"{where}: «dato» er et uttrykk som begynner med =.")
    if values.get("hver", 1) < 1:
        faults.append(f"{where}: «hver» er et antall dager, minst 1.")
    for name in ("apnet_i", "settes_av"):
        steps = values.get(name, [])
        if not all(isinstance(step, str) for step in steps):
            faults.append(f"{where}: «{name}» er en liste av steg.")
        values[name] = tuple(steps)
    return None if len(faults) > before else Rule(key=key, **values)


def _values(where: str, table: dict, kinds: dict, faults: list[str]) -> dict[str, Any]:
    """The table's values in our own types. Wrong ones are left out and become faults."""
    values = {}
    for name, value in table.items():
        kind = kinds.get(name)
        if kind is None:
            faults.append(f"{where} har et felt som ikke finnes: «{name}».")
        elif kind is tuple:
            values[name] = _nudges(f"{where}, {name}", value, faults)
        elif kind is time:
            _keep(
                values,
                name,
                _clock(value),
                f"{where}: «{name}» er et klokkeslett, som 16:00.",
                faults,
            )
        elif kind is Status:
            status = Status(value) if value in list(Status) else None
            _keep(values, name, status, f"{where}: «status» er {', '.join(Status)}.", faults)
        else:
            fits = isinstance(value, kind) and (kind is bool or not isinstance(value, bool))
            _keep(
                values,
                name,
                value if fits else None,
                f"{where}: «{name}» har feil slag verdi.",
                faults,
            )
    return values


def _keep(values: dict, name: str, value: Any, fault: str, faults: list[str]) -> None:
    if value is None:
        faults.append(fault)
    else:
        values[name] = value


def _nudges(where: str, value: Any, faults: list[str]) -> tuple[Nudge, ...]:
    kinds = {
        "til": str, "arbeidsdager": int, "kalenderdager": int, "timer": (int, float),
        "klokke": time,
    }  # fmt: skip
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        faults.append(f'{where} er en liste som [{{arbeidsdager = -2, til = "rektor"}}].')
        return ()
    nudges = []
    for entry in value:
        values = _values(where, entry, kinds, faults)
        units = [unit for unit in ("arbeidsdager", "kalenderdager", "timer") if unit in values]
        if "til" not in values or len(units) != 1:
            faults.append(f"{where} må si «til» og én av arbeidsdager, kalenderdager og timer.")
        else:
            nudges.append(Nudge(**values))
    return tuple(nudges)


def _texts(where: str, key: str, table: dict, kind: type, faults: list[str]):
    """A Reference or a Choice, all of whose fields are text; None when it has faults."""
    before = len(faults)
    kinds = {name: str for name in kind.__dataclass_fields__ if name != "key"}
    if "status" in kinds:
        kinds["status"] = Status
    values = _values(f"{where} «{key}»", table, kinds, faults)
    faults.extend(f"{where} «{key}» mangler «{name}»." for name in kinds if name not in table)
    return None if len(faults) > before else kind(key=key, **values)


def _count(key: str, table: dict, faults: list[str]) -> Count | None:
    """The count, or None when it has faults; they are added to the list."""
    before = len(faults)
    where = f"Tellingen «{key}»"
    kinds = {
        "tekst": str, "kilde": str, "slutt": str, "steg": str,
        "status": Status, "kalenderdager": int,
    }  # fmt: skip
    values = _values(where, table, kinds, faults)
    faults.extend(f"{where} mangler «{name}»." for name in kinds if name not in table)
    days = values.get("kalenderdager")
    if days is not None and f"_{days}_" not in key:
        faults.append(
            f"{where} teller {days} dager, og navnet skal si det samme: tegningene leser navnet."
        )
    return None if len(faults) > before else Count(key=key, **values)


def _clock(value: Any) -> time | None:
    """`16:00`, or TOML's own 16:00:00."""
    if isinstance(value, time):
        return value
    try:
        return time.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
