"""One signed POST to a partner: a short, bounded exchange with an address that nobody here chose."""

import ssl
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache

import httpcore
import httpx
from standardwebhooks import Webhook

from provisioning.hooks.address import checked
from provisioning.hooks.errors import AddressRefused, HookUnreachable
from provisioning.hooks.network import CheckedNetwork

EXCHANGE_SECONDS = 15.0
CONNECT_SECONDS = 5.0
ANSWER_BYTES = 4096
USER_AGENT = "EAZYNOVA-Webhooks/1"


@dataclass(frozen=True)
class HookAnswer:
    """``beginning`` is at most 4 kB of the answer; ``retry_after`` is in seconds, None when not named."""

    status: int
    beginning: str
    retry_after: float | None

    @property
    def taken(self) -> bool:
        """Only 2xx counts: a redirect is not followed and is a refusal."""
        return 200 <= self.status < 300


def signed_headers(signing_secrets: Sequence[str], message_id: str, at: datetime, body: str) -> dict[str, str]:
    """The headers of Standard Webhooks 1.0, with one signature for each secret that is valid now."""
    signatures = [Webhook(secret).sign(message_id, at, body) for secret in signing_secrets]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def post(url: str, *, body: str, headers: Mapping[str, str], allow_loopback: bool) -> HookAnswer:
    """Send ``body`` as JSON. Raises AddressRefused or HookUnreachable; any HTTP status is an answer.

    Whatever else a library raises on the way is HookUnreachable too: what cannot be sent is an attempt like any other.
    """
    target = checked(url, allow_loopback=allow_loopback)
    network = CheckedNetwork(allow_loopback=allow_loopback, deadline=time.monotonic() + EXCHANGE_SECONDS)
    sent: dict[bytes | str, bytes | str] = {
        "Host": target.authority,
        "Content-Type": "application/json",
        "User-Agent": USER_AGENT,
        "Connection": "close",
    }
    sent.update(headers.items())
    timeouts = {"connect": CONNECT_SECONDS, "read": EXCHANGE_SECONDS, "write": EXCHANGE_SECONDS}
    try:
        with (
            httpcore.ConnectionPool(ssl_context=_authorities(), network_backend=network) as pool,
            pool.stream(
                "POST",
                httpcore.URL(scheme=target.scheme, host=target.host, port=target.port, target=target.path),
                headers=sent,
                content=body.encode(),
                extensions={"timeout": timeouts},
            ) as response,
        ):
            return _read(response)
    except AddressRefused:
        raise
    except Exception as error:
        raise HookUnreachable(f"{type(error).__name__}: {error}"[:200], unclear=True) from error


@lru_cache(maxsize=1)
def _authorities() -> ssl.SSLContext:
    """Read once a process: it takes longer than the exchange."""
    return httpx.create_ssl_context()


def _read(response: httpcore.Response) -> HookAnswer:
    found = bytearray()
    for chunk in response.iter_stream():
        found += chunk
        if len(found) >= ANSWER_BYTES:
            break
    values = {name.lower(): value for name, value in response.headers}
    text = bytes(found[:ANSWER_BYTES]).decode("utf-8", "replace").replace("\x00", "")
    return HookAnswer(response.status, text, _seconds(values.get(b"retry-after", b"").decode("latin-1")))


def _seconds(retry_after: str) -> float | None:
    """A number of seconds or a date, as RFC 9110 has it."""
    if retry_after.isascii() and retry_after.isdigit():
        return float(retry_after[:9])
    try:
        moment = parsedate_to_datetime(retry_after)
    except (ValueError, TypeError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())
