"""Any bytes give a tree that is safe to walk, or a finding."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.definitions import reader
from engine.definitions.findings import Refused, rules
from engine.definitions.reader import read_model
from tests.drawing import HEAD, START, drawing

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
LAUGHS = b'<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><a>&b;</a>'


def rule_of(data: bytes) -> str:
    with pytest.raises(Refused) as refused:
        read_model(data)
    return refused.value.findings[0].rule


def nested(levels: int) -> bytes:
    return (HEAD + "<bpmn:x>" * levels + "</bpmn:x>" * levels + "</bpmn:definitions>").encode()


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (b"", "tom"),
        (b" \n\t", "tom"),
        (b"\xef\xbb\xbf", "tom"),
        (b"hei", "ikke_xml"),
        (b"<a", "ikke_xml"),
        (b"<a></b>", "ikke_xml"),
        (b"<x:a/>", "ikke_xml"),
        (b'<a b="1" b="2"/>', "ikke_xml"),
        (b"<a>&ukjent;</a>", "ikke_xml"),
        (b"<a/>", "ikke_modell"),
        (b"<definitions/>", "ikke_modell"),
        (b"\x89PNG\r\n\x1a\n\xff", "tegnsett"),
        (b"<a>\x00</a>", "tegnsett"),
        ("<a>å</a>".encode("latin-1"), "tegnsett"),
        ("<a/>".encode("utf-16"), "tegnsett"),
        ("<a/>".encode("utf-32"), "tegnsett"),
        (b'<?xml version="1.0" encoding="iso-8859-1"?><a/>', "tegnsett"),
        (b'<?xml version="1.0" encoding="tull"?><a/>', "tegnsett"),
        (LAUGHS, "doctype"),
        (b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', "doctype"),
        (b'<!DOCTYPE a [<!ENTITY x SYSTEM "http://localhost/">]><a>&x;</a>', "doctype"),
        (b'<!DOCTYPE a [<!ENTITY % x "y">%x;]><a/>', "doctype"),
        (b'<?xml version="1.0"?><?xml-stylesheet href="x.xsl"?><a/>', "instruks"),
        (b"<" * (reader.BYTES + 1), "for_stor"),
        (nested(reader.DEPTH), "for_dyp"),
        (b"<a>" * 300_000, "for_dyp"),
        (b"<a>" + b"<b/>" * reader.ELEMENTS + b"</a>", "for_mange"),
        (b"<a " + b" ".join(b'a%d=""' % i for i in range(60)) + b"/>", "for_mange_attributter"),
    ],
)
def test_what_is_not_a_model_is_refused_in_our_own_words(data, rule):
    assert rule_of(data) == f"lesing.{rule}"


def test_an_external_entity_is_not_fetched(tmp_path):
    secret = tmp_path / "hemmelig"
    secret.write_text("hemmelig")
    data = f'<!DOCTYPE a [<!ENTITY x SYSTEM "{secret.as_uri()}">]><a>&x;</a>'.encode()
    with pytest.raises(Refused) as refused:
        read_model(data)
    assert "hemmelig" not in str(refused.value.findings)


def test_a_drawing_is_read_without_its_comments():
    tree = read_model(drawing(START, "<!-- <!DOCTYPE a> -->"))
    assert tree.getroot().tag == f"{{{BPMN}}}definitions"
    assert all(isinstance(element.tag, str) for element in tree.iter())


def test_a_byte_order_mark_and_a_declaration_do_no_harm():
    read_model(b"\xef\xbb\xbf" + b'<?xml version="1.0" encoding="UTF-8"?>' + drawing(START))


def test_the_limits_let_through_what_is_just_inside_them():
    read_model(nested(reader.DEPTH - 1))


def test_a_finding_says_the_line_and_what_to_do():
    with pytest.raises(Refused) as refused:
        read_model(b"<a>\n<b>\n</a>")
    (finding,) = refused.value.findings
    assert "linje 3" in finding.message and "line 3" in finding.message_en and finding.remedy


def test_every_rule_says_all_it_has_to_say_in_both_languages():
    for rule, text in rules().items():
        assert set(text) == {"severity", "message", "remedy", "message_en", "remedy_en"}, rule
        assert text["severity"] in ("error", "warning", "info"), rule
        assert all(text.values()), rule


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400))
def test_random_bytes_are_refused(data):
    with pytest.raises(Refused):
        read_model(data)
