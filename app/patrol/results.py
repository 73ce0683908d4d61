"""What became of everything in an upload: as it is answered, and as its receipt keeps it."""

from collections.abc import Sequence

import msgspec

from app.patrol.arrival import Arrival
from app.patrol.batches import BatchRow, ReceiptRow
from app.patrol.door import SEND_AGAIN, Disposition
from app.patrol.presses import Pressed


class RangeResult(msgspec.Struct):
    """The answer to a run of fixes, by index."""

    disposition: str
    first: int
    last: int
    reason: str | None
    send_again: bool


class PressResult(msgspec.Struct):
    """The answer to a press."""

    press_id: str
    disposition: str


class Result(msgspec.Struct):
    """What a receipt keeps, and a repetition is told again."""

    results: list[RangeResult]
    presses: list[PressResult]
    beats_stored: int
    reports_stored: int
    state_refused: list[str] = []

    @property
    def is_usual(self) -> bool:
        """Every fix stored, none of them remarkable, nothing pressed, nothing of the state refused."""
        return not (self.presses or self.state_refused) and (
            not self.results
            or (
                len(self.results) == 1
                and self.results[0].disposition == "stored"
                and not self.results[0].reason
            )
        )


_results = msgspec.json.Decoder(Result)


def result_for(arrival: Arrival, rows: Sequence[BatchRow], pressed: Pressed) -> Result:
    """What an upload is told, once its fixes are placed and its presses recorded."""
    ranges = [
        RangeResult(name, first, last, reason or None, Disposition[name.upper()] in SEND_AGAIN)
        for name, first, last, reason in arrival.parcel.ranges()
    ]
    presses = [
        PressResult(press.press_id, disposition)
        for press, disposition in zip(
            arrival.envelope.presses, pressed.dispositions[arrival.key], strict=True
        )
    ]
    return Result(
        ranges,
        presses,
        sum(r.beat_count for r in rows),
        sum(len(r.reports or ()) for r in rows),
        list(arrival.state.refused) if arrival.state else [],
    )


def result_of(receipt: ReceiptRow) -> Result:
    """What the receipt's upload was told."""
    if receipt.result is not None:
        return _results.decode(receipt.result)
    return Result(
        [RangeResult("stored", 0, receipt.fix_count - 1, None, False)] if receipt.fix_count else [],
        [],
        receipt.beats_stored,
        receipt.reports_stored,
    )
