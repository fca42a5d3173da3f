"""Stored state of every version goes on to the end that it had when it was stored."""

from __future__ import annotations

import pytest

from engine.cases import state
from tests.engine.cases import golden

STATES = [(story, path) for story in golden.stories() for path in story.stored()]


@pytest.mark.parametrize(("story", "path"), STATES, ids=lambda each: getattr(each, "stem", ""))
def test_a_golden_state_goes_on_to_its_end(story, path):
    run, done = story.resumed(path)
    assert run.open == story.open[done]
    for move, expected in zip(story.moves[done:], story.open[done + 1 :], strict=True):
        golden.take(run, move)
        assert run.open == expected
        assert state.trouble(run.workflow) is None
    assert state.ended(run.workflow)


def test_there_is_a_golden_state_of_every_version():
    kept = {path.stem.split("-")[0] for _, path in STATES}
    assert kept == {f"v{version}" for version in range(1, state.VERSION + 1)}
