"""The agreement after a restorative meeting, copied to each party without the others' private data.

A copy says what was agreed, by when, and which points are the pupil's own; whose the other points
are, and what anybody said in the talks, is not in it. It is kept as a file on the case, to be given
to the pupil and the guardians, who are told that it is there.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from engine.cases import notices, paper, roster
from engine.database.tables import Guardianship, Pupil
from engine.definitions.dates import long_date
from engine.people import register
from engine.people.register import Kind
from engine.records.log import Kind as Logged

OWN, OTHERS = "Du", "En annen"


def share(desk, context: dict[str, Any], step) -> None:
    """A copy for each pupil of `egnethet`, and a notice to the pupil and to those who have parental
    responsibility for that pupil, unless the home must not be told. Earlier agreements stay."""
    agreed, parties = context["avtale"], context["egnethet"]
    pupils = [parties["part_a"], *parties["part_b"]]
    version = len(desk.facts.context([])["historikk"]["avtale"])
    for ref in pupils:
        _, number = register.parse(ref)
        name = desk.session.get_one(Pupil, number).name
        copy = copy_for(ref, name, agreed)
        paper.put_down(desk, f"Avtale {version}, kopi til {name}.html", copy)
        notices.tell_person(desk, ref, notices.AGREEMENT_SHARED, step.id)
        for guardian in _guardians(desk, number):
            guardian_ref = register.ref(Kind.FORESATT, guardian)
            notices.tell_person(desk, guardian_ref, notices.AGREEMENT_SHARED, step.id)
    desk.log(Logged.INFORMERT, {"til": pupils}, step=step.id, step_name=step.name)


def _guardians(desk, pupil_id: int) -> list[int]:
    """Those with parental responsibility for the pupil; none where the home must not be told."""
    if pupil_id == desk.case.pupil_id:
        return roster.guardians_to_tell(desk)
    return list(
        desk.session.scalars(
            select(Guardianship.guardian_id).where(
                Guardianship.pupil_id == pupil_id, Guardianship.parental_responsibility
            )
        )
    )


def copy_for(ref: str, name: str, agreed: dict[str, Any]) -> str:
    """The agreement as one pupil gets it. agreed: the answers of `avtale`."""
    rows = [
        (point["hva"], OWN if point["hvem"] == ref else OTHERS, long_date(point["innen"]))
        for point in agreed["punkter"]
    ]
    meet = f"Vi møtes igjen {long_date(agreed['oppfolging_dato'])}."
    return paper.page(
        f"Avtale for {name}",
        paper.table(("Hva vi er enige om", "Hvem", "Innen"), rows),
        paper.paragraph(meet),
        paper.paragraph(
            "Det er frivillig å være med. Si fra til en voksen hvis noe ikke er greit."
        ),
    )
