"""Who waits for an Odoo: kept connections that ask for its status as often as they are told to, in one light loop."""

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

MOST_SECONDS = 1_800.0
PATIENCE = 30.0
SPREAD = 5.0


@dataclass
class Heard:
    """``cpu`` is what the asking itself took, in seconds; ``again`` counts kept connections that had been closed."""

    times: list[float] = field(default_factory=list)
    unchanged: int = 0
    again: int = 0
    errors: list[str] = field(default_factory=list)
    cpu: float = 0.0


def watch(port: int, statuses: Sequence[tuple[str, str]], each: int) -> Heard:
    """So many pollers for each path and its token, until every answer has told that there is nothing to wait for."""
    heard = Heard()
    started = time.process_time()
    asyncio.run(_all(port, statuses, each, heard))
    heard.times.sort()
    heard.cpu = time.process_time() - started
    return heard


async def _all(port: int, statuses: Sequence[tuple[str, str]], each: int, heard: Heard) -> None:
    async with asyncio.timeout(MOST_SECONDS), asyncio.TaskGroup() as group:
        for path, token in statuses:
            for _poller in range(each):
                group.create_task(_Poller(port, path, token, heard).watch())


class _Poller:
    def __init__(self, port: int, path: str, token: str, heard: Heard) -> None:
        self.port, self.heard = port, heard
        self.request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Status-Token: {token}\r\nAccept-Language: fr\r\n"
        self.etag = ""
        self.reader: asyncio.StreamReader | None = None
        self.writer: asyncio.StreamWriter | None = None

    async def watch(self) -> None:
        """Nobody opened the page at the same moment; from then on each comes back when the answer says so."""
        pause = random.uniform(0, SPREAD)  # noqa: S311  not a secret
        while pause:
            await asyncio.sleep(pause)
            began = time.perf_counter()
            try:
                async with asyncio.timeout(PATIENCE):
                    pause = await self._ask()
            except (OSError, EOFError, ValueError) as error:
                self.heard.errors.append(repr(error))
                self._leave()
                pause = SPREAD
            else:
                self.heard.times.append(time.perf_counter() - began)
        self._leave()

    async def _ask(self) -> float:
        """Seconds until it is worth asking again, 0 for never. A kept connection may have been closed meanwhile: as a
        browser does, it asks once more over a new one.
        """
        kept = self.reader is not None
        try:
            status, headers = await self._exchange()
        except (ConnectionError, asyncio.IncompleteReadError) as error:
            if not kept or (isinstance(error, asyncio.IncompleteReadError) and error.partial):
                raise
            self._leave()
            self.heard.again += 1
            status, headers = await self._exchange()
        if status not in (200, 304):
            self.heard.errors.append(f"{status} {headers}")
        self.heard.unchanged += status == 304
        self.etag = headers.get("etag", self.etag)
        if headers.get("connection", "").lower() == "close":
            self._leave()
        return float(headers.get("retry-after", SPREAD if status >= 400 else 0))

    async def _exchange(self) -> tuple[int, dict[str, str]]:
        if self.reader is None or self.writer is None:
            self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        known = f"If-None-Match: {self.etag}\r\n" if self.etag else ""
        self.writer.write(f"{self.request}{known}\r\n".encode())
        first, *rest = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        status = int(first.split()[1])
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in rest)}
        if status != 304:
            await self.reader.readexactly(int(headers["content-length"]))
        return status, headers

    def _leave(self) -> None:
        if self.writer is not None:
            self.writer.close()
        self.reader = self.writer = None
