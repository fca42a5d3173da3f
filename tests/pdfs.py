"""What a PDF says of itself: which standards it claims, whether it is tagged, and its words."""

from __future__ import annotations

import io
from dataclasses import dataclass

from lxml import etree
from pypdf import PdfReader
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject

RDF = {
    "pdfaid": "http://www.aiim.org/pdfa/ns/id/",
    "pdfuaid": "http://www.aiim.org/pdfua/ns/id/",
    "dc": "http://purl.org/dc/elements/1.1/",
}


@dataclass
class Pdf:
    """kept: «3A» for PDF/A-3a; spoken: «1» for PDF/UA-1; tags: the kinds of element in it."""

    title: str
    lang: str
    kept: str
    spoken: str
    tagged: bool
    tags: set[str]
    fonts_inside: bool
    pages: int
    text: str


def opened(data: bytes) -> Pdf:
    """Read a PDF."""
    reader = PdfReader(io.BytesIO(data))
    root = reader.trailer["/Root"]
    about = etree.fromstring(root["/Metadata"].get_data())

    def said(path: str) -> str:
        found = about.xpath(path, namespaces=RDF)
        return "".join(each if isinstance(each, str) else each.text for each in found)

    return Pdf(
        title=said("//dc:title//text()").strip(),
        lang=root["/Lang"],
        kept=said("//pdfaid:part | //@pdfaid:part")
        + said("//pdfaid:conformance | //@pdfaid:conformance"),
        spoken=said("//pdfuaid:part | //@pdfuaid:part"),
        tagged=bool(root["/MarkInfo"]["/Marked"]) and "/OutputIntents" in root,
        tags=set(_tags(root["/StructTreeRoot"]["/K"])),
        fonts_inside=all(_embedded(page) for page in reader.pages),
        pages=len(reader.pages),
        text="\n".join(page.extract_text() for page in reader.pages),
    )


def _tags(node):
    node = node.get_object() if isinstance(node, IndirectObject) else node
    if isinstance(node, ArrayObject):
        for each in node:
            yield from _tags(each)
    elif isinstance(node, DictionaryObject) and "/S" in node:
        yield node["/S"]
        if "/K" in node:
            yield from _tags(node["/K"])


def _embedded(page) -> bool:
    """Whether every font of the page lies in the file."""
    for font in page["/Resources"].get("/Font", {}).values():
        font = font.get_object()
        inner = font["/DescendantFonts"][0].get_object() if "/DescendantFonts" in font else font
        descriptor = inner["/FontDescriptor"].get_object()
        if not {"/FontFile", "/FontFile2", "/FontFile3"} & set(descriptor):
            return False
    return True
