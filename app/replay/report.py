"""A replayed walk for people (tables) and for programs (one JSON object)."""

from collections.abc import Iterable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from app.kit.clock import from_ms
from app.replay.replaying import Outcome, Refusal
from app.replay.walk import Walk

STATUS_STYLE = {"pass": "bold green", "fail": "bold red", "review": "bold yellow"}
CHECKS = {
    "patrol_s": "patrol time · 在线巡查时长",
    "distance_m": "distance · 巡查里程",
    "online_share": "online rate · 在线率",
}
VERDICTS = {
    "mock": "mock · 模拟定位",
    "inaccurate": "inaccurate · 精度不足",
    "jump": "jump · 跳变",
    "vehicle": "vehicle · 乘车",
    "stationary": "stationary · 静止",
    "moving": "moving · 步行",
}


def document(outcome: Outcome) -> dict[str, Any]:
    """Figures, reasons and uploads as one flat JSON object; `ok` tells whether all is as it should be."""
    explained = outcome.explained or {}
    uploads = outcome.uploads
    return {
        "ok": not outcome.faults,
        "faults": list(outcome.faults),
        "inspector_id": outcome.inspector_id,
        "display_name": explained.get("display_name"),
        "service_day": outcome.service_day.isoformat(),
        **explained.get("figures", {}),
        "sentences": explained.get("sentences", []),
        "duty": explained.get("duty", []),
        "grids": explained.get("grids", []),
        "stays": explained.get("stays", []),
        "gaps": explained.get("gaps", []),
        "uploads": {
            "batches": uploads.batches,
            "batches_repeated": uploads.repeated,
            "fixes": uploads.fixes,
            "stored": uploads.stored,
            "rejected": uploads.refused,
            "rejected_runs": [_refusal(r) for r in uploads.refusals],
            "missing_receipts": uploads.missing_receipts,
            "retries": uploads.retries,
        },
        "walk": {
            "name": outcome.walk.name,
            "points": len(outcome.walk),
            "raw_m": round(outcome.walk.raw_m, 1),
            "span_s": round(outcome.walk.span_s),
            "start_at": _instant(int(outcome.walk.times_ms[0])),
            "notes": list(outcome.walk.notes),
        },
        "relocated_to": None
        if outcome.spot is None
        else {
            "grid_code": outcome.spot.grid.code,
            "longitude": round(outcome.spot.longitude, 7),
            "latitude": round(outcome.spot.latitude, 7),
            "share_inside": round(outcome.spot.share, 3),
        },
    }


def show(outcome: Outcome, console: Console, zone: ZoneInfo) -> None:
    """The judged day as tables, and why it passes or fails in plain sentences."""
    _show_walk(outcome, console, zone)
    if outcome.explained is not None:
        figures = outcome.explained["figures"]
        status = figures["status"]
        console.print(
            f"\n[bold]{escape(outcome.explained['display_name'])}[/]  {outcome.service_day}  "
            f"[{STATUS_STYLE.get(status, 'bold')}]{status.upper()}[/]"
        )
        console.print(_figures(figures))
        console.print(_verdicts(figures["verdicts"]))
        console.print(_checks(figures["checks"]))
        for sentence in outcome.explained["sentences"]:
            console.print(f"  • {escape(sentence['zh'])}\n    [dim]{escape(sentence['en'])}[/]")
    for fault in outcome.faults:
        console.print(f"[bold red]✗ {escape(fault)}[/]")


def _show_walk(outcome: Outcome, console: Console, zone: ZoneInfo) -> None:
    walk, uploads = outcome.walk, outcome.uploads
    console.print(
        f"\n[bold]{escape(walk.name)}[/]: {len(walk)} points, {walk.raw_m / 1000:.2f} km as drawn, "
        f"{_clock(walk.span_s)} h, {_span(walk, zone)}"
    )
    if outcome.spot is not None:
        console.print(
            f"  moved to {outcome.spot.longitude:.5f} E {outcome.spot.latitude:.5f} N, "
            f"grid {outcome.spot.grid.code} ({outcome.spot.share:.0%} inside)"
        )
    for note in walk.notes:
        console.print(f"  [yellow]note: {escape(note)}[/]")
    repeated = f", {uploads.repeated} of them stored by an earlier replay" if uploads.repeated else ""
    retried = f", {uploads.retries} retries" if uploads.retries else ""
    console.print(
        f"  sent {uploads.fixes} fixes in {uploads.batches} batches{repeated}{retried}: {uploads.stored} stored"
    )
    for refusal in uploads.refusals[:10]:
        first, last = (from_ms(t).astimezone(zone) for t in (refusal.first_at_ms, refusal.last_at_ms))
        why = " ".join(filter(None, [refusal.disposition, refusal.reason]))
        console.print(
            f"  [red]refused: {refusal.fixes} fixes {first:%m-%d %H:%M:%S} to {last:%H:%M:%S}: {why}[/]"
        )
    if len(uploads.refusals) > 10:
        console.print(f"  [red]… and {len(uploads.refusals) - 10} runs more (--json lists all)[/]")


def _figures(figures: Mapping[str, Any]) -> Table:
    km = {name: f"{figures[name] / 1000:.2f} km" for name in figures if name.endswith("_m")}
    share = figures["online_share"]
    return _table(
        ("figure · 指标", "value"),
        [
            (
                "distance · 巡查里程",
                f"{km['distance_m']}  ({figures['distance_low_m'] / 1000:.2f} – {km['distance_high_m']})",
            ),
            ("in own grid · 本网格内", km["in_grid_distance_m"]),
            ("in a vehicle, not credited · 乘车", km["vehicle_distance_m"]),
            ("raw sum, for comparison · 原始轨迹", km["raw_distance_m"]),
            ("online · 在线", _clock(figures["online_s"])),
            ("online in own grid · 在线巡查", _clock(figures["patrol_s"])),
            ("on duty · 在岗", _clock(figures["duty_s"])),
            ("online rate · 在线率", "–" if share is None else f"{share:.0%}"),
            ("longest silence · 最长中断", _clock(figures["max_gap_s"])),
            ("fixes · 点数", str(figures["fixes"])),
        ],
    )


def _verdicts(verdicts: Mapping[str, Mapping[str, Any]]) -> Table:
    return _table(
        ("verdict · 判定", "fixes", "raw m", "credited m", "not counted m", "minutes"),
        [
            (
                VERDICTS.get(code, code),
                str(v["fixes"]),
                f"{v['raw_m']:.0f}",
                f"{v['credited_m']:.0f}",
                f"{v['uncounted_m']:.0f}",
                f"{v['duration_s'] / 60:.1f}",
            )
            for code, v in verdicts.items()
            if v["fixes"]
        ],
    )


def _checks(checks: Iterable[Mapping[str, Any]]) -> Table:
    rows = []
    for check in checks:
        write = _quantity(check["check"])
        bounds = "" if check["low"] is None else f"{write(check['low'])} – {write(check['high'])}"
        found = "–" if check["found"] is None else write(check["found"])
        rows.append(
            (
                CHECKS.get(check["check"], check["check"]),
                write(check["asked"]),
                found,
                bounds,
                write(check["missing"]) if check["missing"] else "",
                check["outcome"],
            )
        )
    return _table(("check · 标准", "asked", "found", "error bounds", "missing", "outcome"), rows)


def _table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Table:
    table = Table(box=None, padding=(0, 2), header_style="dim")
    for number, name in enumerate(header):
        table.add_column(name, justify="left" if number == 0 else "right", no_wrap=True)
    for row in rows:
        table.add_row(*(escape(cell) for cell in row))
    return table


def _quantity(check: str) -> Any:
    if check.endswith("_s"):
        return _clock
    if check.endswith("_m"):
        return lambda metres: f"{metres / 1000:.2f} km"
    return lambda share: f"{share:.0%}"


def _clock(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f"{minutes // 60}:{minutes % 60:02}"


def _span(walk: Walk, zone: ZoneInfo) -> str:
    first, last = (from_ms(int(walk.times_ms[i])).astimezone(zone) for i in (0, -1))
    return f"{first:%Y-%m-%d %H:%M} to {last:%H:%M}"


def _instant(at_ms: int) -> str:
    return from_ms(at_ms).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _refusal(refusal: Refusal) -> dict[str, Any]:
    return {
        "disposition": refusal.disposition,
        "reason": refusal.reason,
        "fixes": refusal.fixes,
        "first_at": _instant(refusal.first_at_ms),
        "last_at": _instant(refusal.last_at_ms),
    }
