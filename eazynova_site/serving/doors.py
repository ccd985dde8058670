"""Around the doors where programs call with a secret of theirs: wrong ones are counted, as wrong API keys are."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse

from tenants.limits import counters, occasions
from tenants.web.problems import problem
from tenants.wording.limits import refusal

Door = Callable[..., HttpResponse]
NOT_FOUND = 404


def counting_wrong_secrets(door: Door, *, wrong: int) -> Door:
    """A secret that ``door`` answers with ``wrong`` counts for its visitor, who is refused (429) when there were many.

    A right one is always let in: a guesser behind the same address keeps nobody out.
    """

    @wraps(door)
    def counted(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            answer = door(request, *args, **kwargs)
        except Http404:
            if wrong == NOT_FOUND and (refused := _refused(request)):
                return refused
            raise
        return (_refused(request) or answer) if answer.status_code == wrong else answer

    return counted


def _refused(request: HttpRequest) -> HttpResponse | None:
    usage = counters.take(occasions.guess(request))
    return problem(429, "rate_limited", refusal(usage), usage.headers) if usage.exceeded else None
