"""Every place in a model where code could hide: it is a finding, and nothing of it ever runs.

Each attack would write a canary file. The checks and the parser are given it; the file must not
be there afterwards.
"""

import json
from contextlib import suppress
from pathlib import Path
from xml.sax.saxutils import escape

import pytest

from engine.definitions import feel
from engine.definitions.checks.check import check_file
from engine.definitions.decisions import Undecided, decide, read_decisions
from engine.definitions.findings import Refused
from engine.definitions.parser import parse
from tests.drawing import END, START, drawing, flows, lane, node, straight, tree, user

MESSAGE = '<bpmn:message id="m" name="beskjed"/>'
CATCH = '<bpmn:messageEventDefinition messageRef="m">{}</bpmn:messageEventDefinition>'
DMN = (
    '<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="d">'
    '<decision id="x" name="x"><decisionTable id="t"><input id="i"><inputExpression id="e">'
    '<text>{0}</text></inputExpression></input><output id="o" name="svar"/><rule id="r">'
    '<inputEntry id="ie"><text>{1}</text></inputEntry><outputEntry id="oe"><text>{2}</text>'
    "</outputEntry></rule></decisionTable></decision></definitions>"
)


@pytest.fixture
def canary(tmp_path):
    return tmp_path / "kanarifugl"


@pytest.fixture(params=["uttrykk", "import", "lambda", "klasse"])
def python(request, canary):
    """Python that would create the canary file, written in several ways."""
    return {
        "uttrykk": f"open('{canary}', 'w')",
        "import": f"__import__('os').system('touch {canary}')",
        "lambda": f"(lambda: open('{canary}', 'w'))()",
        "klasse": f"().__class__.__base__.__subclasses__()[0] or open('{canary}', 'w')",
    }[request.param]


def extended(inner: str, tag: str = "userTask", **attributes: str) -> str:
    extension = f"<bpmn:extensionElements>{inner}</bpmn:extensionElements>"
    return node(tag, "a", extension, camunda__formKey="a", **attributes)


def one(step: str, **more) -> bytes:
    return straight(step, names="a", lanes=lane("rektor", "a"), **more)


def loop(inner: str) -> bytes:
    marker = (
        f"<bpmn:multiInstanceLoopCharacteristics>{inner}</bpmn:multiInstanceLoopCharacteristics>"
    )
    return one(user("a", marker))


def timer(kind: str, code: str) -> bytes:
    inner = f"<bpmn:timerEventDefinition><bpmn:{kind}>{code}</bpmn:{kind}>"
    return one(node("intermediateCatchEvent", "a", inner + "</bpmn:timerEventDefinition>"))


def choice(code: str) -> bytes:
    body = (
        START, user("a"), END, node("exclusiveGateway", "x", default="x_slutt"),
        flows("start a x slutt", f"x a: {code}"),
    )  # fmt: skip
    return drawing(*body, lanes=lane("rektor", "a"))


def message(inner: str, beside: str = "") -> bytes:
    event = node("intermediateCatchEvent", "a", CATCH.format(inner))
    return one(event, extra=MESSAGE + beside)


SPIFF = "spiffworkflow"
PLACES = {
    "script task": lambda c: one(node("scriptTask", "a", f"<bpmn:script>{c}</bpmn:script>")),
    "pre script": lambda c: one(extended(f"<{SPIFF}:preScript>{c}</{SPIFF}:preScript>")),
    "post script": lambda c: one(extended(f"<{SPIFF}:postScript>{c}</{SPIFF}:postScript>")),
    "condition": choice,
    "timer date": lambda c: timer("timeDate", c),
    "timer duration": lambda c: timer("timeDuration", c),
    "timer cycle": lambda c: timer("timeCycle", c),
    "cardinality": lambda c: loop(f"<bpmn:loopCardinality>{c}</bpmn:loopCardinality>"),
    "collection": lambda c: loop("").replace(
        b"Characteristics>", f'Characteristics camunda:collection="{c}">'.encode(), 1),
    "completion": lambda c: loop(f"<bpmn:completionCondition>{c}</bpmn:completionCondition>"),
    "loop condition": lambda c: one(user("a", "<bpmn:standardLoopCharacteristics>"
        f"<bpmn:loopCondition>{c}</bpmn:loopCondition></bpmn:standardLoopCharacteristics>")),
    "assignee": lambda c: one(user("a").replace(">", f' camunda:assignee="={c}">', 1)),
    "told": lambda c: one(user("a").replace(">", f' trygg:varsler="={c}">', 1)),
    "message payload": lambda c: message(
        f"<bpmn:extensionElements><{SPIFF}:messagePayload>{c}</{SPIFF}:messagePayload>"
        "</bpmn:extensionElements>"),
    "correlation": lambda c: message("",
        '<bpmn:correlationProperty id="k"><bpmn:correlationPropertyRetrievalExpression '
        f'messageRef="m"><bpmn:messagePath>{c}</bpmn:messagePath>'
        "</bpmn:correlationPropertyRetrievalExpression></bpmn:correlationProperty>"),
    "service operator": lambda c: one(extended(
        f'<{SPIFF}:serviceTaskOperator id="os.system"><{SPIFF}:parameters><{SPIFF}:parameter '
        f'id="p" type="str" value="{c}"/></{SPIFF}:parameters></{SPIFF}:serviceTaskOperator>',
        "serviceTask", trygg__operasjon="arkiver")),
    "conditional event": lambda c: one(node("intermediateCatchEvent", "a",
        "<bpmn:conditionalEventDefinition>"
        f"<bpmn:condition>{c}</bpmn:condition></bpmn:conditionalEventDefinition>")),
    "data mapping": lambda c: one(user("a", "<bpmn:dataInputAssociation><bpmn:assignment>"
        f"<bpmn:from>{c}</bpmn:from></bpmn:assignment></bpmn:dataInputAssociation>")),
    "listener": lambda c: one(extended(
        f'<camunda:executionListener expression="{c}" event="start"/>')),
    "java class": lambda c: one(node("serviceTask", "a", trygg__operasjon="arkiver").replace(
        ">", f' camunda:expression="{c}">', 1)),
}  # fmt: skip


FEEL_PLACES = {"condition", "collection", "assignee", "told"}
FORM = (
    '{"type": "default", "id": "a", "components":'
    ' [{"type": "textfield", "id": "f", "key": "f", "label": "f"}]}'
)


def wrong_in(file: Path) -> set[str]:
    return {each.rule for each in check_file(file).findings if each.severity == "error"}


@pytest.mark.parametrize("place", PLACES)
def test_python_in_a_drawing_never_runs(place, python, canary, tmp_path):
    """It is a finding. Where FEEL stands, some Python happens to be FEEL, and is read as that."""
    (tmp_path / "forms").mkdir()
    (tmp_path / "forms" / "a.form").write_text(FORM)
    file = tmp_path / "p.bpmn"
    data = PLACES[place](escape(python))
    file.write_bytes(data)
    if place in FEEL_PLACES and feel.check(python) is None:
        with suppress(feel.FeelError):
            assert feel.evaluate(python, {}) is None
    else:
        assert wrong_in(file)
    with suppress(Refused):
        parse("p", [tree(data)])
    assert not canary.exists()


def test_without_the_code_the_same_drawing_is_in_order(tmp_path):
    (tmp_path / "forms").mkdir()
    (tmp_path / "forms" / "a.form").write_text(FORM)
    file = tmp_path / "p.bpmn"
    file.write_bytes(choice("=a.f"))
    assert not wrong_in(file)


@pytest.mark.parametrize("position", range(3))
def test_python_in_a_decision_is_a_finding_and_never_runs(position, python, canary, tmp_path):
    cells = ["a.b", "> 1", '"x"']
    is_feel = feel.check(python, unary=position == 1) is None
    cells[position] = python
    data = DMN.format(*map(escape, cells)).encode()
    file = tmp_path / "x.dmn"
    file.write_bytes(data)
    assert is_feel or wrong_in(file)
    with suppress(Refused, Undecided):
        decide(read_decisions(tree(data))["x"], {"a": {"b": 2}})
    assert not canary.exists()


def test_python_in_a_form_is_a_finding_and_never_runs(python, canary, tmp_path):
    for where in ("hide", "standard", "krav"):
        field = {"type": "textfield", "id": "f", "key": "f", "label": "f"}
        if where == "hide":
            field["conditional"] = {"hide": f"={python}"}
        else:
            field["properties"] = {where: f"={python}", "kravtekst": "x"}
        file = tmp_path / "a.form"
        file.write_text(json.dumps({"type": "default", "id": "a", "components": [field]}))
        assert feel.check(python) is None or wrong_in(file), where
        assert not canary.exists()


@pytest.mark.parametrize(
    "code",
    [
        "constructor.constructor('return process')()",
        "this.constructor.constructor('return this')()",
        "globalThis",
        'eval("1")',
        'require("fs")',
        "__proto__.polluted",
    ],
)
def test_javascript_is_no_way_out_of_feel_either(code):
    try:
        value = feel.evaluate(code, {})
    except feel.FeelError:
        value = None
    assert value is None
