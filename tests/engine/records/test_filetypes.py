"""What a file is, told from its content: a closed list, and nothing that runs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.records.filetypes import ENDINGS, MEDIA_TYPES, Kind, Unfit, judge, kind_of
from tests import files

GOOD = {
    "brev.pdf": files.PDF,
    "bilde.png": files.PNG,
    "bilde.JPG": files.JPEG,
    "bilde.jpeg": files.JPEG,
    "bilde.heic": files.HEIC,
    "bilde.webp": files.WEBP,
    "referat.docx": files.word(),
    "liste.xlsx": files.excel(),
    "referat.odt": files.odt(),
    "notat.txt": files.TEXT,
    "gammelt.txt": "Møte på rommet".encode("cp1252"),
}


@pytest.mark.parametrize("name", GOOD)
def test_what_is_kept(name):
    found = judge(name, GOOD[name])
    assert found.kind is ENDINGS[name.rpartition(".")[2].lower()]
    assert kind_of(found.media_type) is found.kind


def test_every_kind_has_a_media_type_and_a_test():
    added = set(Kind) - {Kind.HTML}  # Trygg's own pages
    assert set(MEDIA_TYPES) == set(Kind) and set(ENDINGS.values()) == added
    assert {judge(name, content).kind for name, content in GOOD.items()} == added


def test_every_kind_is_called_what_it_is_kept_as():
    assert {kind: kind.label for kind in Kind} == {kind: kind.value for kind in Kind}


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("program.exe", files.PROGRAM, "«.exe»"),
        ("arkiv.zip", files.archive(a=b"x"), "«.zip»"),
        ("side.html", files.HTML, "«.html»"),
        ("tegning.svg", files.SVG, "«.svg»"),
        ("gammelt.doc", b"\xd0\xcf\x11\xe0" + bytes(60), "«.doc»"),
        ("makro.docm", files.MACRO_WORD, "«.docm»"),
        ("uten endelse", files.PDF, "uten endelse"),
        ("brev.pdf.exe", files.PDF, "«.exe»"),
        ("tom.pdf", b"", "tom"),
    ],
)
def test_what_is_never_kept(name, content, words):
    with pytest.raises(Unfit, match=words) as unfit:
        judge(name, content)
    assert "." in str(unfit.value)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        *((name, files.PROGRAM) for name in GOOD),
        *((name, files.HTML) for name in GOOD),
        ("brev.pdf", files.PNG),
        ("bilde.png", files.JPEG),
        ("bilde.jpg", files.PNG),
        ("bilde.webp", b"RIFF\x10\x00\x00\x00WAVEfmt " + bytes(8)),
        ("bilde.heic", b"\x00\x00\x00\x18ftypisom" + bytes(20)),
        ("brev.pdf", b"\n" + files.PDF),
        ("notat.txt", files.SVG),
        ("notat.txt", b"\xef\xbb\xbf  <html>"),
        ("notat.txt", b"#!/bin/sh\nrm -rf /\n"),
        ("notat.txt", files.PDF + b"\x00"),
        ("referat.docx", files.excel()),
        ("liste.xlsx", files.word()),
        ("referat.docx", files.archive(a=b"x")),
        ("referat.odt", files.word()),
        ("referat.odt", files.archive(mimetype=b"application/vnd.oasis.opendocument.graphics")),
        ("referat.docx", files.word()[:40]),
        ("referat.docx", files.word()[:60] + b"\xff" * 8 + files.word()[68:]),
    ],
)
def test_a_name_that_does_not_fit_the_content(name, content):
    with pytest.raises(Unfit, match="innholdet er noe annet"):
        judge(name, content)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.docx", files.MACRO_WORD),
        ("a.docx", files.word(**{"word__vbaProject.bin": b"x"})),
        ("a.docx", files.word(**{"word__embeddings__oleObject1.bin": b"x"})),
        ("a.docx", files.word(**{"word__activeX__activeX1.xml": b"x"})),
        ("a.docx", files.word(**{"word__embeddings__x.EXE": b"x"})),
        (
            "a.docx",
            files.word(**{"word___rels__settings.xml.rels": b'Type="x/attachedTemplate"'}),
        ),
        ("a.xlsx", files.excel(**{"xl__vbaProject.bin": b"x"})),
        ("a.xlsx", files.excel(**{"xl__macrosheets__sheet1.xml": b"x"})),
        ("a.odt", files.odt(**{"Basic__Standard__script-lb.xml": b"x"})),
        ("a.odt", files.odt(**{"Scripts__python__x.py": b"x"})),
    ],
)
def test_a_document_with_something_in_it_that_runs(name, content):
    with pytest.raises(Unfit, match="makroer"):
        judge(name, content)


def test_a_part_that_swells_is_not_swallowed_whole():
    bomb = files.archive(**{"[Content_Types].xml": bytes(50_000_000)})
    assert len(bomb) < 100_000
    with pytest.raises(Unfit, match="noe annet"):
        judge("a.docx", bomb)


@given(st.binary(max_size=400), st.sampled_from(sorted(ENDINGS)))
def test_any_bytes_are_judged_or_refused(content, ending):
    try:
        judge(f"x.{ending}", content)
    except Unfit as unfit:
        assert str(unfit)


@given(st.binary(max_size=300))
def test_any_archive_is_judged_or_refused(tail):
    for name in ("a.docx", "a.odt", "a.xlsx"):
        for content in (b"PK\x03\x04" + tail, files.word()[:-20] + tail, files.word() + tail):
            try:
                judge(name, content)
            except Unfit as unfit:
                assert str(unfit)
