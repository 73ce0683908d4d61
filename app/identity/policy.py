"""The limits of sign-in and the standard of handhelds, from the rule book."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.conformity import Standard
from app.identity.scope import area_path
from app.rules import service as rules
from app.rules.catalogue import handhelds, ingest


@dataclass(frozen=True, slots=True)
class SignInRules:
    """Parameters `sign_in.…` as they apply at a place on a day."""

    lockout_failures: int
    lockout_name_failures: int
    lockout_address_failures: int
    lockout_s: int
    known_address_days: int
    totp_required: str
    recovery_codes: int
    activation_code_h: int
    activation_failures: int


async def sign_in_rules(session: AsyncSession, area_id: UUID | None, today: date) -> SignInRules:
    """What applies in `area_id` today; None gives what applies everywhere."""
    path = await area_path(session, area_id) if area_id is not None else []
    return (await rules.resolve(session, path, today)).fill(SignInRules, "sign_in")


async def handheld_standard(session: AsyncSession, area_id: UUID, today: date) -> Standard:
    """What every handheld in `area_id` must be and do today."""
    applied = await rules.resolve(session, await area_path(session, area_id), today)
    return Standard(
        frozenset(applied[handhelds.REQUIRED_CAPABILITIES].split()),
        applied[handhelds.MIN_ANDROID_MAJOR],
        applied[ingest.MIN_APP_VERSION],
    )
