"""The thresholds of integrity signals: flat numbers, fed by the rule book. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class IntegrityLimits:
    """Why each number is what it is: `app/rules/catalogue/integrity.py`."""

    mock_min_fixes: int = 3
    vehicle_min_m: int = 1000
    clock_offset_s: int = 600
    clock_jump_s: int = 120
    same_path_m: float = 2.0
    loop_min_rounds: int = 3
    loop_min_m: int = 200
    replay_min_m: int = 800
    replay_days_back: int = 31
    twin_within_m: int = 20
    twin_min_minutes: int = 60
    twin_group_max: int = 12
