"""create_app(): routers, handlers, middleware; nothing else."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from app import models  # noqa: F401 - foreign keys name tables of other packages
from app.affairs.router import router as affairs_router
from app.areas.grid_router import router as grid_router
from app.areas.router import router as area_router
from app.audit.router import router as audit_router
from app.collection.assignments.router import router as task_router
from app.collection.catalogue.router import router as catalogue_router
from app.collection.declarations.form_router import router as declaration_page_router
from app.collection.declarations.router import router as declaration_router
from app.collection.exports.router import router as exports_router
from app.collection.imports.router import router as imports_router
from app.collection.imports.service import BODY_MAX_BYTES as IMPORT_BODY_MAX_BYTES
from app.collection.ledgers.router import router as ledgers_router
from app.collection.subjects.link_router import router as link_router
from app.collection.subjects.merge_router import router as merge_router
from app.collection.subjects.router import router as subject_router
from app.collection.submissions.conflict_router import router as conflict_router
from app.collection.submissions.held_router import router as held_router
from app.collection.submissions.router import router as submission_router
from app.collection.submissions.sampling_router import router as sampling_router
from app.collection.tips.router import router as tip_router
from app.identity.dependencies import vault_of
from app.identity.router import router as identity_router
from app.identity.router import well_known_router
from app.kit import errors, logs, openapi
from app.kit.clock import utc_now
from app.kit.db import Database
from app.kit.docs_pages import mount_docs
from app.kit.http import Gateway
from app.kit.version import VERSION
from app.operations.health_router import router as health_router
from app.operations.readiness import Readiness
from app.operations.router import router as operations_router
from app.patrol.ingestor import Ingestor
from app.patrol.router import router as patrol_router
from app.patrol.upload_router import upload_schemas
from app.rules.calendar_router import router as calendar_router
from app.rules.router import router as rules_router
from app.settings import Settings, get_settings
from app.staffing.router import router as staffing_router
from app.sync.held_router import router as held_item_router
from app.sync.router import router as sync_router
from app.sync.synchronizer import Synchronizer
from app.uploads import protocol as tus
from app.uploads.files import files_of
from app.uploads.router import router as upload_router
from app.uploads.tus_router import router as tus_router
from app.visits.key_router import router as key_subjects_router
from app.visits.router import router as visits_router

API = "/api/v1"
ROUTERS = (
    patrol_router,  # routes are tried in this order, and uploads are nearly all there is
    sync_router,
    held_item_router,
    identity_router,
    staffing_router,
    submission_router,
    held_router,
    conflict_router,
    sampling_router,
    subject_router,
    link_router,
    merge_router,
    area_router,
    grid_router,
    affairs_router,
    catalogue_router,
    task_router,
    declaration_router,
    tip_router,
    visits_router,
    key_subjects_router,
    upload_router,
    tus_router,
    ledgers_router,
    exports_router,
    imports_router,
    rules_router,
    calendar_router,
    operations_router,
    audit_router,
)
DESCRIPTION = """
The backend of the grid inspector's handheld: a walk becomes a day that stands up.

Authorize with a demo account (`scripts/run` prints them), then try the operations from top to bottom:
the examples of everything that reads work on the first click; edits ask for the ETag you read, in If-Match.

网格员手持终端的后端。先用演示账号点击 Authorize 登录,再从上到下逐项试用;
查询类示例可直接执行,修改类须在 If-Match 中填写读到的 ETag。
"""


def create_app(settings: Settings, database: Database) -> FastAPI:
    """The application over `database`; nothing is opened before its lifespan starts."""

    ingestor = Ingestor(
        database,
        zone=settings.zone,
        clock=utc_now,
        queue_max=settings.ingest_queue_batches,
        group_max=settings.ingest_group_batches,
    )

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        ingestor.start()
        synchronizer.start()
        yield
        await synchronizer.close()
        await ingestor.close()
        await database.close()

    app = FastAPI(
        title="Wangge 网格",
        version=VERSION,
        summary="From a handheld's walk to a judged patrol day · 从巡查轨迹到可核验的巡查日",
        description=DESCRIPTION,
        openapi_tags=openapi.TAGS,
        openapi_url="/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        telemetry={"tracing": False},
    )
    app.state.settings = settings
    app.state.database = database
    app.state.ingestor = ingestor
    app.state.files = files_of(settings, database)
    synchronizer = app.state.synchronizer = Synchronizer(
        database, vault=lambda: vault_of(app), zone=settings.zone, clock=utc_now
    )
    app.state.is_urgent = synchronizer.is_urgent
    app.state.readiness = Readiness(
        database,
        zone=settings.zone,
        disk=settings.data_dir.absolute(),
        queue_share=ingestor.queue_share,
        is_refused=ingestor.is_refused,
    )
    for router in ROUTERS:
        app.include_router(router, prefix=API)
    app.include_router(well_known_router)
    app.include_router(declaration_page_router)
    app.include_router(health_router)
    mount_docs(app)
    errors.install(app)
    openapi.install(app, upload_schemas())
    app.add_middleware(
        Gateway,
        body_max_bytes=settings.body_max_bytes,
        is_streamed=tus.is_tus,
        longer_bodies={("POST", f"{API}/imports"): IMPORT_BODY_MAX_BYTES},
    )
    return app


def create_app_from_environment() -> FastAPI:
    """What uvicorn calls in each API process."""
    settings = get_settings()
    logs.configure(settings.log_level)
    if settings.database_url is None:
        raise SystemExit("WANGGE_DATABASE_URL is not set; start the service with scripts/run")
    return create_app(settings, Database.connect(settings.database_url, pool_size=settings.db_pool_size))
