"""Letters of a case: make one, download it, and write down that it was given, how and when.

A letter is always to one guardian and never names another. It is sealed with the case's key, text
and PDF, and is never changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import select

from engine.cases import receipts
from engine.cases.desk import case_id_of, no_access, open_case
from engine.database.tables import Account, Letter, School
from engine.letters import facts, pdf
from engine.letters.called_for import proposals
from engine.letters.compose import Draft, compose, require_ready
from engine.letters.home import not_told
from engine.letters.overview import open_letter
from engine.people import access
from engine.people.access import Permission
from engine.people.register import Kind as Person
from engine.people.register import ref
from engine.records.log import Kind
from engine.refusals import Fault, Reason, Refusal
from engine.rules.workdays import local, local_day
from engine.sentences import say

HOW = ("skrevet_ut", "sikker_melding", "overlevert", "post")
"""How it is given: printed and given, on a secure channel, handed over in a meeting, posted."""
_SLACK = timedelta(minutes=1)  # a time is written in whole minutes


@dataclass(frozen=True)
class MakeLetter:
    """language: None for the one proposed. typed: see `compose`, with the boxes ticked («ja»)."""

    number: str
    account_id: int
    kind: str
    guardian_id: int
    language: str | None
    receipt: str
    typed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class RegisterGiven:
    """at: when it was given, local and without zone; None when nobody could read it."""

    number: str
    account_id: int
    letter_id: int
    how: str
    at: datetime | None


def make(product, command: MakeLetter) -> int:
    """Make a letter and give its id; nothing is given to anybody by this. Raises Refusal."""
    with open_case(product, case_id_of(product, command.number), command.account_id) as desk:
        _require(desk)
        session, key = desk.session, command.receipt
        receipt = receipts.find(session, key, command.account_id, "brev")
        if receipt is not None:
            return session.scalars(
                select(Letter.id).where(Letter.case_id == desk.case.id, Letter.at == receipt.at)
            ).first()
        draft = compose(desk, command.kind, command.guardian_id, command.language, command.typed)
        require_ready(draft, command.typed)
        row = _keep(desk, draft)
        receipts.keep(desk, key, "brev")
        return row.id


def make_proposed(product, account_id: int, number: str, kind: str, receipt: str) -> int:
    """Make the letters of this kind that the case calls for, one to each guardian and each in the
    language proposed. Gives how many. Raises Refusal."""
    with open_case(product, case_id_of(product, number), account_id) as desk:
        _require(desk)
        if receipts.find(desk.session, receipt, account_id, "brev") is not None:
            return 0
        called_for = [each for each in proposals(desk) if each.kind.id == kind]
        if not_told(desk) or not called_for or not all(each.at_once for each in called_for):
            raise Refusal(Reason.IKKE_VALGBAR, say("Disse brevene må lages ett for ett."))
        for each in called_for:
            draft = compose(desk, kind, each.home.guardian.id, None, {})
            require_ready(draft, {})
            _keep(desk, draft)
        receipts.keep(desk, receipt, "brev")
        return len(called_for)


def register_given(product, command: RegisterGiven) -> None:
    """Write down that a letter was given. Once: another time is refused with who and when."""
    with open_case(product, case_id_of(product, command.number), command.account_id) as desk:
        _require(desk)
        row = desk.session.get(Letter, command.letter_id)
        if row is None or row.case_id != desk.case.id:
            raise no_access()
        if row.given_at is not None:
            who = desk.session.get_one(Account, row.given_by_id).name
            raise Refusal(
                Reason.ALLEREDE_UTFORT,
                say("%(who)s har alt registrert at brevet er gitt.", who=who),
                who=who,
                at=row.registered_at,
            )
        row.given_at, row.how = _when(desk, row, command), command.how
        row.given_by_id, row.registered_at = command.account_id, desk.now
        desk.log(Kind.BREV_GITT, _detail(row) | {"hvordan": row.how, "tid": _iso(row.given_at)})


def download(product, account_id: int, number: str, letter_id: int) -> bytes:
    """The letter's PDF, as it was made. The reading is logged. Raises Refusal."""
    with product.database.transaction() as session:
        desk, row = open_letter(product, session, account_id, number, letter_id)
        return product.master_key.unseal_bytes(desk.key, row.sealed_pdf, "letter pdf")


def _keep(desk, draft: Draft) -> Letter:
    """Make the PDF and put the letter on the case."""
    school = desk.session.get_one(School, desk.case.school_id)
    content = facts.content(
        kind=draft.kind.name,
        language=draft.language,
        school=school.name,
        owner=school.owner,
        number=desk.case.number,
        day=local_day(desk.now),
        to=draft.home.guardian.name,
        heading=draft.heading,
        blocks=draft.blocks,
    )
    row = Letter(
        case_id=desk.case.id,
        guardian_id=draft.home.guardian.id,
        kind=draft.kind.id,
        language=draft.language,
        template_id=draft.template.id,
        template_sha256=draft.template.sha256,
        account_id=desk.actor_id,
        at=desk.now,
        sealed_content=desk.seal(content, "letter"),
        sealed_pdf=desk.product.master_key.seal_bytes(
            desk.key, pdf.render(pdf.LETTER, content, desk.now), "letter pdf"
        ),
    )
    desk.session.add(row)
    desk.session.flush()
    desk.log(Kind.BREV_LAGET, _detail(row))
    return row


def _detail(row: Letter) -> dict:
    """What the log keeps sealed of a letter."""
    return {
        "brev": row.id,
        "slag": row.kind,
        "sprak": row.language,
        "mal": row.template_sha256,
        "til": ref(Person.FORESATT, row.guardian_id),
    }


def _when(desk, row: Letter, command: RegisterGiven) -> datetime:
    """The moment it was given. Raises Refusal with the fields `hvordan` and `tid`."""
    faults = []
    if command.how not in HOW:
        faults.append(Fault("hvordan", Reason.MANGLER_FELT, say("Velg hvordan brevet ble gitt.")))
    at = command.at and command.at.replace(tzinfo=local(desk.now).tzinfo)
    if at is None:
        why = say("Skriv dag og klokkeslett, for eksempel 8.9 kl. 10.40.")
        faults.append(Fault("tid", Reason.MANGLER_FELT, why))
    elif not row.at - _SLACK <= at <= desk.now + _SLACK:
        why = say("Velg en tid etter at brevet ble laget, og ikke fram i tid.")
        faults.append(Fault("tid", Reason.UGYLDIG_SVAR, why))
    if faults:
        raise Refusal.of_answers(faults)
    return at


def _iso(at: datetime) -> str:
    return at.isoformat(timespec="minutes")


def _require(desk) -> None:
    account = desk.session.get(Account, desk.actor_id)
    access.require(desk.session, account, Permission.WRITE_LETTERS, case=desk.case, now=desk.now)
