"""A case that is moved to another version goes on from where it stood, by the new drawing."""

from __future__ import annotations

import pytest
from SpiffWorkflow.util.task import TaskState

from engine.cases import move, state
from engine.cases.workflow import all_of
from engine.definitions.compile import fingerprint
from tests.drawing import END, START, drawing, flows, node, user
from tests.random_processes import RandomProcess
from tests.running import Run, compiled
from tests.walking import Walk

MANY = (
    '<bpmn:multiInstanceLoopCharacteristics camunda:collection="=a.liste"'
    ' camunda:elementVariable="x"/>'
)
TIMER = (
    '<bpmn:timerEventDefinition id="t"><bpmn:timeDate>frist("x")</bpmn:timeDate>'
    "</bpmn:timerEventDefinition>"
)


class Moving(Run):
    """A run that is moved to the same drawing, compiled anew, after each step."""

    def _settle(self) -> None:
        super()._settle()
        self._turn()
        self.workflow = move.move(self.workflow, self.definition, self.engine())


def moved(run: Run, *models: bytes) -> Run:
    """The run, taken to another drawing of its process."""
    run.models, run.definition = models, compiled(*models)
    run.workflow = move.move(run.workflow, run.definition, run.engine())
    run._settle()
    return run


def refused(run: Run, *models: bytes) -> list[tuple[str, str]]:
    """What hinders the move. The run is untouched."""
    before = run.stored()
    with pytest.raises(move.CannotMove) as stopped:
        move.move(run.workflow, compiled(*models), run.engine())
    assert run.stored() == before
    return [(each.step, each.why) for each in stopped.value.obstacles]


def rest(run: Run) -> list[str]:
    """The steps that follow, one after the other, to the end."""
    done = []
    while run.open:
        done.append(run.open[0])
        run.do(run.open[0])
    assert state.ended(run.workflow)
    return done


@pytest.mark.parametrize("seed", range(60))
def test_a_move_to_the_same_drawing_changes_nothing(seed):
    process = RandomProcess(seed)
    ours, plain = Moving(*process.models, fresh=False), Run(*process.models, reload=False)
    walk = Walk(seed, process.messages, lambda step, random: {"v": random.randrange(10)})
    walk.together(ours, plain, steps=60)


def inside(kind: str) -> tuple[str, ...]:
    """The drawing of a step that holds others or stands several times, and what is called."""
    sub = node("startEvent", "s") + user("b") + node("endEvent", "e") + flows("s b e")
    return {
        "several": (user("b", MANY),),
        "sub-process": (node("subProcess", "sub", sub),),
        "several sub-processes": (node("subProcess", "sub", MANY + sub),),
        "call": (node("callActivity", "sub", calledElement="q"),),
        "timer beside": (
            user("b")
            + node("boundaryEvent", "k", TIMER, attachedToRef="b", cancelActivity="false")
            + node("endEvent", "ke")
            + flows("k ke"),
        ),
    }[kind]


def process(kind: str, *after: str) -> list[bytes]:
    first = "b" if kind in ("several", "timer beside") else "sub"
    line = " ".join(["start a", first, *after, "slutt"])
    called = drawing(
        node("startEvent", "qs"),
        user("b"),
        node("endEvent", "qe"),
        flows("qs b qe"),
        process_id="q",
    )
    whole = drawing(START, user("a"), *inside(kind), *map(user, after), END, flows(line))
    return [whole, called] if kind == "call" else [whole]


KINDS = ("several", "sub-process", "several sub-processes", "call", "timer beside")


@pytest.mark.parametrize("kind", KINDS)
def test_a_new_step_behind_what_is_open_is_gone_through(kind):
    run = Run(*process(kind, "c"))
    run.do("a", liste=[1, 2])
    before = [task.id for task in run._ready()]
    run = moved(run, *process(kind, "ny", "c"))
    assert [task.id for task in run._ready()] == before
    assert [each for each in rest(run) if each != "b"] == ["ny", "c"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_step_taken_out_behind_what_is_open_is_not_waited_for(kind):
    run = Run(*process(kind, "c", "d"))
    run.do("a", liste=[1, 2])
    assert [each for each in rest(moved(run, *process(kind, "d"))) if each != "b"] == ["d"]


@pytest.mark.parametrize("kind", KINDS)
def test_what_an_open_task_remembers_is_kept(kind):
    run = Run(*process(kind, "c"))
    run.do("a", liste=["x", "y"])
    for timer in run.workflow.event_manager.tasks.values():
        timer.internal_data["event_value"] = "2050-01-01T00:00:00+00:00"
    before = memories(run)
    assert any(before.values()) or kind in ("sub-process", "call")
    assert memories(moved(run, *process(kind, "ny", "c"))) == before


def memories(run: Run) -> dict:
    return {
        task.id: dict(task.internal_data)
        for each in all_of(run.workflow)
        for task in each.tasks.values()
        if task.state & (TaskState.READY | TaskState.WAITING | TaskState.STARTED)
    }


def test_a_branch_that_has_arrived_waits_for_the_others_there_too():
    def drawn(extra: str = "") -> bytes:
        line = f"f b {extra} j".replace("  ", " ")
        gates = node("parallelGateway", "f") + node("parallelGateway", "j")
        more = user(extra) if extra else ""
        paths = flows("start f", "f a j", line, "j slutt")
        return drawing(START, gates, user("a"), user("b"), more, END, paths)

    run = Run(drawn())
    run.do("a")
    run = moved(run, drawn("ny"))
    assert run.open == ["b"]
    assert rest(run) == ["b", "ny"]


def test_a_case_is_not_moved_from_a_step_that_is_gone():
    run = Run(*process("several", "c"))
    other = drawing(START, user("a"), user("c"), END, flows("start a c slutt"))
    assert moved(Run(*process("several", "c")), other).open == ["a"]
    run.do("a", liste=[1])
    assert refused(run, other) == [("b", move.GONE)]


def test_a_case_is_not_moved_to_another_kind_of_step():
    run = Run(drawing(START, user("a"), END, flows("start a slutt")))
    other = drawing(START, node("task", "a"), END, flows("start a slutt"))
    other = other.replace(b"bpmn:task ", b"bpmn:serviceTask ").replace(
        b"/bpmn:task>", b"/bpmn:serviceTask>"
    )
    assert refused(run, other) == [("a", move.OTHER_KIND)]


def test_a_case_is_not_moved_out_of_a_process_that_is_gone():
    run = Run(*process("call", "c"))
    run.do("a")
    whole, called = process("call", "c")
    renamed = [each.replace(b'"q"', b'"r"') for each in (whole, called)]
    found = refused(run, *renamed)
    assert ("sub", move.OTHER_KIND) in found and ("b", move.NO_PROCESS) in found


def test_a_case_is_not_moved_past_an_event_that_would_never_happen():
    run = Run(*process("timer beside", "c"))
    run.do("a")
    plain = drawing(START, user("a"), user("b"), user("c"), END, flows("start a b c slutt"))
    found = refused(run, plain)
    assert ("k", move.GONE) in found


def test_the_versions_are_not_changed_by_a_move():
    run = Run(*process("several sub-processes", "c"))
    run.do("a", liste=[1, 2])
    target = compiled(*process("several sub-processes", "ny", "c"))
    before = fingerprint(run.definition), fingerprint(target)
    move.move(run.workflow, target, run.engine())
    assert (fingerprint(run.definition), fingerprint(target)) == before
