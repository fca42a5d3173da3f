"""From read models to SpiffWorkflow's specifications, with a closed list of elements.

Nothing here can make a step that runs Python: scripts, operators, payloads, correlations and data
mappings are not read at all, and an element outside the list is refused. SpiffWorkflow's parser
keeps broken state after a failure, so a parser serves one upload.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from lxml import etree
from SpiffWorkflow.bpmn.parser.event_parsers import (
    BoundaryEventParser,
    EndEventParser,
    EventBasedGatewayParser,
    EventDefinitionParser,
    IntermediateCatchEventParser,
    StartEventParser,
)
from SpiffWorkflow.bpmn.parser.task_parsers import ConditionalGatewayParser, GatewayParser
from SpiffWorkflow.bpmn.parser.ValidationException import ValidationException
from SpiffWorkflow.bpmn.specs.bpmn_process_spec import BpmnProcessSpec
from SpiffWorkflow.bpmn.specs.defaults import (
    BoundaryEvent,
    EndEvent,
    EventBasedGateway,
    ExclusiveGateway,
    IntermediateCatchEvent,
    StartEvent,
)
from SpiffWorkflow.bpmn.specs.event_definitions.message import MessageEventDefinition
from SpiffWorkflow.bpmn.specs.event_definitions.simple import (
    NoneEventDefinition,
    TerminateEventDefinition,
)
from SpiffWorkflow.bpmn.specs.event_definitions.timer import TimeDateEventDefinition
from SpiffWorkflow.dmn.engine.DMNEngine import DMNEngine
from SpiffWorkflow.dmn.parser.DMNParser import DMNParser, InputEntry
from SpiffWorkflow.exceptions import SpiffWorkflowException
from SpiffWorkflow.spiff.parser.process import SpiffBpmnParser
from SpiffWorkflow.spiff.parser.task_spec import (
    BusinessRuleTaskParser,
    CallActivityParser,
    SpiffTaskParser,
    SubWorkflowParser,
)
from SpiffWorkflow.spiff.specs.defaults import (
    BusinessRuleTask,
    SubWorkflowTask,
    UserTask,
)

from engine.definitions.bpmn import BPMN, CAMUNDA, TRYGG, lane_roles, local, rule_of_timer, text_of
from engine.definitions.findings import Refused, finding
from engine.definitions.gateways import Inclusive, Parallel
from engine.definitions.specs import Call, OperationTask

_EVENTS = {
    BPMN + "messageEventDefinition",
    BPMN + "timerEventDefinition",
    BPMN + "terminateEventDefinition",
}


def parse(
    process_id: str,
    models: Iterable[etree._ElementTree],
    decisions: Iterable[etree._ElementTree] = (),
) -> tuple[BpmnProcessSpec, dict[str, BpmnProcessSpec]]:
    """The specification of the process, and by id those of every sub-process and called process.

    `models` and `decisions` come from `read_model` and are not changed. Raises Refused.
    """
    parser = Parser()
    try:
        for tree in decisions:
            parser.add_dmn_xml(_copy(tree))
        for tree in models:
            parser.add_bpmn_xml(_copy(tree))
        return parser.get_spec(process_id), parser.get_subprocess_specs(process_id)
    except ValidationException as error:
        element = error.id or None
        raise Refused(
            [finding("kjorbar.motor", element, error.name or element or process_id)]
        ) from error
    except (SpiffWorkflowException, RecursionError, LookupError, ValueError) as error:
        raise Refused([finding("kjorbar.motor", None, process_id)]) from error


def _copy(tree: etree._ElementTree) -> etree._Element:
    return etree.fromstring(etree.tostring(tree))


class Decision(DMNEngine):
    """A decision table whose cells are FEEL unary tests, and whose outcome is a fact of the case.

    The script engine's `matches(task, expression, test)` says whether a cell holds, and
    `decided(task, outcome)` takes the outcome: nothing lands in the task's data.
    """

    def evaluate(self, input_expr, match_expr, task):
        if match_expr is None or match_expr.strip() in ("", "-"):
            return True
        return task.workflow.script_engine.matches(task, input_expr, match_expr)

    def result(self, task):
        task.workflow.script_engine.decided(task, super().result(task))
        return {}


class _DecisionParser(DMNParser):
    """Reads the cells as text; the stock parser hands output cells to Python's own parser."""

    def _parse_input_output_element(self, decision_table, element, cls, idx):
        columns = decision_table.inputs if cls is InputEntry else decision_table.outputs
        entry = cls(element.get("id"), columns[idx])
        entry.text = text_of(element.find("{*}text"))
        if cls is InputEntry:
            entry.lhs.append(entry.text)
        return entry


class _Step:
    """Reads what we know of an element and nothing else: no scripts, no operators.

    The lane is a role: the step's own, else that of its lane, else that of the sub-process
    around it.
    """

    def __init__(self, process_parser, spec_class, node, nsmap=None, lane=None):
        own = node.get(TRYGG + "rolle") or process_parser.get_lane_name(node.get("id"))
        super().__init__(process_parser, spec_class, node, nsmap, own or lane)

    def parse_extensions(self, node=None):
        node = self.node if node is None else node
        kept = {
            name.removeprefix(TRYGG): value
            for name, value in node.attrib.items()
            if name.startswith(TRYGG)
        }
        for name in ("formKey", "assignee", "resultVariable"):
            if node.get(CAMUNDA + name):
                kept[name] = node.get(CAMUNDA + name)
        return kept


class _Task(_Step, SpiffTaskParser):
    """A user task."""


class _Operation(_Step, SpiffTaskParser):
    """A service task."""

    def create_task(self):
        return self.spec_class(self.spec, self.bpmn_id, **self.bpmn_attributes)

    def _copy_task_attrs(self, original, loop_characteristics=None):
        self.raise_validation_exception("an operation can't be repeated for each item")


class _Rule(_Step, BusinessRuleTaskParser):
    """A business rule task."""

    @staticmethod
    def get_decision_ref(node):
        return node.get(CAMUNDA + "decisionRef")


class _SubProcess(_Step, SubWorkflowParser):
    """A sub-process."""


class _Call(_Step, CallActivityParser):
    """A call of another process."""


class _Gateway(_Step, GatewayParser):
    """A parallel gateway."""


class _ConditionalGateway(_Step, ConditionalGatewayParser):
    """An exclusive or inclusive gateway."""


class _Event(_Step, EventDefinitionParser):
    """An event: none, message, a date from the rules, or terminate."""

    def get_event_definition(self, xpaths):
        self.event_nodes = [child for child in self.node if local(child).endswith("Definition")]
        if not self.event_nodes:
            return NoneEventDefinition(description="Default")
        if len(self.event_nodes) > 1 or self.event_nodes[0].tag not in _EVENTS:
            self.raise_validation_exception("not an event that we run")
        event = self.event_nodes[0]
        if event.tag == BPMN + "messageEventDefinition":
            return self._message(event)
        if event.tag == BPMN + "timerEventDefinition":
            return self._timer(event)
        return TerminateEventDefinition(description=self.get_event_description(event))

    def _message(self, event):
        messages = self.node.getroottree().getroot().iterfind(BPMN + "message")
        by_id = {message.get("id"): message.get("name") for message in messages}
        name = by_id.get(event.get("messageRef"))
        if not name:
            self.raise_validation_exception("a message without a name")
        return MessageEventDefinition(name, [], description=self.get_event_description(event))

    def _timer(self, event):
        rule = rule_of_timer(event)
        if rule is None:
            self.raise_validation_exception("a timer that is not a rule")
        return TimeDateEventDefinition(
            self.node.get("name") or self.bpmn_id,
            f'frist("{rule}")',
            description=self.get_event_description(event),
        )


class _Start(_Event, StartEventParser):
    """A start event."""


class _End(_Event, EndEventParser):
    """An end event."""

    def get_event_definition(self, xpaths):
        if self.node.find(BPMN + "messageEventDefinition") is not None:
            self.raise_validation_exception("an end event that sends")
        return super().get_event_definition(xpaths)


class _Catch(_Event, IntermediateCatchEventParser):
    """An intermediate event that waits."""


class _Boundary(_Event, BoundaryEventParser):
    """An event on the edge of an activity."""


class _EventGateway(_Step, EventBasedGatewayParser):
    """A gateway that waits for the first of several events."""


class Parser(SpiffBpmnParser):
    """SpiffWorkflow's parser with our closed list. Use `parse`, which says failures as findings."""

    PARSER_CLASSES: ClassVar = {
        BPMN + "startEvent": (_Start, StartEvent),
        BPMN + "endEvent": (_End, EndEvent),
        BPMN + "intermediateCatchEvent": (_Catch, IntermediateCatchEvent),
        BPMN + "boundaryEvent": (_Boundary, BoundaryEvent),
        BPMN + "userTask": (_Task, UserTask),
        BPMN + "serviceTask": (_Operation, OperationTask),
        BPMN + "businessRuleTask": (_Rule, BusinessRuleTask),
        BPMN + "subProcess": (_SubProcess, SubWorkflowTask),
        BPMN + "callActivity": (_Call, Call),
        BPMN + "exclusiveGateway": (_ConditionalGateway, ExclusiveGateway),
        BPMN + "inclusiveGateway": (_ConditionalGateway, Inclusive),
        BPMN + "parallelGateway": (_Gateway, Parallel),
        BPMN + "eventBasedGateway": (_EventGateway, EventBasedGateway),
    }
    OVERRIDE_PARSER_CLASSES: ClassVar = {}

    def add_bpmn_xml(self, bpmn, filename=None):
        for loop in bpmn.iter(BPMN + "multiInstanceLoopCharacteristics"):
            self._bridge(loop)
        super().add_bpmn_xml(bpmn, filename)

    @staticmethod
    def _bridge(loop) -> None:
        """Put the list and the name of one item where SpiffWorkflow reads them; drop the rest."""
        collection = loop.get(CAMUNDA + "collection")
        for child in list(loop):
            loop.remove(child)
        if collection:
            etree.SubElement(loop, BPMN + "loopDataInputRef").text = collection
            item = etree.SubElement(loop, BPMN + "inputDataItem")
            item.set("id", loop.get(CAMUNDA + "elementVariable") or "element")

    def add_dmn_xml(self, node, filename=None):
        namespaces = {**self.namespaces, "dmn": etree.QName(node).namespace}
        parser = _DecisionParser(self, node, namespaces, filename=filename)
        self.dmn_parsers[parser.bpmn_id] = parser

    def get_engine(self, decision_ref, node):
        return Decision(super().get_engine(decision_ref, node).decision_table)

    def _add_correlations(self, bpmn):
        """Correlations would be evaluated outside the case's script engine, so none are read."""

    def _add_diagram_indexes(self, bpmn):
        """Roles by element. Positions are left out: moving a shape must not change what happens."""
        key = self._document_key(bpmn)
        self.document_lanes[key] = lane_roles(bpmn)
        self.document_positions[key] = {}
