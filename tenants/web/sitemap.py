"""The pages that search engines may know, each with its address in both languages."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tenants.services import legal
from tenants.web.books import BOOKS
from tenants.web.selling import address_of


@require_safe
def sitemap(request: HttpRequest) -> HttpResponse:
    names = ["home", *(f"legal_{kind}" for kind in legal.present()), "books", *BOOKS]
    pages = [[(code, settings.PUBLIC_BASE_URL + address_of(name, code)) for code in ("fr", "en")] for name in names]
    return render(request, "web/sitemap.xml", {"pages": pages}, content_type="application/xml")
