"""What was answered, as a person reads it: by the form it was given in, or as a message said it.

Only the case's version and its key are used, so a case that is not loaded can be read.
"""

from __future__ import annotations

from functools import partial

from engine.cases import linked, roster
from engine.cases.linked import REPORT
from engine.database.tables import Answer
from engine.definitions.forms import Form, Line
from engine.sentences import say


def step_name_of(desk, row: Answer) -> str:
    step = desk.definition.steps.get((row.process_id, row.step))
    return step.name if step else say("Melding som er lagt til saken")


def lines_of(desk, row: Answer) -> tuple[Line, ...]:
    """What was answered, as a person reads it."""
    answered = desk.unseal(row.sealed_answers, "answer")
    step = desk.definition.steps.get((row.process_id, row.step))
    if step is not None and not step.form_key:
        return tuple(linked.in_words(answered).values())
    return tuple(form_of(desk, row).describe(answered, partial(roster.name_of, desk)))


def form_of(desk, row: Answer) -> Form:
    step = desk.definition.steps.get((row.process_id, row.step))
    return desk.definition.form(row.process_id, step.form_key if step else REPORT)
