"""The verbs of tasks: assign, cancel; opening stands in `opening`."""

from app.collection.assignments.opening import NewTask, open_tasks

__all__ = ["NewTask", "open_tasks"]
