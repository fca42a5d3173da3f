"""How a person wants to be reached: the address of mail, how often, and a calendar of one's own.

The calendar's address holds a secret, for a calendar program can't log in. It is shown once, and
its hash alone is kept.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import date, datetime
from email.errors import MessageError
from email.headerregistry import Address
from enum import StrEnum

from sqlalchemy import delete, select

from engine.database.session import Database
from engine.database.tables import Account, CalendarLink, Mail
from engine.refusals import Fault, Reason, Refusal
from engine.sentences import say

LONGEST = 254  # characters in an address, RFC 5321
SECRET_BYTES = 32
GIVEN_UP = "feilet"  # the state of a mail that nobody tries to send any more


class MailChoice(StrEnum):
    """When mail is sent. What can't wait is sent at once whatever is chosen."""

    AT_ONCE = "straks"
    DAILY = "daglig"
    NONE = "ingen"


@dataclass(frozen=True)
class Contact:
    """email: None when there is none; in_trouble: the latest mail there could not be delivered;
    calendar_made_at: None without a calendar (UTC)."""

    email: str | None
    choice: MailChoice
    in_trouble: bool
    calendar_made_at: datetime | None


def contact(database: Database, account_id: int) -> Contact:
    """How this account is reached."""
    with database.session() as session:
        account = session.get_one(Account, account_id)
        link = session.get(CalendarLink, account_id)
        latest = session.scalar(
            select(Mail.state)
            .where(Mail.account_id == account_id)
            .order_by(Mail.id.desc())
            .limit(1)
        )
    made_at = link.made_at if link else None
    return Contact(account.email, MailChoice(account.mail_choice), latest == GIVEN_UP, made_at)


def change(database: Database, account_id: int, email: str, choice: str, today: date) -> None:
    """Set the address ("" is none) and when mail is sent. Who chooses the daily mail gets the first
    one tomorrow. Raises Refusal with what is wrong."""
    email = email.strip()
    faults = []
    if email and not is_address(email):
        words = say("Skriv adressen slik: navn@skolen.no. Eller la feltet stå tomt.")
        faults.append(Fault("epost", Reason.UGYLDIG_SVAR, words))
    if choice not in list(MailChoice):
        faults.append(Fault("naar", Reason.IKKE_VALGBAR, say("Velg når du vil ha e-post.")))
    if faults:
        raise Refusal.of_answers(faults)
    with database.transaction() as session:
        account = session.get_one(Account, account_id)
        if choice == MailChoice.DAILY != account.mail_choice:
            account.digest_day = today
        account.email, account.mail_choice = email or None, choice


def is_address(text: str) -> bool:
    """Whether mail can be addressed to this: one plain address, no name beside it. Whether anybody
    has it is found out when mail is sent."""
    try:
        address = Address(addr_spec=text)
    except (MessageError, ValueError, IndexError):
        return False
    plain = text.isascii() and text.isprintable() and " " not in text and len(text) <= LONGEST
    return plain and address.addr_spec == text and "." in address.domain


def make_calendar(database: Database, account_id: int, now: datetime) -> str:
    """A new secret for the account's calendar; the one before opens nothing any more."""
    secret = secrets.token_urlsafe(SECRET_BYTES)
    with database.transaction() as session:
        session.execute(delete(CalendarLink).where(CalendarLink.account_id == account_id))
        session.add(CalendarLink(account_id=account_id, secret_hash=hash_of(secret), made_at=now))
    return secret


def withdraw_calendar(database: Database, account_id: int) -> None:
    """The account has no calendar any more; done again, nothing happens."""
    with database.transaction() as session:
        session.execute(delete(CalendarLink).where(CalendarLink.account_id == account_id))


def whose_calendar(database: Database, secret: str) -> int | None:
    """The id of the active account whose calendar this secret opens."""
    with database.session() as session:
        return session.scalar(
            select(Account.id)
            .join(CalendarLink, CalendarLink.account_id == Account.id)
            .where(CalendarLink.secret_hash == hash_of(secret), Account.active)
        )


def hash_of(secret: str) -> str:
    """What is kept of a secret. It has 256 random bits, so a plain hash can't be guessed back."""
    return hashlib.sha256(secret.encode()).hexdigest()
