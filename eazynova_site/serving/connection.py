"""waitress's connection with what it lacks: a limit of size by path, and one of time for a whole request or answer."""

import socket
import time
from typing import Any

from django.conf import settings
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError

from eazynova_site.serving import limits

DISCARD_SECONDS = 2


class BoundedParser(HTTPRequestParser):  # type: ignore[misc]  # waitress has no types
    """Keeps nothing of a body that is too large: the site gets the request with its length but no body, says 413."""

    too_large = False
    most_bytes = limits.MOST_BODY_BYTES

    def __init__(self, adj: Any) -> None:
        super().__init__(adj)
        self.began = time.monotonic()

    def received(self, data: bytes) -> int:
        consumed: int = super().received(data)
        if not self.too_large and self.chunked and self.body_bytes_received > self.most_bytes:
            self.close()
            self._refuse_body(self.body_bytes_received)
        # whatever follows belongs to the body that nobody wants, and is no further request
        return len(data) if self.too_large else consumed

    def parse_header(self, header_plus: bytes) -> None:
        try:
            super().parse_header(header_plus)
        except ValueError as error:
            # an address or a length that Python's own readers refuse
            raise ParsingError("Request head is invalid") from error
        self.most_bytes = limits.most_bytes(self.path, self.headers.get("AUTHORIZATION", ""))
        if self.headers.get("TRANSFER_ENCODING"):
            # of HTTP/1.0, which has none: the site says 411, and where the next request begins nobody knows
            self.headers["CONNECTION"] = "close"
        if self.content_length > self.most_bytes:
            self._refuse_body(self.content_length)

    def _refuse_body(self, length: int) -> None:
        self.too_large = self.completed = True
        self.body_rcv, self.content_length, self.error = None, 0, None
        self.expect_continue = False
        self.headers |= {"CONTENT_LENGTH": str(length), "CONNECTION": "close"}


class BoundedChannel(HTTPChannel):  # type: ignore[misc]
    """A connection that cannot be held for ever: neither by dripping a request nor by not taking the answer."""

    parser_class = BoundedParser
    request: Any = None
    # an answer to a client that may still be sending is followed by a moment of listening: closing at once would
    # reset the connection, and the client would never read why
    discards = False
    has_answered = False
    close_when_flushed: bool = False
    _discarding_until = 0.0

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.since = time.monotonic()
        super().__init__(*args, **kwargs)

    def service(self) -> None:
        """In a thread, with a whole request at hand."""
        request = self.requests[0]
        self.since = time.monotonic()
        # who sends the next request before the answer to the first must ask again: unread answers would pile up
        # until a thread has to wait for the client to take them
        impatient = len(self.requests) > 1
        self.discards = impatient or request.too_large or request.error is not None
        if impatient or self.server.draining:
            request.headers["CONNECTION"] = "close"
        super().service()
        self.since, self.has_answered = time.monotonic(), True

    def received(self, data: bytes) -> bool:
        taken: bool = super().received(data)
        self.server.weigh(len(data))
        return taken

    @property
    def waiting_bytes(self) -> int:
        """Of a body that has not arrived whole."""
        return self.request.body_bytes_received if self.request is not None and not self.will_close else 0

    def give_up(self) -> None:
        """Close, and free at once what was kept. In the loop."""
        with self.requests_lock:
            self.will_close, self.request = True, None

    @property
    def busy(self) -> bool:
        """Whether an answer is owed."""
        return bool(self.requests or self.total_outbufs_len)

    def is_overdue(self, now: float) -> bool:
        """``now`` by the monotonic clock."""
        if self._discarding_until:
            return now > self._discarding_until
        if self.total_outbufs_len:
            return now - self.since > limits.SEND_SECONDS
        if self.requests:
            return False
        dripping = self.request is not None and now - self.request.began > settings.WEB_RECEIVE_SECONDS
        return dripping or now - self.since > limits.IDLE_SECONDS + settings.WEB_RECEIVE_SECONDS

    def readable(self) -> bool:
        return bool(self._discarding_until or super().readable())

    def handle_read(self) -> None:
        if not self._discarding_until:
            super().handle_read()
        elif not self.recv(self.adj.recv_bytes):
            self.will_close = True

    def handle_write(self) -> None:
        if not (self.discards and self.close_when_flushed):
            super().handle_write()
            return
        self._flush_exception(self._flush_some)
        if not self.total_outbufs_len and not self.will_close:
            self.close_when_flushed = False
            self._discarding_until = time.monotonic() + DISCARD_SECONDS
            self.socket.shutdown(socket.SHUT_WR)
