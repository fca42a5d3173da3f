"""The calendar as RFC 5545 has it: valid, in Oslo's time, and the same for every task."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar

from engine.cases.calendar import WORDS, Entry, _event, calendar_of
from engine.database.tables import Account, NamedPerson, Task

ADDRESS = "https://trygg.example/oppgaver"


def events(story, name: str) -> list:
    found = calendar_of(story.product, story.account(name), ADDRESS)
    return Calendar.from_ical(found).walk("VEVENT")


def test_a_deadline_at_the_end_of_the_school_day_is_the_days_and_others_have_their_time(story):
    story.report()
    story.suspect()
    (event,) = events(story, "rektor")
    assert event.decoded("dtstart") == date(2026, 9, 9)
    assert event.decoded("dtend") == date(2026, 9, 10)
    with story.product.database.transaction() as session:
        task = session.query(Task).filter_by(state="open").one()
        task.due_at = datetime(2026, 12, 1, 8, 30, tzinfo=UTC)
    (event,) = events(story, "rektor")
    start = event.decoded("dtstart")
    assert start.utcoffset() == timedelta(hours=1) and (start.hour, start.minute) == (9, 30)
    assert event["dtstart"].params["TZID"] == "Europe/Oslo"


def test_an_event_keeps_its_mark_when_its_deadline_moves_and_goes_when_it_is_done(story):
    story.report()
    story.suspect()
    (before,) = events(story, "rektor")
    with story.product.database.transaction() as session:
        session.query(Task).filter_by(state="open").one().due_at += timedelta(days=1)
    (after,) = events(story, "rektor")
    assert before["uid"] == after["uid"] and before["dtstart"].dt != after["dtstart"].dt
    story.receive()
    assert events(story, "rektor") == []
    assert len(events(story, "kontaktlaerer")) == 1


def test_one_who_is_named_has_no_event(story):
    story.report()
    story.suspect()
    with story.product.database.transaction() as session:
        session.add(
            NamedPerson(case_id=story.case.id, account_id=story.account("rektor"), part="nevnt")
        )
    assert events(story, "rektor") == []


@pytest.mark.parametrize("language", [*WORDS, "xx"])
def test_it_is_valid_in_every_language(story, language):
    story.report()
    story.suspect()
    with story.product.database.transaction() as session:
        session.get_one(Account, story.account("rektor")).language = language
    raw = calendar_of(story.product, story.account("rektor"), ADDRESS)
    assert raw.startswith(b"BEGIN:VCALENDAR\r\n") and raw.endswith(b"END:VCALENDAR\r\n")
    assert all(len(line) <= 75 for line in raw.split(b"\r\n"))
    calendar = Calendar.from_ical(raw)
    assert not [part.errors for part in calendar.walk() if part.errors]
    assert calendar["version"] == "2.0" and calendar["prodid"]
    (event,) = calendar.walk("VEVENT")
    assert {"UID", "DTSTAMP", "DTSTART", "SUMMARY"} <= set(event)
    assert len({str(each["UID"]) for each in calendar.walk("VEVENT")}) == 1


def test_the_zone_that_it_carries_is_oslos():
    """Written by hand, so compared with the zone itself, over both changes of twelve years."""
    oslo = ZoneInfo("Europe/Oslo")
    for year in range(2024, 2036):
        for month in (3, 10):
            last = max(
                day for day in (date(year, month, n) for n in range(25, 32)) if day.weekday() == 6
            )
            before = datetime(year, month, last.day, 0, 59, tzinfo=UTC).astimezone(oslo)
            after = datetime(year, month, last.day, 1, 0, tzinfo=UTC).astimezone(oslo)
            hours = (before.utcoffset(), after.utcoffset())
            summer, winter = timedelta(hours=2), timedelta(hours=1)
            assert hours == ((winter, summer) if month == 3 else (summer, winter))


def test_a_moment_is_written_in_the_schools_time_on_both_sides_of_the_change():
    for moment, hour in (
        (datetime(2026, 10, 24, 10, tzinfo=UTC), b"T120000"),
        (datetime(2026, 10, 26, 10, tzinfo=UTC), b"T110000"),
    ):
        event = _event(Entry("x", moment), 1, moment, "x", "x", ADDRESS)
        assert hour in event.to_ical()
