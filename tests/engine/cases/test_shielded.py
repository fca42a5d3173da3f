"""A report about an adult at school: seen by those who must handle it, and by nobody else."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from engine.cases import inbox, lists
from engine.database.tables import Account, Case, NamedPerson, Task
from engine.people import access
from tests.engine.cases.conftest import Story

EVERYBODY = (
    "rektor",
    "ledelse",
    "kontaktlaerer",
    "faglaerer",
    "miljoarbeider",
    "aks",
    "sosialveileder",
    "skoleeier",
)


def who_sees(story: Story, process_id: str | None = None) -> set[str]:
    """Those who find a case (of this process), or a task of it, in any list."""
    seen = set()
    of = Case.process_id == process_id if process_id else True
    with story.product.database.session() as session:
        for name in EVERYBODY:
            account = session.get_one(Account, story.account(name))
            now = story.product.clock()
            cases = select(Case.id).where(of, access.visible_cases(account, now))
            tasks = (
                select(Task.id)
                .join(Case, Case.id == Task.case_id)
                .where(of, access.my_tasks(account, now))
            )
            if session.scalars(cases).all() or session.scalars(tasks).all():
                seen.add(name)
    return seen


@pytest.mark.parametrize(
    ("box", "who", "step", "sees"),
    [
        ("ansatt_mistenkt", "offender", "motta_rektor", {"rektor", "skoleeier"}),
        ("ledelse_mistenkt", "rektor", "motta_skoleeier", {"skoleeier"}),
        ("ansatt_mistenkt", "ledelse", "motta_skoleeier", {"skoleeier"}),
    ],
)
def test_only_those_who_must_handle_it_see_it(story, box, who, step, sees):
    story.report(**{box: "ja"}, ansatte_nevnt=["miljoarbeider"])
    story.at_once(who, stilling="ledelse" if box == "ledelse_mistenkt" else "ansatt")
    assert story.open == [step]
    assert who_sees(story) == sees
    told = {name for name in EVERYBODY if story.told(name)} - {"faglaerer"}  # who reported it
    assert told == ({"rektor"} if step == "motta_rektor" else {"skoleeier"})


def test_both_boxes_go_past_the_schools_leadership(story):
    story.report(ansatt_mistenkt="ja", ledelse_mistenkt="ja")
    story.at_once(None)
    assert story.open == ["motta_skoleeier"]
    assert who_sees(story) == {"skoleeier"}


def test_who_is_named_in_one_is_named_in_both(story):
    story.report(ansatt_mistenkt="ja", ansatte_nevnt=["aks"])
    story.at_once("offender")
    for case in story.rows(Case):
        named = {row.account_id for row in story.rows(NamedPerson, case_id=case.id)}
        assert named == {story.account("aks"), story.account("offender")}


def test_one_in_leadership_who_is_named_later_loses_sight_of_both(story):
    story.report(ansatt_mistenkt="ja")
    story.at_once(None)
    assert who_sees(story) == {"rektor", "skoleeier"}
    story.do("motta_rektor", "rektor", hvem_mistenkt="ledelse", aapenbart_grunnlos="ja",
             begrunnelse="x", kontrollert_av="sosialveileder")  # fmt: skip
    assert story.open == ["motta_skoleeier"], "the groundless way is closed for leadership"
    assert who_sees(story) == {"skoleeier"}
    assert not story.told("ledelse")


def test_a_named_head_never_sees_the_case(story):
    story.report(ansatt_mistenkt="ja", ansatte_nevnt=["rektor"])
    story.at_once()
    assert "rektor" not in who_sees(story)
    assert not story.told("rektor")


def test_the_one_who_leads_the_pupils_case_sees_that_one_alone(story):
    story.report(ansatt_mistenkt="ja")
    story.at_once()
    story.do("motta_rektor", "rektor", aapenbart_grunnlos="nei")
    story.do("meld_skoleeier", "rektor", kanal="telefon")
    story.do(
        "motta_skoleeier",
        "skoleeier",
        saksbehandler="skoleeier",
        undersoker="skoleeier",
        hvem_leder_elevens_sak="sosialveileder",
    )
    assert who_sees(story, "aktivitetsplikt") == {"rektor", "skoleeier", "sosialveileder"}
    assert who_sees(story, "skjerpet_aktivitetsplikt") == {"rektor", "skoleeier"}


def test_its_name_in_lists_is_shielded_case(story):
    story.report(ansatt_mistenkt="ja")
    story.at_once()
    (line,) = inbox.my_tasks(story.product, story.account("rektor"))
    assert line.pupil == lists.SHIELDED
    for line in lists.cases(story.product, story.account("rektor")).lines:
        assert line.pupil == lists.SHIELDED
    assert lists.cases(story.product, story.account("ledelse")).total == 0
