"""Examples of pushes for the API pages."""

from typing import Any

from app.kit.ids import DEMO_TASK, demo_id

PUSH_EXAMPLES: dict[str, Any] = {
    "a task result": {
        "summary": "A result of the demo task · 任务结果",
        "value": {
            "sent_at": "2026-10-16T17:32:05+08:00",
            "clock_offset_ms": 0,
            "items": [
                {
                    "id": str(demo_id("item", "pushed")),
                    "kind": "task_result",
                    "recorded_at": "2026-10-16T10:05:00+08:00",
                    "task_id": str(DEMO_TASK),
                    "outcome": "confirmed",
                    "note": None,
                    "submission_id": None,
                }
            ],
        },
    }
}
