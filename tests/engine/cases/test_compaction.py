"""The compacted engine does what the uncompacted one does, at every step and to the end."""

from __future__ import annotations

import pytest
from SpiffWorkflow.util.task import TaskState

from engine.cases import state
from engine.cases.workflow import all_of
from engine.definitions.bundle import Bundle
from engine.definitions.fields import Field, Kind, fields_of
from engine.definitions.specs import step_id
from engine.product import PROCESSES
from tests.drawing import END, START, drawing, flows, node, user
from tests.follow_up import MANY, follow_up, one_round
from tests.random_processes import RandomProcess
from tests.running import Run
from tests.walking import Walk

SHIPPED = sorted(path.parent.name for path in PROCESSES.glob("*/*.bpmn"))
ONWARDS = {  # answers that lead on; any others mostly end the case at once
    "ledelse_mistenkt": "nei",
    "ansatt_mistenkt": "nei",
    "mistanke_utrygg": "ja",
    "slaa_sammen": "nei",
    "beslutning": "forlenge",
}


def a_number(step: str, random) -> dict:
    return {"v": random.randrange(10)}


@pytest.mark.parametrize("group", range(20))
def test_400_random_processes_go_the_same_way_compacted(group):
    for seed in range(group * 20, group * 20 + 20):
        process = RandomProcess(seed)
        ours = Run(*process.models, fresh=False)
        plain = Run(*process.models, reload=False)
        Walk(seed, process.messages, a_number).together(ours, plain, steps=120)


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("process_id", SHIPPED)
def test_every_shipped_process_goes_the_same_way_compacted(process_id, seed):
    bundle = Bundle.read(PROCESSES, process_id)
    ours, plain = Run(bundle, fresh=False), Run(bundle, reload=False)
    steps = ours.definition.steps.values()
    forms = {s.id: ours.definition.form(s.process_id, s.form_key) for s in steps if s.form_key}
    messages = [step.message for step in steps if step.message]
    if ours.definition.started_by_message:
        for run in (ours, plain):
            run.send(ours.definition.started_by_message)

    def filled(step: str, random) -> dict:
        given = {field.key: _value(field, random) for field in fields_of(forms[step].components)}
        onwards = {key: value for key, value in ONWARDS.items() if key in given}
        return {**given, **onwards} if random.random() < 0.8 else given

    walk = Walk(seed, messages, filled, patience=20)
    walk.together(ours, plain, steps=80)
    assert walk.moves


def _value(field: Field, random):
    """Any answer of the field's kind."""
    match field.kind:
        case Kind.YES:
            return random.choice(("ja", "nei"))
        case Kind.CHOICE:
            return random.choice(field.options).value
        case Kind.CHOICES:
            return [option.value for option in field.options if random.random() < 0.5]
        case Kind.NUMBER:
            return random.randrange(int(field.minimum or 0), int(field.maximum or 10) + 1)
        case Kind.DATE:
            return "2026-09-15"
        case Kind.DATETIME:
            return "2026-09-15T10:00"
        case Kind.PERSON:
            return "ansatt:7"
        case Kind.PERSONS:
            return ["ansatt:7", "ansatt:8"][: random.randrange(3)]
        case Kind.LIST:
            row = {inner.key: _value(inner, random) for inner in fields_of(field.components)}
            return [row] * random.randrange(1, 3)
        case _:
            return "x"


def edged(kind: str, cancels: str) -> tuple[bytes, ...]:
    """A loop round a step of this kind, with two messages on its edge: one that never interrupts it
    and one that may. Beside it another step with an event of its own."""
    many = MANY.format("[1, 2, 3]")
    inside = node("startEvent", "s1") + user("inne") + user("mer") + node("endEvent", "e1")
    inside += flows("s1 inne mer e1")
    step = {
        "user": user("a"),
        "many": user("a", many),
        "one by one": user("a", many.replace("camunda:col", 'isSequential="true" camunda:col')),
        "sub": node("subProcess", "a", inside),
        "many sub": node("subProcess", "a", many + inside),
        "call": node("callActivity", "a", calledElement="q"),
    }[kind]
    whole = drawing(
        START,
        *(node("exclusiveGateway", name) for name in ("inn", "ut")),
        *(node("parallelGateway", name) for name in ("del", "samle")),
        step,
        _edge("k", "a", "false"),
        _edge("l", "a", cancels),
        _edge("m", "ved"),
        *map(user, ("ved", "etter_k", "etter_l", "etter_m", "valg")),
        *(node("endEvent", f"slutt_{name}") for name in "km"),
        node("exclusiveGateway", "x", default="x_slutt"),
        END,
        flows(
            "start inn del a ut samle valg x slutt",
            "x inn: =valg.v < 6",
            "del ved samle",
            "k etter_k slutt_k",
            "l etter_l ut" if cancels == "true" else "l etter_l slutt_k",
            "m etter_m slutt_m",
        ),
        extra="".join(f'<bpmn:message id="m_{name}" name="{name}"/>' for name in "klm"),
    )
    return whole, drawing(inside, process_id="q")


def _edge(name: str, step: str, cancels: str = "false") -> str:
    event = f'<bpmn:messageEventDefinition messageRef="m_{name}"/>'
    return node("boundaryEvent", name, event, attachedToRef=step, cancelActivity=cancels)


@pytest.mark.parametrize("cancels", ["true", "false"])
@pytest.mark.parametrize("kind", ["user", "many", "one by one", "sub", "many sub", "call"])
def test_events_on_the_edge_of_any_step_go_the_same_way_compacted(kind, cancels):
    models, moves = edged(kind, cancels), 0
    for seed in range(8):
        ours, plain = Run(*models, fresh=False), Run(*models, reload=False)
        walk = Walk(seed, ["k", "l", "m"], a_number, patience=2)
        walk.together(ours, plain, steps=60)
        moves += walk.moves
    assert moves > 80


def size(case: Run) -> tuple[int, int]:
    """How many tasks the tree has, and how deep it is."""
    tasks = [task for each in all_of(case.workflow) for task in each.tasks.values()]
    return len(tasks), max(task.depth for task in tasks)


def test_1500_rounds_come_to_a_proper_end_and_the_tree_grows_no_deeper():
    case = Run(follow_up(), fresh=False)
    sizes, length = set(), 1500
    for number in range(1, length + 1):
        one_round(case, number, last=number == length)
        if number in (20, 500, 1000):
            sizes.add(size(case))
    assert len(sizes) == 1
    assert state.trouble(case.workflow) is None
    assert state.ended(case.workflow)
    assert state.ends(case.workflow) == ["slutt"]


def test_a_call_in_every_round_grows_no_deeper():
    inner = node("startEvent", "s1") + user("inne") + node("endEvent", "e1") + flows("s1 inne e1")
    model = drawing(
        START,
        node("exclusiveGateway", "inn"),
        node("callActivity", "runde", calledElement="q"),
        node("exclusiveGateway", "x", default="x_slutt"),
        END,
        flows("start inn runde x slutt", 'x inn: =runde.inne.mer = "ja"'),
    )
    case = Run(model, drawing(inner, process_id="q"), fresh=False)
    case.do("inne", mer="ja")
    before = size(case)
    for _ in range(300):
        case.do("inne", mer="ja")
    assert size(case) == before
    case.do("inne", mer="nei")
    assert state.ended(case.workflow)


def test_a_join_of_nested_branches_does_not_wait_for_ever():
    model = drawing(
        START,
        user("z"),
        *(node("parallelGateway", name) for name in ("f1", "f2", "j")),
        *map(user, "abc"),
        END,
        flows("start z f1 a j slutt", "f1 f2 b j", "f2 c j"),
    )
    for order in ("abc", "acb", "bac", "bca", "cab", "cba"):
        case = Run(model)
        for step in "z" + order:
            case.do(step)
        assert state.ended(case.workflow), order


@pytest.mark.parametrize("cancels", ["true", "false"])
def test_one_open_task_on_a_boundary_event_does_not_block_the_case(cancels):
    message = '<bpmn:messageEventDefinition messageRef="m_stopp"/>'
    model = drawing(
        START,
        node("exclusiveGateway", "inn"),
        user("a"),
        node("boundaryEvent", "kant", message, attachedToRef="a", cancelActivity=cancels),
        user("etter"),
        node("endEvent", "kant_slutt"),
        user("b"),
        node("exclusiveGateway", "x", default="x_slutt"),
        END,
        flows("start inn a b x slutt", "kant etter kant_slutt", 'x inn: =b.mer = "ja"'),
        extra='<bpmn:message id="m_stopp" name="stopp"/>',
    )
    case = Run(model)
    for _ in range(40):
        case.do("a")
        case.do("b", mer="ja")
    case.send("stopp")
    if cancels == "true":
        case.do("etter")
    else:
        for _ in range(40):
            case.do("a")
            case.do("b", mer="ja")
        assert size(case)[1] < 30
        case.do("a")
        case.do("b", mer="nei")
        assert not state.ended(case.workflow)
        case.do("etter")
    assert state.ended(case.workflow)


def test_what_was_passed_is_remembered_when_the_tasks_are_gone():
    model = drawing(
        START,
        user("a"),
        node("exclusiveGateway", "g", default="g_b"),
        user("b"),
        user("c"),
        END,
        flows("start a g b slutt", "g c: =false", "c slutt"),
    )
    case = Run(model)
    case.do("a")
    assert {step_id(task) for task in case.workflow.tasks.values()}.isdisjoint({"start", "a", "g"})
    real = {("start", "a"), ("a", "g"), ("g", "b")}
    assert real <= case.workflow.passed["p"]
    assert ("g", "c") not in case.workflow.passed["p"]
    case.do("b")
    assert ("b", "slutt") in case.workflow.passed["p"]
    # Once a step is taken out, those around it stand next to each other without a flow between.
    assert ("start", "g") not in case.workflow.passed["p"]


def test_open_tasks_keep_their_ids():
    case = Run(follow_up())
    tokens = {task.id for task in case.workflow.get_tasks(state=TaskState.READY, manual=True)}
    case.do("tiltak")
    left = {task.id for task in case.workflow.get_tasks(state=TaskState.READY, manual=True)}
    assert len(left) == 1
    assert left < tokens
    assert {str(token) for token in tokens} == set(case.facts.scopes)


def blocks(count: int, gateway: str) -> bytes:
    """So many blocks of two branches in a row."""
    drawn, paths, before = [], [], "start"
    condition = ": =true" if gateway == "inclusiveGateway" else ""
    for n in range(count):
        default = f"f{n}_a{n}" if condition else ""
        drawn += [node(gateway, f"f{n}", default=default), node(gateway, f"j{n}")]
        drawn += [user(f"a{n}"), user(f"b{n}")]
        paths += [f"{before} f{n} a{n} j{n}", f"f{n} b{n}{condition}", f"b{n} j{n}"]
        before = f"j{n}"
    return drawing(START, *drawn, END, flows(*paths, f"{before} slutt"))


@pytest.mark.parametrize("gateway", ["parallelGateway", "inclusiveGateway"])
def test_the_tree_does_not_grow_with_what_lies_ahead(gateway):
    """SpiffWorkflow predicts each branch of each block anew: twice the tree for each block."""
    few, many = Run(blocks(3, gateway), fresh=False), Run(blocks(60, gateway), fresh=False)
    assert size(few)[1] == size(many)[1]
    most = 0
    while many.open:
        many.do(many.open[0])
        most = max(most, size(many)[1])
    assert most < 20
    assert state.ended(many.workflow)
