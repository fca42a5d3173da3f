"""Restorative processes: who may start them, what they never take the place of, and who is told."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import select

from engine.cases import files, received, tasks
from engine.cases.answers import answers
from engine.cases.desk import open_case
from engine.cases.messages import start_by_hand
from engine.cases.play import Stop
from engine.cases.scripting import evaluate
from engine.database.tables import (
    Account,
    Answer,
    Case,
    CaseFile,
    CaseRole,
    Guardianship,
    NamedPerson,
    Notice,
    Pupil,
    Task,
)
from engine.people import access
from engine.people.access import Permission
from engine.people.register import parse
from engine.people.standing import Shield

P01, P02 = "aktivitetsplikt", "skjerpet_aktivitetsplikt"
P03, P04, P05 = (
    "gjenopprettende_elev_elev",
    "gjenopprettende_laerer_elev",
    "gjenopprettende_skole_foresatte",
)
SAFE = dict.fromkeys(
    ("mobbing_mistenkt", "vold_trussel", "seksuell", "flere_mot_en", "frykt", "alder_makt_gap"),
    "nei",
)


def of(story, process_id: str) -> Case:
    return story.rows(Case, process_id=process_id)[-1]


def open_in(story, process_id: str) -> list[str]:
    return [task.step for task in story.rows(Task, case_id=of(story, process_id).id, state="open")]


def do(story, process_id: str, step: str, by: str, **given) -> None:
    story.player.play_step({"step": step, "process": process_id, "by": by, "answers": given})


def refused(story, reason: str, process_id: str, step: str, by: str, **given) -> None:
    story.player.play_step(
        {"step": step, "process": process_id, "by": by, "answers": given, "refused": reason}
    )


def suited(story, by: str = "kontaktlaerer", **given) -> None:
    told = {**SAFE, "part_a": "elev_a", "part_b": ["elev_b"], "konklusjon": "fellesmote"}
    do(story, P03, "egnethet", by, **{**told, **given})


def talks(story, *willing: str) -> None:
    for each in willing or ("ja", "ja"):
        do(story, P03, "forsamtale", "tilrettelegger", frivillig_samtykke=each)


def afterwards(story) -> None:
    do(story, P03, "foresatte_dialog", "kontaktlaerer", informert_hvem=["foresatt_a", "foresatt_b"])
    for _ in range(2):
        do(story, P03, "tilbud_oppfolgingssamtale", "tilrettelegger", valgt="takket_nei")


def meet_and_agree(story) -> None:
    do(story, P03, "fellesmote", "tilrettelegger", stoppet_underveis="nei")
    agree(story)


def agree(story) -> None:
    points = [
        {"hva": "La hverandre være i fred på nett", "hvem": "elev_a", "innen": "2026-09-20"},
        {"hva": "Si hei om morgenen", "hvem": "elev_b", "innen": "2026-09-20"},
    ]
    do(story, P03, "avtale", "tilrettelegger", punkter=points, begge_enige="ja",
       oppfolging_dato="2026-09-22")  # fmt: skip


def follow_up(story, holds: str = "ja", a: str = "ja", b: str = "ja", **given) -> None:
    do(story, P03, "oppfolging", "tilrettelegger", avtale_holdt=holds, elevA_trygg=a,
       elevB_trygg=b, **given)  # fmt: skip


def ends(story) -> list[str]:
    with story.product.database.session() as session:
        return story.player._ended(session)


def sees(story, name: str, case: Case, permission=Permission.SEE_CASE) -> bool:
    with story.product.database.session() as session:
        account = session.get_one(Account, story.account(name))
        case = session.get_one(Case, case.id)
        return access.may(session, account, permission, case=case, now=story.player.now)


# --- between pupils -------------------------------------------------------------------------------


def test_whoever_starts_it_leads_it_and_others_have_no_part(story):
    suited(story)
    case = of(story, P03)
    [role] = story.rows(CaseRole, case_id=case.id)
    assert (role.role, role.account_id) == ("tilrettelegger", story.account("kontaktlaerer"))
    assert case.pupil_id == parse(story.ref("elev_a"))[1]
    assert sees(story, "kontaktlaerer", case) and sees(story, "rektor", case)
    assert not any(sees(story, name, case) for name in ("faglaerer", "aks", "miljoarbeider"))
    assert not sees(story, "skoleeier", case)


@pytest.mark.parametrize("by", ["faglaerer", "skoleeier"])
def test_others_than_the_diagram_names_may_not_start_it(story, by):
    with pytest.raises(Stop, match="ikke_tilgang"):
        suited(story, by)
    assert story.rows(Case) == []


@pytest.mark.parametrize("danger", ["mobbing_mistenkt", "alder_makt_gap"])
def test_a_joint_meeting_is_closed_where_it_may_not_be_safe(story, danger):
    refused(
        story, "ikke_valgbar", P03, "egnethet", "kontaktlaerer",
        **{**SAFE, danger: "ja"}, part_a="elev_a", part_b=["elev_b"], konklusjon="fellesmote",
    )  # fmt: skip
    suited(story, **{danger: "ja"}, konklusjon="bare_separate")
    talks(story)
    assert open_in(story, P03) == ["foresatte_dialog"]


def test_only_rektor_opens_it_with_reason_wish_and_consent(story):
    suited(story, alder_makt_gap="ja", konklusjon="bare_separate", be_rektor="ja")
    assert open_in(story, P03) == ["overstyring"]
    assert not sees(story, "kontaktlaerer", of(story, P03), Permission.LEAD)
    opened = dict(aapnes="ja", elev_onsker="ja", foresatte_samtykker="ja")
    for lacks in ("elev_onsker", "foresatte_samtykker"):
        refused(story, "ikke_valgbar", P03, "overstyring", "rektor", **{**opened, lacks: "nei"})
    refused(
        story, "mangler_felt", P03, "overstyring", "rektor", **opened, overstyrt_begrunnelse=None
    )
    do(story, P03, "overstyring", "rektor", **opened)
    talks(story)
    assert open_in(story, P03) == ["fellesmote"]


def test_rektor_may_keep_it_closed(story):
    suited(story, alder_makt_gap="ja", konklusjon="bare_separate", be_rektor="ja")
    do(story, P03, "overstyring", "rektor", aapnes="nei")
    talks(story)
    assert open_in(story, P03) == ["foresatte_dialog"]


def test_suspected_bullying_starts_the_duty_at_once_when_there_is_no_case(story):
    suited(story, mobbing_mistenkt="ja", konklusjon="bare_separate")
    case = of(story, P01)
    assert open_in(story, P01) == ["motta_varsel"] and case.received_at is not None
    assert case.part_of_id is None and case.reporter_id == story.account("kontaktlaerer")
    assert "varsel_rektor" in story.told("rektor")
    assert open_in(story, P03) == ["forsamtale", "forsamtale"]  # and it goes on


def test_suspected_bullying_goes_into_the_pupils_open_case(story):
    story.until_followed_up()
    before = story.told("kontaktlaerer").count("beskjed")
    suited(story, "sosialveileder", mobbing_mistenkt="ja", konklusjon="bare_separate")
    assert len(story.rows(Case, process_id=P01)) == 1
    [joined] = story.answers_in(P01, "melding_slatt_sammen")
    assert of(story, P03).number in joined["observasjon"]
    assert story.told("kontaktlaerer").count("beskjed") == before + 1  # saksansvarlig


@pytest.mark.parametrize("danger", ["vold_trussel", "frykt"])
def test_started_by_hand_every_suspicion_is_reported(story, danger):
    suited(story, **{danger: "ja"}, konklusjon="bare_separate")
    assert open_in(story, P01) == ["motta_varsel"]


def test_what_does_not_suit_is_handed_to_the_duty(story):
    suited(story, konklusjon="ikke_egnet")
    assert ends(story) == ["gjenopprettende_elev_elev:ikke_egnet_overfort"]
    assert open_in(story, P01) == ["motta_varsel"]


def test_nobody_is_pressed(story):
    suited(story)
    talks(story, "ja", "usikker")
    assert open_in(story, P03) == ["foresatte_dialog"]


def test_where_nobody_wants_it_it_ends(story):
    suited(story)
    talks(story, "nei", "nei")
    assert ends(story) == ["gjenopprettende_elev_elev:avbrutt_ikke_frivillig"]


def test_it_can_be_stopped_at_any_time(story):
    suited(story)
    number, account = of(story, P03).number, story.account("kontaktlaerer")
    start_by_hand(story.product, number, account, "stans_prosessen", "00000000")
    assert ends(story) == ["gjenopprettende_elev_elev:avbrutt_ikke_frivillig"]
    assert story.open == []


def test_a_stopped_meeting_gives_no_agreement(story):
    suited(story)
    talks(story)
    do(story, P03, "fellesmote", "tilrettelegger", stoppet_underveis="ja")
    assert open_in(story, P03) == ["foresatte_dialog"]


def test_the_agreement_is_copied_to_each_without_the_others_data(story):
    suited(story)
    talks(story)
    meet_and_agree(story)
    case = of(story, P03)
    copies = {}
    for row in story.rows(CaseFile, case_id=case.id):
        got = files.read_file(story.product, story.account("kontaktlaerer"), case.number, row.id)
        assert got.media_type == "text/html"
        copies[got.name] = got.content.decode()
    assert set(copies) == {"Avtale 1, kopi til elev_a.html", "Avtale 1, kopi til elev_b.html"}
    for own, other in (("elev_a", "elev_b"), ("elev_b", "elev_a")):
        page = copies[f"Avtale 1, kopi til {own}.html"]
        assert own in page and other not in page
        assert page.count("<td>Du</td>") == page.count("<td>En annen</td>") == 1
    told = {(n.guardian_id, n.pupil_id) for n in story.rows(Notice, kind="avtale_delt")}
    number = {name: parse(story.ref(name))[1] for name in story.player.cast.refs}
    assert told == {
        (number["foresatt_a"], None), (number["foresatt_b"], None),
        (None, number["elev_a"]), (None, number["elev_b"]),
    }  # fmt: skip


def test_a_guardian_without_responsibility_gets_no_copy(story):
    with story.product.database.transaction() as session:
        _, pupil = parse(story.ref("elev_b"))
        row = session.scalar(select(Guardianship).where(Guardianship.pupil_id == pupil))
        row.parental_responsibility = False
    suited(story)
    talks(story)
    meet_and_agree(story)
    told = {row.guardian_id for row in story.rows(Notice, kind="avtale_delt")} - {None}
    assert told == {parse(story.ref("foresatt_a"))[1]}


def test_held_in_part_gives_a_new_agreement_twice_and_then_the_duty(story):
    suited(story)
    talks(story)
    meet_and_agree(story)
    for _ in range(2):
        afterwards(story)
        follow_up(story, "delvis")
        assert open_in(story, P03) == ["avtale"]
        agree(story)
    afterwards(story)
    follow_up(story, "delvis")
    assert ends(story) == ["gjenopprettende_elev_elev:ikke_egnet_overfort"]
    assert open_in(story, P01) == ["motta_varsel"]


def test_only_the_pupil_who_is_not_safe_is_reported(story):
    suited(story)
    talks(story)
    meet_and_agree(story)
    afterwards(story)
    follow_up(story, b="nei")
    case = of(story, P01)
    assert case.pupil_id == parse(story.ref("elev_b"))[1]
    said = story.answers_in(P01, "registrer_melding")
    assert said["elev_sier_utrygt"] == "ja" and said["elev_utsatt"] == story.ref("elev_b")
    assert "elev_a" not in str(said) and story.ref("elev_a") not in str(said)


@pytest.mark.parametrize(
    ("class_name", "asked"),
    [("2A", "hvordan_foltes"), ("1B", "hvordan_foltes"), ("3A", "tanker_folelser")],
)
def test_the_youngest_get_the_short_questions(story, class_name, asked):
    suited(story)
    with story.product.database.transaction() as session:
        session.get_one(Pupil, parse(story.ref("elev_a"))[1]).class_name = class_name
    row = story.rows(Task, step="forsamtale")[0]
    with open_case(story.product, row.case_id, None) as desk:
        context = tasks.context_of(desk, row, desk.workflow.get_task_from_id(UUID(row.token)))
        form = desk.definition.form(row.process_id, row.form_key)
        typed = form.defaults(context, evaluate)
        shown = form.visible(context, typed, evaluate)
    assert asked in shown and "hva_skjedde" in shown
    assert ("hvordan_foltes" in shown) != ("tanker_folelser" in shown)
    assert ("side" in shown) == ("tanker_folelser" in shown)


def test_the_other_side_is_asked_what_it_did(story):
    suited(story)
    rows = story.rows(Task, step="forsamtale")
    for row, typed in zip(rows, ("berort", "gjort"), strict=True):
        do(story, P03, "forsamtale", "tilrettelegger", frivillig_samtykke="ja")
        [answer] = story.rows(Answer, task_id=row.id)
        with open_case(story.product, row.case_id, None) as desk:
            said = desk.unseal(answer.sealed_answers, "answer")
        assert said["side"] == typed
        assert ("rette_opp" in said) == (typed == "gjort")
        assert ("vanskeligst" in said) == (typed == "berort")


# --- started from the pupil's case ----------------------------------------------------------------


def planned(story, **analysis) -> None:
    story.report(andre_involverte=[{"elev": "elev_b", "rolle": "mulig_utover"}])
    story.suspect()
    story.receive()
    story.inform()
    story.talk()
    do(story, P01, "samtale_andre_elever", "kontaktlaerer", vil_uttale_seg="ja")
    story.analyse(**analysis)
    story.plan()


@pytest.mark.parametrize(
    ("chosen", "process_id", "first"),
    [
        ("elev_elev", P03, "egnethet"),
        ("laerer_elev", P04, "velg_tilrettelegger"),
        ("skole_foresatte", P05, "registrer_tillitsbrudd"),
    ],
)
def test_the_plan_starts_it_and_never_waits_for_it(story, chosen, process_id, first):
    planned(story, egnet_gjenopprettende=chosen, tilrettelegger="miljoarbeider")
    assert story.rows(Case, process_id=process_id) == []  # not before the plan is approved
    story.approve()
    case = of(story, process_id)
    assert case.part_of_id == of(story, P01).id and open_in(story, process_id) == [first]
    assert "evalueringsmote" in open_in(story, P01)


def test_it_is_started_once_for_an_analysis(story):
    planned(story, egnet_gjenopprettende="elev_elev", tilrettelegger="miljoarbeider")
    story.approve()
    do(story, "aktivitetsplan_oppfolging", "evalueringsmote", "saksansvarlig",
       elev_opplever_trygt="nei", tiltak=[{"virket": "nei", "som_planlagt": "ja"}])  # fmt: skip
    do(story, "aktivitetsplan_oppfolging", "beslutning", "rektor", beslutning="endre")
    story.plan()
    story.approve()
    assert len(story.rows(Case, process_id=P03)) == 1


def test_the_tilrettelegger_sees_the_process_and_not_the_pupils_case(story):
    planned(story, egnet_gjenopprettende="elev_elev", tilrettelegger="miljoarbeider")
    story.approve()
    assert sees(story, "miljoarbeider", of(story, P03))
    assert not sees(story, "miljoarbeider", of(story, P01))
    do(story, P03, "egnethet", "tilrettelegger", **SAFE, part_a="elev_a", part_b=["elev_b"],
       konklusjon="bare_separate")  # fmt: skip
    with story.product.database.session() as session:
        answer = session.scalars(
            select(Task.id).where(Task.step == "forsamtale", Task.state == "open")
        ).all()
    assert len(answer) == 2


def test_the_reporter_of_the_pupils_case_does_not_see_it(story):
    planned(story, egnet_gjenopprettende="elev_elev", tilrettelegger="miljoarbeider")
    story.approve()
    assert not sees(story, "faglaerer", of(story, P03))


def test_one_who_is_named_can_not_lead_it(story):
    story.report(ansatte_nevnt=["miljoarbeider"])
    story.suspect()
    story.receive()
    story.inform()
    story.talk()
    refused(
        story, "inhabil", P01, "analyse", "saksansvarlig",
        utenfor_skolen="nei", elev_opplever_trygt="nei", undersokelse_viser_utrygt="ja",
        egnet_gjenopprettende="elev_elev", tilrettelegger="miljoarbeider",
    )  # fmt: skip


# --- between teacher and pupil --------------------------------------------------------------------


def choose(story, by: str = "rektor", **given) -> None:
    told = dict(elev="elev_a", laerer="kontaktlaerer", mistanke_krenkelse="nei")
    do(story, P04, "velg_tilrettelegger", by,
       **{**told, "tilrettelegger": "miljoarbeider", **given})  # fmt: skip


def test_the_teacher_can_neither_lead_nor_see_it(story):
    refused(
        story, "inhabil", P04, "velg_tilrettelegger", "rektor", elev="elev_a",
        laerer="miljoarbeider", mistanke_krenkelse="nei", tilrettelegger="miljoarbeider",
    )  # fmt: skip
    refused(
        story, "inhabil", P04, "velg_tilrettelegger", "rektor", elev="elev_a",
        laerer="kontaktlaerer", mistanke_krenkelse="nei", tilrettelegger="miljoarbeider",
        tilrettelegger_person="kontaktlaerer",
    )  # fmt: skip
    choose(story)
    assert [row.part for row in story.rows(NamedPerson)] == ["nevnt"]
    assert not sees(story, "kontaktlaerer", of(story, P04))


def test_rektor_does_not_start_one_about_rektor(story):
    refused(
        story, "inhabil", P04, "velg_tilrettelegger", "rektor", elev="elev_a", laerer="rektor",
        mistanke_krenkelse="nei", tilrettelegger="miljoarbeider",
    )  # fmt: skip


def test_one_of_several_can_be_chosen(story):
    choose(story, tilrettelegger_person="sosialveileder")
    held = [r for r in story.rows(CaseRole, role="tilrettelegger") if r.to_time is None]
    assert [row.account_id for row in held] == [story.account("sosialveileder")]


def test_the_teacher_is_called_in_and_told_nothing_else(story):
    choose(story)
    do(story, P04, "forsamtale_elev", "tilrettelegger", frivillig_samtykke="ja")
    assert story.told("kontaktlaerer") == ["innkalling"]
    assert open_in(story, P04) == ["forsamtale_laerer"]
    [line] = received.open_notices(story.product, story.account("kontaktlaerer"))
    assert (line.kind, line.number, line.pupil, line.step) == ("innkalling", None, None, None)
    with story.product.database.transaction() as session:
        session.get_one(Case, of(story, P04).id).shielded = Shield.ANSATT
    assert received.open_notices(story.product, story.account("kontaktlaerer")) == []


def test_a_pupil_who_says_no_ends_it(story):
    choose(story)
    do(story, P04, "forsamtale_elev", "tilrettelegger", frivillig_samtykke="nei")
    assert ends(story) == ["gjenopprettende_laerer_elev:avbrutt"]


@pytest.mark.parametrize("suspicion", ["ja", "usikker"])
def test_a_suspicion_goes_by_the_stricter_duty_first(story, suspicion):
    choose(story, mistanke_krenkelse=suspicion, hva_sett_hort="Læreren skrek til eleven.")
    assert open_in(story, P04) == [] and open_in(story, P02) == ["motta_rektor"]
    case, pupils = of(story, P04), of(story, P01)
    assert case.part_of_id == of(story, P02).part_of_id == pupils.id
    assert case.shielded == pupils.shielded == "ansatt" and pupils.received_at is not None
    assert not sees(story, "ledelse", case) and not sees(story, "kontaktlaerer", case)
    assert story.told("kontaktlaerer") == []


def test_it_goes_on_when_the_investigation_is_done(story):
    choose(story, mistanke_krenkelse="ja", hva_sett_hort="Læreren skrek til eleven.")
    do(story, P02, "motta_rektor", "rektor", aapenbart_grunnlos="nei")
    do(story, P02, "meld_skoleeier", "rektor", kanal="telefon")
    do(story, P02, "motta_skoleeier", "skoleeier", saksbehandler="ledelse",
       undersoker="settrektor", hvem_leder_elevens_sak="sosialveileder")  # fmt: skip
    do(story, P02, "informer_elev_foresatte", "undersoker", rett_statsforvalter_opplyst="ja",
       foresatte=[{"navn": "foresatt_a", "maate": "samtale", "tolk": "nei"}],
       elev_informert="ja")  # fmt: skip
    assert open_in(story, P04) == []
    do(story, P02, "undersok_ansattsak", "undersoker", personalsak_henvist="nei",
       gjenopprettende_aktuelt="ja")  # fmt: skip
    assert open_in(story, P04) == ["forsamtale_elev"]
    assert len(story.rows(Case, process_id=P04)) == 1  # P02 starts none beside it
    with open_case(story.product, of(story, P04).id, None) as desk:
        assert "p02_funn" not in desk.facts.context([])  # what was found is not told here


def test_a_teacher_who_is_reported_already_is_not_reported_again(story):
    story.report(ansatt_mistenkt="ja")
    story.at_once("kontaktlaerer")
    choose(story, mistanke_krenkelse="ja", hva_sett_hort="Læreren skrek til eleven.")
    assert len(story.rows(Case, process_id=P02)) == 1
    case = of(story, P04)
    assert case.part_of_id == of(story, P01).id and case.shielded == "ansatt"
    assert open_in(story, P04) == []


def test_a_pupil_who_is_not_safe_afterwards_gets_a_case_without_the_teacher(story):
    choose(story)
    do(story, P04, "forsamtale_elev", "tilrettelegger", frivillig_samtykke="ja")
    do(story, P04, "forsamtale_laerer", "tilrettelegger", frivillig_samtykke="nei",
       tillitsvalgt_tilbudt="ja")  # fmt: skip
    do(story, P04, "mote_foresatte_elev", "tilrettelegger", felles_samtale_onsket_av_elev="ja")
    assert open_in(story, P04) == ["tiltak"]  # no joint talk without both
    measure = dict(fra_dato="2026-09-10", til_dato="2026-09-20", evalueres_dato="2026-09-20")
    measure |= dict(problem="x", beskrivelse="x", ansvarlig="faglaerer")
    do(story, P04, "tiltak", "tilrettelegger", individnivaa=[measure], klassenivaa=[measure],
       oppfolgingsmote_behov="ja")  # fmt: skip
    do(story, P04, "oppfolgingsmote", "tilrettelegger")
    do(story, P04, "sjekk_elev", "tilrettelegger", relasjon_bedre="nei", trygg="nei")
    assert ends(story) == ["gjenopprettende_laerer_elev:videre_P01"]
    assert open_in(story, P01) == ["motta_varsel"]
    assert not sees(story, "kontaktlaerer", of(story, P01))
    assert "varsel_rektor" in story.told("rektor")
    assert story.told("kontaktlaerer") == ["innkalling"]


# --- between school and guardians -----------------------------------------------------------------


def cooperation(story, by: str = "ledelse", **given) -> None:
    told = dict(elev="elev_a", elevens_sak_aapen="nei")
    do(story, P05, "registrer_tillitsbrudd", by, **{**told, **given})
    do(story, P05, "innkall_samarbeidsmote", "rektor", bisitter_tilbudt="ja", tolk="nei",
       forsamtaler_onskes="nei")  # fmt: skip


def meeting(story, agree: str = "ja") -> None:
    do(story, P05, "samarbeidsmote", "rektor", enighet=agree,
       tiltak=[{"hva": "x", "hvem": "x", "dato": "2026-09-20"}])  # fmt: skip


def test_guardians_are_called_in_and_trust_is_asked_about(story):
    cooperation(story)
    [told] = story.rows(Notice, kind="innkalling")
    assert told.guardian_id == parse(story.ref("foresatt_a"))[1]
    meeting(story)
    do(story, P05, "oppfolging", "rektor", tillit="bedre")
    assert ends(story) == ["gjenopprettende_skole_foresatte:samarbeid_gjenopprettet"]


@pytest.mark.parametrize("worse", ["uendret", "verre"])
def test_without_trust_the_matter_is_lifted(story, worse):
    cooperation(story)
    meeting(story)
    do(story, P05, "oppfolging", "rektor", tillit=worse)
    do(story, P05, "loft_sak", "rektor", til="skoleeier", rettigheter_informert="ja")
    assert ends(story) == ["gjenopprettende_skole_foresatte:loftet_videre"]
    assert "varsel_skoleeier" in story.told("skoleeier")


def test_disagreement_is_lifted_and_others_are_not_told(story):
    cooperation(story)
    meeting(story, "nei")
    do(story, P05, "loft_sak", "rektor", til="konfliktraad", rettigheter_informert="ja")
    assert story.told("skoleeier") == []


def test_rektor_who_is_named_does_not_handle_it(story):
    do(story, P05, "registrer_tillitsbrudd", "ledelse", elev="elev_a", elevens_sak_aapen="nei",
       ansatte_nevnt=["rektor"])  # fmt: skip
    [task] = story.rows(Task, step="innkall_samarbeidsmote")
    assert task.role == "rektor"  # ledelse acts as rektor
    with story.product.database.session() as session:
        for name, may in (("rektor", False), ("ledelse", True)):
            account = session.get_one(Account, story.account(name))
            row = session.get_one(Task, task.id)
            case = session.get_one(Case, task.case_id)
            asked = access.may(session, account, Permission.COMPLETE_TASK, case=case, task=row,
                               now=story.player.now)  # fmt: skip
            assert asked is may


def test_guardians_are_not_called_in_where_home_is_the_risk(story):
    story.report()
    story.suspect()
    story.receive(barnevern_vurdert="ja")
    do(story, P01, "informer_foresatte_elev", "kontaktlaerer", foresatte=[],
       unntak_grunn="Hjemmet kan være risikoen.", rett_statsforvalter_opplyst="ja",
       elev_informert="ja")  # fmt: skip
    story.talk()
    story.analyse(egnet_gjenopprettende="skole_foresatte", tilrettelegger="miljoarbeider")
    story.plan()
    story.approve()
    cooperation(story)
    assert [row for row in story.rows(Notice) if row.guardian_id] == []


def test_no_copy_is_announced_at_a_home_that_is_the_risk(story):
    story.report(andre_involverte=[{"elev": "elev_b", "rolle": "mulig_utover"}])
    story.suspect()
    story.receive(barnevern_vurdert="ja")
    do(story, P01, "informer_foresatte_elev", "kontaktlaerer", foresatte=[],
       unntak_grunn="Hjemmet kan være risikoen.", rett_statsforvalter_opplyst="ja",
       elev_informert="ja")  # fmt: skip
    story.talk()
    do(story, P01, "samtale_andre_elever", "kontaktlaerer", vil_uttale_seg="ja")
    story.analyse(egnet_gjenopprettende="elev_elev", tilrettelegger="miljoarbeider")
    story.plan()
    story.approve()
    suited(story, "tilrettelegger")
    talks(story)
    meet_and_agree(story)
    told = {row.guardian_id for row in story.rows(Notice, kind="avtale_delt")} - {None}
    assert told == {parse(story.ref("foresatt_b"))[1]}


def test_an_answer_of_another_process_reads_back(story):
    suited(story)
    case = of(story, P03)
    with story.product.database.session() as session:
        row = session.scalar(
            select(Answer).where(Answer.case_id == case.id, Answer.step == "egnethet")
        )
    read = answers(story.product, story.account("kontaktlaerer"), case.number, row.id)
    assert read.step_name == "Vurder om det passer"
    assert ("Hva passer?", "Samtaler hver for seg, og så et fellesmøte") in read.lines
