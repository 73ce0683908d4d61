"""HTTP of the rule book."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, status

from app.identity.actor import Actor, Role
from app.identity.dependencies import CurrentActor, Today, require
from app.identity.problems import SIGN_IN_PROBLEMS
from app.kit.clock import Now
from app.kit.db import SessionDep
from app.kit.ids import DEMO_COMMUNITY
from app.kit.pagination import BadCursor, Cursor, Limit, Page
from app.kit.problems import Forbidden, NotFound, problems
from app.kit.schemas import Day
from app.rules import access, queries, service, views
from app.rules.problems import (
    AssessmentNeedsBasis,
    EffectiveOrder,
    RuleBackdated,
    RuleInSealedPeriod,
    UnknownParameter,
    ValueNotAllowed,
)
from app.rules.schemas import (
    ParameterRead,
    RuleDecisionCreate,
    RuleDecisionRead,
    RuleSetRead,
)

router = APIRouter(prefix="/rules", tags=["rules"])
RuleMaker = Annotated[Actor, Depends(require(Role.COUNTY, Role.CITY, Role.SYSTEM_ADMIN))]
RuleDecider = Annotated[
    Actor, Depends(require(Role.COUNTY, Role.CITY, Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN))
]
AreaQuery = Annotated[
    UUID | None,
    Query(
        description="Place; without it your own area · 区域,缺省为本人辖区",
        openapi_examples={"demo": {"summary": "Demo · 演示", "value": str(DEMO_COMMUNITY)}},
    ),
]
KeyQuery = Annotated[
    str,
    Query(
        max_length=80,
        description="Which parameter · 参数键",
        openapi_examples={"demo": {"summary": "Demo · 演示", "value": "patrol.day.distance_min_m"}},
    ),
]


@router.get(
    "/parameters",
    summary="Every parameter with type, default and source · 规则参数目录",
    responses=problems(*SIGN_IN_PROBLEMS),
)
async def list_parameters(actor: CurrentActor) -> list[ParameterRead]:
    """The catalogue: what can be decided per area and date, within which bounds."""
    return views.catalogue()


@router.get(
    "",
    summary="What applies here on this day · 此地此日适用的规则",
    responses=problems(*SIGN_IN_PROBLEMS, NotFound),
)
async def read_rules(
    actor: CurrentActor,
    session: SessionDep,
    today: Today,
    area_id: AreaQuery = None,
    day: Annotated[Day | None, Query(description="Without it today · 日期,缺省为今天")] = None,
) -> RuleSetRead:
    """Every value with its provenance. The most specific area wins, then the latest effective date."""
    place = await access.seen_place(session, actor, area_id)
    asked = day or today
    return views.rule_set(place.area_id, asked, await service.resolve(session, place.path, asked))


@router.get(
    "/decisions",
    summary="History of a parameter · 参数变更历史",
    responses=problems(*SIGN_IN_PROBLEMS, UnknownParameter, BadCursor),
)
async def list_decisions(
    actor: CurrentActor,
    session: SessionDep,
    parameter_key: KeyQuery,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[RuleDecisionRead]:
    """Decisions of your area, of those above it and of those inside it, in the order of recording."""
    service.require_known(parameter_key)
    rows, after = await queries.list_history(session, parameter_key, access.concerning(actor), cursor, limit)
    return Page(items=[RuleDecisionRead.model_validate(row) for row in rows], next=after)


@router.post(
    "/decisions",
    status_code=status.HTTP_201_CREATED,
    summary="Decide a parameter for an area · 为区域设定参数",
    responses=problems(
        *SIGN_IN_PROBLEMS,
        Forbidden,
        NotFound,
        UnknownParameter,
        ValueNotAllowed,
        EffectiveOrder,
        RuleBackdated,
        RuleInSealedPeriod,
        AssessmentNeedsBasis,
    ),
)
async def decide(
    body: RuleDecisionCreate, actor: RuleDecider, session: SessionDep, today: Today, now: Now
) -> RuleDecisionRead:
    """County, city and system administrators; rules of sign-in the security administrator alone.

    Takes effect from its first day on; nothing is overwritten.
    """
    access.require_decider(actor, body.parameter_key)
    path = await access.decided_path(session, actor, body.area_id)
    row = await service.set_value(
        session,
        actor.event_actor,
        service.Decision(
            body.parameter_key, body.area_id, body.effective_from, body.effective_to, body.value, body.source
        ),
        county_code=actor.county_code,
        area_path=path,
        now=now,
        today=access.first_day_allowed(actor, today),
    )
    return RuleDecisionRead.model_validate(row)
