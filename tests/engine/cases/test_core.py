"""What SpiffWorkflow gets wrong or loses, and what we do about it, on small diagrams.

Every run is saved after each step and loaded in a definition compiled anew.
"""

from __future__ import annotations

import itertools

import pytest

from engine.cases import state
from engine.cases.incidents import Stopped
from engine.cases.scripting import NotACondition
from engine.definitions.compile import fingerprint
from tests.drawing import END, START, drawing, flows, node, user

MANY = (
    '<bpmn:multiInstanceLoopCharacteristics camunda:collection="={}" camunda:elementVariable="x"/>'
)
MESSAGE = '<bpmn:message id="m_{0}" name="{0}"/>'


def gateway(element: str, kind: str = "exclusive", default: str = "") -> str:
    return node(f"{kind}Gateway", element, default=default)


def looped(kind: str) -> bytes:
    """Two branches that are joined, three rounds long."""
    return drawing(
        START,
        gateway("inn"),
        gateway("del", kind, default="del_a" if kind == "inclusive" else ""),
        user("a"),
        user("b"),
        gateway("samle", kind),
        user("c"),
        gateway("igjen", default="igjen_slutt"),
        END,
        flows(
            "start inn del a samle c igjen slutt",
            "del b: =true" if kind == "inclusive" else "del b",
            "b samle",
            'igjen inn: =c.igjen = "ja"',
        ),
    )


@pytest.mark.parametrize("kind", ["parallel", "inclusive"])
@pytest.mark.parametrize("orders", list(itertools.product(["ab", "ba"], repeat=3)))
def test_a_join_in_a_loop_waits_for_both_branches_in_every_round(run, kind, orders):
    # The inclusive split takes its default only when nothing else fits, so both are conditions.
    model = looped(kind)
    if kind == "inclusive":
        model = model.replace(b'default="del_a"', b"").replace(
            b'<bpmn:sequenceFlow id="del_a" sourceRef="del" targetRef="a">',
            b'<bpmn:sequenceFlow id="del_a" sourceRef="del" targetRef="a"><bpmn:conditionExpression'
            b' xsi:type="bpmn:tFormalExpression">=true</bpmn:conditionExpression>',
        )
    case = run(model)
    for number, (first, second) in enumerate(orders):
        assert case.open == ["a", "b"]
        case.do(first)
        assert case.open == [second]
        case.do(second)
        assert case.open == ["c"]
        case.do("c", igjen="ja" if number < 2 else "nei")
    assert state.ended(case.workflow)


@pytest.mark.parametrize("between", [0, 1, 2])
@pytest.mark.parametrize("kind", ["sub", "call", "many"])
def test_an_inclusive_join_waits_for_a_branch_inside_another_step(run, kind, between):
    inner = node("startEvent", "s1") + user("inne") + node("endEvent", "e1") + flows("s1 inne e1")
    branch = {
        "sub": node("subProcess", "b", inner),
        "call": node("callActivity", "b", calledElement="q1"),
        "many": user("b", MANY.format("[1, 2]")),
    }[kind]
    after = [f"d{n}" for n in range(between)]
    model = (
        drawing(
            START,
            user("z"),
            gateway("del", "inclusive", default="del_a"),
            user("a"),
            branch,
            *map(user, after),
            gateway("samle", "inclusive"),
            user("etter"),
            END,
            flows(
                "start z del a samle etter slutt",
                "del b: =true",
                f"b {' '.join([*after, 'samle'])}",
            ),
        )
        .replace(
            b'<bpmn:sequenceFlow id="del_a" sourceRef="del" targetRef="a">',
            b'<bpmn:sequenceFlow id="del_a" sourceRef="del" targetRef="a"><bpmn:conditionExpression'
            b' xsi:type="bpmn:tFormalExpression">=true</bpmn:conditionExpression>',
        )
        .replace(b' default="del_a"', b"")
    )
    called = drawing(inner, process_id="q1")
    case = run(model, called) if kind == "call" else run(model)
    case.do("z")
    case.do("a")
    assert "etter" not in case.open
    while case.open != ["etter"]:
        case.do(case.open[0])
    case.do("etter")
    assert state.ended(case.workflow)


def test_a_multi_instance_step_that_is_open_at_load_completes(run):
    case = run(drawing(START, user("u", MANY.format("[1, 2, 3]")), END, flows("start u slutt")))
    assert case.open == ["u", "u", "u"]
    for _ in range(3):
        case.do("u")
    assert state.ended(case.workflow)


def test_answers_of_children_never_overwrite_each_other(run):
    many = user("tiltak", MANY.format("[&quot;a&quot;, &quot;b&quot;]"))
    case = run(drawing(START, many, user("etter"), END, flows("start tiltak etter slutt")))
    assert case.context("tiltak", 1)["x"] == "b"
    case.do("tiltak", 1, svar="for b")
    case.do("tiltak", 0, svar="for a")
    given = case.context("etter")["tiltak"]
    assert [child["svar"] for child in given] == ["for a", "for b"]


def test_an_empty_list_passes_and_null_stops(run):
    model = drawing(START, user("u", MANY.format("[]")), END, flows("start u slutt"))
    assert state.ended(run(model).workflow)
    with pytest.raises(Exception, match="u"):
        run(model.replace(b"=[]", b"=ingenting"))


def test_a_condition_that_is_neither_true_nor_false_stops(run):
    """Any text is true to Python; «nei» must not lead anywhere. Nor may an answer that is missing:
    nobody has said that the default is meant."""
    model = drawing(
        START,
        user("a"),
        gateway("g", default="g_slutt"),
        user("b"),
        END,
        flows("start a g slutt", "g b: =a.svar"),
    )
    for reload in (False, True):
        case = run(model, reload=reload)
        with pytest.raises(NotACondition):
            case.do("a", svar="nei")
        with pytest.raises(NotACondition):
            run(model, reload=reload).do("a")
    for said, open_ in ((True, ["b"]), (False, [])):
        case = run(model)
        case.do("a", svar=said)
        assert case.open == open_


@pytest.mark.parametrize(("given", "open_"), [({"tall": 3}, ["b"]), ({"tall": 1}, []), ({}, [])])
def test_a_comparison_with_what_is_missing_is_settled_by_the_drawing(run, given, open_):
    """`null > 2` is null in FEEL, and `= true` says that it is then not so."""
    model = drawing(
        START,
        user("a"),
        gateway("g", default="g_slutt"),
        user("b"),
        END,
        flows("start a g slutt", "g b: =(a.tall > 2) = true"),
    )
    case = run(model)
    case.do("a", **given)
    assert case.open == open_
    if not given:
        with pytest.raises(NotACondition):
            run(model.replace(b"(a.tall > 2) = true", b"a.tall > 2")).do("a")


@pytest.mark.parametrize(
    "expression", ["=ukjent(1) = 2", "=if a.svar = null then ukjent(1) else true"]
)
def test_a_function_that_is_not_there_stops(run, expression):
    model = drawing(
        START,
        user("a"),
        gateway("g", default="g_slutt"),
        user("b"),
        END,
        flows("start a g slutt", f"g b: {expression}"),
    )
    with pytest.raises(Stopped, match="en funksjon som ikke finnes") as stopped:
        run(model).do("a")
    assert stopped.value.step == "g"


def test_no_answer_stands_in_the_stored_state(run):
    inner = node("startEvent", "s1") + user("inne") + node("endEvent", "e1") + flows("s1 inne e1")
    sub = node("subProcess", "b", MANY.format("[&quot;hemmelig&quot;, &quot;ting&quot;]") + inner)
    case = run(drawing(START, user("a"), sub, END, flows("start a b slutt")))
    case.do("a", sagt="hemmelig")
    case.do("inne", sagt="hemmelig")
    assert "hemmelig" not in state.save(case.workflow).decode()
    case.do("inne", sagt="ja")
    assert state.ended(case.workflow)


def test_a_called_process_tells_by_which_end_it_ended(run):
    called = drawing(
        node("startEvent", "s1"),
        user("velg"),
        gateway("g", default="g_godt"),
        node("endEvent", "godt"),
        node("endEvent", "darlig", "<bpmn:terminateEventDefinition/>"),
        flows("s1 velg g godt", 'g darlig: =velg.svar = "nei"'),
        process_id="q1",
    )
    model = drawing(
        START,
        node("callActivity", "kall", calledElement="q1"),
        gateway("hvilken", default="hvilken_slutt"),
        user("mer"),
        END,
        flows("start kall hvilken slutt", 'hvilken mer: =kall.resultat = "darlig"', "mer kall"),
    )
    case = run(model, called)
    case.do("velg", svar="nei")
    assert case.open == ["mer"]
    case.do("mer")
    case.do("velg", svar="ja")
    assert state.ended(case.workflow)


def event_subprocess() -> bytes:
    inside = (
        node(
            "startEvent",
            "es",
            '<bpmn:messageEventDefinition messageRef="m_brev"/>',
            isInterrupting="false",
        )
        + user("svar")
        + node("endEvent", "ee")
        + flows("es svar ee")
    )
    return drawing(
        START,
        user("a"),
        END,
        node("subProcess", "hendelse", inside, triggeredByEvent="true"),
        flows("start a slutt"),
        extra=MESSAGE.format("brev"),
    )


def test_a_message_to_an_event_subprocess_leaves_the_specification_as_it_was(run):
    case = run(event_subprocess(), reload=False)
    before = fingerprint(case.definition)
    case.send("brev")
    assert case.open == ["a", "svar"]
    assert fingerprint(case.definition) == before
    case.do("svar")
    case.do("a")
    assert state.ended(case.workflow)
    assert fingerprint(case.definition) == before


def test_a_message_to_an_event_subprocess_survives_another_process(run):
    case = run(event_subprocess())
    case.send("brev")
    case.do("svar")
    case.do("a")
    assert state.ended(case.workflow)


@pytest.mark.parametrize("many", ["", MANY.format("[1, 2]")])
def test_an_interrupting_event_takes_the_subprocess_with_it(run, many):
    inner = node("startEvent", "s1") + user("inne") + node("endEvent", "e1") + flows("s1 inne e1")
    edge = node(
        "boundaryEvent",
        "kant",
        '<bpmn:messageEventDefinition messageRef="m_stopp"/>',
        attachedToRef="b",
        cancelActivity="true",
    )
    model = drawing(
        START,
        node("subProcess", "b", many + inner),
        edge,
        user("etter"),
        gateway("m"),
        END,
        flows("start b m slutt", "kant etter m"),
        extra=MESSAGE.format("stopp"),
    )
    case = run(model)
    case.send("stopp")
    assert case.open == ["etter"]
    case.do("etter")
    assert state.ended(case.workflow)


def test_a_case_whose_tasks_have_vanished_is_trouble_and_not_an_end(run):
    """At depth 1,000 SpiffWorkflow stops seeing tasks and says that the case is completed."""
    loop = drawing(
        START,
        gateway("inn"),
        user("u"),
        gateway("igjen", default="igjen_slutt"),
        END,
        flows("start inn u igjen slutt", 'igjen inn: =u.mer = "ja"'),
    )
    case = run(loop, reload=False)
    rounds = 0
    while state.trouble(case.workflow) is None:
        case.do("u", mer="ja")
        rounds += 1
    assert 20 < rounds < 150
    assert not state.ended(case.workflow)


def test_a_branch_that_never_comes_is_trouble(run):
    model = drawing(
        START,
        gateway("velg", default="velg_a"),
        user("a"),
        user("b"),
        gateway("samle", "parallel"),
        END,
        flows("start velg a samle slutt", "velg b: =false", "b samle"),
    )
    case = run(model)
    case.do("a")
    assert state.trouble(case.workflow)
    assert not state.ended(case.workflow)


def test_a_timer_waits_for_our_row_and_never_for_the_wall_clock(run):
    timer = node(
        "intermediateCatchEvent",
        "vent",
        '<bpmn:timerEventDefinition><bpmn:timeDate xsi:type="bpmn:tFormalExpression">frist("x")'
        "</bpmn:timeDate></bpmn:timerEventDefinition>",
    )
    case = run(drawing(START, timer, user("u"), END, flows("start vent u slutt")))
    assert case.open == []
    assert state.trouble(case.workflow) is None
    case.pass_time()
    assert case.open == ["u"]
