"""«Meld fra»: one page, three steps of the process, one transaction (domain.md 5.0a.2, 5.0b.3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.cases import drafts
from engine.cases.start import StartCase, Started, start_case
from engine.refusals import Refusal

PROCESS = "aktivitetsplikt"
REPORT, ACT, SUSPECT = "registrer_melding", "gripe_inn", "mistanke_vurdering"


@dataclass(frozen=True)
class Report:
    """typed: the page's fields, flat, by the names of the three steps' forms."""

    school_id: int
    account_id: int
    typed: dict[str, Any]
    receipt: str


def report(product, command: Report) -> Started:
    """Send the report: rektor's task exists when this returns. Raises Refusal; then what was typed
    is kept as a draft."""
    try:
        started = start_case(
            product,
            StartCase(
                process_id=PROCESS,
                school_id=command.school_id,
                account_id=command.account_id,
                answers=steps_of(command.typed),
                receipt=command.receipt,
                partial=command.typed.get("akutt_fare") == "ja",
            ),
        )
    except Refusal:
        drafts.keep_refused(product, command.account_id, None, command.typed)
        raise
    with product.database.transaction() as session:
        drafts.drop(session, command.account_id, None)
    return started


def steps_of(typed: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The page's fields as the answers of its steps, with what an empty field means."""
    acute = typed.get("akutt_fare") == "ja"
    shielded = "ja" in (typed.get("ansatt_mistenkt"), typed.get("ledelse_mistenkt"))
    report_answers = {
        "kilde": "ansatt",
        "kanal": "skjema",
        **typed,
        "arena": typed.get("arena") or "annet",
    }
    for box in ("ansatt_mistenkt", "ledelse_mistenkt", "akutt_fare"):
        report_answers[box] = "ja" if typed.get(box) == "ja" else "nei"
    if acute:
        report_answers["elev_sier_utrygt"] = typed.get("elev_sier_utrygt") or "nei"
    steps = {REPORT: report_answers, ACT: _action(typed)}
    if not shielded:
        suspicion = "ja" if acute else typed.get("mistanke_utrygg")
        reason = typed.get("begrunnelse") if suspicion == "nei" else typed.get("observasjon")
        steps[SUSPECT] = {"mistanke_utrygg": suspicion, "begrunnelse": reason}
    return steps


def _action(typed: dict[str, Any]) -> dict[str, Any]:
    """The page asks one question for both «what did you do» and «what hindered you»."""
    action = {
        "grep_inn": typed.get("grep_inn"),
        "hva_gjort": typed.get("hva_gjort"),
        "elev_ivaretatt": "ja" if typed.get("elev_ivaretatt") == "ja" else "nei",
    }
    if typed.get("grep_inn") == "nei":
        action["hvorfor_ikke"] = typed.get("hva_gjort")
    return action
