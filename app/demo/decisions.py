"""What Daishan decided: the thresholds of its 2018 document. The approval is made up for the demo."""

from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.demo.land import SINCE
from app.kit.events import SYSTEM
from app.kit.ids import DEMO_CITY, DEMO_COUNTY, DEMO_COUNTY_CODE
from app.rules.catalogue import judging, sign_in
from app.rules.parameter import Parameter
from app.rules.service import Decision, set_value

DAISHAN = "Daishan 2018, 二(五)"
# Basis and approval first: an assessment without them is refused.
DECISIONS: tuple[tuple[Parameter[Any], Any, str], ...] = (
    (judging.LEGAL_BASIS, "岱山县全科网格建设实施方案(2018)", "Daishan 2018"),
    (judging.APPROVAL_NO, "演示批准文号〔2024〕1号(合成)", "demo, synthetic · 演示"),
    (judging.POLICY, "assess", "demo: so that a replayed day is judged · 演示"),
    (judging.PATROL_MIN_S, 4 * 3600, f"{DAISHAN}: 日在线巡查时长不低于4小时 (S4-32)"),
    (judging.DISTANCE_MIN_M, 3000, f"{DAISHAN}: 日巡查里程不少于3公里 (S4-33)"),
    (sign_in.TOTP_REQUIRED, "nobody", "demo: its passwords are public anyway · 演示"),
    (judging.ONLINE_SHARE_MIN, 0.60, f"{DAISHAN}: 即时在线率不低于60% (S4-31)"),
)


async def record_decisions(session: AsyncSession, now: datetime) -> None:
    """Records them in the rule book for Daishan, in force since the demo's areas are."""
    for parameter, value, source in DECISIONS:
        await set_value(
            session,
            SYSTEM,
            Decision(parameter.key, DEMO_COUNTY, SINCE, None, value, source),
            county_code=DEMO_COUNTY_CODE,
            area_path=[DEMO_COUNTY, DEMO_CITY],
            now=now,
            today=None,
        )
