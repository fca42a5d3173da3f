"""No file costs more than two seconds and 150 MB, loading the program included.

Seconds are those of the processor, so that a busy machine does not fail the test.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from engine.definitions.checks.expressions import LONGEST, TOTAL
from tests.drawing import END, START, drawing, flows, lane, node, user

SECONDS, MEGABYTES = 2.0, 150
ROOT = Path(__file__).parents[2]
# The peak is the program's own (VmHWM); getrusage would count the test run's that started it.
# Ends without tidying up: what is measured is the check, not how V8 is taken down.
PROGRAM = """
import os, sys, time
from pathlib import Path
from engine.definitions.checks.command import run
run([Path(sys.argv[1])], as_json=True)
status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
print(time.process_time(), int(status["VmHWM"].split()[0]) / 1024, file=sys.stderr, flush=True)
os._exit(0)
"""

MANY = range(2_900)
NODES = range(50)


def assigned(texts: list[str]) -> bytes:
    """As many tasks as texts, each with one as the assignee's expression."""
    steps = (user(f"u{n}", camunda__assignee=f"={text}") for n, text in enumerate(texts))
    return drawing(START, END, *steps)


def filled(text: str, before: str = "", after: str = "") -> list[str]:
    """Expressions that use up what one drawing may have, made of a text again and again."""
    times = (LONGEST - 20) // len(before + text + after)
    return [f"{n}+" + before * times + text + after * times for n in range(TOTAL // LONGEST)]


def nested() -> str:
    inner = ""
    for level in range(58):
        tasks = "".join(user(f"t{level}_{n}") for n in range(40))
        ends = node("startEvent", f"a{level}") + node("endEvent", f"e{level}")
        inner = node("subProcess", f"s{level}", inner + tasks + ends)
    return inner


def shapes() -> str:
    dc = "http://www.omg.org/spec/DD/20100524/DC"
    box = f'<dc:Bounds xmlns:dc="{dc}" x="0" y="0" width="9" height="9"/>'
    drawn = "".join(
        f'<bpmndi:BPMNShape id="d{n}" bpmnElement="t{n}">{box}</bpmndi:BPMNShape>'
        for n in range(980)
    )
    plane = f'<bpmndi:BPMNPlane bpmnElement="p">{drawn}</bpmndi:BPMNPlane>'
    return f"<bpmndi:BPMNDiagram>{plane}</bpmndi:BPMNDiagram>"


EVENT = '<bpmn:messageEventDefinition messageRef="m"/>'
CHAIN = [f"c{n}" for n in range(190)]
FILES = {
    "loose tasks": drawing(*(f'<bpmn:task id="t{n}"/>' for n in MANY)),
    "a dense graph": drawing(
        START, END, *(node("exclusiveGateway", f"g{n}") for n in NODES),
        *(flows(f"g{n} g{m}") for n in NODES for m in NODES), flows("start g0 slutt"),
    ),
    "boundary events in a loop": drawing(
        START, END, user("a"), node("exclusiveGateway", "x"),
        *(node("boundaryEvent", f"b{n}", EVENT, attachedToRef="a", cancelActivity="false")
          for n in range(700)),
        *(flows(f"b{n} x a") for n in range(700)), flows("start a slutt"),
        extra='<bpmn:message id="m" name="beskjed"/>',
    ),
    "calls": drawing(*(node("callActivity", f"c{n}", calledElement="aktivitetsplikt")
                       for n in MANY)),
    "nested sub-processes": drawing(START, END, nested()),
    "a chain in order": drawing(
        START, END, *map(user, CHAIN), flows(f"start {' '.join(CHAIN)} slutt"),
        lanes=lane("rektor", *CHAIN),
    ),
    "nested lanes": drawing(lanes="<bpmn:lane>" * 50 + "<bpmn:flowNodeRef>x</bpmn:flowNodeRef>"
                            * 2_800 + "</bpmn:lane>" * 50),
    "shapes on each other": drawing(
        *(node("task", f"t{n}") for n in range(980))
    ).replace(b"</bpmn:definitions>", shapes().encode() + b"</bpmn:definitions>"),
    "many expressions": assigned([f"a.b + {n}" for n in MANY]),
    "as many expressions as may be": assigned([f"a{n}.b{n} + {n}" for n in range(490)]),
    "long expressions": assigned(filled("1", "a.b + ")),
    "parentheses": assigned(filled("1", "(", ")")),
    "loops": assigned(filled("1", "for x in y return ")),
    "lists": assigned(filled("1", "[", "]")),
    "unfinished": assigned(filled("", "if a then ")),
    "strings": assigned(filled("", '"a"+')),
    "one long text": drawing(f"<bpmn:documentation>{'x' * 990_000}</bpmn:documentation>"),
    "too many elements": b"<a>" + b"<b/>" * 200_000 + b"</a>",
    "too deep": b"<a>" * 300_000,
    "namespaces": drawing(*(
        "<bpmn:task " + " ".join(f'xmlns:n{n}_{m}="u:{n}"' for m in range(20)) + "/>"
        for n in range(1_500)
    )),
}  # fmt: skip


DEEP = "[" * 750 + "1" + "]" * 750
FILES["lists.form"] = json.dumps(
    {
        "type": "default",
        "id": "a",
        "components": [
            {"type": "textfield", "id": f"c{n}", "key": f"k{n}", "label": "x",
             "conditional": {"hide": f"={n}+{DEEP}"}}
            for n in range(300)
        ],
    }
).encode()  # fmt: skip
FILES["lists.dmn"] = (
    '<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d"><decision id="x">'
    '<decisionTable id="t"><output id="o" name="svar"/>'
    + "".join(
        f'<rule id="r{n}"><outputEntry id="e{n}"><text>{DEEP}</text></outputEntry></rule>'
        for n in range(600)
    )
    + "</decisionTable></decision></definitions>"
).encode()


@pytest.mark.parametrize("name", FILES)
def test_the_worst_files_are_checked_soon_and_in_little_memory(name, tmp_path):
    file = tmp_path / f"p{Path(name).suffix or '.bpmn'}"
    file.write_bytes(FILES[name])
    command = [sys.executable, "-c", PROGRAM, str(file)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    seconds, megabytes = map(float, done.stderr.split())
    print(f"{name}: {seconds:.2f} s, {megabytes:.0f} MB")
    assert json.loads(done.stdout)["ok"] is False
    assert (seconds < SECONDS, megabytes < MEGABYTES) == (True, True), (seconds, megabytes)
