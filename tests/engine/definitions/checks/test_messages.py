"""A message from case to case must have a sender, a receiver, and fields that both know."""

from __future__ import annotations

import pytest

from engine.definitions.bundle import Bundle
from engine.definitions.checks.lookup import SHIPPED, InBundle, OnDisk
from engine.definitions.checks.references import references
from engine.definitions.reader import read_model
from tests.drawing import END, START, drawing, flows, node, straight, tree, user

CATCH = '<bpmn:messageEventDefinition messageRef="m"/>'


def sends(**attributes: str) -> str:
    named = {"trygg__operasjon": "send_melding", "trygg__melding": "skjerpet_melding"}
    return node("serviceTask", "s", **{**named, **attributes})


def rules(data: bytes) -> set[str]:
    found = references(tree(data), OnDisk(SHIPPED / "proove.bpmn"))
    return {
        f.rule.removeprefix("henvisning.") for f in found if f.element in ("s", "start", "vent")
    }


@pytest.mark.parametrize(
    ("attributes", "rule"),
    [
        ({"trygg__melding": ""}, "melding_mangler"),
        ({"trygg__operasjon": "arkiver"}, "melding_mangler"),
        ({"trygg__melding": "ingen_venter"}, "melding_ukjent"),
        ({"trygg__sender": "borte.felt"}, "steg_ukjent"),
        ({"trygg__sender": "vent.felt"}, "felt_mangler"),
        ({"trygg__sender": "vent.hva"}, "mottas_ikke"),
    ],
)
def test_what_does_not_hold_is_found(attributes, rule):
    waits = node("intermediateCatchEvent", "vent", CATCH, trygg__mottar="hva")
    extra = '<bpmn:message id="m" name="noe"/>'
    data = drawing(START, waits, sends(**attributes), END, flows("start vent s slutt"), extra=extra)
    assert rule in rules(data)


def test_a_message_that_is_received_with_its_fields_is_well():
    data = straight(sends(trygg__sender="registrer_melding.observasjon"), names="s")
    assert rules(data) == {"steg_ukjent"}, "the step is of another process"
    assert rules(straight(sends(), names="s")) == set()


def test_in_an_upload_the_receiver_may_be_among_those_that_come_with_trygg():
    bundle = Bundle.of("p", {"p/p.bpmn": straight(sends(), names="s")})
    found = references(read_model(bundle.model("p")), InBundle(bundle))
    assert not [each for each in found if "melding" in each.rule]


def test_a_process_that_a_message_starts_is_not_called():
    start = node("startEvent", "start", CATCH)
    extra = '<bpmn:message id="m" name="noe"/>'
    inner = drawing(start, user("a"), END, flows("start a slutt"), process_id="q", extra=extra)
    outer = straight(node("callActivity", "k", calledElement="q"), names="k")
    bundle = Bundle.of("p", {"p/p.bpmn": outer, "q/q.bpmn": inner})
    found = {each.rule for each in references(read_model(inner), InBundle(bundle))}
    assert "henvisning.melding_starter_kalt" in found
