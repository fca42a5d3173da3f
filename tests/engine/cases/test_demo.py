"""The demonstration school: made once from a fixed moment, and looked at from many sides."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from sqlalchemy import func, select

from engine.cases import demo, lists
from engine.cases.linked import family
from engine.cases.state import Status
from engine.cases.tick import let_deadlines_pass
from engine.database.session import Database
from engine.database.tables import (
    Account,
    Case,
    Deadline,
    Draft,
    Event,
    Guardianship,
    Incident,
    Note,
    Pupil,
    RoleHolding,
    Task,
)
from engine.people import accounts
from engine.people.roles import SCHOOL_ROLES, Role
from engine.product import Product
from engine.records import log
from engine.refusals import Refusal
from engine.rules import workdays

MOMENTS = [
    "2026-11-24T10:15",  # today's first lessons have just been
    "2026-11-24T10:14",
    "2026-11-24T16:02",  # the school day is just over
    "2026-11-28T12:00",  # a Saturday
    "2026-11-30T07:30",  # a Monday before school
    "2026-07-14T00:10",
    "2027-01-04T11:00",  # after Christmas
    "2027-03-30T07:30",  # the first school day after Easter
    "2027-05-18T10:20",
]


@pytest.fixture
def filled(demonstrated):
    return demonstrated


@pytest.fixture
def session(filled):
    with filled.database.session() as session:
        yield session


def case_of(session, pupil: str) -> Case:
    """The pupil's first case."""
    return session.scalar(
        select(Case).join(Pupil, Pupil.id == Case.pupil_id).where(Pupil.name == pupil)
    )


def open_steps(session, pupil: str) -> list[str]:
    cases = [case.id for case in family(session, case_of(session, pupil))]
    rows = session.scalars(select(Task.step).where(Task.case_id.in_(cases), Task.state == "open"))
    return sorted(rows)


def test_the_school_has_people_of_every_kind(filled, session):
    assert not demo.is_empty(filled)
    classes = session.execute(select(Pupil.class_name, func.count()).group_by(Pupil.class_name))
    sizes = dict(classes.all())
    assert sorted(sizes) == [f"{year}{letter}" for year in range(1, 8) for letter in "AB"]
    assert 60 <= sum(sizes.values()) <= 100
    teachers = session.scalars(
        select(RoleHolding.class_name).where(RoleHolding.role == Role.KONTAKTLAERER)
    )
    assert sorted(teachers) == sorted(sizes), "each class has its own kontaktlærer"
    assert session.scalar(select(func.count()).where(Guardianship.address_block)) == 1
    assert session.scalar(select(func.count()).where(Guardianship.interpreter)) == 1


def test_each_role_can_log_in(filled, session):
    made = demo.logins(filled)
    assert {username for username, _ in made} == SCHOOL_ROLES - {
        Role.RESSURSTEAM,
        Role.ELEVRAAD,
        Role.FAU_SMU_DS,
    }
    for username, password in made:
        assert accounts.verify(session, username, password).username == username
    others = session.scalars(select(Account).where(Account.password_hash == ""))
    assert {a.username for a in others} == set(demo._told()["staff"])


def test_a_login_is_shown_only_while_its_password_is_the_demonstrations(filled, tmp_path):
    copy = tmp_path / "trygg.db"
    with closing(sqlite3.connect(filled.database.url.database)) as original:
        original.execute(f"VACUUM INTO '{copy}'")
    database = Database(f"sqlite:///{copy}")
    product = Product(database, filled.master_key)
    with database.transaction() as session:
        rektor = session.scalar(select(Account).where(Account.username == "rektor"))
        accounts.change_password(rektor, demo._password("rektor"), "et helt annet passord")
        session.scalar(select(Account).where(Account.username == "ppt")).active = False
    shown = {username for username, _ in demo.logins(product)}
    assert shown == set(demo._told()["logins"]) - {"rektor", "ppt"}
    database.close()


def test_no_login_is_shown_for_another_school(database, master_key):
    product = Product(database, master_key)
    assert demo.is_empty(product)
    assert demo.logins(product) == []


@pytest.mark.parametrize(
    ("pupil", "status", "steps"),
    [
        ("Vilja", Status.OPEN, ["motta_varsel"]),
        ("Jonas", Status.OPEN, ["varsle_skoleeier"]),
        ("Ask", Status.OPEN, ["informer_foresatte_elev"]),
        ("Trym", Status.OPEN, ["foresattes_syn", "kartlegging", "samtale_andre_elever"]),
        ("Iben", Status.OPEN, ["analyse"]),
        ("Noor", Status.OPEN, ["lag_aktivitetsplan"]),
        ("Mikkel", Status.OPEN, ["godkjenn_plan"]),
        ("Ebba", Status.OPEN, ["lag_aktivitetsplan"]),
        ("Teo", Status.OPEN, ["evalueringsmote"] + ["gjennomfor_tiltak"] * 2 + ["ukesjekk"]),
        ("Kaja", Status.OPEN, ["evalueringsmote", "gjennomfor_tiltak"]),
        ("Peder", Status.OPEN, ["evalueringsmote", "gjennomfor_tiltak"]),
        ("Selma", Status.AWAITS_CHECK, []),
        ("Gina", Status.CLOSED, []),
        ("Kasper", Status.CLOSED, []),
        ("Emre", Status.OPEN, ["motta_skoleeier"]),
    ],
)
def test_each_case_stands_at_its_own_step(session, pupil, status, steps):
    assert case_of(session, pupil).status == status
    assert open_steps(session, pupil) == steps


def test_cases_ended_as_they_should(session):
    ends = session.execute(
        select(Pupil.name, Event.step)
        .join(Case, Case.id == Event.case_id)
        .join(Pupil, Pupil.id == Case.pupil_id)
        .where(Event.kind == log.Kind.SAK_AVSLUTTET, Case.ended_at.is_not(None))
    )
    assert dict(ends.all()) == {
        "Gina": "E2_trygt",
        "Kasper": "E1_handtert_paa_stedet",
        "Noor": "E5_slatt_sammen",
    }
    joined = session.scalar(select(Case).where(Case.status == Status.MERGED))
    assert joined.merged_into_id == case_of(session, "Noor").id


def test_a_serious_case_and_a_shielded_one_are_seen_by_those_who_should(filled, session):
    def seen_by(username: str) -> set[str]:
        account = session.scalar(select(Account.id).where(Account.username == username))
        return {line.number for line in lists.cases(filled, account).lines}

    serious, shielded = case_of(session, "Jonas"), case_of(session, "Emre")
    assert serious.serious and shielded.shielded == "ansatt"
    both = {case.number for case in family(session, shielded)}
    assert len(both) == 2
    assert {serious.number, *both} <= seen_by("rektor")
    assert not both & seen_by("ledelse")
    assert seen_by("skoleeier") == {serious.number, *both}
    with pytest.raises(Refusal):
        seen_by("ppt")


def test_only_what_should_be_late_is_late(filled, session):
    late = session.execute(
        select(Pupil.name, Task.step)
        .join(Case, Case.id == Task.case_id)
        .join(Pupil, Pupil.id == Case.pupil_id)
        .where(Task.state == "open", Task.due_at < filled.clock())
    )
    assert late.all() == [("Iben", "analyse")]
    no_step = {"kan_meldes_sf", "plan_paaminnelse"}  # days to know of, nobody is late for them
    passed = session.scalars(
        select(Deadline.rule).where(
            Deadline.kind == "frist", Deadline.state == "passert", Deadline.rule.not_in(no_step)
        )
    )
    assert sorted(passed) == ["analyse", "plan"]


def test_nothing_is_stopped_and_the_log_is_whole(filled, session):
    assert session.scalar(select(func.count(Incident.id))) == 0
    assert list(log.verify(session)) == []
    assert let_deadlines_pass(filled) == 0, "what was due has happened"
    assert session.scalar(select(func.max(Event.at))) <= filled.clock()
    assert session.scalar(select(func.count(Draft.id))) == 1
    assert session.scalar(select(func.count(Note.id))) == 1


def test_people_act_on_school_days_in_school_hours(session):
    for at in session.scalars(select(Event.at).where(Event.actor_id.is_not(None))):
        local = workdays.local(at)
        assert workdays.is_workday(local.date()), local
        assert 7 <= local.hour < 17, local


@pytest.mark.parametrize("now", MOMENTS)
def test_every_moment_gives_a_past_in_order(now):
    days = demo.Days(workdays.moment(now))
    happenings = demo._happenings(days)
    assert happenings == demo._happenings(days), "the same now gives the same past"
    assert all(happening.at <= days.now for happening in happenings)
    for number, story in enumerate(demo._told()["stories"]):
        own = [h for h in happenings if h.story == number]
        assert [h.step for h in own] == story["steps"], "a story keeps its order"


@pytest.mark.parametrize("now", [m for m in MOMENTS if m[-5:] > "10:15"])
def test_what_is_due_the_same_day_is_not_late_at_the_start(now):
    days = demo.Days(workdays.moment(now))
    urgent, end = days.moment("haster 0"), workdays.at(days.last, workdays.DAY_ENDS)
    assert days.now < end or urgent >= end
    assert workdays.local_day(days.moment("straks 0")) == workdays.local_day(days.now)


def test_no_name_or_text_is_left_out():
    told = demo._told()
    pupils = [name for names in told["pupils"].values() for name in names]
    assert len(pupils) == len(set(pupils)), "stories name pupils by first name"
    assert set(told["guardians"]) <= set(pupils)
    assert not set(told["logins"]) & set(told["staff"])
