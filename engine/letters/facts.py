"""What is put in a letter's places: what the case, the register and the clock say, in its language.

A place that the case has nothing for yet is left out; `MISSING` says in words what it waits for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from babel.dates import format_date
from sqlalchemy import func, select

from engine.cases import given, linked, roster
from engine.cases.planclock import PLAN_STEP
from engine.cases.state import Status
from engine.database.tables import Account, Answer, Deadline, Event, Guardian, Pupil, School, Task
from engine.letters.redaction import Names
from engine.letters.text import PLAN, Block
from engine.people.roles import Role
from engine.people.standing import in_case
from engine.records.log import Kind
from engine.rules.workdays import local_day
from engine.sentences import say

CLOSING = "avslutt_sak"  # the step that closes a case
CAN_COMPLAIN = "kan_meldes_sf"  # the rule of when the case may be taken to Statsforvalteren

MISSING = {
    "mottatt_dato": say("Meldingen er ikke levert til skolen ennå."),
    "statsforvalter_dato": say("Meldingen er ikke levert til skolen ennå."),
    "saksbehandler": say("Ingen har ansvar for saken ennå."),
    "avsluttet_dato": say("Saken er ikke avsluttet."),
    "mote_dag": say("Skriv hvilken dag møtet er."),
    "mote_tid": say("Skriv når på dagen møtet er."),
    "mote_sted": say("Skriv hvor møtet er."),
    PLAN: say("Planen er ikke delt ennå. Den kan gis når den er godkjent."),
}

LOCALES = {"nb": "nb", "nn": "nn", "en": "en", "enkelt": "nb"}
PATTERNS = {"en": "d MMMM y"}
WORDS = {
    "nb": {
        "to": "Til",
        "case": "Sak",
        "page": "Side",
        "of": "av",
        "problem": "Problemet som tiltakene skal løse",
        "measure": "Tiltak",
        "what": "Hva skolen gjør",
        "when": "Når",
        "who": "Hvem gjennomfører",
        "evaluated": "Når vi evaluerer",
        "from": "fra",
        "until": "til",
    },
    "nn": {
        "to": "Til",
        "case": "Sak",
        "page": "Side",
        "of": "av",
        "problem": "Problemet som tiltaka skal løyse",
        "measure": "Tiltak",
        "what": "Kva skulen gjer",
        "when": "Når",
        "who": "Kven gjennomfører",
        "evaluated": "Når vi evaluerer",
        "from": "frå",
        "until": "til",
    },
    "en": {
        "to": "To",
        "case": "Case",
        "page": "Page",
        "of": "of",
        "problem": "The problem that the measures are to solve",
        "measure": "Measure",
        "what": "What the school does",
        "when": "When",
        "who": "Who carries it out",
        "evaluated": "When we evaluate",
        "from": "from",
        "until": "to",
    },
    "enkelt": {
        "to": "Til",
        "case": "Sak",
        "page": "Side",
        "of": "av",
        "problem": "Hva er vanskelig?",
        "measure": "Punkt",
        "what": "Hva",
        "when": "Når",
        "who": "Hvem",
        "evaluated": "Når vi ser om det hjelper",
        "from": "fra",
        "until": "til",
    },
}
"""The letter's own words, which no template holds."""


def day_in_words(day: date, language: str, weekday: bool = False) -> str:
    """`8. september 2026`, in English `8 September 2026`; with the weekday before it."""
    pattern = PATTERNS.get(language, "d. MMMM y")
    return format_date(day, f"EEEE {pattern}" if weekday else pattern, locale=LOCALES[language])


def values(desk, guardian: Guardian, language: str) -> dict[str, str]:
    """What the case has for the places of a letter to this guardian."""
    session, case = desk.session, desk.case
    pupil, school = session.get_one(Pupil, case.pupil_id), session.get_one(School, case.school_id)
    found = {
        "elev": pupil.name,
        "klasse": pupil.class_name,
        "foresatt": guardian.name,
        "skole": school.name,
        "kommune": school.owner,
        "dato": day_in_words(local_day(desk.now), language),
        "saksnummer": case.number,
        "avsender": session.get_one(Account, desk.actor_id).name,
        "saksbehandler": _handler(desk),
    }
    days = {
        "mottatt_dato": received_on(desk),
        "statsforvalter_dato": _complain_from(desk),
        "avsluttet_dato": closed_on(desk),
    }
    found |= {name: day_in_words(day, language) for name, day in days.items() if day}
    return {name: value for name, value in found.items() if value}


def content(
    *,
    kind: str,
    language: str,
    school: str,
    owner: str,
    number: str,
    day: date,
    to: str,
    heading: str,
    blocks: Iterable[Block],
) -> dict[str, Any]:
    """What a letter says, as it is kept and drawn. `title` is the file's, and names nobody."""
    return {
        "title": kind,
        "lang": LOCALES[language],
        "region": "GB" if language == "en" else "NO",
        "words": WORDS[language],
        "school": school,
        "owner": owner,
        "number": number,
        "date": day_in_words(day, language),
        "to": to,
        "heading": heading,
        "blocks": [
            {"kind": each.kind, "lines": list(each.lines), "pairs": [list(p) for p in each.pairs]}
            for each in blocks
        ],
    }


def _handler(desk) -> str | None:
    role = Role.UNDERSOKER if desk.case.part_of_id is not None else Role.SAKSANSVARLIG
    people = in_case(desk.session, desk.case, role, desk.now)
    return people[0].name if people else None


def received_on(desk) -> date | None:
    """The day the report was delivered, here or in the case that this one belongs together with."""
    moments = [case.received_at for case in linked.family(desk.session, desk.case)]
    return local_day(min(filter(None, moments))) if any(moments) else None


def _complain_from(desk) -> date | None:
    cases = [case.id for case in linked.family(desk.session, desk.case)]
    return desk.session.scalar(
        select(func.min(Deadline.day)).where(
            Deadline.case_id.in_(cases), Deadline.rule == CAN_COMPLAIN
        )
    )


def closed_on(desk) -> date | None:
    """The day the case was closed, the pupil safe; None while it is open or ended otherwise."""
    if desk.case.status not in (Status.AWAITS_CHECK, Status.CLOSED):
        return None
    at = desk.session.scalar(
        select(func.max(Task.done_at)).where(
            Task.case_id == desk.case.id, Task.step == CLOSING, Task.state == "done"
        )
    )
    return at and local_day(at)


def shared_plan(desk) -> Mapping | None:
    """What the newest plan that has been shared with the home says, as it stands; None before."""
    shared = shared_at(desk)
    if shared is None:
        return None
    first = {row.id: row for row in _plans(desk, Answer.corrects_id.is_(None))}
    for row in reversed(_plans(desk, given.as_they_stand(desk.case.id))):
        if first[given.first_of(row)].at <= shared:
            return desk.unseal(row.sealed_answers, "answer")
    return None


def shared_at(desk):
    """When a plan was last shared with the home (UTC), or None."""
    return desk.session.scalar(
        select(func.max(Event.at)).where(
            Event.case_id == desk.case.id, Event.kind == str(Kind.PLAN_DELT)
        )
    )


def _plans(desk, condition) -> list[Answer]:
    return list(
        desk.session.scalars(
            select(Answer)
            .where(Answer.case_id == desk.case.id, Answer.step == PLAN_STEP, condition)
            .order_by(given.first_id)
        )
    )


def plan_texts(plan: Mapping, names: Names, language: str) -> dict[str, str]:
    """The free texts of a plan, without the names that the letter must not carry: `problem`, and
    of each measure `tiltak.0` and `hvor_ofte.0`."""
    found = {"problem": plan["problem"]}
    for index, measure in enumerate(plan["tiltak"]):
        found[f"tiltak.{index}"] = measure["beskrivelse"]
        if measure.get("frekvens"):
            found[f"hvor_ofte.{index}"] = measure["frekvens"]
    return {key: names.redacted(text, language) for key, text in found.items()}


def plan_blocks(desk, plan: Mapping, texts: Mapping[str, str], language: str) -> list[Block]:
    """The five things that the law asks of a plan (§ 12-4), with the texts as they are to be read:
    the problem, and of each measure what, when, who, and when it is evaluated."""
    words = WORDS[language]
    blocks = [Block("heading", (words["problem"],)), Block("paragraph", _lines(texts["problem"]))]
    for index, measure in enumerate(plan["tiltak"]):
        when = [_period(measure, language), _within(texts.get(f"hvor_ofte.{index}", ""))]
        evaluated = day_in_words(date.fromisoformat(measure["evalueres_dato"]), language)
        pairs = (
            (words["what"], texts[f"tiltak.{index}"]),
            (words["when"], ", ".join(filter(None, when))),
            (words["who"], roster.name_of(desk, measure["ansvarlig"])),
            (words["evaluated"], evaluated),
        )
        blocks.append(Block("subheading", (f"{words['measure']} {index + 1}",)))
        blocks.append(Block("facts", pairs=pairs))
    return blocks


def _period(measure: Mapping, language: str) -> str:
    words = WORDS[language]
    ends = [
        f"{words[word]} {day_in_words(date.fromisoformat(measure[key]), language)}"
        for word, key in (("from", "fra_dato"), ("until", "til_dato"))
        if measure.get(key)
    ]
    return " ".join(ends)


def _within(text: str) -> str:
    """As it stands within a sentence: «Hver onsdag» as «hver onsdag», but «AKS» as it is."""
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.splitlines() if line.strip()) or ("–",)
