"""Giving tasks on, registering for another, inviting, and trying again, through the pages."""

import re

import pytest

from engine.cases.incidents import NOBODY, raise_incident
from engine.cases.linked import not_received
from engine.database.tables import Answer, Case, CaseRole, Incident, Task
from tests.browsing import Story, fields
from tests.school import hidden


@pytest.fixture
def plan(database):
    """Saksansvarlig is about to make the plan."""
    return Story(database, "lag_aktivitetsplan")


@pytest.fixture
def approval(database):
    return Story(database, "godkjenn_plan")


def rows(story, table, **equal) -> list:
    with story.player.product.database.session() as session:
        return session.query(table).filter_by(**equal).order_by(table.id).all()


def ref(story, name: str) -> str:
    return story.player.cast.refs[name]


def press(client, path: str, action: str, **change):
    """Send the page's form with these answers by another of its buttons."""
    return client.post(f"{path}/{action}", data=fields(client.get(path), **change))


def test_a_task_is_given_to_a_colleague_and_back(plan):
    teacher, colleague = plan.browser("kontaktlaerer"), plan.browser("aks")
    assert colleague.get(plan.path).status_code == 404
    given = {"gi_til": ref(plan, "aks"), "gi_melding": "Se på storefri", "problem": "Mitt"}
    answer = press(teacher, plan.path, "gi", **given)
    assert answer.status_code == 303 and answer.location == "/oppgaver"
    assert "Oppgaven er gitt videre." in teacher.get("/oppgaver").text
    page = colleague.get(plan.path).text
    assert "Se på storefri" in page and "ga oppgaven videre" in page
    assert "Du ser dette fordi oppgaven er gitt til deg." in page
    assert "Mitt" not in page and "Se hele saken" not in page
    answer = press(colleague, plan.path, "gi-tilbake", gi_grunn="")
    assert answer.status_code == 422 and "Skriv hvorfor" in answer.text
    assert press(colleague, plan.path, "gi-tilbake", gi_grunn="Ble syk").status_code == 303
    assert colleague.get(plan.path).status_code == 404
    page = teacher.get(plan.path).text
    assert "Ble syk" in page and "ga oppgaven tilbake" in page
    assert "Mitt" in page  # what was typed before is still there


def test_without_a_person_the_page_comes_back_with_what_was_typed(plan):
    answer = press(
        plan.browser("kontaktlaerer"), plan.path, "gi", gi_til="", gi_melding="Se på storefri"
    )
    assert answer.status_code == 422
    assert "Velg en annen enn den som har oppgaven." in answer.text
    assert "Se på storefri" in answer.text
    assert re.search(r'id="gi-til"[^>]*aria-invalid="true" autofocus', answer.text)


def test_a_leader_gives_a_task_that_is_another_s_from_the_case(plan):
    rektor = plan.browser("rektor")
    case = rektor.get(f"/saker/{plan.number}").text
    assert f'href="{plan.path}#gi"' in case
    answer = press(rektor, plan.path, "gi", gi_til=ref(plan, "rektor"))
    assert answer.status_code == 303
    assert 'name="send"' in rektor.get(plan.path).text  # taken over


def test_a_stale_page_is_refused_with_who_and_when(plan):
    teacher = plan.browser("kontaktlaerer")
    stale = fields(teacher.get(plan.path), gi_til=ref(plan, "aks"))
    press(plan.browser("rektor"), plan.path, "gi", gi_til=ref(plan, "sosialveileder"))
    answer = teacher.post(f"{plan.path}/gi", data=stale)
    assert answer.status_code == 409
    assert "rektor endret oppgaven" in answer.text


def test_a_plan_that_a_colleague_made_is_registered(approval):
    approval.at("2026-08-28T10:00")
    rektor = approval.browser("rektor")
    page = rektor.get(approval.path)
    assert "Registrer for en annen" in page.text
    wrong = fields(page, godkjent="ja", utfort_av=ref(approval, "ledelse"), send="ja")
    answer = rektor.post(approval.path, data=wrong)
    assert answer.status_code == 422
    assert 'href="#utfort_tid"' in answer.text
    assert f'value="{ref(approval, "ledelse")}" selected' in answer.text
    right = fields(answer, send="ja", utfort_tid="28.8 kl. 9")
    answer = rektor.post(approval.path, data=right)
    assert answer.status_code == 303, answer.text
    (row,) = rows(approval, Answer, step="godkjenn_plan")
    assert f"ansatt:{row.performed_by_id}" == ref(approval, "ledelse")
    case = rektor.get(f"/saker/{approval.number}").text
    assert "Utført av ledelse" in case and "registrert av rektor" in case


def test_a_colleague_is_invited_and_the_invitation_ended(plan):
    rektor, colleague = plan.browser("rektor"), plan.browser("aks")
    address = f"/saker/{plan.number}"
    page = rektor.get(address)
    data = {name: fields(page)[name] for name in ("csrf_token", "receipt")}
    answer = rektor.post(f"{address}/inviter", data={**data, "til": ref(plan, "aks"), "grunn": "x"})
    assert answer.status_code == 422
    assert (
        "Skriv siste dag" in answer.text and f'value="{ref(plan, "aks")}" selected' in answer.text
    )
    assert colleague.get(address).status_code == 404
    data |= {"til": ref(plan, "aks"), "grunn": "Kjenner friminuttene", "dag": "10.9.2026"}
    assert rektor.post(f"{address}/inviter", data=data).status_code == 303
    page = rektor.get(address).text
    assert "Kjenner friminuttene" in page and "Invitert av rektor" in page
    theirs = colleague.get(address)
    assert theirs.status_code == 200
    assert "Kjenner friminuttene" not in theirs.text and "Dette har skjedd" not in theirs.text
    assert "Skriv et notat" in theirs.text
    (row,) = rows(plan, CaseRole, role="invitert")
    own = {"csrf_token": hidden(theirs.text, "csrf_token")}
    assert colleague.post(f"{address}/inviter/{row.id}/avslutt", data=own).status_code == 404
    assert rektor.post(f"{address}/inviter/{row.id}/avslutt", data=data).status_code == 303
    assert colleague.get(address).status_code == 404


def test_a_case_that_can_not_be_read_is_listed_and_tried_again(plan):
    rektor = plan.browser("rektor")
    with plan.player.product.database.transaction() as session:
        case = session.query(Case).one()
        version, case.state_version = case.state_version, 99
    answer = rektor.get(f"/saker/{plan.number}")
    assert answer.status_code == 200
    assert "Saken kan ikke vises nå." in answer.text and "Prøv igjen" in answer.text
    teacher = plan.browser("kontaktlaerer").get(f"/saker/{plan.number}")
    assert teacher.status_code == 200
    assert "Prøv igjen" not in plan.browser("sosialveileder").get(f"/saker/{plan.number}").text
    (incident,) = rows(plan, Incident)
    overview = rektor.get("/saker").text
    assert "1 sak står fast." in overview and 'href="/hendelser"' in overview
    page = rektor.get("/hendelser")
    assert plan.number in page.text and "Gjør dette:" in page.text
    data = {"csrf_token": fields(page)["csrf_token"], "liste": "ja"}
    address = f"/hendelser/{incident.id}/prov-igjen"
    assert rektor.post(address, data=data).status_code == 303
    assert "drifter Trygg" in rektor.get("/hendelser").text
    with plan.player.product.database.transaction() as session:
        session.query(Case).one().state_version = version
    assert rektor.post(address, data=data).status_code == 303
    assert "Saken er i gang igjen." in rektor.get("/hendelser").text
    assert "Ingen saker står fast." in rektor.get("/hendelser").text
    assert plan.browser("aks").get("/hendelser").status_code == 404


def test_what_is_nobodys_points_to_giving_it(plan):
    with plan.player.product.database.transaction() as session:
        task = session.query(Task).filter_by(state="open", step="lag_aktivitetsplan").one()
        task.role, task.assignee_id = "elevraad", None
        raise_incident(
            session,
            session.query(Case).one(),
            NOBODY,
            "Ingen har rollen «elevråd».",
            plan.player.product.clock(),
            task.step,
            task.name,
        )
    page = plan.browser("rektor").get(f"/saker/{plan.number}").text
    assert "Saken står fast ved «Lag aktivitetsplan»" in page
    assert page.count(f'href="{plan.path}#gi"') == 2  # in the warning, and where the step stands


def test_a_message_that_did_not_arrive_is_settled_in_words(plan):
    rektor = plan.browser("rektor")
    product = plan.player.product
    with product.database.transaction() as session:
        not_received(session, session.query(Case).one(), "p02_funn", product.clock())
    (incident,) = rows(plan, Incident)
    for address in ("/hendelser", f"/saker/{plan.number}"):
        page = rektor.get(address)
        assert "En melding kom ikke fram" in page.text and "Hva har dere gjort?" in page.text
        assert f"/hendelser/{incident.id}/prov-igjen" not in page.text
    send = f"/hendelser/{incident.id}/avklar"
    data = {"csrf_token": fields(page)["csrf_token"]}
    assert rektor.post(send, data={**data, "grunn": " "}).location == f"/saker/{plan.number}"
    assert "Skriv hva dere har gjort" in rektor.get(f"/saker/{plan.number}").text
    assert plan.browser("aks").post(send, data=data).status_code in (400, 404)
    done = {**data, "grunn": "Ny melding er <b>sendt</b>."}
    assert rektor.post(send, data=done).status_code == 303
    page = rektor.get(f"/saker/{plan.number}").text
    assert "Fulgte opp det som ikke kom fram" in page
    assert "Ny melding er &lt;b&gt;sendt&lt;/b&gt;." in page
    assert "En melding kom ikke fram" not in page
    teacher = plan.browser("kontaktlaerer").get(f"/saker/{plan.number}")
    assert teacher.status_code == 200
