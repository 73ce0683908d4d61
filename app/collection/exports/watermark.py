"""Who took these rows out, when, why and under which number: on every sheet and in every file. Pure."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from app.collection.exports.cells import local_time

HEADER_MAX_CHARS = 255
"""Most characters of a page header in Excel, with its codes."""


@dataclass(frozen=True, slots=True)
class Watermark:
    """What the mark says.

    name, account_id  who asked for the export
    approved_by       who approved that it is unmasked; None where it is masked
    """

    job_id: UUID
    account_id: UUID
    name: str
    area_name: str
    ledger: str
    reason: str
    at: datetime
    is_masked: bool
    approved_by: str | None

    def line(self, zone: ZoneInfo, language: str) -> str:
        """The whole mark as one line."""
        at = local_time(self.at, zone)
        if language == "zh":
            parts = [
                f"{self.area_name}{self.ledger}",
                f"导出人 {self.name}({self.account_id})",
                f"时间 {at}",
                f"事由 {self.reason}",
                "已脱敏" if self.is_masked else f"未脱敏,批准人 {self.approved_by}",
                f"任务号 {self.job_id}",
                "内部资料,不得外传",
            ]
        else:
            parts = [
                f"{self.ledger}, {self.area_name}",
                f"exported by {self.name} ({self.account_id})",
                f"at {at}",
                f"for {self.reason}",
                "masked" if self.is_masked else f"unmasked, approved by {self.approved_by}",
                f"job {self.job_id}",
                "for internal use only",
            ]
        return " | ".join(" ".join(part.split()) for part in parts)

    def page_header(self, zone: ZoneInfo) -> str:
        """Who and when, in the codes of Excel's page headers."""
        who = f"{self.name} {str(self.account_id)[-12:]}"
        return _fitting(f"&L{_plain(who)}&R{local_time(self.at, zone)}")

    def page_footer(self) -> str:
        """Why, under which number, and the page."""
        return _fitting(f"&L{self.job_id}&RP &P/&N&C{_plain(self.reason)}")

    def document(self, zone: ZoneInfo) -> dict[str, str | bool | None]:
        """The mark as JSON."""
        return {
            "job_id": str(self.job_id),
            "account_id": str(self.account_id),
            "name": self.name,
            "area": self.area_name,
            "ledger": self.ledger,
            "reason": self.reason,
            "at": self.at.astimezone(zone).isoformat(timespec="seconds"),
            "is_masked": self.is_masked,
            "approved_by": self.approved_by,
        }


def _plain(text: str) -> str:
    return " ".join(text.split()).replace("&", "&&")


def _fitting(text: str) -> str:
    """Cut to what a page header holds, never within a doubled ampersand."""
    cut = text[:HEADER_MAX_CHARS]
    trailing = len(cut) - len(cut.rstrip("&"))
    return cut[:-1] if trailing % 2 else cut
