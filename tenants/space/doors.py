"""What every page of the space passes: its language by its address, who is signed in, and what no cache may keep."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any
from urllib.parse import quote

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.utils.functional import SimpleLazyObject
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from tenants.audit import acting
from tenants.errors import DomainError
from tenants.limits import counters, occasions
from tenants.limits.counters import Claim, Exceeded
from tenants.mails.space_pages import NAMESPACES
from tenants.models import AuditEntry, CustomerSession, Instance, Partner
from tenants.services import customer_sessions, partners
from tenants.services.whose_end import CUSTOMER
from tenants.space import browsers
from tenants.web.too_many import too_many

View = Callable[..., HttpResponse]
LANGUAGES = {namespace: language for language, namespace in NAMESPACES.items()}
NEXT, AGAIN = "next", "again"


@dataclass(frozen=True)
class Visit:
    """A request to the space: in which language, and by whom, if anybody is signed in."""

    request: HttpRequest
    language: str
    session: CustomerSession | None

    @property
    def person(self) -> CustomerSession:
        """Who is signed in. Raises Http404 on a page that asks for nobody."""
        if self.session is None:
            raise Http404
        return self.session

    def of_nobody(self) -> "Visit":
        """The same, whoever this browser is signed in as."""
        return replace(self, session=None)

    def url(self, name: str, *arguments: str) -> str:
        return reverse(f"{NAMESPACES[self.language]}:{name}", args=arguments)

    def onward(self, name: str, *arguments: str, done: str = "") -> HttpResponseRedirect:
        """303: a form that was sent is not sent again by going back. ``done`` is what the page then says was done."""
        return HttpResponseRedirect(self.url(name, *arguments) + (f"?done={done}" if done else ""), status=303)

    def show(self, template: str, status: int = 200, **context: Any) -> HttpResponse:
        seller: Partner | None = self.session.partner if self.session else context.pop("seller", None)
        match = self.request.resolver_match
        twins = {
            language: reverse(f"{namespace}:{match.url_name}", args=match.args, kwargs=match.kwargs)
            for language, namespace in NAMESPACES.items()
            if match is not None and match.url_name is not None
        }
        query = self.request.META.get("QUERY_STRING", "") if self.request.method in ("GET", "HEAD") else ""
        said = {
            "visit": self,
            "session": self.session,
            "seller": seller,
            "twins": {language: f"{address}?{query}" if query else address for language, address in twins.items()},
            "help_address": SimpleLazyObject(lambda: partners.help_address(seller or partners.house())),
        }
        return render(self.request, f"space/{template}.html", said | context, status=status)


def open_to_all(*methods: str) -> Callable[[Callable[..., HttpResponse]], View]:
    """A page that asks for no session; it gets the :class:`Visit` and what the address holds."""

    def decorate(page: Callable[..., HttpResponse]) -> View:
        @wraps(page)
        def answer(request: HttpRequest, **values: str) -> HttpResponse:
            language = LANGUAGES[str(request.resolver_match.namespace if request.resolver_match else "")]
            with translation.override(language):
                key = request.COOKIES.get(browsers.SESSION, "")
                session = customer_sessions.find(key) if key else None
                try:
                    response = page(Visit(request, language, session), **values)
                except Exceeded as refusal:
                    response = too_many(request, refusal.usage)
            response.headers["Content-Language"] = language
            # "no-referrer" would make the origin of the page's own forms "null", which the CSRF check refuses
            response.headers["Referrer-Policy"] = "same-origin"
            response.headers["X-Robots-Tag"] = "noindex, nofollow"
            return response

        return never_cache(require_http_methods(["GET", "HEAD", *methods])(answer))

    return decorate


def signed_in(*methods: str, lately: bool = False) -> Callable[[Callable[..., HttpResponse]], View]:
    """A page of one's own; whoever is not signed in is asked for an address first, and led back here.

    With ``lately`` so is whoever has proven it longer ago than some minutes: a browser left open is not enough.
    """

    def decorate(page: Callable[..., HttpResponse]) -> View:
        @wraps(page)
        def guarded(visit: Visit, **values: str) -> HttpResponse:
            if visit.session is not None and not (lately and customer_sessions.is_stale(visit.session)):
                return page(visit, **values)
            # a page that wants a proof has a look of its own; what others do is done by a form of another page
            wanted = visit.request.path if lately or visit.request.method in ("GET", "HEAD") else visit.url("home")
            again = f"&{AGAIN}=1" if visit.session is not None else ""
            return HttpResponseRedirect(f"{visit.url('sign_in')}?{NEXT}={quote(wanted)}{again}", status=303)

        return open_to_all(*methods)(guarded)

    return decorate


@contextmanager
def as_customer(instance: Instance, *claims: Claim, audited: str = "") -> Iterator[None]:
    """What is done within is the customer's own act: counted, in the audit trail, and at no cost when it is refused.

    ``audited`` names it there, unless the act itself is told. Raises Exceeded, which is answered here, or what the act
    raises.
    """
    claims = (occasions.customers_act(instance.public_id), *claims)
    usage = counters.take(*claims)
    if usage.exceeded:
        raise Exceeded(usage)
    try:
        with acting(CUSTOMER), transaction.atomic():
            yield
            if audited:
                AuditEntry.write(f"customer:{audited}", instance.pk, after={})
    except DomainError:
        counters.give_back(*claims)
        raise


def safe_next(visit: Visit, wanted: str) -> str:
    """Only pages of the space itself: by prefix, and without anything that a browser reads as another host."""
    home = visit.url("home")
    plain = wanted.startswith(home) and "\\" not in wanted and "//" not in wanted and wanted.isprintable()
    return wanted if plain else home
