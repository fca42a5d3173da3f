"""Paper forms: they ask what the published forms ask, and say how they are entered."""

from __future__ import annotations

import pytest

from engine.definitions.fields import fields_of
from engine.letters import paper
from engine.refusals import Reason, Refusal
from tests.pdfs import opened


@pytest.fixture
def definition(product):
    with product.database.session() as session:
        return product.published(session, paper.MAIN)


@pytest.mark.parametrize("name", paper.PAPERS)
def test_every_question_of_the_form_is_on_the_paper(product, definition, name):
    found = opened(paper.paper_form(product, name))
    assert (found.kept, found.spoken, found.lang) == ("3A", "1", "nb-NO")
    assert found.tagged and found.fonts_inside and "/H1" in found.tags
    words = " ".join(found.text.split())
    for step in paper.PAPERS[name].steps:
        key = definition.steps[paper.PAPERS[name].process, step].form_key
        for field in fields_of(definition.form(paper.PAPERS[name].process, key).components):
            asked = field.label in words
            assert asked != (field.key in {*paper.NOT_ON_PAPER, "utsettelse_begrunnelse"}), field
            if asked and field.options:
                assert all(option.label in words for option in field.options), field.key


def test_the_paper_says_how_it_is_entered(product):
    report = " ".join(opened(paper.paper_form(product, "meld-fra")).text.split())
    for said in ("Jeg melder for en annen", "På papir", "113 ambulanse", "direkte til kommunen"):
        assert said in report
    step = " ".join(opened(paper.paper_form(product, "ukesjekk")).text.split())
    assert "Registrer for en annen" in step and "Makuler det når det er ført inn" in step


def test_the_list_is_of_what_is_there(product):
    listed = paper.listed(product)
    assert [name for name, _ in listed] == list(paper.PAPERS)
    assert dict(listed)["ukesjekk"] and len(set(dict(listed).values())) == len(listed)
    with pytest.raises(Refusal) as caught:
        paper.paper_form(product, "ukjent")
    assert caught.value.code is Reason.IKKE_TILGANG
