"""The standard cast of scenarios: one person per school role, two pupils, a guardian each."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from engine.database.tables import Account, Guardian, Guardianship, Pupil, RoleHolding, School

SCHOOL_ROLES = (
    "rektor",
    "ledelse",
    "kontaktlaerer",
    "faglaerer",
    "miljoarbeider",
    "aks",
    "sosialveileder",
    "helsesykepleier",
    "ppt",
    "skoleeier",
)
CLASS = "4B"
_SINCE = date(2020, 8, 1)


@dataclass
class Cast:
    """refs: each name in the scenario (`rektor`, `elev_a`, `foresatt_b` ...) as a reference."""

    school_id: int
    refs: dict[str, str] = field(default_factory=dict)


def gather(product, scenario: dict) -> Cast:
    """Make the school and its people, the scenario's own persons included."""
    with product.database.transaction() as session:
        school = School(name="Tyttebærlia skole", owner="Tyttebærlia kommune")
        session.add(school)
        session.flush()
        cast = Cast(school.id)
        staff = {role: role for role in SCHOOL_ROLES} | {"melder": "faglaerer"}
        pupils = ["elev_a", "elev_b"]
        for name, person in (scenario.get("persons") or {}).items():
            if person["role"] == "elev":
                pupils.append(name)
            else:
                staff[name] = person["role"]
        for name, role in staff.items():
            cast.refs[name] = f"ansatt:{_employ(session, school, name, role)}"
        for name in pupils:
            pupil = Pupil(school_id=school.id, name=name, class_name=CLASS)
            guardian = Guardian(name=f"foresatt til {name}")
            session.add_all([pupil, guardian])
            session.flush()
            session.add(Guardianship(pupil_id=pupil.id, guardian_id=guardian.id))
            cast.refs[name] = f"elev:{pupil.id}"
            cast.refs[name.replace("elev", "foresatt")] = f"foresatt:{guardian.id}"
        return cast


def _employ(session, school: School, name: str, role: str) -> int:
    account = Account(username=name, name=name, password_hash="", active=True, language="nb")
    session.add(account)
    session.flush()
    session.add(
        RoleHolding(
            school_id=school.id,
            account_id=account.id,
            role=role,
            class_name=CLASS if role == "kontaktlaerer" else None,
            from_date=_SINCE,
        )
    )
    return account.id
