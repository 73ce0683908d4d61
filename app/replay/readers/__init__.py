"""Readers of recorded walks: GPX, GeoJSON, PLT (GeoLife, OziExplorer) and CSV."""

from collections.abc import Callable, Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

from app.replay.readers import csv_reader, geojson_reader, gpx_reader, plt_reader
from app.replay.walk import Sighting, Walk, WalkUnreadable, assemble

Reader = Callable[[Path, str, ZoneInfo], Iterator[Sighting]]
READERS: dict[str, Reader] = {
    ".gpx": gpx_reader.read,
    ".geojson": geojson_reader.read,
    ".json": geojson_reader.read,
    ".plt": plt_reader.read,
    ".csv": csv_reader.read,
    ".tsv": csv_reader.read,
    ".txt": csv_reader.read,
}
FILE_MAX_BYTES = 200 << 20


def read_walk(path: Path, zone: ZoneInfo) -> Walk:
    """The walk in the file at `path`; `zone` is meant by times without offset where the format leaves it open.

    Raises WalkUnreadable, naming the file and the place in it.
    """
    content = _content(path)
    reader = READERS.get(path.suffix.lower()) or _by_content(content)
    if reader is None:
        raise WalkUnreadable(f"{path}: not a kind of file that can be replayed (GPX, GeoJSON, PLT, CSV)")
    return assemble(path, reader(path, content, zone))


def _content(path: Path) -> str:
    try:
        if path.stat().st_size > FILE_MAX_BYTES:
            raise WalkUnreadable(f"{path}: larger than {FILE_MAX_BYTES >> 20} MB")
        content = path.read_bytes()
    except OSError as error:
        raise WalkUnreadable(f"{path}: {error.strerror or error}") from error
    if not content.strip():
        raise WalkUnreadable(f"{path}: the file is empty")
    for encoding in ("utf-16",) if content[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise WalkUnreadable(f"{path}: neither UTF-8 nor GB 18030 text")


def _by_content(content: str) -> Reader | None:
    start = content[:4096].lstrip()
    if start.startswith("<"):
        return gpx_reader.read
    if start.startswith("{"):
        return geojson_reader.read
    return None
