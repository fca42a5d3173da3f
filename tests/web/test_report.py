"""«Meld fra om en elev», its receipt, and «Meldingene mine»."""

from uuid import uuid4

import pytest
from sqlalchemy import select

from engine.cases import reports
from engine.cases.submit import SubmitTask, submit_task
from engine.database.tables import Answer, Case, Draft, NamedPerson, Notice, Reading, Task
from tests.school import hidden, post


@pytest.fixture
def typed(school) -> dict:
    """An ordinary report, as a teacher fills it in."""
    return {
        "elev_utsatt": school.pupil("noor"),
        "observasjon": "To andre tok luen hennes. Hun sa: «De gjør det hver dag.»",
        "arena": "friminutt",
        "grep_inn": "ja",
        "hva_gjort": "Jeg stoppet leken.",
        "elev_ivaretatt": "ja",
        "elev_sier_utrygt": "nei",
        "mistanke_utrygg": "ja",
    }


def send(client, typed: dict, **change):
    """Fill in the page and press Send. A value of None leaves the field out."""
    data = {name: value for name, value in {**typed, **change}.items() if value is not None}
    data.setdefault("receipt", hidden(client.get("/meld").text, "receipt"))
    return post(client, "/meld", data)


def rows(product, what, *conditions):
    with product.database.session() as session:
        return session.scalars(select(what).where(*conditions)).all()


def case_number(product) -> str:
    """The number of the one case that a pupil has."""
    (case,) = rows(product, Case, Case.part_of_id.is_(None))
    return case.number


def open_tasks(product) -> list[tuple[str, str]]:
    return [(task.step, task.role) for task in rows(product, Task, Task.state == "open")]


def answers_to(product, step: str) -> dict:
    with product.database.session() as session:
        case = session.scalars(select(Case)).one()
        row = session.scalars(select(Answer).where(Answer.step == step)).one()
        key = product.master_key.unwrap(case.wrapped_key)
        return product.master_key.unseal(key, row.sealed_answers, "answer")


# --- the page -------------------------------------------------------------------------------------


def test_the_page_asks_for_a_pupil_by_class(log_in, school):
    page = log_in("emil").get("/meld").text
    assert '<optgroup label="4B">' in page and '<optgroup label="5A">' in page
    assert f'<option value="{school.pupil("noor")}">Noor, 4B</option>' in page
    assert 'href="tel:113"' in page
    assert "disabled" not in page
    assert "Emil Faglærer, faglærer" not in page, "nobody reports a case on oneself by mistake"


def test_a_report_reaches_rektor_at_once(log_in, product, typed):
    answer = send(log_in("emil"), typed)
    assert answer.status_code == 303
    assert answer.location == f"/meld/kvittering/{case_number(product)}"
    assert open_tasks(product) == [("motta_varsel", "rektor")]
    assert not rows(product, Draft)


def test_empty_arena_and_boxes_have_their_meaning(log_in, product, typed):
    send(log_in("emil"), typed, arena=None, elev_ivaretatt=None)
    sent = answers_to(product, "registrer_melding")
    assert (sent["arena"], sent["kilde"], sent["kanal"]) == ("annet", "ansatt", "skjema")
    assert sent["ansatt_mistenkt"] == sent["ledelse_mistenkt"] == sent["akutt_fare"] == "nei"
    assert answers_to(product, "gripe_inn")["elev_ivaretatt"] == "nei"
    assert answers_to(product, "mistanke_vurdering") == {"mistanke_utrygg": "ja"}


def test_usikker_counts_as_ja(log_in, product, typed):
    assert send(log_in("emil"), typed, mistanke_utrygg="usikker").status_code == 303
    assert open_tasks(product) == [("motta_varsel", "rektor")]


def test_what_could_not_be_stopped_is_told_in_the_same_field(log_in, product, typed):
    send(log_in("emil"), typed, grep_inn="nei", hva_gjort="Jeg hørte det etterpå.")
    action = answers_to(product, "gripe_inn")
    assert action["hvorfor_ikke"] == "Jeg hørte det etterpå."


def test_more_can_be_told(log_in, product, school, typed):
    more = {
        "elevens_ord": "De gjør det hver dag.",
        "hendelse_tid": "i dag kl. 10.15",
        "andre_involverte[0].elev": school.pupil("ada"),
        "andre_involverte[0].rolle": "vitne",
        "andre_involverte[1].elev": "",
        "ansatte_nevnt": school.staff("bjarte"),
    }
    assert send(log_in("emil"), typed | more).status_code == 303
    sent = answers_to(product, "registrer_melding")
    assert sent["hendelse_tid"] == "2026-09-08T10:15"
    assert sent["andre_involverte"] == [{"elev": school.pupil("ada"), "rolle": "vitne"}]
    assert [row.account_id for row in rows(product, NamedPerson)] == [school.accounts["bjarte"]]


def test_the_same_report_sent_twice_is_one_case(log_in, product, typed):
    client = log_in("emil")
    receipt = hidden(client.get("/meld").text, "receipt")
    first, second = (send(client, typed, receipt=receipt) for _ in range(2))
    assert first.location == second.location == f"/meld/kvittering/{case_number(product)}"
    assert len(rows(product, Case)) == 1
    assert send(client, typed).location not in ("/meld", first.location)
    assert len(rows(product, Case)) == 2


def test_another_persons_receipt_is_refused(log_in, product, typed):
    emil = log_in("emil")
    receipt = hidden(emil.get("/meld").text, "receipt")
    send(emil, typed, receipt=receipt)
    answer = send(log_in("maja"), typed, receipt=receipt)
    assert answer.status_code == 422
    assert "Åpne siden på nytt." in answer.text
    assert len(rows(product, Case)) == 1


# --- refused, and nothing lost --------------------------------------------------------------------


def test_every_fault_comes_at_once_and_links_to_its_field(log_in, product):
    answer = send(log_in("emil"), {"arena": "tur", "elevens_ord": "Jeg vil hjem."})
    assert answer.status_code == 422
    assert "Meldingen er ikke sendt. Rett 6 ting:" in answer.text
    for field in (
        "elev_utsatt",
        "observasjon",
        "elev_sier_utrygt",
        "grep_inn",
        "hva_gjort",
        "mistanke_utrygg",
    ):
        assert f'href="#{field}"' in answer.text
        assert f'id="{field}"' in answer.text
        assert f'id="{field}-feil"' in answer.text
    assert "Jeg vil hjem." in answer.text
    assert '<option value="tur" selected>' in answer.text
    assert not rows(product, Case)


def test_what_was_refused_is_kept_as_a_draft(log_in, clock, typed):
    client = log_in("emil")
    assert send(client, typed, grep_inn=None).status_code == 422
    page = client.get("/meld").text
    assert "Hun sa: «De gjør det hver dag.»" in page
    assert "Kladd lagret kl. 15.40. Bare du ser den." in page
    assert "De gjør det hver dag" not in log_in("maja").get("/meld").text


def test_nei_is_refused_when_the_pupil_says_it_is_not_safe(log_in, product, typed):
    change = {"elev_sier_utrygt": "ja", "mistanke_utrygg": "nei", "begrunnelse": "Det gikk bra."}
    answer = send(log_in("emil"), typed | change)
    assert answer.status_code == 422
    assert 'id="mistanke_utrygg-feil"' in answer.text
    assert "«Nei» kan ikke velges når eleven eller foresatte sier" in answer.text
    assert not rows(product, Case)


def test_nei_needs_a_reason(log_in, typed):
    answer = send(log_in("emil"), typed, mistanke_utrygg="nei")
    assert answer.status_code == 422
    assert 'href="#begrunnelse"' in answer.text


def test_a_pupil_of_another_school_is_refused(log_in, product, typed):
    assert send(log_in("emil"), typed, elev_utsatt="elev:999").status_code == 422
    assert not rows(product, Case)


def test_strange_forms_are_refused_and_do_no_harm(log_in, product, typed):
    client = log_in("emil")
    assert send(client, typed, receipt="../../x").status_code == 400
    strange = {"andre_involverte[0].elev": "<script>", "hvem_mistenkt": "ansatt:" + "9" * 40}
    answer = send(client, typed | strange, ansatt_mistenkt="ja")
    assert answer.status_code == 422
    assert "<script>" not in answer.text.split("</head>")[1].replace("<script src", "")
    assert not rows(product, Case)


# --- drafts and rows ------------------------------------------------------------------------------


def test_the_draft_is_saved_while_typing(log_in, typed):
    client = log_in("emil")
    answer = post(client, "/meld/kladd", {"observasjon": "Halvveis"}, page="/meld")
    assert answer.get_json() == {"saved_at": "15.40"}
    page = client.get("/meld").text
    assert "Halvveis</textarea>" in page
    post(client, "/meld", {"receipt": hidden(page, "receipt"), "slett_kladd": "ja"})
    assert "Halvveis" not in client.get("/meld").text


def test_rows_are_added_and_removed_without_javascript(log_in, school, typed):
    client = log_in("emil")
    page = send(client, typed, legg_til="elev").text
    assert 'id="andre_involverte-0-elev" name="andre_involverte[0].elev" autofocus' in page
    rows = {
        "andre_involverte[0].elev": school.pupil("ada"),
        "andre_involverte[1].elev": school.pupil("jonas"),
    }
    page = send(client, typed | rows, fjern="0").text
    first = page.split('id="andre_involverte-0-elev"', 1)[1].split("</select>")[0]
    assert f'<option value="{school.pupil("jonas")}" selected>' in first
    assert "andre_involverte-1-elev" not in page
    page = send(client, typed, legg_til="ansatt").text
    assert 'id="ansatte_nevnt-1"' in page or 'id="ansatte_nevnt-0"' in page


# --- acute ----------------------------------------------------------------------------------------


def test_acute_danger_needs_only_a_pupil(log_in, product, school):
    client = log_in("emil")
    answer = send(client, {"akutt_fare": "ja", "elev_utsatt": school.pupil("noor")})
    assert answer.status_code == 303
    assert open_tasks(product) == [("motta_varsel", "rektor")]
    told = rows(product, Notice, Notice.account_id == school.accounts["berit"])
    assert told
    assert "elev_sier_utrygt" not in answers_to(product, "registrer_melding")
    page = client.get(answer.location).text
    assert "Takk. Rektor har fått meldingen." in page
    assert "Vil du fylle ut resten?" in page


def test_acute_danger_needs_the_pupil(log_in, product):
    answer = send(log_in("emil"), {"akutt_fare": "ja"})
    assert answer.status_code == 422
    assert "Meldingen er ikke sendt. Rett én ting:" in answer.text
    assert not rows(product, Case)


def test_acute_danger_keeps_the_answers_given(log_in, product, typed):
    change = {"akutt_fare": "ja", "mistanke_utrygg": None}
    assert send(log_in("emil"), typed | change).status_code == 303
    assert answers_to(product, "gripe_inn")["hva_gjort"] == "Jeg stoppet leken."
    assert answers_to(product, "mistanke_vurdering")["mistanke_utrygg"] == "ja"


# --- § 12-5 ---------------------------------------------------------------------------------------


def about(school, name: str) -> dict:
    """What is asked besides when the report is about an adult."""
    return {
        "ansatt_mistenkt": "ja",
        "hvem_mistenkt": school.staff(name),
        "akutt_skjerming_behov": "ja",
    }


def test_about_an_adult_six_answers_are_required_besides_the_pupil(log_in, product, school):
    answer = send(log_in("emil"), {"ansatt_mistenkt": "ja"})
    assert answer.status_code == 422
    assert "Rett 7 ting:" in answer.text
    for field in ("hvem_mistenkt", "akutt_skjerming_behov", "observasjon", "grep_inn"):
        assert f'href="#{field}"' in answer.text and f'id="{field}-feil"' in answer.text
    assert not rows(product, Case)


def test_one_who_does_not_know_who_it_is_says_so(log_in, product, school, typed):
    unknown = {"ansatt_mistenkt": "ja", "vet_ikke_hvem": "ja", "akutt_skjerming_behov": "nei"}
    assert send(log_in("emil"), typed | unknown).status_code == 303
    assert open_tasks(product) == [("motta_rektor", "rektor")]
    assert not rows(product, NamedPerson)


def test_acute_danger_from_an_adult_needs_only_a_pupil(log_in, product, school):
    acute = {"akutt_fare": "ja", "elev_utsatt": school.pupil("noor"), "ansatt_mistenkt": "ja"}
    client = log_in("emil")
    answer = send(client, acute)
    assert answer.status_code == 303
    assert open_tasks(product) == [("motta_rektor", "rektor")]
    assert "Takk. Rektor har fått meldingen." in client.get(answer.location).text


def test_a_report_on_an_adult_is_hidden_from_that_person(log_in, product, school, typed):
    change = about(school, "maja")
    answer = send(log_in("emil"), typed | change, mistanke_utrygg=None)
    assert answer.status_code == 303
    assert open_tasks(product) == [("motta_rektor", "rektor")]
    named = {(row.account_id, row.part) for row in rows(product, NamedPerson)}
    assert named == {(school.accounts["maja"], "mistenkt")}
    assert len(rows(product, NamedPerson)) == len(rows(product, Case)) == 2
    assert not rows(product, Notice, Notice.account_id == school.accounts["maja"])
    maja, case = log_in("maja"), case_number(product)
    for path in ("/meldinger", f"/meldinger/{case}", f"/meld/kvittering/{case}", "/konto"):
        page = maja.get(path)
        assert case not in page.text and "Noor" not in page.text, path
    assert maja.get(f"/meldinger/{case}").status_code == 404
    assert reports.my_reports(product, school.accounts["maja"]) == []


def test_the_reporter_of_a_shielded_case_sees_that_it_was_received(log_in, product, school, typed):
    client = log_in("emil")
    send(client, typed | about(school, "bjarte"), mistanke_utrygg=None)
    receipt = client.get(f"/meld/kvittering/{case_number(product)}").text
    assert "Takk. Rektor har fått meldingen." in receipt
    assert "varsler kommunen" in receipt
    page = client.get("/meldinger").text
    assert "Skjermet sak" in page and "Noor" not in page
    assert page.count("/meldinger/") == 1, "one report, though it has become two cases"
    own = client.get(f"/meldinger/{case_number(product)}").text
    assert "Bjarte Assistent" in own and own.count(typed["observasjon"].split(".")[0]) == 1
    assert "Må eleven skjermes" in own
    assert f"<title>Melding {case_number(product)} – Trygg</title>" in own


def test_a_report_on_leadership_goes_to_the_owner_alone(log_in, product, school, typed):
    client = log_in("emil")
    answer = send(client, typed | about(school, "berit"), ledelse_mistenkt="ja")
    assert open_tasks(product) == [("motta_skoleeier", "skoleeier")]
    told = {row.account_id for row in rows(product, Notice)} - {school.accounts["emil"]}
    assert told == {school.accounts["kari"]}
    page = client.get(answer.location).text
    assert "Takk. Kommunen har fått meldingen." in page
    assert "Rektor" not in page.split("<main", 1)[1]
    for name in ("berit", "line"):
        assert log_in(name).get(f"/meldinger/{case_number(product)}").status_code == 404


@pytest.mark.parametrize("leader", ["berit", "line"])
def test_naming_one_of_the_leadership_is_enough(log_in, product, school, typed, leader):
    answer = send(log_in("emil"), typed | about(school, leader))
    assert answer.status_code == 303
    assert open_tasks(product) == [("motta_skoleeier", "skoleeier")]
    assert not rows(product, Notice, Notice.account_id == school.accounts[leader])


def test_a_name_without_a_tick_names_nobody(log_in, product, school, typed):
    send(log_in("emil"), typed, hvem_mistenkt=school.staff("berit"))
    assert open_tasks(product) == [("motta_varsel", "rektor")]
    assert not rows(product, NamedPerson)


# --- the receipt and one's own reports ------------------------------------------------------------


def test_the_receipt_says_what_happens_and_when(log_in, product, typed):
    client = log_in("emil")
    page = client.get(send(client, typed).location).text
    assert "Takk. Rektor har fått meldingen." in page
    assert "Levert i dag kl. 15.40." in page and case_number(product) in page
    assert "Innen i morgen" in page
    assert "Innen tirsdag 15. september" in page
    assert "Sitter du på en felles maskin?" in page
    assert "Noor" not in page.split("</title>")[0]


def test_with_nei_one_thing_is_left(log_in, product, typed):
    client = log_in("emil")
    answer = send(client, typed, mistanke_utrygg="nei", begrunnelse="De ble enige.")
    page = client.get(answer.location).text
    (task,) = rows(product, Task, Task.state == "open")
    assert (task.step, task.role) == ("logg_og_gi_beskjed", "melder")
    assert "Takk. Kontaktlæreren får beskjed." in page
    assert f'href="/oppgaver/{task.id}"' in page
    submit_task(
        product, SubmitTask(task.id, task.assignee_id or 5, {"oppsummering": "Løst."}, "x" * 36)
    )
    assert "Én ting igjen" not in client.get(answer.location).text


def test_on_a_shared_device_logging_out_comes_first(log_in, typed):
    shared, own = log_in("emil", shared=True), log_in("maja")
    for client, first in ((shared, True), (own, False)):
        page = client.get(send(client, typed).location).text
        place = page.index("Logg ut, så ingen andre ser meldingen din.")
        assert (place < page.index("Dette skjer nå")) == first


def test_own_reports_show_own_words_and_nothing_later(log_in, product, school, typed):
    client = log_in("emil")
    assert "Du har ikke meldt noe ennå." in client.get("/meldinger").text
    send(client, typed)
    page = client.get("/meldinger").text
    assert "Noor, 4B" in page and "I dag kl. 15.40" in page
    page = client.get(f"/meldinger/{case_number(product)}").text
    assert "De gjør det hver dag." in page and "Jeg stoppet leken." in page
    readings = rows(product, Reading)
    assert {row.account_id for row in readings} == {school.accounts["emil"]}
    assert log_in("ola").get(f"/meldinger/{case_number(product)}").status_code == 404
    assert log_in("ola").get("/meldinger/2026-999").status_code == 404


def more(text: str) -> dict:
    """What the form under an own report sends."""
    return {"tillegg": text, "receipt": str(uuid4())}


def test_something_more_is_added_and_what_was_sent_stays(log_in, product, school, typed):
    client = log_in("emil")
    send(client, typed)
    before = len(rows(product, Notice, Notice.account_id == school.accounts["berit"]))
    path = f"/meldinger/{case_number(product)}"
    assert post(client, path, more("  ")).status_code == 422
    twice = more("Det skjedde i går også.")
    for _ in range(2):
        assert post(client, path, twice).status_code == 303
    page = client.get(path).text
    assert page.count("Det skjedde i går også.") == 1 and "De gjør det hver dag." in page
    after = len(rows(product, Notice, Notice.account_id == school.accounts["berit"]))
    assert after == before + 1
    assert post(log_in("maja"), path, more("x"), page="/konto").status_code == 404


def test_a_page_that_has_grown_too_old_gives_back_what_was_written(log_in):
    client = log_in("emil")
    answer = client.post("/meld", data={"observasjon": "To andre tok luen hennes i storefri."})
    assert answer.status_code == 400
    assert "To andre tok luen hennes i storefri." in answer.text


# --- for a colleague ------------------------------------------------------------------------------


def on_behalf(school, **change) -> dict:
    told = {"melder": school.staff("maja"), "utfort_tid": "8.9 kl. 14", "kanal": "muntlig"}
    return {**told, **change}


def test_a_colleague_who_told_it_is_the_reporter_and_both_find_it(log_in, product, school, typed):
    emil, maja = log_in("emil"), log_in("maja")
    answer = send(emil, typed, **on_behalf(school))
    assert answer.status_code == 303
    assert emil.get(answer.location).status_code == 200
    (case,) = rows(product, Case)
    assert f"ansatt:{case.reporter_id}" == school.staff("maja")
    sent = rows(product, Answer, Answer.account_id.is_not(None))
    assert {f"ansatt:{row.account_id}" for row in sent} == {school.staff("emil")}
    assert {f"ansatt:{row.performed_by_id}" for row in sent} == {school.staff("maja")}
    assert answers_to(product, "registrer_melding")["kanal"] == "muntlig"
    for client in (emil, maja):
        assert case.number in client.get("/meldinger").text
        page = client.get(f"/meldinger/{case.number}").text
        assert "De gjør det hver dag." in page and "registrert av Emil" in page
    # what the one adds is not shown to the other
    post(emil, f"/meldinger/{case.number}", more("Jeg så det også"))
    assert "Jeg så det også" in emil.get(f"/meldinger/{case.number}").text
    assert "Jeg så det også" not in maja.get(f"/meldinger/{case.number}").text


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"utfort_tid": None}, "utfort_tid"),
        ({"utfort_tid": "9.9.2026 kl. 14"}, "utfort_tid"),
        ({"kanal": None}, "kanal"),
        ({"kanal": "skjema"}, "kanal"),
        ({"melder": "ansatt:999"}, "melder"),
        ({"melder": "elev:1"}, "melder"),
    ],
)
def test_who_told_it_when_and_how_is_needed(log_in, product, school, typed, change, field):
    answer = send(log_in("emil"), typed, **on_behalf(school, **change))
    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text
    assert not rows(product, Case)


def test_without_a_colleague_the_report_is_ones_own(log_in, product, school, typed):
    send(log_in("emil"), typed, **on_behalf(school, melder=None))
    assert answers_to(product, "registrer_melding")["kanal"] == "skjema"
    assert all(row.performed_by_id is None for row in rows(product, Answer))
