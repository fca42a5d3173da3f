"""A report about an adult at school: seen by those who must handle it, and by nobody else."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from engine.cases import inbox, lists
from engine.database.tables import Account, Case, Task
from engine.people import access
from tests.engine.cases.conftest import Story

EVERYBODY = ("rektor", "ledelse", "kontaktlaerer", "faglaerer", "miljoarbeider", "aks", "skoleeier")


def who_sees(story: Story) -> set[str]:
    """Those who find the case, or a task of it, in any list."""
    seen = set()
    with story.product.database.session() as session:
        for name in EVERYBODY:
            account = session.get_one(Account, story.account(name))
            now = story.product.clock()
            cases = session.scalars(select(Case.id).where(access.visible_cases(account, now))).all()
            tasks = session.scalars(select(Task.id).where(access.my_tasks(account, now))).all()
            if cases or tasks:
                seen.add(name)
    return seen


@pytest.mark.parametrize(
    ("box", "step", "sees"),
    [
        ("ansatt_mistenkt", "motta_12_5_ansatt", {"rektor", "skoleeier"}),
        ("ledelse_mistenkt", "motta_12_5_ledelse", {"skoleeier"}),
    ],
)
def test_only_those_who_must_handle_it_see_it(story, box, step, sees):
    story.report(**{box: "ja"}, ansatte_nevnt=["miljoarbeider"])
    assert story.open == [step]
    assert who_sees(story) == sees
    told = {name for name in EVERYBODY if story.told(name)} - {"faglaerer"}  # who reported it
    assert told == ({"rektor"} if box == "ansatt_mistenkt" else {"skoleeier"})


def test_both_boxes_go_past_the_schools_leadership(story):
    story.report(ansatt_mistenkt="ja", ledelse_mistenkt="ja")
    assert story.open == ["motta_12_5_ledelse"]
    assert who_sees(story) == {"skoleeier"}


def test_a_named_head_never_sees_the_case(story):
    story.report(ansatt_mistenkt="ja", ansatte_nevnt=["rektor"])
    assert "rektor" not in who_sees(story)
    assert not story.told("rektor")


def test_its_name_in_lists_is_shielded_case(story):
    story.report(ansatt_mistenkt="ja")
    (line,) = inbox.my_tasks(story.product, story.account("rektor"))
    assert line.pupil == lists.SHIELDED
    (line,) = lists.cases(story.product, story.account("rektor")).lines
    assert line.pupil == lists.SHIELDED
    assert lists.cases(story.product, story.account("ledelse")).total == 0
