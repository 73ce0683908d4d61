"""What a file is, by its first bytes; its name and what its sender calls it decide nothing.

Signatures: WHATWG MIME Sniffing, ISO/IEC 14496-12 (brands of `ftyp`), RFC 4867 (AMR).
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

Group = Literal["photo", "document", "recording"]
HEAD_BYTES = 64
"""As much of a file as `found` wants to see."""
MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,60}/[a-z0-9][a-z0-9!#$&^_.+-]{0,60}")

GROUPS: Mapping[str, Group] = MappingProxyType(
    {
        "image/jpeg": "photo",
        "image/png": "photo",
        "image/webp": "photo",
        "image/heic": "photo",
        "application/pdf": "document",
        "video/mp4": "recording",
        "audio/mp4": "recording",
        "audio/mpeg": "recording",
        "audio/amr": "recording",
        "audio/wav": "recording",
    }
)
"""Every type that is taken."""
EXTENSIONS: Mapping[str, str] = MappingProxyType(
    {
        "image/jpeg": "jpg",
        "image/png": "png",
        "image/webp": "webp",
        "image/heic": "heic",
        "application/pdf": "pdf",
        "video/mp4": "mp4",
        "audio/mp4": "m4a",
        "audio/mpeg": "mp3",
        "audio/amr": "amr",
        "audio/wav": "wav",
    }
)
PICTURES = frozenset({"image/jpeg", "image/png", "image/webp"})
"""Those that we can look into: size in pixels, thumbnail. HEIC is kept as it is."""

_STARTS: tuple[tuple[bytes, str], ...] = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"%PDF-", "application/pdf"),
    (b"#!AMR\n", "audio/amr"),
    (b"#!AMR-WB\n", "audio/amr"),
    (b"ID3", "audio/mpeg"),
)
_RIFF = {b"WEBP": "image/webp", b"WAVE": "audio/wav"}
_BRANDS: tuple[tuple[frozenset[bytes], str], ...] = (
    (frozenset({b"heic", b"heix", b"heim", b"heis", b"mif1", b"msf1"}), "image/heic"),
    (frozenset({b"M4A ", b"M4B "}), "audio/mp4"),
    (
        frozenset({b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"3gp4", b"3gp5"}),
        "video/mp4",
    ),
)


def found(head: bytes) -> str | None:
    """The media type of a file that begins with `head` (HEAD_BYTES, or all of it); None: none that is taken."""
    for start, media_type in _STARTS:
        if head.startswith(start):
            return media_type
    if head[:4] == b"RIFF":
        return _RIFF.get(head[8:12])
    if head[4:8] == b"ftyp":
        return next((media_type for brands, media_type in _BRANDS if head[8:12] in brands), None)
    # an MPEG audio frame: eleven set bits, then layer III
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2:
        return "audio/mpeg"
    return None


def group_of(media_type: str | None) -> Group | None:
    """Which limit a type has; None for a type that we don't know."""
    return GROUPS.get(media_type or "")
