"""A finished export of the demo community and an import that went through, so that the examples find one."""

import hashlib
import tempfile
from datetime import date, datetime, timedelta
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from app.collection.exports.models import ExportJob
from app.collection.exports.press import files_of
from app.collection.exports.sealed_files import SealedFiles
from app.collection.exports.watermark import Watermark
from app.collection.exports.writers import Heading, Layout, open_writer
from app.collection.imports.models import ImportJob, ImportRow
from app.collection.ledgers.conditions import Asked
from app.collection.ledgers.declared import ledger_of
from app.collection.ledgers.labels import load_labels
from app.collection.ledgers.links import add_places
from app.collection.ledgers.queries import Reading, list_entries
from app.collection.ledgers.rendering import Renderer, headings
from app.identity.actor import Actor, Role
from app.kit.crypto import Vault
from app.kit.ids import (
    DEMO_COMMUNITY,
    DEMO_COMMUNITY_SUPERVISOR,
    DEMO_COUNTY_CODE,
    demo_id,
)
from app.settings import Settings

DEMO_EXPORT = demo_id("export", "1")
DEMO_IMPORT = demo_id("import", "1")
KEPT = timedelta(days=365)
MOST_ROWS = 500
FILE = "姓名,性别,人户一致标识,公民身份号码\n张三,男,人户一致,\n".encode()
"""Stands for the imported file, which nobody keeps."""
CLERK = Actor(DEMO_COMMUNITY_SUPERVISOR, DEMO_COUNTY_CODE, Role.COMMUNITY, DEMO_COMMUNITY, None, "社区管理员")
REASON = "社区季度人口核对"


async def load(
    session: AsyncSession, settings: Settings, vault: Vault, *, today: date, now: datetime
) -> None:
    """Writes the masked ledger of residents as CSV into the store, and the rows of both jobs."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "export.csv"
        rows = await _write(session, settings, vault, path, today, now)
        content = path.read_bytes()
        files: SealedFiles = files_of(settings, vault)
        kept = await files.keep(files.new_key(DEMO_COUNTY_CODE, DEMO_EXPORT), DEMO_EXPORT, path)
    session.add(
        ExportJob(
            county_code=DEMO_COUNTY_CODE,
            id=DEMO_EXPORT,
            area_id=DEMO_COMMUNITY,
            requested_by=DEMO_COMMUNITY_SUPERVISOR,
            requester_area_id=DEMO_COMMUNITY,
            requested_at=now,
            ledger="residents",
            filters={},
            format="csv",
            language="zh",
            is_masked=True,
            reason=REASON,
            state="done",
            rows_total=rows,
            rows_done=rows,
            started_at=now,
            finished_at=now,
            expires_at=now + KEPT,
            file_key=kept.key,
            stored_bytes=kept.stored_bytes,
            size_bytes=len(content),
            digest=hashlib.sha256(content).digest(),
        )
    )
    await _load_import(session, today, now)


async def _write(
    session: AsyncSession, settings: Settings, vault: Vault, path: Path, today: date, now: datetime
) -> int:
    ledger, actor = ledger_of("residents"), CLERK
    reading = Reading(ledger, Asked(DEMO_COMMUNITY), vault)
    entries, _ = await list_entries(session, actor, reading, None, MOST_ROWS)
    labels = await load_labels(session, DEMO_COUNTY_CODE, ledger.tables())
    renderer = Renderer(ledger, labels, await add_places(session, entries, today), "zh")
    mark = Watermark(
        job_id=DEMO_EXPORT,
        account_id=DEMO_COMMUNITY_SUPERVISOR,
        name=CLERK.display_name,
        area_name=next(iter(renderer.names.values()), ""),
        ledger=ledger.zh,
        reason=REASON,
        at=now,
        is_masked=True,
        approved_by=None,
    )
    columns = [
        Heading(c.code, label, c.width)
        for c, label in zip(ledger.columns, headings(ledger.columns, "zh"), strict=True)
    ]
    writer = open_writer("csv", path, Layout(ledger.zh, columns, mark, settings.zone, "zh"))
    writer.write([renderer.cells(entry) for entry in entries])
    writer.close()
    return len(entries)


async def _load_import(session: AsyncSession, today: date, now: datetime) -> None:
    session.add(
        ImportJob(
            county_code=DEMO_COUNTY_CODE,
            id=DEMO_IMPORT,
            area_id=DEMO_COMMUNITY,
            requested_by=DEMO_COMMUNITY_SUPERVISOR,
            created_at=now,
            kind="subjects",
            target="resident_registered",
            effective_on=today,
            file_name="演示.csv",
            size_bytes=len(FILE),
            digest=hashlib.sha256(FILE).digest(),
            state="done",
            rows_total=1,
            rows_done=1,
            count_refused=1,
            checked_at=now,
            confirmed_by=DEMO_COMMUNITY_SUPERVISOR,
            confirmed_at=now,
            finished_at=now,
            expires_at=now + KEPT,
        )
    )
    await session.flush()  # the row below refers to it
    remark = {
        "column": "公民身份号码",
        "code": "wrong_checksum",
        "zh": "公民身份号码:校验码不符",
        "en": "Identity number: fails its check digit",
        "is_warning": False,
    }
    session.add(
        ImportRow(
            county_code=DEMO_COUNTY_CODE,
            import_id=DEMO_IMPORT,
            row_no=2,
            outcome="refused",
            errors=[remark],
        )
    )
