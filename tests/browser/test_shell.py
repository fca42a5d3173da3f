"""The shell in a real browser, under its own content security policy."""

from itertools import pairwise

import pytest
from flask import Blueprint, jsonify, render_template_string, request

from web.app import create_app
from web.security import public

STEPS = ["meld", "vurder", "plan", "sjekk"]

DIAGRAM_PAGE = """{% extends "base.html" %}{% import "macros.html" as m %}
{% block head %}{{ m.diagram_style() }}{% endblock %}
{% block content %}<h1>Sak</h1>{{ m.diagram("d", "Hvor saken er", data=data, list_url="#") }}
{% endblock %}{% block scripts %}{{ m.script("viewer.js") }}{% endblock %}"""

FORM_PAGE = """{% extends "base.html" %}{% import "macros.html" as m %}
{% block content %}<h1>Meld</h1><form method="post" data-draft-url="/prove/kladd">{{ m.csrf() }}
<div class="ds-field"><label for="hva">Hva</label><textarea class="ds-input" id="hva" name="hva">
</textarea></div>{{ m.draft_status() }}</form>{% endblock %}
{% block scripts %}{{ m.script("draft.js") }}{% endblock %}"""


def bpmn() -> str:
    """A row of four steps, wider than a phone."""
    nodes = "".join(f'<userTask id="{step}" name="Steg {step}"/>' for step in STEPS)
    flows = "".join(
        f'<sequenceFlow id="f_{a}" sourceRef="{a}" targetRef="{b}"/>' for a, b in pairwise(STEPS)
    )
    shapes = "".join(
        f'<di:BPMNShape id="{step}_di" bpmnElement="{step}">'
        f'<dc:Bounds x="{300 * place}" y="0" width="100" height="80"/></di:BPMNShape>'
        for place, step in enumerate(STEPS)
    )
    edges = "".join(
        f'<di:BPMNEdge id="f_{step}_di" bpmnElement="f_{step}">'
        f'<w:waypoint x="{300 * place + 100}" y="40"/><w:waypoint x="{300 * place + 300}" y="40"/>'
        "</di:BPMNEdge>"
        for place, step in enumerate(STEPS[:-1])
    )
    return (
        '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"'
        ' xmlns:di="http://www.omg.org/spec/BPMN/20100524/DI"'
        ' xmlns:dc="http://www.omg.org/spec/DD/20100524/DC"'
        ' xmlns:w="http://www.omg.org/spec/DD/20100524/DI" id="d" targetNamespace="t">'
        f'<process id="p" isExecutable="true">{nodes}{flows}</process>'
        f'<di:BPMNDiagram id="b"><di:BPMNPlane id="l" bpmnElement="p">{shapes}{edges}'
        "</di:BPMNPlane></di:BPMNDiagram></definitions>"
    )


@pytest.fixture
def site(serve):
    app = create_app(SECRET_KEY="test")
    trial = Blueprint("trial", __name__)
    app.saved = []

    @trial.get("/sak")
    def case():
        data = {"xml": bpmn(), "done": ["meld", "vurder", "f_vurder"], "current": ["plan"]}
        return render_template_string(DIAGRAM_PAGE, data=data)

    @trial.get("/odelagt")
    def broken():
        return render_template_string(DIAGRAM_PAGE, data={"xml": "<ikke bpmn"})

    @trial.get("/prove")
    def form():
        return render_template_string(FORM_PAGE)

    @trial.post("/prove/kladd")
    def draft():
        app.saved.append(request.form["hva"])
        return jsonify(saved_at="10.42")

    app.context_processor(
        lambda: {"nav": [{"label": "Saker", "href": "/sak", "current": True}], "school": "Skolen"}
    )
    app.register_blueprint(trial)
    for endpoint, view in app.view_functions.items():
        if endpoint.startswith("trial."):
            public(view)
    return app, serve(app)


@pytest.fixture
def page(browser, request):
    width = getattr(request, "param", 1280)
    context = browser.new_context(viewport={"width": width, "height": 800})
    page = context.new_page()
    page.complaints = []
    page.on("console", lambda message: page.complaints.append(message.text))
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    yield page
    context.close()


@pytest.mark.parametrize("page", [390, 1280], indirect=True)
def test_diagram_shows_where_the_case_is(site, page):
    page.goto(f"{site[1]}/sak")
    page.wait_for_selector(".tr-diagram[data-drawn=true]")
    marks = {
        step: page.get_attribute(f'[data-element-id="{step}"]', "class").split()[-1]
        for step in STEPS
    }
    assert marks == {"meld": "done", "vurder": "done", "plan": "current", "sjekk": "todo"}
    assert "done" in page.get_attribute('[data-element-id="f_vurder"]', "class")
    assert page.is_visible(".bjs-powered-by")
    frame = page.locator(".tr-diagram-scroll").bounding_box()
    current = page.locator('[data-element-id="plan"] .djs-visual').bounding_box()
    assert frame["x"] <= current["x"]
    assert current["x"] + current["width"] <= frame["x"] + frame["width"]
    assert page.complaints == []


@pytest.mark.parametrize("page", [390], indirect=True)
def test_diagram_on_a_phone_is_readable_and_zooms(site, page):
    page.goto(f"{site[1]}/sak")
    page.wait_for_selector(".tr-diagram[data-drawn=true]")
    shape = page.locator('[data-element-id="plan"] .djs-visual')
    width = shape.bounding_box()["width"]
    assert width >= 100 * 14 / 12
    page.click("[data-zoom=in]")
    assert shape.bounding_box()["width"] > width * 1.2
    page.click("[data-zoom=fit]")
    canvas = page.locator(".tr-diagram-canvas").bounding_box()
    assert canvas["width"] <= page.locator(".tr-diagram-scroll").bounding_box()["width"]


def test_a_diagram_that_cannot_be_drawn_says_so(site, page):
    page.goto(f"{site[1]}/odelagt")
    page.wait_for_selector(".tr-diagram[data-drawn=false]")
    assert "Se det samme som liste" in page.inner_text(".tr-diagram-canvas")


def test_draft_is_saved_after_a_pause(site, page):
    app, address = site
    page.goto(f"{address}/prove")
    page.fill("#hva", "Noor stod alene på skolegården")
    page.get_by_text("Kladd lagret kl. 10.42. Bare du ser den.").wait_for(timeout=8000)
    assert app.saved == ["Noor stod alene på skolegården"]
    assert page.complaints == []


def test_a_draft_that_is_not_saved_says_so(site, page):
    page.goto(f"{site[1]}/prove")
    page.route("**/kladd", lambda route: route.abort())
    page.fill("#hva", "Noor stod alene")
    page.get_by_text("Kladden er ikke lagret ennå.").wait_for(timeout=8000)
    assert page.input_value("#hva") == "Noor stod alene"


@pytest.mark.parametrize("page", [320, 390, 1280], indirect=True)
@pytest.mark.parametrize("path", ["/sak", "/prove", "/hjelp", "/finnes-ikke"])
def test_no_page_scrolls_sideways_and_targets_are_large(site, page, path):
    page.goto(site[1] + path)
    page.wait_for_load_state("networkidle")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    small = page.evaluate(
        """[...document.querySelectorAll('button, summary, textarea, nav a, footer a')]
        .filter((e) => e.offsetHeight && e.offsetHeight < 44 && !e.closest('.ds-breadcrumbs'))
        .map((e) => e.outerHTML)"""
    )
    assert small == []


@pytest.mark.parametrize("page", [390], indirect=True)
def test_the_phone_menu_opens_without_script(site, page):
    page.goto(f"{site[1]}/hjelp")
    link = page.get_by_role("link", name="Saker")
    assert not link.is_visible()
    page.click(".tr-menu summary")
    assert link.is_visible()
    assert page.locator(".tr-menu summary").bounding_box()["y"] < 40
