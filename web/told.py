"""What has happened in a case, as sentences: the verb first, in the past tense.

A step is called by what to do («Ta imot meldingen»). When it is done, the same words tell it
(«Tok imot meldingen»). A step whose verb is not known here is told by its own name.
"""

from __future__ import annotations

from itertools import pairwise

from engine.cases.timeline import Told
from engine.records.log import Kind
from web.catalogues import SOURCE
from web.i18n import gettext as _
from web.i18n import language, nb

PAST = {
    "arkiver": "arkiverte",
    "avslutt": "avsluttet",
    "be": "ba",
    "beskriv": "beskrev",
    "bestem": "bestemte",
    "beslutt": "besluttet",
    "bli": "ble",
    "del": "delte",
    "drøft": "drøftet",
    "eksporter": "eksporterte",
    "evaluer": "evaluerte",
    "finn": "fant",
    "forbered": "forberedte",
    "fortell": "fortalte",
    "følg": "fulgte",
    "gi": "ga",
    "gjennomfør": "gjennomførte",
    "godkjenn": "godkjente",
    "grip": "grep",
    "frys": "frøs",
    "hent": "hentet",
    "hold": "holdt",
    "hør": "hørte",
    "informer": "informerte",
    "inviter": "inviterte",
    "kall": "kalte",
    "kartlegg": "kartla",
    "konkluder": "konkluderte",
    "lag": "laget",
    "les": "leste",
    "løft": "løftet",
    "meld": "meldte",
    "registrer": "registrerte",
    "send": "sendte",
    "sjekk": "sjekket",
    "skjerm": "skjermet",
    "skriv": "skrev",
    "slå": "slo",
    "snakk": "snakket",
    "spør": "spurte",
    "stans": "stanset",
    "start": "startet",
    "ta": "tok",
    "tilby": "tilbød",
    "undersøk": "undersøkte",
    "varsle": "varslet",
    "velg": "valgte",
    "vurder": "vurderte",
}
STARTED = "Start når "  # what the event that begins a case is called, and why
WHOLE = {"Fortell hva du har sett": "Fortalte om det som er sett"}


def sentence(told: Told) -> str:
    """What happened, in one sentence without a full stop."""
    name = told.step_name or ""
    step = nb(name)
    match told.kind:
        case Kind.OPPGAVE_UTFORT if told.actor is None:
            return _("Fristen gikk ut, og Trygg svarte på «%(step)s»", step=step)
        case Kind.OPPGAVE_UTFORT | Kind.STARTET_FOR_HAND:
            return done(name)
        case Kind.OPPGAVE_TRUKKET:
            return _("«%(step)s» falt bort, for saken gikk videre", step=step)
        case Kind.FRIST_PASSERT:
            return _passed(told)
        case Kind.MELDING_MOTTATT if name.startswith(STARTED):
            return _("Saken ble startet: %(why)s", why=name.removeprefix(STARTED))
        case Kind.MELDING_MOTTATT:
            return _("Fikk melding fra saken som hører til: «%(step)s»", step=step)
        case Kind.PURRET:
            return _("Minnet om «%(step)s»", step=step)
        case Kind.OPPGAVE_GITT:
            return _("Ga «%(step)s» til %(whom)s", step=step, whom=told.whom)
        case Kind.OPPGAVE_FLYTTET:
            return _("«%(step)s» gikk over til en annen", step=step)
        case Kind.OPPGAVE_GITT_TILBAKE:
            return _("Ga «%(step)s» tilbake", step=step)
        case Kind.INVITERT:
            return _("Inviterte %(whom)s til saken", whom=told.whom)
        case Kind.INVITASJON_AVSLUTTET:
            return _("Avsluttet invitasjonen til %(whom)s", whom=told.whom)
        case Kind.RETTET:
            return _("Rettet svarene på «%(step)s»", step=step)
        case Kind.HENDELSE_STANSET if told.step_name:
            return _("Saken stanset ved «%(step)s»", step=step)
    return {
        Kind.SAK_SKJERMET: _("Skjermet saken"),
        Kind.SAK_AVSLUTTET: _("Saken ble avsluttet"),
        Kind.SLATT_SAMMEN: _("Slo to meldinger på samme elev sammen"),
        Kind.PLAN_DELT: _("Planen ble delt med elev, foresatte og de ansvarlige"),
        Kind.NOTAT: _("Skrev et notat"),
        Kind.FIL_LAGT_TIL: _("La til en fil"),
        Kind.BREV_LAGET: _("Laget et brev til en foresatt"),
        Kind.BREV_GITT: _("Ga et brev til en foresatt"),
        Kind.HENDELSE_STANSET: _("Saken stanset"),
        Kind.HENDELSE_LOST: _("Saken kom i gang igjen"),
        Kind.HENDELSE_AVKLART: _("Fulgte opp det som ikke kom fram"),
    }[told.kind]


def _passed(told: Told) -> str:
    if told.step_name:
        return _("Fristen for «%(step)s» gikk ut", step=nb(told.step_name))
    if told.rule is None:
        return _("En frist gikk ut")
    what, _space, last = told.rule.tekst.rpartition(" ")
    what = what[:1].lower() + what[1:]
    if last == "fra":
        return _("Fra nå: %(rule)s", rule=nb(what))
    return _("Fristen gikk ut: %(rule)s", rule=nb(what if last == "innen" else told.rule.tekst))


def done(name: str) -> str:
    """`Ta imot meldingen` as `Tok imot meldingen`; with «og», both verbs. The school's words are
    bokmål: on a page in another language they stand as they are."""
    if not name:
        return _("Et steg er ferdig")
    if language() != SOURCE:
        return _("Ferdig: %(step)s", step=nb(name))
    if name in WHOLE:
        return WHOLE[name]
    words = name.split()
    if not words or words[0].lower() not in PAST:
        return _("Ferdig: %(step)s", step=name)
    told = [PAST[words[0].lower()]]
    for before, word in pairwise(words):
        told.append(PAST.get(word, word) if before == "og" else word)
    return _first_up(" ".join(told))


def _first_up(text: str) -> str:
    return text[:1].upper() + text[1:]
