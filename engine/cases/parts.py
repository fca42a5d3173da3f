"""What part a person has in a task, said to that person: «Du er saksansvarlig»."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.database.tables import Account, Case, CaseRole, Task
from engine.people.roles import LABELS, Role, held_by
from engine.rules.workdays import local_day


class Parts:
    """The roles that one account holds, at the school and in cases, at one moment."""

    def __init__(self, session: Session, account: Account, now: datetime):
        self._account = account
        self._held = {holding.role for holding in held_by(session, account.id, local_day(now))}
        self._given = {
            (case_id, role)
            for case_id, role in session.execute(
                select(CaseRole.case_id, CaseRole.role).where(
                    CaseRole.account_id == account.id, CaseRole.to_time.is_(None)
                )
            )
        }

    def of(self, case: Case, task: Task, doing: bool = True) -> str | None:
        """The role that the account has the task by, `saksansvarlig`; one who steps in for another
        is told so: `ledelse og gjør oppgaver for rektor`.

        doing: False for one who only sees it. None when the task has no role and is given to
        this account by name.
        """
        role = Role(task.role) if task.role else None
        if role is not None and self._has(case, task, role):
            return LABELS[role]
        if task.assignee_id == self._account.id:
            return None
        own = self._own(case)
        if own is None or not doing or role is None:
            return own
        return f"{own} og gjør oppgaver for {LABELS[role]}"

    def _has(self, case: Case, task: Task, role: Role) -> bool:
        if task.assignee_id is not None and task.handed_over_by_id is None:
            return task.assignee_id == self._account.id
        reported = role is Role.MELDER and case.reporter_id == self._account.id
        return reported or role in self._held or (case.id, role) in self._given

    def _own(self, case: Case) -> str | None:
        """What the account is in this case before anything else."""
        for role in (Role.SAKSANSVARLIG, Role.UNDERSOKER):
            if (case.id, role) in self._given:
                return LABELS[role]
        return next((label for role, label in LABELS.items() if role in self._held), None)
