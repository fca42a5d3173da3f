"""`trygg decide` prints an answer as JSON, or says on standard error why there is none."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.deciding import a_decision, a_file, row, table
from web.cli import main

VARSLING = Path(__file__).parents[4] / "processes" / "varsling.dmn"
CLOCK = table(row("-", "string(today())"), expression="null")


@pytest.fixture
def ask(tmp_path):
    """`ask(file or bytes, decision, *options)` gives exit code, standard output and error."""

    def ask(file, decision: str, *options: str, stdin: str | None = None):
        if isinstance(file, bytes):
            path = tmp_path / "x.dmn"
            path.write_bytes(file)
        else:
            path = file
        done = CliRunner().invoke(main, ["decide", str(path), decision, *options], input=stdin)
        assert done.exception is None or isinstance(done.exception, SystemExit)
        assert "Traceback" not in done.output
        return done.exit_code, done.stdout, done.stderr

    return ask


def given(**steps) -> str:
    return json.dumps(steps)


NO, YES = {"ansatt_mistenkt": "nei", "ledelse_mistenkt": "nei"}, {"mistanke_utrygg": "ja"}


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        ({"registrer_melding": {"ledelse_mistenkt": "ja"}}, ["skoleeier"]),
        ({"registrer_melding": {"ledelse_mistenkt": "ja", "ansatt_mistenkt": "ja"}}, ["skoleeier"]),
        ({"registrer_melding": NO | {"ansatt_mistenkt": "ja"}}, ["rektor"]),
        (
            {
                "registrer_melding": NO | {"ansatt_mistenkt": "ja"},
                "mistanke_vurdering": YES,
                "motta_varsel": {"alvorlig": "ja"},
            },
            ["rektor"],
        ),
        ({"registrer_melding": NO, "mistanke_vurdering": YES}, ["rektor", "kontaktlaerer"]),
        ({"mistanke_vurdering": {"mistanke_utrygg": "usikker"}}, ["rektor", "kontaktlaerer"]),
        ({}, ["rektor", "kontaktlaerer"]),
        ({"mistanke_vurdering": {"mistanke_utrygg": "nei"}}, ["kontaktlaerer"]),
        (
            {
                "registrer_melding": NO,
                "mistanke_vurdering": YES,
                "motta_varsel": {"alvorlig": "ja"},
            },
            ["rektor", "kontaktlaerer", "skoleeier"],
        ),
        (
            {"mistanke_vurdering": YES, "motta_varsel": {"alvorlig": "nei"}},
            ["rektor", "kontaktlaerer"],
        ),
    ],
)
def test_who_must_be_told(ask, answers, told):
    code, out, _ = ask(VARSLING, "varsling", "--input", given(**answers))
    assert (code, json.loads(out)) == (0, told)


def test_an_answer_the_table_does_not_know_is_no_answer(ask):
    unknown = given(mistanke_vurdering={"mistanke_utrygg": "kanskje"})
    code, out, error = ask(VARSLING, "varsling", "--input", unknown)
    assert (code, out) == (1, "")
    assert "«Kan eleven ha det utrygt?» har en verdi som tabellen ikke kjenner" in error


def test_no_matching_row_is_null(ask):
    code, out, _ = ask(a_file(a_decision(table(row("1", "2")))), "valg")
    assert (code, out) == (0, "null\n")


def test_the_input_comes_from_a_file_or_standard_input_too(ask, tmp_path):
    text = given(mistanke_vurdering={"mistanke_utrygg": "nei"})
    (tmp_path / "svar.json").write_text(text)
    for options, stdin in (
        (["--input", f"@{tmp_path / 'svar.json'}"], None),
        (["--input", "-"], text),
    ):
        assert ask(VARSLING, "varsling", *options, stdin=stdin)[1] == '["kontaktlaerer"]\n'


def test_naa_sets_the_clock(ask):
    file = a_file(a_decision(CLOCK))
    assert ask(file, "valg", "--input", given(naa="2026-09-08T10:00"))[1] == '"2026-09-08"\n'
    code, out, error = ask(file, "valg", "--input", given(naa="i morgen"))
    assert (code, out) == (2, "") and error.startswith("naa må være dato")


@pytest.mark.parametrize(
    ("decision", "text", "words"),
    [
        ("varsling", "{", "ikke JSON"),
        ("varsling", '{"a": NaN}', "ikke JSON"),
        ("varsling", "[" * 100_000, "ikke JSON"),
        ("varsling", "[1]", "må være et objekt"),
        ("varsling", "@/finnes/ikke.json", "kan ikke åpnes"),
        ("varsel", "{}", "ingen beslutning «varsel». Velg blant: varsling."),
    ],
)
def test_a_wrong_call_is_said_in_a_sentence(ask, decision, text, words):
    code, out, error = ask(VARSLING, decision, "--input", text)
    assert (code, out) == (2, "") and words in error


def test_other_files_have_no_decision(ask):
    drawing = VARSLING.parent / "aktivitetsplikt" / "aktivitetsplikt.bpmn"
    form = next((VARSLING.parent / "aktivitetsplikt" / "forms").glob("*.form"))
    for file in (drawing, form):
        code, out, error = ask(file, "varsling")
        assert (code, out) == (2, "") and "ingen beslutningstabell" in error
    assert ask(VARSLING.with_name("borte.dmn"), "varsling")[0] == 2


def test_a_wrong_or_unsupported_part_is_a_finding_and_no_answer(ask):
    file = a_file(a_decision(table(row("1", "2"), "BEST")), '<businessKnowledgeModel id="k"/>')
    code, out, error = ask(file, "valg")
    assert (code, out) == (1, "")
    assert "har feil" in error
    assert "FEIL beslutning.treff (valg)" in error and "FEIL beslutning.type (k)" in error


def test_a_table_that_contradicts_itself_gives_no_answer(ask):
    file = a_file(a_decision(table(row("> 1", "2") + row("> 2", "2", 2))))
    code, out, error = ask(file, "valg", "--input", given(a={"b": 3}))
    assert (code, out) == (1, "") and "rad 1 og 2 passer samtidig" in error


def test_an_input_file_that_is_no_text_is_a_wrong_call(ask, tmp_path):
    (tmp_path / "svar.json").write_bytes(b"\xff\xfe\x00")
    code, out, error = ask(VARSLING, "varsling", "--input", f"@{tmp_path / 'svar.json'}")
    assert (code, out) == (2, "") and "ikke JSON" in error
