"""A link that loses requests: some before the service had them, some after it acted and before it was heard."""

from collections import Counter

import httpx
import numpy as np


class BadLink(httpx.AsyncBaseTransport):
    """Loses `share` of all requests over `inner`, half of them before and half after the service acted.

    counts: `lost_before`, `lost_after`, `arrived`; off while `is_good`.
    """

    def __init__(self, inner: httpx.AsyncBaseTransport, rng: np.random.Generator, share: float) -> None:
        self._inner, self._rng, self._share = inner, rng, share
        self.counts: Counter[str] = Counter()
        self.statuses: Counter[int] = Counter()
        self.is_good = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """One request, lost or not. Raises httpx.ConnectError or httpx.ReadError."""
        fate = 1.0 if self.is_good else self._rng.random()
        if fate < self._share / 2:
            self.counts["lost_before"] += 1
            raise httpx.ConnectError("the link was lost before the request arrived", request=request)
        response = await self._inner.handle_async_request(request)
        self.statuses[response.status_code] += 1
        if fate < self._share:
            await response.aread()  # the service has done all that it does
            await response.aclose()
            self.counts["lost_after"] += 1
            raise httpx.ReadError("the link was lost before the answer arrived", request=request)
        self.counts["arrived"] += 1
        return response

    async def aclose(self) -> None:
        """Closes the link below."""
        await self._inner.aclose()
