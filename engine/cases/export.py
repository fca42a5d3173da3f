"""A pupil's case frozen as it stands, as one page in the order of time: what Statsforvalteren asks
for (§ 12-6), and what the school can show that it did.

It holds the pupil's case and every case that is part of it: what happened, every answer with its
corrections, the versions of the plan, the deadlines and how they went, who was told, the files by
name, the head of each log, and whom the answers name, for redaction. A name of a file is in it, its
content is not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from sqlalchemy import select

from engine.cases import linked, paper
from engine.cases.agenda import DUE, LAPSED, MET, PASSED, WAITING
from engine.cases.linked import NEW_PLAN
from engine.cases.planclock import PLAN_STEP
from engine.cases.wording import form_of, lines_of, step_name_of
from engine.database.tables import (
    Account,
    Answer,
    CaseFile,
    Deadline,
    Event,
    Guardian,
    Notice,
    Pupil,
)
from engine.people import register
from engine.records.log import Kind
from engine.rules.workdays import local

HAPPENED = {
    Kind.SAK_STARTET: "Saken ble startet",
    Kind.SAK_SKJERMET: "Saken ble skjermet",
    Kind.SAK_AVSLUTTET: "Saken ble avsluttet",
    Kind.SAK_ENDT: "Saken nådde slutten",
    Kind.SLATT_SAMMEN: "En melding ble lagt i saken",
    Kind.OPPGAVE_OPNET: "Oppgaven kom",
    Kind.OPPGAVE_TATT: "Oppgaven ble tatt",
    Kind.OPPGAVE_SLUPPET: "Oppgaven ble gitt fra seg",
    Kind.OPPGAVE_GITT: "Oppgaven ble gitt videre",
    Kind.OPPGAVE_GITT_TILBAKE: "Oppgaven ble gitt tilbake",
    Kind.OPPGAVE_FLYTTET: "Oppgaven gikk over til en annen",
    Kind.OPPGAVE_UTFORT: "Oppgaven ble gjort",
    Kind.OPPGAVE_TRUKKET: "Oppgaven falt bort",
    Kind.STEG_UTFORT: "Trygg utførte steget",
    Kind.STARTET_FOR_HAND: "Startet for hånd",
    Kind.FRIST_SATT: "En frist ble satt",
    Kind.FRIST_PASSERT: "En frist gikk ut",
    Kind.PURRET: "Det ble minnet om oppgaven",
    Kind.VARSLET: "Noen ble varslet",
    Kind.INFORMERT: "Noen ble informert",
    Kind.PLAN_DELT: "Planen ble delt",
    Kind.BREV_LAGET: "Et brev til en foresatt ble laget",
    Kind.BREV_GITT: "Et brev ble gitt til en foresatt",
    Kind.ARKIVERT: "Merket for arkiv",
    Kind.NOTAT: "Et notat ble skrevet",
    Kind.FIL_LAGT_TIL: "En fil ble lagt til",
    Kind.RETTET: "Et svar ble rettet",
    Kind.ROLLE_GITT: "Noen fikk en rolle i saken",
    Kind.INVITERT: "En kollega ble invitert",
    Kind.INVITASJON_AVSLUTTET: "En invitasjon ble avsluttet",
    Kind.MELDING_MOTTATT: "Fikk melding fra en annen sak",
    Kind.HENDELSE_STANSET: "Saken stanset",
    Kind.HENDELSE_LOST: "Saken kom i gang igjen",
    Kind.HENDELSE_AVKLART: "Ledelsen fulgte opp det som ikke kom fram",
}
FATE = {WAITING: "kommer", PASSED: "gikk ut", MET: "holdt", LAPSED: "bortfalt"}
REDACT = {
    register.Kind.ELEV: "elev",
    register.Kind.ANSATT: "ansatt",
    register.Kind.FORESATT: "foresatt",
}


def freeze(desk, step) -> None:
    """Freeze the cases that this one belongs together with, as a file on this one."""
    cases = linked.others(desk)
    parts = [part for case in cases for part in _Frozen(desk.glance(case)).parts()]
    numbers = ", ".join(case.number for case in cases)
    about = (
        f"Sak {numbers}, slik den sto {_when(desk.now)}. Fryst av Trygg i sak {desk.case.number}."
    )
    content = paper.page("Saken i tidsrekkefølge", paper.paragraph(about), *parts)
    paper.put_down(desk, f"Eksport {local(desk.now):%Y-%m-%d %H.%M}.html", content)


def _when(moment) -> str:
    return f"{local(moment):%d.%m.%Y kl. %H.%M}"


class _Frozen:
    """One case, read as it stands."""

    def __init__(self, desk):
        self.desk, self.session, self.case = desk, desk.session, desk.case
        self.answers = self.session.scalars(
            select(Answer).where(Answer.case_id == self.case.id).order_by(Answer.id)
        ).all()
        self.names: dict[tuple[type, int], str] = {}

    def parts(self) -> Iterator[str]:
        """The case's part of the page."""
        case = self.case
        yield paper.heading(f"Sak {case.number}: {self.desk.definition.name}")
        yield paper.table(
            ("Hva", "Verdi"),
            [
                ("Elev", self._name(Pupil, case.pupil_id)),
                ("Åpnet", _when(case.opened_at)),
                ("Meldingen levert", case.received_at and _when(case.received_at)),
                ("Avsluttet", case.ended_at and _when(case.ended_at)),
                ("Utgave av prosessen", case.version),
                ("Rader i loggen", case.event_count),
                ("Loggens siste kontrollsum", case.event_head),
            ],
        )
        yield paper.heading("Hva som har skjedd", 3)
        yield paper.table(("Tid", "Hva", "Steg", "Hvem", "Rolle"), self._events())
        yield paper.heading("Svar", 3)
        yield from self._answers()
        yield paper.heading("Planens versjoner", 3)
        yield paper.table(("Versjon", "Laget", "Av", "Kilde"), self._plans())
        yield paper.heading("Frister", 3)
        yield paper.table(("Frist", "Dato", "Hvordan det gikk"), self._deadlines())
        yield paper.heading("Hvem som fikk beskjed", 3)
        yield paper.table(("Tid", "Beskjed", "Til"), self._told())
        yield paper.heading("Filer i saken", 3)
        yield paper.table(("Tid", "Navn", "Byte"), self._files())
        yield paper.heading("Personer som er nevnt, til sladding", 3)
        yield paper.table(("Person", "Hva", "Svar"), self._people())

    def _name(self, table, number: int | None) -> str | None:
        if number is None:
            return None
        if (table, number) not in self.names:
            self.names[table, number] = self.session.get_one(table, number).name
        return self.names[table, number]

    def _events(self) -> Iterator[tuple]:
        rows = select(Event).where(Event.case_id == self.case.id).order_by(Event.seq)
        for row in self.session.scalars(rows):
            actor = self._name(Account, row.actor_id) or "Trygg"
            yield _when(row.at), HAPPENED[Kind(row.kind)], row.step_name, actor, row.role

    def _answers(self) -> Iterator[str]:
        for row in self.answers:
            lines = lines_of(self.desk, row) if self._is_said(row) else ()
            if not lines:
                continue
            actor = self._name(Account, row.account_id) or "Trygg"
            fixed = " (rettelse)" if row.corrects_id else ""
            title = f"{step_name_of(self.desk, row)}, {_when(row.at)}, {actor}{fixed}"
            yield paper.heading(title, 4)
            if row.corrects_id:
                yield paper.paragraph(f"Grunn: {self.desk.unseal(row.sealed_reason, 'reason')}")
            yield paper.answers(lines)

    def _is_said(self, row: Answer) -> bool:
        """Whether somebody said it: a decision's outcome has neither a form nor words."""
        step = self.desk.definition.steps.get((row.process_id, row.step))
        return step is None or bool(step.form_key) or bool(step.receives)

    def _plans(self) -> Iterator[tuple]:
        ordered = 0  # the newest demand for a new plan before each version
        version = 0
        for row in self.answers:
            if row.step == NEW_PLAN:
                ordered = row.id
            elif row.step == PLAN_STEP and row.corrects_id is None:
                version += 1
                source = "Statsforvalteren" if ordered else "skolen"
                ordered = 0
                yield version, _when(row.at), self._name(Account, row.account_id), source

    def _deadlines(self) -> Iterator[tuple]:
        rows = select(Deadline).where(Deadline.case_id == self.case.id, Deadline.kind == DUE)
        for row in self.session.scalars(rows.order_by(Deadline.due_at, Deadline.id)):
            rule = self.desk.definition.regelverk.frist(row.rule)
            yield rule.tekst, f"{row.day:%d.%m.%Y}", FATE[row.state]

    def _told(self) -> Iterator[tuple]:
        rows = select(Notice).where(Notice.case_id == self.case.id).order_by(Notice.id)
        for row in self.session.scalars(rows):
            whom = (
                self._name(Account, row.account_id)
                or self._name(Guardian, row.guardian_id)
                or self._name(Pupil, row.pupil_id)
            )
            yield _when(row.at), row.kind.replace("_", " "), whom

    def _files(self) -> Iterator[tuple]:
        rows = select(CaseFile).where(CaseFile.case_id == self.case.id).order_by(CaseFile.id)
        for row in self.session.scalars(rows):
            yield _when(row.at), self.desk.unseal(row.sealed_name, "filename"), row.size

    def _people(self) -> Iterator[tuple]:
        """Whom the answers name, but for the pupil, and in how many answers."""
        found: Counter[str] = Counter()
        for row in self.answers:
            step = self.desk.definition.steps.get((row.process_id, row.step))
            if step is None or step.form_key:
                form = form_of(self.desk, row)
                found.update(form.persons(self.desk.unseal(row.sealed_answers, "answer")))
        found.pop(f"elev:{self.case.pupil_id}", None)
        names = register.names_of(self.session, found)
        for ref, count in sorted(found.items(), key=lambda each: names.get(each[0], each[0])):
            kind, _ = register.parse(ref)
            yield names.get(ref, ref), REDACT.get(kind), count
