"""Whether a handheld meets the technical standard of its area (S0-36). Pure.

A shortfall is shown, never a reason to refuse what the handheld has recorded.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Standard:
    """What every handheld of an area must be and do."""

    required_capabilities: frozenset[str]
    min_android_major: int
    min_app_version: str


def shortfalls(
    standard: Standard, capabilities: Sequence[str], android_version: str | None, app_version: str | None
) -> list[str]:
    """What is missing: `capability:<name>`, `android_version`, `app_version`; unknown counts as missing."""
    missing = [f"capability:{name}" for name in sorted(standard.required_capabilities - set(capabilities))]
    if _numbers(android_version)[:1] < [standard.min_android_major]:
        missing.append("android_version")
    if _padded(app_version) < _padded(standard.min_app_version):
        missing.append("app_version")
    return missing


def _numbers(version: str | None) -> list[int]:
    return [int(part) for part in version.split(".")] if version else []


def _padded(version: str | None) -> list[int]:
    numbers = _numbers(version)
    return numbers + [0] * (4 - len(numbers)) if numbers else []
