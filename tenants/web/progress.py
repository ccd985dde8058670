"""The progress page: the real steps, by polling with an ETag; whoever has the token of the link may look.

How far an operation is, `wording.progress` works out for every edge.
"""

import hashlib
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.functional import SimpleLazyObject
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from provisioning.models import Operation
from provisioning.reasons import reason
from provisioning.states import OperationState
from tenants.lifecycle import InstanceState
from tenants.mails.space_pages import space_page
from tenants.models import Instance
from tenants.services import ending, partners, standing
from tenants.web.too_many import WrongLink, counting_wrong_links
from tenants.wording import dates, queue
from tenants.wording.progress import Progress, progress_of

# seconds until it is worth looking again; what is not named here stays as it is
AGAIN = {
    InstanceState.REQUESTED: 2,
    InstanceState.PROVISIONING: 2,
    InstanceState.DECOMMISSIONING: 15,
    InstanceState.FAILED: 30,
}
UNSCRIPTED_LEAST = 5
UNDER_WAY = (InstanceState.REQUESTED, InstanceState.PROVISIONING)
# told by columns or rendered from the rest: not worth a statement to see whether the page has changed
LATER = frozenset({"instance", "operation", "progress", "help_address", "go_on"})
# whoever waits for a turn far ahead looks again after a tenth of that time, at most so many seconds
QUEUED_MOST = 15


def _with_link(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """What a link opens. No token, a wrong one, one that was replaced, no such instance: all are answered with what to
    do, and whoever asks learns no more.
    """

    @wraps(view)
    def answer(request: HttpRequest, instance_id: str) -> HttpResponse:
        try:
            return view(request, instance_id)
        except WrongLink:
            return _private(render(request, "web/dead_link.html", status=404))

    return answer


@_with_link
@never_cache
@require_safe
@counting_wrong_links
def page(request: HttpRequest, instance_id: str) -> HttpResponse:
    return _private(render(request, "web/progress.html", _context(*_allowed(request, instance_id))))


@_with_link
@require_safe
@counting_wrong_links
def fragment(request: HttpRequest, instance_id: str) -> HttpResponse:
    """The changing part of the page alone; 304 when it says what the visitor already sees."""
    instance, operation, token = _allowed(request, instance_id)
    facts = _context(instance, operation, token)
    etag = _etag(facts)
    seen = get_conditional_response(request, etag=etag)
    if seen is not None:
        return _private(seen)
    html = render_to_string("web/progress_fragment.html", facts, request)
    return _private(HttpResponse(html, headers={"ETag": etag}))


@csrf_exempt
@_with_link
@require_http_methods(["GET", "HEAD", "POST"])
@counting_wrong_links
def password(request: HttpRequest, instance_id: str) -> HttpResponse:
    """The password, when it is asked for and while it is kept: JSON for the script, the page itself without one."""
    instance, operation, token = _allowed(request, instance_id)
    if request.method != "POST":
        # reached by changing the language of the page that shows it: it is shown when it is asked for
        return onward(instance, token)
    shown = instance.admin_password() if instance.state == InstanceState.READY else None
    if request.headers.get("Accept") == "application/json":
        return _private(JsonResponse({"password": shown}))
    return _private(
        render(request, "web/progress.html", _context(instance, operation, token) | {"shown_password": shown})
    )


def onward(instance: Instance, token: str) -> HttpResponseRedirect:
    """To the page of this instance, with the token of whoever is sent there."""
    return HttpResponseRedirect(reverse("progress", args=[instance.public_id]) + f"?token={quote(token)}")


def _allowed(request: HttpRequest, instance_id: str) -> tuple[Instance, Operation | None, str]:
    """The instance, the work that is told, and the token that opens it. Raises WrongLink."""
    token = request.GET.get("token", "")
    found = standing.read(instance_id)
    if found is None or not found.instance.has_status_token(token):
        raise WrongLink
    return found.instance, found.operation, token


def _etag(facts: dict[str, Any]) -> str:
    """Of all that the page says, before it is rendered; weak, as a proxy that compresses makes it anyway.

    What the page takes from the instance itself stands in its columns; letters and addresses follow from the rest.
    """
    instance, operation = facts["instance"], facts["operation"]
    told = [
        *(str(value) for name, value in facts.items() if name not in LATER),
        *(getattr(instance, name) for name in ("public_id", "state", "address", "admin_email", "tenant_id", "plan_id")),
        operation.reference if operation else "",
        get_language(),
        # while it is being made the page names nobody to write to
        str(facts["help_address"]) if instance.state not in UNDER_WAY else "",
        *_words(facts["progress"]),
    ]
    return f'W/"{hashlib.sha256(repr(told).encode()).hexdigest()[:32]}"'


def _words(progress: Progress | None) -> list[Any]:
    if progress is None:
        return []
    current = progress.current.code if progress.current else ""
    steps = [(step.code, str(step.label), step.state, str(step.note)) for step in progress.steps]
    return [progress.percent, progress.late, current, steps]


def _context(instance: Instance, operation: Operation | None, token: str) -> dict[str, Any]:
    """The page goes on with the token that it was opened with: one that ends sooner is not traded for another."""
    progress = progress_of(operation, timezone.now()) if operation else None
    end = progress.estimated_end if progress else None
    again = _again(instance, progress)
    kept = instance.state == InstanceState.READY and instance.admin_password() is not None
    return {
        "instance": instance,
        "company": instance.tenant.company,
        "token": token,
        "operation": operation,
        "progress": progress,
        "again": again,
        "again_unscripted": max(again, UNSCRIPTED_LEAST),
        "help_address": SimpleLazyObject(lambda: partners.help_address(instance.tenant.partner)),
        "go_on": space_page((get_language() or "fr")[:2], "instance", instance.public_id),
        "ready_around": dates.clock_element(end) if end else "",
        "queue": queue.sentence(progress.place) if progress and progress.place else "",
        "sentence": reason(operation.reason).sentence if operation and operation.reason else "",
        "password_kept": kept,
        "kept_until": dates.day(_kept_until(instance)) if kept else "",
        **_end(instance),
    }


def _end(instance: Instance) -> dict[str, str]:
    """What the page says about an end that comes by itself, or has come."""
    stops, deleted = ending.stops_at(instance), ending.deleted_at(instance)
    over = instance.expires_at is not None and instance.expires_at <= timezone.now()
    return {
        "expires": dates.day_or_hour(stops) if stops else "",
        "deleted": dates.day_or_hour(deleted) if deleted else "",
        "ended": dates.day(instance.ended_at) if instance.ended_at else "",
        "over": "trial" if over and instance.plan.is_demo else "period" if over else "",
    }


def _again(instance: Instance, progress: Progress | None) -> int:
    usual = AGAIN.get(InstanceState(instance.state), 0)
    if progress is None or progress.place is None:
        return usual
    ahead = (progress.place.starts_at - timezone.now()).total_seconds()
    return max(usual, min(QUEUED_MOST, int(ahead / 10)))


def _kept_until(instance: Instance) -> Any:
    proven = Operation.objects.filter(instance=instance, state=OperationState.SUCCEEDED).exclude(sealed="").first()
    since = proven.ended_at if proven and proven.ended_at else timezone.now()
    return since + timedelta(days=settings.CREDENTIALS_RETENTION_DAYS)


def _private(response: HttpResponse) -> HttpResponse:
    """Neither caches nor robots nor the next site shall keep what only the holder of the link may see."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response
