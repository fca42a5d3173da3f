"""Every hit policy of DMN 1.3, and that a table answers rightly or says that it does not."""

from datetime import datetime

import pytest

from engine.definitions import decisions
from engine.definitions.bpmn import DMN
from engine.definitions.decisions import Undecided, decide, outcome, read_decisions
from engine.definitions.feel import OSLO
from engine.definitions.findings import Refused
from tests.deciding import a_decision, a_file, requiring, row, table
from tests.drawing import tree

ORDER = '"h", "m", "l"'


def read(inner: str, *beside: str, **attributes):
    return read_decisions(tree(a_file(a_decision(inner), *beside, **attributes)))["valg"]


def asked(value, inner: str, *beside: str, **context):
    return decide(read(inner, *beside), {"a": {"b": value}, **context})


STEPS = row("> 1", '"l"', 1) + row("> 2", '"h"', 2) + row("> 3", '"m"', 3)
NUMBERS = row("> 1", "3", 1) + row("> 2", "1.5", 2) + row("> 3", "2", 3)


@pytest.mark.parametrize(
    ("policy", "answers"),
    [
        ("UNIQUE", [None, "l", Undecided]),
        ("FIRST", [None, "l", "l"]),
        ("ANY", [None, "l", Undecided]),
        ("PRIORITY", [None, "l", "h"]),
        ("RULE ORDER", [None, ["l"], ["l", "h", "m"]]),
        ("OUTPUT ORDER", [None, ["l"], ["h", "m", "l"]]),
        ("COLLECT", [None, ["l"], ["l", "h", "m"]]),
    ],
)
def test_what_each_hit_policy_makes_of_none_one_and_three_rows(policy, answers):
    inner = table(STEPS, policy, values=ORDER)
    for value, expected in zip((1, 2, 4), answers, strict=True):
        if expected is Undecided:
            with pytest.raises(Undecided, match="rad 1, 2 og 3 passer samtidig"):
                asked(value, inner)
        else:
            assert asked(value, inner) == expected


@pytest.mark.parametrize(
    ("aggregation", "answers"),
    [("SUM", [None, 3, 6.5]), ("MIN", [None, 3, 1.5]), ("MAX", [None, 3, 3]), ("COUNT", [0, 1, 3])],
)
def test_what_collect_makes_of_none_one_and_three_rows(aggregation, answers):
    inner = table(NUMBERS, "COLLECT", aggregation=aggregation)
    assert [asked(value, inner) for value in (1, 2, 4)] == answers


def test_a_sum_is_exact_and_of_numbers_alone():
    tenths = row("-", "0.1", 1) + row("-", "0.2", 2)
    assert asked(1, table(tenths, "COLLECT", aggregation="SUM")) == 0.3
    for wrong in ('"2"', "true", "null"):
        with pytest.raises(Undecided, match="bare regne med tall"):
            asked(1, table(row("-", "1") + row("-", wrong, 2), "COLLECT", aggregation="MAX"))


def test_any_is_for_rows_that_say_the_same():
    inner = table(row("> 1", '"x"') + row("> 2", '"x"', 2) + row("> 3", "1", 3), "ANY")
    assert asked(3, inner) == "x"
    with pytest.raises(Undecided, match="svarer ulikt"):
        asked(4, inner)
    with pytest.raises(Undecided):
        asked(4, table(row("> 1", "1") + row("> 2", "true", 2), "ANY"))


def test_a_default_answers_when_no_row_does():
    assert asked(1, table(STEPS, "FIRST", default='"m"')) == "m"
    assert asked(1, table(STEPS, "COLLECT", default='"m"')) == ["m"]
    assert asked(1, table(NUMBERS, "COLLECT", default="7", aggregation="SUM")) == 7
    assert asked(2, table(STEPS, "FIRST", default='"m"')) == "l"


def two_outputs(policy: str, first: str = "", second: str = "") -> str:
    rows = row("> 1", ['"l"', "1"], 1) + row("> 2", ['"h"', "2"], 2) + row("> 3", ['"h"', "3"], 3)
    values = "<outputValues><text>{}</text></outputValues>"
    more = f'<output id="o2" name="to">{second and values.format(second)}</output><rule id="r1"'
    return table(rows, policy, values=first).replace('<rule id="r1"', more, 1)


def test_several_outputs_give_an_object():
    assert asked(2, two_outputs("FIRST")) == {"svar": "l", "to": 1}
    assert asked(3, two_outputs("RULE ORDER")) == [{"svar": "l", "to": 1}, {"svar": "h", "to": 2}]


def test_priority_goes_by_the_first_output_and_then_the_next():
    assert asked(4, two_outputs("PRIORITY", '"h","l"', "3,2,1")) == {"svar": "h", "to": 3}
    assert asked(4, two_outputs("PRIORITY", second="1,2,3")) == {"svar": "l", "to": 1}
    ordered = asked(4, two_outputs("OUTPUT ORDER", '"h","l"'))
    assert [each["to"] for each in ordered] == [2, 3, 1], "the table's order among equals"


@pytest.mark.parametrize(
    ("test", "value", "matches"),
    [
        ("-", None, True), ("", 4, True), ('"ja", "nei"', "nei", True), ('"ja"', None, False),
        ("null", None, True), ("[2..4]", 4, True), ("]2..4[", 4, False), ("> 10", 12, True),
        ('not("ja")', None, True), ("? > 10", 12, True), ("? > 10", None, False),
        ("? = null", None, True), ("c", 7, True), ("c + 1", 7, False), ("? < c", 6, True),
        ("1", True, False), ('"?"', "?", True),
    ],
)  # fmt: skip
def test_a_cell_is_a_feel_test(test, value, matches):
    assert (asked(value, table(row(test, "1")), c=7) == 1) is matches


def test_an_answer_is_worked_out_on_the_same_names():
    assert asked(3, table(row("-", 'a.b + c + string length("abc")')), c=4) == 10


def test_the_clock_is_the_one_given():
    decision = read(table(row("-", "string(today())")))
    assert decide(decision, {}, datetime(2026, 9, 8, 23, 30, tzinfo=OSLO)) == "2026-09-08"


@pytest.mark.parametrize(
    ("inner", "value", "words"),
    [
        (table(row("-", "1"), allowed='"ja"'), "kanskje", "inngang 1, «Spørsmål» har en verdi"),
        (table(row("-", "1"), allowed='"ja","nei"'), None, 'ikke kjenner. "ja","nei"'),
        (table(row("-", "a.b"), kind="number"), "x", "rad 1, «svar» skal være tall"),
        (table(row("-", "a.b"), kind="feel:string"), True, "rad 1, «svar» skal være tekst"),
        (table(row("-", "a.b"), kind="boolean"), 1, "skal være sann eller usann"),
        (table(row("-", "a.b"), values='"x"'), "y", "rad 1, «svar» har en verdi"),
        (table(row("> 10", "1")), "12", "rad 1 sammenligner verdier av ulike slag"),
        (table(row("1, [2..4]", "1")), "3", "rad 1 sammenligner verdier av ulike slag"),
        (table(row('? < "b"', "1")), 1, "rad 1 sammenligner verdier av ulike slag"),
        (table(row("-", "1")).replace('id="e"', 'id="e" typeRef="string"'), 1, "skal være tekst"),
    ],
)  # fmt: skip
def test_what_a_table_does_not_allow_is_said_in_words(inner, value, words):
    with pytest.raises(Undecided) as undecided:
        asked(value, inner)
    text = str(undecided.value)
    assert text.startswith("Tabellen «Valg» gir ikke noe svar: ") and words in text
    assert value != "kanskje" or value not in text, "a value of a case may be about a child"


@pytest.mark.parametrize(
    "inner",
    [
        table(row("nosuch(?)", "1")),
        table(row("-", "nosuch(1)")),
        table(row("-", "1"), expression="nosuch(a.b)"),
        table(row("-", "1"), default="if a.b then 1 else nosuch(1)"),
    ],
)
def test_a_function_that_is_not_there_is_found_before_a_case_asks(inner):
    with pytest.raises(Refused, match=r"beslutning\.uttrykk") as refused:
        asked(1, inner)
    assert "en funksjon som ikke finnes" in refused.value.findings[0].message


def test_a_value_that_is_allowed_passes_and_null_when_it_is_listed():
    inner = table(row("-", "1"), allowed='"ja","nei",null')
    assert [asked(value, inner) for value in ("ja", None)] == [1, 1]


def test_a_decision_builds_on_others_each_under_its_name():
    risk = a_decision('<variable name="risiko"/>' + table(STEPS, "FIRST", values=ORDER), "d1")
    both = a_decision(table(row("> 1", "1") + row("> 2", "2", 2), "COLLECT"), "liste")
    inner = requiring("d1", "liste") + table(row("-", "risiko + string(sum(liste))"))
    assert asked(3, inner, risk, both) == "l3"


def test_what_is_required_twice_is_worked_out_once(monkeypatch):
    base = a_decision(table(row("-", "a.b")), "grunn")
    arms = [a_decision(requiring("grunn") + table(row("-", "grunn")), each) for each in ("v", "h")]
    decision = read(requiring("v", "h") + table(row("-", "v + h")), base, *arms)
    made = []
    rows = decisions._Table.rows
    monkeypatch.setattr(
        decisions._Table, "rows", lambda self: made.append(self._decision.id) or rows(self)
    )
    assert decide(decision, {"a": {"b": 2}}) == 4
    assert sorted(made) == ["grunn", "h", "v", "valg"]


def test_a_case_keeps_outputs_by_name_and_never_goes_on_with_none():
    assert outcome(read(table(STEPS, "FIRST")), {"a": {"b": 2}}) == {"svar": "l"}
    assert outcome(read(table(STEPS, "COLLECT")), {"a": {"b": 4}}) == {"svar": ["l", "h", "m"]}
    assert outcome(read(two_outputs("RULE ORDER")), {"a": {"b": 3}}) == {
        "svar": ["l", "h"], "to": [1, 2],
    }  # fmt: skip
    for policy in ("FIRST", "COLLECT"):
        with pytest.raises(Undecided, match="Ingen rad i tabellen «Valg» passer"):
            outcome(read(table(STEPS, policy)), {})
    count = read(table(NUMBERS, "COLLECT", aggregation="COUNT"))
    assert outcome(count, {"a": {"b": 0}}) == {"svar": 0}


@pytest.mark.parametrize("namespace", [each.strip("{}") for each in DMN])
def test_every_version_of_dmn_from_1_1_is_read(namespace):
    assert decide(read(table(row("-", "1")), namespace=namespace), {}) == 1


def test_a_file_with_a_fault_is_not_read():
    with pytest.raises(Refused) as refused:
        read(table(row("1", "2"), "BEST"))
    assert [each.rule for each in refused.value.findings] == ["beslutning.treff"]


def test_a_table_that_takes_too_long_is_stopped(monkeypatch):
    monkeypatch.setattr(decisions, "SECONDS", -1.0)
    with pytest.raises(Undecided, match="for lang tid"):
        asked(1, table(row("-", "1")))
