"""A small writer of diagrams, so that a test says in one line what it draws."""

from __future__ import annotations

from itertools import pairwise
from xml.sax.saxutils import quoteattr

from lxml import etree

HEAD = (
    '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"'
    ' xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI"'
    ' xmlns:camunda="http://camunda.org/schema/1.0/bpmn"'
    ' xmlns:spiffworkflow="http://spiffworkflow.org/bpmn/schema/1.0/core"'
    ' xmlns:trygg="urn:trygg:bpmn:1" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" id="d" targetNamespace="t">'
)


def node(tag: str, element: str, inner: str = "", **attributes: str) -> str:
    """One element; `camunda__formKey="x"` gives `camunda:formKey="x"`."""
    values = "".join(
        f" {key.replace('__', ':')}={quoteattr(value)}"
        for key, value in attributes.items()
        if value
    )
    return f'<bpmn:{tag} id="{element}" name="Steg {element}"{values}>{inner}</bpmn:{tag}>'


def user(element: str, inner: str = "", **attributes: str) -> str:
    """A user task with a form of the same name."""
    return node("userTask", element, inner, **{"camunda__formKey": element, **attributes})


def flows(*paths: str) -> str:
    """Sequence flows from lines such as `a b c` and, with a condition, `a b: =x.y = "ja"`."""
    drawn = []
    for path in paths:
        line, _, condition = path.partition(":")
        steps = line.split()
        inside = ""
        if condition:
            text = condition.strip().replace("&", "&amp;").replace("<", "&lt;")
            inside = (
                '<bpmn:conditionExpression xsi:type="bpmn:tFormalExpression">'
                f"{text}</bpmn:conditionExpression>"
            )
        for source, target in pairwise(steps):
            drawn.append(
                f'<bpmn:sequenceFlow id="{source}_{target}" sourceRef="{source}"'
                f' targetRef="{target}">{inside}</bpmn:sequenceFlow>'
            )
    return "".join(drawn)


def lane(role: str, *elements: str, inner: str = "") -> str:
    """A lane of that role with those elements."""
    refs = "".join(f"<bpmn:flowNodeRef>{element}</bpmn:flowNodeRef>" for element in elements)
    nested = f'<bpmn:childLaneSet id="ls_{role}">{inner}</bpmn:childLaneSet>' if inner else ""
    set_role = f' trygg:rolle="{role}"' if role else ""
    return f'<bpmn:lane id="lane_{role}" name="Bane {role}"{set_role}>{refs}{nested}</bpmn:lane>'


def drawing(*body: str, process_id: str = "p", lanes: str = "", extra: str = "", **more) -> bytes:
    """A file with one process. `extra` stands beside the process: messages, collaborations."""
    laned = f'<bpmn:laneSet id="lanes">{lanes}</bpmn:laneSet>' if lanes else ""
    executable = more.get("executable", "true")
    return (
        f'{HEAD}{extra}<bpmn:process id="{process_id}" name="Prosess" isExecutable="{executable}">'
        f"{laned}{''.join(body)}</bpmn:process></bpmn:definitions>"
    ).encode()


def tree(data: bytes) -> etree._ElementTree:
    """What the reader would give for this file."""
    return etree.fromstring(data).getroottree()


START, END = node("startEvent", "start"), node("endEvent", "slutt")


def straight(*steps: str, names: str, **more) -> bytes:
    """Start, the steps in a row, end: `straight(user("a"), user("b"), names="a b")`."""
    return drawing(START, *steps, END, flows(f"start {names} slutt"), **more)
