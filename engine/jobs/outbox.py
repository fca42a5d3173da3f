"""The outbox: notices become mail, and mail is sent until the server has taken it.

A mail is a row before it is sent. Taking it and having sent it are two transactions: a worker that
dies between them sends it again, with the same Message-ID, and never loses it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

import structlog
from sqlalchemy import exists, func, or_, select

from engine.cases import incidents, notices
from engine.database.tables import Account, Case, Mail, Notice
from engine.jobs.post import Line, NotTaken, Post, Unreachable
from engine.jobs.wording import DIGEST, NOTICE, TASK, letter
from engine.people import access
from engine.people.contact import GIVEN_UP, MailChoice

_log = structlog.get_logger()

WAITING, SENT, FAILED, DROPPED = "venter", "sendt", GIVEN_UP, "bortfalt"
BATCH = 500  # notices in one transaction

# What a person is told of at once whatever she has chosen, as is everything in a shielded case.
URGENT = frozenset(
    {
        notices.DEADLINE_PASSED,
        notices.REPORT_TO_HEAD,
        notices.REPORT_TO_OWNER,
        incidents.TOLD,
    }
)

AGAIN = (  # how long after each try the next one comes
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=4),
    timedelta(hours=12),
)
HELD = timedelta(minutes=3)  # by the one who sends it: longer than the server may be silent
PATIENCE = timedelta(days=3)  # then a mail is given up


def run(product, post: Post | None) -> int:
    """Make mail of what is new, and send what waits. Returns how many were sent.

    post: None where no mail server is set; then nothing is sent, now or later.
    """
    while _take(product, sends=post is not None) == BATCH:
        pass
    return send(product, post) if post is not None else 0


def _take(product, sends: bool) -> int:
    """Look at the oldest new notices, and make at most one mail for each person of them. Returns
    how many notices were looked at."""
    now = product.clock()
    new = (Notice.state == notices.WAITING, Notice.account_id.is_not(None))
    with product.database.session() as session:
        if session.scalar(select(Notice.id).where(*new).limit(1)) is None:
            return 0
    with product.database.transaction() as session:
        rows = session.execute(
            select(
                Notice,
                Account,
                Case.shielded,
                access.own_notices(Notice.account_id, now).label("may"),
            )
            .join(Account, Account.id == Notice.account_id)
            .join(Case, Case.id == Notice.case_id)
            .where(*new)
            .order_by(Notice.account_id, Notice.id)
            .limit(BATCH)
            .with_for_update(of=Notice, skip_locked=True)
        ).all()
        for account, own in groupby(rows, key=lambda row: row.Account):
            told = []
            for row in own:
                row.Notice.state = notices.HANDLED
                if sends and row.may and _is_mailed(account, row.Notice.kind, row.shielded):
                    told.append(row.Notice)
            if told:
                _join(session, account, told, now)
    return len(rows)


def _is_mailed(account: Account, kind: str, shielded: str | None) -> bool:
    if not account.email:
        return False
    return account.mail_choice == MailChoice.AT_ONCE or kind in URGENT or shielded is not None


def _join(session, account: Account, told: Iterable[Notice], now: datetime) -> None:
    """Tell of these in the mail that waits for this person, or in a new one: the one that is being
    sent now may be read before they are written."""
    mail = session.scalar(
        select(Mail)
        .where(
            Mail.account_id == account.id,
            Mail.state == WAITING,
            Mail.kind != DIGEST,
            or_(Mail.attempts == 0, Mail.trouble.is_not(None)),
        )
        .order_by(Mail.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    if mail is None:
        mail = Mail(
            account_id=account.id,
            kind=NOTICE,
            made_at=now,
            state=WAITING,
            attempts=0,
            next_try_at=now,
        )
        session.add(mail)
        session.flush()
    for notice in told:
        notice.mail_id = mail.id
        if notice.task_id is not None:
            mail.kind = TASK


# --- sending -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Taken:
    """A mail that is about to be sent."""

    id: int
    to: str
    subject: str
    text: str
    made_at: datetime

    @property
    def key(self) -> str:
        return f"trygg.{self.id}.{int(self.made_at.timestamp())}"


def send(product, post: Post) -> int:
    """Send what waits and is to be tried now. Returns how many the server took.

    One that is refused waits longer each time, or is given up, and the next goes out. When the
    server itself can't be used, all wait for the next run.
    """
    if not _is_due(product):
        return 0
    sent = 0
    try:
        with post.line() as line:
            while (mail := _next(product, post.settings.address)) is not None:
                sent += _send(product, line, mail)
    except Unreachable as away:
        _log.warning("the mail server can't be used; tried again soon", error=str(away))
    return sent


def _send(product, line: Line, mail: _Taken) -> bool:
    try:
        line.send(mail.to, mail.subject, mail.text, mail.key, mail.made_at)
    except NotTaken as refused:
        _put_off(product, mail.id, refused)
        return False
    except Unreachable:
        _put_off(product, mail.id)
        raise
    with product.database.transaction() as session:
        row = session.get_one(Mail, mail.id)
        row.state, row.sent_at, row.trouble = SENT, product.clock(), None
    return True


def _is_due(product) -> bool:
    waiting = select(Mail.id).where(Mail.state == WAITING, Mail.next_try_at <= product.clock())
    with product.database.session() as session:
        return session.scalar(waiting.limit(1)) is not None


def _next(product, address: str) -> _Taken | None:
    """Take the next mail that is to be tried now. Nobody else takes it for some minutes, so that
    two workers don't send the same; by then it is sent, put off, or left by one who died."""
    now = product.clock()
    while True:
        with product.database.transaction() as session:
            mail = session.scalar(
                select(Mail)
                .where(Mail.state == WAITING, Mail.next_try_at <= now)
                .order_by(Mail.next_try_at, Mail.id)
                .limit(1)
                .with_for_update(skip_locked=True)
            )
            if mail is None:
                return None
            account = session.get_one(Account, mail.account_id)
            if not account.email or not _is_wanted(session, mail, account, now):
                mail.state = DROPPED
                continue
            mail.attempts += 1
            mail.next_try_at = now + HELD
            words = letter(mail.kind, account.language, address, mail.tasks, mail.late)
            return _Taken(mail.id, account.email, *words, mail.made_at)


def _is_wanted(session, mail: Mail, account: Account, now: datetime) -> bool:
    """Whether there still is something unread that this person may be told of."""
    if not account.active:
        return False
    if mail.kind == DIGEST:
        return True
    return session.scalar(
        select(
            exists().where(
                Notice.mail_id == mail.id,
                Notice.read_at.is_(None),
                access.own_notices(account.id, now),
            )
        )
    )


def _put_off(product, mail_id: int, refused: NotTaken | None = None) -> None:
    """Try this mail again later, or give it up. What the server answered is kept by its number: its
    words may hold the address. refused: None when the line broke."""
    now = product.clock()
    with product.database.transaction() as session:
        mail = session.get_one(Mail, mail_id)
        mail.next_try_at = now + AGAIN[min(mail.attempts, len(AGAIN)) - 1]
        if refused is None:
            return
        mail.trouble = str(refused.code)
        if refused.for_good or now - mail.made_at >= PATIENCE:
            mail.state = FAILED
        _log.warning(
            "a mail was not taken",
            mail=mail.id,
            code=refused.code,
            attempts=mail.attempts,
            given_up=mail.state == FAILED,
        )


# --- for the operator ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Trouble:
    """A mail that has not gone out. trouble: the server's number, None before the first answer."""

    mail_id: int
    username: str
    state: str
    made_at: datetime
    attempts: int
    trouble: str | None


def troubles(product) -> list[Trouble]:
    """The mails that wait or are given up, the oldest first."""
    with product.database.session() as session:
        rows = session.execute(
            select(Mail, Account.username)
            .join(Account, Account.id == Mail.account_id)
            .where(Mail.state.in_((WAITING, FAILED)))
            .order_by(Mail.id)
        ).all()
    return [
        Trouble(mail.id, username, mail.state, mail.made_at, mail.attempts, mail.trouble)
        for mail, username in rows
    ]


def without_address(product) -> int:
    """How many active accounts nobody can send mail to."""
    with product.database.session() as session:
        return session.scalar(
            select(func.count(Account.id)).where(Account.active, Account.email.is_(None))
        )


def try_again(product) -> int:
    """Let all mails that are given up be tried anew. Returns how many."""
    with product.database.transaction() as session:
        rows = session.scalars(select(Mail).where(Mail.state == FAILED)).all()
        for mail in rows:
            mail.state, mail.attempts, mail.next_try_at = WAITING, 0, product.clock()
            mail.made_at = product.clock()
    return len(rows)
