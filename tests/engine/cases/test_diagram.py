"""Where a case is in its diagrams, at many points of its course."""

import pytest

from engine.cases.desk import open_case
from engine.cases.diagram import Place, diagrams, parts
from engine.database.tables import Task
from tests import course as told
from tests.course import STEPS, Course

MAIN, FOLLOW_UP = "aktivitetsplikt", told.FOLLOW_UP
NOT_TAKEN = {
    "logg_og_gi_beskjed",
    "E1_handtert_paa_stedet",
    "start_skjerpet",
    "p02_funn",
    "vurder_moenster",
    "G_tredje",
    "G_moenster",
    "slaa_sammen",
    "E5_slatt_sammen",
    "varsle_skoleeier",
    "kartlegging",
    "M_tilbake_godkjent",
    "start_gjenopprettende",
    "E3_uten_tiltak",
    "E4_overfort",
}
"""Elements of P01 that this course never comes to."""


@pytest.fixture
def course(database):
    return Course(database)


def seen(course) -> dict:
    with open_case(course.product, course.player.case_ids[0], None) as desk:
        return {each.process_id: each for each in diagrams(desk)}


def part_places(course) -> dict[str, Place]:
    with open_case(course.product, course.player.case_ids[0], None) as desk:
        return {part.id: part.place for part in parts(desk.session, desk.definition, desk.case)}


def test_when_reported_only_the_report_is_done(course):
    course.tell(STEPS[: told.REPORTED])
    main = seen(course)[MAIN]
    steps = {"registrer_melding", "gripe_inn", "mistanke_vurdering", "varsling", "varsle"}
    passed = {"melding_mottatt", "G_ansatt", "G_mistanke", "M_varsle"}
    flows = {flow for flow in main.done if "__" in flow}
    assert set(main.done) - flows == steps | passed
    assert main.current == ("motta_varsel",)
    assert "G_mistanke__M_varsle" in flows
    assert "G_mistanke__logg_og_gi_beskjed" not in flows
    assert FOLLOW_UP not in seen(course)


@pytest.mark.parametrize("count", range(told.REPORTED, len(STEPS) + 1))
def test_nothing_that_was_not_reached_is_done(course, count):
    course.tell(STEPS[:count])
    answered = {step["step"] for step in STEPS[:count] if "step" in step}
    with course.product.database.session() as session:
        opened = {task.step for task in session.query(Task)}
    for process_id, diagram in seen(course).items():
        assert not set(diagram.done) & set(diagram.current)
        with open_case(course.product, course.player.case_ids[0], None) as desk:
            steps = {s.id: s for s in desk.definition.steps.values() if s.process_id == process_id}
            flows = {flow.id: flow for flow in desk.definition.flows[process_id]}
        done = set(diagram.done)
        assert not done & NOT_TAKEN
        assert {s for s in done if s in steps and steps[s].kind == "userTask"} <= answered
        assert {s for s in diagram.current if steps[s].kind == "userTask"} <= opened
        for flow in (flows[each] for each in done if each in flows):
            assert flow.source in done | set(diagram.current)
            assert flow.target not in NOT_TAKEN


def test_parallel_steps_are_current_together_inside_their_sub_process(course):
    course.tell(STEPS[:7])
    main = seen(course)[MAIN]
    assert set(main.current) == {"undersok", "samtale_andre_elever", "innhent_ansatte"}
    assert {"samtale_utsatt_elev", "foresattes_syn", "undersok_del"} <= set(main.done)
    assert "undersok_samle" not in main.done  # waits for the two others
    listed = {step.id: step for step in main.steps}
    assert listed["samtale_utsatt_elev"].place is Place.DONE
    assert listed["samtale_utsatt_elev"].done_by == "Maja"
    assert listed["innhent_ansatte"].place is Place.CURRENT
    assert listed["innhent_ansatte"].due_at is not None
    assert listed["analyse"].place is Place.AHEAD


def test_the_follow_up_has_a_diagram_of_its_own(course):
    course.tell(STEPS[: told.APPROVED])
    both = seen(course)
    assert both[MAIN].current == ("aktivitetsplan_oppfolging",)
    assert {"periode", "gjennomfor_tiltak", "evalueringsmote", "vent_uke"} == set(
        both[FOLLOW_UP].current
    )


def test_waiting_for_the_check_the_timer_is_current(course):
    course.tell(STEPS[: told.CLOSED])
    main = seen(course)[MAIN]
    assert main.current == ("vent_etterkontroll",)
    assert "avslutt_sak" in main.done and "etterkontroll" not in main.done


def test_at_the_end_nothing_is_current(course):
    course.tell(STEPS)
    main = seen(course)[MAIN]
    assert main.current == ()
    assert "E2_trygt" in main.done


@pytest.mark.parametrize(
    ("count", "done", "current"),
    [
        (told.REPORTED, {"gripe_inn"}, {"varsle"}),
        (7, {"gripe_inn", "varsle"}, {"undersoke"}),
        (10, {"gripe_inn", "varsle", "undersoke"}, {"tiltak"}),
        (len(STEPS), {"gripe_inn", "varsle", "undersoke", "tiltak"}, set()),
    ],
)
def test_the_five_delplikter(course, count, done, current):
    course.tell(STEPS[:count])
    places = part_places(course)
    assert {part for part, place in places.items() if place is Place.DONE} == done
    assert {part for part, place in places.items() if place is Place.CURRENT} == current
