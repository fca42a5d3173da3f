"""Stored state that can't be read is refused in words; an end is told from a standstill."""

from __future__ import annotations

import json

import pytest
from SpiffWorkflow.util.task import TaskState

from engine.cases import state
from engine.cases.play import Stop
from engine.cases.scripting import CaseEngine
from engine.database.tables import Incident
from tests.drawing import END, START, drawing, flows, node, straight, user
from tests.engine.cases import golden
from tests.running import Run


def broken(document: dict, path: tuple, value=None) -> bytes:
    """The document with what stands at the path taken out, or replaced by `value`."""
    *way, last = path
    inner = document
    for part in way:
        inner = inner[part]
    if value is None:
        del inner[last]
    else:
        inner[last] = value
    return json.dumps(document).encode()


def load(run: Run, document: bytes, version: int = state.VERSION):
    return state.load(document, version, run.definition, CaseEngine(run.facts))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("tree",), None),
        (("passed",), None),
        (("inside",), None),
        (("tree", "tasks"), None),
        (("tree", "completed"), None),
        (("tree", "tasks"), []),
        (("tree", "tasks", 1, 0), "ikke en id"),
        (("tree", "tasks", 1, 1), "et steg som ikke finnes"),
        (("tree", "tasks", 1, 3), 99),
        (("tree", "tasks", 1, 3), 1),
        (("tree", "tasks", 1, 4), [99]),
        (("tree", "tasks", 1), ["for", "kort"]),
        (("tree", "last"), 99),
        (("inside",), [["0" * 32, {}]]),
    ],
)
def test_a_document_with_something_missing_or_wrong_is_refused_in_words(path, value):
    run = Run(straight(user("a"), user("b"), names="a b"))
    with pytest.raises(state.UnreadableState, match="ødelagt"):
        load(run, broken(run.stored(), path, value))


@pytest.mark.parametrize("document", [b"", b"{", b"null", b"[]", b"\xff\xfe", b'"tekst"', b"7"])
@pytest.mark.parametrize("version", range(1, state.VERSION + 1))
def test_what_is_no_document_is_refused_in_words(document, version):
    run = Run(straight(user("a"), names="a"))
    with pytest.raises(state.UnreadableState, match="ødelagt"):
        load(run, document, version)


@pytest.mark.parametrize("path", golden.stories()[0].stored(), ids=lambda path: path.stem)
def test_no_part_of_a_golden_state_can_be_missing(path):
    """Whatever field is taken out: refused, never a trace."""
    story = golden.stories()[0]
    run, _ = story.resumed(path)
    version = int(path.stem[1:].split("-")[0])
    kept = json.loads(path.read_text(encoding="utf-8"))["state"]
    fields = ("tasks", "root", "subprocesses") if version == 1 else ("tree", "inside", "passed")
    for field in fields:
        with pytest.raises(state.UnreadableState):
            load(run, broken(dict(kept), (field,)), version)


@pytest.mark.parametrize(
    ("place", "children"),
    [(-1, [0]), (0, [1, 1]), (0, []), (1, [1]), (0, [99]), (0, [-1]), (0, "x")],
    ids=["a ring", "twice", "left out", "its own child", "nobody", "backwards", "no list"],
)
def test_a_tree_whose_branches_do_not_hang_together_is_refused(place, children):
    """A ring would be walked for ever, with the database locked."""
    run = Run(straight(user("a"), user("b"), names="a b"))
    stored = run.stored()
    assert len(stored["tree"]["tasks"]) > 2
    stored["tree"]["tasks"][place][4] = children
    with pytest.raises(state.UnreadableState, match="ødelagt"):
        load(run, json.dumps(stored).encode())


@pytest.mark.parametrize("target", [None, 7, []])
def test_a_way_that_leads_to_no_step_is_refused(target):
    run = Run(straight(user("a"), user("b"), names="a b"))
    run.do("a")
    stored = run.stored()
    stored["passed"]["p"]["start"] = [target]
    with pytest.raises(state.UnreadableState, match="ødelagt"):
        load(run, json.dumps(stored).encode())


@pytest.mark.parametrize("version", [0, state.VERSION + 1, 99])
def test_an_unknown_version_is_refused_in_words(version):
    run = Run(straight(user("a"), names="a"))
    with pytest.raises(
        state.UnreadableState, match=f"form {version}.* leser form 1 til {state.VERSION}"
    ):
        load(run, state.save(run.workflow), version)


def test_a_boundary_branchs_end_alone_proves_nothing():
    message = '<bpmn:messageEventDefinition messageRef="m_stopp"/>'
    model = drawing(
        START,
        user("a"),
        node("boundaryEvent", "kant", message, attachedToRef="a", cancelActivity="false"),
        node("endEvent", "kant_slutt"),
        END,
        flows("start a slutt", "kant kant_slutt"),
        extra='<bpmn:message id="m_stopp" name="stopp"/>',
    )
    run = Run(model)
    run.send("stopp")
    assert state.ends(run.workflow) == ["kant_slutt"]
    assert not state.ended(run.workflow)
    for task in run.workflow.tasks.values():  # as if the open step had vanished
        if task.state == TaskState.READY:
            task._set_state(TaskState.CANCELLED)
    run.workflow.completed = True
    assert not state.ended(run.workflow)


def test_an_automatic_step_that_was_not_run_is_trouble():
    run = Run(straight(user("a"), node("exclusiveGateway", "g"), names="a g"), reload=False)
    run.workflow.get_next_task(state=TaskState.READY, manual=True).run()
    assert "automatisk" in state.trouble(run.workflow)


def test_a_step_that_failed_is_trouble():
    run = Run(straight(user("a"), names="a"), reload=False)
    run.workflow.get_next_task(state=TaskState.READY, manual=True).error()
    assert state.trouble(run.workflow) == "Et steg feilet."


def test_the_end_is_known_when_something_else_ended_after_it():
    """The case's own end ran first, and an event sub-process was left to do."""
    (story,) = [each for each in golden.stories() if each.folder.name == "fem_veier"]
    run = Run(*story.models)
    for move in story.moves:
        golden.take(run, move)
    run.facts.scopes.clear()
    assert state.ended(run.workflow)
    assert state.ends(run.workflow) == ["slutt"]


def test_a_tree_that_is_too_deep_is_an_incident_long_before_tasks_are_lost(story, monkeypatch):
    assert state.MAX_DEPTH * 3 < 1000
    story.report()
    monkeypatch.setattr(state, "MAX_DEPTH", 1)
    with pytest.raises(Stop, match="stanset"):
        story.suspect()
    (incident,) = story.rows(Incident)
    assert "for mange runder" in incident.message
    assert story.open == ["mistanke_vurdering"]
    monkeypatch.undo()
    story.suspect()
    assert story.open == ["motta_varsel"]
