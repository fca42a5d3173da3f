"""A small follow-up that goes round and round, as the follow-up of a plan does for months."""

from __future__ import annotations

from tests.drawing import END, START, drawing, flows, node, user
from tests.running import Run

TIMER = (
    '<bpmn:timerEventDefinition><bpmn:timeDate xsi:type="bpmn:tFormalExpression">frist("x")'
    "</bpmn:timeDate></bpmn:timerEventDefinition>"
)
MANY = (
    '<bpmn:multiInstanceLoopCharacteristics camunda:collection="={}" camunda:elementVariable="x"/>'
)


def follow_up() -> bytes:
    """Two measures, a check with a timer on its edge, and a decision every fourth round."""
    edge = node("boundaryEvent", "purr", TIMER, attachedToRef="sjekk", cancelActivity="false")
    return drawing(
        START,
        node("exclusiveGateway", "inn"),
        user("tiltak", MANY.format("[1, 2]")),
        user("sjekk"),
        edge,
        node("endEvent", "purret"),
        node("exclusiveGateway", "g", default="g_inn"),
        user("beslutning"),
        node("exclusiveGateway", "x", default="x_slutt"),
        END,
        flows(
            "start inn tiltak sjekk g inn",
            "purr purret",
            "g beslutning: =sjekk.skaar <= 2",
            "beslutning x slutt",
            'x inn: =beslutning.valg = "forlenge"',
        ),
    )


def one_round(case: Run, number: int, last: bool = False) -> None:
    """Round `number` of a case; the last one ends it."""
    case.do("tiltak")
    case.do("tiltak")
    if number % 5 == 1:
        case.pass_time()
    decide = last or number % 4 == 0
    case.do("sjekk", skaar=2 if decide else 4)
    if decide:
        case.do("beslutning", valg="avslutte" if last else "forlenge")
    case.facts.scopes = {  # the product reads the newest round alone
        scope.id: scope for scope in case.facts.scopes.values() if case.task(scope.id) is not None
    }
