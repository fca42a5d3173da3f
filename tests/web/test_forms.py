"""Forms on a page: what is drawn, and what comes back."""

import json
from html.parser import HTMLParser
from types import SimpleNamespace

import pytest
from flask import render_template_string
from werkzeug.datastructures import MultiDict

from engine.definitions.fields import Option
from engine.definitions.forms import read_form
from engine.refusals import Fault, Reason, Refusal
from web.app import create_app
from web.conditions import names_in, rule_of
from web.forms import (
    Add,
    Refresh,
    Remove,
    Save,
    Send,
    action_from,
    apply,
    focus_after,
    name_of,
    typed_from,
)
from web.sheet import Sheet

CONTEXT = {"i_dag": "2026-11-24"}
OPTIONS = {
    "elever": [Option("elev:1", "Noor, 4B")],
    "ansatte": [Option(f"ansatt:{n}", f"Ansatt {n}") for n in range(1, 21)],
    "foresatte": [],
}
JA_NEI = [{"label": "Ja", "value": "ja"}, {"label": "Nei", "value": "nei"}]
REQUIRED = {"required": True}
PAGE = """{% import "forms/sheet.html" as forms %}
{{ forms.errors(sheet, "Ikke sendt. Rett dette:") }}
<form method="post" novalidate>{{ forms.fields(sheet) }}</form>"""


def component(kind, key, /, **more):
    place = "path" if kind == "dynamiclist" else "key"
    return {"type": kind, "id": f"Field_{key}", place: key, "label": key.capitalize()} | more


def form_of(*components):
    tree = {"type": "default", "id": "prove", "components": components}
    return read_form(json.dumps(tree).encode())


def group(label, *components, **more):
    return {"type": "group", "id": "Gruppe", "label": label, "components": components} | more


ROW = [
    component("textarea", "hva", validate=REQUIRED, properties={"lovkrav": "2"}),
    component("datetime", "fra", subtype="date", layout={"columns": 8}),
    component("datetime", "til", subtype="date", layout={"columns": 8}),
    component("select", "hvem", valuesKey="ansatte", validate=REQUIRED),
    component("radio", "enig", values=JA_NEI),
]
EVERYTHING = form_of(
    {"type": "text", "id": "Lov", "text": "# Planen\n\nLoven krever **fem** <ting>.\n\n- en\n- to"},
    component(
        "textarea",
        "problem",
        validate=REQUIRED,
        description="Beskriv situasjonen.",
        properties={"lovkrav": "1", "hvorfor": "Loven krever det."},
    ),
    component("textfield", "ref"),
    component("number", "antall", validate={"min": 1, "max": 40}),
    component("number", "skaar", validate={"min": 1, "max": 5}, properties={"visning": "skala"}),
    component("checkbox", "vedtak", description="Gjelder for eksempel skolebytte."),
    component("radio", "alvorlig", values=JA_NEI, validate=REQUIRED),
    component("select", "nivaa", values=[{"label": "Hele skolen", "value": "skole"}]),
    component("checklist", "grunn", values=JA_NEI),
    component("datetime", "start", subtype="date"),
    component("datetime", "tid", subtype="datetime", description="Omtrent er godt nok."),
    component("select", "elev", valuesKey="elever"),
    component("radio", "laerer", valuesKey="ansatte"),
    component("select", "ansatte", valuesKey="ansatte", properties={"flere": "ja"}),
    component("checklist", "foresatte", valuesKey="foresatte"),
    component(
        "dynamiclist",
        "tiltak",
        validate=REQUIRED,
        properties={"rad_navn": "et tiltak"},
        components=ROW,
    ),
    group("Hva mener eleven?", component("textarea", "syn", validate=REQUIRED)),
)


def no_feel(expression, context):
    raise AssertionError(f"nothing should be worked out here: {expression}")


class Page(HTMLParser):
    """A drawn page's elements, with the text of each."""

    VOID = ("input", "br", "meta", "link")

    def __init__(self, html):
        super().__init__()
        self.elements, self._open = [], []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        parents = tuple(self._open)
        element = SimpleNamespace(tag=tag, text="", parents=parents, **{"at": dict(attributes)})
        self.elements.append(element)
        if tag not in self.VOID:
            self._open.append(element)

    def handle_endtag(self, tag):
        if self._open and self._open[-1].tag == tag:
            self._open.pop()
        elif tag not in ("path", "circle"):
            raise AssertionError(f"</{tag}> closes {self._open[-1].tag}")

    def handle_data(self, data):
        for element in self._open:
            element.text += data

    def all(self, tag, **at):
        at = {key.rstrip("_").replace("_", "-"): value for key, value in at.items()}
        return [
            element
            for element in self.elements
            if element.tag == tag and at.items() <= element.at.items()
        ]

    def by_id(self, name):
        [found] = [element for element in self.elements if element.at.get("id") == name]
        return found


@pytest.fixture(scope="module")
def app():
    return create_app(SECRET_KEY="test")


@pytest.fixture
def draw(app):
    def draw(form, typed=None, feel=no_feel, context=CONTEXT, **more):
        with app.test_request_context():
            sheet = Sheet(form, typed or {}, context, feel, OPTIONS, **more)
            return Page(render_template_string(PAGE, sheet=sheet))

    return draw


def faults_of(form, typed, feel=no_feel, context=CONTEXT):
    with pytest.raises(Refusal) as refusal:
        form.judge(typed, context, feel, OPTIONS)
    return refusal.value.faults


def look_for_barriers(page):
    """What axe would say first: names of controls, ids once, references that lead somewhere."""
    ids = [element.at["id"] for element in page.elements if "id" in element.at]
    assert len(ids) == len(set(ids))
    labels = {element.at.get("for"): element.text.strip() for element in page.all("label")}
    for element in page.elements:
        if element.tag in ("input", "select", "textarea") and element.at.get("type") != "hidden":
            assert labels[element.at["id"]], element.at
        if element.tag == "button":
            assert element.text.strip()
        if element.tag == "fieldset":
            inner = [each for each in page.all("legend") if each.parents[-1] is element]
            assert len(inner) == 1 and inner[0].text.strip()
        for reference in ("aria-describedby", "aria-labelledby"):
            if reference in element.at:
                assert element.at[reference] and set(element.at[reference].split()) <= set(ids)
        if element.tag == "a":
            assert element.at["href"].removeprefix("#") in ids
        assert "style" not in element.at and not [at for at in element.at if at.startswith("on")]


class TestDrawing:
    def test_every_kind_without_barriers(self, draw):
        look_for_barriers(draw(EVERYTHING))

    def test_every_fault_without_barriers(self, draw):
        typed = {
            "antall": "mange",
            "skaar": "9",
            "ref": ["x"],
            "alvorlig": "x",
            "nivaa": "x",
            "grunn": ["x"],
            "start": "x",
            "tid": "x",
            "elev": "elev:9",
            "laerer": "x",
            "ansatte": ["x"],
            "tiltak": [{"fra": "x", "enig": "x"}],
        }
        faults = faults_of(EVERYTHING, typed)
        page = draw(EVERYTHING, typed, faults=faults)
        look_for_barriers(page)
        [summary] = page.all("div", class_="ds-error-summary")
        assert summary.at["tabindex"] == "-1" and "autofocus" in summary.at
        links = [each for each in page.all("a") if summary in each.parents]
        assert len(links) == len(faults) == len(page.all("p", class_="ds-validation-message"))
        for link in links:
            control = page.by_id(link.at["href"][1:])
            assert control.tag in ("input", "select", "textarea", "button")
            assert control.tag == "button" or control.at["aria-invalid"] == "true"
        assert "Tiltak 1: Hva: Skriv et svar." in [each.text for each in links]

    def test_a_fault_is_tied_to_its_field(self, draw):
        page = draw(EVERYTHING, {}, faults=faults_of(EVERYTHING, {}))
        problem = page.by_id("f-problem")
        assert problem.at["aria-describedby"] == "f-problem-hjelp f-problem-feil"
        assert page.by_id("f-problem-feil").text == "Skriv et svar."
        assert page.by_id("f-alvorlig").at["aria-describedby"] == "f-alvorlig-feil"
        assert page.by_id("f-tiltak-legg-til").at["aria-describedby"] == "f-tiltak-feil"

    def test_marks_the_law_and_what_may_be_left_out(self, draw):
        page = draw(EVERYTHING)
        labels = {each.at["for"]: " ".join(each.text.split()) for each in page.all("label")}
        assert labels["f-problem"] == "Problem Lovkrav 1"
        assert labels["f-ref"] == "Ref Valgfritt"
        assert labels["f-vedtak"] == "Vedtak"
        assert [each.text for each in page.all("summary")] == [
            "Hvorfor spør vi?",
            "Vis alle 20",
            "Vis alle 20",
        ]

    def test_what_is_typed_stays(self, draw):
        typed = {
            "problem": "\nto <b>linjer</b> & mer",
            "ref": '"><script>',
            "antall": 2.5,
            "skaar": "4",
            "vedtak": "ja",
            "alvorlig": "nei",
            "nivaa": "skole",
            "grunn": ["nei"],
            "start": "2026-11-25",
            "tid": "2026-11-25T10:40",
            "elev": "elev:1",
            "ansatte": ["ansatt:3"],
        }
        page = draw(EVERYTHING, typed)
        assert page.by_id("f-problem").text == "\n" + typed["problem"]
        assert page.by_id("f-ref").at["value"] == typed["ref"]
        assert page.by_id("f-antall").at["value"] == "2,5"
        assert page.by_id("f-start").at["value"] == "25.11.2026"
        assert page.by_id("f-tid").at["value"] == "25.11.2026 kl. 10.40"
        chosen = {
            (each.at["name"], each.at["value"]) for each in page.elements if "checked" in each.at
        }
        assert chosen == {
            ("skaar", "4"),
            ("vedtak", "ja"),
            ("alvorlig", "nei"),
            ("grunn", "nei"),
            ("ansatte", "ansatt:3"),
        }
        assert [each.at["value"] for each in page.all("option", selected=None)] == [
            "skole",
            "elev:1",
        ]
        assert draw(EVERYTHING, {"start": "25. november"}).by_id("f-start").at["value"] == (
            "25. november"
        )

    @pytest.mark.parametrize("typed", [{"start": "2026-99-99"}, {"tid": "2026-11-25T99:99"}])
    def test_a_date_that_is_none_is_shown_as_it_stands(self, draw, typed):
        [(key, value)] = typed.items()
        assert draw(EVERYTHING, typed).by_id(f"f-{key}").at["value"] == value

    @pytest.mark.parametrize(
        "typed",
        [
            {"problem": ["x"], "tiltak": "x"},
            {"tiltak": ["x", None]},
            {"tiltak": [{"hva": {"x": 1}}]},
            {"grunn": "ja", "ansatte": {"x": 1}},
        ],
    )
    def test_values_of_no_shape_are_drawn_all_the_same(self, draw, typed):
        look_for_barriers(draw(EVERYTHING, typed))

    def test_text_between_the_fields(self, draw):
        page = draw(EVERYTHING)
        assert [each.text for each in page.all("h2")] == ["Planen", "Tiltak ", "Hva mener eleven?"]
        assert [each.text for each in page.all("b")] == ["fem"]
        assert "Loven krever fem <ting>." in [each.text for each in page.all("p")]
        assert [each.text for each in page.all("li")] == ["en", "to"]

    def test_enter_presses_a_button_that_loses_nothing(self, draw):
        first = draw(EVERYTHING, {"tiltak": [{}]}).all("button")[0]
        assert first.at["name"] == "oppdater" and first.at["tabindex"] == "-1"


class TestRows:
    def test_are_cards_with_buttons(self, draw):
        page = draw(EVERYTHING, {"tiltak": [{"hva": "Lek"}, {}]})
        look_for_barriers(page)
        assert [each.text for each in page.all("h3")] == ["Tiltak 1", "Tiltak 2"]
        assert page.by_id("f-tiltak-0-hva").text == "\nLek"
        remove = page.all("button", name="fjern")
        assert [(each.at["value"], each.text) for each in remove] == [
            ("tiltak-0", "Fjern tiltak 1"),
            ("tiltak-1", "Fjern tiltak 2"),
        ]
        [add] = page.all("button", name="legg_til")
        assert (add.at["value"], add.text) == ("tiltak", "Legg til et tiltak")
        assert all("formnovalidate" in each.at for each in (*remove, add))

    def test_halves_stand_side_by_side(self, draw):
        page = draw(EVERYTHING, {"tiltak": [{}]})
        [pair] = page.all("div", class_="tr-pair")
        inside = [each.at["id"] for each in page.all("input") if pair in each.parents]
        assert inside == ["f-tiltak-0-fra", "f-tiltak-0-til"]

    def test_focus_goes_to_the_new_row(self, draw):
        page = draw(EVERYTHING, {"tiltak": [{}, {}]}, focus="tiltak[1]")
        assert [each.at["id"] for each in page.elements if "autofocus" in each.at] == [
            "f-tiltak-1-hva"
        ]
        page = draw(EVERYTHING, {"tiltak": [{}]}, focus="tiltak")
        assert [each.at["id"] for each in page.elements if "autofocus" in each.at] == [
            "f-tiltak-legg-til"
        ]

    def test_given_rows_have_no_buttons(self, draw):
        form = form_of(
            component(
                "dynamiclist",
                "tiltak",
                validate=REQUIRED,
                properties={"rader": "=plan", "radtittel": "=rad"},
                components=[component("radio", "virket", values=JA_NEI, validate=REQUIRED)],
            )
        )

        def feel(expression, context):
            return context[expression]

        context = CONTEXT | {"plan": ["Lek", "Samtale"]}
        faults = faults_of(form, {}, feel, context)
        page = draw(form, {}, feel, context, faults=faults)
        look_for_barriers(page)
        assert [each.text for each in page.all("h3")] == ["Lek", "Samtale"]
        assert not page.all("button", name="fjern") and not page.all("button", name="legg_til")
        assert page.all("a")[1].at["href"] == "#f-tiltak-1-virket-0"


class TestConditions:
    FORM = form_of(
        component("radio", "alvorlig", values=JA_NEI),
        component("textarea", "grunn", conditional={"hide": '=alvorlig != "ja"'}),
    )

    @staticmethod
    def feel(expression, context):
        return context["alvorlig"] != "ja"

    @pytest.mark.parametrize(
        ("typed", "hidden"), [({}, False), ({"alvorlig": "ja"}, False), ({"alvorlig": "nei"}, True)]
    )
    def test_what_is_not_decided_is_shown_without_javascript(self, draw, typed, hidden):
        page = draw(self.FORM, typed, self.feel)
        [part] = [each for each in page.all("div") if "data-hide-when" in each.at]
        assert ("hidden" in part.at) is hidden
        assert json.loads(part.at["data-hide-when"]) == {
            "every": True,
            "terms": [{"name": "alvorlig", "value": "ja", "equal": False}],
        }
        assert page.by_id("f-grunn").parents[-2] is part
        assert page.all("noscript")[0].text.count("Oppdater skjemaet") == 1

    def test_what_only_the_server_can_follow_is_left_out(self, draw):
        form = form_of(
            component("radio", "alvorlig", values=JA_NEI),
            component("textarea", "grunn", conditional={"hide": "=not(alvorlig)"}),
            component("textarea", "over", conditional={"hide": "=over_frist != true"}),
        )
        page = draw(form, {}, lambda expression, context: True)
        assert not page.all("textarea") and not page.all("noscript")
        assert len(page.all("button", name="oppdater")) == 2
        page = draw(form, {}, lambda expression, context: None)
        assert len(page.all("textarea")) == 2

    def test_a_condition_on_the_case_alone_needs_no_button(self, draw):
        hide = {"hide": "=over_frist != true"}
        form = form_of(component("textarea", "over", conditional=hide))
        page = draw(form, {}, lambda expression, context: None)
        assert len(page.all("button")) == 1

    def test_in_a_row_on_the_row(self, draw):
        row = [
            component("radio", "enig", values=JA_NEI),
            component("textfield", "hvorfor", conditional={"hide": '=rad.enig = "ja"'}),
        ]
        form = form_of(component("dynamiclist", "punkter", components=row))
        page = draw(form, {"punkter": [{}, {}]}, lambda expression, context: None)
        rules = [
            json.loads(each.at["data-hide-when"])["terms"][0]["name"]
            for each in page.all("div")
            if "data-hide-when" in each.at
        ]
        assert rules == ["punkter-0-enig", "punkter-1-enig"]

    def test_what_a_hidden_group_holds_is_drawn_with_it(self, draw):
        hidden = group("Alvor", component("textfield", "a"))
        hidden["conditional"] = {"hide": '=alvorlig = "nei"'}
        form = form_of(component("radio", "alvorlig", values=JA_NEI), hidden)
        page = draw(form, {"alvorlig": "nei"}, lambda expression, context: True)
        assert any("hidden" in each.at for each in page.by_id("f-a").parents)

    @pytest.mark.parametrize(
        ("hide", "every", "terms"),
        [
            ('a = "x"', True, [("a", "x", True)]),
            ('a != "x" and b = "y"', True, [("a", "x", False), ("b", "y", True)]),
            ('a = null or a = "nei"', False, [("a", "", True), ("a", "nei", True)]),
            ('a="x"\nor b = "y and z"', False, [("a", "x", True), ("b", "y and z", True)]),
        ],
    )
    def test_the_browser_follows_comparisons(self, hide, every, terms):
        fields = dict(form_of(*self.fields()).fields())
        rule = rule_of(hide, fields, in_row=False)
        assert (rule.every, list(rule.terms)) == (every, terms)

    @pytest.mark.parametrize(
        "hide",
        [
            "over_frist != true", 'a = "x" and b = "y" or a = "z"', 'not(a = "x")', "a", 'c = "x"',
            't = "x"', 'analyse.a = "x"', 'rad.a = "x"', 'a = "x" and over_frist', 'a = b', "",
        ],
    )  # fmt: skip
    def test_the_rest_is_the_servers(self, hide):
        fields = dict(form_of(*self.fields()).fields())
        assert rule_of(hide, fields, in_row=False) is None

    def test_names_are_not_looked_for_in_texts(self):
        assert names_in('a = "b" and not(c.d)') == {"a", "and", "not", "c", "d"}

    @staticmethod
    def fields():
        choices = [component("radio", key, values=JA_NEI) for key in "ab"]
        return [*choices, component("textfield", "t")]


class TestWhatComesIn:
    def test_typed_values(self):
        sent = MultiDict(
            [
                ("problem", "første"),
                ("problem", "siste"),
                ("grunn", "ja"),
                ("grunn", "nei"),
                ("vedtak", "ja"),
                ("tiltak-0", ""),
                ("tiltak-0-hva", "Lek"),
                ("tiltak-1", ""),
                ("syn", "Fint"),
                ("ukjent", "x"),
                ("tiltak-0-ukjent", "x"),
            ]
        )
        typed = typed_from(sent, EVERYTHING)
        assert typed == {
            "problem": "siste",
            "vedtak": "ja",
            "grunn": ["ja", "nei"],
            "ansatte": [],
            "foresatte": [],
            "tiltak": [{"hva": "Lek"}, {}],
            "syn": "Fint",
        }

    @pytest.mark.parametrize(
        ("name", "rows"),
        [
            ("tiltak-7-hva", 1),
            ("tiltak-999-hva", 1),
            ("tiltak-1000-hva", 0),
            ("tiltak--1-hva", 0),
            ("tiltak-٣-hva", 0),
            ("tiltak-0-hva-1-x", 0),
            ("problem-0-hva", 0),
            ("tiltak-" + "9" * 100_000, 0),
        ],
    )
    def test_hostile_names(self, name, rows):
        assert len(typed_from(MultiDict([(name, "x")]), EVERYTHING)["tiltak"]) == rows

    def test_rows_are_bounded(self):
        sent = MultiDict([(f"tiltak-{n}-hva", "x") for n in range(1000)])
        assert len(typed_from(sent, EVERYTHING)["tiltak"]) == 50

    @pytest.mark.parametrize(
        ("sent", "action"),
        [
            ({"send": ""}, Send()),
            ({"lagre": "ja"}, Save()),
            ({"legg_til": "tiltak"}, Add("tiltak")),
            ({"fjern": "tiltak-2"}, Remove("tiltak", 2)),
            ({"oppdater": "ja"}, Refresh()),
            ({}, Refresh()),
            ({"legg_til": "problem"}, Refresh()),
            ({"legg_til": "tiltak.hva"}, Refresh()),
            ({"fjern": "tiltak"}, Refresh()),
            ({"fjern": "problem-0"}, Refresh()),
            ({"fjern": "tiltak-" + "9" * 5000}, Refresh()),
        ],
    )
    def test_which_button(self, sent, action):
        assert action_from(MultiDict(sent), EVERYTHING) == action

    def test_adding_and_removing(self):
        typed = {"problem": "x", "tiltak": [{"hva": "en"}]}
        more = apply(Add("tiltak"), typed, {"nivaa": "klasse"})
        assert more == {"problem": "x", "tiltak": [{"hva": "en"}, {"nivaa": "klasse"}]}
        assert focus_after(Add("tiltak"), more) == "tiltak[1]"
        fewer = apply(Remove("tiltak", 0), more)
        assert fewer["tiltak"] == [{"nivaa": "klasse"}]
        assert focus_after(Remove("tiltak", 0), fewer) == "tiltak"
        assert typed["tiltak"] == [{"hva": "en"}]
        assert apply(Remove("tiltak", 9), typed) == apply(Refresh(), typed) == typed
        assert focus_after(Send(), typed) is None
        assert len(apply(Add("tiltak"), {"tiltak": [{}] * 50})["tiltak"]) == 50

    def test_the_page_and_the_form_agree_on_names(self, draw):
        page = draw(EVERYTHING, {"tiltak": [{"hva": "x"}]})
        names = {each.at["name"] for each in page.elements if each.at.get("name")}
        buttons = {"oppdater", "fjern", "legg_til"}
        paths = {path.replace("tiltak.", "tiltak[0].") for path, _ in EVERYTHING.fields()}
        # A choice among nobody has no control, and a list's own name is not sent.
        drawn = {name_of(path) for path in paths} - {"foresatte", "tiltak"} | {"tiltak-0"}
        assert names - buttons == drawn

    def test_there_and_back(self, draw):
        sent = MultiDict({"problem": "x", "alvorlig": "ja", "syn": "y", "tiltak-0-hva": "Lek"})
        typed = typed_from(sent, EVERYTHING)
        assert [fault.path for fault in faults_of(EVERYTHING, typed)] == ["tiltak[0].hvem"]
        typed["tiltak"][0]["hvem"] = "ansatt:4"
        stored = EVERYTHING.judge(typed, CONTEXT, no_feel, OPTIONS)
        assert stored["tiltak"] == [{"hva": "Lek", "hvem": "ansatt:4"}]
        assert draw(EVERYTHING, stored).all("option", selected=None)[0].at["value"] == "ansatt:4"


def test_a_fault_outside_the_form_is_not_drawn(draw):
    page = draw(EVERYTHING, faults=[Fault("ukjent", Reason.UGYLDIG_SVAR, "Nei.")])
    assert not page.all("a")
