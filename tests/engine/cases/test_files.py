"""Files on a case: who may add and have them, sealed, logged, and each added once."""

from __future__ import annotations

from uuid import uuid4

import pytest
from sqlalchemy import text

from engine.cases import files as module
from engine.cases.desk import open_case
from engine.cases.files import AddFile, add_file, clean, listed, read_file
from engine.database.tables import Account, Case, CaseFile, Event, NamedPerson, Reading
from engine.records import log
from engine.refusals import Reason, Refusal
from tests import files
from tests.engine.records.test_place import NORTH, PICTURES


@pytest.fixture
def told(story):
    """A case that rektor is to receive, and then saksansvarlig works on."""
    story.report()
    story.suspect()
    return story


def add(story, who: str, name: str = "referat.pdf", content: bytes = files.PDF, **more) -> None:
    receipt = more.pop("receipt", str(uuid4()))
    number, account = story.case.number, story.account(who)
    add_file(story.product, AddFile(number, account, name, content, receipt, **more))


def refused(story, who: str, *args, **more) -> Refusal:
    with pytest.raises(Refusal) as caught:
        add(story, who, *args, **more)
    return caught.value


def read(story, who: str, file_id: int):
    return read_file(story.product, story.account(who), story.case.number, file_id)


def seen(story, who: str, task_id: int | None = None) -> list[str]:
    with open_case(story.product, story.case.id, story.account(who)) as desk:
        account = desk.session.get(Account, desk.actor_id)
        return [filed.name for filed in listed(desk, account, task_id)]


def test_a_picture_is_kept_without_where_it_was_taken(told):
    (_kind, picture) = PICTURES["jpeg"]
    add(told, "rektor", "bilde.jpg", picture)
    (row,) = told.rows(CaseFile)
    kept = read(told, "rektor", row.id).content
    assert NORTH in picture and NORTH not in kept
    assert row.size == len(kept)


def test_a_file_comes_back_as_it_was(told):
    add(told, "rektor")
    (row,) = told.rows(CaseFile)
    found = read(told, "rektor", row.id)
    assert (found.name, found.media_type, found.content) == (
        "referat.pdf",
        "application/pdf",
        files.PDF,
    )
    assert (row.size, row.task_id) == (len(files.PDF), None)


def test_nothing_of_it_stands_open(told):
    add(told, "rektor", "Samtale med Noor.txt", b"Noor sier: stygge meldinger.")
    with told.product.database.session() as session:
        for table in ("case_file", "event", "receipt", "outbox"):
            for row in session.execute(text(f"select * from {table}")):
                stored = b" ".join(
                    each if isinstance(each, bytes) else str(each).encode() for each in row
                )
                assert b"Noor" not in stored and b"stygge" not in stored


def test_adding_and_reading_are_logged(told):
    add(told, "rektor")
    (row,) = told.rows(CaseFile)
    (event,) = told.rows(Event, kind=log.Kind.FIL_LAGT_TIL)
    assert event.actor_id == told.account("rektor")
    read(told, "ledelse", row.id)
    (reading,) = told.rows(Reading, what="fil")
    assert reading.account_id == told.account("ledelse")
    with told.product.database.session() as session:
        assert list(log.verify(session)) == []


def test_who_may_add_and_have_files(told):
    told.receive()
    task = told.task("informer_foresatte_elev")
    add(told, "rektor", "fra_rektor.pdf")
    add(told, "kontaktlaerer", "fra_laerer.pdf", task_id=task.id)
    for who in ("faglaerer", "aks", "ppt", "skoleeier"):
        assert refused(told, who).code is Reason.IKKE_TILGANG
        assert seen(told, who) == []
    for who in ("rektor", "ledelse", "kontaktlaerer"):  # the last is saksansvarlig here
        assert seen(told, who) == ["fra_rektor.pdf", "fra_laerer.pdf"]
    assert seen(told, "rektor", task.id) == ["fra_laerer.pdf"]
    for row in told.rows(CaseFile):
        for who in ("faglaerer", "aks", "skoleeier"):
            with pytest.raises(Refusal) as caught:
                read(told, who, row.id)
            assert caught.value.code is Reason.IKKE_TILGANG


def test_one_with_a_task_adds_with_the_task_and_has_only_what_is_hers(told):
    told.receive(innhent_fra=["miljoarbeider"])
    told.inform()
    task = told.task("innhent_ansatte")
    assert refused(told, "miljoarbeider").code is Reason.IKKE_TILGANG
    add(told, "miljoarbeider", "mitt.pdf", task_id=task.id)
    add(told, "rektor", "rektors.pdf")
    mine, rektors = told.rows(CaseFile)
    assert seen(told, "miljoarbeider") == ["mitt.pdf"]
    assert read(told, "miljoarbeider", mine.id).content == files.PDF
    with pytest.raises(Refusal):
        read(told, "miljoarbeider", rektors.id)
    told.do("innhent_ansatte", "miljoarbeider")
    assert refused(told, "miljoarbeider", task_id=task.id).code is Reason.ALLEREDE_UTFORT
    assert read(told, "miljoarbeider", mine.id).name == "mitt.pdf"


def test_a_task_of_another_case_is_no_way_in(told):
    told.receive()
    first = told.task("informer_foresatte_elev")
    told.report(elev_utsatt="elev_b")
    assert told.case.id != first.case_id
    assert refused(told, "rektor", task_id=first.id).code is Reason.IKKE_TILGANG


def test_one_who_is_named_has_no_files(told):
    add(told, "ledelse")
    (row,) = told.rows(CaseFile)
    with told.product.database.transaction() as session:
        session.add(
            NamedPerson(case_id=told.case.id, account_id=told.account("ledelse"), part="nevnt")
        )
    assert seen(told, "ledelse") == []
    assert refused(told, "ledelse").code is Reason.IKKE_TILGANG
    with pytest.raises(Refusal):
        read(told, "ledelse", row.id)


def test_a_file_is_reached_by_its_own_case_alone(told):
    add(told, "rektor")
    (row,) = told.rows(CaseFile)
    told.report(elev_utsatt="elev_b")
    other = told.rows(Case)[-1].number
    for number in (other, "2026-999"):
        with pytest.raises(Refusal) as caught:
            read_file(told.product, told.account("rektor"), number, row.id)
        assert caught.value.code is Reason.IKKE_TILGANG


def test_sent_twice_it_is_added_once(told):
    receipt = str(uuid4())
    for _ in range(2):
        add(told, "rektor", receipt=receipt)
    add(told, "rektor", "annet.png", files.PNG, receipt=receipt)
    assert len(told.rows(CaseFile)) == 2


@pytest.mark.parametrize(
    ("name", "content", "code", "words"),
    [
        ("", b"", Reason.MANGLER_FELT, "Velg en fil"),
        ("a.pdf", b"", Reason.UGYLDIG_SVAR, "tom"),
        ("a.exe", files.PROGRAM, Reason.UGYLDIG_SVAR, "«.exe»"),
        ("a.pdf", files.PROGRAM, Reason.UGYLDIG_SVAR, "noe annet enn PDF"),
        ("a.docx", files.MACRO_WORD, Reason.UGYLDIG_SVAR, "makroer"),
    ],
)
def test_a_refused_file_says_why_and_nothing_is_kept(told, name, content, code, words):
    refusal = refused(told, "rektor", name, content)
    assert refusal.code is code and words in refusal.message
    assert told.rows(CaseFile) == [] and told.rows(Event, kind="fil_lagt_til") == []


def test_there_are_limits(told, monkeypatch):
    monkeypatch.setattr(module, "MAX_BYTES", 100)
    assert "for stor" in refused(told, "rektor", "a.txt", b"a" * 101).message
    monkeypatch.setattr(module, "MAX_FILES", 1)
    add(told, "rektor", "a.txt", b"a" * 100)
    assert "1 filer" in refused(told, "rektor", "b.txt", b"b").message


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("referat.pdf", "referat.pdf"),
        ("C:\\Users\\maja\\Skrivebord\\møte 1.pdf", "møte 1.pdf"),
        ("../../etc/passwd.txt", "passwd.txt"),
        ("bilde\u202egpj.exe", "bildegpj.exe"),
        ('a"b;c%0d\r\n.txt', "a_b_c_0d.txt"),
        ("  .skjult.pdf ", "skjult.pdf"),
        ("a" * 300 + ".pdf", "a" * 116 + ".pdf"),
        (".pdf", "pdf"),
        ("", ""),
    ],
)
def test_names_are_cleaned(sent, kept):
    assert clean(sent) == kept
