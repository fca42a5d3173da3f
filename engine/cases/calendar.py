"""A person's calendar (RFC 5545): when something is due, and not a word of what.

A calendar lies on telephones and with foreign firms. So an event says that a deadline is there and
where Trygg is, the same for every task of every case.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from icalendar import Calendar, Event, Timezone
from sqlalchemy import select

from engine.database.tables import Account, Task
from engine.people import access
from engine.rules import workdays

LIMIT = 500
WORDS = {
    "nb": ("Trygg", "Oppgave med frist", "Åpne Trygg for å se oppgavene dine."),
    "nn": ("Trygg", "Oppgåve med frist", "Opne Trygg for å sjå oppgåvene dine."),
    "en": ("Trygg", "Task with a deadline", "Open Trygg to see your tasks."),
}
# The zone for programs that know none: it changes on the last Sundays of March and October.
OSLO = """BEGIN:VTIMEZONE
TZID:Europe/Oslo
BEGIN:STANDARD
DTSTART:19701025T030000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
TZNAME:CET
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:19700329T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
TZNAME:CEST
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
END:DAYLIGHT
END:VTIMEZONE
"""


@dataclass(frozen=True)
class Entry:
    """One event: a date is the whole day, a moment (UTC) is that time."""

    key: str
    when: date | datetime


def calendar_of(product, account_id: int, address: str) -> bytes:
    """The calendar of this account, in its own language. address: of the list of tasks."""
    now = product.clock()
    with product.database.session() as session:
        name, title, words = _words(session.get_one(Account, account_id))
        entries = list(_deadlines(session, account_id, now))
    calendar = Calendar()
    calendar.add("prodid", "-//Trygg//nb")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", name)
    calendar.add("refresh-interval", timedelta(hours=1), parameters={"VALUE": "DURATION"})
    calendar.add_component(Timezone.from_ical(OSLO))
    for entry in entries:
        calendar.add_component(_event(entry, account_id, now, title, words, address))
    return calendar.to_ical()


def _words(account: Account) -> tuple[str, str, str]:
    return WORDS.get(account.language, WORDS["nb"])


def _deadlines(session, account_id: int, now: datetime) -> Iterator[Entry]:
    """The due dates of the tasks that are mine to do. One that ends with the school day is the
    day's; the others have a clock of their own."""
    rows = session.execute(
        select(Task.id, Task.due_at)
        .where(access.my_tasks(account_id, now), Task.due_at.is_not(None))
        .order_by(Task.due_at, Task.id)
        .limit(LIMIT)
    )
    for task_id, due_at in rows:
        local = workdays.local(due_at)
        whole_day = local.time() == workdays.DAY_ENDS
        yield Entry(f"oppgave:{task_id}", local.date() if whole_day else due_at)


def _event(
    entry: Entry, account_id: int, now: datetime, title: str, words: str, address: str
) -> Event:
    event = Event()
    # The same each time it is fetched, so that programs move the event and don't copy it.
    mark = hashlib.sha256(f"{account_id} {entry.key}".encode()).hexdigest()[:32]
    event.add("uid", f"{mark}@trygg")
    event.add("dtstamp", now)
    event.add("summary", title)
    event.add("description", f"{words}\n{address}")
    event.add("url", address)
    event.add("class", "PRIVATE")
    event.add("transp", "TRANSPARENT")  # a deadline does not make one busy
    if isinstance(entry.when, datetime):
        event.add("dtstart", workdays.local(entry.when))
    else:
        event.add("dtstart", entry.when)
        event.add("dtend", entry.when + timedelta(days=1))
    return event
