"""How an offline day is told: as JSON, and as lines for a person."""

from typing import Any

from rich.console import Console
from rich.table import Table

from app.fleet.offline.running import OfflineOutcome


def document(outcome: OfflineOutcome) -> dict[str, Any]:
    """The run as one JSON object."""
    return {
        "ok": outcome.is_good,
        "seconds": round(outcome.seconds, 1),
        "delivery_s": round(outcome.delivery_s, 1),
        "seed": outcome.options.seed,
        "handhelds": outcome.handhelds,
        "day": outcome.day.isoformat(),
        "items": outcome.items,
        "photos": outcome.photos,
        "fixes": outcome.fixes,
        "link": dict(outcome.link),
        "answered": {str(status): n for status, n in sorted(outcome.statuses.items())},
        "rounds_broken_off": outcome.broken_off,
        "kills": dict(outcome.suffered.kills),
        "unready_longest_s": round(outcome.suffered.unready_longest_s, 1),
        "checked": dict(outcome.proof.checked),
        "findings": outcome.proof.findings,
        "finding_counts": dict(outcome.proof.counts),
    }


def show(outcome: OfflineOutcome, console: Console) -> None:
    """The same for a person."""
    told = document(outcome)
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_row(
        "Recorded without signal",
        f"{told['handhelds']} handhelds on {told['day']}: {told['items']} items, {told['photos']} photos, "
        f"{told['fixes']} fixes",
    )
    answered = ", ".join(f"{n} × {status}" for status, n in told["answered"].items())
    table.add_row("Sent", f"in {told['delivery_s']} s; {answered}")
    table.add_row("Link", _listed(told["link"]) + f"; {told['rounds_broken_off']} rounds broken off")
    table.add_row("Killed", _listed(told["kills"]) or "nothing")
    table.add_row("Compared", _listed(told["checked"]))
    console.print(table)
    for kind, detail in told["findings"].items():
        console.print(f"✗ {kind} ({told['finding_counts'][kind]} ×): {detail}", style="red", markup=False)
    if outcome.is_good:
        console.print(
            "✓ Every item is stored once, every conflict listed, every photo whole; "
            "a fresh handheld knows what an old one knows.",
            style="green",
        )


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {n}" for name, n in counts.items())
