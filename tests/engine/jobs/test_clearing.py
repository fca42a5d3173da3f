"""What is cleared away, and what is never."""

from __future__ import annotations

from datetime import timedelta

from engine.cases.drafts import save_draft
from engine.database.tables import Draft, Receipt
from engine.jobs.clearing import clear


def test_old_drafts_go_but_never_one_of_an_open_task(story):
    story.report()
    rektor, open_task = story.account("rektor"), story.task("mistanke_vurdering")
    done = story.task("registrer_melding")
    for task in (None, open_task.id, done.id):
        save_draft(story.product, rektor, task, {"x": "y"})
    clear(story.product)
    assert len(story.rows(Draft)) == 3
    story.player.now += timedelta(days=91)
    clear(story.product)
    assert [row.task_id for row in story.rows(Draft)] == [open_task.id]


def test_old_receipts_go(story):
    story.report()
    assert story.rows(Receipt)
    story.player.now += timedelta(days=29)
    clear(story.product)
    assert story.rows(Receipt)
    story.player.now += timedelta(days=2)
    assert clear(story.product) > 0
    assert story.rows(Receipt) == []
