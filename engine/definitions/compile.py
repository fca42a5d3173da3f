"""From a bundle of files to what the engine runs: once per version, then never changed.

Two repairs are made on the compiled specification, without which SpiffWorkflow loses a case
silently: a multi-instance step that is open when a case is loaded would never complete in another
process, and the first message to an event sub-process would change the specification for every
later case.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from SpiffWorkflow.bpmn.specs.mixins.multiinstance_task import LoopTask

from engine.definitions import feel, prediction
from engine.definitions.bpmn import BPMN, CAMUNDA, TRYGG, lane_roles, role_of, rule_of_timer
from engine.definitions.bundle import Bundle
from engine.definitions.decisions import Decision, read_decisions
from engine.definitions.forms import Form, read_form
from engine.definitions.parser import parse
from engine.definitions.reader import read_model
from engine.definitions.specs import FeelList, Item
from engine.rules.regelverk import Regelverk, read_regelverk

# Of `trygg:sak`: a start by hand opens a case in the pupil's, or one of the school itself.
PUPILS_CASE, SCHOOLS_CASE = "elevens", "skolens"
CASES = frozenset({PUPILS_CASE, SCHOOLS_CASE})
_CONTAINERS = {BPMN + "process", BPMN + "subProcess"}
_NOT_STEPS = {
    "sequenceFlow",
    "laneSet",
    "lane",
    "extensionElements",
    "documentation",
    "textAnnotation",
}


@dataclass(frozen=True)
class Step:
    """One element of a diagram as the case engine and the pages read it.

    kind: the BPMN element's local name (`userTask`, `endEvent` ...); role: of the task itself, its
    lane, or the lane of the sub-process it stands in, None when the calling step's role counts;
    assignee, tells: FEEL when they begin with `=`; decision: the table that it asks; timer: the
    rule that a timer waits for; shows: earlier answers to have beside the form, as `step.field` or
    `step.*`; message: what an event waits for; sends: the message that a service task sends,
    carries: the answers that it takes along, receives: the fields that an event gets, gives_roles:
    those of them that name who gets the case role of that name; pupils: FEEL that gives the pupils
    an operation is about; case: of a start, what its case is when no other case opens it (`CASES`);
    order: place in the file.
    """

    id: str
    process_id: str
    kind: str
    name: str
    order: int
    parent: str | None = None
    role: str | None = None
    form_key: str | None = None
    assignee: str | None = None
    decision: str | None = None
    rule: str | None = None
    delplikt: str | None = None
    duty: str | None = None
    tells: str | None = None
    operations: tuple[str, ...] = ()
    concerns: str | None = None
    shows: tuple[str, ...] = ()
    started_by: tuple[str, ...] = ()
    message: str | None = None
    sends: str | None = None
    carries: tuple[str, ...] = ()
    receives: tuple[str, ...] = ()
    gives_roles: tuple[str, ...] = ()
    pupils: str | None = None
    case: str | None = None
    timer: str | None = None
    called: str | None = None
    many: bool = False


class Flow(NamedTuple):
    """A sequence flow of a diagram, by the ids of what it joins."""

    id: str
    source: str
    target: str


@dataclass(frozen=True)
class Definition:
    """A compiled version. Shared between cases and threads; nothing may change it."""

    version: str
    process_id: str
    name: str
    bundle: Bundle
    spec: object
    subspecs: Mapping[str, object]
    steps: Mapping[tuple[str, str], Step]
    forms: Mapping[tuple[str, str], Form]
    decisions: Mapping[tuple[str, str], Decision]
    regelverk: Regelverk
    diagrams: Mapping[str, bytes]
    names: Mapping[str, str]
    flows: Mapping[str, tuple[Flow, ...]]

    def step(self, process_id: str, step_id: str) -> Step:
        return self.steps[process_id, step_id]

    def form(self, process_id: str, form_key: str) -> Form:
        return self.forms[process_id, form_key]

    def decision(self, process_id: str, decision_id: str) -> Decision:
        return self.decisions[process_id, decision_id]

    @cached_property
    def about(self) -> Mapping[str, str]:
        """What `process.toml` says of the process: `beskrivelse`, and for one that is started by
        hand `for_hva` and `ikke_for`."""
        data = self.bundle.files.get(f"{self.process_id}/process.toml", b"")
        return tomllib.loads(data.decode("utf-8"))

    @property
    def is_the_schools(self) -> bool:
        """Whether a case that no other case opens is the school's own, and not about a pupil."""
        return self.start.case == SCHOOLS_CASE

    @property
    def is_in_pupils_case(self) -> bool:
        """Whether it is started by hand in the case of a pupil."""
        return self.start.case == PUPILS_CASE

    @property
    def is_optional(self) -> bool:
        """Whether it is off at a school until leadership turns it on (`slaas_paa`)."""
        return "slaas_paa" in self.about

    @property
    def start(self) -> Step:
        """The event that a case of this process begins with."""
        return next(
            step
            for step in self.steps.values()
            if step.kind == "startEvent"
            and step.process_id == self.process_id
            and step.parent is None
        )

    @property
    def started_by_message(self) -> str | None:
        """The message that starts a case of this process; None when its start waits for nothing."""
        return self.start.message

    @property
    def first_step(self) -> Step:
        """The first task of a person in a new case of this process."""
        queue, seen = [self.start.id], set()
        while queue:
            here = self.step(self.process_id, queue.pop(0))
            if here.kind == "userTask":
                return here
            seen.add(here.id)
            queue += [
                flow.target
                for flow in self.flows[self.process_id]
                if flow.source == here.id and flow.target not in seen
            ]
        raise LookupError("no task of a person is reached")

    @property
    def from_receipt(self) -> tuple[str, ...]:
        """The ids of the steps that are due by when the report was delivered."""
        return tuple(step.id for step in self.steps.values() if self.counts_from_receipt(step))

    def counts_from_receipt(self, step: Step) -> bool:
        """Whether the step is due by when the report was delivered, and not by its opening."""
        if step.rule is None:
            return False
        rule = self.regelverk.frist(step.rule)
        return rule.counts_from_receipt and step.id not in rule.apnet_i

    @property
    def process_ids(self) -> tuple[str, ...]:
        """The case's own process first, then those that it calls."""
        return tuple(self.diagrams)


def compile_bundle(bundle: Bundle) -> Definition:
    """Compile a bundle that the checks have passed. Raises `Refused` where it can't be run."""
    diagrams = {each: bundle.model(each) for each in bundle.process_ids()}
    trees = {each: read_model(diagram) for each, diagram in diagrams.items()}
    spec, subspecs = parse(bundle.process_id, trees.values())
    for each in (spec, *subspecs.values()):
        _replace_multi_instance(each)
        _connect_event_subprocesses(each)
        prediction.bound(each)
    steps = [step for name, tree in trees.items() for step in read_steps(tree, name)]
    forms = {}
    for path, data in bundle.files.items():
        if path.endswith(".form"):
            form = read_form(data, feel.check)
            forms[path.split("/")[0], form.id] = form
    return Definition(
        version=bundle.sha256,
        process_id=bundle.process_id,
        name=bundle.name,
        bundle=bundle,
        spec=spec,
        subspecs=subspecs,
        steps={(step.process_id, step.id): step for step in steps},
        forms=forms,
        decisions=dict(_decisions(bundle)),
        regelverk=read_regelverk(bundle.files["regelverk.toml"]),
        diagrams=diagrams,
        names={each: _name(tree, each) for each, tree in trees.items()},
        flows={name: _flows(tree) for name, tree in trees.items()},
    )


def _decisions(bundle: Bundle) -> Iterator[tuple[tuple[str, str], Decision]]:
    """The decisions that each process can use: the shared ones, and over them its own."""
    read = {path: read_decisions(read_model(data)) for path, data in bundle.decisions().items()}
    for process_id in bundle.process_ids():
        for path in bundle.decisions(process_id):
            for decision in read[path].values():
                yield (process_id, decision.id), decision


def _replace_multi_instance(spec) -> None:
    """Let multi-instance steps read a FEEL list and write nothing into the task tree."""
    for loop in [t for t in spec.task_specs.values() if isinstance(t, LoopTask)]:
        child = spec.task_specs[loop.task_spec]
        child.completed_event.connect(loop.merge_child)
        if getattr(loop, "data_input", None) is not None:
            loop.data_input = FeelList(loop.data_input.bpmn_id)
            loop.input_item = Item(loop.input_item.bpmn_id)


def _connect_event_subprocesses(spec) -> None:
    for name in spec.start.trigger_specs:
        sub = spec.task_specs[name]
        if spec.start not in sub.inputs:
            sub._connect_notify(spec.start)
            sub.connect(spec.end)


def read_steps(tree, process_id: str) -> list[Step]:
    """The elements of a diagram in the file's order, sub-processes' own included."""
    root = tree.getroot()
    messages = {m.get("id"): m.get("name") for m in root.iter(BPMN + "message")}
    lanes = lane_roles(tree)
    process = next(p for p in root.iter(BPMN + "process") if p.get("id") == process_id)
    steps: list[Step] = []

    def walk(container, parent: str | None) -> None:
        for node in container:
            if not isinstance(node.tag, str) or not node.tag.startswith(BPMN) or not node.get("id"):
                continue
            kind = node.tag.removeprefix(BPMN)
            if kind in _NOT_STEPS:
                continue
            role = role_of(node, lanes)
            steps.append(_step(node, kind, process_id, len(steps), parent, role, messages))
            if node.tag in _CONTAINERS:
                walk(node, node.get("id"))

    walk(process, None)
    return steps


def _step(node, kind, process_id, order, parent, role, messages) -> Step:
    event = node.find(BPMN + "messageEventDefinition")
    timer = node.find(BPMN + "timerEventDefinition")
    return Step(
        id=node.get("id"),
        process_id=process_id,
        kind=kind,
        name=_name_of(node),
        order=order,
        parent=parent,
        role=role,
        form_key=node.get(CAMUNDA + "formKey"),
        assignee=node.get(CAMUNDA + "assignee"),
        decision=node.get(CAMUNDA + "decisionRef"),
        rule=node.get(TRYGG + "frist"),
        delplikt=node.get(TRYGG + "delplikt"),
        duty=node.get(TRYGG + "plikt"),
        tells=node.get(TRYGG + "varsler"),
        operations=tuple((node.get(TRYGG + "operasjon") or "").split()),
        shows=tuple((node.get(TRYGG + "viser") or "").split()),
        concerns=node.get(TRYGG + "gjelder"),
        started_by=tuple((node.get(TRYGG + "startesAv") or "").split()),
        message=messages.get(event.get("messageRef")) if event is not None else None,
        sends=node.get(TRYGG + "melding"),
        carries=tuple((node.get(TRYGG + "sender") or "").split()),
        receives=tuple((node.get(TRYGG + "mottar") or "").split()),
        gives_roles=tuple((node.get(TRYGG + "girRolle") or "").split()),
        pupils=node.get(TRYGG + "elever"),
        case=node.get(TRYGG + "sak"),
        timer=rule_of_timer(timer) if timer is not None else None,
        called=node.get("calledElement"),
        many=node.find(BPMN + "multiInstanceLoopCharacteristics") is not None,
    )


def _name(tree, process_id: str) -> str:
    process = next(p for p in tree.iter(BPMN + "process") if p.get("id") == process_id)
    return process.get("name") or process_id


def _name_of(node) -> str:
    """What the step is called. A step that says its role in the drawing («Beslutt veien videre
    (rektor)»), since its lane does not, is called without it: lists show the role beside."""
    name = " ".join((node.get("name") or "").split())
    return re.sub(r" \([^()]+\)$", "", name) if node.get(TRYGG + "rolle") else name


def _flows(tree) -> tuple[Flow, ...]:
    return tuple(
        Flow(node.get("id"), node.get("sourceRef"), node.get("targetRef"))
        for node in tree.iter(BPMN + "sequenceFlow")
    )


def fingerprint(definition: Definition) -> str:
    """What the compiled specification looks like now; tests compare it before and after a run."""
    return json.dumps(
        {
            name: sorted(
                (
                    spec_name,
                    type(task).__name__,
                    [i.name for i in task.inputs],
                    [o.name for o in task.outputs],
                    task.completed_event.n_subscribers(),
                )
                for spec_name, task in spec.task_specs.items()
            )
            for name, spec in {"": definition.spec, **definition.subspecs}.items()
        }
    )
