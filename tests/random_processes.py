"""Random processes, the same for the same seed: blocks inside blocks, all of them sound.

Parallel, inclusive and exclusive gateways, multi-instance steps and sub-processes, calls, loops,
events on the edge of a step, and event sub-processes. A choice is steered by the answer `v`, 0 to
9, of the step before it; a loop ends when `v` is 6 or more.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from tests.drawing import END, START, drawing, flows, node, user

_MANY = (
    '<bpmn:multiInstanceLoopCharacteristics camunda:collection="={}" camunda:elementVariable="x"/>'
)
_LEAVES = ("user", "user", "many")
_BLOCKS = (
    *("user", "user", "sequence", "exclusive", "parallel", "inclusive", "sub", "call", "many"),
    *("many_sub", "loop", "edge"),
)


@dataclass(frozen=True)
class Block:
    """A part of a process with one way in and one way out: its elements, and its flows as lines."""

    elements: str
    paths: tuple[str, ...]
    first: str
    last: str

    @property
    def drawn(self) -> str:
        return self.elements + flows(*self.paths)


class RandomProcess:
    """models: the drawings, the process that starts first. messages: those it may wait for."""

    def __init__(self, seed: int, depth: int = 3):
        self._random = random.Random(seed)
        self._count = 0
        self._called: list[tuple[str, Block]] = []
        self.messages: list[str] = []
        whole, extra = self._sequence(depth), ""
        if seed % 3 == 0:
            self.messages.append("hendelse")
            extra = _event_subprocess("hendelse")
        self.models = [self._drawing("p", whole, START, END, extra)]
        for name, block in self._called:
            start, end = node("startEvent", f"{name}s"), node("endEvent", f"{name}e")
            self.models.append(self._drawing(name, block, start, end))

    def _drawing(self, name: str, block: Block, start: str, end: str, extra: str = "") -> bytes:
        messages = "".join(f'<bpmn:message id="m_{m}" name="{m}"/>' for m in self.messages)
        ids = ("start", "slutt") if name == "p" else (f"{name}s", f"{name}e")
        ways = flows(f"{ids[0]} {block.first}", f"{block.last} {ids[1]}")
        return drawing(start, block.drawn, end, ways, extra, process_id=name, extra=messages)

    def _name(self, kind: str) -> str:
        self._count += 1
        return f"{kind}{self._count}"

    def _block(self, depth: int) -> Block:
        kind = self._random.choice(_BLOCKS if depth > 0 else _LEAVES)
        return getattr(self, f"_{kind}")(depth - 1)

    def _user(self, depth: int, inner: str = "") -> Block:
        step = self._name("u")
        return Block(user(step, inner), (), step, step)

    def _many(self, depth: int) -> Block:
        return self._user(depth, _MANY.format(self._random.choice(("[1, 2]", "[1, 2, 3]"))))

    def _sequence(self, depth: int) -> Block:
        one, two = self._block(depth), self._block(depth)
        paths = (*one.paths, *two.paths, f"{one.last} {two.first}")
        return Block(one.elements + two.elements, paths, one.first, two.last)

    def _exclusive(self, depth: int) -> Block:
        ask, split, merge = self._name("q"), self._name("g"), self._name("m")
        one, two = self._block(depth), self._block(depth)
        gateways = node("exclusiveGateway", split, default=f"{split}_{two.first}")
        gateways += node("exclusiveGateway", merge)
        paths = (
            f"{ask} {split} {two.first}",
            f"{split} {one.first}: ={ask}.v < 5",
            f"{one.last} {merge}",
            f"{two.last} {merge}",
        )
        elements = user(ask) + gateways + one.elements + two.elements
        return Block(elements, (*one.paths, *two.paths, *paths), ask, merge)

    def _parallel(self, depth: int) -> Block:
        return self._split("parallelGateway", depth)

    def _inclusive(self, depth: int) -> Block:
        return self._split("inclusiveGateway", depth)

    def _split(self, gateway: str, depth: int) -> Block:
        ask, split, join = self._name("q"), self._name("f"), self._name("j")
        branches = [self._block(depth) for _ in range(self._random.choice((2, 2, 3)))]
        inclusive = gateway == "inclusiveGateway"
        default = f"{split}_{branches[0].first}" if inclusive else ""
        elements = user(ask) + node(gateway, split, default=default) + node(gateway, join)
        paths = [f"{ask} {split}"]
        for number, branch in enumerate(branches):
            elements += branch.elements
            condition = f": ={ask}.v > {number * 3}" if inclusive and number else ""
            paths += [*branch.paths, f"{split} {branch.first}{condition}", f"{branch.last} {join}"]
        return Block(elements, tuple(paths), ask, join)

    def _sub(self, depth: int, many: str = "") -> Block:
        step, inner = self._name("sp"), self._block(depth)
        ends = node("startEvent", f"{step}s") + node("endEvent", f"{step}e")
        ways = flows(f"{step}s {inner.first}", f"{inner.last} {step}e")
        return Block(node("subProcess", step, many + ends + inner.drawn + ways), (), step, step)

    def _many_sub(self, depth: int) -> Block:
        return self._sub(depth, _MANY.format("[1, 2]"))

    def _call(self, depth: int) -> Block:
        step = self._name("c")
        self._called.append((f"{step}p", self._block(depth)))
        return Block(node("callActivity", step, calledElement=f"{step}p"), (), step, step)

    def _loop(self, depth: int) -> Block:
        merge, ask, gateway, after = (self._name(kind) for kind in ("m", "q", "g", "u"))
        inner = self._block(depth)
        elements = node("exclusiveGateway", merge) + inner.elements + user(ask) + user(after)
        elements += node("exclusiveGateway", gateway, default=f"{gateway}_{after}")
        paths = (
            f"{merge} {inner.first}",
            f"{inner.last} {ask} {gateway} {after}",
            f"{gateway} {merge}: ={ask}.v < 6",
        )
        return Block(elements, (*inner.paths, *paths), merge, after)

    def _edge(self, depth: int) -> Block:
        """A step with a message on its edge, which may or may not interrupt it."""
        step, edge, after = self._name("u"), self._name("b"), self._name("u")
        self.messages.append(edge)
        interrupts = self._random.random() < 0.4
        event = f'<bpmn:messageEventDefinition messageRef="m_{edge}"/>'
        cancels = str(interrupts).lower()
        drawn = user(step) + user(after)
        drawn += node("boundaryEvent", edge, event, attachedToRef=step, cancelActivity=cancels)
        if interrupts:
            merge = self._name("m")
            paths = (f"{step} {merge}", f"{edge} {after} {merge}")
            return Block(drawn + node("exclusiveGateway", merge), paths, step, merge)
        end = self._name("e")
        return Block(drawn + node("endEvent", end), (f"{edge} {after} {end}",), step, step)


def _event_subprocess(message: str) -> str:
    event = f'<bpmn:messageEventDefinition messageRef="m_{message}"/>'
    inside = node("startEvent", "hs", event, isInterrupting="false") + user("hu")
    inside += node("endEvent", "he") + flows("hs hu he")
    return node("subProcess", "h", inside, triggeredByEvent="true")
