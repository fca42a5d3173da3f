"""FEEL gives FEEL's answers, and nothing that is written in an expression gets out of it."""

import asyncio
import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from engine.definitions import feel
from engine.definitions.feel import FeelError, check, evaluate, names, unary

NOW = datetime(2026, 11, 24, 22, 30, tzinfo=UTC)


@pytest.fixture
def patient(monkeypatch):
    """Time enough for the memory limit to be what stops an expression."""
    monkeypatch.setattr(feel, "TIME_LIMIT", 20)


@pytest.mark.parametrize(
    ("expression", "context", "value"),
    [
        ("= svar.antall + 1", {"svar": {"antall": 2}}, 3),
        ("hør_elev.så", {"hør_elev": {"så": "på skolegården"}}, "på skolegården"),
        ('"blåbær" + " og øl"', {}, "blåbær og øl"),
        ("svar", {"svar": [1, {"a": None}]}, [1, {"a": None}]),
        ("ukjent", {}, None),
        ("ukjent.felt = true", {}, False),
        ('date("2026-01-02") > date("2026-01-01")', {}, True),
        ('date("2026-01-02") + duration("P5D")', {}, "2026-01-07"),
        ('duration("P5D")', {}, "P5D"),
        ('time("10:42:00")', {}, "10:42:00"),
        ('min(["2026-10-09", "2026-10-06"])', {}, "2026-10-06"),
        ('max("2026-10-09", "2026-10-06")', {}, "2026-10-09"),
        ('max([date("2026-01-02"), date("2026-02-01")])', {}, "2026-02-01"),
        ("min([3, 2, 5])", {}, 2),
        ("min([])", {}, None),
        ('min([1, "2"])', {}, None),
        ("function(x) x", {}, None),
        ("1 / 0", {}, None),
    ],
)
def test_value(expression, context, value):
    assert evaluate(expression, context) == value


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("null and false", False),
        ("null and true", None),
        ("null or true", True),
        ("null or false", None),
        ("not(null)", None),
        ("null > 3", None),
        ("null = null", True),
        ("if null then 1 else 2", 2),
    ],
)
def test_three_truth_values(expression, value):
    assert evaluate(expression, {}) == value


def test_the_clock_is_given_and_is_norwegian():
    assert evaluate("today()", {}, now=NOW) == "2026-11-24"
    assert evaluate("now()", {}, now=NOW) == "2026-11-24T23:30:00+01:00"
    assert evaluate('today() < date("2026-11-25")', {}, now=NOW) is True


def test_data_may_be_named_as_a_function_is():
    assert evaluate("min.dato", {"min": {"dato": "i dag"}}) == "i dag"


@pytest.mark.parametrize(
    ("test", "value", "passes"),
    [
        ("> 10", 12, True),
        ("> 10", 10, False),
        ("> 10", None, False),
        ("-", None, True),
        ('"ja", "usikker"', "usikker", True),
        ('not("ja")', "nei", True),
        ("[1..3]", 3, True),
        ("? > grense", 5, True),
        ("true", True, True),
        ("true", None, False),
        ("true", "true", False),
    ],
)
def test_unary(test, value, passes):
    assert unary(test, value, {"grense": 4}) is passes


@pytest.mark.parametrize(
    ("expression", "code", "position"),
    [
        ("1 +", "incomplete", 3),
        ("= 1 + ]", "incomplete", 7),
        ("a ø%", "unrecognized", 3),
        ("__import__('os').system('ls')", "unrecognized", 11),
        ("", "empty", None),
        ("  =  ", "empty", None),
        ("1" * (feel.LENGTH_LIMIT + 1), "long", None),
    ],
)
def test_what_is_written_wrong_is_found_before_it_runs(expression, code, position):
    error = check(expression)
    assert error.code == code
    assert position is None or error.position == position
    assert "Error" not in str(error)


def test_check_accepts_what_is_right():
    assert check("= motta_varsel.alvorlig = true") is None
    assert check("> 10", unary=True) is None
    assert check('"ja", "usikker"', unary=True) is None
    assert check('"ja", "usikker"').code == "unrecognized"


@pytest.mark.parametrize(
    "expression",
    [
        "nosuch(1)",
        "a.nosuch(1)",
        "if true then 1 else nosuch(1)",
        "some x in y satisfies nosuch(x)",
        "for f in [1] return count(nosuch(f))",
    ],
)
def test_a_function_that_is_not_there_is_an_error(expression):
    assert check(expression).code == "function"
    assert names(expression) is not None  # the names can still be read
    if "else" not in expression:
        with pytest.raises(FeelError) as error:
            evaluate(expression, {"y": [1]})
        assert error.value.code == "function"


@pytest.mark.parametrize(
    "expression",
    [
        'count([1]) + min(1, 2) + string length("a")',
        "today() < now()",
        'date and time("2026-09-08T10:00:00") = null',
        "{f: function(x) x + 1, g: f(1)}.g",
        "list contains([1], 1) and not(false)",
        "(function(x) x)(1)",
    ],
)
def test_the_functions_of_the_language_are_there(expression):
    assert check(expression) is None


def test_what_is_nested_too_deep_is_refused():
    assert check("(" * 4000 + "1" + ")" * 4000) is not None


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("motta_varsel.alvorlig = true", {"motta_varsel.alvorlig"}),
        ("hør_elev.så + min([b, 1])", {"hør_elev.så", "b"}),
        ("(a.b).c", {"a.b.c"}),
        ("for x in svar.liste return x.trygg", {"svar.liste", "svar.liste.trygg"}),
        ("some t in tiltak satisfies t.frist < i.dag", {"tiltak", "tiltak.frist", "i.dag"}),
        ("for q in (for p in a.b return p.c) return q", {"a.b", "a.b.c"}),
        ("tiltak[item.trygt = false]", {"tiltak", "tiltak.trygt"}),
        (
            "tiltak[virker and sak.åpen].dato",
            {"tiltak", "tiltak.virker", "tiltak.dato", "sak.åpen"},
        ),
        ("{a: 1, b: a + c}.b", {"c"}),
        ("function(x) x + y", {"y"}),
        ("date(a.b).year", {"a.b"}),
        ('frist("plan")', set()),
        ("a instance of string", {"a"}),
        ('"a.b"', set()),
    ],
)
def test_names(expression, found):
    assert names(expression) == found


def test_names_of_a_cell():
    assert names("> grense.dager, ? = b", unary=True) == {"grense.dager", "b"}


@pytest.mark.parametrize(
    "expression",
    [
        "globalThis",
        "process",
        'require("fs")',
        "this",
        'constructor.constructor("return globalThis")()',
        'a.constructor.constructor("return 1")()',
        '"tekst".constructor.constructor("return 1")()',
        "a.__proto__",
        'get value(a, "constructor")',
        'get value(a, "__proto__")',
        "min.constructor",
        "feelEval",
        'function(x) external {java: {class: "java.lang.Runtime"}}',
        "__import__('os').system(\"touch {target}\")",
        "{target}",
    ],
)
def test_no_way_out(expression, tmp_path):
    target = tmp_path / "X"
    try:
        value = evaluate(expression.replace("{target}", str(target)), {"a": {}})
    except FeelError:
        value = None
    assert value is None
    assert not target.exists()


def test_an_expression_leaves_nothing_behind():
    evaluate('context put(a, "__proto__", {forurenset: 1})', {"a": {}})
    evaluate("a", {"a": {"__proto__": {"forurenset": 1}}})
    assert evaluate("b.forurenset", {"b": {}}) is None


@pytest.mark.parametrize(
    "expression",
    [
        "for i in 1..100000000 return i",
        "for i in 1..20000 return for j in 1..20000 return i * j",
        'matches(tekst, "^(a+)+$")',
    ],
)
def test_a_runaway_is_stopped_and_the_next_works(expression, monkeypatch):
    monkeypatch.setattr(feel, "TIME_LIMIT", 0.2)
    with pytest.raises(FeelError) as caught:
        evaluate(expression, {"tekst": "a" * 40 + "b"})
    assert caught.value.code == "time"
    assert evaluate("1 + 1", {}) == 2


@pytest.mark.parametrize(
    "expression",
    [
        "for i in 1..100000000 return i",
        "for i in 1..1000 return concatenate(liste, liste, liste, liste, liste)",
        'for i in 1..100000 return string join(liste, "fyll fyll fyll")',
    ],
)
def test_a_memory_bomb_is_stopped_and_the_next_works(expression, patient):
    with pytest.raises(FeelError) as caught:
        evaluate(expression, {"liste": ["fyll"] * 10_000})
    assert caught.value.code in {"memory", "failed"}
    assert evaluate("1 + 1", {}) == 2


def test_what_is_no_json_is_refused():
    with pytest.raises(FeelError) as caught:
        evaluate("a", {"a": NOW})
    assert caught.value.code == "context"


def test_threads_get_their_own_answers(patient):
    wrong = []

    def work(number: int) -> None:
        for turn in range(50):
            if evaluate("a + b", {"a": number, "b": turn}) != number + turn:
                wrong.append((number, turn))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_loop_in_the_first_callers_thread_is_not_taken_over():
    machine = feel._Machine()

    async def first() -> str:
        return machine.call("feelEval", "1 + 1", "{}")

    with ThreadPoolExecutor(1) as thread:
        assert '"value":2' in thread.submit(asyncio.run, first()).result()
    assert '"value":4' in machine.call("feelEval", "2 + 2", "{}")


def test_a_forked_process_gets_its_own_machine():
    assert evaluate("1 + 1", {}) == 2
    child = os.fork()
    if child == 0:
        signal.alarm(20)
        os._exit(0 if evaluate("2 + 2", {}) == 4 else 1)
    assert os.waitpid(child, 0)[1] == 0
