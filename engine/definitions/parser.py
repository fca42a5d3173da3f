"""From read models to SpiffWorkflow's specifications, with a closed list of elements.

Nothing here can make a step that runs Python: scripts, operators, payloads, correlations and data
mappings are not read at all, and an element outside the list is refused. SpiffWorkflow's parser
keeps broken state after a failure, so a parser serves one upload.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from lxml import etree
from SpiffWorkflow.bpmn.parser.BpmnParser import BpmnParser
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
from SpiffWorkflow.exceptions import SpiffWorkflowException
from SpiffWorkflow.spiff.parser.process import SpiffProcessParser
from SpiffWorkflow.spiff.parser.task_spec import (
    CallActivityParser,
    SpiffTaskParser,
    SubWorkflowParser,
)
from SpiffWorkflow.spiff.specs.defaults import SubWorkflowTask, UserTask

from engine.definitions.bpmn import BPMN, CAMUNDA, TRYGG, lane_roles, local, rule_of_timer
from engine.definitions.findings import Refused, finding
from engine.definitions.gateways import Inclusive, Parallel
from engine.definitions.specs import Call, DecisionTask, OperationTask

_EVENTS = {
    BPMN + "messageEventDefinition",
    BPMN + "timerEventDefinition",
    BPMN + "terminateEventDefinition",
}


def parse(
    process_id: str, models: Iterable[etree._ElementTree]
) -> tuple[BpmnProcessSpec, dict[str, BpmnProcessSpec]]:
    """The specification of the process, and by id those of every sub-process and called process.

    `models` come from `read_model` and are not changed. Raises Refused.
    """
    parser = Parser()
    try:
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
        for name in ("formKey", "assignee"):
            if node.get(CAMUNDA + name):
                kept[name] = node.get(CAMUNDA + name)
        return kept


class _Task(_Step, SpiffTaskParser):
    """A user task."""


class _Automatic(_Step, SpiffTaskParser):
    """A service task or a business rule task."""

    def create_task(self):
        return self.spec_class(self.spec, self.bpmn_id, **self.bpmn_attributes)

    def _copy_task_attrs(self, original, loop_characteristics=None):
        self.raise_validation_exception("an automatic step can't be repeated for each item")


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


class Parser(BpmnParser):
    """SpiffWorkflow's parser with our closed list. Use `parse`, which says failures as findings."""

    PARSER_CLASSES: ClassVar = {
        BPMN + "startEvent": (_Start, StartEvent),
        BPMN + "endEvent": (_End, EndEvent),
        BPMN + "intermediateCatchEvent": (_Catch, IntermediateCatchEvent),
        BPMN + "boundaryEvent": (_Boundary, BoundaryEvent),
        BPMN + "userTask": (_Task, UserTask),
        BPMN + "serviceTask": (_Automatic, OperationTask),
        BPMN + "businessRuleTask": (_Automatic, DecisionTask),
        BPMN + "subProcess": (_SubProcess, SubWorkflowTask),
        BPMN + "callActivity": (_Call, Call),
        BPMN + "exclusiveGateway": (_ConditionalGateway, ExclusiveGateway),
        BPMN + "inclusiveGateway": (_ConditionalGateway, Inclusive),
        BPMN + "parallelGateway": (_Gateway, Parallel),
        BPMN + "eventBasedGateway": (_EventGateway, EventBasedGateway),
    }
    OVERRIDE_PARSER_CLASSES: ClassVar = {}
    PROCESS_PARSER_CLASS = SpiffProcessParser

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

    def _add_correlations(self, bpmn):
        """Correlations would be evaluated outside the case's script engine, so none are read."""

    def _add_diagram_indexes(self, bpmn):
        """Roles by element. Positions are left out: moving a shape must not change what happens."""
        key = self._document_key(bpmn)
        self.document_lanes[key] = lane_roles(bpmn)
        self.document_positions[key] = {}
