"""One deadline rule: from when it counts, how far, and who is reminded.

How each kind counts is said in docs/diagrams.md. No number of days stands in code or in a diagram.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from engine.rules.workdays import (
    DAY_ENDS,
    add_workdays,
    at,
    is_workday,
    local,
    local_day,
    moment,
)
from engine.sentences import say

Feel = Callable[[str], Any]  # evaluates an expression, without its "=", in the case's context


class NoDate(Exception):
    """The rule gives no date yet. The message says which, in Norwegian."""


class Status(StrEnum):
    """What a deadline rests on: the three never look alike on a page."""

    LOV = "lov"
    VEILEDNING = "veiledning"
    PLAN = "plan"
    SKOLENS_VALG = "skolens_valg"


@dataclass(frozen=True)
class Nudge:
    """A reminder or an escalation: when, seen from the due moment, and to which role.

    arbeidsdager and kalenderdager move the day and keep the `klokke`; timer moves the due moment
    itself by so many hours. Negative is before.
    """

    til: str
    arbeidsdager: int | None = None
    kalenderdager: int | None = None
    timer: float | None = None
    klokke: time | None = None

    def when(self, due_at: datetime, clock: time) -> datetime:
        if self.timer is not None:
            return due_at.astimezone(UTC) + timedelta(hours=self.timer)
        day = local_day(due_at)
        if self.arbeidsdager is not None:
            day = add_workdays(day, self.arbeidsdager)
        else:
            day += timedelta(days=self.kalenderdager or 0)
        return at(day, self.klokke or clock)


RECEIPT = "mottatt_rektor"  # a rule's `fra`: from the report's delivery
MORNING = time(8)  # a reminder comes in the morning, while there is time to act


@dataclass(frozen=True)
class Rule:
    """One deadline. Exactly one of the ways to count (`WAYS`) is set.

    apnet_i: the steps in which it counts from the opening of the task, whatever `fra` says.
    settes_av: the steps whose answer sets it on the case, before the task that meets it is open.
    """

    key: str
    tekst: str
    status: Status
    kilde: str
    fra: str = "apnet"
    apnet_i: tuple[str, ...] = ()
    settes_av: tuple[str, ...] = ()
    arbeidsdager: int | None = None
    kalenderdager: int | None = None
    timer: float | None = None
    samme_dag: bool = False
    samme_dag_foer: time | None = None
    dato: str | None = None
    hver: int | None = None
    klokke: time = DAY_ENDS
    ved_mottak: bool = False
    paaminnelse: tuple[Nudge, ...] = ()
    eskalering: tuple[Nudge, ...] = ()
    ved_frist: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    def due(
        self, opened: datetime, received: datetime | None, now: datetime, feel: Feel
    ) -> datetime:
        """The moment (UTC) when it is due.

        opened: when the task opened; received: `mottatt_rektor`, when the report was delivered
        (until it has been, the task's opening counts); now: only `hver` looks at it.
        Raises NoDate while the answer it counts from is missing, or is no date.
        """
        start = self._start(opened, received, feel)
        day = local_day(start)
        if self.timer is not None:
            return start.astimezone(UTC) + timedelta(hours=self.timer)
        if self.samme_dag:
            due = at(day, self.klokke)
            return due if due > start else at(day, time(23, 59))
        if self.samme_dag_foer is not None:
            in_time = is_workday(day) and local(start).time() < self.samme_dag_foer
            return at(day if in_time else add_workdays(day, 1), self.klokke)
        if self.hver is not None:
            turns = max(1, (local_day(now) - day).days // self.hver)
            due = at(day + timedelta(days=self.hver * turns), self.klokke)
            return (
                due if due > now else at(day + timedelta(days=self.hver * (turns + 1)), self.klokke)
            )
        if self.arbeidsdager is not None:
            return at(add_workdays(day, self.arbeidsdager), self.klokke)
        return at(day + timedelta(days=self.kalenderdager or 0), self.klokke)

    @property
    def in_workdays(self) -> bool:
        """Whether it counts working days; days over it are counted alike."""
        return self.arbeidsdager is not None or self.samme_dag or self.samme_dag_foer is not None

    @property
    def counts_from_receipt(self) -> bool:
        """Whether it counts from the report's delivery."""
        return (self.dato or self.fra) == RECEIPT

    def reminders(self, due_at: datetime) -> list[tuple[datetime, str]]:
        """When (UTC) and which role is reminded before it is due, earliest first."""
        return sorted((nudge.when(due_at, MORNING), nudge.til) for nudge in self.paaminnelse)

    def escalations(self, due_at: datetime) -> list[tuple[datetime, str]]:
        """When (UTC) and which role is told that it is not done, earliest first; never before it
        is due."""
        return sorted(
            (max(nudge.when(due_at, self.klokke), due_at), nudge.til) for nudge in self.eskalering
        )

    def _start(self, opened: datetime, received: datetime | None, feel: Feel) -> datetime:
        """The moment it counts from. Of several dates, the earliest."""
        source = self.dato or self.fra
        if source == RECEIPT:
            return received or opened
        if source == "apnet":
            return opened
        dates = [date for date in _flat(feel(source.removeprefix("=").strip())) if date is not None]
        try:
            return min(moment(date) for date in dates)
        except (TypeError, ValueError):
            raise NoDate(
                say(
                    "Fristen «%(rule)s» har ingen dato. Svaret som den regnes fra, mangler.",
                    rule=self.tekst,
                )
            ) from None


def _flat(value: Any) -> list:
    """The values in a value: FEEL gives one date, or a list of them, or lists of lists."""
    if isinstance(value, list | tuple):
        return [item for entry in value for item in _flat(entry)]
    return [value]
