"""Files on a case: added by those who work on it, sealed, and only ever downloaded."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from uuid import NAMESPACE_OID, uuid5

from sqlalchemy import func, select

from engine.cases import receipts, tasks
from engine.cases.desk import case_id_of, no_access, open_case
from engine.database.tables import Account, Case, CaseFile, Task
from engine.people import access
from engine.people.access import Permission
from engine.records import filetypes, reading
from engine.records.filetypes import Kind as FileKind
from engine.records.filetypes import Unfit
from engine.records.log import Kind
from engine.records.place import without_place
from engine.refusals import Reason, Refusal
from engine.sentences import Sentence, say

MAX_BYTES = 20 * 1024 * 1024
MAX_FILES = 50  # on one case
NAME_LENGTH = 120
NONE_CHOSEN = say("Velg en fil først.")
# Marks that turn text round, so that «gpj.exe» reads as «exe.jpg», and others that do not show.
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")
_NOT_IN_NAMES = re.compile(r'[<>:"|?*;%]')


@dataclass(frozen=True)
class AddFile:
    """name: as the browser sent it, with any path; receipt: the page's own key. The same file sent
    twice from one page is added once. task_id: the task that it is given with."""

    number: str
    account_id: int
    name: str
    content: bytes
    receipt: str
    task_id: int | None = None


@dataclass(frozen=True)
class Filed:
    """A file as a list shows it. size: bytes; task_name: the task that it was given with."""

    file_id: int
    name: str
    kind: FileKind
    size: int
    by: str
    at: datetime
    task_name: str | None


@dataclass(frozen=True)
class Download:
    name: str
    media_type: str
    content: bytes


def add_file(product, command: AddFile) -> None:
    """Add a file to a case. Raises Refusal; then nothing was added."""
    with open_case(product, case_id_of(product, command.number), command.account_id) as desk:
        key = _key(command)
        about = (desk.session, key, command.account_id, "fil", command.task_id)
        if receipts.find(*about) is not None:
            return
        _allow(desk, command.task_id)
        name = clean(command.name)
        found = _judged(name, command.content)
        content = without_place(found.kind, command.content)
        count = select(func.count(CaseFile.id)).where(CaseFile.case_id == desk.case.id)
        if desk.session.scalar(count) >= MAX_FILES:
            raise Refusal(
                Reason.UGYLDIG_SVAR,
                say(
                    "Saken har alt %(most)s filer, og flere kan den ikke ha. "
                    "Skriv et notat om hvor filen ligger.",
                    most=MAX_FILES,
                ),
            )
        row = CaseFile(
            case_id=desk.case.id,
            task_id=command.task_id,
            account_id=command.account_id,
            at=desk.now,
            media_type=found.media_type,
            size=len(content),
            sealed_name=desk.seal(name, "filename"),
            sealed_content=product.master_key.seal_bytes(desk.key, content, "file"),
        )
        desk.session.add(row)
        desk.session.flush()
        desk.log(Kind.FIL_LAGT_TIL, {"fil": row.id, "navn": name})
        receipts.keep(desk, key, "fil", command.task_id)


def read_file(product, account_id: int, number: str, file_id: int) -> Download:
    """A file with its content; the reading is logged. Raises Refusal (IKKE_TILGANG)."""
    with product.database.transaction() as session:
        row = session.get(CaseFile, file_id)
        case = session.get(Case, row.case_id) if row else None
        if case is None or case.number != number:
            raise no_access()
        now, account = product.clock(), session.get(Account, account_id)
        own = row.account_id == account_id
        permission = Permission.SEE_OWN_FILES if own else Permission.SEE_FILES
        access.require(session, account, permission, case=case, now=now)
        reading.record(session, case.id, account_id, now, reading.What.FIL)
        key, vault = product.master_key.unwrap(case.wrapped_key), product.master_key
        return Download(
            vault.unseal(key, row.sealed_name, "filename"),
            row.media_type,
            vault.unseal_bytes(key, row.sealed_content, "file"),
        )


def listed(desk, account: Account, task_id: int | None = None) -> tuple[Filed, ...]:
    """The files of the case, or of one task, that the account may have: everybody's or its own."""
    about = {"case": desk.case, "now": desk.now}
    everybodys = access.may(desk.session, account, Permission.SEE_FILES, **about)
    if not everybodys and not access.may(desk.session, account, Permission.SEE_OWN_FILES, **about):
        return ()
    chosen = [CaseFile.case_id == desk.case.id]
    chosen += [] if everybodys else [CaseFile.account_id == account.id]
    chosen += [] if task_id is None else [CaseFile.task_id == task_id]
    rows = desk.session.execute(
        select(
            CaseFile.id,
            CaseFile.sealed_name,
            CaseFile.media_type,
            CaseFile.size,
            CaseFile.at,
            Account.name.label("by"),
            Task.name.label("task"),
        )
        .join(Account, Account.id == CaseFile.account_id)
        .outerjoin(Task, Task.id == CaseFile.task_id)
        .where(*chosen)
        .order_by(CaseFile.id)
    )
    return tuple(
        Filed(
            row.id,
            desk.unseal(row.sealed_name, "filename"),
            filetypes.kind_of(row.media_type),
            row.size,
            row.by,
            row.at,
            row.task,
        )
        for row in rows
    )


def clean(name: str) -> str:
    """The file's own name: no path, nothing that does not show, nothing that a system reads as
    something else, and not too long."""
    name = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    name = _NOT_IN_NAMES.sub("_", _UNSEEN.sub("", name)).strip(" .")
    stem, dot, ending = name.rpartition(".")
    if not dot:
        return name[:NAME_LENGTH]
    return f"{stem[: NAME_LENGTH - len(ending[:12]) - 1] or 'fil'}.{ending[:12]}"


def _allow(desk, task_id: int | None) -> None:
    """Raise Refusal unless the actor may add a file here and the task is still open."""
    account = desk.session.get(Account, desk.actor_id)
    task = None
    if task_id is not None:
        task = desk.session.get(Task, task_id)
        if task is None or task.case_id != desk.case.id:
            raise no_access()
    access.require(
        desk.session, account, Permission.ADD_FILE, case=desk.case, task=task, now=desk.now
    )
    if task is not None and task.state != "open":
        raise tasks.no_longer_open(desk, task)


def _judged(name: str, content: bytes) -> filetypes.FileType:
    if not name:
        raise Refusal(Reason.MANGLER_FELT, NONE_CHOSEN)
    if len(content) > MAX_BYTES:
        raise Refusal(Reason.UGYLDIG_SVAR, too_large())
    try:
        return filetypes.judge(name, content)
    except Unfit as unfit:
        raise Refusal(Reason.UGYLDIG_SVAR, unfit.args[0]) from unfit


def too_large() -> Sentence:
    """What is said of a file that is too large."""
    size = MAX_BYTES // 1024 // 1024
    return say(
        "Filen er for stor. En fil kan være på %(size)s MB. "
        "Gjør den mindre, eller del den i flere filer.",
        size=size,
    )


def _key(command: AddFile) -> str:
    """The receipt's key: of the page and of this very file, for a page may send several."""
    digest = hashlib.sha256(command.content).hexdigest()
    return str(uuid5(NAMESPACE_OID, f"{command.receipt} {digest}"))


def number_of(product, account_id: int, task_id: int) -> str:
    """The case's number of a task that this account may give a file with. Raises Refusal."""
    with product.database.session() as session:
        task, account = session.get(Task, task_id), session.get(Account, account_id)
        if task is None:
            raise no_access()
        case = session.get_one(Case, task.case_id)
        about = {"case": case, "task": task, "now": product.clock()}
        access.require(session, account, Permission.ADD_FILE, **about)
        return case.number
