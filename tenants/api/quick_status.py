"""The status of an instance without the framework around it: what is asked every few seconds, answered for little.

It answers the plain case exactly as `views.instances` would; whatever is refused, unknown or odd it leaves to that.
A tag tells the version of what it stands for and until when that holds, so whether it is still true is one read.
"""

import hashlib
import json
import re
import time
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.translation import get_language

from provisioning.gate import circuit
from provisioning.models import Operation
from provisioning.states import OperationState
from tenants.api.authentication import key_sent
from tenants.api.authority import Authority, authority_of
from tenants.api.outputs import status_body
from tenants.lifecycle import InstanceState
from tenants.limits import counters, occasions
from tenants.models import ApiKey, Instance
from tenants.services import keys, standing
from tenants.services.standing import Standing
from tenants.wording.progress import Progress, progress_of

# whoever watches work that takes long comes back after a tenth of what is left, within these
POLL_LEAST, POLL_MOST = 5, 15
VISITOR_MAY_WATCH = {"Retry-After": str(POLL_LEAST)}
VARY = ("Authorization", "X-API-Key", "X-Status-Token", "Accept-Language")
# version; until when, in tenths of a second (0: as long as the version); seconds until it is worth asking again (0: not
# worth it); whom it was told, how
TAG = re.compile(r'W/"s([0-9a-f]{1,20}\.[0-9a-f]{1,20})-([0-9]{1,15})-([0-9]{1,2})-([0-9a-z.]{1,40})"')


def answer(request: HttpRequest, public_id: str) -> HttpResponse | None:
    """200 or 304 with the same headers as ever; None where the whole view has to look."""
    sent = key_sent(request)
    key = keys.recognise(sent) if sent else None
    if sent and (key is None or key.kind == ApiKey.Kind.PUBLISHABLE):
        return None
    usage = counters.take(occasions.visitor_request(request) if key is None else occasions.key_request(key.pk))
    # counted once, whoever answers in the end
    request.usage_taken = usage  # type: ignore[attr-defined]
    response = None if usage.exceeded else _not_changed(request, public_id, key) or _whole(request, public_id, key)
    if response is None:
        return None
    for name, value in usage.headers.items():
        response.headers.setdefault(name, value)
    patch_vary_headers(response, VARY)
    return response


def told(request: HttpRequest, now: Standing, authority: Authority) -> HttpResponse:
    """The whole status, or 304 when it is what the caller has."""
    instance, operation = now.instance, now.operation
    moment = timezone.now()
    progress = progress_of(operation, moment) if operation else None
    body = status_body(instance, authority, operation, progress)
    pause = _pause(operation, progress, moment)
    etag = _etag(body, now, authority, progress, moment, pause)
    headers = _headers(etag, pause, secret="adminPassword" in body)
    if etag in _tags(request):
        return HttpResponse(status=304, headers=headers)
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return HttpResponse(text, content_type="application/json", headers=headers)


def _not_changed(request: HttpRequest, public_id: str, key: ApiKey | None) -> HttpResponse | None:
    """304 when a tag that was sent still holds for whoever asks now."""
    for tag in _tags(request):
        parts = TAG.fullmatch(tag)
        if parts is None or (parts[2] != "0" and time.time() * 10 >= int(parts[2])):
            continue
        now = standing.glance(public_id)
        authority = _authority(request, now.instance, key) if now else None
        if now is None or authority is None or parts[1] != now.version:
            return None
        if parts[4] == _manner(now.instance, authority):
            secret = authority is Authority.OWNER and now.instance.state in (
                InstanceState.READY,
                InstanceState.SUSPENDED,
            )
            headers = _headers(tag, int(parts[3]), secret=secret)
            return HttpResponse(status=304, headers=headers)
    return None


def _whole(request: HttpRequest, public_id: str, key: ApiKey | None) -> HttpResponse | None:
    now = standing.read(public_id)
    authority = _authority(request, now.instance, key) if now else None
    return told(request, now, authority) if now and authority is not None else None


def _authority(request: HttpRequest, instance: Instance, key: ApiKey | None) -> Authority | None:
    """None for what is refused: another partner's key, a token that does not open it."""
    if key is not None and instance.tenant.partner_id != key.partner_id:
        return None
    token = request.headers.get("X-Status-Token") or request.GET.get("token", "")
    if token:
        return Authority.OWNER if instance.has_status_token(token) else None
    return Authority.NONE if key is None else authority_of(key, instance)


def _pause(operation: Operation | None, progress: Progress | None, moment: datetime) -> int:
    """Seconds until it is worth asking again; 0 when nothing is under way."""
    if operation is None or progress is None or operation.state != OperationState.ACTIVE:
        return 0
    # nobody knows the end when Railway is away, or when it is late
    left = (progress.estimated_end - moment).total_seconds() if progress.estimated_end else POLL_MOST * 10
    return min(max(POLL_LEAST, int(left / 10)), POLL_MOST)


def _etag(
    body: dict[str, Any],
    now: Standing,
    authority: Authority,
    progress: Progress | None,
    moment: datetime,
    pause: int,
) -> str:
    """Weak: the estimates move with the clock and are no reason to send the same again.

    Where others move it too, a queue or the end of a backup's keeping, it is a digest of what is told.
    """
    if body["queue"] is None and now.instance.state != InstanceState.DECOMMISSIONED:
        until = int((moment.timestamp() + progress.steady_seconds) * 10) if progress else 0
        return f'W/"s{now.version}-{until}-{pause}-{_manner(now.instance, authority)}"'
    steadily = body | {"estimatedReadyAt": None}
    if body["queue"]:
        steadily["queue"] = body["queue"] | {"estimatedStartAt": None}
    return f'W/"{hashlib.sha256(repr(steadily).encode()).hexdigest()[:32]}"'


def _manner(instance: Instance, authority: Authority) -> str:
    """What an answer depends on beside the rows: who asks, in which language, whether Railway is away."""
    outage = int(circuit.is_open(instance.workspace))
    return f"{int(authority)}.{(get_language() or '').replace('-', '.')}.{outage}"


def _headers(etag: str, pause: int, *, secret: bool) -> dict[str, str]:
    headers = {"ETag": etag, "Cache-Control": "no-store" if secret else "private, no-cache"}
    return headers | {"Retry-After": str(pause)} if pause else headers


def _tags(request: HttpRequest) -> list[str]:
    return [tag.strip() for tag in request.headers.get("If-None-Match", "").split(",")]
