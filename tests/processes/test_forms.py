"""The shipped forms ask what the law and the sheet ask, and refuse what must be refused."""

import json
from pathlib import Path

import pytest

from engine.definitions import feel
from engine.refusals import Reason

PROCESSES = Path(__file__).parents[2] / "processes"
FORMS = {path.stem: path for path in sorted(PROCESSES.glob("*/forms/*.form"))}


def fields(step):
    """The form's fields by key; those of a list as `tiltak.ansvarlig`."""

    def walk(components, prefix=""):
        for component in components:
            key = component.get("key") or component.get("path")
            if key:
                yield prefix + key, component
            inner = f"{key}." if component["type"] == "dynamiclist" else prefix
            yield from walk(component.get("components", ()), inner)

    return dict(walk(json.loads(FORMS[step].read_text("utf-8"))["components"]))


def required(field):
    return field.get("validate", {}).get("required", False)


def values(step, key):
    return [option["value"] for option in fields(step)[key]["values"]]


def allowed(step, key, **context):
    """What the field's krav says of these answers and facts."""
    return feel.evaluate(fields(step)[key]["properties"]["krav"].removeprefix("="), context) is True


def hidden(step, key, **context):
    return (
        feel.evaluate(fields(step)[key]["conditional"]["hide"].removeprefix("="), context) is True
    )


@pytest.mark.parametrize("step", FORMS)
def test_every_field_can_be_read_by_a_person(step):
    form = json.loads(FORMS[step].read_text("utf-8"))
    assert (form["type"], form["id"], form["schemaVersion"]) == ("default", step, 18)
    for key, field in fields(step).items():
        assert field["label"].strip(), key
        assert not {"mobber", "offer", "bekymringsmelding"} & set(field["label"].lower().split())
        own = field.get("properties", {})
        if "krav" in own:
            assert own["kravkode"] in list(Reason), key
            assert own["kravtekst"].endswith("."), key
        if own.keys() & {"habil", "part"}:
            assert field["valuesKey"] == "ansatte", key


@pytest.mark.parametrize("step", FORMS)
def test_every_component_has_its_own_id(step):
    def ids(components):
        for component in components:
            yield component["id"]
            yield from ids(component.get("components", ()))

    found = list(ids(json.loads(FORMS[step].read_text("utf-8"))["components"]))
    assert len(found) == len(set(found))


def test_the_plan_has_the_five_statutory_contents():
    plan = fields("lag_aktivitetsplan")
    marked = {key: field["properties"].get("lovkrav") for key, field in plan.items()
              if field.get("properties", {}).get("lovkrav")}  # fmt: skip
    assert marked == {
        "problem": "1",
        "tiltak.beskrivelse": "2",
        "tiltak.fra_dato": "3",
        "tiltak.til_dato": "3",
        "tiltak.frekvens": "3",
        "tiltak.ansvarlig": "4",
        "tiltak.evalueres_dato": "5",
    }
    either = {"tiltak.til_dato", "tiltak.frekvens"}
    assert all(required(plan[key]) for key in marked.keys() - either)


@pytest.mark.parametrize(
    ("row", "fine"),
    [
        ({"til_dato": "2026-10-16"}, True),
        ({"frekvens": "hver dag"}, True),
        ({"til_dato": "2026-10-16", "frekvens": "hver dag"}, True),
        ({}, False),
    ],
)
def test_a_measure_says_until_when_or_how_often(row, fine):
    assert allowed("lag_aktivitetsplan", "tiltak.frekvens", rad=row) is fine
    own = fields("lag_aktivitetsplan")["tiltak.frekvens"]["properties"]
    assert own["kravkode"] == Reason.MANGLER_FELT


@pytest.mark.parametrize("key", ["til_dato", "evalueres_dato"])
def test_a_measure_neither_ends_nor_is_evaluated_before_it_begins(key):
    path = f"tiltak.{key}"
    assert allowed("lag_aktivitetsplan", path, rad={"fra_dato": "2026-10-02", key: "2026-10-02"})
    assert not allowed(
        "lag_aktivitetsplan", path, rad={"fra_dato": "2026-10-02", key: "2026-10-01"}
    )
    assert allowed("lag_aktivitetsplan", path, rad={"fra_dato": None, key: "2026-10-01"})
    assert allowed("lag_aktivitetsplan", path, rad={"fra_dato": "2026-10-02"})


@pytest.mark.parametrize(
    ("report", "fine"),
    [
        ({"elev_sier_utrygt": "nei", "kilde": "ansatt"}, True),
        ({"elev_sier_utrygt": "ja", "kilde": "ansatt"}, False),
        ({"elev_sier_utrygt": "nei", "kilde": "elev"}, False),
        ({"elev_sier_utrygt": "nei", "kilde": "foresatte"}, False),
    ],
)
def test_no_suspicion_is_not_open_when_the_pupil_says_it_is_not_safe(report, fine):
    def judged(answer):
        context = {"mistanke_utrygg": answer, "registrer_melding": report}
        return allowed("mistanke_vurdering", "mistanke_utrygg", **context)

    assert judged("nei") is fine
    assert judged("ja") and judged("usikker")


def test_a_doubt_needs_no_reason_of_its_own_but_a_no_does():
    for answer in values("mistanke_vurdering", "mistanke_utrygg"):
        shown = not hidden("mistanke_vurdering", "begrunnelse", mistanke_utrygg=answer)
        assert shown is (answer == "nei")
    assert required(fields("mistanke_vurdering")["begrunnelse"])


def test_the_handler_must_be_confirmed_impartial():
    assert allowed("motta_varsel", "habilitet_bekreftet", habilitet_bekreftet="ja")
    assert not allowed("motta_varsel", "habilitet_bekreftet", habilitet_bekreftet="nei")
    assert fields("motta_varsel")["saksansvarlig"]["properties"]["habil"] == "ja"


@pytest.mark.parametrize(
    ("step", "key"),
    [
        ("samtale_utsatt_elev", "trygg_voksen"),
        ("analyse", "tilrettelegger"),
        ("lag_aktivitetsplan", "tiltak.ansvarlig"),
    ],
)
def test_who_is_named_in_the_case_gets_no_part_in_it(step, key):
    assert fields(step)[key]["properties"]["habil"] == "ja"


def test_the_time_of_receipt_is_only_moved_earlier():
    def judged(at):
        return allowed(
            "motta_varsel", "mottatt_rektor", mottatt_rektor=at, mottatt="2026-09-08T15:40"
        )

    assert judged("2026-09-08T15:40") and judged("2026-09-07T08:00") and judged(None)
    assert not judged("2026-09-08T15:41")


def test_joining_is_asked_only_when_there_is_something_to_join():
    assert hidden("motta_varsel", "slaa_sammen")
    assert hidden("motta_varsel", "slaa_sammen", finnes_aapen_sak=False)
    assert not hidden("motta_varsel", "slaa_sammen", finnes_aapen_sak=True)
    assert required(fields("motta_varsel")["slaa_sammen"])


def test_seriousness_is_explained_only_when_it_is_serious():
    assert hidden("motta_varsel", "alvorlig_grunn", alvorlig="nei")
    assert not hidden("motta_varsel", "alvorlig_grunn", alvorlig="ja")
    assert values("motta_varsel", "alvorlig_grunn") == [
        "ansatt_krenker", "saerlig_integritetskrenkende", "saerlig_voldelig", "flere_mot_en",
        "langvarig_ulost", "digital_paa_tvers_av_skoler", "elever_fra_andre_skoler",
        "hoyt_konfliktnivaa", "skolebytte_som_tiltak",
    ]  # fmt: skip


def test_the_guardians_are_told_or_it_says_why_not():
    told = [{"navn": "foresatt:1"}]
    assert allowed("informer_foresatte_elev", "foresatte", foresatte=told, unntak_grunn=None)
    assert allowed("informer_foresatte_elev", "foresatte", foresatte=[], unntak_grunn="x")
    assert not allowed("informer_foresatte_elev", "foresatte", foresatte=[], unntak_grunn=None)
    key = "rett_statsforvalter_opplyst"
    assert not allowed("informer_foresatte_elev", key, **{key: "nei"}, unntak_grunn=None)
    assert allowed("informer_foresatte_elev", key, **{key: "nei"}, unntak_grunn="x")


def test_the_facilitator_is_asked_for_when_a_restorative_process_fits():
    for answer in values("analyse", "egnet_gjenopprettende"):
        shown = not hidden("analyse", "tilrettelegger", egnet_gjenopprettende=answer)
        assert shown is (answer != "nei")


def test_the_analysis_asks_about_the_community_under_the_plans_five_factors():
    keys = list(fields("analyse"))
    first = keys.index("fellesskapet")
    assert keys[first + 1 : first + 6] == [
        "omsorgsfull_kontroll", "relasjoner", "vennskap_og_inkludering", "hjem_skole_samarbeid",
        "laereplanforstaaelse",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("safe", "decision", "fine"),
    [
        ("ja", "avslutte", True),
        ("nei", "avslutte", False),
        (None, "avslutte", False),
        ("nei", "endre", True),
        ("nei", "forlenge", True),
    ],
)
def test_the_plan_is_not_closed_while_the_pupil_is_not_safe(safe, decision, fine):
    context = {"beslutning": decision, "evalueringsmote": {"elev_opplever_trygt": safe}}
    assert allowed("beslutning", "beslutning", **context) is fine
    assert fields("beslutning")["beslutning"]["properties"]["kravkode"] == Reason.IKKE_TRYGT


def test_a_prolonged_plan_gets_a_new_day_that_is_not_past():
    assert hidden("beslutning", "evalueres_dato", beslutning="endre")
    assert not hidden("beslutning", "evalueres_dato", beslutning="forlenge")
    for day, fine in (("2026-10-09", True), ("2026-09-18", True), ("2026-09-17", False)):
        context = {"evalueres_dato": day, "i_dag": "2026-09-18"}
        assert allowed("beslutning", "evalueres_dato", **context) is fine


def test_a_measure_that_needs_a_decision_waits_for_it():
    def judged(done, measure, reference=None):
        context = {"utfort": done, "tiltak": measure, "enkeltvedtak_ref": reference}
        return allowed("gjennomfor_tiltak", "utfort", **context)

    needs = {"krever_enkeltvedtak": "ja"}
    assert judged("ja", {"krever_enkeltvedtak": "nei"})
    assert judged("nei", needs)
    assert not judged("ja", needs) and not judged("delvis", needs)
    assert judged("ja", needs, "26/123") and judged("ja", {**needs, "enkeltvedtak_ref": "26/123"})


def test_a_pupil_who_will_not_speak_is_not_made_to():
    for key in ("elevens_opplevelse", "hva_onsker_eleven"):
        assert hidden("samtale_utsatt_elev", key, vil_uttale_seg="nei")
        assert not hidden("samtale_utsatt_elev", key, vil_uttale_seg="ja")
        assert required(fields("samtale_utsatt_elev")[key])


def test_a_passed_deadline_is_explained_and_never_stops_anybody():
    for step in ("samtale_utsatt_elev", "foresattes_syn", "analyse", "lag_aktivitetsplan"):
        assert hidden(step, "utsettelse_begrunnelse")
        assert not hidden(step, "utsettelse_begrunnelse", over_frist=True)


def test_the_evaluation_has_one_row_a_measure_in_the_plans_order():
    own = fields("evalueringsmote")["tiltak"]["properties"]
    measures = [{"beskrivelse": "Fast voksen"}, {"beskrivelse": "Felles lek"}]
    context = {"lag_aktivitetsplan": {"tiltak": measures}}
    assert feel.evaluate(own["rader"][1:], context) == measures
    assert feel.evaluate(own["radtittel"][1:], {"rad": measures[1]}) == "Felles lek"


def test_the_report_asks_at_most_six_things_besides_the_pupil():
    asked = [
        key
        for step in ("registrer_melding", "gripe_inn", "mistanke_vurdering")
        for key, field in fields(step).items()
        if required(field) and "." not in key and "standard" not in field.get("properties", {})
    ]
    either = {"hva_gjort", "hvorfor_ikke"}  # one of the two shows
    assert hidden("gripe_inn", "hva_gjort", grep_inn="nei")
    assert hidden("gripe_inn", "hvorfor_ikke", grep_inn="ja")
    assert len(set(asked) - either - {"elev_utsatt"}) + 1 == 6


DANGERS = ("mobbing_mistenkt", "vold_trussel", "seksuell", "flere_mot_en", "frykt",
           "alder_makt_gap")  # fmt: skip


@pytest.mark.parametrize("danger", DANGERS)
def test_a_joint_meeting_is_closed_for_every_danger(danger):
    safe = dict.fromkeys(DANGERS, "nei")
    assert allowed("egnethet", "konklusjon", konklusjon="fellesmote", **safe)
    context = {**safe, danger: "ja"}
    assert not allowed("egnethet", "konklusjon", konklusjon="fellesmote", **context)
    assert allowed("egnethet", "konklusjon", konklusjon="bare_separate", **context)
    assert allowed("egnethet", "konklusjon", konklusjon="ikke_egnet", **context)
    own = fields("egnethet")["konklusjon"]["properties"]
    assert own["kravkode"] == Reason.IKKE_VALGBAR


def test_the_full_set_of_restorative_questions_and_the_short_one():
    asked = {key: field["label"] for key, field in fields("forsamtale").items()}
    assert {
        "Hva skjedde?", "Hva tenkte og følte du da?", "Hva har du tenkt siden?",
        "Hvem ble berørt, og hvordan?", "Hva kan du gjøre for å rette opp?",
        "Hva trenger du for at det ikke skal skje igjen?",
    } <= set(asked.values())  # fmt: skip
    assert {
        "Hva tenker og føler du nå?", "Hvordan har det virket på deg og andre?",
        "Hva har vært vanskeligst?", "Hva trenger du for at det skal bli bra igjen?",
    } <= set(asked.values())  # fmt: skip
    assert {"Hvordan føltes det?", "Hva kan hjelpe?"} <= set(asked.values())
    assert required(fields("forsamtale")["frivillig_samtykke"])


def test_the_account_to_statsforvalteren_speaks_of_every_part_of_the_duty():
    told = fields("redegjorelse")
    for part in ("folge_med", "gripe_inn", "varsle", "undersoke", "tiltak"):
        assert required(told[part])
    assert required(told["elevens_syn"]) and required(told["barnets_beste"])
    assert not allowed("godkjenn_og_send", "sikker_kanal", sikker_kanal="nei")


def test_a_report_that_is_obviously_groundless_needs_another_to_control_it():
    """Edge (j): without one who controls, it is refused."""
    form = fields("motta_rektor")
    assert required(form["kontrollert_av"]) and form["kontrollert_av"]["properties"]["habil"]
    assert not hidden("motta_rektor", "kontrollert_av", aapenbart_grunnlos="ja")


@pytest.mark.parametrize("path", sorted(PROCESSES.glob("*/forms/*.form")), ids=lambda p: p.stem)
def test_every_form_is_of_its_step(path):
    form = json.loads(path.read_text("utf-8"))
    assert (form["type"], form["id"], form["schemaVersion"]) == ("default", path.stem, 18)
