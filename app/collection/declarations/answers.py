"""Answers of self-declaration, from rows."""

import io
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import segno
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from app.collection.declarations.declared import declared_fields
from app.collection.declarations.kinds import KIND_OF, NEXT_STEPS, STATE_LABELS, DeclarationState
from app.collection.declarations.models import Declaration, DeclarationPoint
from app.collection.declarations.offering import choices_of, input_kind, list_ways, open_form, open_point
from app.collection.declarations.schemas import (
    ChoiceRead,
    DeclarationRead,
    DeclarationReceipt,
    OfferedFormRead,
    OfferRead,
    PointRead,
    QuestionRead,
    StatusRead,
)
from app.identity.scope import area_path
from app.rules import service as rules
from app.rules.catalogue.declarations import BASE_URL, NOTICE, NOTICE_VERSION

QR_SCALE, QR_BORDER = 8, 4


async def offer(session: AsyncSession, token: str, *, now: datetime, zone: ZoneInfo) -> OfferRead:
    """What can be declared at a point. Raises PointUnknown, DeclarationsClosed."""
    point = await open_point(session, token, now=now, zone=zone)
    forms = []
    for way in await list_ways(session, point, now=now):
        _, form = await open_form(session, point, way.item_code, now=now)
        choices = await choices_of(session, point, form, now=now)
        forms.append(
            OfferedFormRead(
                item_code=way.item_code,
                name_zh=way.name_zh,
                name_en=way.name_en,
                kind=KIND_OF[way.item_code],
                form_version=form.version,
                questions=[
                    QuestionRead(
                        name=name,
                        title_zh=each.title_zh,
                        title_en=each.title_en,
                        type=each.type,
                        input_kind=input_kind(each),
                        is_required=each.is_required,
                        choices=[ChoiceRead(code=code, label=label) for code, label in choices.get(name, ())],
                    )
                    for name, each in declared_fields(form.fields).items()
                ],
            )
        )
    return OfferRead(
        community=point.area_name,
        grid=point.grid_name,
        notice=point.rules[NOTICE],
        notice_version=point.rules[NOTICE_VERSION],
        forms=forms,
    )


def receipt(stored: Declaration, code: str) -> DeclarationReceipt:
    """The answer to a declaration."""
    state = DeclarationState(stored.state)
    return DeclarationReceipt(id=stored.id, query_code=code, state=state, next_step=NEXT_STEPS[state][0])


def status(row: Row[Any], zone: ZoneInfo) -> StatusRead:
    """Where a declaration stands."""
    state = DeclarationState(row.state)
    return StatusRead(
        state=state,
        state_label=STATE_LABELS[state],
        next_step=NEXT_STEPS[state][0],
        item_name=row.item_name,
        declared_on=row.created_at.astimezone(zone).date(),
        due_on=row.due_on,
        settled_on=row.settled_at.astimezone(zone).date() if row.settled_at else None,
        reason=row.reason,
    )


def declaration(row: Declaration) -> DeclarationRead:
    """A declaration as staff see it."""
    state = DeclarationState(row.state)
    return DeclarationRead(
        id=row.id,
        kind=KIND_OF[row.item_code],
        channel=row.channel,
        area_id=row.area_id,
        grid_id=row.grid_id,
        item_code=row.item_code,
        form_version=row.form_version,
        fields=row.fields | row.masked,
        state=state,
        state_label=STATE_LABELS[state],
        reason=row.reason,
        submission_id=row.submission_id,
        subject_id=row.subject_id,
        consent_version=row.consent_version,
        created_at=row.created_at,
        settled_at=row.settled_at,
        purged_at=row.purged_at,
        version=row.version,
    )


async def base_url(
    session: AsyncSession, point: DeclarationPoint, asked_at: str, now: datetime, zone: ZoneInfo
) -> str:
    """The public address by the rules of the community, else the one that was asked at."""
    path = await area_path(session, point.area_id)
    applied = await rules.resolve(session, path, now.astimezone(zone).date())
    return (applied[BASE_URL] or asked_at).rstrip("/")


def address(point: DeclarationPoint, base: str) -> str:
    """What the QR code leads to."""
    return f"{base}/declare/{point.token}"


def point(row: DeclarationPoint, base: str) -> PointRead:
    """A grid's address for self-declaration."""
    return PointRead(grid_id=row.grid_id, token=row.token, url=address(row, base), created_at=row.created_at)


def qr_code(url: str, title: str) -> bytes:
    """An SVG that a phone reads from a poster: level M forgives a torn corner."""
    drawn = io.BytesIO()
    segno.make(url, error="m", micro=False).save(
        drawn, kind="svg", scale=QR_SCALE, border=QR_BORDER, title=title, dark="#000", light="#fff"
    )
    return drawn.getvalue()
