"""What a drawing names must be there: in the folder, in the rules file, or among our own words."""

import json

import pytest

from engine.definitions.bundle import Bundle
from engine.definitions.checks import references as module
from engine.definitions.checks.lookup import SHIPPED, InBundle, OnDisk
from engine.definitions.checks.references import references
from engine.people.roles import Role
from tests.deciding import a_decision, a_file, requiring, row, table
from tests.drawing import END, START, drawing, flows, lane, node, straight, tree, user

RULES = """
[frist.plan]
tekst = "Plan innen"
status = "veiledning"
kilde = "planen 8.6"
fra = "mottatt_rektor"
arbeidsdager = 5

[telling.loest_siste_9_dager]
tekst = "Løst"
status = "skolens_valg"
kilde = "planen 8.6"
slutt = "slutt"
steg = "a"
kalenderdager = 9
"""


def form(form_id: str, *fields: str, **lists: tuple[str, ...]) -> str:
    """A form with text fields, and dynamic lists of text fields."""

    def field(key):
        return {"type": "textfield", "id": f"id_{key}", "key": key, "label": key}

    components = [field(key) for key in fields] + [
        {"type": "dynamiclist", "id": f"id_{path}", "path": path, "label": path,
         "components": [field(key) for key in keys]}
        for path, keys in lists.items()
    ]  # fmt: skip
    return json.dumps(
        {"type": "default", "id": form_id, "schemaVersion": 18, "components": components}
    )


@pytest.fixture
def folder(tmp_path):
    """A folder of processes where `p` has the forms `a` (svar, tiltak[].hvem) and `b` (grunn)."""
    (tmp_path / "p" / "forms").mkdir(parents=True)
    (tmp_path / "p" / "forms" / "a.form").write_text(form("a", "svar", tiltak=("hvem",)))
    (tmp_path / "p" / "forms" / "b.form").write_text(form("b", "grunn"))
    (tmp_path / "regelverk.toml").write_text(RULES)
    return tmp_path


@pytest.fixture
def found(folder):
    """What is found on a drawing that is put in the folder as process `p`."""

    def check(data: bytes) -> set[tuple[str, str | None]]:
        file = folder / "p" / "p.bpmn"
        file.write_bytes(data)
        findings = references(tree(data), OnDisk(file))
        return {(each.rule.removeprefix("henvisning."), each.element) for each in findings}

    return check


def steps(*parts: str, names: str = "a", **more) -> bytes:
    more.setdefault("lanes", lane("rektor", "a", "b"))
    return straight(*parts, names=names, **more)


def asking(expression: str, step: str = "b", **attributes) -> bytes:
    """Step a, then step b with an assignee's expression."""
    second = user(step, camunda__assignee=expression, **attributes)
    return steps(user("a"), second, names=f"a {step}")


LOOP = (
    '<bpmn:multiInstanceLoopCharacteristics camunda:collection="=a.tiltak"'
    ' camunda:elementVariable="tiltak"/>'
)


def deciding(folder, *decisions: str, decision: str = "valg") -> bytes:
    """Step a, and a decision step that asks one of these."""
    (folder / "p" / "valg.dmn").write_bytes(a_file(*decisions))
    step = node("businessRuleTask", "b", camunda__decisionRef=decision)
    return steps(user("a"), step, names="a b")


@pytest.mark.parametrize("name", ["a.svarr", "historikk.a[-1].svarr", "a.tiltak.hvemm"])
def test_a_decision_that_asks_for_a_field_the_form_does_not_have(found, folder, name):
    one = a_decision(table(row("-", "1"), expression=f"count({name})"))
    assert found(deciding(folder, one)) == {("felt_mangler", "b")}
    after = a_decision(requiring("valg") + table(row("-", "1"), expression="valg"), "etter")
    assert found(deciding(folder, one, after, decision="etter")) == {("felt_mangler", "b")}


@pytest.mark.parametrize("name", ["a.svar", "a.tiltak.hvem", "annet_sted.felt", "naa", "valg2"])
def test_a_decision_may_ask_for_what_is_there_and_for_steps_of_others(found, folder, name):
    assert found(deciding(folder, a_decision(table(row("-", "1"), expression=name)))) == set()


@pytest.mark.parametrize(
    "data",
    [
        steps(user("a", trygg__frist="plan", trygg__delplikt="tiltak")),
        steps(user("a", trygg__varsler="rektor kontaktlaerer")),
        steps(user("a", trygg__rolle="saksansvarlig"), lanes=""),
        steps(node("serviceTask", "a", trygg__operasjon="varsle arkiver")),
        asking("=a.svar"),
        asking('=if a.svar = "ja" then a.tiltak[1].hvem else null'),
        asking("=historikk.a[-1].svar"),
        asking("=some t in a.tiltak satisfies t.hvem = naa"),
        asking("=melding_slatt_sammen[1].andre"),
        asking("=loest_siste_9_dager >= 3"),
        steps(user("a"), user("b", LOOP, camunda__assignee="=tiltak.hvem"), names="a b"),
    ],
)
def test_what_is_there_gives_no_finding(found, data):
    assert found(data) == set()


@pytest.mark.parametrize(
    ("rule", "data"),
    [
        ("rolle_ukjent", steps(user("a", trygg__rolle="rektro"))),
        ("rolle_ukjent", steps(user("a", trygg__rolle="ansatt"))),
        ("rolle_ukjent", steps(user("a", trygg__varsler="rektor alle"))),
        ("rolle_ukjent", steps(node("intermediateCatchEvent", "a", trygg__startesAv="alle"))),
        ("uten_rolle", steps(user("a"), lanes="")),
        ("uten_rolle", steps(user("a"), lanes='<bpmn:lane id="l" name="rektor">'
                             "<bpmn:flowNodeRef>a</bpmn:flowNodeRef></bpmn:lane>")),
        ("skjema_mangler", steps(user("a", camunda__formKey="borte"))),
        ("skjema_mangler", steps(user("a", camunda__formKey="../../p/forms/a"))),
        ("skjema_mangler", steps(user("a", camunda__formKey="/etc/passwd"))),
        ("frist_mangler", steps(user("a", trygg__frist="plann"))),
        ("frist_mangler", steps(node("intermediateCatchEvent", "a",
            '<bpmn:timerEventDefinition><bpmn:timeDate>frist("uke")</bpmn:timeDate>'
            "</bpmn:timerEventDefinition>"))),
        ("operasjon_ukjent", steps(node("serviceTask", "a", trygg__operasjon="varsle slett"))),
        ("gjelder_ukjent", steps(node("serviceTask", "a", trygg__operasjon="fremskynd",
                                      trygg__gjelder="borte"))),
        ("gjelder_mangler", steps(node("serviceTask", "a", trygg__operasjon="fremskynd"))),
        ("delplikt_ukjent", steps(user("a", trygg__delplikt="straffe"))),
        ("prosess_mangler", steps(node("callActivity", "a", calledElement="borte"))),
        ("prosess_mangler", steps(node("callActivity", "a", calledElement="../p"))),
        ("beslutning_mangler", steps(node("businessRuleTask", "a", camunda__decisionRef="x"))),
    ],
)  # fmt: skip
def test_what_is_not_there_gives_a_finding_on_the_element(found, rule, data):
    assert (rule, "a") in found(data)


@pytest.mark.parametrize(
    ("rule", "expression"),
    [
        ("felt_mangler", "=a.svaar"),
        ("felt_mangler", "=a.tiltak[1].hvemm"),
        ("felt_mangler", "=historikk.a[-1].svaar"),
        ("felt_mangler", "=start_x.svar = a.svaar"),
        ("steg_ukjent", "=motta.svar"),
        ("steg_ukjent", "=naaa"),
    ],
)
def test_a_field_that_nobody_fills_in_is_found(found, rule, expression):
    assert (rule, "b") in found(asking(expression))


def test_a_condition_and_a_list_are_looked_at_too(found):
    parts = (
        START, END, user("a"), user("b", LOOP.replace("a.tiltak", "a.tiltk")),
        node("exclusiveGateway", "x", default="x_slutt"),
        flows("start a b x slutt", 'x a: =a.svaar = "ja"'),
    )  # fmt: skip
    assert found(drawing(*parts, lanes=lane("rektor", "a", "b"))) == {
        ("felt_mangler", "x_a"), ("felt_mangler", "b"),
    }  # fmt: skip


def test_an_item_of_a_list_is_there_only_inside_its_step(found):
    inside = user("b", LOOP, camunda__assignee="=tiltak.hvemm")
    assert ("felt_mangler", "b") in found(steps(user("a"), inside, names="a b"))
    assert ("steg_ukjent", "b") in found(asking("=tiltak.hvem"))


def test_a_form_that_cannot_be_used_is_found_on_its_step(found, folder):
    file = folder / "p" / "forms" / "a.form"
    file.write_text('{"type":"default","id":"a","components":[{"type":"html","content":"x"}]}')
    assert ("skjema_feil", "a") in found(steps(user("a")))
    file.write_text("{")
    assert ("skjema_feil", "a") in found(steps(user("a")))
    file.write_text(form("c", "svar"))
    assert ("skjema_id", "a") in found(steps(user("a")))


def test_a_rules_file_that_cannot_be_used_is_found_once(found, folder):
    (folder / "regelverk.toml").write_text("[frist.plan]\ntekst = 3")
    data = steps(user("a", trygg__frist="plan"), user("b", trygg__frist="x"), names="a b")
    assert found(data) == {("regelverk", None)}


def test_a_called_process_is_seen_with_its_result_and_steps(found, folder):
    (folder / "q" / "forms").mkdir(parents=True)
    (folder / "q" / "q.bpmn").write_bytes(straight(user("c"), names="c", process_id="q"))
    (folder / "q" / "forms" / "c.form").write_text(form("c", "utfall"))

    def after(expression):
        call = node("callActivity", "kall", calledElement="q")
        last = user("b", camunda__assignee=expression)
        return steps(user("a"), call, last, names="a kall b")

    assert found(after('=if kall.resultat = "slutt" then kall.c.utfall else null')) == set()
    assert found(after("=kall.c.utfal")) == {("felt_mangler", "b")}
    assert found(after("=kall.d")) == {("felt_mangler", "b")}


def test_a_called_process_may_use_its_callers_answers_and_role(folder):
    (folder / "q" / "forms").mkdir(parents=True)
    (folder / "q" / "forms" / "c.form").write_text(form("c", "utfall"))
    call = node("callActivity", "kall", LOOP, calledElement="q")
    data = steps(user("a"), call, names="a kall")
    (folder / "p" / "p.bpmn").write_bytes(data)
    called = user("c", camunda__assignee="=if a.svar = null then tiltak.hvem else a.svar")
    data = straight(called, names="c", process_id="q")
    file = folder / "q" / "q.bpmn"
    file.write_bytes(data)
    assert references(tree(data), OnDisk(file)) == []
    assert references(tree(data), InBundle(Bundle.read(folder, "p"))) == []


def test_calls_in_a_ring_do_not_go_on_for_ever(found, folder):
    (folder / "q").mkdir()
    ring = node("callActivity", "tilbake", calledElement="p")
    (folder / "q" / "q.bpmn").write_bytes(straight(ring, names="tilbake", process_id="q"))
    call = node("callActivity", "kall", calledElement="q")
    last = user("b", camunda__assignee="=kall.tilbake.kall.tilbake.b.grunn")
    assert found(steps(user("a"), call, last, names="a kall b")) == set()


def test_a_file_outside_any_folder_of_processes_uses_the_shipped_ones(tmp_path):
    data = (SHIPPED / "aktivitetsplikt" / "aktivitetsplikt.bpmn").read_bytes()
    file = tmp_path / "kopi.bpmn"
    file.write_bytes(data)
    assert references(tree(data), OnDisk(file)) == []


def test_the_roles_are_those_that_people_can_have():
    """One who is invited to a case reads in it and does no step."""
    assert {str(role) for role in Role if role is not Role.INVITERT} == module.ROLES
