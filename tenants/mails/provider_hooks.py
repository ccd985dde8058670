"""The doors of the mail providers' webhooks: Anymail reads them, here is decided what becomes of those it cannot read.

Whoever does not prove to be the provider gets 400 and leaves no trace. What the provider itself sends and nobody
understands is kept (UnreadableEvent) and answered as taken: sent again, it would not be understood either.
"""

import logging
from collections.abc import Callable
from typing import Any

from anymail.exceptions import AnymailConfigurationError
from anymail.signals import tracking
from anymail.urls import urlpatterns as anymail_urls
from django.db import OperationalError, transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.urls import URLPattern
from django.views.decorators.csrf import csrf_exempt

from provisioning.models import UnreadableEvent

logger = logging.getLogger(__name__)


def _door(kind: Any) -> Callable[[HttpRequest], HttpResponse]:
    """For one provider: 404 when its settings are missing."""

    @csrf_exempt
    def receive(request: HttpRequest) -> HttpResponse:
        try:
            view = kind()
            view.setup(request)
            if request.method == "POST":
                view.run_validators(request)
        except AnymailConfigurationError as error:
            raise Http404 from error
        except Exception as error:
            logger.warning("A report to the webhook of %s is refused: %s", kind.esp_name, type(error).__name__)
            return HttpResponse(status=400)
        if request.method not in ("POST", "HEAD"):
            return HttpResponseNotAllowed(["POST", "HEAD"])
        return _taken(view, request)

    return receive


def _taken(view: Any, request: HttpRequest) -> HttpResponse:
    try:
        with transaction.atomic():
            answer: HttpResponse = view.dispatch(request)
    except OperationalError:
        # the provider shall come again when the database is back
        return HttpResponse(status=503, headers={"Retry-After": "60"})
    except Exception as error:
        UnreadableEvent.keep(f"mail: {view.esp_name}", f"{type(error).__name__}: {error}", _content(request))
        return HttpResponse()
    return answer


def _content(request: HttpRequest) -> bytes:
    """What was sent; of a form whose stream is used up, the fields that were read."""
    try:
        return request.body
    except Exception:
        return request.POST.urlencode().encode()


def _doors() -> list[URLPattern]:
    """Of every provider that reports what became of a mail; mails that come in are not ours to take."""
    return [
        URLPattern(each.pattern, _door(kind), name=each.name)
        for each in anymail_urls
        if (kind := each.callback.view_class).signal is tracking or kind.esp_name == "Mandrill"
    ]


urlpatterns = _doors()
