"""The page for who has asked for too much: what was too much, and when to come back."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from tenants.limits import counters, occasions
from tenants.limits.counters import Usage
from tenants.wording import dates
from tenants.wording.limits import over_at

View = Callable[..., HttpResponse]


def too_many(request: HttpRequest, usage: Usage) -> HttpResponse:
    again = over_at(usage)
    facts = {
        "what": usage.claim.policy.refusal,
        "again": dates.clock_element(again),
        "day": "" if timezone.localtime(again).date() == timezone.localdate() else dates.day(again),
    }
    response = render(request, "web/too_many.html", facts, status=429)
    for name, value in usage.headers.items():
        response.headers[name] = value
    return response


class WrongLink(Http404):
    """The token of a link is not right."""


def counting_wrong_links(view: View) -> View:
    """A wrong link is not found, as long as there are not too many of them from one visitor."""

    @wraps(view)
    def counted(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except WrongLink:
            usage = counters.take(occasions.guess(request))
            if usage.exceeded:
                return too_many(request, usage)
            raise

    return counted
