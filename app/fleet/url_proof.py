"""What a service holds as far as HTTP shows it: receipts, fixes of the track, beats and figures of the days."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime

from app.fleet.crew import Member
from app.fleet.parcels import Parcel
from app.fleet.proof import Delivered, Proof
from app.kit.clock import to_ms

SKIPPED = [
    "figures against a fold of what was sent: rules and grids are read from the database",
    "beats and reports one by one: HTTP shows their counts",
    "the log of events: wangge audit verify on the server checks it",
]


async def prove_over_http(delivered: Delivered) -> Proof:
    """Compares what the holders themselves may see. Raises Refused, Unreachable."""
    proof = Proof(skipped=list(SKIPPED))
    for (member, day), parcels in delivered.items():
        await _check_receipts(member, parcels, proof)
        await _check_track(member, day, parcels, proof)
    return proof


async def _check_receipts(member: Member, parcels: Sequence[Parcel], proof: Proof) -> None:
    ids = [str(parcel.batch_id) for parcel in parcels]
    found = await member.handheld.receipts(ids)
    proof.compare("receipts", f"handheld of grid {member.grid_code}", found, set(ids))


async def _check_track(member: Member, day: date, parcels: Sequence[Parcel], proof: Proof) -> None:
    """The points of the track, and the number of fixes in the figures; what another day holds is not ours."""
    path = f"/patrol-days/{member.inspector_id}/{day.isoformat()}"
    expected = Counter[int]()
    for parcel in parcels:
        if parcel.told is not None:
            arrival = parcel.arrival(member.county_code, member.device_id)
            expected.update(arrival.parcel.fixes.sent_ms[parcel.told.stored].tolist())
    track = await member.handheld.get(f"{path}/track.geojson", points=True)
    held = Counter(
        to_ms(datetime.fromisoformat(f["properties"]["recorded_at"]))
        for f in track["features"]
        if f["properties"]["kind"] == "fix"
    )
    where = f"grid {member.grid_code} on {day}"
    proof.compare("fixes acknowledged and gone", where, dict(expected - held), {})
    proof.compare("fixes stored twice", where, {at: n for at, n in held.items() if n > 1}, {})
    explained = await member.handheld.explained_day(day)
    figures = explained["figures"] if explained else {}
    proof.compare("fixes in the figures", where, figures.get("fixes"), sum(held.values()))
    proof.checked["fixes"] += sum(expected.values())
