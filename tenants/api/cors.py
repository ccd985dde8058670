"""Which web sites may call the API from a browser: those of the partner whose publishable key it is."""

from typing import Any

from corsheaders.signals import check_request_enabled
from django.dispatch import receiver
from django.http import HttpRequest

from tenants.api.authentication import key_sent, origin_allowed
from tenants.models import ApiKey, Partner
from tenants.services import keys

PREFIX = "/api/"


@receiver(check_request_enabled, dispatch_uid="partner_origins")
def allow(request: HttpRequest, **news: Any) -> bool:
    """A preflight carries no key, so it needs an origin that some partner has; the request itself needs its own."""
    origin = request.headers.get("Origin", "")
    if not origin or not request.path_info.startswith(PREFIX):
        return False
    sent = key_sent(request)
    if request.method == "OPTIONS" or not sent:
        active = Partner.objects.filter(is_active=True).exclude(allowed_origins=[])
        return any(origin in origins for origins in active.values_list("allowed_origins", flat=True))
    key = keys.recognise(sent)
    return key is not None and key.kind == ApiKey.Kind.PUBLISHABLE and origin_allowed(request, key)
