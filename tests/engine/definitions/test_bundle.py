"""A bundle holds all that a process needs, and the same files always have the same name."""

import io
import zipfile

import pytest

from engine.definitions.bundle import Bundle
from engine.definitions.findings import Refused
from tests.drawing import node, straight, user


def call(process_id: str) -> str:
    return node("callActivity", f"kall_{process_id}", calledElement=process_id)


@pytest.fixture
def folder(tmp_path):
    """`en` calls `to`, which calls `en` and one that is not there; `tre` stands alone."""
    drawings = {
        "en": straight(user("a"), call("to"), names="a kall_to", process_id="en"),
        "to": straight(
            call("en"), call("borte"), names="kall_en kall_borte", process_id="to"
        ),
        "tre": straight(user("b"), names="b", process_id="tre"),
    }  # fmt: skip
    for process_id, drawing in drawings.items():
        (tmp_path / process_id / "forms").mkdir(parents=True)
        (tmp_path / process_id / f"{process_id}.bpmn").write_bytes(drawing)
    (tmp_path / "en" / "process.toml").write_text('eier = "rektor"')
    (tmp_path / "en" / "forms" / "a.form").write_text("{}")
    (tmp_path / "en" / "forms" / "kladd.txt").write_text("kladd")
    (tmp_path / "to" / "valg.dmn").write_text("<x/>")
    (tmp_path / "regelverk.toml").write_text("")
    return tmp_path


def test_it_holds_the_files_of_every_called_process(folder):
    bundle = Bundle.read(folder, "en")
    assert list(bundle.files) == [
        "en/en.bpmn", "en/forms/a.form", "en/process.toml", "regelverk.toml", "to/to.bpmn",
        "to/valg.dmn",
    ]  # fmt: skip
    assert (bundle.process_id, bundle.name, bundle.process_ids()) == ("en", "Prosess", ["en", "to"])


def test_the_same_files_have_the_same_bytes_and_name(folder):
    first = Bundle.read(folder, "en")
    for path in folder.rglob("*"):
        path.touch()
    again = Bundle.read(folder, "en")
    assert (first.sha256, first.to_bytes()) == (again.sha256, again.to_bytes())


def test_any_changed_byte_is_another_version(folder):
    before = Bundle.read(folder, "en").sha256
    (folder / "to" / "valg.dmn").write_text("<x />")
    assert Bundle.read(folder, "en").sha256 != before


def test_it_comes_back_from_its_bytes(folder):
    bundle = Bundle.read(folder, "en")
    again = Bundle.from_bytes(bundle.to_bytes())
    assert again == bundle


def test_its_files_cannot_be_changed(folder):
    with pytest.raises(TypeError):
        Bundle.read(folder, "en").files["en/en.bpmn"] = b""


@pytest.mark.parametrize("process_id", ["..", "../en", "en/../to", "/etc", "", "EN/x", "a" * 80])
def test_a_path_out_of_the_folder_is_refused(folder, process_id):
    with pytest.raises(Refused) as refused:
        Bundle.read(folder, process_id)
    assert refused.value.findings[0].rule == "lesing.navn"


def test_a_called_process_cannot_lead_out_either(folder):
    drawing = straight(call("../../etc"), names="kall_../../etc", process_id="en")
    (folder / "en" / "en.bpmn").write_bytes(drawing)
    with pytest.raises(Refused) as refused:
        Bundle.read(folder, "en")
    assert refused.value.findings[0].rule == "lesing.navn"


def test_a_link_out_of_the_folder_is_refused(folder, tmp_path_factory):
    outside = tmp_path_factory.mktemp("utenfor") / "x.form"
    outside.write_text("{}")
    (folder / "en" / "forms" / "x.form").symlink_to(outside)
    with pytest.raises(Refused):
        Bundle.read(folder, "en")


def test_a_process_that_is_not_there_is_refused(folder):
    with pytest.raises(Refused) as refused:
        Bundle.read(folder, "borte")
    assert refused.value.findings[0].rule == "lesing.finnes_ikke"


def archive(files: dict[str, bytes], comment: bytes = b"en") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as written:
        written.comment = comment
        for path, data in files.items():
            written.writestr(zipfile.ZipInfo(path), data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK\x03\x04",
        archive({}),
        archive({"../x.bpmn": b""}),
        archive({"en/en.bpmn": b"x" * 2_000_000}),
        archive({"en/en.bpmn": straight(user("a"), names="a")}),
        archive({f"en/forms/f{i}.form": b"" for i in range(600)}),
        archive({"en/en.bpmn": b""}, comment="å".encode()),
    ],
)
def test_an_archive_that_we_did_not_write_is_refused(data):
    with pytest.raises(Refused):
        Bundle.from_bytes(data)
