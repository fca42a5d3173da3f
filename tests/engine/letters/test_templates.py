"""Letter templates: what comes with Trygg, what leadership writes, and what is wrong, in words."""

from __future__ import annotations

import re

import pytest

from engine.letters import templates
from engine.letters.example import example, example_pdf
from engine.letters.text import blocks, faults, fill, filled
from engine.product import PROCESSES
from engine.refusals import Reason, Refusal
from tests.pdfs import opened

KINDS = templates.kinds()
EACH = [(kind, language) for kind in KINDS for language in templates.LANGUAGES]


def editing(product, school, who="berit", kind="informasjon", language="nb"):
    return templates.editing(product, school.accounts[who], kind, language)


def save(product, school, title, text, seen=0, who="berit", kind="informasjon", language="nb"):
    return templates.save(product, school.accounts[who], kind, language, title, text, seen)


def refused(call, *args, **more) -> Refusal:
    with pytest.raises(Refusal) as caught:
        call(*args, **more)
    return caught.value


@pytest.mark.parametrize(("kind", "language"), EACH)
def test_every_shipped_text_can_be_used(product, school, kind, language):
    template = templates.shipped(KINDS[kind], language)
    assert not faults(template.title, template.text, KINDS[kind].places, KINDS[kind].needed)
    heading, found = example(product, "Tyttebærlia skole", template)
    whole = heading + "".join(line for block in found for line in block.lines)
    assert "{" not in whole and "Noor" in heading


@pytest.mark.parametrize(("kind", "language"), EACH)
def test_every_example_is_a_pdf_to_be_kept_and_read_aloud(product, school, kind, language):
    found = opened(example_pdf(product, school.accounts["berit"], kind, language))
    assert (found.kept, found.spoken, found.tagged) == ("3A", "1", True)
    assert found.lang == {"nb": "nb-NO", "nn": "nn-NO", "en": "en-GB", "enkelt": "nb-NO"}[language]
    assert found.fonts_inside and "/H1" in found.tags


def test_the_law_in_a_letter_is_the_law_of_the_rules_file():
    rules = (PROCESSES / "regelverk.toml").read_text(encoding="utf-8")
    for kind, language in EACH:
        named = re.findall(r"\b12-\d+", templates.shipped(KINDS[kind], language).text)
        assert all(each in rules for each in named), (kind, language)


def test_what_the_home_must_be_told_stands_in_every_language():
    for language in templates.LANGUAGES:
        words = templates.shipped(KINDS["informasjon"], language).text
        for said in ("12-6", "{statsforvalter_dato}", "Statsforvalt", "Mobbeomb", "Barneomb"):
            assert said in words, (language, said)
        assert "12-6" in templates.shipped(KINDS["plan"], language).text


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Hei {elv}", "Plassen {elv} finnes ikke i dette brevet. Mente du {elev}?"),
        ("Hei {fødselsnummer}", "Plassen {fødselsnummer} finnes ikke i dette brevet. Se listen"),
        ("Hei {elev", "En klamme { eller } står alene."),
        ("Hei elev}", "En klamme { eller } står alene."),
        ("Se planen: {plan}", "Plassen {plan} må stå alene på en linje."),
        ("{plan}\n\n{plan}", "Plassen {plan} kan bare stå én gang."),
        ("Hei", "Plassen {plan} må være med i teksten."),
        ("{mote_dag}\n{plan}", "Plassen {mote_dag} finnes ikke i dette brevet."),
        ("x" * 8001, "Teksten er for lang."),
    ],
)
def test_what_is_wrong_is_said_in_words(text, found):
    kind = KINDS["plan"]
    assert any(each.startswith(found) for each in faults("Plan", text, kind.places, kind.needed))


def test_a_template_must_have_one_line_as_its_title():
    assert faults(" ", "Hei", {}, ()) == ["Skriv en overskrift."]
    assert len(faults("to\nlinjer", "Hei", {}, ())) == 1


def test_what_is_put_in_is_never_read_again():
    (block,) = filled(blocks("Hei {elev}"), {"elev": "{skole}\n# stor\n- x"})
    assert (block.kind, block.lines) == ("paragraph", ("Hei {skole}\n# stor\n- x",))
    assert fill("{ elev } {elev}", {"elev": "A"}) == "A A"


def test_a_new_text_is_a_new_version_and_the_old_one_stays(product, school, clock):
    first = editing(product, school).current
    assert (first.version, first.by) == (0, None)
    assert save(product, school, first.title, first.text) == 0  # the same is no new version
    assert save(product, school, "Til {foresatt}", "Hei {foresatt}") == 1
    clock.forward(days=1)
    assert save(product, school, "Til {foresatt}", "God dag", seen=1, who="line") == 2
    found = editing(product, school)
    assert (found.current.text, found.current.by) == ("God dag", "Line Fagleder")
    assert [each.version for each in found.earlier] == [2, 1, 0]
    assert found.earlier[1].text == "Hei {foresatt}"


def test_nothing_is_saved_with_a_fault(product, school):
    why = refused(save, product, school, "Til {forelder}", "Hei {elv}")
    assert [fault.path for fault in why.faults] == ["tekst", "tekst"]
    assert editing(product, school).current.version == 0


def test_two_who_write_at_once_do_not_write_over_each_other(product, school):
    save(product, school, "A", "A")
    why = refused(save, product, school, "B", "B", seen=0, who="line")
    assert why.code is Reason.ENDRET and "Berit Rektor" in str(why)


def test_an_empty_text_is_out_of_use_and_others_are_told_to_be_behind(product, school):
    save(product, school, "", "", language="nn")
    page = templates.overview(product, school.accounts["berit"])
    statuses = {each.language: each for each in page.kinds[0][1]}
    assert not statuses["nn"].usable and statuses["nb"].usable
    assert statuses["nb"].behind and not statuses["nn"].behind
    assert refused(example_pdf, product, school.accounts["berit"], "informasjon", "nn").code is (
        Reason.IKKE_TILGANG
    )


def test_leadership_alone_edits(product, school):
    for who in ("maja", "emil", "kari", "bjarte"):
        account = school.accounts[who]
        assert refused(templates.overview, product, account).code is Reason.IKKE_TILGANG
        assert refused(editing, product, school, who).code is Reason.IKKE_TILGANG
        assert refused(save, product, school, "A", "A", who=who).code is Reason.IKKE_TILGANG
    for kind, language in (("ukjent", "nb"), ("plan", "se")):
        why = refused(editing, product, school, kind=kind, language=language)
        assert why.code is Reason.IKKE_TILGANG
