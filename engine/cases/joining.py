"""A report on a pupil who has an open case is taken into that case, and saksansvarlig is told."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from engine.cases import notices, roster, tasks
from engine.cases.facts import CASE, JOINED
from engine.database.tables import Answer
from engine.people import register
from engine.records.log import Kind


def take_in(desk, report: dict[str, Any], named: Collection[str], number: str, step=None) -> None:
    """Take a report into this case. named: references of those named in the case it comes from,
    whose number is `number`; step: the step that sends it, for the log."""
    desk.facts.put(CASE, JOINED, report)
    desk.session.add(
        Answer(
            case_id=desk.case.id,
            scope_id=CASE,
            process_id=desk.case.process_id,
            step=JOINED,
            account_id=desk.actor_id,
            at=desk.now,
            sealed_answers=desk.seal(report, "answer"),
        )
    )
    for ref in sorted(named):
        roster.name_person(desk, register.parse(ref)[1], "nevnt")
    if named:
        desk.session.flush()
        tasks.give_anew(desk)  # some of them may have been those of one who is named now
    notices.tell_role(desk, "saksansvarlig", notices.INFORMED, step and step.id)
    desk.log(
        Kind.SLATT_SAMMEN,
        {"sak": number},
        step=step and step.id,
        step_name=step and step.name,
    )
