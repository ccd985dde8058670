"""The one door to Railway's public GraphQL API."""

from collections.abc import Callable
from types import TracebackType
from typing import Self

import httpx

from provisioning.railway.exchange import Exchange
from provisioning.railway.reading import Reads
from provisioning.railway.removing import Removals
from provisioning.railway.surveying import Surveys
from provisioning.railway.transport import Transport
from provisioning.railway.writing import Writes


class RailwayClient(Reads, Surveys, Writes, Removals):
    """Railway with one token. Keeps connections; may be shared by threads, not by processes.

    ``before`` is called with the operation name before each request is sent and may raise to prevent it;
    ``after`` is called with each request's outcome. ``source`` names us in the URL. ``transport`` replaces
    the network, for tests.
    """

    def __init__(
        self,
        *,
        url: str,
        token: str,
        timeout: httpx.Timeout | None = None,
        source: str = "eazynova",
        transport: httpx.BaseTransport | None = None,
        before: Callable[[str], None] | None = None,
        after: Callable[[Exchange], None] | None = None,
    ) -> None:
        self._transport = Transport(
            url=url,
            token=token,
            timeout=timeout or httpx.Timeout(90, connect=10),
            source=source,
            transport=transport,
            before=before,
            after=after,
        )

    def __repr__(self) -> str:
        return f"<RailwayClient {self._transport!r}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the kept connections; the client cannot be used afterwards."""
        self._transport.close()
