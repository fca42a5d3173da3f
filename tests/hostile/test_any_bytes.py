"""Any file gives findings, soon and in our own words: random bytes, and models bent at random."""

import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.definitions.checks.check import check_file
from engine.definitions.checks.lookup import SHIPPED
from tests.drawing import drawing

DRAWINGS = [path.read_bytes() for path in sorted(SHIPPED.glob("*/*.bpmn"))[:2]]
SPARE = [b"<", b">", b'"', b"&", b"bpmn:", b"\x00", b"\xff", b"<!DOCTYPE x>", b"{", b"None", b""]
OURS = {"lesing", "kjorbar", "henvisning", "beslutning", "skjema", "layout", "holdbar", "plikt"}


def judged(file: Path, data: bytes) -> None:
    file.write_bytes(data)
    for each in check_file(file).findings:
        assert each.rule.split(".")[0] in OURS
        for text in (each.message, each.remedy):
            assert text and "Traceback" not in text and "Error" not in text


bounded = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@bounded
@given(data=st.binary(max_size=2_000), suffix=st.sampled_from([".bpmn", ".dmn", ".form", ""]))
def test_random_bytes(tmp_path, data, suffix):
    judged(tmp_path / f"fil{suffix}", data)


@bounded
@given(seed=st.integers(0, 2**32))
def test_a_shipped_drawing_with_bytes_replaced(tmp_path, seed):
    chance = random.Random(seed)
    data = bytearray(chance.choice(DRAWINGS))
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(data))
        data[at : at + chance.randint(0, 30)] = chance.choice(SPARE)
    judged(tmp_path / "p.bpmn", bytes(data))


@bounded
@given(seed=st.integers(0, 2**32))
def test_a_shipped_drawing_with_tags_and_attributes_moved_about(tmp_path, seed):
    chance = random.Random(seed)
    parts = chance.choice(DRAWINGS).decode().split('"')
    for _ in range(chance.randint(1, 6)):
        one, other = chance.randrange(len(parts) // 2), chance.randrange(len(parts) // 2)
        parts[2 * one + 1], parts[2 * other + 1] = parts[2 * other + 1], parts[2 * one + 1]
    judged(tmp_path / "p.bpmn", '"'.join(parts).encode())


TAGS = ("task", "userTask", "scriptTask", "subProcess", "exclusiveGateway", "parallelGateway",
        "startEvent", "endEvent", "boundaryEvent", "sequenceFlow", "laneSet", "lane",
        "timerEventDefinition", "multiInstanceLoopCharacteristics", "dataStore", "message",
        "callActivity", "businessRuleTask", "eventBasedGateway", "intermediateCatchEvent",
        "process", "definitions", "conditionExpression", "incoming")  # fmt: skip
NAMES = ("id", "name", "sourceRef", "targetRef", "attachedToRef", "default", "messageRef",
         "calledElement", "triggeredByEvent", "isExecutable", "camunda:collection",
         "camunda:formKey", "trygg:rolle", "trygg:frist")  # fmt: skip
VALUES = ("a", "b", "c", "", "true", "Start", "p", "../x", "='", "rektor", "x" * 300)
elements = st.recursive(
    st.builds(lambda tag: f"<bpmn:{tag}/>", st.sampled_from(TAGS)),
    lambda inner: st.builds(
        lambda tag, attributes, children: (
            f"<bpmn:{tag} "
            + " ".join(f'{name}="{value}"' for name, value in attributes.items())
            + f">{''.join(children)}</bpmn:{tag}>"
        ),
        st.sampled_from(TAGS),
        st.dictionaries(st.sampled_from(NAMES), st.sampled_from(VALUES), max_size=4),
        st.lists(inner, max_size=4),
    ),
    max_leaves=20,
)


@bounded
@given(body=st.lists(elements, max_size=6))
def test_elements_put_together_at_random(tmp_path, body):
    judged(tmp_path / "p.bpmn", drawing(*body))


@pytest.mark.parametrize("suffix", [".bpmn", ".dmn", ".form"])
def test_a_device_like_file_is_read_no_further_than_the_limit(suffix, tmp_path):
    file = tmp_path / f"stor{suffix}"
    with file.open("wb") as opened:
        opened.truncate(3_000_000_000)
    judged_size = check_file(file)
    assert not judged_size.ok
