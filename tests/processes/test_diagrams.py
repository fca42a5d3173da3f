"""The shipped diagrams hold together: with each other, with their forms and with the rules."""

import json
import re
import tomllib
from collections import Counter
from pathlib import Path

import pytest
from lxml import etree

PROCESSES = Path(__file__).parents[2] / "processes"
DIAGRAMS = sorted(PROCESSES.glob("*/*.bpmn"))
TRYGG = "{urn:trygg:bpmn:1}"
CAMUNDA = "{http://camunda.org/schema/1.0/bpmn}"
OPERATIONS = {
    "varsle", "informer", "del_plan", "arkiver", "send_melding", "frys_og_eksporter",
    "slaa_sammen", "fremskynd", "opprett_elevsak", "opprett_melding", "samle_tall", "innkall",
    "meld_utrygg", "meld_12_5", "del_avtale",
}  # fmt: skip
ROLES = {
    "rektor", "ledelse", "kontaktlaerer", "skoleeier", "melder", "saksansvarlig", "undersoker",
    "tilrettelegger", "ansvarlig", "faglaerer", "miljoarbeider", "aks", "sosialveileder",
    "helsesykepleier",
}  # fmt: skip
DELPLIKTER = {"folge_med", "gripe_inn", "varsle", "undersoke", "tiltak"}
FACTS = {
    "historikk", "melding_slatt_sammen", "tiltak", "involvert", "ansatt", "hver", "klasse",
    "trinn", "barn",
}  # fmt: skip
ENDS = {
    "aktivitetsplikt": {
        "E1_handtert_paa_stedet", "E2_trygt", "E3_uten_tiltak", "E4_overfort",
        "E5_slatt_sammen",
    },
    "aktivitetsplan_oppfolging": {"trygt", "endre", "overfort"},
    "skjerpet_aktivitetsplikt": {"avsluttet_trygg", "til_p06", "grunnlos_dokumentert"},
    "gjenopprettende_elev_elev": {
        "gjenopprettet", "avbrutt_ikke_frivillig", "ikke_egnet_overfort",
    },
    "gjenopprettende_laerer_elev": {"tillit_gjenopprettet", "videre_P01", "avbrutt"},
    "gjenopprettende_skole_foresatte": {"samarbeid_gjenopprettet", "loftet_videre"},
    "statsforvaltersak": {"avvist", "plikt_oppfylt", "vedtak_oppfylt", "overfort"},
    "aarshjul_rutine": {"gjennomfort", "utgatt"},
    "undersokelse_oppfolging": {"fulgt_opp"},
    "aarsevaluering": {"ny_plan", "svar_gitt"},
    "fysisk_inngripen": {"dokumentert"},
    "saarbare_elever": {"oppdatert"},
    "overgangsmote": {"overfort", "ikke_samtykke"},
    "informasjon_kap12": {"alle_informert", "delvis_med_avvik"},
}  # fmt: skip


@pytest.fixture(params=DIAGRAMS, ids=lambda path: path.stem)
def path(request):
    return request.param


@pytest.fixture
def tree(path):
    return etree.parse(path)


def steps(tree, *tags):
    return [node for tag in tags for node in tree.iter("{*}" + tag)]


def rules():
    return tomllib.loads((PROCESSES / "regelverk.toml").read_text("utf-8"))["frist"]


def form_keys(path):
    """The keys of the fields of a form; of a list, the keys of its rows too."""

    def keys(components):
        for component in components:
            if key := component.get("key") or component.get("path"):
                yield key
            yield from keys(component.get("components", ()))

    return set(keys(json.loads(path.read_text("utf-8"))["components"]))


def test_folder_file_and_process_have_one_name(path, tree):
    about = tomllib.loads((path.parent / "process.toml").read_text("utf-8"))
    process = tree.find("{*}process")
    assert path.parent.name == path.stem == process.get("id") == about["id"]
    assert process.get("name") == tree.find(".//{*}participant").get("name") == about["navn"]
    by_hand = tree.find("{*}process/{*}startEvent").get(TRYGG + "startesAv")
    said = {"for_hva", "ikke_for"} if by_hand else set()
    always = {"id", "navn", "beskrivelse", "plan", "paragraf"} | said
    assert always <= set(about) <= always | {"slaas_paa"}
    assert about.get("slaas_paa") in (None, "av_ledelsen")


def test_every_step_has_its_form_and_every_form_its_step(path, tree):
    used = [node.get(CAMUNDA + "formKey") for node in steps(tree, "userTask")]
    assert sorted(used) == sorted(form.stem for form in path.parent.glob("forms/*.form"))
    assert all(node.get("id") == node.get(CAMUNDA + "formKey") for node in steps(tree, "userTask"))


def test_every_deadline_is_a_rule(tree):
    keys = {node.get(TRYGG + "frist") for node in tree.iter() if node.get(TRYGG + "frist")}
    for timer in tree.iter("{*}timeDate"):
        keys |= set(re.fullmatch(r'frist\("(\w+)"\)', timer.text).groups())
    assert keys
    assert keys <= set(rules())


def test_own_attributes_have_known_values(tree):
    for node in tree.iter(etree.Element):
        assert set((node.get(TRYGG + "operasjon") or "").split()) <= OPERATIONS
        assert set((node.get(TRYGG + "startesAv") or "").split()) <= ROLES
        assert set((node.get(TRYGG + "girRolle") or "").split()) <= ROLES
        assert node.get(TRYGG + "sak") in (None, "elevens", "skolens")
        assert node.get(TRYGG + "rolle", "rektor") in ROLES
        assert node.get(TRYGG + "delplikt", "tiltak") in DELPLIKTER
        told = node.get(TRYGG + "varsler") or ""
        assert told.startswith("=") or set(told.split()) <= ROLES | {"foresatte"}
    for task in steps(tree, "serviceTask"):
        assert task.get(TRYGG + "operasjon")


def test_every_choice_has_a_default_and_conditions(tree):
    for gateway in steps(tree, "exclusiveGateway"):
        out = [f for f in steps(tree, "sequenceFlow") if f.get("sourceRef") == gateway.get("id")]
        bare = [f.get("id") for f in out if f.find("{*}conditionExpression") is None]
        assert bare == ([gateway.get("default")] if len(out) > 1 else [out[0].get("id")])
        assert (len(out) > 1) == bool(gateway.get("name")), "a choice asks, a merge is silent"


def test_only_gateways_split_and_only_gateways_and_ends_merge(tree):
    flows = steps(tree, "sequenceFlow")
    out = Counter(flow.get("sourceRef") for flow in flows)
    into = Counter(flow.get("targetRef") for flow in flows)
    gateways = {node.get("id") for node in steps(tree, "exclusiveGateway", "parallelGateway")}
    ends = {node.get("id") for node in steps(tree, "endEvent")}
    assert {node for node, count in out.items() if count > 1} <= gateways
    assert {node for node, count in into.items() if count > 1} <= gateways | ends


def test_ends_are_those_that_others_wait_for(path, tree):
    ends = {node.get("id") for node in tree.iterfind("{*}process/{*}endEvent")}
    assert ends == ENDS[path.stem]


def test_a_message_has_the_name_of_the_event_that_waits_for_it(tree):
    names = {message.get("id"): message.get("name") for message in tree.iterfind("{*}message")}
    waiting = {
        event.getparent().get("id"): names[event.get("messageRef")]
        for event in tree.iter("{*}messageEventDefinition")
    }
    assert all(name == node for node, name in waiting.items())
    assert sorted(waiting) == sorted(names.values())


def test_the_results_that_are_asked_for_are_ends_of_the_called_process(tree):
    for call in steps(tree, "callActivity"):
        asked = re.findall(
            rf'{call.get("id")}\.resultat = "(\w+)"', etree.tostring(tree, encoding="unicode")
        )
        assert asked
        assert set(asked) < ENDS[call.get("calledElement")]


def test_expressions_name_steps_and_fields_that_exist(path, tree):
    forms = [*PROCESSES.glob("*/forms/*.form"), *path.parent.glob("forms/*.form")]
    fields = {form.stem: form_keys(form) for form in forms}  # its own last: these count
    fields["meld_12_5"] = {"undersokt"}
    fields["aktivitetsplan_oppfolging"] = {"resultat"}
    fields["varsling"] = {"hvem"}
    for node in tree.iter("{*}startEvent", "{*}intermediateCatchEvent"):
        fields[node.get("id")] = set(node.get(TRYGG + "mottar", "").split())
    texts = [node.text for node in tree.iter("{*}conditionExpression")]
    texts += [
        value
        for node in tree.iter(etree.Element)
        for value in node.attrib.values()
        if value.startswith("=")
    ]
    assert texts
    for text in texts:
        plain = re.sub(r'"[^"]*"', '""', text)
        for step, field in re.findall(r"(?<![.\w])([a-z_]\w*)\.([a-z_]\w*)", plain):
            if step in fields:
                assert field in fields[step], text
            else:
                assert step in FACTS | {"m", "item"}, text


def test_steps_in_the_period_name_their_own_roles():
    """The measures' period stands in one lane and holds the tasks of three roles."""
    tree = etree.parse(PROCESSES / "aktivitetsplan_oppfolging" / "aktivitetsplan_oppfolging.bpmn")
    period = tree.find(".//{*}subProcess[@id='periode']")
    assert {
        task.get("id"): task.get(TRYGG + "rolle") for task in period.iterfind("{*}userTask")
    } == {
        "gjennomfor_tiltak": "ansvarlig",
        "evalueringsmote": "saksansvarlig",
        "beslutning": "rektor",
    }
