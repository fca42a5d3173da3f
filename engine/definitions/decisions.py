"""Decision tables (DMN): what a file says, and what it answers.

The semantics are those of DMN 1.3, 8.2.8 to 8.2.11, which versions 1.1 and 1.2 share. Whatever of
the standard is not here gives a finding (`engine.definitions.checks.decisions`), and
`read_decisions` refuses such a file: a decision is worked out as it is drawn, or not at all.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from lxml import etree

from engine.definitions import feel
from engine.definitions.bpmn import text_of
from engine.definitions.checks.decisions import decisions
from engine.definitions.dmn import (
    TYPES,
    aggregation_of,
    cell_of,
    kind_of,
    literals,
    ordered_against,
    place_of,
    policy_of,
    required,
    test_of,
    type_of,
    variable_of,
)
from engine.definitions.findings import Refused, errors
from engine.sentences import Sentence, say, together

SECONDS = 10.0
"""How long one decision, with those that it requires, may take."""

_TYPE_NAMES = {"string": say("tekst"), "number": say("tall"), "boolean": say("sann eller usann")}

Row = dict[str, Any]
"""What one rule answers: the outputs by name."""


class Undecided(Exception):
    """A table that gives no answer: it contradicts itself, or was given what it doesn't allow.

    The message is for the one who drew the table. It holds no value of the case.
    """


@dataclass(frozen=True)
class Input:
    """One question of a table. allowed: FEEL tests, one of which the value must pass."""

    label: str
    expression: str
    type: str | None = None
    allowed: str | None = None


@dataclass(frozen=True)
class Output:
    """One answer of a table. allowed: as for an input; order: the values that `allowed` lists, the
    most important first, where it is such a list; default: FEEL for when no rule matches."""

    name: str
    type: str | None = None
    allowed: str | None = None
    order: tuple[Any, ...] | None = None
    default: str | None = None


@dataclass(frozen=True)
class Rule:
    """One row. A test of None matches everything."""

    tests: tuple[str | None, ...]
    answers: tuple[str, ...]


@dataclass(frozen=True)
class Decision:
    """One decision and its table. variable: what it is called by those that require it."""

    id: str
    name: str
    variable: str
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    rules: tuple[Rule, ...]
    policy: str
    aggregation: str | None = None
    requires: tuple[Decision, ...] = ()

    @property
    def text(self) -> str:
        """All that FEEL reads to answer it, those that it requires included."""
        asked = [each.expression for each in self.inputs]
        asked += [cell or "" for rule in self.rules for cell in (*rule.tests, *rule.answers)]
        asked += [output.default or "" for output in self.outputs]
        return "\n".join([*asked, *(each.text for each in self.requires)])

    @property
    def is_many(self) -> bool:
        """Whether it answers with every rule that matches, and not with one answer."""
        collects = self.policy == "COLLECT" and self.aggregation is None
        return collects or self.policy in ("RULE ORDER", "OUTPUT ORDER")


def read_decisions(tree: etree._ElementTree) -> dict[str, Decision]:
    """The decisions of a file from `read_model`, by id. Raises Refused where one can't be used."""
    wrong = errors(decisions(tree))
    if wrong:
        raise Refused(wrong)
    nodes = {node.get("id"): node for node in tree.getroot().iterfind("{*}decision")}
    read: dict[str, Decision] = {}

    def get(decision_id: str) -> Decision:
        if decision_id not in read:
            node = nodes[decision_id]
            read[decision_id] = _decision(node, tuple(map(get, required(node))))
        return read[decision_id]

    return {decision_id: get(decision_id) for decision_id in nodes}


def decide(decision: Decision, context: Mapping[str, Any], now: datetime | None = None) -> Any:
    """What the decision answers: a value, or an object where it has several outputs; a list of
    those where several rules may answer; None where no rule matches and there is no default.

    context: the names that FEEL reads; now: as in `feel.evaluate`. Raises Undecided.
    """
    return _Asking(context, now).value(decision)


def outcome(decision: Decision, context: Mapping[str, Any], now: datetime | None = None) -> Row:
    """The answer as a case keeps it: the outputs by name, each a list where several rules answer.

    Raises Undecided, also when no rule matches and there is no default: what a case does next
    hangs on the answer, and with none, somebody would silently not be told.
    """
    rows = _Asking(context, now).rows(decision)
    if rows is None:
        raise Undecided(
            say(
                "Ingen rad i tabellen «%(step)s» passer. "
                "Legg til en rad som dekker dette, eller et svar som gjelder ellers.",
                step=decision.name,
            )
        )
    if not decision.is_many:
        return rows[0]
    return {output.name: [row[output.name] for row in rows] for output in decision.outputs}


class _Asking:
    """One question to a decision: those that it requires are worked out once."""

    def __init__(self, context: Mapping[str, Any], now: datetime | None):
        self._context, self._now = dict(context), now
        self._rows: dict[str, list[Row] | None] = {}
        self._ends = time.monotonic() + SECONDS

    def value(self, decision: Decision) -> Any:
        rows = self.rows(decision)
        if rows is None:
            return None
        values = [row if len(row) > 1 else next(iter(row.values())) for row in rows]
        return values if decision.is_many else values[0]

    def rows(self, decision: Decision) -> list[Row] | None:
        """The answers, one for a decision that gives one answer; None where nothing matches."""
        if decision.id not in self._rows:
            known = {each.variable: self.value(each) for each in decision.requires}
            table = _Table(decision, {**self._context, **known}, self._now, self._ends)
            self._rows[decision.id] = table.rows()
        return self._rows[decision.id]


class _Table:
    """One decision's table on one set of values."""

    def __init__(self, decision: Decision, context: dict, now: datetime | None, ends: float):
        self._decision, self._context = decision, context
        self._now, self._ends = now, ends

    def rows(self) -> list[Row] | None:
        decision = self._decision
        matching = self._matching()
        if not matching and decision.aggregation == "COUNT":
            return [{decision.outputs[0].name: 0}]
        rows = [self._row(number) for number in matching] or self._default()
        return rows and self._chosen(rows, matching)

    def _chosen(self, rows: list[Row], matching: list[int]) -> list[Row]:
        """What the hit policy makes of the rules that match, in the table's order."""
        policy, aggregation = self._decision.policy, self._decision.aggregation
        if policy == "UNIQUE" and len(rows) > 1:
            raise self._undecided(
                say("%(rows)s passer samtidig. Bare én kan passe", rows=_numbers(matching))
            )
        if policy == "ANY" and len({json.dumps(row, sort_keys=True) for row in rows}) > 1:
            raise self._undecided(
                say("%(rows)s passer samtidig og svarer ulikt", rows=_numbers(matching))
            )
        if policy in ("PRIORITY", "OUTPUT ORDER"):
            rows = sorted(rows, key=self._priority)
        if aggregation is not None:
            (name,) = rows[0]
            return [{name: self._aggregate(aggregation, [row[name] for row in rows])}]
        return rows if self._decision.is_many else rows[:1]

    def _matching(self) -> list[int]:
        """The rules that match, numbered from 1. FIRST needs no more than one."""
        values = [self._asked(number, each) for number, each in enumerate(self._decision.inputs, 1)]
        found = []
        for number, rule in enumerate(self._decision.rules, 1):
            if all(
                test is None or self._passes(test, value, say("rad %(number)s", number=number))
                for test, value in zip(rule.tests, values, strict=True)
            ):
                found.append(number)
                if self._decision.policy == "FIRST":
                    break
        return found

    def _asked(self, number: int, question: Input) -> Any:
        place = say("inngang %(number)s, «%(step)s»", number=number, step=question.label)
        value = self._value(question.expression, place)
        self._check(value, question, place)
        return value

    def _row(self, number: int) -> Row:
        cells = self._decision.rules[number - 1].answers
        return self._answers(cells, say("rad %(number)s", number=number))

    def _default(self) -> list[Row] | None:
        cells = [output.default for output in self._decision.outputs]
        if all(cell is None for cell in cells):
            return None
        return [self._answers(cells, say("svaret som gjelder ellers"))]

    def _answers(self, cells, place: Sentence) -> Row:
        row = {}
        for output, cell in zip(self._decision.outputs, cells, strict=True):
            where = say("%(place)s, «%(step)s»", place=place, step=output.name)
            row[output.name] = None if cell is None else self._value(cell, where)
            if cell is not None:
                self._check(row[output.name], output, where)
        return row

    def _check(self, value: Any, column: Input | Output, place: Sentence) -> None:
        kind = TYPES.get(column.type or "")
        if kind is not None and value is not None and kind_of(value) != kind:
            raise self._undecided(
                say(
                    "%(place)s skal være %(kind)s, men er noe annet",
                    place=place,
                    kind=_TYPE_NAMES[kind],
                )
            )
        if column.allowed is not None and not self._passes(column.allowed, value, place):
            raise self._undecided(
                say("%(place)s har en verdi som tabellen ikke kjenner", place=place), column.allowed
            )

    def _priority(self, row: Row) -> tuple[int, ...]:
        ordered = [output for output in self._decision.outputs if output.order is not None]
        return tuple(place_of(row[output.name], output.order) for output in ordered)

    def _aggregate(self, aggregation: str, values: list) -> Any:
        if aggregation == "COUNT":
            return len(values)
        if any(kind_of(value) != "number" for value in values):
            raise self._undecided(say("%(what)s kan bare regne med tall", what=aggregation))
        if aggregation == "SUM":
            total = sum(Decimal(str(value)) for value in values)
            return int(total) if total == total.to_integral_value() else float(total)
        return min(values) if aggregation == "MIN" else max(values)

    def _value(self, text: str, place: Sentence) -> Any:
        return self._feel(place, feel.evaluate, text, self._context)

    def _passes(self, test: str, value: Any, place: Sentence) -> bool:
        # feelin would set "12" after 10; by the standard, values of two kinds have no order.
        if value is not None and ordered_against(test) - {kind_of(value)}:
            raise self._undecided(say("%(place)s sammenligner verdier av ulike slag", place=place))
        return self._feel(place, feel.unary, test, value, self._context)

    def _feel(self, place: Sentence, ask, *arguments) -> Any:
        if time.monotonic() > self._ends:
            raise self._undecided(say("den bruker for lang tid. Gjør den enklere"))
        try:
            return ask(*arguments, now=self._now)
        except feel.FeelError as error:
            raise self._undecided(
                say("%(place)s kan ikke regnes ut", place=place), error.args[0]
            ) from error

    def _undecided(self, why: Sentence, more: str | None = None) -> Undecided:
        said = say(
            "Tabellen «%(step)s» gir ikke noe svar: %(why)s.", step=self._decision.name, why=why
        )
        return Undecided(together([said, more], by=" ") if more else said)


def _decision(node: etree._Element, requires: tuple[Decision, ...]) -> Decision:
    table = node.find("{*}decisionTable")
    return Decision(
        id=node.get("id"),
        name=" ".join((node.get("name") or node.get("id")).split()),
        variable=variable_of(node),
        inputs=tuple(map(_input, table.iterfind("{*}input"))),
        outputs=tuple(map(_output, table.iterfind("{*}output"))),
        rules=tuple(map(_rule, table.iterfind("{*}rule"))),
        policy=policy_of(table),
        aggregation=aggregation_of(table),
        requires=requires,
    )


def _input(node: etree._Element) -> Input:
    expression = node.find("{*}inputExpression")
    text = cell_of(expression)
    return Input(
        label=" ".join((node.get("label") or text).split()),
        expression=text,
        type=type_of(expression),
        allowed=text_of(node.find("{*}inputValues/{*}text")),
    )


def _output(node: etree._Element) -> Output:
    allowed = text_of(node.find("{*}outputValues/{*}text"))
    listed = literals(allowed)
    return Output(
        name=node.get("name"),
        type=type_of(node),
        allowed=allowed,
        order=None if listed is None else tuple(listed),
        default=text_of(node.find("{*}defaultOutputEntry/{*}text")),
    )


def _rule(node: etree._Element) -> Rule:
    return Rule(
        tests=tuple(map(test_of, node.iterfind("{*}inputEntry"))),
        answers=tuple(map(cell_of, node.iterfind("{*}outputEntry"))),
    )


def _numbers(rules: list[int]) -> Sentence:
    *first, last = map(str, rules)
    return say("rad %(first)s og %(last)s", first=", ".join(first), last=last)
