"""The pages of the customer's space, as somebody meets them who signs in or is signed in."""

from collections.abc import Callable, Iterator
from datetime import timedelta

from django.utils import timezone
from playwright.sync_api import Page

from provisioning.models import Agent, Backup, Domain
from tenants.lifecycle import InstanceState
from tenants.models import Instance, Partner
from tenants.services import customer_choices, customer_sessions, plan_changes
from tenants.space import browsers
from tests.journeys import states

REPORT = {
    "users": 7, "lastLogin": "2026-11-26T17:31:00+00:00", "databaseBytes": 94_371_840, "filestoreBytes": 31_457_280,
    "freeBytes": 4_294_967_296, "totalBytes": 5_368_709_120, "odooVersion": "19.0-20260908",
}  # fmt: skip


def of_the_space(site: str, language: str) -> "Iterator[states.State]":
    instance, other = states.ready(language, "space"), states.ready(language, "second")
    Agent.objects.create(instance=instance, token_hash=f"hash-{language}", report=REPORT, reported_at=timezone.now())
    space = f"{site}/espace/" if language == "fr" else f"{site}/en/space/"
    door = f"{space}{'connexion' if language == 'fr' else 'sign-in'}/"
    yield states.State("space-sign-in", door)
    yield states.State("space-code", door, _ask_for_a_code)
    yield states.State("space-wrong-code", door, lambda page: (_ask_for_a_code(page), _enter(page, "12")))
    yield states.State("space-link-over", f"{door}{'lien' if language == 'fr' else 'link'}/nonsense/")

    def signed_in(name: str, path: str, reach: Callable[[Page], object] = lambda page: None) -> "states.State":
        def enter(page: Page) -> None:
            _come_in(page, site, other.tenant.partner, language)
            page.goto(f"{space}{path}")
            reach(page)

        return states.State(f"space-{name}", door, enter)

    yield signed_in("home", "")
    yield signed_in("sessions", "sessions/")
    words = {"fr": ("mot-de-passe", "adresse", "fin", "formule"), "en": ("password", "address", "end", "plan")}[
        language
    ]
    own = f"odoo/{instance.public_id}/"
    yield signed_in("instance", own)
    yield signed_in("done", f"{own}?done=password")
    for name, word in zip(("password", "address", "end", "plan"), words, strict=True):
        yield signed_in(name, f"{own}{word}/")
    rows = ("sauvegardes", "telecharger", "restaurer") if language == "fr" else ("backups", "download", "restore")
    backup = _backed_up(instance)
    yield signed_in("backups", f"{own}{rows[0]}/")
    yield signed_in("download", f"{own}{rows[0]}/{backup.public_id}/{rows[1]}/")
    yield signed_in("restore", f"{own}{rows[0]}/{backup.public_id}/{rows[2]}/")
    yield signed_in("restore-refused", f"{own}{rows[0]}/{backup.public_id}/{rows[2]}/", _restore_something_else)
    domain = f"{own}{'domaine' if language == 'fr' else 'domain'}/"
    yield signed_in("domain", f"odoo/{other.public_id}/{'domaine' if language == 'fr' else 'domain'}/")
    _with_domains(instance)
    yield signed_in("domain-records", domain)
    yield signed_in("domain-refused", domain, _add_no_domain)
    yield signed_in("proof-again", f"{door.removeprefix(space)}?next={space}&again=1")
    yield signed_in("address-codes", f"{own}{words[1]}/", _ask_for_both_codes)
    yield signed_in("plan-refused", f"{own}{words[3]}/", _order_what_is_gone)
    later = states.ready(language, "later")
    plan_changes.order(later, "business", at_period_end=True)
    yield signed_in("plan-scheduled", f"odoo/{later.public_id}/{words[3]}/")
    yield signed_in("end-refused", f"{own}{words[2]}/", _end_on_no_day)
    data = "mes-donnees/" if language == "fr" else "my-data/"
    yield signed_in("data", data)
    erase = f"{data}{'effacer' if language == 'fr' else 'erase'}/"
    yield signed_in("erase", erase)
    yield signed_in("erase-refused", erase, _erase_without_a_word)
    for name, each in _of_every_end(language).items():
        yield signed_in(name, f"odoo/{each.public_id}/")


def _of_every_end(language: str) -> dict[str, Instance]:
    kept = states.ready(language, "kept")
    customer_choices.end_now(kept)
    ending = states.ready(language, "day")
    Instance.objects.filter(pk=ending.pk).update(expires_at=None)
    ending.refresh_from_db()
    customer_choices.end_on(ending, timezone.localdate() + timedelta(days=20))
    ended = states.past(language, InstanceState.DECOMMISSIONED)
    Instance.objects.filter(pk=ended.pk).update(ended_at=timezone.now())
    return {"kept": kept, "on-a-day": ending, "expired": states.expired(language, "over"), "ended": ended}


def _backed_up(instance: Instance) -> Backup:
    """The newest of three, one of which was tried out."""
    now = timezone.now()
    made = [
        Backup.objects.create(
            instance=instance, occasion=occasion, state="good", size=74_500_000 + days, sha256="5" * 64, key=f"k{days}",
            taken_at=now - timedelta(days=days), ended_at=now, proven_at=now if days == 1 else None,
        )
        for days, occasion in ((2, "daily"), (1, "before_change"), (0, "manual"))
    ]  # fmt: skip
    return made[-1]


def _erase_without_a_word(page: Page) -> None:
    page.click("[type=submit].danger")
    page.wait_for_selector("#summary")


def _with_domains(instance: Instance) -> None:
    """One with two mistakes, and one that is on."""
    zone = {"target": "1a2b3c4d.up.railway.app", "zone": "etoile.example", "checked_at": timezone.now()}
    for name, state in (("erp", "records"), ("www", "on")):
        Domain.objects.create(
            instance=instance, name=f"{name}.etoile-{instance.language}.example", state=state, **zone,
            proof_host=f"_railway-verify.{name}.etoile.example", proof=f"railway-verify={'a1b2' * 16}",
            switched_on_at=timezone.now() if state == "on" else None,
            mistakes=[
                {"code": "proxied", "host": "erp.etoile.example", "found": "104.21.7.9", "wanted": zone["target"]},
                {"code": "proof_doubled", "host": "_railway-verify.erp.etoile.example.etoile.example",
                 "wanted": "_railway-verify.erp.etoile.example"},
            ] if state == "records" else [],
        )  # fmt: skip


def _add_no_domain(page: Page) -> None:
    page.fill("#id_name", "*.etoile.example")
    page.click("form button.main >> nth=0")
    page.wait_for_selector("#summary")


def _restore_something_else(page: Page) -> None:
    page.fill("#id_name", "something")
    page.click("button.danger")
    page.wait_for_selector("#summary")


def _ask_for_both_codes(page: Page) -> None:
    page.fill("#id_email", "nouvelle@etoile.example")
    page.click("form button.main")
    page.wait_for_selector("#id_present")


def _order_what_is_gone(page: Page) -> None:
    """As when a plan is not offered any more since the page was opened."""
    page.evaluate("document.querySelector('[name=plan]').value = 'gone'")
    page.check("[name=plan] >> nth=0")
    page.click("button.main")
    page.wait_for_selector("#summary")


def _end_on_no_day(page: Page) -> None:
    page.check("[value=day]")
    page.click("button.danger")
    page.wait_for_selector("#summary")


def _come_in(page: Page, site: str, partner: Partner, language: str) -> None:
    """As the customer, by the key that signing in gives."""
    _session, key = customer_sessions.start(
        "marie@etoile.example", partner, language=language, browser="Firefox, Windows", network="192.0.2.1", known=True
    )
    page.context.add_cookies([{"name": browsers.SESSION, "value": key, "url": site}])


def _ask_for_a_code(page: Page) -> None:
    page.fill("#id_email", "marie@etoile.example")
    page.click("form button.main")
    page.wait_for_selector("#id_code")


def _enter(page: Page, code: str) -> None:
    page.fill("#id_code", code)
    page.click("form button.main")
    page.wait_for_selector("#summary")
