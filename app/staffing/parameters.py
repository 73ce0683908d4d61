"""Parameters that the routers of staffing share."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from app.kit.ids import DEMO_INSPECTOR

InspectorQuery = Annotated[
    UUID,
    Query(
        description="Whose · 网格员",
        openapi_examples={"demo": {"summary": "Demo inspector · 演示网格员", "value": str(DEMO_INSPECTOR)}},
    ),
]
