"""The tables. Times are UTC; days are the school's own (Europe/Oslo).

Content about people stands in columns named `sealed_*`: bytes from `engine.records.vault`, sealed
with the case's own key. Names of pupils, guardians and staff stand open in the register, because
lists are searched by them.

People are named in answers by a reference: `elev:3`, `ansatt:7`, `foresatt:2`.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import ClassVar

from sqlalchemy import (
    DateTime,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
    true,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from engine import sentences


class UtcTime(TypeDecorator):
    """A moment, stored without zone as UTC, read back with zone."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value, dialect):
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value, dialect):
        return None if value is None else value.replace(tzinfo=UTC)


class Said(TypeDecorator):
    """A sentence for people, kept with its source and values so that it can be said in the
    reader's language; read back as an `engine.sentences.Sentence`."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value, dialect):
        return None if value is None else sentences.packed(value)

    def process_result_value(self, value, dialect):
        return None if value is None else sentences.unpacked(value)


class Table(DeclarativeBase):
    """Base of all tables; constraint names are fixed so that migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar = {datetime: UtcTime, bytes: LargeBinary, str: String}


# --- who -------------------------------------------------------------------------------------


class School(Table):
    __tablename__ = "school"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    owner: Mapped[str]  # the municipality (skoleeier)


class Account(Table):
    """A person on the staff, of the school or of skoleeier, who can log in."""

    __tablename__ = "account"
    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    password_hash: Mapped[str]
    active: Mapped[bool] = mapped_column(default=True)
    language: Mapped[str] = mapped_column(default="nb")
    email: Mapped[str | None]  # where mail goes; None: nobody sends any
    mail_choice: Mapped[str] = mapped_column(default="straks", server_default="straks")
    digest_day: Mapped[date | None]  # the latest day whose digest is made


class CalendarLink(Table):
    """The secret address of a person's calendar, kept as a hash: nobody can read it here."""

    __tablename__ = "calendar_link"
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)
    secret_hash: Mapped[str] = mapped_column(unique=True)  # sha-256
    made_at: Mapped[datetime]


class RoleHolding(Table):
    """An account holds a role at a school, for a time, for one class or (None) for all."""

    __tablename__ = "role_holding"
    id: Mapped[int] = mapped_column(primary_key=True)
    school_id: Mapped[int] = mapped_column(ForeignKey("school.id"))
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    role: Mapped[str] = mapped_column(index=True)
    class_name: Mapped[str | None]
    from_date: Mapped[date]
    to_date: Mapped[date | None]  # last day, included


class Pupil(Table):
    __tablename__ = "pupil"
    id: Mapped[int] = mapped_column(primary_key=True)
    school_id: Mapped[int] = mapped_column(ForeignKey("school.id"), index=True)
    name: Mapped[str]
    class_name: Mapped[str]  # "4B"; its digits are the trinn
    left_on: Mapped[date | None]


class Guardian(Table):
    __tablename__ = "guardian"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    language: Mapped[str] = mapped_column(default="nb", server_default="nb")  # nb | nn | en


class Guardianship(Table):
    """A guardian of a pupil. The flags decide what may be told to whom (two homes)."""

    __tablename__ = "guardianship"
    pupil_id: Mapped[int] = mapped_column(ForeignKey("pupil.id"), primary_key=True)
    guardian_id: Mapped[int] = mapped_column(ForeignKey("guardian.id"), primary_key=True)
    parental_responsibility: Mapped[bool] = mapped_column(default=True)
    address_block: Mapped[bool] = mapped_column(default=False)
    interpreter: Mapped[bool] = mapped_column(default=False)


# --- processes -------------------------------------------------------------------------------


class ProcessVersion(Table):
    """An immutable bundle of files: a process, what it calls, forms, decisions and rules."""

    __tablename__ = "process_version"
    sha256: Mapped[str] = mapped_column(primary_key=True)
    process_id: Mapped[str] = mapped_column(index=True)
    name: Mapped[str]
    status: Mapped[str]  # draft | submitted | published | retired
    bundle: Mapped[bytes]
    created_at: Mapped[datetime]


# --- cases -----------------------------------------------------------------------------------


class Case(Table):
    __tablename__ = "case"
    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(unique=True)  # 2026-4827, drawn at random
    school_id: Mapped[int] = mapped_column(ForeignKey("school.id"))
    pupil_id: Mapped[int | None] = mapped_column(ForeignKey("pupil.id"), index=True)
    title: Mapped[str | None]  # what a case of the school itself is about; never names a pupil
    class_name: Mapped[str | None]  # of such a case: its class; None is the whole school
    reporter_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    process_id: Mapped[str]
    version: Mapped[str] = mapped_column(ForeignKey("process_version.sha256"))
    status: Mapped[str] = mapped_column(index=True)  # engine.cases.state.Status
    shielded: Mapped[str | None]  # None | ansatt | ledelse (§ 12-5)
    serious: Mapped[bool] = mapped_column(default=False)  # skoleeier has been or must be told
    revision: Mapped[int] = mapped_column(default=0)
    opened_at: Mapped[datetime]
    received_at: Mapped[datetime | None]  # mottatt_rektor: when the report was delivered
    ended_at: Mapped[datetime | None]
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("case.id"))
    part_of_id: Mapped[int | None] = mapped_column(ForeignKey("case.id"), index=True)  # the pupil's
    wrapped_key: Mapped[bytes | None]  # the case's own key, wrapped by the master key
    state: Mapped[bytes]  # control flow only, no answers
    state_version: Mapped[int]
    event_count: Mapped[int] = mapped_column(default=0)
    event_head: Mapped[str] = mapped_column(default="")
    __table_args__ = (
        # Counts and sorts read this instead of the rows, which are heavy with state.
        Index("ix_case_overview", "school_id", "ended_at", "shielded", "pupil_id", "serious"),
    )


class CaseRole(Table):
    """A role that a person holds in one case: melder, saksansvarlig, undersoker ..."""

    __tablename__ = "case_role"
    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"), index=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    role: Mapped[str]
    from_time: Mapped[datetime]
    to_time: Mapped[datetime | None]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))  # invitert: who invited
    sealed_reason: Mapped[bytes | None]  # invitert: why


class NamedPerson(Table):
    """A member of staff who is named in a case and so can neither handle nor approve it."""

    __tablename__ = "named_person"
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True, index=True)
    part: Mapped[str]  # nevnt | mistenkt


class Scope(Table):
    """Where answers belong: a child of a multi-instance step, or a called process."""

    __tablename__ = "scope"
    id: Mapped[str] = mapped_column(primary_key=True)  # the task that opens it
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"))
    seq: Mapped[int]  # order of opening within the case
    kind: Mapped[str]  # mi | call
    step: Mapped[str]
    parent_id: Mapped[str]  # "" is the case
    group: Mapped[str | None]  # mi: the loop task whose children belong together
    variable: Mapped[str | None]
    sealed_item: Mapped[bytes | None]
    result: Mapped[str | None]  # call: id of the end event that ended it
    in_sight: Mapped[bool] = mapped_column(default=True, server_default=true())
    __table_args__ = (Index(None, "case_id", "in_sight"),)


class Task(Table):
    """One user task, for one person or role. The open ones make the inbox."""

    __tablename__ = "task"
    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"))
    token: Mapped[str] = mapped_column(unique=True, insert_sentinel=True)  # the engine's id of it
    scope_id: Mapped[str]
    process_id: Mapped[str]
    step: Mapped[str]
    name: Mapped[str]
    form_key: Mapped[str]
    role: Mapped[str | None]
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"), index=True)
    claimed_by_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    handed_over_by_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    state: Mapped[str]  # open | done | withdrawn
    opened_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    done_by_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    revision: Mapped[int] = mapped_column(default=0)  # claimed, released, handed over, due moved
    __table_args__ = (
        Index(None, "case_id", "state"),
        Index(None, "case_id", "step"),
        Index(None, "state", "role", "due_at"),
        Index(None, "state", "assignee_id", "due_at"),
    )


class Answer(Table):
    """What was filled in at one task. Never changed; a correction is a new row.

    in_sight: False once it is corrected, or later rounds have put it where no expression reaches
    (engine.cases.sight).
    performed_by_id, performed_at: who did it and when, where account_id registered it for another.
    """

    __tablename__ = "answer"
    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"))
    scope_id: Mapped[str]
    process_id: Mapped[str]
    step: Mapped[str]
    task_id: Mapped[int | None] = mapped_column(ForeignKey("task.id"), index=True)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))  # None: the system
    at: Mapped[datetime]
    performed_by_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    performed_at: Mapped[datetime | None]
    form_version: Mapped[str | None]  # sha-256 of the form's file
    sealed_answers: Mapped[bytes]
    corrects_id: Mapped[int | None] = mapped_column(ForeignKey("answer.id"))  # the first answer
    sealed_reason: Mapped[bytes | None]  # why it was corrected
    in_sight: Mapped[bool] = mapped_column(default=True, server_default=true())
    __table_args__ = (Index(None, "case_id", "in_sight"),)


class Deadline(Table):
    """What is due when, and the rule it comes from (a key of regelverk.toml).

    kind: frist (must be done by then) | paaminnelse | eskalering | tidspunkt (the route waits for
    it). state: ventende | passert | holdt | bortfalt.
    """

    __tablename__ = "deadline"
    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"))
    task_id: Mapped[int | None] = mapped_column(ForeignKey("task.id"), index=True)
    token: Mapped[str | None]  # tidspunkt: the waiting timer's id
    rule: Mapped[str]
    kind: Mapped[str]
    day: Mapped[date]  # local day
    due_at: Mapped[datetime]
    to_role: Mapped[str | None]  # paaminnelse, eskalering: who is told
    state: Mapped[str]
    set_at: Mapped[datetime]
    task: Mapped[Task | None] = relationship(lazy="raise_on_sql")  # its row is written first
    __table_args__ = (
        Index(None, "state", "due_at"),
        Index(None, "case_id", "state", "kind", "task_id"),
        Index(None, "case_id", "rule"),
    )


class Incident(Table):
    """A case that can't go on by itself, seen by leadership until it is solved."""

    __tablename__ = "incident"
    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"))
    kind: Mapped[str]
    step: Mapped[str | None]
    name: Mapped[str | None]
    task_id: Mapped[int | None] = mapped_column(ForeignKey("task.id"))  # stanset: when sending it
    message: Mapped[str] = mapped_column(Said)
    at: Mapped[datetime]
    solved_at: Mapped[datetime | None]
    solved_by_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    __table_args__ = (
        Index(None, "case_id", "solved_at"),
        Index(None, "solved_at", "kind", "case_id"),  # the few unsolved ones among all
    )


class Draft(Table):
    """What a person has typed and not sent, seen by that person alone."""

    __tablename__ = "draft"
    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    task_id: Mapped[int | None] = mapped_column(ForeignKey("task.id"))  # None: a report
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case.id"))
    saved_at: Mapped[datetime]
    sealed_typed: Mapped[bytes]
    __table_args__ = (UniqueConstraint("account_id", "task_id"),)


class Receipt(Table):
    """The answer to a command, kept under the key the sender chose: sent twice, answered once."""

    __tablename__ = "receipt"
    key: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"))
    task_id: Mapped[int | None]
    command: Mapped[str]
    at: Mapped[datetime]


# --- the school's year -----------------------------------------------------------------------


class YearRow(Table):
    """A routine of the school's year: what is done when, by whom. Leadership changes it.

    key: `R02`, as in processes/aarshjul.toml; None for a row that the school has added. schedule:
    see engine.year.schedule. per: skole | trinn | klasse.
    """

    __tablename__ = "year_row"
    id: Mapped[int] = mapped_column(primary_key=True)
    school_id: Mapped[int] = mapped_column(ForeignKey("school.id"))
    key: Mapped[str | None]
    position: Mapped[int]
    name: Mapped[str]
    schedule: Mapped[str]
    per: Mapped[str]
    first_grade: Mapped[int | None]  # trinn, from and to; None is all
    last_grade: Mapped[int | None]
    role: Mapped[str]
    process_id: Mapped[str]
    fields: Mapped[str]  # what this routine asks besides, separated by spaces
    brief: Mapped[bool] = mapped_column(default=False)  # confirmed only, without plan and minutes
    source: Mapped[str]  # where the school's plan says it
    part_of: Mapped[str | None]  # the key of the row whose case this is a part of
    active: Mapped[bool] = mapped_column(default=True)
    changed_at: Mapped[datetime | None]
    changed_by_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    __table_args__ = (UniqueConstraint("school_id", "key"),)


class YearEvent(Table):
    """A routine once: in one period, for the school, a trinn or a class. Its case is opened when
    its time comes, so that nobody's list holds the whole year.

    year: the school year by its autumn. group: `4B`, `4` (trinn) or "" (the whole school).
    """

    __tablename__ = "year_event"
    id: Mapped[int] = mapped_column(primary_key=True)
    row_id: Mapped[int] = mapped_column(ForeignKey("year_row.id"))
    school_id: Mapped[int] = mapped_column(ForeignKey("school.id"))
    year: Mapped[int]
    period: Mapped[int]  # which of the row's times in the year, from 1
    group: Mapped[str]
    opens_on: Mapped[date]
    due_on: Mapped[date]
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case.id"))
    __table_args__ = (
        UniqueConstraint("row_id", "year", "period", "group"),
        Index(None, "school_id", "year"),
        Index(None, "case_id", "opens_on"),
    )


class ProcessSwitch(Table):
    """Whether a process that is shipped turned off is on at a school: its leadership decides."""

    __tablename__ = "process_switch"
    school_id: Mapped[int] = mapped_column(ForeignKey("school.id"), primary_key=True)
    process_id: Mapped[str] = mapped_column(primary_key=True)
    active: Mapped[bool]
    changed_at: Mapped[datetime]
    changed_by_id: Mapped[int] = mapped_column(ForeignKey("account.id"))


# --- records ---------------------------------------------------------------------------------


class Event(Table):
    """The audit log: append-only, hash-chained per case."""

    __tablename__ = "event"
    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"))
    seq: Mapped[int]  # 1, 2, 3 ... within the case
    at: Mapped[datetime]
    kind: Mapped[str]  # engine.records.log.Kind
    step: Mapped[str | None]
    step_name: Mapped[str | None]
    process_id: Mapped[str | None]
    role: Mapped[str | None]
    actor_id: Mapped[int | None]  # account; None: the system
    version: Mapped[str]
    sealed_detail: Mapped[bytes | None]
    prev: Mapped[str]
    hash: Mapped[str]
    __table_args__ = (UniqueConstraint("case_id", "seq"),)


class Reading(Table):
    """Who opened what of which case, and when."""

    __tablename__ = "reading"
    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"), index=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    at: Mapped[datetime]
    what: Mapped[str]  # engine.records.reading.What


class Mail(Table):
    """A mail to one person, kept until the mail server has taken it. It holds no content.

    kind: oppgave | varsel | dagens; tasks, late: what the daily digest counts.
    """

    __tablename__ = "mail"
    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    kind: Mapped[str]
    tasks: Mapped[int | None]
    late: Mapped[int | None]
    made_at: Mapped[datetime]
    state: Mapped[str]  # venter | sendt | feilet | bortfalt
    attempts: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    trouble: Mapped[str | None]  # what the mail server answered last, in a few words
    __table_args__ = (Index(None, "state", "next_try_at"),)


class Notice(Table):
    """The outbox: what is told to whom. Never sent with names; the content is sealed.

    state: whether the outbox has looked at it, and perhaps told of it by mail; what is told to
    guardians and pupils is said by people and stays `venter`.
    """

    __tablename__ = "outbox"
    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"), index=True)
    at: Mapped[datetime]
    kind: Mapped[str]  # oppgave_tildelt, varsel_rektor, info_foresatte ...
    step: Mapped[str | None]
    role: Mapped[str | None]
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    guardian_id: Mapped[int | None] = mapped_column(ForeignKey("guardian.id"))
    pupil_id: Mapped[int | None] = mapped_column(ForeignKey("pupil.id"))
    sealed_content: Mapped[bytes | None]
    state: Mapped[str]  # venter | behandlet | trukket
    task_id: Mapped[int | None] = mapped_column(ForeignKey("task.id"))  # the task it tells of
    mail_id: Mapped[int | None] = mapped_column(ForeignKey("mail.id"))
    read_at: Mapped[datetime | None]
    task: Mapped[Task | None] = relationship(lazy="raise_on_sql")  # its row is written first
    __table_args__ = (Index(None, "state", "account_id"), Index(None, "account_id", "read_at"))


class Message(Table):
    """A message from one case to another, kept until the receiver waits for it.

    name: the BPMN message's; sealed_facts: what it carries, sealed with the receiver's key.
    """

    __tablename__ = "message"
    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"), index=True)  # the receiver
    from_case_id: Mapped[int] = mapped_column(ForeignKey("case.id"))
    name: Mapped[str]
    at: Mapped[datetime]
    sealed_facts: Mapped[bytes | None]
    delivered_at: Mapped[datetime | None] = mapped_column(index=True)


class CaseFile(Table):
    """A file on a case: name and content sealed, the type found from the content itself."""

    __tablename__ = "case_file"
    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"), index=True)
    task_id: Mapped[int | None] = mapped_column(ForeignKey("task.id"))  # given with this task
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    at: Mapped[datetime]
    media_type: Mapped[str]
    size: Mapped[int]  # bytes, before sealing
    sealed_name: Mapped[bytes]
    sealed_content: Mapped[bytes]


class Note(Table):
    """A note on a case, by one who may see it. Never changed."""

    __tablename__ = "note"
    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"), index=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    at: Mapped[datetime]
    sealed_text: Mapped[bytes]


# --- letters to the home ---------------------------------------------------------------------


class LetterTemplate(Table):
    """A version of a letter's text that leadership has written. A new text is a new row; an empty
    one takes the letter out of use in that language."""

    __tablename__ = "letter_template"
    id: Mapped[int] = mapped_column(primary_key=True)
    school_id: Mapped[int] = mapped_column(ForeignKey("school.id"))
    kind: Mapped[str]  # the name of a file in processes/brev
    language: Mapped[str]  # nb | nn | en | enkelt
    version: Mapped[int]  # 1, 2, 3 ... of this kind and language
    title: Mapped[str]
    text: Mapped[str] = mapped_column(Text)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    at: Mapped[datetime]
    __table_args__ = (UniqueConstraint("school_id", "kind", "language", "version"),)


class Letter(Table):
    """A letter to one guardian, with its PDF as it was made. Never changed but for one thing: that
    it was given, how and when.

    template_id: None for the text that comes with Trygg; template_sha256 names it either way.
    how: skrevet_ut | sikker_melding | overlevert | post.
    """

    __tablename__ = "letter"
    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"), index=True)
    guardian_id: Mapped[int] = mapped_column(ForeignKey("guardian.id"))
    kind: Mapped[str]
    language: Mapped[str]
    template_id: Mapped[int | None] = mapped_column(ForeignKey("letter_template.id"))
    template_sha256: Mapped[str]
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    at: Mapped[datetime]
    sealed_content: Mapped[bytes]
    sealed_pdf: Mapped[bytes]
    how: Mapped[str | None]
    given_at: Mapped[datetime | None]
    given_by_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    registered_at: Mapped[datetime | None]
