"""HTTP without a library, with errors that a person can act on."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

from installer.words import Refused, tr

TIMEOUT_SECONDS = 15
AGENT = "eazynova-install"


def ask(
    url: str, *, method: str = "GET", headers: dict[str, str] | None = None, body: bytes | None = None
) -> tuple[int, bytes]:
    """Status and body, whatever the status. Raises Refused when nobody answers."""
    request = urllib.request.Request(url, data=body, method=method, headers={"User-Agent": AGENT, **(headers or {})})
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:
            return answer.status, answer.read(1_000_000)
    except urllib.error.HTTPError as error:
        return error.code, error.read(1_000_000)
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise Refused(tr(f"{url} does not answer: {reason}", f"{url} ne répond pas : {reason}")) from error


def parsed(body: bytes) -> Any:
    """The JSON in it, or an empty mapping."""
    try:
        return json.loads(body)
    except ValueError:
        return {}
