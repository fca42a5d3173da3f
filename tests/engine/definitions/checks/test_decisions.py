"""A decision file is one table that FEEL can read."""

import pytest

from engine.definitions.checks.decisions import CELLS, decisions
from tests.drawing import tree

NS = 'xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/"'


def cell(kind: str, number: int, text: str) -> str:
    text = text.replace("&", "&amp;").replace("<", "&lt;")
    return f'<{kind}Entry id="{kind}{number}"><text>{text}</text></{kind}Entry>'


def row(given: str, answer: str, number: int = 1) -> str:
    cells = cell("input", number, given) + cell("output", number, answer)
    return f'<rule id="r{number}">{cells}</rule>'


def table(rows: str, policy: str = "UNIQUE", expression: str = "a.b", name: str = "svar") -> str:
    return (
        f'<decisionTable id="t" hitPolicy="{policy}"><input id="i"><inputExpression id="e">'
        f'<text>{expression}</text></inputExpression></input><output id="o" name="{name}"/>'
        f"{rows}</decisionTable>"
    )


def rules_of(inner: str, beside: str = "") -> set[str]:
    decision = f'<decision id="valg" name="Valg">{inner}</decision>'
    data = f'<definitions {NS} id="d" name="d">{decision}{beside}</definitions>'
    return {each.rule.removeprefix("beslutning.") for each in decisions(tree(data.encode()))}


@pytest.mark.parametrize(
    "inner",
    [
        table(row("> 10", '"lang"') + row("-", "null", 2)),
        table(row('"ja", "usikker"', "a.b + 1"), "FIRST"),
        table(row("not(null)", "true"), "COLLECT"),
    ],
)
def test_a_table_in_feel_gives_no_finding(inner):
    assert rules_of(inner) == set()


@pytest.mark.parametrize(
    ("rule", "inner"),
    [
        ("uttrykk", table(row("10 >", '"x"'))),
        ("uttrykk", table(row("1", "__import__('os').system('x')"))),
        ("uttrykk", table(row("1", ""))),
        ("uttrykk", table(row("1", "2"), expression="")),
        ("treff", table(row("1", "2"), "PRIORITY")),
        ("treff", table(row("1", "2")).replace('id="t"', 'id="t" aggregation="SUM"')),
        ("tom", table("")),
        ("for_stor", table("".join(row("1", "2", n) for n in range(CELLS)))),
        ("uten_id", table(row("1", "2")).replace('id="i"', "")),
        ("utnavn", table(row("1", "2"), name="mitt svar")),
        ("kolonner", table(row("1", "2").replace("</rule>", cell("output", 2, "3") + "</rule>"))),
        ("spraak", table(row("1", "2")).replace('id="e"', 'id="e" expressionLanguage="python"')),
        ("uten_tabell", ""),
        ("type", '<literalExpression id="l"><text>1</text></literalExpression>'),
        ("type", table(row("1", "2") + '<annotation name="x"/>')),
    ],
)  # fmt: skip
def test_what_the_engine_cannot_work_out_is_found(rule, inner):
    assert rule in rules_of(inner)


def test_a_file_has_one_decision_and_no_functions():
    second = '<decision id="b" name="b"/>'
    assert "antall" in rules_of(table(row("1", "2")), second)
    function = '<businessKnowledgeModel id="k" name="k"/>'
    assert "type" in rules_of(table(row("1", "2")), function)
