"""What part a person has in a task, said to that person: «Du er saksansvarlig»."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from engine.database.mixed import mixed
from engine.database.tables import Account, Case, CaseRole, RoleHolding, Task
from engine.people.roles import LABELS, Role, in_force
from engine.rules.workdays import local_day
from engine.sentences import say


def acting_role(task: Task) -> str | None:
    """The role that a task is done by; None for one that a colleague gave: it is done by name, and
    whoever got it has not become saksansvarlig."""
    return None if task.handed_over_by_id is not None else task.role


class Parts:
    """The roles that one account holds, at the school and in cases, at one moment."""

    def __init__(self, session: Session, account_id: int, now: datetime):
        self._own_id = own = account_id
        rows = session.execute(
            mixed(
                held=select(RoleHolding.role.label("role"))
                .join(Account, and_(Account.id == RoleHolding.account_id, Account.active))
                .where(RoleHolding.account_id == own, in_force(RoleHolding, local_day(now))),
                given=select(CaseRole.role.label("role"), CaseRole.case_id.label("case_id")).where(
                    CaseRole.account_id == own, CaseRole.to_time.is_(None)
                ),
            )
        ).all()
        self._held = {row.role for row in rows if row.what == "held"}
        self._given = {(row.case_id, row.role) for row in rows if row.what == "given"}

    def of(self, case: Case, task: Task, doing: bool = True) -> str | None:
        """The role that the account has the task by, `saksansvarlig`; one who steps in for another
        is told so: `ledelse og gjør oppgaver for rektor`.

        doing: False for one who only sees it. None when the task has no role and is given to
        this account by name.
        """
        role = Role(task.role) if task.role else None
        if role is not None and self._has(case, task, role):
            return LABELS[role]
        if task.assignee_id == self._own_id:
            return None
        own = self._own(case)
        if own is None or not doing or role is None:
            return own
        return say("%(own)s og gjør oppgaver for %(role)s", own=own, role=LABELS[role])

    def _has(self, case: Case, task: Task, role: Role) -> bool:
        if task.assignee_id is not None and task.handed_over_by_id is None:
            return task.assignee_id == self._own_id
        reported = role is Role.MELDER and case.reporter_id == self._own_id
        return reported or role in self._held or (case.id, role) in self._given

    def _own(self, case: Case) -> str | None:
        """What the account is in this case before anything else."""
        for role in (Role.SAKSANSVARLIG, Role.UNDERSOKER):
            if (case.id, role) in self._given:
                return LABELS[role]
        return next((label for role, label in LABELS.items() if role in self._held), None)
