"""What a form reads, shows, fills in beforehand, refuses and says."""

import json
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.definitions.fields import Kind, Option
from engine.definitions.findings import Refused
from engine.definitions.forms import form_findings, read_form
from engine.refusals import Reason, Refusal

CONTEXT = {"i_dag": "2026-11-24", "naa": "2026-11-24T10:40"}
OPTIONS = {
    "elever": [Option("elev:1", "Noor, 4B"), Option("elev:2", "Emil, 6B")],
    "ansatte": [Option("ansatt:7", "Sivert, miljøarbeider"), Option("ansatt:8", "Randi, rektor")],
    "foresatte": [Option("foresatt:3", "Amal")],
}
NAMES = {option.value: option.label for each in OPTIONS.values() for option in each}

JA_NEI = [{"label": "Ja", "value": "ja"}, {"label": "Nei", "value": "nei"}]
REQUIRED = {"required": True}


def component(kind, key, /, **more):
    place = "path" if kind == "dynamiclist" else "key"
    return {"type": kind, "id": f"Field_{key}", place: key, "label": key.capitalize()} | more


def form_of(*components, check=None):
    return read_form(file_of(*components), check)


def file_of(*components, **more):
    tree = {"type": "default", "id": "prove", "schemaVersion": 18, "components": components}
    return json.dumps(tree | more).encode()


def feel_of(**rules):
    """An evaluator that knows these expressions by name."""
    return lambda expression, context: rules[expression](context)


def no_feel(expression, context):
    raise AssertionError(f"nothing should be worked out here: {expression}")


def judge(form, typed, feel=no_feel, **more):
    return form.judge(typed, CONTEXT, feel, OPTIONS, **more)


def faults(form, typed, feel=no_feel, **more):
    with pytest.raises(Refusal) as refusal:
        judge(form, typed, feel, **more)
    return [(fault.path, fault.code) for fault in refusal.value.faults]


def message(form, typed, feel=no_feel, **more):
    with pytest.raises(Refusal) as refusal:
        judge(form, typed, feel, **more)
    return refusal.value.faults[0].message


PLAN = [
    component("textarea", "problem", validate=REQUIRED, properties={"lovkrav": "1"}),
    component(
        "dynamiclist",
        "tiltak",
        validate=REQUIRED,
        properties={"rad_navn": "et tiltak"},
        components=[
            component("textarea", "beskrivelse", validate=REQUIRED),
            component("datetime", "fra_dato", subtype="date", validate=REQUIRED),
            component("select", "ansvarlig", valuesKey="ansatte", validate=REQUIRED),
            component("checkbox", "krever_enkeltvedtak"),
        ],
    ),
    component("radio", "elev_medvirket", values=JA_NEI, validate=REQUIRED),
]
TILTAK = {"beskrivelse": "Voksen i friminuttet", "fra_dato": "25.11", "ansvarlig": "ansatt:7"}


class TestReading:
    def test_every_kind_of_field(self):
        form = form_of(
            component("textfield", "a"),
            component("textarea", "b"),
            component("number", "c"),
            component("checkbox", "d"),
            component("radio", "e", values=JA_NEI),
            component("select", "f", values=JA_NEI),
            component("checklist", "g", values=JA_NEI),
            component("select", "h", values=JA_NEI, properties={"flere": "ja"}),
            component("datetime", "i", subtype="date"),
            component("datetime", "j", subtype="datetime"),
            component("select", "k", valuesKey="elever"),
            component("select", "l", valuesKey="ansatte", properties={"flere": "ja"}),
            component("checklist", "m", valuesKey="foresatte"),
            component("dynamiclist", "n", components=[component("textfield", "a")]),
            {"type": "group", "id": "g1", "components": [component("textfield", "o")]},
            {"type": "text", "id": "t1", "text": "Hei"},
        )
        kinds = {path: field.kind for path, field in form.fields()}
        assert kinds == {
            "a": Kind.TEXT,
            "b": Kind.LONGTEXT,
            "c": Kind.NUMBER,
            "d": Kind.YES,
            "e": Kind.CHOICE,
            "f": Kind.CHOICE,
            "g": Kind.CHOICES,
            "h": Kind.CHOICES,
            "i": Kind.DATE,
            "j": Kind.DATETIME,
            "k": Kind.PERSON,
            "l": Kind.PERSONS,
            "m": Kind.PERSONS,
            "n": Kind.LIST,
            "n.a": Kind.TEXT,
            "o": Kind.TEXT,
        }
        assert form.field("n.a").label == "A"
        assert form.field("n.b") is None

    def test_is_named_by_its_bytes(self):
        one, other = file_of(component("textfield", "a")), file_of(component("textfield", "b"))
        assert read_form(one) == read_form(one)
        assert read_form(one).sha256 != read_form(other).sha256

    @pytest.mark.parametrize(
        ("rule", "data"),
        [
            ("skjema.fil", b"\xff"),
            ("skjema.fil", b"[1]"),
            ("skjema.fil", b'{"type": "default"}'),
            ("skjema.fil", b'{"type": "default", "id": "a", "x": NaN}'),
            ("skjema.fil", b"[" * 100_000),
            ("skjema.fil", b'{"type": "default", "id": "a", "x": ' + b"[" * 40 + b"]" * 40 + b"}"),
            ("skjema.fil", b" " * 600_000),
            ("skjema.fil", file_of(component("textfield", "a", label="\ud800"))),
            ("skjema.komponent", file_of(component("html", "a"))),
            ("skjema.komponent", file_of(component("datetime", "a", subtype="time"))),
            ("skjema.komponent", file_of("tekst")),
            ("skjema.nokkel", file_of(component("textfield", "a-b"))),
            ("skjema.nokkel", file_of(component("textfield", "rad"))),
            ("skjema.nokkel", file_of(component("textfield", "csrf_token"))),
            ("skjema.nokkel", file_of({"type": "textfield", "key": ["a"]})),
            ("skjema.nokkel", file_of({"type": "group", "id": "g", "path": "x"})),
            ("skjema.nokkel_brukt", file_of(*[component("textfield", "a")] * 2)),
            ("skjema.ledetekst", file_of(component("textfield", "a", label=" "))),
            ("skjema.ledetekst", file_of(component("textfield", "a", label="=x"))),
            ("skjema.valg", file_of(component("radio", "a"))),
            ("skjema.valg", file_of(component("radio", "a", values=JA_NEI * 2))),
            ("skjema.valg", file_of(component("select", "a", valuesKey="laerere"))),
            ("skjema.regel", file_of(component("textfield", "a", validate={"pattern": "(a+)+"}))),
            ("skjema.regel", file_of(component("number", "a", validate={"min": 5, "max": 1}))),
            ("skjema.regel", file_of(component("number", "a", validate={"min": [1]}))),
            ("skjema.regel", file_of(component("number", "a", properties={"visning": "skala"}))),
            ("skjema.regel", file_of(component("textfield", "a", readonly=True))),
            ("skjema.regel", file_of(component("number", "a", defaultValue="mye"))),
            ("skjema.krav", file_of(component("textfield", "a", properties={"krav": "a = b"}))),
            (
                "skjema.krav",
                file_of(
                    component(
                        "textfield",
                        "a",
                        properties={"krav": "a", "kravtekst": "Nei.", "kravkode": "tull"},
                    )
                ),
            ),
            ("skjema.liste", file_of(component("dynamiclist", "a"))),
            (
                "skjema.liste",
                file_of(component("dynamiclist", "a", components=[component("dynamiclist", "b")])),
            ),
            ("skjema.egenskap", file_of(component("textfield", "a", properties={"habil": "ja"}))),
            (
                "skjema.egenskap",
                file_of(
                    component("select", "a", valuesKey="ansatte", properties={"part": "skyldig"})
                ),
            ),
            ("skjema.egenskap", file_of(component("textfield", "a", properties={"merker": "x"}))),
            (
                "skjema.egenskap",
                file_of(
                    component(
                        "checklist",
                        "a",
                        valuesKey="ansatte",
                        properties={"gir_rolle": "undersoker"},
                    )
                ),
            ),
            (
                "skjema.stoerrelse",
                file_of(*[component("textfield", f"a{n}") for n in range(301)]),
            ),
        ],
    )
    def test_says_what_is_wrong(self, rule, data):
        findings = form_findings(data)
        assert rule in [finding.rule for finding in findings]
        for finding in findings:
            assert finding.severity == "error" and finding.message_en and finding.remedy_en
        with pytest.raises(Refused):
            read_form(data)

    def test_finds_everything_at_once(self):
        data = file_of(component("html", "a"), component("radio", "b"), component("textfield", "b"))
        rules = [finding.rule for finding in form_findings(data)]
        assert rules == ["skjema.komponent", "skjema.valg", "skjema.nokkel_brukt"]

    def test_looks_at_every_expression(self):
        rows = component(
            "dynamiclist",
            "rader",
            properties={"rader": "=liste", "radtittel": "=tittel"},
            components=[component("textfield", "b", conditional={"hide": "=skjul"})],
        )
        own = {"krav": "=krav", "kravtekst": "Rett det.", "standard": "=standard"}
        data = file_of(component("textfield", "a", properties=own), rows)
        seen = []
        assert form_findings(data, seen.append) == []
        assert sorted(seen) == ["krav", "liste", "skjul", "standard", "tittel"]
        assert sorted(read_form(data).expressions()) == [
            ("a", "krav", "krav"),
            ("a", "standard", "standard"),
            ("rader", "rader", "liste"),
            ("rader", "radtittel", "tittel"),
            ("rader.b", "conditional.hide", "skjul"),
        ]
        wrong = form_findings(data, lambda text: "Noe mangler." if text == "krav" else None)
        assert [(finding.rule, finding.name) for finding in wrong] == [("skjema.uttrykk", "A")]
        assert "Noe mangler." in wrong[0].message


class TestJudging:
    def test_stores_clean_json(self):
        form = form_of(*PLAN)
        typed = {
            "problem": "  Noor er alene\r\ni friminuttet. ",
            "tiltak": [TILTAK | {"krever_enkeltvedtak": "ja", "skjult": "x"}],
            "elev_medvirket": "ja",
            "ukjent": {"a": 1},
        }
        assert judge(form, typed) == {
            "problem": "Noor er alene\ni friminuttet.",
            "tiltak": [
                {
                    "beskrivelse": "Voksen i friminuttet",
                    "fra_dato": "2026-11-25",
                    "ansvarlig": "ansatt:7",
                    "krever_enkeltvedtak": "ja",
                }
            ],
            "elev_medvirket": "ja",
        }

    def test_takes_its_own_answers_again(self):
        form = form_of(*PLAN)
        stored = judge(form, {"problem": "x", "tiltak": [TILTAK], "elev_medvirket": "nei"})
        assert judge(form, stored) == stored

    def test_says_every_fault_at_once_in_order(self):
        typed = {"tiltak": [TILTAK, {"beskrivelse": "To", "fra_dato": "31.2", "ansvarlig": "x"}]}
        assert faults(form_of(*PLAN), typed) == [
            ("problem", Reason.MANGLER_FELT),
            ("tiltak[1].fra_dato", Reason.UGYLDIG_SVAR),
            ("tiltak[1].ansvarlig", Reason.UGYLDIG_SVAR),
            ("elev_medvirket", Reason.MANGLER_FELT),
        ]

    def test_a_list_that_must_have_a_row(self):
        form = form_of(*PLAN)
        typed = {"problem": "x", "elev_medvirket": "ja"}
        assert faults(form, typed) == [("tiltak", Reason.MANGLER_FELT)]
        assert message(form, typed) == "Legg til minst ett tiltak."

    def test_a_row_that_says_nothing_is_no_row(self):
        form = form_of(*PLAN)
        blank = {"beskrivelse": " ", "fra_dato": "", "krever_enkeltvedtak": "nei"}
        typed = {"problem": "x", "elev_medvirket": "ja", "tiltak": [blank, TILTAK, blank]}
        assert len(judge(form, typed)["tiltak"]) == 1
        typed["tiltak"] = [blank, TILTAK | {"fra_dato": ""}]
        assert faults(form, typed) == [("tiltak[1].fra_dato", Reason.MANGLER_FELT)]
        typed["tiltak"] = [blank, blank]
        assert [path for path, _ in faults(form, typed)] == [
            "tiltak[0].beskrivelse",
            "tiltak[0].fra_dato",
            "tiltak[0].ansvarlig",
        ]

    @pytest.mark.parametrize(
        ("made", "typed", "stored"),
        [
            (component("textfield", "a"), "en\nto", "en to"),
            (component("textfield", "a"), "a\x00b\x1b", "ab"),
            (component("textfield", "a"), 2026, "2026"),
            (component("textarea", "a"), "a\tb\r\nc", "a\tb\nc"),
            (component("textarea", "a"), "\ud800å", "å"),
            (component("number", "a"), "3,5", 3.5),
            (component("number", "a"), " 1 000 ", 1000),
            (component("number", "a"), "\u22122", -2),
            (component("number", "a"), 4.0, 4),
            (component("number", "a"), 0, 0),
            (component("checkbox", "a"), "ja", "ja"),
            (component("checkbox", "a"), True, "ja"),
            (component("checkbox", "a"), False, "nei"),
            (component("checkbox", "a"), None, "nei"),
            (component("radio", "a", values=JA_NEI), "nei", "nei"),
            (component("radio", "a", values=[{"label": "En", "value": 1}]), "1", 1),
            (component("checklist", "a", values=JA_NEI), ["nei", "ja", "nei"], ["ja", "nei"]),
            (component("checklist", "a", values=JA_NEI), "ja", ["ja"]),
            (component("checklist", "a", values=JA_NEI), None, []),
            (component("select", "a", valuesKey="elever"), "elev:2", "elev:2"),
            (
                component("checklist", "a", valuesKey="ansatte"),
                ["ansatt:8", "ansatt:7", "ansatt:8"],
                ["ansatt:8", "ansatt:7"],
            ),
            (component("datetime", "a", subtype="datetime"), "10:40", "2026-11-24T10:40"),
            (component("dynamiclist", "a", components=[component("textfield", "b")]), None, []),
        ],
    )
    def test_what_is_typed_and_what_is_stored(self, made, typed, stored):
        assert judge(form_of(made), {"a": typed}) == {"a": stored}

    @pytest.mark.parametrize("made", ["textfield", "textarea", "number", "radio", "datetime"])
    def test_an_optional_answer_left_empty_is_absent(self, made):
        form = form_of(component(made, "a", values=JA_NEI, subtype="date"))
        assert judge(form, {"a": " "}) == judge(form, {"a": None}) == judge(form, {}) == {}

    @pytest.mark.parametrize(
        ("made", "sentence"),
        [
            (component("textfield", "a"), "Skriv et svar."),
            (component("number", "a", validate={"min": 1, "max": 5}), "Skriv et tall fra 1 til 5."),
            (component("number", "a", validate={"min": 1}), "Skriv et tall som er 1 eller mer."),
            (component("number", "a"), "Skriv et tall."),
            (component("checkbox", "a"), "Kryss av."),
            (component("radio", "a", values=JA_NEI), "Velg ett svar."),
            (component("checklist", "a", values=JA_NEI), "Velg minst ett svar."),
            (
                component("datetime", "a", subtype="date"),
                "Skriv en dato, for eksempel 18.12.2026.",
            ),
            (
                component("datetime", "a", subtype="datetime"),
                "Skriv dato og klokkeslett, for eksempel 18.12.2026 kl. 10.40.",
            ),
            (component("select", "a", valuesKey="ansatte"), "Velg en person."),
            (component("checklist", "a", valuesKey="ansatte"), "Velg minst én person."),
            (component("textfield", "a", properties={"mangler": "Skriv hvem."}), "Skriv hvem."),
        ],
    )
    def test_a_missing_answer_is_asked_for(self, made, sentence):
        form = form_of(made | {"validate": made.get("validate", {}) | REQUIRED})
        assert faults(form, {}) == [("a", Reason.MANGLER_FELT)]
        assert message(form, {}) == sentence

    @pytest.mark.parametrize(
        ("made", "typed"),
        [
            (component("textfield", "a"), ["x"]),
            (component("textfield", "a"), {"x": 1}),
            (component("textarea", "a"), "x" * 20_001),
            (component("textarea", "a"), "x" * 10_000_000),
            (component("textfield", "a", validate={"maxLength": 3}), "fire"),
            (component("textfield", "a", validate={"minLength": 3}), "to"),
            (component("number", "a"), "1e999"),
            (component("number", "a"), float("inf")),
            (component("number", "a"), float("nan")),
            (component("number", "a"), 10**400),
            (component("number", "a"), "9" * 5000),
            (component("number", "a"), True),
            (component("number", "a"), "0x10"),
            (component("number", "a"), "٣"),
            (component("number", "a", validate={"min": 1, "max": 5}), "6"),
            (component("number", "a", decimalDigits=0), "2,5"),
            (component("checkbox", "a"), "kanskje"),
            (component("checkbox", "a"), ["ja"]),
            (component("radio", "a", values=JA_NEI), "vet ikke"),
            (component("radio", "a", values=JA_NEI), {"value": "ja"}),
            (component("radio", "a", values=[{"label": "En", "value": 1}]), True),
            (component("checklist", "a", values=JA_NEI), ["ja", {}]),
            (component("checklist", "a", values=JA_NEI), ["ja"] * 201),
            (component("datetime", "a", subtype="date"), "31.2.2026"),
            (component("datetime", "a", subtype="date"), 20261125),
            (component("datetime", "a", subtype="date"), "9" * 100_000),
            (component("datetime", "a", subtype="datetime"), "25.11.2026"),
            (component("select", "a", valuesKey="ansatte"), "ansatt:99"),
            (component("select", "a", valuesKey="ansatte"), "elev:1"),
            (component("select", "a", valuesKey="ansatte"), ["ansatt:7"]),
            (component("select", "a", valuesKey="ansatte"), "rektor"),
            (component("checklist", "a", valuesKey="elever"), ["elev:1", "elev:9"]),
            (component("dynamiclist", "a", components=[component("textfield", "b")]), "x"),
            (component("dynamiclist", "a", components=[component("textfield", "b")]), ["x"]),
            (component("dynamiclist", "a", components=[component("textfield", "b")]), {"0": {}}),
            (
                component("dynamiclist", "a", components=[component("textfield", "b")]),
                [{"b": "x"}] * 51,
            ),
        ],
    )
    def test_what_is_no_answer(self, made, typed):
        assert faults(form_of(made), {"a": typed}) == [("a", Reason.UGYLDIG_SVAR)]

    @pytest.mark.parametrize("typed", [None, [], "x", 7, [{"problem": "x"}]])
    def test_answers_that_are_no_answers(self, typed):
        assert ("problem", Reason.MANGLER_FELT) in faults(form_of(*PLAN), typed)

    @given(st.data())
    def test_answers_of_any_shape_are_stored_as_json_or_refused(self, data):
        anything = st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
            max_leaves=8,
        )
        row = st.fixed_dictionaries({}, optional=dict.fromkeys(TILTAK, anything))
        typed = {"problem": data.draw(anything), "tiltak": data.draw(st.lists(row) | anything)}
        form = form_of(*PLAN, component("number", "antall"), component("textfield", "ref"))
        typed |= {"antall": data.draw(anything), "ref": data.draw(anything)}
        form.visible(CONTEXT, typed, no_feel)
        try:
            stored = judge(form, typed | {"elev_medvirket": "ja"})
        except Refusal as refusal:
            assert all(fault.message for fault in refusal.faults)
        else:
            text = json.dumps(stored, allow_nan=False, ensure_ascii=False).encode("utf-8")
            assert judge(form, json.loads(text)) == stored

    def test_a_person_named_in_the_case_is_refused(self):
        form = form_of(component("select", "a", valuesKey="ansatte", properties={"habil": "ja"}))
        assert judge(form, {"a": "ansatt:7"}, named={"ansatt:8"}) == {"a": "ansatt:7"}
        assert faults(form, {"a": "ansatt:8"}, named={"ansatt:8"}) == [("a", Reason.INHABIL)]
        assert message(form, {"a": "ansatt:8"}, named={"ansatt:8"}) == (
            "Denne personen er nevnt i saken og kan ikke få oppgaven. Velg en annen."
        )

    def test_options_may_be_anything_with_a_value(self):
        form = form_of(component("select", "a", valuesKey="ansatte"))
        options = {"ansatte": [SimpleNamespace(value="ansatt:3", label="Line")]}
        assert form.judge({"a": "ansatt:3"}, CONTEXT, no_feel, options) == {"a": "ansatt:3"}


class TestKrav:
    def form(self, kode="ikke_trygt"):
        own = {"krav": "=trygt", "kravkode": kode, "kravtekst": "Saken kan ikke avsluttes ennå."}
        return form_of(
            component("radio", "beslutning", values=JA_NEI, properties=own),
            component("textfield", "begrunnelse", validate=REQUIRED),
        )

    def test_only_true_passes(self):
        typed = {"beslutning": "ja", "begrunnelse": "x"}
        assert judge(self.form(), typed, feel_of(trygt=lambda c: True)) == typed
        for verdict in (False, None, "ja", 1):
            found = faults(self.form(), typed, feel_of(trygt=lambda c, v=verdict: v))
            assert found == [("beslutning", Reason.IKKE_TRYGT)]
        assert message(self.form(), typed, feel_of(trygt=lambda c: False)) == (
            "Saken kan ikke avsluttes ennå."
        )

    def test_null_is_not_held_against_an_unfinished_form(self):
        typed = {"beslutning": "ja"}
        assert faults(self.form(), typed, feel_of(trygt=lambda c: None)) == [
            ("begrunnelse", Reason.MANGLER_FELT)
        ]
        assert faults(self.form(), typed, feel_of(trygt=lambda c: False)) == [
            ("beslutning", Reason.IKKE_TRYGT),
            ("begrunnelse", Reason.MANGLER_FELT),
        ]

    def test_sees_the_case_the_form_and_the_sender(self):
        seen = {}
        feel = feel_of(trygt=lambda c: seen.update(c) is None)
        context = CONTEXT | {"analyse": {"funn": "x"}, "begrunnelse": "fra saken"}
        typed = {"beslutning": "ja", "begrunnelse": "her"}
        self.form().judge(typed, context, feel, OPTIONS, person="ansatt:8")
        assert seen["begrunnelse"] == "her" and seen["analyse"] == {"funn": "x"}
        assert seen["person"] == "ansatt:8"

    def test_an_unanswered_field_is_null_even_where_the_case_has_its_name(self):
        form = form_of(component("textfield", "a"), component("textfield", "b", **_krav("se")))
        seen = {}
        form.judge({}, {"a": "saken"}, feel_of(se=lambda c: seen.update(c) is None), OPTIONS)
        assert seen["a"] is None

    def test_sees_its_row(self):
        row = [component("number", "fra"), component("number", "til", **_krav("etter"))]
        form = form_of(component("dynamiclist", "tiltak", components=row))
        feel = feel_of(etter=lambda c: c["rad"]["til"] >= c["rad"]["fra"])
        typed = {"tiltak": [{"fra": 1, "til": 2}, {}, {"fra": 3, "til": 2}]}
        assert faults(form, typed, feel) == [("tiltak[2].til", Reason.UGYLDIG_SVAR)]


def _krav(expression):
    return {"properties": {"krav": expression, "kravtekst": "Rett det."}}


class TestPartial:
    FORM = form_of(
        *PLAN,
        component("number", "antall", validate={"min": 1}),
        component("textfield", "ref", **_krav("ref_finnes")),
    )

    def test_what_is_required_may_be_missing(self):
        missing = feel_of(ref_finnes=lambda c: None)
        assert judge(self.FORM, {}, missing, partial=True) == {"tiltak": []}
        typed = {"tiltak": [{"beskrivelse": "Lek"}]}
        row = {"beskrivelse": "Lek", "krever_enkeltvedtak": "nei"}
        assert judge(self.FORM, typed, missing, partial=True) == {"tiltak": [row]}

    def test_what_is_there_is_judged(self):
        typed = {"antall": "0", "elev_medvirket": "kanskje"}
        assert faults(self.FORM, typed, feel_of(ref_finnes=lambda c: False), partial=True) == [
            ("elev_medvirket", Reason.UGYLDIG_SVAR),
            ("antall", Reason.UGYLDIG_SVAR),
            ("ref", Reason.UGYLDIG_SVAR),
        ]

    def test_a_krav_may_be_what_is_missing(self):
        own = {"krav": "=noe", "kravkode": "mangler_felt", "kravtekst": "Skriv noe."}
        form, nothing = (
            form_of(component("textfield", "a", properties=own)),
            feel_of(noe=lambda c: False),
        )
        assert judge(form, {}, nothing, partial=True) == {}
        assert faults(form, {}, nothing) == [("a", Reason.MANGLER_FELT)]


class TestVisible:
    def test_only_true_hides(self):
        form = form_of(component("textfield", "a", conditional={"hide": "=skjul"}))
        assert form.visible({}, {}, feel_of(skjul=lambda c: True)) == set()
        for verdict in (False, None, "true", 1):
            assert form.visible({}, {}, feel_of(skjul=lambda c, v=verdict: v)) == {"a"}

    def alvor(self):
        return form_of(
            component("radio", "alvorlig", values=JA_NEI, validate=REQUIRED),
            component("textarea", "grunn", validate=REQUIRED, conditional={"hide": "=ikke_alvor"}),
        )

    def test_a_hidden_answer_is_dropped_and_not_missed(self):
        feel = feel_of(ikke_alvor=lambda c: c["alvorlig"] != "ja")
        assert judge(self.alvor(), {"alvorlig": "nei", "grunn": "x"}, feel) == {"alvorlig": "nei"}
        assert faults(self.alvor(), {"alvorlig": "ja"}, feel) == [("grunn", Reason.MANGLER_FELT)]

    def test_a_fault_in_a_hidden_field_is_nobodys(self):
        form = form_of(component("number", "a", conditional={"hide": "=skjul"}))
        assert judge(form, {"a": "tull"}, feel_of(skjul=lambda c: True)) == {}

    def test_a_hidden_group_hides_what_is_in_it(self):
        group = {"type": "group", "id": "g", "conditional": {"hide": "=skjul"}}
        inner = [component("textfield", "a", validate=REQUIRED), {"type": "text", "id": "t"}]
        form = form_of(group | {"components": inner}, component("textfield", "b"))
        assert form.visible({}, {}, feel_of(skjul=lambda c: True)) == {"b"}
        assert form.visible({}, {}, feel_of(skjul=lambda c: False)) == {"#g", "a", "#t", "b"}
        assert judge(form, {"a": "x", "b": "y"}, feel_of(skjul=lambda c: True)) == {"b": "y"}

    @pytest.mark.parametrize("turn", [1, -1])
    def test_a_hidden_answer_counts_for_no_other_condition(self, turn):
        made = [
            component("textfield", "a"),
            component("textfield", "b", conditional={"hide": "=uten_a"}),
            component("textfield", "c", conditional={"hide": "=uten_b"}),
        ]
        feel = feel_of(uten_a=lambda c: c["a"] is None, uten_b=lambda c: c["b"] is None)
        assert form_of(*made[::turn]).visible({}, {"b": "x"}, feel) == {"a"}
        assert form_of(*made[::turn]).visible({}, {"a": "x", "b": "x"}, feel) == {"a", "b", "c"}

    def test_fields_that_hide_each_other_come_to_an_end(self):
        form = form_of(
            component("textfield", "a", conditional={"hide": "=med_b"}),
            component("textfield", "b", conditional={"hide": "=uten_a"}),
        )
        feel = feel_of(med_b=lambda c: c["b"] is not None, uten_a=lambda c: c["a"] is None)
        assert form.visible({}, {"a": "x", "b": "y"}, feel) <= {"a", "b"}

    def test_in_a_row(self):
        row = [
            component("radio", "hort", values=JA_NEI),
            component("textfield", "grunn", conditional={"hide": "=hort"}, validate=REQUIRED),
        ]
        form = form_of(component("dynamiclist", "elever", components=row))
        feel = feel_of(hort=lambda c: c["rad"].get("hort") == "ja")
        typed = {"elever": [{"hort": "ja", "grunn": "x"}, {"hort": "nei"}]}
        assert form.visible({}, typed, feel) == {
            "elever",
            "elever[0].hort",
            "elever[1].hort",
            "elever[1].grunn",
        }
        assert faults(form, typed, feel) == [("elever[1].grunn", Reason.MANGLER_FELT)]
        typed["elever"][1]["grunn"] = "syk"
        assert judge(form, typed, feel)["elever"] == [
            {"hort": "ja"},
            {"hort": "nei", "grunn": "syk"},
        ]


class TestGivenRows:
    FORM = form_of(
        component(
            "dynamiclist",
            "tiltak",
            validate=REQUIRED,
            properties={"rader": "=plan", "radtittel": "=tittel", "rad_navn": "et tiltak"},
            components=[
                component("radio", "virket", values=JA_NEI, validate=REQUIRED),
                component("textfield", "hva", properties={"standard": "=hva"}),
                component("textfield", "frist", conditional={"hide": "=ikke_vedtak"}),
            ],
        )
    )
    PLAN = ({"hva": "Lek", "vedtak": "nei"}, {"hva": "Samtale", "vedtak": "ja"})
    FEEL = staticmethod(
        feel_of(
            plan=lambda c: c.get("plan"),
            tittel=lambda c: c["rad"]["hva"],
            hva=lambda c: c["element"]["hva"],
            ikke_vedtak=lambda c: c["rad"]["vedtak"] != "ja",
        )
    )

    def context(self, plan=PLAN):
        return CONTEXT | {"plan": plan and list(plan)}

    def test_begin_with_a_row_an_item(self):
        assert self.FORM.defaults(self.context(), self.FEEL) == {
            "tiltak": [{"hva": "Lek"}, {"hva": "Samtale"}]
        }
        assert self.FORM.row_titles("tiltak", self.context(), self.FEEL) == ["Lek", "Samtale"]

    def test_are_neither_more_nor_fewer(self):
        context = self.context()
        typed = {"tiltak": [{"virket": "ja"}, {"virket": "nei", "frist": "x"}, {"virket": "ja"}]}
        assert self.FORM.judge(typed, context, self.FEEL, {}) == {
            "tiltak": [{"virket": "ja"}, {"virket": "nei", "frist": "x"}]
        }
        with pytest.raises(Refusal) as refusal:
            self.FORM.judge({"tiltak": [{"virket": "ja"}]}, context, self.FEEL, {})
        assert [fault.path for fault in refusal.value.faults] == ["tiltak[1].virket"]

    def test_see_their_item(self):
        shown = self.FORM.visible(self.context(), {}, self.FEEL)
        assert "tiltak[0].frist" not in shown and "tiltak[1].frist" in shown

    @pytest.mark.parametrize("plan", [None, [], "x"])
    def test_of_nothing_ask_for_nothing(self, plan):
        feel = feel_of(plan=lambda c: plan)
        assert self.FORM.judge({}, CONTEXT, feel, {}) == {"tiltak": []}


class TestDefaults:
    def test_static_and_worked_out(self):
        form = form_of(
            component("textfield", "a", defaultValue="fast"),
            component("datetime", "b", subtype="datetime", properties={"standard": "=naa"}),
            component("checkbox", "c", defaultValue=True),
            component("number", "d", properties={"standard": "=tull"}),
            component("textfield", "e"),
            component("dynamiclist", "f", components=[component("number", "g", defaultValue=1)]),
        )
        feel = feel_of(naa=lambda c: c["naa"] + ":31+01:00", tull=lambda c: "mye")
        assert form.defaults(CONTEXT, feel) == {
            "a": "fast",
            "b": "2026-11-24T10:40",
            "c": "ja",
            "f": [],
        }
        assert form.new_row("f", CONTEXT, feel) == {"g": 1}

    def test_a_list_that_must_have_a_row_begins_with_one(self):
        assert form_of(*PLAN).defaults(CONTEXT, no_feel) == {"tiltak": [{}]}


class TestRowNames:
    @pytest.mark.parametrize(
        ("label", "own", "sentence"),
        [
            ("Tiltak", {"rad_navn": "et tiltak"}, "Legg til minst ett tiltak."),
            ("Avtaler", {"rad_navn": "en avtale"}, "Legg til minst én avtale."),
            ("Tiltak", {}, "Legg til tiltak."),
            ("Var andre elever med?", {}, "Legg til minst én rad."),
        ],
    )
    def test_a_row_is_called_what_the_form_says(self, label, own, sentence):
        made = component("dynamiclist", "a", components=[component("textfield", "b")])
        made |= {"label": label, "properties": own, "validate": REQUIRED}
        assert message(form_of(made), {}) == sentence


class TestSaying:
    FORM = form_of(
        component("textarea", "problem"),
        component("radio", "alvorlig", values=JA_NEI, properties={"merker": "alvorlig"}),
        component("checklist", "krenkelse", values=[{"label": "Mobbing", "value": "mobbing"}]),
        component("number", "skaar"),
        component("checkbox", "vedtak"),
        component("datetime", "start", subtype="date"),
        component("datetime", "tid", subtype="datetime"),
        component(
            "select",
            "hvem",
            valuesKey="ansatte",
            properties={"part": "mistenkt", "gir_rolle": "saksansvarlig"},
        ),
        component("checklist", "elever", valuesKey="elever"),
        component(
            "dynamiclist",
            "tiltak",
            properties={"rad_navn": "et tiltak"},
            components=[
                component("checklist", "ansatte", valuesKey="ansatte", properties={"part": "nevnt"})
            ],
        ),
        component("textfield", "tom"),
    )
    STORED = {  # noqa: RUF012
        "problem": "Alene",
        "alvorlig": "ja",
        "krenkelse": ["mobbing"],
        "skaar": 2.5,
        "vedtak": "nei",
        "start": "2026-11-26",
        "tid": "2026-11-26T09:05",
        "hvem": "ansatt:8",
        "elever": ["elev:1", "elev:2"],
        "tiltak": [{"ansatte": ["ansatt:7"]}, {"ansatte": []}],
    }

    def test_answers_as_a_person_reads_them(self):
        assert self.FORM.describe(self.STORED, NAMES.get) == [
            ("Problem", "Alene"),
            ("Alvorlig", "Ja"),
            ("Krenkelse", "Mobbing"),
            ("Skaar", "2,5"),
            ("Vedtak", "Nei"),
            ("Start", "torsdag 26. november 2026"),
            ("Tid", "torsdag 26. november 2026 kl. 09.05"),
            ("Hvem", "Randi, rektor"),
            ("Elever", "Noor, 4B, Emil, 6B"),
            ("Tiltak", [("Tiltak 1", [("Ansatte", "Sivert, miljøarbeider")]), ("Tiltak 2", [])]),
        ]

    def test_who_is_named_and_who_is_referred_to(self):
        assert self.FORM.named(self.STORED) == [("ansatt:8", "mistenkt"), ("ansatt:7", "nevnt")]
        assert self.FORM.persons(self.STORED) == {"ansatt:7", "ansatt:8", "elev:1", "elev:2"}
        assert self.FORM.case_roles(self.STORED) == [("ansatt:8", "saksansvarlig")]
        assert self.FORM.case_roles({}) == []

    def test_what_they_say_of_the_case(self):
        assert self.FORM.marks(self.STORED) == [("alvorlig", "ja")]
        assert self.FORM.marks({}) == []

    def test_of_nothing_nothing_is_said(self):
        assert self.FORM.describe({}, NAMES.get) == []
        assert self.FORM.named({}) == [] and self.FORM.persons({}) == set()
