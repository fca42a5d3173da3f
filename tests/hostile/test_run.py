"""Code in a diagram that has come past every check: still nothing but FEEL is evaluated, while a
case runs and after it is loaded again. Each text tries to leave a file behind."""

from __future__ import annotations

import contextlib

import pytest

from engine.cases import state
from engine.cases.facts import Facts
from engine.cases.scripting import CaseEngine, NotAllowed
from engine.definitions import feel
from tests.drawing import END, START, drawing, flows, node, user
from tests.engine.cases.conftest import Run

MANY = (
    '<bpmn:multiInstanceLoopCharacteristics camunda:collection="{}" camunda:elementVariable="x"/>'
)


@pytest.fixture
def canary(tmp_path):
    path = tmp_path / "canary"
    yield path
    assert not path.exists()


@pytest.fixture(params=["python", "javascript", "dunder"])
def code(request, canary) -> str:
    return {
        "python": f"__import__(&quot;os&quot;).system(&quot;touch {canary}&quot;)",
        "javascript": "constructor.constructor(&quot;return process&quot;)().exit(1)",
        "dunder": f"().__class__.__subclasses__() or open(&quot;{canary}&quot;, &quot;w&quot;)",
    }[request.param]


def tried(case: Run, step: str) -> None:
    """Complete the step; that the engine stops there is as good as that it goes on."""
    try:
        case.do(step)
    except Exception as error:
        assert not isinstance(error, SystemExit)


@pytest.mark.parametrize("reload", [False, True])
def test_a_condition(code, reload):
    model = drawing(
        START,
        user("a"),
        node("exclusiveGateway", "g", default="g_slutt"),
        user("b"),
        END,
        flows("start a g slutt", "g b: =x"),
    ).replace(b">=x<", f">={code}<".encode())
    case = Run(model, reload=reload)
    assert isinstance(case.workflow.script_engine, CaseEngine)
    tried(case, "a")
    assert "b" not in case.open


@pytest.mark.parametrize("reload", [False, True])
def test_a_collection(code, reload):
    many = user("b", MANY.format(f"={code}"))
    case = Run(drawing(START, user("a"), many, END, flows("start a b slutt")), reload=reload)
    tried(case, "a")
    assert "b" not in case.open


def test_a_cell_of_a_decision_is_a_feel_test(code):
    with contextlib.suppress(feel.FeelError):
        assert feel.unary(code.replace("&quot;", '"'), 1, {}) is False


def test_a_loaded_case_has_our_engine_in_every_process_of_it():
    inner = node("startEvent", "s1") + user("inne") + node("endEvent", "e1") + flows("s1 inne e1")
    case = Run(drawing(START, node("subProcess", "b", inner), END, flows("start b slutt")))
    loaded = state.load(
        state.save(case.workflow), state.VERSION, case.definition, CaseEngine(Facts())
    )
    for workflow in (loaded, *loaded.subprocesses.values()):
        assert type(workflow.script_engine) is CaseEngine


@pytest.mark.parametrize("way", ["execute", "call_service", "environment"])
def test_the_engine_has_no_way_to_run_a_script(way):
    engine = CaseEngine(Facts())
    with pytest.raises(NotAllowed):
        if way == "execute":
            engine.execute(None, "x = 1")
        elif way == "call_service":
            engine.call_service(None, operation_name="x", operation_params={})
        else:
            engine.environment.evaluate("1 + 1", {})
