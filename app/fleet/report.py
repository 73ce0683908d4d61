"""How a run is told: as JSON, and as lines for a person."""

from typing import Any

from rich.console import Console
from rich.table import Table

from app.fleet.simulating import Outcome


def document(outcome: Outcome) -> dict[str, Any]:
    """The run as one JSON object."""
    ledger, suffered, proof, options = outcome.ledger, outcome.suffered, outcome.proof, outcome.options
    return {
        "ok": outcome.is_good,
        "seconds": round(outcome.seconds, 1),
        "seed": options.seed,
        "handhelds": outcome.handhelds,
        "days": [day.isoformat() for day in outcome.days],
        "uploads": outcome.parcels,
        "fixes": outcome.fixes,
        "walked_km": round(outcome.walked_m / 1000, 1),
        "requests": {
            "answered": {str(status): n for status, n in sorted(ledger.statuses.items())},
            "broken": dict(ledger.broken),
            "retries": ledger.retries,
            "p50_ms": ledger.percentile_ms(0.5),
            "p99_ms": ledger.percentile_ms(0.99),
        },
        "mischief": {
            name: ledger.counts[name]
            for name in ("sent_twice", "twins", "cut_before", "cut_after", "sent_again_in_a_new_upload")
        },
        "dispositions": {
            name.removeprefix("fixes "): n
            for name, n in sorted(ledger.counts.items())
            if name.startswith("fixes ")
        },
        "suffered": {
            "kills": dict(suffered.kills),
            "disk_full": suffered.disk_full,
            "unready_when_full": suffered.unready_when_full,
            "ready_after_full": suffered.ready_after_full,
            "unready_spells": suffered.unready_spells,
            "unready_longest_s": round(suffered.unready_longest_s, 1),
        },
        "proof": {"checked": dict(proof.checked), "skipped": proof.skipped},
        "findings": {**ledger.faults, **proof.findings},
        "finding_counts": {
            **{
                name.removeprefix("fault: "): n
                for name, n in ledger.counts.items()
                if name.startswith("fault: ")
            },
            **proof.counts,
        },
    }


def show(outcome: Outcome, console: Console) -> None:
    """The same for a person."""
    told = document(outcome)
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_row(
        "Sent",
        f"{told['handhelds']} handhelds, {len(told['days'])} days, {told['uploads']} uploads, "
        f"{told['fixes']} fixes, {told['walked_km']} km walked, in {told['seconds']} s",
    )
    requests = told["requests"]
    answered = ", ".join(f"{n} × {status}" for status, n in requests["answered"].items())
    broken = ", ".join(f"{n} × {kind}" for kind, n in requests["broken"].items()) or "none"
    table.add_row("Answers", f"{answered}; broken connections: {broken}; {requests['retries']} retries")
    table.add_row("Latency", f"p50 {requests['p50_ms']} ms, p99 {requests['p99_ms']} ms")
    table.add_row("Mischief", _listed(told["mischief"]))
    table.add_row("Fixes", _listed(told["dispositions"]))
    suffered = told["suffered"]
    table.add_row("Killed", _listed(suffered["kills"]) or "nothing")
    full = suffered["disk_full"]
    if suffered["ready_after_full"] is False:
        full += ", not ready afterwards"
    if suffered["unready_when_full"] is not None:
        full += ", told by readiness" if suffered["unready_when_full"] else ", not told by readiness"
    table.add_row("Full disk", full)
    table.add_row(
        "Not ready", f"{suffered['unready_spells']} times, at most {suffered['unready_longest_s']} s"
    )
    table.add_row("Compared", _listed(told["proof"]["checked"]))
    for each in told["proof"]["skipped"]:
        table.add_row("Not compared", each)
    console.print(table)
    for kind, detail in told["findings"].items():
        console.print(
            f"✗ {kind} ({told['finding_counts'].get(kind, 1)} ×): {detail}", style="red", markup=False
        )
    if outcome.is_good:
        console.print(
            "✓ The service holds exactly what was sent; every figure equals a fresh fold.", style="green"
        )


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {n}" for name, n in counts.items())
