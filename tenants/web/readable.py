"""The first reader of every request: what no page, codec or database can take is refused before anybody reads it."""

import re
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.views.defaults import ERROR_400_TEMPLATE_NAME, ERROR_404_TEMPLATE_NAME

# Django decodes addresses and forms by whatever codec is named, even one that knows no text
CHARSETS = {"", "utf-8", "utf8", "us-ascii", "ascii"}
NUL = re.compile(r"\0|%00")


class Readable:
    """Answers 415 for another charset than UTF-8, 404 and 400 for a NUL in the path and in the query string.

    What a form or a JSON document holds is checked by those that read it, who can name the field. A cookie that
    cannot be read is taken for none: a browser would send it again and again.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        charset = str((request.content_params or {}).get("charset", ""))
        if charset.strip("\"' ").lower() not in CHARSETS:
            request.encoding = "utf-8"
            return _refusal(request, ERROR_400_TEMPLATE_NAME, 415)
        if "\0" in request.path_info:
            return _refusal(request, ERROR_404_TEMPLATE_NAME, 404)
        if NUL.search(request.META.get("QUERY_STRING", "")):
            return _refusal(request, ERROR_400_TEMPLATE_NAME, 400)
        request.COOKIES = {name: value for name, value in request.COOKIES.items() if "\0" not in value}
        return self.get_response(request)


def _refusal(request: HttpRequest, template: str, status: int) -> HttpResponse:
    with translation.override(translation.get_language_from_request(request)):
        return render(request, template, status=status)
