"""The parser makes only our closed list of steps, and reads roles from the attribute."""

import pytest
from SpiffWorkflow.bpmn.specs.event_definitions.timer import TimeDateEventDefinition

from engine.definitions.findings import Refused
from engine.definitions.gateways import Inclusive, Parallel
from engine.definitions.parser import parse
from engine.definitions.specs import Call, DecisionTask, OperationTask
from tests.drawing import END, START, drawing, flows, lane, node, straight, tree, user


def spec_of(data, *others):
    return parse("p", [tree(data), *map(tree, others)])


def test_a_user_task_keeps_its_form_assignee_and_our_attributes():
    step = user("a", camunda__assignee="=b.c", trygg__frist="plan", trygg__varsler="rektor")
    spec, _ = spec_of(straight(step, names="a"))
    assert spec.task_specs["a"].extensions == {
        "formKey": "a", "assignee": "=b.c", "frist": "plan", "varsler": "rektor",
    }  # fmt: skip


def test_a_service_task_becomes_an_operation():
    step = node("serviceTask", "a", trygg__operasjon="varsle arkiver", trygg__varsler="rektor")
    task = spec_of(straight(step, names="a"))[0].task_specs["a"]
    assert isinstance(task, OperationTask) and not task.manual
    assert task.extensions == {"operasjon": "varsle arkiver", "varsler": "rektor"}


def test_the_lane_is_the_role_of_the_innermost_lane_that_has_one():
    inner = lane("", "b")
    lanes = lane("rektor", "start", "a", "b", inner=inner) + lane("kontaktlaerer", "c")
    steps = (user("a"), user("b"), user("c", trygg__rolle="aks"))
    spec, _ = spec_of(straight(*steps, names="a b c", lanes=lanes))
    assert [spec.task_specs[step].lane for step in "abc"] == ["rektor", "rektor", "aks"]


def test_the_display_name_of_a_lane_is_never_a_role():
    lanes = '<bpmn:lane id="l" name="rektor"><bpmn:flowNodeRef>a</bpmn:flowNodeRef></bpmn:lane>'
    spec, _ = spec_of(straight(user("a"), names="a", lanes=lanes))
    assert spec.task_specs["a"].lane is None


def test_a_sub_process_inherits_its_lane():
    inside = node("startEvent", "s1") + user("a") + node("endEvent", "e1") + flows("s1 a e1")
    whole = straight(node("subProcess", "sub", inside), names="sub", lanes=lane("rektor", "sub"))
    _, subs = spec_of(whole)
    assert subs["sub"].task_specs["a"].lane == "rektor"


def test_a_multi_instance_step_reads_its_list_from_the_camunda_attribute():
    loop = (
        '<bpmn:multiInstanceLoopCharacteristics camunda:collection="=plan.tiltak"'
        ' camunda:elementVariable="tiltak"/>'
    )
    spec, _ = spec_of(straight(user("a", loop), names="a"))
    task = spec.task_specs["a"]
    assert (task.data_input.bpmn_id, task.input_item.bpmn_id) == ("=plan.tiltak", "tiltak")
    assert task.cardinality is None and task.condition is None
    assert spec.task_specs["a [child]"].extensions == {"formKey": "a"}


def test_gateways_are_our_own():
    body = (
        START, END, user("a"), user("b"),
        node("parallelGateway", "f"), node("inclusiveGateway", "j"),
        flows("start f", "f a j", "f b j", "j slutt"),
    )  # fmt: skip
    spec, _ = spec_of(drawing(*body))
    assert type(spec.task_specs["f"]) is Parallel and type(spec.task_specs["j"]) is Inclusive


def test_a_timer_waits_for_a_rule_and_nothing_else():
    def timer(date):
        event = f"<bpmn:timerEventDefinition><bpmn:timeDate>{date}</bpmn:timeDate>"
        event += "</bpmn:timerEventDefinition>"
        return straight(node("intermediateCatchEvent", "t", event), names="t")

    event = spec_of(timer(' =frist("ukesjekk") '))[0].task_specs["t"].event_definition
    assert isinstance(event, TimeDateEventDefinition) and event.expression == 'frist("ukesjekk")'
    with pytest.raises(Refused) as refused:
        spec_of(timer('__import__("os").system("true")'))
    assert refused.value.findings[0].element == "t"


def test_a_called_process_is_a_scope_of_its_own():
    called = straight(user("a"), names="a", process_id="q")
    call = node("callActivity", "kall", calledElement="q")
    spec, subs = spec_of(straight(call, names="kall"), called)
    assert type(spec.task_specs["kall"]) is Call and set(subs) == {"q"}


def test_a_rule_step_asks_our_own_tables():
    step = node("businessRuleTask", "a", camunda__decisionRef="frist_type")
    spec, _ = spec_of(straight(step, names="a"))
    assert type(spec.task_specs["a"]) is DecisionTask and not spec.task_specs["a"].manual


@pytest.mark.parametrize(
    "tag",
    ["task", "manualTask", "scriptTask", "sendTask", "receiveTask", "transaction",
     "adHocSubProcess", "complexGateway", "intermediateThrowEvent"],
)  # fmt: skip
def test_an_element_outside_the_list_is_refused(tag):
    with pytest.raises(Refused) as refused:
        spec_of(straight(node(tag, "a"), names="a"))
    assert refused.value.findings[0].element == "a"


@pytest.mark.parametrize("tag", ["preScript", "postScript"])
def test_scripts_around_a_step_are_not_read(tag):
    script = f"<bpmn:extensionElements><spiffworkflow:{tag}>1/0</spiffworkflow:{tag}>"
    script += "</bpmn:extensionElements>"
    task = spec_of(straight(user("a", script), names="a"))[0].task_specs["a"]
    assert (task.prescript, task.postscript) == (None, None)
