"""A template with example data, so that leadership sees what a home will read."""

from __future__ import annotations

from datetime import timedelta

from engine.letters import facts, pdf, templates, text
from engine.letters.templates import Template
from engine.letters.text import Block
from engine.rules.workdays import local_day

_PUPIL, _GUARDIAN, _HANDLER, _HEAD = "Noor", "Samira Kløvereng", "Maja Rypelyng", "Randi Multemo"
_PLAN = {
    "nb": ("Noor er alene i garderoben.", "En voksen følger til og fra garderoben.", "hver dag"),
    "nn": ("Noor er åleine i garderoben.", "Ein vaksen følgjer til og frå garderoben.", "kvar dag"),
    "en": ("Noor is alone in the cloakroom.", "An adult goes along to the cloakroom.", "every day"),
}


def example(product, school: str, template: Template) -> tuple[str, tuple[Block, ...]]:
    """The heading and the blocks of a letter made of this template, with example data. The
    template must be without faults."""
    language, today = template.language, local_day(product.clock())
    week = today + timedelta(days=7)
    problem, measure, often = _PLAN.get(language, _PLAN["nb"])
    words = facts.WORDS[language]
    days = {
        "dato": today,
        "mottatt_dato": today,
        "statsforvalter_dato": week,
        "avsluttet_dato": today,
    }
    values = {name: facts.day_in_words(day, language) for name, day in days.items()} | {
        "elev": _PUPIL,
        "klasse": "4B",
        "foresatt": _GUARDIAN,
        "skole": school,
        "kommune": "Tyttebærlia kommune",
        "saksnummer": f"{today.year}-0000",
        "saksbehandler": _HANDLER,
        "avsender": _HEAD,
        "mote_dag": facts.day_in_words(week, language, weekday=True),
        "mote_tid": "14.00",
        "mote_sted": "122",
    }
    plan = (
        Block("heading", (words["problem"],)),
        Block("paragraph", (problem,)),
        Block("subheading", (f"{words['measure']} 1",)),
        Block(
            "facts",
            pairs=(
                (words["what"], measure),
                (words["when"], often),
                (words["who"], _HANDLER),
                (words["evaluated"], facts.day_in_words(week, language)),
            ),
        ),
    )
    blocks = text.filled(text.blocks(template.text), values, plan)
    return text.fill(template.title, values), blocks


def example_pdf(product, account_id: int, kind_id: str, language: str) -> bytes:
    """The PDF of the newest text with example data. Raises Refusal."""
    found = templates.editing(product, account_id, kind_id, language)
    if not found.current.usable:
        raise templates.unknown()
    heading, blocks = example(product, found.school, found.current)
    content = facts.content(
        kind=found.kind.name,
        language=language,
        school=found.school,
        owner="Tyttebærlia kommune",
        number=f"{local_day(product.clock()).year}-0000",
        day=local_day(product.clock()),
        to=_GUARDIAN,
        heading=heading,
        blocks=blocks,
    )
    return pdf.render(pdf.LETTER, content, product.clock())
