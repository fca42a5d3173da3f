"""Reading the rules file."""

from datetime import time

import pytest

from engine.rules.regelverk import InvalidRules, read_regelverk
from engine.rules.rule import Nudge, Status

GOOD = """
[frist.plan]
tekst = "Plan innen"
status = "veiledning"
kilde = "Opplæringslova § 12-4: snarest."
fra = "mottatt_rektor"
arbeidsdager = 5
ved_mottak = true
paaminnelse = [{ arbeidsdager = -2, til = "saksansvarlig" }, { timer = -1.5, til = "rektor" }]
eskalering = [{ arbeidsdager = 0, til = "rektor", klokke = 12:30:00 }]

[frist.mistanke]
tekst = "Vurder innen"
status = "skolens_valg"
kilde = "Skolens valg"
samme_dag = true
klokke = "15:30"
ved_frist = { mistanke_utrygg = "usikker" }

[henvisning.statsforvalteren]
tekst = "Opplæringslova § 12-6"
status = "lov"

[valg.arbeidsdager]
tekst = "Hvordan dager telles"
plan = "Sier ikke noe"
lov = "Snarest"
bygget = "Uten helligdager"
hvorfor = "Plikten hviler ikke"

[telling.lost_siste_30_dager]
tekst = "Løst de siste 30 dagene"
status = "skolens_valg"
kilde = "Skolens valg"
slutt = "E1"
steg = "logg"
kalenderdager = 30
"""


def faults(text: str) -> tuple[str, ...]:
    with pytest.raises(InvalidRules) as refused:
        read_regelverk(text.encode())
    return refused.value.faults


def test_reading():
    regelverk = read_regelverk(GOOD.encode())
    assert regelverk.keys() == {"plan", "mistanke"}
    plan, suspicion = regelverk.frist("plan"), regelverk.frist("mistanke")
    assert (plan.tekst, plan.status, plan.klokke) == ("Plan innen", Status.VEILEDNING, time(16))
    assert plan.paaminnelse == (
        Nudge("saksansvarlig", arbeidsdager=-2),
        Nudge("rektor", timer=-1.5),
    )
    assert plan.eskalering == (Nudge("rektor", arbeidsdager=0, klokke=time(12, 30)),)
    assert (suspicion.fra, suspicion.klokke) == ("apnet", time(15, 30))
    assert dict(suspicion.ved_frist) == {"mistanke_utrygg": "usikker"}
    assert regelverk.references["statsforvalteren"].status is Status.LOV
    assert regelverk.choices["arbeidsdager"].hvorfor == "Plikten hviler ikke"
    count = regelverk.counts["lost_siste_30_dager"]
    assert (count.slutt, count.steg, count.kalenderdager) == ("E1", "logg", 30)
    assert regelverk.at_receipt() == (plan,)
    with pytest.raises(KeyError):
        regelverk.frist("ukjent")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('tekst = "Plan innen"', "", "mangler «tekst»"),
        ("arbeidsdager = 5", "", "akkurat én av"),
        ("arbeidsdager = 5", "arbeidsdager = 5\nkalenderdager = 7", "akkurat én av"),
        ("arbeidsdager = 5", 'arbeidsdager = "fem"', "«arbeidsdager» har feil slag"),
        ("arbeidsdager = 5", "arbeidsdager = true", "«arbeidsdager» har feil slag"),
        ("arbeidsdager = 5", "hver = 0", "«hver»"),
        ("arbeidsdager = 5", 'dato = "plan.dato"', "«dato»"),
        ("arbeidsdager = 5", "arbeidsdagar = 5", "«arbeidsdagar»"),
        ('fra = "mottatt_rektor"', 'fra = "i går"', "«fra»"),
        ('status = "veiledning"', 'status = "vedtak"', "«status»"),
        ('klokke = "15:30"', 'klokke = "halv fire"', "«klokke»"),
        ('{ timer = -1.5, til = "rektor" }', "{ timer = -1.5 }", "«til»"),
        ('{ timer = -1.5, til = "rektor" }', '{ til = "rektor" }', "«til» og én av"),
        ("[henvisning.", "[henvisninger.", "«henvisninger»"),
        ('status = "lov"', "", "mangler «status»"),
        ('plan = "Sier ikke noe"', "", "mangler «plan»"),
        ('steg = "logg"', "", "mangler «steg»"),
        ("kalenderdager = 30", "kalenderdager = 60", "teller 60 dager, og navnet"),
    ],
)
def test_each_fault_is_said_in_words(old, new, words):
    found = faults(GOOD.replace(old, new, 1))
    assert any(words in fault for fault in found), found


def test_every_fault_comes_at_once():
    text = GOOD.replace('tekst = "Plan innen"', "").replace('klokke = "15:30"', 'klokke = "x"')
    assert len(faults(text)) == 2


@pytest.mark.parametrize("text", ["[frist", "frist = 5", "\udcff", "[frist]\nplan = 5"])
def test_what_is_no_rules_file(text):
    with pytest.raises(InvalidRules):
        read_regelverk(text.encode("utf-8", "surrogateescape"))


def test_the_rules_can_not_be_changed():
    regelverk = read_regelverk(GOOD.encode())
    with pytest.raises(TypeError):
        regelverk.rules["plan"] = None
    with pytest.raises(AttributeError):
        regelverk.frist("plan").arbeidsdager = 50
