"""What of a case is in sight: the answers and scopes that an expression can still reach.

A case is read with the scopes of its newest rounds, those that open steps stand in, and the latest
answers of each step. What later rounds have put out of sight, and what has been corrected, stays in
the database, marked so that it is not read: a step takes no longer after hundreds of rounds than
after five. A correction stands in the place of what it corrects, however late it came.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import cache

from sqlalchemy import (
    CompoundSelect,
    Integer,
    Row,
    Select,
    bindparam,
    exists,
    or_,
    select,
    update,
)
from sqlalchemy.orm import aliased

from engine.cases import state
from engine.cases.facts import CASE, HISTORY, ScopeFact
from engine.cases.given import first_id
from engine.database.mixed import mixed
from engine.database.tables import Answer, Case, NamedPerson, Scope, Task
from engine.people import circle

SPARE = 24  # scopes or answers out of sight before they are marked; once in many rounds


@cache
def contents() -> CompoundSelect:
    """The statement that reads what lies on a case (`cases`, of one id): scopes, answers, which
    of the steps `counted` it has been through, whether the pupil has another open case in which
    `actor` is not named, and the people around it."""
    return mixed(**_answers(), **_had(), **_other_case(), **circle.kinds())


def _answers() -> dict[str, Select]:
    chosen = bindparam("cases", expanding=True)
    return {
        "scope": select(
            Scope.seq.label("row"),
            Scope.id.label("scope_id"),
            Scope.kind.label("kind"),
            Scope.step.label("step"),
            Scope.parent_id.label("parent_id"),
            Scope.group.label("group"),
            Scope.variable.label("variable"),
            Scope.result.label("result"),
            Scope.sealed_item.label("sealed"),
        ).where(Scope.case_id.in_(chosen), Scope.in_sight),
        "answer": select(
            first_id.label("row"),
            Answer.id.label("number"),
            Answer.scope_id.label("scope_id"),
            Answer.step.label("step"),
            Answer.sealed_answers.label("sealed"),
        ).where(Answer.case_id.in_(chosen), Answer.in_sight),
    }


def _had() -> dict[str, Select]:
    return {
        "had": select(Task.process_id.label("process_id"), Task.step.label("step"))
        .where(
            Task.case_id.in_(bindparam("cases", expanding=True)),
            Task.step.in_(bindparam("counted", expanding=True)),
            Task.done_at.is_not(None),
        )
        .distinct()
    }


def _other_case() -> dict[str, Select]:
    own, other = aliased(Case), aliased(Case)
    return {
        "other_case": select(other.id.label("number"))
        .join(own, own.pupil_id == other.pupil_id)
        .where(
            own.id.in_(bindparam("cases", expanding=True)),
            other.id != own.id,
            other.process_id == own.process_id,
            other.status == state.Status.OPEN,
            other.shielded.is_(None),
            own.shielded.is_(None),
            # One who is named there is not to learn of it here.
            ~exists().where(
                NamedPerson.case_id == other.id,
                NamedPerson.account_id == bindparam("actor", type_=Integer),
            ),
        )
    }


class Sight:
    """What has been read of one case's answers, and what of it is out of sight by now.

    had: the steps (process, step) due by the report that the case has been through before.
    """

    def __init__(self, desk):
        self.desk = desk
        self.had: set[tuple[str, str]] = set()
        self._old_answers: list[int] = []

    def read(self, rows: Sequence[Row]) -> None:
        """Put scopes and answers into the desk's facts, oldest first."""
        self.had = {(row.process_id, row.step) for row in rows if row.what == "had"}
        rows = sorted(
            (row for row in rows if row.what in ("scope", "answer")), key=lambda row: row.row
        )
        given: dict[tuple[str, str], list[Row]] = defaultdict(list)
        for row in rows:
            if row.what == "scope":
                self._scope(row)
            else:
                given[row.scope_id, row.step].append(row)
        for (scope_id, step), answers in given.items():
            self._old_answers += [row.number for row in answers[:-HISTORY]]
            for row in answers[-HISTORY:]:
                self.desk.facts.put(scope_id, step, self.desk.unseal(row.sealed, "answer"))

    def _scope(self, row: Row) -> None:
        item = self.desk.unseal(row.sealed, "item") if row.sealed else None
        self.desk.facts.scopes[row.scope_id] = ScopeFact(
            row.scope_id,
            row.kind,
            row.step,
            row.parent_id,
            row.group,
            row.variable,
            item,
            row.result,
            row.row,
        )

    def write(self) -> None:
        """Write the scopes that were opened, and the results of those that were closed."""
        desk, facts = self.desk, self.desk.facts
        last = max((fact.seq for fact in facts.scopes.values()), default=0)
        for seq, fact in enumerate(facts.opened, start=last + 1):
            fact.seq = seq
            desk.session.add(
                Scope(
                    id=fact.id,
                    case_id=desk.case.id,
                    seq=seq,
                    kind=fact.kind,
                    step=fact.step,
                    parent_id=fact.parent,
                    group=fact.group,
                    variable=fact.variable,
                    sealed_item=desk.seal(fact.item, "item") if fact.kind == "mi" else None,
                    result=fact.result,
                )
            )
        results = [
            {"id": fact.id, "result": fact.result}
            for fact in facts.closed
            if fact not in facts.opened
        ]
        if results:
            desk.session.execute(update(Scope), results)
        facts.opened.clear()
        facts.closed.clear()

    def tidy(self) -> None:
        """Mark what is out of sight, when enough of it has gathered to be worth a statement."""
        session, case = self.desk.session, self.desk.case
        gone = self.desk.facts.scopes.keys() - self._reached()
        if len(gone) < SPARE and len(self._old_answers) < SPARE:
            return
        session.execute(
            update(Scope)
            .where(Scope.case_id == case.id, Scope.id.in_(gone))
            .values(in_sight=False)
            .execution_options(synchronize_session=False)
        )
        session.execute(
            update(Answer)
            .where(
                Answer.case_id == case.id,
                Answer.in_sight,
                or_(Answer.scope_id.in_(gone), first_id.in_(self._old_answers)),
            )
            .values(in_sight=False)
            .execution_options(synchronize_session=False)
        )

    def _reached(self) -> set[str]:
        """The scopes that steps which are not done stand in, and the newest round of each step in
        them and in the case."""
        facts = self.desk.facts
        inside: dict[str, dict[str, list[ScopeFact]]] = defaultdict(lambda: defaultdict(list))
        for fact in facts.scopes.values():
            inside[fact.parent][fact.step].append(fact)
        queue = [CASE]
        for workflow in state.all_of(self.desk.workflow):
            for task in workflow.tasks.values():
                if task.state & state.LIVE:
                    queue += facts.chain(task)
        reached: set[str] = set()
        while queue:
            scope_id = queue.pop()
            if scope_id in reached:
                continue
            reached.add(scope_id)
            for scopes in inside[scope_id].values():
                newest = scopes[-1]
                alike = scopes if newest.kind == "mi" else [newest]
                queue += [fact.id for fact in alike if fact.group == newest.group]
        return reached
