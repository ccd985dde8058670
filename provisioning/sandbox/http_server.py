"""HTTP/1.1 on asyncio, as small and fast as a bench needs: many listening addresses, kept connections, one thread."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import cast
from urllib.parse import parse_qs, urlsplit

LARGEST_HEAD = 65_536
LARGEST_BODY = 16 * 1024 * 1024
BACKLOG = 256


@dataclass(slots=True)
class Request:
    """One request; header names are lower-case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    peer: str

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> str:
        return self.target.partition("?")[2]

    def parameter(self, name: str) -> str:
        """The last value of a parameter in the query, or nothing."""
        return parse_qs(self.query, keep_blank_values=True).get(name, [""])[-1]


@dataclass(slots=True)
class Response:
    status: int = 200
    body: bytes = b""
    content_type: str = "text/html; charset=utf-8"
    headers: list[tuple[str, str]] = field(default_factory=list)
    length: int | None = None
    """What a HEAD says of a body that is not sent with it."""


Answer = Response | None
"""None closes the connection without an answer."""

Handler = Callable[[Request], Answer | Awaitable[Answer]]


class Connection(asyncio.Protocol):
    """One client's connection: requests are answered one after another."""

    def __init__(self, listener: "Listener") -> None:
        self._listener = listener
        self._buffer = bytearray()
        self._transport: asyncio.Transport | None = None
        self._task: asyncio.Task[None] | None = None
        self._peer = ""
        self._continued = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._peer = transport.get_extra_info("peername")[0]
        self._listener.connections.add(self)

    def connection_lost(self, error: Exception | None) -> None:
        self._listener.connections.discard(self)
        self._transport = None
        if self._task:
            self._task.cancel()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        self._proceed()

    def abort(self) -> None:
        if self._transport:
            self._transport.abort()

    def _proceed(self) -> None:
        while self._task is None and self._transport and (request := self._next_request()):
            answer = self._listener.handler(request)
            if isinstance(answer, Awaitable):
                self._task = asyncio.ensure_future(self._answer_later(request, answer))
                self._task.add_done_callback(self._answered)
            else:
                self._write(request, answer)

    async def _answer_later(self, request: Request, answer: Awaitable[Answer]) -> None:
        self._write(request, await answer)

    def _answered(self, task: asyncio.Task[None]) -> None:
        self._task = None
        if task.cancelled():
            return
        if task.exception():
            self.abort()
        self._proceed()

    def _next_request(self) -> Request | None:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(self._buffer) > LARGEST_HEAD:
                self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
            return None
        try:
            lines = self._buffer[:end].decode("latin-1").split("\r\n")
            method, target, _ = lines[0].split(" ", 2)
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
            length = int(headers.get("content-length", "0"))
        except ValueError:
            self._refuse(HTTPStatus.BAD_REQUEST)
            return None
        if "transfer-encoding" in headers or length > self._listener.largest_body:
            chunked = "transfer-encoding" in headers
            self._refuse(HTTPStatus.LENGTH_REQUIRED if chunked else HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            return None
        start = end + 4
        if len(self._buffer) < start + length:
            self._ask_for_body(headers)
            return None
        self._continued = False
        body = bytes(self._buffer[start : start + length])
        del self._buffer[: start + length]
        return Request(method, target, headers, body, self._peer)

    def _ask_for_body(self, headers: Mapping[str, str]) -> None:
        """RFC 9110, 10.1.1: who sends ``Expect`` waits for this before the body."""
        if headers.get("expect", "").lower() == "100-continue" and not self._continued and self._transport:
            self._continued = True
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _refuse(self, status: HTTPStatus) -> None:
        self._buffer.clear()
        if self._transport:
            self._transport.write(_head(Response(status), 0, close=True))
            self._transport.close()

    def _write(self, request: Request, answer: Answer) -> None:
        if not self._transport:
            return
        if answer is None:
            self._transport.abort()
            return
        close = request.headers.get("connection", "").lower() == "close"
        body = b"" if request.method == "HEAD" else answer.body
        length = len(answer.body) if answer.length is None else answer.length
        self._transport.write(_head(answer, length, close=close) + body)
        if close:
            self._transport.close()


class Listener:
    """One listening address and its connections; closing it frees both at once."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        host: str,
        port: int,
        handler: Handler,
        largest_body: int = LARGEST_BODY,
    ) -> None:
        """Raises OSError when the address is not free. Must be called on the loop's own thread."""
        self.handler = handler
        self.largest_body = largest_body
        self.connections: set[Connection] = set()
        self._loop = loop
        self._pending: set[asyncio.Task[object]] = set()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._socket.setblocking(False)
            self._socket.bind((host, port))
            self._socket.listen(BACKLOG)
        except OSError:
            self._socket.close()
            raise
        self.port: int = self._socket.getsockname()[1]
        loop.add_reader(self._socket, self._accept)

    def close(self) -> None:
        self._loop.remove_reader(self._socket)
        self._socket.close()
        for connection in list(self.connections):
            connection.abort()

    def _accept(self) -> None:
        for _ in range(BACKLOG):
            try:
                client, _address = self._socket.accept()
            except OSError:
                return
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connecting = self._loop.create_task(self._loop.connect_accepted_socket(lambda: Connection(self), client))
            self._pending.add(connecting)
            connecting.add_done_callback(self._pending.discard)


def _head(response: Response, length: int, *, close: bool) -> bytes:
    lines = [
        f"HTTP/1.1 {response.status} {_phrase(response.status)}",
        f"Content-Type: {response.content_type}",
        f"Content-Length: {length}",
        *(f"{name}: {value}" for name, value in response.headers),
        f"Connection: {'close' if close else 'keep-alive'}",
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
