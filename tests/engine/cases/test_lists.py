"""The overview of cases: who sees which, where each is, what the filters leave."""

from datetime import date

import pytest

from engine.cases import lists
from engine.cases.lists import Filters
from engine.cases.tick import let_deadlines_pass
from engine.refusals import Reason, Refusal
from tests import course as told
from tests.course import SHIELDED, STEPS, Course


@pytest.fixture
def course(database):
    return Course(database)


def listed(course, by="rektor", page=1, **filters):
    return lists.cases(course.product, course.account(by), Filters(**filters), page)


def other_pupil(steps):
    first = {**steps[0], "answers": {**steps[0]["answers"], "elev_utsatt": "elev_b"}}
    first["answers"]["andre_involverte"] = []
    return [first, *steps[1:]]


def test_a_case_says_its_step_and_whose_turn_it_is(course):
    course.tell(STEPS[:10])
    (line,) = listed(course).lines
    (turn,) = line.turns
    assert (line.number, line.pupil, line.status) == (course.number, "Noor, 4B", "apen")
    assert (turn.name, turn.person, turn.role) == ("Lag aktivitetsplan", "Maja", "saksansvarlig")
    assert turn.delplikt == "tiltak"
    assert not turn.mine
    assert listed(course, "kontaktlaerer").lines[0].turns[0].mine


def test_a_step_that_a_role_has_names_the_one_who_holds_it(course):
    course.tell(STEPS[: told.REPORTED])
    (turn,) = listed(course, "ledelse").lines[0].turns
    assert (turn.person, turn.role) == ("Randi", "rektor")
    assert turn.mine  # ledelse does rektor's steps too


def test_a_step_given_by_name_tells_the_persons_own_role(course):
    course.tell(STEPS[:7])
    turns = {turn.step: turn for turn in listed(course).lines[0].turns}
    assert (turns["innhent_ansatte"].person, turns["innhent_ansatte"].role) == (
        "Sivert",
        "miljøarbeider",
    )


@pytest.mark.parametrize(
    ("now", "today", "over"),
    [
        ("2026-08-24T12:00", 0, 0),
        ("2026-08-27T12:00", 3, 0),
        ("2026-08-29T12:00", 4, 0),
        ("2026-08-31T12:00", 5, 0),
        ("2026-09-02T12:00", 5, 2),
    ],
)
def test_the_plans_clock_counts_working_days(course, now, today, over):
    course.tell(STEPS[: told.REPORTED])
    course.set(now)
    clock = listed(course).lines[0].clock
    assert clock.due == date(2026, 8, 31)
    assert (len(clock.days), clock.today, clock.over) == (5, today, over)
    assert clock.late == (over > 0)


def test_the_clock_is_done_when_the_plan_is_made(course):
    course.tell(STEPS[: told.APPROVED])
    (line,) = listed(course).lines
    assert line.clock.done
    assert line.meeting == date(2026, 9, 18)


def test_late_cases_come_first_and_are_counted(course):
    course.tell(STEPS[:10])
    first = course.number
    course.tell(other_pupil(STEPS[: told.REPORTED]))
    course.set("2026-09-01T12:00")
    let_deadlines_pass(course.product)
    found = listed(course)
    assert found.late == 2 and all(line.late for line in found.lines)
    assert {line.number for line in listed(course, late=True).lines} == {first, course.number}


def test_filters_leave_what_fits(course):
    course.tell(STEPS[:10])
    noor = course.number
    course.tell(other_pupil(STEPS[: told.REPORTED]))
    ask = course.number
    assert [line.number for line in listed(course, step="motta_varsel").lines] == [ask]
    assert [line.number for line in listed(course, role="saksansvarlig").lines] == [noor]
    assert listed(course, class_name="7A").lines == ()
    assert listed(course, class_name="4B").total == 2
    assert listed(course, state="avsluttet").total == 0
    found = listed(course)
    assert ("motta_varsel", "Ta imot meldingen") in found.steps
    assert ("rektor", "rektor") in found.roles
    assert found.classes == ("4B",)


def test_a_page_past_the_last_is_the_last(course):
    course.tell(STEPS[: told.REPORTED])
    assert listed(course, page=99).page == 1
    assert listed(course, page=-1).page == 1


def test_closed_cases_are_found_by_their_state(course):
    course.tell(STEPS[: told.CLOSED])
    (line,) = listed(course, state="avsluttet_etterkontroll_gjenstaar").lines
    assert line.turns == () and line.waits_until is not None
    course.go_on(STEPS[told.CLOSED :])
    assert listed(course).total == 0
    (line,) = listed(course, state="avsluttet").lines
    assert line.ended_at is not None


def test_no_count_or_choice_reveals_a_shielded_case(course):
    course.tell(SHIELDED)
    for by in ("ledelse", "kontaktlaerer"):
        found = listed(course, by, state="alle")
        assert (found.total, found.late, found.steps, found.roles, found.classes) == (
            0,
            0,
            (),
            (),
            (),
        )
    lines = listed(course).lines
    assert len(lines) == 2, "the pupil's case, and that of § 12-5"
    assert all(line.pupil == lists.SHIELDED and line.shielded for line in lines)
    assert listed(course, class_name="4B").total == 0


@pytest.mark.parametrize("by", ["faglaerer", "miljoarbeider", "aks", "ppt", "helsesykepleier"])
def test_those_without_a_list_are_refused(course, by):
    course.tell(STEPS[: told.REPORTED])
    with pytest.raises(Refusal) as refused:
        listed(course, by)
    assert refused.value.code is Reason.IKKE_TILGANG
