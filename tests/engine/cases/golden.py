"""Golden states: stored state documents of every version that a case may still be kept in.

`golden/drawings` holds processes as they once were. Each other folder holds `story.json` (the
moves of a case, and the steps that are open after each) and, for every version of the state
document, what was stored after some of the moves: `v<version>-<moves>.json`. None of them is ever
changed. When the version is raised, `python -m tests.engine.cases.golden` adds the new one's.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from engine.cases import state
from engine.cases.facts import Facts, ScopeFact
from tests.running import Run

FOLDER = Path(__file__).parent / "golden"


class Story:
    """One process with the moves of a case, `open` the open steps before the first and after each.

    A move is `["do", step, answers]`, `["send", message]` or `["time"]`.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        told = json.loads((folder / "story.json").read_text(encoding="utf-8"))
        self.moves, self.open, self.kept = told["moves"], told["open"], told["kept"]
        self.models = [(FOLDER / "drawings" / name).read_bytes() for name in told["drawings"]]

    def stored(self) -> list[Path]:
        """The golden states of every version."""
        return sorted(self.folder.glob("v*.json"))

    def resumed(self, path: Path) -> tuple[Run, int]:
        """A run that goes on from a golden state, and how many moves it has made."""
        version, done = path.stem.removeprefix("v").split("-")
        kept = json.loads(path.read_text(encoding="utf-8"))
        facts = Facts()
        facts.scopes = {each["id"]: ScopeFact(**each) for each in kept["scopes"]}
        for scope_id, steps in kept["answers"].items():
            for step, given in steps.items():
                facts.answers[scope_id][step] = given
        document = json.dumps(kept["state"]).encode()
        run = Run.resumed(*self.models, facts=facts, document=document, version=int(version))
        return run, int(done)

    def write(self) -> None:
        """Store what a case looks like after those moves that are kept."""
        run = Run(*self.models)
        for number, move in enumerate(self.moves):
            if number in self.kept:
                path = self.folder / f"v{state.VERSION}-{number}.json"
                path.write_text(json.dumps(_frozen(run), ensure_ascii=False), encoding="utf-8")
            take(run, move)


def stories() -> list[Story]:
    return [Story(path.parent) for path in sorted(FOLDER.glob("*/story.json"))]


def take(run: Run, move: list) -> None:
    """Make one move of a story."""
    kind, *rest = move
    if kind == "do":
        step, answers = rest
        run.do(step, **answers)
    elif kind == "send":
        run.send(*rest)
    else:
        run.pass_time()


def _frozen(run: Run) -> dict:
    return {
        "state": run.stored(),
        "scopes": [asdict(scope) for scope in run.facts.scopes.values()],
        "answers": run.facts.answers,
    }


if __name__ == "__main__":
    for story in stories():
        story.write()
