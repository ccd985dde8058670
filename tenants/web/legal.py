"""Who sells: the operator's legal texts, and the notice that the settings alone can give."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from tenants.services import legal
from tenants.web.language import in_language


@require_safe
@in_language
def page(request: HttpRequest, kind: str) -> HttpResponse:
    document = legal.current(kind, (get_language() or "fr")[:2])
    if document is None and (kind != "notice" or not settings.SELLER_NAME):
        raise Http404
    return render(request, "web/legal.html", {"document": document, "kind": kind})
