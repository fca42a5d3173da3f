"""An answer is corrected on a page of its own; the old one is struck through where it is read."""

from __future__ import annotations

from uuid import uuid4

import pytest
from sqlalchemy import select

from engine.database.tables import Answer
from tests.browsing import Story, fields
from tests.school import hidden


@pytest.fixture
def story(database) -> Story:
    """Saksansvarlig is about to make the plan."""
    return Story(database, "lag_aktivitetsplan")


def row_of(story, step: str) -> Answer:
    with story.player.product.database.session() as session:
        return session.scalars(
            select(Answer).where(Answer.step == step).order_by(Answer.id)
        ).first()


def address(story, step: str) -> str:
    return f"/saker/{story.number}/svar/{row_of(story, step).id}"


def correct(client, path: str, page=None, **change):
    sent = fields(page or client.get(f"{path}/rett"), **{"send": "ja", **change})
    return client.post(f"{path}/rett", data=sent)


def test_the_way_from_the_case_to_a_corrected_answer(story):
    client, path = story.browser("rektor"), address(story, "registrer_melding")
    assert f'href="{path}/rett"' in client.get(path).text
    page = client.get(f"{path}/rett").text
    for words in (
        "Saken går ikke tilbake.",
        "Hvorfor retter du svaret?",
        "må ledelsen vurdere om noe skal gjøres på nytt",
    ):
        assert words in page
    answer = correct(client, path, observasjon="Det var to, ikke tre.", grunn="Telte feil.")
    assert (answer.status_code, answer.location) == (303, path)
    page = client.get(path).text
    assert "Det var to, ikke tre." in page and "Grunn: Telte feil." in page
    assert "<del>" in page and "Strøket:" in page and "gjelder ikke lenger" in page
    assert "Rettet svarene på" in client.get(f"/saker/{story.number}").text


def test_what_is_wrong_comes_back_with_what_is_typed(story):
    client, path = story.browser("rektor"), address(story, "motta_varsel")
    answer = correct(client, path, alvorlig="ja", grunn="", mottatt_rektor="i går en gang")
    assert answer.status_code == 422
    assert "Svaret er ikke rettet. Rett 3 ting:" in answer.text
    assert 'href="#grunn"' in answer.text and "i går en gang" in answer.text
    assert "Hva gjør den alvorlig?" in answer.text


def test_rows_are_added_without_losing_anything(story):
    client, path = story.browser("rektor"), address(story, "registrer_melding")
    sent = fields(
        client.get(f"{path}/rett"), grunn="Flere var der.", legg_til="andre_involverte", send=None
    )
    page = client.post(f"{path}/rett", data=sent)
    assert page.status_code == 200 and "Flere var der." in page.text
    assert page.text.count('name="andre_involverte-') > 1


def test_two_at_once_the_second_is_told_who_was_first(story):
    first, second = story.browser("rektor"), story.browser("ledelse")
    path = address(story, "registrer_melding")
    opened = second.get(f"{path}/rett")
    assert correct(first, path, observasjon="Rektors ord.", grunn="a").status_code == 303
    answer = correct(second, path, opened, observasjon="Mine ord.", grunn="b")
    assert answer.status_code == 409
    assert "rettet svaret " in answer.text and "Mine ord." in answer.text
    again = correct(second, path, answer, observasjon="Mine ord.", grunn="b")
    assert again.status_code == 303


@pytest.mark.parametrize("who", ["aks", "skoleeier", "miljoarbeider", "ppt"])
def test_others_meet_what_does_not_exist(story, who):
    client, path = story.browser(who), address(story, "registrer_melding")
    gone = client.get(f"{path}/rett")
    assert gone.status_code == 404
    assert gone.text == client.get(f"/saker/{story.number}/svar/999/rett").text
    token = hidden(client.get("/konto").text, "csrf_token")
    sent = {"csrf_token": token, "receipt": str(uuid4()), "send": "ja", "grunn": "x"}
    assert client.post(f"{path}/rett", data=sent).status_code == 404


def test_one_who_answered_corrects_her_own_and_sees_no_others(story):
    path = address(story, "registrer_melding")
    reporter, rektor = story.browser("faglaerer"), story.browser("rektor")
    assert correct(reporter, path, observasjon="Egne ord.", grunn="a").status_code == 303
    assert correct(rektor, path, observasjon="Rektors ord.", grunn="b").status_code == 303
    page = reporter.get(path).text
    assert "Rektors ord." not in page and "Egne ord." in page
    assert "Svaret er rettet siden av en som behandler saken." in page
    assert f'href="{path}/rett"' not in page
    assert reporter.get(f"{path}/rett").status_code == 403
    mine = reporter.get(f"/meldinger/{story.number}").text
    assert "Egne ord." in mine and "Rektors ord." not in mine


def test_one_who_finds_that_it_is_about_an_adult_is_sent_to_report_it(story):
    client, path = story.browser("rektor"), address(story, "registrer_melding")
    assert "arbeidet etter § 12-5 begynner ikke" in client.get(f"{path}/rett").text
    answer = correct(client, path, ledelse_mistenkt="ja", grunn="Det var rektor.")
    assert (answer.status_code, answer.location) == (303, "/meld")
    assert "Meld fra på nytt her" in client.get("/meld").text
    assert client.get(path).status_code == 404
    page = story.browser("skoleeier").get(f"/saker/{story.number}").text
    assert "ingen har meldt fra etter § 12-5" in page
