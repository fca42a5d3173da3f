"""Paper forms, for the day Trygg is down: drawn from the published forms, so they ask the same.

They hold nothing about anybody. What is written on them is entered afterwards by the ways that are
there already: «Jeg melder for en annen» and «Registrer for en annen».
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from engine.definitions.fields import Component, Field, Group, Kind, Text, fields_of
from engine.definitions.forms import row_name
from engine.letters import pdf, text
from engine.people.access import NO_ACCESS
from engine.refusals import Reason, Refusal

MAIN, FOLLOW_UP = "aktivitetsplikt", "aktivitetsplan_oppfolging"
REPORT = "meld-fra"
ROWS = 3  # of a list, on paper
NOT_ON_PAPER = {"kanal", "ref"}  # how it came: on paper, and that is chosen when it is entered
_NAME = re.compile(r"[a-zæøå_][\wæøå]*")
_WRITING = {Kind.TEXT: 1, Kind.LONGTEXT: 4, Kind.NUMBER: 1, Kind.PERSON: 1, Kind.PERSONS: 2}


@dataclass(frozen=True)
class Paper:
    """A paper form: its name in the address, and the process and steps that it asks for."""

    id: str
    process: str
    steps: tuple[str, ...]


PAPERS = {
    each.id: each
    for each in (
        Paper(REPORT, MAIN, ("registrer_melding", "gripe_inn", "mistanke_vurdering")),
        Paper("foresatte-informert", MAIN, ("informer_foresatte_elev",)),
        Paper("samtale-med-eleven", MAIN, ("samtale_utsatt_elev",)),
        Paper("samtale-med-andre-elever", MAIN, ("samtale_andre_elever",)),
        Paper("foresattes-syn", MAIN, ("foresattes_syn",)),
        Paper("ansattes-observasjoner", MAIN, ("innhent_ansatte",)),
        Paper("aktivitetsplan", MAIN, ("lag_aktivitetsplan",)),
        Paper("gjennomfor-tiltak", FOLLOW_UP, ("gjennomfor_tiltak",)),
        Paper("ukesjekk", FOLLOW_UP, ("ukesjekk",)),
        Paper("evalueringsmote", FOLLOW_UP, ("evalueringsmote",)),
    )
}


def listed(product) -> list[tuple[str, str]]:
    """The paper forms: the name in the address and the title, in the order of a case."""
    with product.database.session() as session:
        definition = product.published(session, MAIN)
    return [(each.id, _title(definition, each)) for each in PAPERS.values()]


def paper_form(product, paper_id: str) -> bytes:
    """The PDF of one paper form. Raises Refusal (IKKE_TILGANG) for one that is not there."""
    if paper_id not in PAPERS:
        raise Refusal(Reason.IKKE_TILGANG, NO_ACCESS)
    with product.database.session() as session:
        definition = product.published(session, MAIN)
    return _drawn(_Once(definition), paper_id, product.clock().replace(minute=0, second=0))


class _Once:
    """A definition as a key: drawn anew only when another version is published."""

    def __init__(self, definition):
        self.definition = definition

    def __eq__(self, other) -> bool:
        return self.definition is other.definition

    def __hash__(self) -> int:
        return id(self.definition)


@lru_cache(maxsize=4 * len(PAPERS))
def _drawn(once: _Once, paper_id: str, at) -> bytes:
    return pdf.render(pdf.PAPER_FORM, content_of(once.definition, PAPERS[paper_id]), at)


def _title(definition, paper: Paper) -> str:
    if paper.id == REPORT:
        return "Meld fra om en elev"
    return definition.steps[paper.process, paper.steps[0]].name


def content_of(definition, paper: Paper) -> dict[str, Any]:
    """What the paper form says, as the layout reads it."""
    heading, report = _title(definition, paper), paper.id == REPORT
    parts = []
    for step in paper.steps:
        named = definition.steps[paper.process, step]
        form = definition.form(paper.process, named.form_key)
        keys = {field.key for field in fields_of(form.components)}
        title = named.name if len(paper.steps) > 1 else ""
        parts.append({"title": title, "items": _items(form.components, keys)})
    return {
        "title": f"Papirskjema: {heading}",
        "lang": "nb",
        "region": "NO",
        "heading": heading,
        "first": _FIRST if report else _FIRST_OF_STEP,
        "head": _HEAD if report else _HEAD_OF_STEP,
        "parts": parts,
        "entry": _ENTRY if report else [line.format(step=heading) for line in _ENTRY_OF_STEP],
    }


_FIRST = [
    "Er noen i fare, ring først: 113 ambulanse, 112 politi, 110 brann.",
    "Si fra til rektor muntlig med en gang. Gjelder det rektor eller andre i ledelsen, si fra "
    "direkte til kommunen. Papiret kommer ikke i stedet for å si fra.",
    "Skriv det du så og hørte. Du trenger ikke være sikker. Det du ikke vet, lar du stå tomt.",
]
_FIRST_OF_STEP = [
    "Skriv fakta, ikke vurderinger av personer. Det du ikke vet, lar du stå tomt.",
]
_HEAD = ["Fylt ut av", "Dag og klokkeslett"]
_HEAD_OF_STEP = ["Eleven saken gjelder", "Saksnummer, hvis du har det", *_HEAD]
_SAFE = (
    "Gi papiret til den det gjelder, eller lås det inn. La det aldri ligge. "
    "Makuler det når det er ført inn."
)
_ENTRY = [
    "Logg inn i Trygg og åpne «Meld fra».",
    "Skriv inn svarene.",
    "Har en annen fylt ut skjemaet: åpne «Jeg melder for en annen». Velg hvem, skriv når, og velg "
    "«På papir».",
    "Send. Den som skal ha meldingen, får den med en gang.",
    _SAFE,
]
_ENTRY_OF_STEP = [
    "Logg inn i Trygg, åpne «Oppgaver» og velg «{step}».",
    "Skriv inn svarene.",
    "Har en annen gjort dette: åpne «Registrer for en annen». Velg hvem, og skriv når.",
    "Send.",
    _SAFE,
]


def _items(components: Sequence[Component], keys: set[str]) -> list[dict]:
    """What is asked, in the form's order. Left out: what is asked only when the system itself
    knows something (a deadline has passed), and what is known when it is entered."""
    drawn = []
    for each in components:
        if each.hide and not keys & set(_NAME.findall(each.hide)):
            continue
        if isinstance(each, Text):
            lines = [line for block in text.blocks(each.text) for line in block.lines]
            drawn.append({"kind": "text", "lines": [line.replace("**", "") for line in lines]})
        elif isinstance(each, Group):
            items = _items(each.components, keys)
            drawn += [{"kind": "group", "label": each.label, "items": items}] if items else []
        elif each.key not in NOT_ON_PAPER:
            drawn.append(_field(each, keys))
    return drawn


def _row_title(field: Field, index: int) -> str:
    named = field.noun not in ("rad", field.label[:1].lower() + field.label[1:])
    return row_name(field, index) if named and not field.fixed else f"Nr. {index + 1}"


def _field(field: Field, keys: set[str]) -> dict:
    about = {
        "label": field.label,
        "help": field.help,
        "required": field.required,
        "sometimes": bool(field.hide),
    }
    if field.kind is Kind.LIST:
        inner = keys | {each.key for each in fields_of(field.components)}
        rows = [
            {"title": _row_title(field, index), "items": _items(field.components, inner)}
            for index in range(ROWS)
        ]
        return about | {"kind": "rows", "rows": rows}
    if field.kind in (Kind.DATE, Kind.DATETIME):
        return about | {"kind": "when", "clock": field.kind is Kind.DATETIME}
    options = [option.label for option in field.options]
    if field.kind is Kind.YES:
        options = ["Ja"]
    elif field.scale and not options:
        options = [str(n) for n in range(int(field.minimum), int(field.maximum) + 1)]
    if options:
        return about | {"kind": "options", "options": options, "row": field.scale}
    return about | {"kind": "lines", "count": _WRITING[field.kind]}
