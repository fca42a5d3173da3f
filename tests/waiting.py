"""Cases in which something is due: what a worker that was away comes back to."""

from __future__ import annotations

from engine.cases.report import ACT, PROCESS, REPORT, SUSPECT
from engine.cases.start import StartCase, start_case

TOLD = {
    "kilde": "ansatt",
    "kanal": "skjema",
    "arena": "friminutt",
    "tidspunkt": "2026-09-01T10:00",
    "observasjon": "Ble stengt ute fra leken.",
    "ansatt_mistenkt": "nei",
    "ledelse_mistenkt": "nei",
    "akutt_fare": "nei",
    "elev_sier_utrygt": "ja",
}
ACTED = {"grep_inn": "ja", "hva_gjort": "Snakket med dem.", "elev_ivaretatt": "ja"}


def report_many(product, school, count: int, suspected: int = 0) -> None:
    """So many cases, reported now by Emil about Noor. In the first `suspected` of them rektor has
    the next step, in the others Emil has not said yet whether he suspects anything: when that is
    due, the system answers it for him."""
    told = {**TOLD, "elev_utsatt": school.pupil("noor")}
    told["tidspunkt"] = product.clock().strftime("%Y-%m-%dT%H:%M")
    for number in range(count):
        steps = {REPORT: told, ACT: ACTED}
        if number < suspected:
            steps[SUSPECT] = {"mistanke_utrygg": "ja"}
        command = StartCase(PROCESS, school.id, school.accounts["emil"], steps, f"mange-{number}")
        start_case(product, command)
