"""The door for Railway's webhooks. Whoever knows its secret can make us look, and nothing else."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from provisioning.models import UnreadableEvent
from provisioning.railway.notification import Misshapen, deployment_id
from provisioning.strict_json import Unreadable
from provisioning.watching import watcher

MOST_BYTES = 64 * 1024
SOURCE = "railway"


@csrf_exempt
@require_POST
def receive(request: HttpRequest, secret: str) -> HttpResponse:
    """204 for every notification that is JSON, known or not; Railway signs none, so the address is the secret.

    What is not understood is kept for staff (UnreadableEvent).
    """
    known = settings.RAILWAY_WEBHOOK_SECRET
    if not known or not constant_time_compare(secret, known):
        raise Http404
    body = request.read(MOST_BYTES + 1)
    if len(body) > MOST_BYTES:
        return HttpResponse(status=413)
    try:
        deployment = deployment_id(body)
    except Misshapen as error:
        UnreadableEvent.keep(SOURCE, f"Misshapen: {error}", body)
        return HttpResponse(status=204)
    except Unreadable as error:
        UnreadableEvent.keep(SOURCE, f"{type(error).__name__}: {error}", body)
        return HttpResponse(status=400)
    if deployment:
        watcher.tell(deployment)
    return HttpResponse(status=204)
