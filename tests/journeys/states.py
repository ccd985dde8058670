"""Every page and state that a visitor can meet, staged without waiting: for axe, narrow screens and screenshots."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from django.core.signing import TimestampSigner
from django.db.models import F
from django.template.loader import render_to_string
from django.utils import timezone
from playwright.sync_api import Page

from provisioning.models import Operation, Step
from provisioning.states import OperationState, StepState
from tenants.lifecycle import InstanceState
from tenants.mails import composing
from tenants.models import ApiKey, Instance, Plan, Signup
from tenants.services import keys, partners
from tenants.web import books
from tests import factories
from tests.journeys import space_states

COMPANY = "Café de l’Étoile & fils"


@dataclass(frozen=True)
class State:
    """``address`` is opened, then ``reach`` does what a visitor does to come there."""

    name: str
    address: str
    reach: Callable[[Page], object] = lambda page: None


def pages(site: str, foreign: str, language: str) -> Iterator[State]:
    """The states of the site at ``site``, and of the widget on the partner's site at ``foreign``."""
    yield State("home", site)
    yield State("form-errors", site, _send_wrong)
    yield State("form-filled", site, _fill)
    yield State("form-address-refused", site, _choose_taken)
    yield State("form-address-sent-refused", site, _send_taken)
    yield State("confirm-sent", f"{site}/confirm/sent/")
    yield State("confirm", f"{site}/confirm/{confirmation_token(language)}/")
    yield State("confirm-taken", f"{site}/confirm/{confirmation_token(language, client_name=taken(language))}/")
    yield State("confirm-refused", f"{site}/confirm/nonsense/")
    yield State("too-many", site, _send_often)
    for name, make in PROGRESS.items():
        yield State(f"progress-{name}", address_of(site, make(language)))
    yield State("progress-password", address_of(site, ready(language, "password")), _reveal)
    yield from space_states.of_the_space(site, language)
    yield State("books", f"{site}{books.address_of('books', language)}")
    for name in books.BOOKS:
        yield State(name.replace("_", "-"), f"{site}{books.address_of(name, language)}")
    yield State("problems", f"{site}/api/problems")
    yield State("problem", f"{site}/api/problems/client_name_taken")
    yield State("test-instance", f"{site}/test-instances/{_tried_out(language).public_id}/")
    yield State("missing", f"{site}/nowhere/")
    yield State("broken", f"{site}/", _break)
    yield State("widget", foreign)
    yield State("widget-errors", foreign, lambda page: (page.fill("#company", "Acme"), page.click("button")))
    yield State("widget-done", foreign, _order_by_widget)


@contextmanager
def foreign_site(site: str, language: str) -> Iterator[str]:
    """A partner's page at another origin, with the widget's tag in it."""
    partner = factories.make_partner(f"Alice {language}")
    _row, key = keys.issue(partner, kind=ApiKey.Kind.PUBLISHABLE)
    tag = f'<script src="{site}/static/js/widget/eazynova.js" data-key="{key}" data-color="#0a7d4f"></script>'
    body = f"<!doctype html><html lang={language}><title>Alice</title><meta name=viewport content='width=device-width'>"
    body += f"<main><h1>Alice Conseil</h1>{tag}</main>"

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *words: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    origin = f"http://127.0.0.1:{server.server_port}"
    partner.allowed_origins = [origin]
    partner.save(update_fields=["allowed_origins"])
    yield origin
    server.shutdown()
    server.server_close()


def _fill(page: Page) -> None:
    page.fill("#id_company", COMPANY)
    page.fill("#id_email", "marie@etoile.example")
    page.wait_for_selector("#client_name-help strong")


def _choose_taken(page: Page) -> None:
    _fill(page)
    page.fill("#id_client_name", taken("fr"))
    page.wait_for_selector("#client_name-help button")


def _send_taken(page: Page) -> None:
    _choose_taken(page)
    page.click("form button.main")
    page.wait_for_selector("#summary")


def taken(language: str) -> str:
    """A client name that somebody has."""
    instance = Instance.objects.filter(client_name=f"etoile-taken-{language}").first()
    return (instance or _order(language, "taken")).client_name


def _send_wrong(page: Page) -> None:
    page.fill("#id_email", "marie")
    page.click("form button.main")
    page.wait_for_selector("#summary")


def _send_often(page: Page) -> None:
    """A visitor whose five orders of this hour are behind him."""
    for number in range(5):
        order = {"company": f"Atelier {number}", "email": "marie@etoile.example", "plan": "demo"}
        page.request.post(f"{page.url}signup", data=order)
    _fill(page)
    page.click("form button.main")
    page.wait_for_selector("h1:not(#form-title)")
    page.wait_for_selector("form", state="detached")


def _break(page: Page) -> None:
    """What the web server answers when the code fails: the page stands alone, so it is shown alone."""
    markup = render_to_string("500.html")
    page.route("**/broken/", lambda route: route.fulfill(status=500, content_type="text/html", body=markup))
    page.goto(f"{page.url}broken/")


def _reveal(page: Page) -> None:
    page.click("[data-reveal] [type=submit]")
    page.wait_for_selector("#password:visible")


def _order_by_widget(page: Page) -> None:
    page.fill("#company", "Boulangerie d’Alice")
    page.fill("#email", "alice@pain.example")
    page.click("button")
    page.wait_for_selector(".done")


def address_of(site: str, instance: Instance) -> str:
    return f"{site}/instances/{instance.public_id}/?token={instance.status_token}"


def confirmation_token(language: str, client_name: str = "") -> str:
    """The token of a confirmation link that nobody has opened yet."""
    plan = Plan.objects.get(code="demo")
    end = timezone.now() + timedelta(hours=20)
    values = {"partner": partners.house(), "plan": plan, "company": COMPANY, "expires_at": end, "language": language}
    values |= {"client_name": client_name}
    ticket = f"ticket-{language}-{client_name}"
    Signup.objects.get_or_create(ticket=ticket, defaults=values | {"email": "marie@etoile.example"})
    return TimestampSigner(salt=composing.CONFIRMATION_SALT).sign(ticket)


def _order(language: str, name: str, **values: object) -> Instance:
    order = {"company": COMPANY, "email": "marie@etoile.example", "language": language} | values
    return factories.order_instance(f"etoile-{name}-{language}", **order)


def at_step(language: str, name: str, code: str, reason: str) -> Instance:
    """A creation that has come to the step ``code``, which waits for ``reason``."""
    instance = _order(language, name)
    operation = Operation.objects.get(instance=instance)
    now = timezone.now()
    current = operation.steps.get(code=code)
    operation.steps.filter(position__lt=current.position).update(state=StepState.DONE, started_at=now, ended_at=now)
    Step.objects.filter(pk=current.pk).update(state=StepState.WAITING, started_at=now, reason=reason)
    queue = "project_create:default" if reason == "waiting_for_turn" else ""
    Operation.objects.filter(pk=operation.pk).update(queue=queue)
    Instance.objects.filter(pk=instance.pk).update(state=InstanceState.PROVISIONING)
    return instance


def ready(language: str, name: str = "ready", **values: object) -> Instance:
    instance, now = _order(language, name, **values), timezone.now()
    Operation.objects.filter(instance=instance).update(state=OperationState.SUCCEEDED, ended_at=now)
    url = "https://eazynova-cafe-de-l-etoile-et-fils.up.railway.app"
    changes = {"state": InstanceState.READY, "url": url, "ready_at": now, "expires_at": now + timedelta(days=14)}
    Instance.objects.filter(pk=instance.pk).update(**changes)
    instance.refresh_from_db()
    return instance


def _tried_out(language: str) -> Instance:
    instance = ready(language, "tried-out")
    Instance.objects.filter(pk=instance.pk).update(workspace="test")
    return instance


def _failed(language: str) -> Instance:
    instance = at_step(language, "failed", "deploy_odoo", "")
    values = {"state": OperationState.FAILED, "ended_at": timezone.now(), "reason": "deployment_failed"}
    Operation.objects.filter(instance=instance).update(**values)
    Instance.objects.filter(pk=instance.pk).update(state=InstanceState.FAILED)
    return instance


def _late(language: str) -> Instance:
    instance = at_step(language, "late", "deploy_odoo", "waiting_for_odoo")
    Operation.objects.filter(instance=instance).update(deadline_at=F("deadline_at") - timedelta(hours=2))
    Step.objects.filter(operation__instance=instance).exclude(started_at=None).update(
        started_at=F("started_at") - timedelta(hours=2), ended_at=F("ended_at") - timedelta(hours=2)
    )
    return instance


def scheduled(instance: Instance, days: int = 7) -> Instance:
    Instance.objects.filter(pk=instance.pk).update(decommission_after=timezone.now() + timedelta(days=days))
    instance.refresh_from_db()
    return instance


def expired(language: str, name: str = "expired") -> Instance:
    """A trial that is over, stopped, and kept for some days."""
    instance = scheduled(ready(language, name))
    ended = timezone.now() - timedelta(hours=1)
    Instance.objects.filter(pk=instance.pk).update(state=InstanceState.SUSPENDED, expires_at=ended)
    instance.refresh_from_db()
    return instance


def past(language: str, state: str) -> Instance:
    instance = ready(language, state)
    Instance.objects.filter(pk=instance.pk).update(state=state)
    return instance


PROGRESS: dict[str, Callable[[str], Instance]] = {
    "running": lambda language: at_step(language, "running", "deploy_odoo", "waiting_for_odoo"),
    "slot": lambda language: at_step(language, "slot", "create_project", "waiting_for_turn"),
    "outage": lambda language: at_step(language, "outage", "create_volumes", "railway_unreachable"),
    "ready": ready,
    "late": _late,
    "failed": _failed,
    "suspended": lambda language: past(language, InstanceState.SUSPENDED),
    "expired": expired,
    "stopping": lambda language: scheduled(ready(language, "stopping")),
    "ending": lambda language: past(language, InstanceState.DECOMMISSIONING),
    "ended": lambda language: past(language, InstanceState.DECOMMISSIONED),
}
