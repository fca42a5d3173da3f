"""Bytes from anybody to a tree that is safe to walk.

The bytes are first read as a stream, which holds no more than one element at a time: that is where
size, depth, DOCTYPE and instructions are refused. Only then is a tree built.
"""

from __future__ import annotations

from xml.parsers import expat

from lxml import etree

from engine.definitions.bpmn import BPMN, DMN
from engine.definitions.findings import Refused, finding

BYTES = 1_000_000
"""Bytes in one file."""

DEPTH = 64
"""Elements inside each other."""

ELEMENTS = 3_000
"""Elements in one file, those of the drawing's layout too."""

ATTRIBUTES = 50
"""Attributes of one element."""

_ROOTS = {BPMN + "definitions", *(namespace + "definitions" for namespace in DMN)}
_BOM = b"\xef\xbb\xbf"


def read_model(data: bytes) -> etree._ElementTree:
    """The tree of a BPMN or DMN file, without comments. Raises Refused for all that is not one."""
    _check_text(data)
    _check_stream(data)
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise Refused([finding("lesing.ikke_xml", line=error.lineno or 1)]) from error
    if root.tag not in _ROOTS:
        raise Refused([finding("lesing.ikke_modell")])
    return root.getroottree()


def _check_text(data: bytes) -> None:
    if not data.removeprefix(_BOM).strip():
        raise Refused([finding("lesing.tom")])
    if len(data) > BYTES:
        raise Refused([finding("lesing.for_stor", limit=BYTES // 1000)])
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Refused([finding("lesing.tegnsett")]) from error
    if "\0" in text:
        raise Refused([finding("lesing.tegnsett")])


def _check_stream(data: bytes) -> None:
    stream = expat.ParserCreate()
    depth = elements = 0

    def refuse(rule: str, **values) -> None:
        raise Refused([finding(rule, **values)])

    def opened(tag, attributes) -> None:
        nonlocal depth, elements
        depth, elements = depth + 1, elements + 1
        if depth > DEPTH:
            refuse("lesing.for_dyp", limit=DEPTH)
        if elements > ELEMENTS:
            refuse("lesing.for_mange", limit=ELEMENTS)
        if len(attributes) > ATTRIBUTES:
            line = stream.CurrentLineNumber
            refuse("lesing.for_mange_attributter", limit=ATTRIBUTES, line=line)

    def closed(tag) -> None:
        nonlocal depth
        depth -= 1

    def declared(version, encoding, standalone) -> None:
        if encoding and encoding.lower() not in ("utf-8", "utf8", "us-ascii", "ascii"):
            refuse("lesing.tegnsett")

    stream.StartElementHandler = opened
    stream.EndElementHandler = closed
    stream.XmlDeclHandler = declared
    stream.StartDoctypeDeclHandler = lambda *_: refuse(
        "lesing.doctype", line=stream.CurrentLineNumber
    )
    stream.ProcessingInstructionHandler = lambda *_: refuse(
        "lesing.instruks", line=stream.CurrentLineNumber
    )
    try:
        stream.Parse(data, True)
    except (expat.ExpatError, LookupError, ValueError) as error:
        line = getattr(error, "lineno", 1)
        raise Refused([finding("lesing.ikke_xml", line=line)]) from error
