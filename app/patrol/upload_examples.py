"""Examples of uploads for the API pages."""

from typing import Any

from app.kit.ids import demo_id

UPLOAD_EXAMPLES: dict[str, Any] = {
    "rows": {
        "summary": "One object a fix · 逐点",
        "value": {
            "batch_id": str(demo_id("batch", "rows")),
            "coord_sys": "wgs84",
            "sent_at": "2026-11-20T09:01:00+08:00",
            "boot_id": "b7",
            "app_version": "1.0.0",
            "fixes": [
                {
                    "recorded_at": "2026-11-20T09:00:00.000+08:00",
                    "longitude": 122.1912,
                    "latitude": 30.2461,
                    "accuracy_m": 6.5,
                    "speed_mps": 1.2,
                    "battery_pct": 84,
                    "provider": "gps",
                },
                {
                    "recorded_at": "2026-11-20T09:00:10.000+08:00",
                    "longitude": 122.1913,
                    "latitude": 30.2462,
                    "accuracy_m": 6.0,
                    "speed_mps": 1.3,
                    "battery_pct": 84,
                    "provider": "gps",
                },
            ],
        },
    },
    "columns": {
        "summary": "Compact columns for poor links · 弱网紧凑列式",
        "value": {
            "batch_id": str(demo_id("batch", "columns")),
            "coord_sys": "gcj02",
            "sent_at": 1795136460000,
            "columns": {
                "recorded_at_ms": [1795136400000, 10000, 10000],
                "longitude_e7": [1221958000, 1000, 1000],
                "latitude_e7": [302435000, 900, 900],
                "accuracy_m": [6.0],
                "provider": ["gps"],
            },
        },
    },
    "heartbeat": {
        "summary": "Heartbeats, a press, a reason, the handheld's state · 心跳、到岗、中断说明、终端状态",
        "value": {
            "batch_id": str(demo_id("batch", "heartbeat")),
            "coord_sys": "wgs84",
            "sent_at": "2026-11-20T08:31:00+08:00",
            "beats": ["2026-11-20T08:30:00+08:00", "2026-11-20T08:31:00+08:00"],
            "presses": [
                {
                    "press_id": str(demo_id("press", "on")),
                    "kind": "on",
                    "pressed_at": "2026-11-20T08:29:30+08:00",
                }
            ],
            "reports": [{"at": "2026-11-20T08:29:00+08:00", "cause": "no_signal"}],
            "state": {
                "battery_pct": 84,
                "charging": False,
                "network": "4g",
                "location_permission": "background",
                "power_saving": False,
                "storage_free_mb": 5120,
                "waiting_batches": 3,
                "exit_reason": "system_kill",
                "exit_at": "2026-11-20T08:21:00+08:00",
            },
        },
    },
}
