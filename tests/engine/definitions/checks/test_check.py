"""Whole files and bundles: every finding at once, and the command that prints them."""

import json

import pytest

from engine.definitions.bundle import Bundle
from engine.definitions.checks.check import MOST, check_bundle, check_file
from engine.definitions.checks.command import run
from engine.definitions.checks.lookup import SHIPPED
from tests.drawing import drawing, node, straight, user

DRAWINGS = sorted(SHIPPED.glob("*/*.bpmn"))


@pytest.fixture
def put(tmp_path):
    """Puts bytes or text in a file and gives its path."""

    def write(name: str, data: bytes | str):
        file = tmp_path / name
        file.write_bytes(data.encode() if isinstance(data, str) else data)
        return file

    return write


@pytest.mark.parametrize("file", DRAWINGS, ids=lambda file: file.stem)
def test_the_shipped_processes_are_in_order(file):
    report = check_file(file)
    assert [each.rule for each in report.findings if each.severity == "error"] == []


@pytest.mark.parametrize("file", DRAWINGS, ids=lambda file: file.stem)
def test_the_shipped_bundles_are_in_order(file):
    reports = check_bundle(Bundle.read(SHIPPED, file.stem))
    assert all(report.ok for report in reports)
    assert f"{file.stem}/{file.name}" in [report.file for report in reports]
    assert any(report.file.endswith(".form") for report in reports)


def test_findings_of_all_kinds_come_at_once(put):
    step = node("scriptTask", "a", trygg__rolle="keiser")
    rules = {each.rule for each in check_file(put("p.bpmn", straight(step, names="a"))).findings}
    assert {"kjorbar.skript", "henvisning.rolle_ukjent", "layout.uten_form"} <= rules


def test_decisions_and_forms_are_checked_as_what_they_are(put):
    dmn = '<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d"/>'
    assert {each.rule for each in check_file(put("x.dmn", dmn)).findings} == {"beslutning.antall"}
    (finding,) = check_file(put("x.form", "{")).findings
    assert finding.rule == "skjema.fil"


def test_what_only_the_engines_parser_sees_is_still_a_finding(put, monkeypatch):
    monkeypatch.setattr("engine.definitions.checks.check.runnable", lambda tree: [])
    monkeypatch.setattr("engine.definitions.checks.check.references", lambda tree, lookup: [])
    report = check_file(put("p.bpmn", straight(node("task", "a"), names="a")))
    assert [(each.rule, each.element) for each in report.findings if each.severity == "error"] == [
        ("kjorbar.motor", "a")
    ]


def test_a_flood_of_findings_is_cut(put):
    steps = [node("task", f"s{number}") for number in range(MOST + 50)]
    findings = check_file(put("p.bpmn", drawing(*steps))).findings
    assert sum(each.rule == "kjorbar.uten_type" for each in findings) == MOST


def test_the_command_prints_one_json_object_a_line(put, capsys):
    good, bad = DRAWINGS[0], put("p.bpmn", straight(node("task", "a"), names="a"))
    assert run([good, bad], as_json=True) == 1
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert set(first) == {"file", "ok", "findings"} and first["ok"] is True
    assert second["file"] == str(bad) and second["ok"] is False
    keys = {"rule", "severity", "element", "name", "message", "remedy"}
    assert all(set(each) == keys for each in second["findings"])


def test_the_command_says_it_in_plain_text_too(put, capsys):
    assert run([put("p.bpmn", straight(node("task", "a"), names="a"))], as_json=False) == 1
    out = capsys.readouterr().out
    assert "har feil" in out and "FEIL kjorbar.uten_type (a)" in out


def test_the_exit_code_is_0_without_errors_and_2_for_a_wrong_call(tmp_path, capsys):
    assert run([DRAWINGS[0]], as_json=True) == 0
    assert run([], as_json=True) == 2
    assert run([tmp_path / "borte.bpmn"], as_json=True) == 2
    assert run([tmp_path], as_json=True) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_an_unreadable_called_process_is_the_callers_finding(put):
    call = node("callActivity", "a", calledElement="q")
    put("q.bpmn", "<x")
    report = check_file(put("p.bpmn", straight(call, user("b"), names="a b")))
    assert "henvisning.prosess_mangler" in {each.rule for each in report.findings}
