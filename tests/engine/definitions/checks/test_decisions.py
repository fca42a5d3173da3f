"""A decision file is tables that we work out whole, and that FEEL can read."""

import pytest

from engine.definitions.checks.decisions import CELLS, DECISIONS, decisions
from engine.definitions.dmn import AGGREGATIONS, POLICIES
from tests.deciding import a_decision, a_file, cell, row, table
from tests.drawing import tree

VARIABLE = '<variable name="to ord"/>'
TWO = '"h", "m"'


def findings_of(inner: str, beside: str = "", **attributes) -> dict[str, str]:
    data = a_file(a_decision(inner), beside, **attributes)
    return {each.rule.removeprefix("beslutning."): each.severity for each in decisions(tree(data))}


@pytest.mark.parametrize(
    "inner",
    [
        table(row("> 10", '"lang"') + row("-", "null", 2)),
        table(row('"ja", "usikker"', "a.b + 1"), "FIRST"),
        table(row("not(null)", "true"), "COLLECT"),
        table(row("1", '"h"') + row("2", '"m"', 2), "PRIORITY", values=TWO),
        table(row("1", '"h"') + row("1", '"m"', 2), "OUTPUT ORDER", values=TWO, default='"m"'),
        table(row("1", "2") + row("1", "3", 2), "RULE ORDER"),
        table(row("1", "2") + row("1", "2", 2), "ANY"),
        *(table(row("1", "2"), "COLLECT", aggregation=each) for each in AGGREGATIONS),
        table(row("1", "2", note="Opplæringslova § 12-4") + '<annotation name="Hjemmel"/>'),
        table(row("? > 1 and ? < 3", "2")),
    ],
)
def test_a_table_in_feel_gives_no_finding(inner):
    assert findings_of(inner) == {}


def typed(kind: str) -> str:
    return table(row("1", '"x"'), kind=kind)


@pytest.mark.parametrize(
    ("rule", "inner"),
    [
        ("uttrykk", table(row("10 >", '"x"'))),
        ("uttrykk", table(row("1", "__import__('os').system('x')"))),
        ("uttrykk", table(row("1", ""))),
        ("uttrykk", table(row("1", "2"), expression="")),
        ("uttrykk", table(row("1", "2"), values='"x" "y"')),
        ("uttrykk", table(row("1", "2"), allowed="1,,2")),
        ("uttrykk", table(row("1", "2"), default="1 +")),
        ("betingelse", table(row("? > 1, ? < 0", "2"))),
        ("treff", table(row("1", "2"), "BEST")),
        ("samler", table(row("1", "2"), aggregation="SUM")),
        ("samler", table(row("1", "2"), "COLLECT", aggregation="AVG")),
        ("samler_tall", table(row("1", "2"), "COLLECT", aggregation="MAX", kind="boolean")),
        ("teller", table(row("1", "2"), "COLLECT", aggregation="COUNT", default="0")),
        ("rekkefolge", table(row("1", "2"), "PRIORITY")),
        ("rekkefolge", table(row("1", "2"), "OUTPUT ORDER", values="[1..5]")),
        ("ukjent_svar", table(row("1", '"x"'), "PRIORITY", values=TWO)),
        ("ukjent_svar", table(row("1", '"h"'), values=TWO, default='"x"')),
        ("ukjent_svar", table(row("1", "true"), values="1, 0")),
        ("feil_type", typed("number")),
        ("feil_type", typed("feel:boolean")),
        ("datatype", typed("tAlvor")),
        ("like_rader", table(row("1", "2") + row(" 1 ", "2", 2))),
        ("like_rader", table(row("1", "2") + row("1", "3", 2), "ANY")),
        ("tom", table("")),
        ("for_stor", table("".join(row("1", "2", n) for n in range(CELLS)))),
        ("uten_id", table(row("1", "2")).replace('id="i"', "")),
        ("utnavn", table(row("1", "2"), name="mitt svar")),
        ("kolonner", table(row("1", "2").replace("</rule>", cell("output", 2, "3") + "</rule>"))),
        ("spraak", table(row("1", "2")).replace('id="e"', 'id="e" expressionLanguage="python"')),
        ("uten_tabell", ""),
        ("type", '<literalExpression id="l"><text>1</text></literalExpression>'),
        ("type", "<context/>"),
        ("type", "<invocation/>"),
        ("type", table(row("1", "2").replace("<text>1</text>", "<importedValues/>"))),
        ("type", table(row("1", "2").replace("<text>1", "<text>1<b/>"))),
        ("type", table(row("1", "2").replace("<text>1</text>", '<text xmlns="urn:x">1</text>'))),
        ("type", table(row("1", "2")) + "<knowledgeRequirement/>"),
    ],
)  # fmt: skip
def test_what_is_not_worked_out_is_an_error(rule, inner):
    assert findings_of(inner).get(rule) == "error"


def test_a_row_that_is_never_reached_is_a_warning():
    same = table(row("1", "2") + row("2", "3", 2) + row("1", "4", 3), "FIRST")
    behind = table(row("-", "2") + row("1", "3", 2), "FIRST")
    assert findings_of(same) == findings_of(behind) == {"naas_ikke": "warning"}


def test_two_outputs_need_two_names_and_cannot_be_aggregated():
    two = table(row("1", "2").replace("</rule>", cell("output", 2, "3") + "</rule>"))
    assert findings_of(two.replace("<rule", '<output id="o2" name="svar"/><rule')) == {
        "like_svar": "error"
    }
    two = two.replace("<rule", '<output id="o2" name="to"/><rule')
    assert findings_of(two) == {}
    summed = two.replace('hitPolicy="UNIQUE"', 'hitPolicy="COLLECT" aggregation="SUM"')
    assert findings_of(summed) == {"samler": "error"}


@pytest.mark.parametrize("kind", ["businessKnowledgeModel", "decisionService", "import"])
def test_functions_services_and_imports_are_not_read(kind):
    assert "type" in findings_of(table(row("1", "2")), f'<{kind} id="k" name="k"/>')


def test_the_languages_of_the_file_is_feel():
    assert "spraak" in findings_of(table(row("1", "2")), expressionLanguage="urn:python")


def needs(*ids: str) -> str:
    return "".join(
        f'<informationRequirement><requiredDecision href="#{each}"/></informationRequirement>'
        for each in ids
    )


def test_decisions_may_build_on_each_other():
    first = a_decision(table(row("1", "2")), "risiko")
    assert findings_of(needs("risiko") + table(row("1", "2")), first) == {}


@pytest.mark.parametrize(
    ("rule", "inner", "beside"),
    [
        ("krever_ukjent", needs("borte"), ""),
        ("krever_ukjent", needs("andre.dmn#x"), ""),
        ("ring", needs("valg"), ""),
        ("ring", needs("b"), a_decision(needs("valg") + table(row("1", "2")), "b")),
        ("lik_id", "", a_decision(table(row("1", "2")), "valg")),
        ("variabel", needs("b"), a_decision(VARIABLE + table(row("1", "2")), "b")),
    ],
)  # fmt: skip
def test_what_a_decision_builds_on_is_there_once(rule, inner, beside):
    assert rule in findings_of(inner + table(row("1", "2")), beside)


def test_a_file_has_some_decisions_and_not_too_many():
    assert [each.rule for each in decisions(tree(a_file("")))] == ["beslutning.antall"]
    many = "".join(a_decision(table(row("1", "2")), f"d{n}") for n in range(DECISIONS + 1))
    assert [each.rule for each in decisions(tree(a_file(many)))] == ["beslutning.antall"]


def test_every_policy_of_the_standard_is_known():
    assert len(POLICIES) == 7
