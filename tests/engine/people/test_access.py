"""Who may what: the table in `engine.people.access`, for every person, permission and kind of case.

Who stands how to a case is written out by hand here; what that gives is read from the same table.
"""

from datetime import timedelta

import pytest
from sqlalchemy import select

from engine.database.tables import Case, Task
from engine.people import access
from engine.people.access import PAGES, TABLE, Permission, Who
from engine.people.roles import Role
from engine.people.standing import Shield, Standing
from engine.refusals import Reason, Refusal

PERSONS = [
    "rektor", "ledelse", "kontaktlaerer", "faglaerer", "miljoarbeider", "aks", "sosialveileder",
    "helsesykepleier", "ressursteam", "ppt", "skoleeier", "elevraad", "fau_smu_ds", "melder",
    "saksansvarlig", "undersoker", "ansvarlig", "tilrettelegger", "kontaktlaerer_4a",
    "rektor_at_other_school", "skoleeier_of_other_school", "rektor_until_yesterday",
    "rektor_from_tomorrow", "rektor_not_active", "no_role", "unknown_role",
    "saksansvarlig_before", "saksansvarlig_who_has_left",
]  # fmt: skip

# Who stands how to which kind of case; nobody else has any part in it.
HANDLERS = {
    "melder": {Who.MELDER},
    "saksansvarlig": {Who.SAKSANSVARLIG},
    "undersoker": {Who.UNDERSOKER},
    "ansvarlig": {Who.ANSVARLIG},
}
LEADERS = {"rektor": {Who.LEDER}, "ledelse": {Who.LEDER}}
OWNER = {"skoleeier": {Who.SKOLEEIER}}
TEACHER = {"kontaktlaerer": {Who.KONTAKTLAERER}}
KINDS = {
    "plain": {**HANDLERS, **LEADERS, **TEACHER},
    "serious": {**HANDLERS, **LEADERS, **TEACHER, **OWNER},
    "shielded_ansatt": {**HANDLERS, **OWNER, "rektor": {Who.LEDER}},
    "shielded_ansatt_no_rektor": {**HANDLERS, **OWNER, "ledelse": {Who.LEDER}},
    "shielded_ledelse": {**HANDLERS, **OWNER},
    "restorative": {
        **HANDLERS,
        **LEADERS,
        **TEACHER,
        "tilrettelegger": {Who.TILRETTELEGGER},
    },
    "other_school": {"rektor_at_other_school": {Who.LEDER}},
    "everybody_named": {},
    "everybody_named_serious": {},
    # A routine of the class 4B: no report, and only those with a task in it take part.
    "schools_own": {
        **{who: ways for who, ways in HANDLERS.items() if who != "melder"},
        **LEADERS,
        "kontaktlaerer": {Who.KONTAKTLAERER, Who.DELTAKER},
        "kontaktlaerer_4a": {Who.DELTAKER},
    },
}


class Cast:
    """All persons, and one case of the kind they are asked about."""

    def __init__(self, world, kind: str):
        self.world, self.kind = world, kind
        today, day = world.today, timedelta(days=1)
        accounts = dict(world.people)
        accounts["melder"] = world.reporter
        for name in ("saksansvarlig", "undersoker", "ansvarlig", "tilrettelegger"):
            accounts[name] = world.person(name, "miljoarbeider")
        accounts["saksansvarlig_before"] = world.person("before", "miljoarbeider")
        accounts["saksansvarlig_who_has_left"] = world.person(
            "left", "miljoarbeider", to_date=today - day
        )
        accounts["kontaktlaerer_4a"] = world.person("4a", "kontaktlaerer", class_name="4A")
        there = world.other_school.id
        accounts["rektor_at_other_school"] = world.person("other", "rektor", school_id=there)
        accounts["skoleeier_of_other_school"] = world.person("owner", "skoleeier", school_id=there)
        accounts["rektor_until_yesterday"] = world.person("old", "rektor", to_date=today - day)
        accounts["rektor_from_tomorrow"] = world.person("new", "rektor", from_date=today + day)
        accounts["rektor_not_active"] = world.person("not active", "rektor", active=False)
        accounts["no_role"] = world.person("nobody")
        accounts["unknown_role"] = world.person("unknown", "ansatt", "elev", "foresatte", "")
        if kind == "shielded_ansatt_no_rektor":
            accounts["rektor"].active = False
        self.accounts = accounts
        self.case = self._case(world)

    def _case(self, world) -> Case:
        kind = self.kind
        shield = "ledelse" if "ledelse" in kind else "ansatt" if "shielded" in kind else None
        case = world.case(shielded=shield, serious="serious" in kind)
        if kind == "restorative":
            case.process_id = "gjenopprettende_elev_elev"
        if kind == "other_school":
            case.school_id, case.pupil_id = world.other_school.id, None
        if kind == "schools_own":
            case.pupil_id, case.title, case.class_name = None, "Sosiogram, 4B", "4B"
        # The kontaktlærer of the pupil's class has had a task there, and so has the other one.
        for teacher in ("kontaktlaerer", "kontaktlaerer_4a"):
            account = self.accounts[teacher]
            world.task(case, "kontaktlaerer", done_by_id=account.id, state="done")
        for role in ("saksansvarlig", "undersoker", "ansvarlig", "tilrettelegger"):
            world.give(case, self.accounts[role], role)
        world.give(case, self.accounts["saksansvarlig_who_has_left"], "saksansvarlig")
        world.give(case, self.accounts["saksansvarlig_before"], "saksansvarlig", to_time=world.now)
        if "named" in kind:
            for account in self.accounts.values():
                world.name(case, account)
        world.session.flush()
        return case

    def stands(self, person: str) -> set[Who]:
        return KINDS[self.kind].get(person, set())


@pytest.fixture(params=[*KINDS, "shielded_ansatt on PostgreSQL"])
def cast(request):
    kind, _, on = request.param.partition(" on ")
    return Cast(request.getfixturevalue("postgres_world" if on else "world"), kind)


def test_every_person_permission_and_kind_of_case(cast):
    world = cast.world
    wrong = [
        (person, permission, expected)
        for person in PERSONS
        for permission in Permission
        if access.may(
            world.session,
            cast.accounts[person],
            permission,
            now=world.now,
            case=cast.case,
        )
        != (expected := bool(TABLE[permission] & cast.stands(person)))
    ]
    assert wrong == []
    assert set(PERSONS) == set(cast.accounts)


def test_lists_show_just_what_the_single_check_allows(cast):
    world = cast.world
    for person, account in cast.accounts.items():
        for condition, permission in (
            (access.visible_cases, Permission.SEE_CASES_LIST),
            (access.own_reports, Permission.SEE_OWN_REPORTS),
            (access.cases_with_incidents, Permission.SEE_INCIDENTS),
        ):
            listed = world.session.scalars(select(Case.id).where(condition(account, world.now)))
            expected = bool(TABLE[permission] & cast.stands(person))
            assert (cast.case.id in listed.all()) == expected, (person, permission)


# Who could do an open task of each role, in an open case and in shielded ones.
TASKS = {
    "rektor": ["rektor", "ledelse"],
    "ledelse": ["ledelse"],
    "kontaktlaerer": ["kontaktlaerer"],
    "faglaerer": ["faglaerer", "melder"],
    "miljoarbeider": [
        "miljoarbeider", "saksansvarlig", "undersoker", "ansvarlig", "tilrettelegger",
        "saksansvarlig_before",
    ],
    "aks": ["aks"],
    "helsesykepleier": ["helsesykepleier"],
    "skoleeier": ["skoleeier"],
    "melder": ["melder"],
    "saksansvarlig": ["saksansvarlig"],
    "undersoker": ["undersoker"],
    "ansvarlig": ["ansvarlig"],
    "tilrettelegger": ["tilrettelegger"],
    None: [],
    "": [],
    "ansatt": [],
    "elev": [],
    "ukjent": [],
}  # fmt: skip
SHIELDED_TASKS = {
    **{role: [] for role in TASKS},
    **{role: [role] for role in ("skoleeier", "melder", "saksansvarlig", "undersoker")},
    **{role: [role] for role in ("ansvarlig", "tilrettelegger")},
}
TASKS_OF = {
    "plain": TASKS,
    "restorative": TASKS,
    "serious": TASKS,
    "schools_own": TASKS,
    "shielded_ansatt": {**SHIELDED_TASKS, "rektor": ["rektor"]},
    "shielded_ansatt_no_rektor": {**SHIELDED_TASKS, "rektor": ["ledelse"]},
    "shielded_ledelse": SHIELDED_TASKS,
    "other_school": {role: [] for role in TASKS}
    | {
        "rektor": ["rektor_at_other_school"],
        "skoleeier": ["skoleeier_of_other_school"],
    },
    "everybody_named": {role: [] for role in TASKS},
    "everybody_named_serious": {role: [] for role in TASKS},
}


def test_who_may_do_a_task(cast):
    world = cast.world
    ppt = cast.accounts["ppt"]
    free = {role: world.task(cast.case, role) for role in TASKS}
    done = {role: world.task(cast.case, role, state="done", done_by_id=ppt.id) for role in TASKS}
    wrong = []
    for person, account in cast.accounts.items():
        handles = bool(TABLE[Permission.SEE_TASK] & cast.stands(person))
        did = person == "ppt" and still_there(cast, person) and "shielded" not in cast.kind
        for role in TASKS:
            hers = person in TASKS_OF[cast.kind][role]
            for permission, task, expected in (
                (Permission.COMPLETE_TASK, free[role], hers),
                (Permission.CLAIM_TASK, free[role], hers),
                (Permission.SEE_TASK, free[role], hers or handles),
                # ... so that she can be told who was first, but not what was answered
                (Permission.COMPLETE_TASK, done[role], hers),
                (Permission.SEE_TASK, done[role], handles or did),
            ):
                may = access.may(world.session, account, permission, now=world.now, task=task)
                if may != expected:
                    wrong.append((person, role, permission, task.state))
        listed = world.session.scalars(select(Task.id).where(access.my_tasks(account, world.now)))
        expected = {free[role].id for role in TASKS if person in TASKS_OF[cast.kind][role]}
        if set(listed) != expected:
            wrong.append((person, "my_tasks"))
    assert wrong == []


def still_there(cast, person: str) -> bool:
    """Whether a person of the first school has any part in this kind of case."""
    return "named" not in cast.kind and cast.kind != "other_school"


def test_a_task_given_to_a_person_is_hers_alone(cast):
    world = cast.world
    for owner in ("aks", "ppt", "ledelse", "kontaktlaerer_4a"):
        account = cast.accounts[owner]
        task = world.task(cast.case, "rektor", assignee_id=account.id)
        allowed = still_there(cast, owner)
        for person, other in cast.accounts.items():
            hers = allowed and person == owner
            listed = world.session.scalars(
                select(Task.id).where(access.my_tasks(other, world.now), Task.id == task.id)
            )
            assert listed.all() == ([task.id] if hers else []), person
            for permission, expected in (
                (Permission.COMPLETE_TASK, hers),
                (Permission.CLAIM_TASK, False),
            ):
                may = access.may(world.session, other, permission, now=world.now, task=task)
                assert may == expected, (owner, person, permission)
        see = {"now": world.now, "task": task}
        assert access.may(world.session, account, Permission.SEE_TASK, **see) == allowed
        # The task shows nothing more of a pupil's case than before.
        about = {"now": world.now, "case": cast.case}
        may = access.may(world.session, account, Permission.SEE_CASE, **about)
        takes_part = {Who.DELTAKER} if cast.kind == "schools_own" else set()
        assert may == bool(TABLE[Permission.SEE_CASE] & (cast.stands(owner) | takes_part))
        may = access.may(world.session, account, Permission.SEE_ALL_ANSWERS, **about)
        assert may == bool(TABLE[Permission.SEE_ALL_ANSWERS] & cast.stands(owner))


def test_who_may_start_by_hand(cast):
    world = cast.world
    wrong = []
    for person, account in cast.accounts.items():
        for role in TASKS:
            about = {"now": world.now, "case": cast.case}
            about["roles"] = [role] if role else []
            may = access.may(world.session, account, Permission.START_MANUAL, **about)
            if may != (person in TASKS_OF[cast.kind][role]):
                wrong.append((person, role))
    assert wrong == []


# --- the pages, no case chosen ---------------------------------------------------------------

LEADERSHIP = {"rektor", "ledelse", "skoleeier"}
AT_SCHOOL = set(PERSONS) - {
    "rektor_at_other_school", "skoleeier_of_other_school", "rektor_until_yesterday",
    "rektor_from_tomorrow", "rektor_not_active", "no_role", "unknown_role",
    "saksansvarlig_who_has_left",
}  # fmt: skip
PAGES_OF = {
    Permission.REPORT: AT_SCHOOL,
    Permission.SEE_OWN_REPORTS: AT_SCHOOL,
    # Those who handle a case see the list too, whatever else they are.
    Permission.SEE_CASES_LIST: LEADERSHIP
    | {"kontaktlaerer", "kontaktlaerer_4a", "saksansvarlig", "undersoker"},
    Permission.SEE_PUPIL: {"rektor", "ledelse", "kontaktlaerer", "kontaktlaerer_4a"},
    Permission.SEE_INCIDENTS: LEADERSHIP,
    Permission.SEE_OVERSIGHT: LEADERSHIP,
    Permission.SEE_YEAR: AT_SCHOOL,
    Permission.EDIT_YEAR: {"rektor", "ledelse"},
    Permission.EDIT_TEMPLATES: {"rektor", "ledelse"},
}


def test_pages(world):
    cast = Cast(world, "shielded_ledelse")
    for person, account in cast.accounts.items():
        for permission in Permission:
            expected = person in PAGES_OF.get(permission, set())
            at = {"now": world.now, "school_id": world.school.id}
            assert access.may(world.session, account, permission, **at) == expected, (
                person,
                permission,
            )


def test_who_may_start_a_process_at_the_school(world):
    cast = Cast(world, "plain")
    for roles, persons in (
        ([Role.REKTOR], {"rektor", "ledelse"}),
        ([Role.LEDELSE], {"ledelse"}),
        ([Role.KONTAKTLAERER, Role.AKS], {"kontaktlaerer", "kontaktlaerer_4a", "aks"}),
        ([], set()),
    ):
        for person, account in cast.accounts.items():
            may = access.may(
                world.session,
                account,
                Permission.START_MANUAL,
                now=world.now,
                school_id=world.school.id,
                roles=roles,
            )
            assert may == (person in persons), (roles, person)


def test_schools_are_those_where_a_role_is_held_today(world):
    rektor = world.people["rektor"]
    world.hold(rektor, "aks", school_id=world.other_school.id)
    standing = Standing(rektor.id, world.now)
    found = world.session.scalars(access.schools(standing, [Role.REKTOR])).all()
    assert found == [world.school]
    found = world.session.scalars(access.schools(standing, [Role.REKTOR, Role.AKS]))
    assert found.all() == [world.other_school, world.school]


# --- nobody, and nothing ---------------------------------------------------------------------


def test_nobody_logged_in_and_nothing_there(world):
    case, rektor = world.case(), world.people["rektor"]
    task = world.task(case, "rektor")
    for permission in Permission:
        for about in ({}, {"case": case}, {"task": task}, {"school_id": world.school.id}):
            assert not access.may(world.session, None, permission, now=world.now, **about)
            with pytest.raises(Refusal):
                access.require(world.session, None, permission, now=world.now, **about)
        if permission not in PAGES:
            assert not access.may(world.session, rektor, permission, now=world.now)
    for condition in (access.visible_cases, access.own_reports, access.my_tasks):
        table = Task if condition is access.my_tasks else Case
        assert world.session.scalars(select(table.id).where(condition(None, world.now))).all() == []


def test_every_permission_is_in_the_table_and_every_way_is_used():
    assert set(TABLE) == set(Permission)
    assert set().union(*TABLE.values()) == set(Who)
    assert set(access.CONDITIONS) == set(Who) - {Who.STARTER}


# --- refusals --------------------------------------------------------------------------------


def reason(world, account, task, permission=Permission.COMPLETE_TASK) -> Reason | None:
    try:
        access.require(world.session, account, permission, now=world.now, task=task)
    except Refusal as refusal:
        assert refusal.message.endswith(".")
        return refusal.code
    return None


def test_the_reasons_of_the_written_case_c2(world):
    inspector = world.person("inspektor", "ledelse")
    case = world.case()
    world.name(case, inspector)
    world.give(case, world.people["kontaktlaerer"], "saksansvarlig")
    approve = world.task(case, "rektor")
    assert reason(world, world.people["kontaktlaerer"], approve) is Reason.FEIL_ROLLE
    assert reason(world, inspector, approve) is Reason.INHABIL
    assert reason(world, world.people["rektor"], approve) is None
    assert reason(world, world.people["ledelse"], approve) is None
    assert reason(world, world.people["aks"], approve) is Reason.IKKE_TILGANG
    assert reason(world, None, approve) is Reason.IKKE_TILGANG


def test_a_named_person_without_the_role_learns_nothing(world):
    case, aks = world.case(), world.people["aks"]
    world.name(case, aks)
    assert reason(world, aks, world.task(case, "rektor")) is Reason.IKKE_TILGANG


@pytest.mark.parametrize("shield", Shield)
def test_in_a_shielded_case_a_named_person_learns_nothing(world, shield):
    case = world.case(shielded=shield)
    for role in ("rektor", "skoleeier", "aks"):
        account = world.people[role]
        world.name(case, account, "mistenkt")
        for task in (world.task(case, role), world.task(case, None, assignee_id=account.id)):
            assert reason(world, account, task) is Reason.IKKE_TILGANG


def test_no_access_has_the_words_for_what_does_not_exist(world):
    said = set()
    aks, case = world.people["aks"], world.case(shielded="ledelse")
    for about in ({}, {"case": case}, {"task": world.task(case, "skoleeier")}):
        with pytest.raises(Refusal) as refused:
            access.require(world.session, aks, Permission.SEE_CASE, now=world.now, **about)
        said.add((refused.value.code, refused.value.message))
    assert said == {(Reason.IKKE_TILGANG, access.NO_ACCESS)}


def test_a_task_given_to_another_says_to_whom(world):
    case = world.case()
    task = world.task(case, "rektor", assignee_id=world.people["aks"].id)
    with pytest.raises(Refusal, match="er gitt til aks") as refused:
        access.require(
            world.session,
            world.people["rektor"],
            Permission.COMPLETE_TASK,
            now=world.now,
            task=task,
        )
    assert refused.value.code is Reason.FEIL_ROLLE


def test_a_task_of_another_role_says_whose(world):
    task = world.task(world.case(), "helsesykepleier")
    with pytest.raises(Refusal, match="helsesykepleier"):
        access.require(
            world.session, world.people["rektor"], Permission.CLAIM_TASK, now=world.now, task=task
        )
    for role in (None, "", "ansatt", "ukjent"):
        nobodys = world.task(world.case(), role)
        assert reason(world, world.people["rektor"], nobodys) is Reason.FEIL_ROLLE


def test_a_task_of_one_case_is_not_asked_about_in_another(world):
    case, hidden = world.case(), world.case(shielded="ledelse")
    task = world.task(hidden, "rektor")
    rektor = world.people["rektor"]
    assert not access.may(
        world.session, rektor, Permission.SEE_TASK, now=world.now, case=case, task=task
    )


# --- kontaktlærer ------------------------------------------------------------------------------


def test_the_kontaktlaerer_sees_a_case_only_with_a_task_there(world):
    case, teacher = world.case(), world.people["kontaktlaerer"]

    def sees() -> bool:
        return access.may(world.session, teacher, Permission.SEE_CASE, now=world.now, case=case)

    assert not sees()
    task = world.task(case, "kontaktlaerer")
    assert sees()
    task.assignee_id = world.people["aks"].id
    world.session.flush()
    assert not sees()
    task.assignee_id, task.state = teacher.id, "withdrawn"
    world.session.flush()
    assert sees()
    world.pupil.class_name = "5B"  # a new year: another class, another teacher
    world.session.flush()
    assert not sees()


def test_a_kontaktlaerer_without_a_class_has_no_pupil(world):
    teacher = world.person("vikar", "kontaktlaerer", class_name=None)
    assert reason(world, teacher, world.task(world.case(), "kontaktlaerer")) is Reason.IKKE_TILGANG
    without_pupil = world.case(pupil_id=None)
    assert reason(world, teacher, world.task(without_pupil, "kontaktlaerer")) is None
