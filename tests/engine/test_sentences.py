"""Sentences: bokmål that remembers what it was made of."""

from datetime import UTC, date, datetime

from engine.sentences import Sentence, both, either, packed, say, together, unpacked


def test_a_sentence_is_its_bokmaal():
    said = say("«%(step)s» er gitt til %(name)s.", step="Ta imot meldingen", name="Maja")
    assert said == "«Ta imot meldingen» er gitt til Maja."
    assert said.source == "«%(step)s» er gitt til %(name)s."
    assert said.values == {"step": "Ta imot meldingen", "name": "Maja"}


def test_without_values_nothing_is_put_in():
    assert say("100 % sikker") == "100 % sikker"


def test_days_and_times_are_said_as_in_norway():
    at = datetime(2026, 9, 8, 8, 5, tzinfo=UTC)
    assert say("%(at)s", at=at) == "8.9. kl. 10.05"
    assert say("%(day)s", day=date(2026, 9, 8)) == "8.9.2026"


def test_several_are_put_together():
    assert together(["rektor", "4B"], by=" ") == "rektor 4B"
    assert together([say("rektor"), "Maja"]).values["part0"].source == "rektor"
    assert both(["Noor"]) == "Noor"
    assert both(["Noor", "Ada", "Jonas"]) == "Noor og Ada og Jonas"
    assert either([say("rektor"), say("ledelse")]) == "rektor eller ledelse"


def test_a_column_keeps_source_and_values():
    said = say("%(why)s Ingenting er endret. %(n)s", why=say("Et steg feilet."), n=3)
    kept = unpacked(packed(said))
    assert kept == said and kept.source == said.source
    assert kept.values["why"].source == "Et steg feilet." and kept.values["n"] == 3


def test_plain_text_in_a_column_is_its_own_source():
    assert packed(say("Et steg feilet.")) == "Et steg feilet."
    kept = unpacked("Et steg feilet.")
    assert isinstance(kept, Sentence) and kept.source == "Et steg feilet." and not kept.values
