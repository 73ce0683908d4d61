"""Packed batches come back as they were, and PostGIS reads the same points."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.patrol import packing, twkb
from app.patrol.fixes import FLAG_DEVICE_TIME, UNKNOWN, Fixes
from app.patrol.packing import PackedBatch

OFFSET_MS = -4321


def column(n: int, low: int, high: int) -> st.SearchStrategy[np.ndarray]:
    return arrays(np.int64, n, elements=st.integers(low, high))


def bearings(n: int) -> st.SearchStrategy[np.ndarray]:
    """Even degrees, with unknown ones among them or without."""
    known = arrays(np.int64, n, elements=st.integers(0, 179).map(lambda half: half * 2))
    return known | arrays(np.int64, n, elements=st.sampled_from([UNKNOWN, 0, 2, 178, 180, 358]))


@st.composite
def fixes(draw: st.DrawFn) -> Fixes:
    n = draw(st.integers(1, 80))
    at_ms = draw(column(n, 0, 4_000_000_000_000))
    flags = draw(column(n, 0, 31))
    return Fixes(
        device=np.zeros(n, np.int64),
        sent_ms=at_ms - np.where(flags & FLAG_DEVICE_TIME, OFFSET_MS, 0),
        at_ms=at_ms,
        lon_e7=draw(column(n, -1_800_000_000, 1_800_000_000)),
        lat_e7=draw(column(n, -900_000_000, 900_000_000)),
        accuracy_dm=draw(column(n, 0, 100_000)),
        speed_cmps=draw(column(n, UNKNOWN, 20_000)),
        bearing_deg=draw(bearings(n)),
        altitude_dm=draw(column(n, -(2**31), 100_000)),
        battery_pct=draw(column(n, UNKNOWN, 100)),
        flags=flags,
        elapsed_ms=draw(column(n, UNKNOWN, 2**40)),
    )


def packed(original: Fixes) -> PackedBatch:
    return PackedBatch(0, OFFSET_MS, *packing.pack(original))


@given(st.lists(fixes(), max_size=4))
def test_unpack_returns_what_was_packed(originals: list[Fixes]) -> None:
    back, whole = packing.unpack([packed(o) for o in originals]), Fixes.concatenate(originals)
    for name in Fixes.__slots__:
        np.testing.assert_array_equal(getattr(back, name), getattr(whole, name), err_msg=name)


@given(arrays(np.int64, st.integers(1, 60), elements=st.integers(0, 4_000_000_000_000)))
def test_instants_come_back(at_ms: np.ndarray) -> None:
    np.testing.assert_array_equal(packing.unpack_instants(packing.pack_instants(at_ms)), at_ms)


@given(st.lists(fixes(), min_size=1, max_size=3), st.data())
def test_a_damaged_batch_is_refused(originals: list[Fixes], data: st.DataObject) -> None:
    batches = [packed(o) for o in originals]
    index = data.draw(st.integers(0, len(batches) - 1))
    track, attributes = batches[index].track, batches[index].attributes
    for bad_track, bad_attributes in (
        (track[: data.draw(st.integers(0, len(track) - 1))], attributes),
        (track, attributes[: data.draw(st.integers(0, len(attributes) - 1))]),
        (track, attributes + b"x"),
    ):
        damaged = [*batches]
        damaged[index] = PackedBatch(0, OFFSET_MS, bad_track, bad_attributes)
        with pytest.raises(twkb.BrokenTrack):
            packing.unpack(damaged)


async def test_postgis_reads_the_same_points(session: AsyncSession) -> None:
    lon = np.array([1221700000, 1221700123, -1799999999, 5])
    lat = np.array([302800000, 302800001, -899999999, -5])
    at = np.array([1780000000000, 1780000010007, 1780000010007, 1])
    rows = await session.execute(
        text(
            "SELECT ST_X(p.geom) AS x, ST_Y(p.geom) AS y, ST_M(p.geom) AS m "
            "FROM ST_DumpPoints(ST_GeomFromTWKB(:track)) p ORDER BY p.path"
        ),
        {"track": twkb.encode(lon, lat, at)},
    )
    got = np.array(rows.all(), dtype=float)
    np.testing.assert_allclose(got[:, 0], lon / 1e7, atol=1e-12)
    np.testing.assert_allclose(got[:, 1], lat / 1e7, atol=1e-12)
    np.testing.assert_array_equal(got[:, 2], at)


async def test_postgis_reads_a_batch_of_one_fix(session: AsyncSession) -> None:
    one = twkb.encode(np.array([1221700000]), np.array([302800000]), np.array([1780000000000]))
    assert await session.scalar(text("SELECT ST_NPoints(ST_GeomFromTWKB(:track))"), {"track": one}) == 1
