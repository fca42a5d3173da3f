"""What is put right in a case that stood still, when the case itself is on the desk.

An incident is over when what it tells of is: somebody has the task, the step has gone through.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from engine.cases import notices, tasks
from engine.cases.incidents import NOBODY, NOT_RECEIVED
from engine.database.tables import Incident, Task
from engine.people import standing
from engine.records.log import Kind


def settle(desk, by_id: int | None = None) -> None:
    """Mark as solved the incidents of the case that no longer hold.

    by_id: who put it right; None when it came right by itself.
    """
    if not desk.agenda.asked.stopped:
        return
    for incident in _unsolved(desk):
        if incident.kind == NOBODY:
            rows = _open(desk, incident.step)
            if all(_somebody(desk, row) for row in rows):
                solve(desk, incident, by_id)
                for row in rows:
                    notices.tell_of_task(desk, row)
        elif incident.kind != NOT_RECEIVED and _went_through(desk, incident):
            solve(desk, incident, by_id)


def solve(desk, incident: Incident, by_id: int | None) -> None:
    incident.solved_at, incident.solved_by_id = desk.now, by_id
    desk.log(Kind.HENDELSE_LOST, step=incident.step, step_name=incident.name)
    desk.session.flush()


def fill_roles(desk) -> bool:
    """Give every open task that nobody can do to the next in line, as when it opened; where there
    is no next, an incident is raised. Whether anything was changed or raised."""
    known = {incident.step for incident in _unsolved(desk) if incident.kind == NOBODY}
    changed = False
    for row in list(desk.agenda.open.values()):
        if _somebody(desk, row):
            changed = changed or row.step in known
            continue
        waiting = desk.workflow.get_task_from_id(UUID(row.token))
        role = row.role if row.assignee_id is not None else tasks.role_for(desk, waiting)
        if role != row.role:
            row.role, changed = role, True
            row.revision += 1
            desk.log_task(Kind.OPPGAVE_OPNET, row)
            desk.session.flush()
        if row.step not in known:
            changed = True
            tasks.tell_or_raise(desk, row)
    return changed


def _unsolved(desk) -> list[Incident]:
    return desk.session.scalars(
        select(Incident)
        .where(Incident.case_id == desk.case.id, Incident.solved_at.is_(None))
        .order_by(Incident.id)
    ).all()


def _open(desk, step: str | None) -> list[Task]:
    return [row for row in list(desk.agenda.open.values()) if row.step == step]


def _somebody(desk, row: Task) -> bool:
    return bool(standing.task_holders(desk.session, row, desk.now))


def _went_through(desk, incident: Incident) -> bool:
    """Whether the step that stopped has been taken since, or the task been sent in another way.

    What stopped at no step was the case itself, which now has been read and is put down well.
    """
    if incident.step is None or incident.step in desk.passed:
        return True
    task = desk.session.get(Task, incident.task_id) if incident.task_id else None
    return task is not None and task.state != "open"
