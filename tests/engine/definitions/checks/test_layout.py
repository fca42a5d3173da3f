"""Each rule is silent on the diagrams as shipped and speaks on a changed copy."""

import time
from pathlib import Path

import pytest
from lxml import etree

from engine.definitions.checks.layout import layout
from engine.definitions.checks.lettering import wrap

PROCESSES = Path(__file__).parents[4] / "processes"
SHIPPED = sorted(PROCESSES.glob("*/*.bpmn"))


@pytest.fixture
def drawing():
    return etree.parse(PROCESSES / "aktivitetsplikt" / "aktivitetsplikt.bpmn")


def di(tree, identity):
    """The drawn shape or edge of that element."""
    return tree.find(f".//{{*}}*[@bpmnElement='{identity}']")


def place(tree, identity, **bounds):
    shape = di(tree, identity).find("{*}Bounds")
    for name, value in bounds.items():
        shape.set(name, str(value))


def route(tree, identity, *points):
    """Draw the arrow anew through these points."""
    edge = di(tree, identity)
    for point in edge.findall("{*}waypoint"):
        edge.remove(point)
    for number, (x, y) in enumerate(points):
        point = etree.Element("{http://www.omg.org/spec/DD/20100524/DI}waypoint")
        point.set("x", str(x))
        point.set("y", str(y))
        edge.insert(number, point)


def found(tree):
    return [(finding.rule.removeprefix("layout."), finding.element) for finding in layout(tree)]


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_the_shipped_diagrams_are_easy_to_read(path):
    assert layout(etree.parse(path)) == []


def test_overlapping_shapes(drawing):
    place(drawing, "gripe_inn", x=350)
    assert ("overlapp", "registrer_melding") in found(drawing)


def test_a_step_in_its_sub_process_does_not_overlap_it(drawing):
    place(drawing, "samtale_utsatt_elev", x=1850)
    assert not [rule for rule, _ in found(drawing) if rule == "overlapp"]


def test_a_boundary_event_does_not_overlap_its_host(drawing):
    task = drawing.find(".//{*}userTask[@id='gripe_inn']")
    event = etree.SubElement(task.getparent(), task.tag.replace("userTask", "boundaryEvent"))
    event.set("id", "avbrudd")
    event.set("attachedToRef", "gripe_inn")
    host = di(drawing, "gripe_inn")
    shape = etree.SubElement(host.getparent(), host.tag, bpmnElement="avbrudd")
    bounds = etree.SubElement(shape, host.find("{*}Bounds").tag)
    bounds.attrib.update({"x": "480", "y": "225", "width": "36", "height": "36"})
    assert found(drawing) == []


def test_an_arrow_through_a_step(drawing):
    route(
        drawing, "gripe_inn__G_ansatt", (550, 200), (990, 200), (990, 120), (620, 120), (620, 175)
    )
    assert ("kant_gjennom_form", "gripe_inn__G_ansatt") in found(drawing)


def test_crossing_arrows(drawing):
    route(drawing, "gripe_inn__G_ansatt", (500, 240), (500, 280), (680, 280), (620, 225))
    assert {rule for rule, _ in found(drawing)} == {"kryssende_kanter"}


def test_arrows_on_top_of_each_other(drawing):
    route(drawing, "motta_varsel__G_slaa_sammen", (1040, 540), (1040, 548), (1300, 548))
    route(drawing, "varsle__motta_varsel", (900, 540), (900, 548), (1100, 548), (1100, 540))
    assert "kryssende_kanter" in {rule for rule, _ in found(drawing)}


def test_two_arrows_from_one_gateway_may_share_a_trunk():
    """The split of the follow-up sends four branches along one upright line."""
    tree = etree.parse(PROCESSES / "aktivitetsplan_oppfolging" / "aktivitetsplan_oppfolging.bpmn")
    trunk = [
        edge.get("bpmnElement")
        for edge in tree.iter("{*}BPMNEdge")
        if edge.get("bpmnElement").startswith("del_oppfolging__")
    ]
    assert len(trunk) == 5
    assert layout(tree) == []


def test_a_step_outside_its_lane(drawing):
    place(drawing, "gripe_inn", y=300)
    assert ("utenfor_bane", "gripe_inn") in found(drawing)
    finding = next(f for f in layout(drawing) if f.rule == "layout.utenfor_bane")
    assert (finding.severity, finding.name) == ("warning", "Grip inn")
    assert "«Grip inn» er tegnet utenfor «Den som melder»" in finding.message
    assert "“Grip inn”" in finding.message_en


def test_a_step_outside_its_sub_process(drawing):
    place(drawing, "samtale_utsatt_elev", y=560)
    assert ("utenfor_bane", "samtale_utsatt_elev") in found(drawing)


@pytest.mark.parametrize(
    "name",
    [
        "Skriv ned alt det du husker fra samtalene dere hadde, og gi beskjed til kontaktlæreren",
        "Tverrfaglighetskoordinering",
    ],
)
def test_a_text_that_does_not_fit(drawing, name):
    drawing.find(".//{*}userTask[@id='gripe_inn']").set("name", name)
    assert found(drawing) == [("avkuttet_tekst", "gripe_inn")]


def test_a_label_that_does_not_fit_its_box(drawing):
    event = drawing.find(".//{*}endEvent[@id='E1_handtert_paa_stedet']")
    event.set("name", event.get("name") + ", og alle fikk sette ord på det som skjedde")
    assert found(drawing) == [("avkuttet_tekst", "E1_handtert_paa_stedet")]


def test_a_lane_name_that_does_not_fit(drawing):
    lane = drawing.find(".//{*}lane[@id='Lane_skoleeier']")
    lane.set("name", "Skoleeier, eller den i kommunen som skoleeier har gitt oppgaven til " * 2)
    assert found(drawing) == [("avkuttet_tekst", "Lane_skoleeier")]


@pytest.mark.parametrize("identity", ["gripe_inn", "gripe_inn__G_ansatt", "Lane_rektor"])
def test_an_element_that_is_not_drawn(drawing, identity):
    shape = di(drawing, identity)
    shape.getparent().remove(shape)
    assert ("uten_form", identity) in found(drawing)


@pytest.mark.parametrize("value", ["", "mye", "nan", "inf", "1e9"])
def test_a_place_that_is_no_place_is_as_if_not_drawn(drawing, value):
    place(drawing, "gripe_inn", x=value)
    assert found(drawing) == [("uten_form", "gripe_inn")]


def test_texts_break_where_bpmn_js_breaks_them():
    assert wrap("Informer foresatte og elev", 86, 12) == (
        ("Informer", "foresatte og", "elev"),
        True,
    )
    assert wrap("Varsle rektor og kontaktlærer", 86, 12) == (
        ("Varsle rektor og", "kontaktlærer"),
        True,
    )
    assert not wrap("Tverrfaglighetskoordinering", 86, 12)[1]


def crowded(count, spread):
    """A drawing of so many steps in a chain, each so far from the last."""
    names = (
        "http://www.omg.org/spec/BPMN/20100524/MODEL",
        "http://www.omg.org/spec/BPMN/20100524/DI",
    )
    steps = "".join(f'<userTask id="a{i}" name="Gjør noe {i}"/>' for i in range(count))
    flows = "".join(
        f'<sequenceFlow id="f{i}" sourceRef="a{i}" targetRef="a{(i + 7) % count}"/>'
        for i in range(count)
    )
    shapes = "".join(
        f'<di:BPMNShape bpmnElement="a{i}"><dc:Bounds x="{i % 25 * spread}" '
        f'y="{i // 25 * spread}" width="100" height="80"/></di:BPMNShape>'
        for i in range(count)
    )
    edges = "".join(
        f'<di:BPMNEdge bpmnElement="f{i}">'
        + "".join(
            f'<d:waypoint x="{(i * k) % 900}" y="{(i + 90 * k) % 800}"/>' for k in range(1, 7)
        )
        + "</di:BPMNEdge>"
        for i in range(count)
    )
    return etree.ElementTree(
        etree.fromstring(
            f'<definitions xmlns="{names[0]}" xmlns:di="{names[1]}" '
            'xmlns:dc="http://www.omg.org/spec/DD/20100524/DC" '
            'xmlns:d="http://www.omg.org/spec/DD/20100524/DI">'
            f'<process id="p">{steps}{flows}</process><di:BPMNDiagram>'
            f'<di:BPMNPlane bpmnElement="p">{shapes}{edges}</di:BPMNPlane>'
            "</di:BPMNDiagram></definitions>"
        )
    )


@pytest.mark.parametrize("spread", [1, 40, 150])
def test_a_large_and_tangled_drawing_costs_little(spread):
    tree = crowded(500, spread)
    times = []
    for _ in range(3):
        start = time.process_time()
        findings = layout(tree)
        times.append(time.process_time() - start)
    assert findings
    assert min(times) < 0.3
