"""Each thing the engine can't run gives a finding that names the element; what it runs, none."""

import pytest

from engine.definitions.checks.flows import CHAIN
from engine.definitions.checks.runnable import runnable, together
from tests.drawing import END, START, drawing, flows, lane, node, straight, tree, user

MESSAGE = '<bpmn:message id="m" name="beskjed"/>'
CATCH = '<bpmn:messageEventDefinition messageRef="m"/>'
LOOP = "<bpmn:multiInstanceLoopCharacteristics{}>{}</bpmn:multiInstanceLoopCharacteristics>"
LISTED = LOOP.format(' camunda:collection="=plan.tiltak" camunda:elementVariable="tiltak"', "")


def found(data: bytes) -> set[tuple[str, str | None]]:
    return {(each.rule.removeprefix("kjorbar."), each.element) for each in runnable(tree(data))}


def one(step: str, **more) -> bytes:
    return straight(step, names="a", **more)


def timer(inner: str, tag: str = "intermediateCatchEvent") -> str:
    return node(tag, "a", f"<bpmn:timerEventDefinition>{inner}</bpmn:timerEventDefinition>")


def extended(inner: str, tag: str = "userTask") -> str:
    extension = f"<bpmn:extensionElements>{inner}</bpmn:extensionElements>"
    return node(tag, "a", extension, camunda__formKey="a", trygg__operasjon="arkiver")


def sub(body: str, **attributes) -> str:
    return node("subProcess", "a", body, **attributes)


INSIDE = node("startEvent", "s1") + user("b") + node("endEvent", "e1") + flows("s1 b e1")


def event_sub(start: str) -> bytes:
    inside = start + user("b") + node("endEvent", "e1") + flows("s1 b e1")
    parts = (START, user("c"), END, sub(inside, triggeredByEvent="true"), flows("start c slutt"))
    return drawing(*parts, extra=MESSAGE, lanes=lane("rektor", "a", "c"))


RUNS = {
    "a user task": one(user("a", camunda__assignee="=plan.ansvarlig")),
    "an operation": one(node("serviceTask", "a", trygg__operasjon="varsle arkiver")),
    "a decision": one(node("businessRuleTask", "a", camunda__decisionRef="d")),
    "a call": one(node("callActivity", "a", calledElement="q")),
    "a sub-process": one(sub(INSIDE)),
    "a repeated task": one(user("a", LISTED)),
    "a message": one(node("intermediateCatchEvent", "a", CATCH), extra=MESSAGE),
    "a deadline": one(timer('<bpmn:timeDate>=frist("plan")</bpmn:timeDate>')),
    "a terminate end": drawing(
        START, user("a"), node("endEvent", "slutt", "<bpmn:terminateEventDefinition/>"),
        flows("start a slutt"),
    ),
    "a choice": drawing(
        START, user("a"), END, node("exclusiveGateway", "x", default="x_slutt"),
        flows("start a x slutt", 'x a: =a.b = "ja"'),
    ),
    "a parallel block": drawing(
        START, END, user("a"), user("b"), node("parallelGateway", "f"),
        node("parallelGateway", "j"), flows("start f a j slutt", "f b j"),
    ),
    "a race": drawing(
        START, END, node("eventBasedGateway", "g"), node("intermediateCatchEvent", "a", CATCH),
        timer('<bpmn:timeDate>frist("plan")</bpmn:timeDate>').replace('"a"', '"b"'),
        flows("start g a slutt", "g b slutt"), extra=MESSAGE,
    ),
    "a boundary message": drawing(
        START, END, user("a"), user("b"), node("boundaryEvent", "e", CATCH, attachedToRef="a"),
        flows("start a slutt", "e b slutt"), extra=MESSAGE,
    ),
    "an event sub-process": event_sub(node("startEvent", "s1", CATCH, isInterrupting="false")),
    "a pool and a note": one(
        user("a"),
        extra='<bpmn:collaboration id="c"><bpmn:participant id="pa" processRef="p"/>'
        '<bpmn:participant id="pb" name="Foresatte"/></bpmn:collaboration>',
    ),
}  # fmt: skip

ELEMENTS = {
    "skript": [one(node("scriptTask", "a", "<bpmn:script>1/0</bpmn:script>"))],
    "uten_type": [one(node("task", "a"))],
    "manuell": [one(node("manualTask", "a"))],
    "sending": [
        one(node("sendTask", "a", messageRef="m"), extra=MESSAGE),
        one(node("intermediateThrowEvent", "a", CATCH), extra=MESSAGE),
    ],
    "mottak": [one(node("receiveTask", "a"))],
    "elementtype": [
        one(node("complexGateway", "a")),
        one(node("transaction", "a", INSIDE)),
        one(node("adHocSubProcess", "a", user("b"))),
        one(user("a", isForCompensation="true")),
        one(node("globalTask", "a")),
    ],
    "hendelse": [
        one(node("intermediateCatchEvent", "a", f"<bpmn:{kind}EventDefinition/>"))
        for kind in ("signal", "error", "escalation", "conditional", "link", "compensate",
                     "cancel", "terminate")
    ] + [one(node("intermediateCatchEvent", "a", CATCH * 2), extra=MESSAGE)],
    "hendelse_uten_type": [one(node("intermediateCatchEvent", "a"))],
    "melding_uten_navn": [
        one(node("intermediateCatchEvent", "a", CATCH)),
        one(node("intermediateCatchEvent", "a", CATCH), extra='<bpmn:message id="m"/>'),
    ],
    "timer": [
        one(timer(inner))
        for inner in (
            "<bpmn:timeDuration>P5D</bpmn:timeDuration>",
            "<bpmn:timeCycle>R/P7D</bpmn:timeCycle>",
            "<bpmn:timeDate>2026-11-24</bpmn:timeDate>",
            '<bpmn:timeDate>frist("a") + frist("b")</bpmn:timeDate>',
            "<bpmn:timeDate>__import__('os').system('x')</bpmn:timeDate>",
            '<bpmn:timeDate>frist("a")</bpmn:timeDate><bpmn:timeDuration>P1D</bpmn:timeDuration>',
            "<bpmn:timeDate/>",
            "",
        )
    ],
    "data": [
        one(user("a", "<bpmn:dataInputAssociation/>")),
        one(user("a", "<bpmn:dataOutputAssociation/>")),
        one(user("a", "<bpmn:ioSpecification/>")),
        one(user("a", '<bpmn:property id="pr"/>')),
    ],
    "utforer": [one(user("a", "<bpmn:potentialOwner/>"))],
    "gjentakelse": [
        one(user("a", LOOP.format("", ""))),
        one(user("a", LOOP.format("", "<bpmn:loopCardinality>3</bpmn:loopCardinality>"))),
        one(user("a", LOOP.format(
            ' camunda:collection="=a.b"',
            "<bpmn:completionCondition>true</bpmn:completionCondition>"))),
        one(user("a", LOOP.format("", "<bpmn:loopDataInputRef>x</bpmn:loopDataInputRef>"))),
        one(user("a", "<bpmn:standardLoopCharacteristics/>")),
    ],
    "gjentakelse_av": [one(node("serviceTask", "a", LISTED, trygg__operasjon="arkiver"))],
    "elementnavn": [
        one(user("a", LOOP.format(
            f' camunda:collection="=a.b" camunda:elementVariable="{name}"', "")))
        for name in ("historikk", "mitt tiltak", "1")
    ],
    "uten_skjema": [one(user("a", camunda__formKey=""))],
    "uten_operasjon": [one(node("serviceTask", "a"))],
    "uten_beslutning": [one(node("businessRuleTask", "a"))],
    "uten_kalt_prosess": [one(node("callActivity", "a"))],
    "tom_delprosess": [one(sub(""))],
    "skript_rundt": [
        one(extended("<spiffworkflow:preScript>x = 1</spiffworkflow:preScript>")),
        one(extended("<spiffworkflow:postScript>x = 1</spiffworkflow:postScript>")),
    ],
    "utvidelse": [
        one(extended("<spiffworkflow:serviceTaskOperator/>", "serviceTask")),
        one(extended("<camunda:executionListener/>")),
        one(extended("<camunda:taskListener/>")),
        one(extended("<camunda:inputOutput/>")),
        one(extended("<camunda:formData/>")),
        one(extended("<zeebe:ioMapping/>")),
        one(user("a", camunda__formRef="x")),
        one(user("a", camunda__candidateUsers="x")),
        one(user("a", camunda__dueDate="x")),
        one(node("serviceTask", "a", trygg__operasjon="arkiver", camunda__class="x.Y")),
        one(node("serviceTask", "a", trygg__operasjon="arkiver", camunda__expression="x")),
        one(node("serviceTask", "a", trygg__operasjon="arkiver", camunda__delegateExpression="x")),
    ],
    "trygg_ukjent": [one(user("a", trygg__rolla="rektor"))],
    "leses_ikke": [one(extended('<x:y xmlns:x="urn:x"/>')), one(extended("<camunda:properties/>"))],
    "uttrykk": [
        one(user("a", camunda__assignee="=[x for x in plan]")),
        one(user("a", trygg__varsler="=lambda: 1")),
        one(user("a", LISTED.replace("=plan.tiltak", "=plan.(tiltak"))),
    ],
    "hendelsesprosess_piler": [
        drawing(START, END, user("c"), sub(
            node("startEvent", "s1", CATCH, isInterrupting="false") + user("b")
            + node("endEvent", "e1") + flows("s1 b e1"), triggeredByEvent="true"),
            flows("start c a slutt"), extra=MESSAGE, lanes=lane("rektor", "a")),
    ],
    "hendelsesprosess_bane": [
        event_sub(node("startEvent", "s1", CATCH, isInterrupting="false")).replace(
            b"<bpmn:flowNodeRef>a</bpmn:flowNodeRef>", b""),
    ],
    "blindvei": [drawing(START, user("a"), user("b"), END, node("parallelGateway", "f"),
                         flows("start f a", "f b slutt"))],
    "delt_uten_port": [drawing(START, user("a"), END, user("b"),
                               flows("start a slutt", "a b slutt"))],
    "unaaelig": [drawing(START, user("a"), user("b"), END, flows("start b slutt", "a slutt"))],
}  # fmt: skip


@pytest.mark.parametrize("data", RUNS.values(), ids=RUNS)
def test_what_the_engine_runs_gives_no_finding(data):
    assert found(data) == set()


@pytest.mark.parametrize(
    ("rule", "data"),
    [
        pytest.param(rule, data, id=f"{rule}{number}")
        for rule, files in ELEMENTS.items()
        for number, data in enumerate(files)
    ],
)
def test_what_the_engine_cannot_run_gives_a_finding_on_the_element(rule, data):
    assert (rule, "a") in found(data)


def event_start(inner: str, **attributes) -> bytes:
    return event_sub(node("startEvent", "s1", inner, **attributes))


@pytest.mark.parametrize(
    ("rule", "element", "data"),
    [
        ("uten_prosess", None, drawing().replace(
            b'<bpmn:process id="p" name="Prosess" isExecutable="true"></bpmn:process>', b"")),
        ("flere_prosesser", "q", one(user("a"), extra='<bpmn:process id="q"/>').replace(
            b'<bpmn:process id="q"/>', b"").replace(
            b"</bpmn:definitions>", b'<bpmn:process id="q"/></bpmn:definitions>')),
        ("ikke_kjorbar", "p", one(user("a"), executable="false")),
        ("uten_id", None, one(user("a")).replace(b' id="p"', b"")),
        ("samme_id", "a", drawing(START, user("a"), user("a"), END, flows("start a slutt"))),
        ("ugyldig_id", "a&quot;]", one(user("a")).replace(b'"slutt"', b'"a&amp;quot;]"')),
        ("opptatt_id", "Start", straight(user("Start"), names="Start")),
        ("opptatt_id", "historikk", straight(user("historikk"), names="historikk")),
        ("uten_start", "p", drawing(user("a"), END, flows("a slutt"))),
        ("uten_slutt", "p", drawing(START, user("a"), flows("start a", "a a"))),
        ("flere_starter", "s2", drawing(START, node("startEvent", "s2"), user("a"), END,
                                        flows("start a slutt", "s2 a"))),
        ("pil_til_start", "start", drawing(START, user("a"), END,
                                           flows("start a slutt", "a start"))),
        ("start_med_hendelse", "s", drawing(
            node("startEvent", "s", "<bpmn:timerEventDefinition/>"), user("a"), END,
            flows("s a slutt"))),
        ("pil_fra_slutt", "slutt", drawing(START, user("a"), END,
                                           flows("start a slutt", "slutt a"))),
        ("los_pil", "a_b", one(user("a")).replace(
            b"</bpmn:process>", flows("a b").encode() + b"</bpmn:process>")),
        ("los_pil", "s1_a", one(sub(INSIDE + flows("s1 a")))),
        ("uten_standardvei", "x", drawing(
            START, user("a"), END, node("exclusiveGateway", "x"),
            flows("start a x", "x slutt: =a.b", "x a: =a.c"))),
        ("uten_vilkar", "x_a", drawing(
            START, user("a"), END, node("inclusiveGateway", "x", default="x_slutt"),
            flows("start a x slutt", "x a"))),
        ("vilkar_paa_standardvei", "x_slutt", drawing(
            START, user("a"), END, node("exclusiveGateway", "x", default="x_slutt"),
            flows("start a x", "x slutt: =a.b", "x a: =a.c"))),
        ("vilkar_uten_valg", "f_b", drawing(
            START, END, user("a"), user("b"), node("parallelGateway", "f"),
            node("parallelGateway", "j"), flows("start f a j slutt", "f b: =a.b", "b j"))),
        ("vilkar_uten_valg", "start_a", drawing(START, user("a"), END,
                                                flows("start a: =a.b", "a slutt"))),
        ("uttrykk", "x_a", drawing(
            START, user("a"), END, node("exclusiveGateway", "x", default="x_slutt"),
            flows("start a x slutt", "x a: __import__('os').system('x')"))),
        ("hendelsesport", "g", drawing(
            START, END, user("a"), user("b"), node("eventBasedGateway", "g"),
            flows("start g a slutt", "g b slutt"))),
        ("hendelsesprosess_avbryter", "s1", event_start(CATCH)),
        ("hendelsesprosess_avbryter", "s1", event_start(CATCH, isInterrupting="true")),
        ("hendelsesprosess_start", "s1", event_start(
            '<bpmn:timerEventDefinition><bpmn:timeDate>frist("plan")</bpmn:timeDate>'
            "</bpmn:timerEventDefinition>", isInterrupting="false")),
        ("hendelsesprosess_start", "s1", event_start("", isInterrupting="false")),
        ("hendelsesprosess_inni", "i", one(sub(INSIDE + node(
            "subProcess", "i", node("startEvent", "s2", CATCH, isInterrupting="false")
            + user("c") + node("endEvent", "e2") + flows("s2 c e2"), triggeredByEvent="true")),
            extra=MESSAGE)),
        ("kanthendelse_uten_vert", "e", drawing(
            START, END, user("a"), node("boundaryEvent", "e", CATCH, attachedToRef="borte"),
            flows("start a slutt", "e slutt"), extra=MESSAGE)),
        ("pil_til_kanthendelse", "e", drawing(
            START, END, user("a"), user("b"), node("boundaryEvent", "e", CATCH, attachedToRef="a"),
            flows("start a b slutt", "b e slutt"), extra=MESSAGE)),
        ("korrelasjon", "cp", one(user("a"), extra='<bpmn:correlationProperty id="cp"/>')),
        ("data", "ds", one(user("a"), extra='<bpmn:dataStore id="ds" name="x"/>')),
        ("data_tegnet", "dr", straight(
            user("a"), '<bpmn:dataObjectReference id="dr" name="Plan" dataObjectRef="do"/>',
            names="a")),
        ("for_lang", f"s{CHAIN - 1}", straight(
            *(user(f"s{i}") for i in range(CHAIN + 5)),
            names=" ".join(f"s{i}" for i in range(CHAIN + 5)))),
    ],
)  # fmt: skip
def test_faults_of_the_whole_are_found_where_they_are(rule, element, data):
    assert (rule, element) in found(data)


def test_a_task_that_a_loop_can_open_again_and_again_is_warned_of():
    def looped(cancel):
        return drawing(
            START, END, user("a"), user("b"), node("exclusiveGateway", "x", default="x_slutt"),
            node("exclusiveGateway", "inn"),
            node("boundaryEvent", "e", CATCH, attachedToRef="a", cancelActivity=cancel),
            flows("start inn a x slutt", "x inn: =a.b", "e b slutt"), extra=MESSAGE,
        )  # fmt: skip

    (warning,) = runnable(tree(looped("false")))
    assert (warning.rule, warning.severity) == ("kjorbar.kanthendelse_i_lokke", "warning")
    assert runnable(tree(looped("true"))) == []


def calling(process_id: str, other: str) -> bytes:
    call = node("callActivity", f"k_{process_id}", calledElement=other)
    return straight(call, names=f"k_{process_id}", process_id=process_id)


def test_calls_that_go_in_a_ring_are_found():
    ring = {"p": tree(calling("p", "q")), "q": tree(calling("q", "p"))}
    for process_id in ring:
        (finding,) = together(process_id, ring)
        assert (finding.rule, finding.element) == ("kjorbar.kall_i_ring", f"k_{process_id}")
    own = {"p": tree(calling("p", "p"))}
    assert [each.rule for each in together("p", own)] == ["kjorbar.kall_i_ring"]
    straight_on = {"p": tree(calling("p", "q")), "q": tree(straight(user("a"), names="a"))}
    assert together("p", straight_on) == []


def test_a_sub_process_with_the_id_of_another_is_found():
    first = straight(sub(INSIDE), names="a", process_id="p")
    second = straight(sub(INSIDE), names="a", process_id="q")
    (finding,) = together("p", {"p": tree(first), "q": tree(second)})
    assert (finding.rule, finding.element) == ("kjorbar.id_i_annen_prosess", "a")


def test_all_findings_come_at_once_and_never_in_python_or_xml():
    steps = (node("scriptTask", "a"), node("task", "b"), user("c", camunda__formKey=""))
    findings = runnable(tree(straight(*steps, names="a b c")))
    assert {each.element for each in findings} == {"a", "b", "c"}
    for each in findings:
        for text in (each.message, each.remedy, each.message_en, each.remedy_en):
            assert text and "<bpmn" not in text and "Error" not in text and "None" not in text
