"""Every e-mail that a customer can get, as the provider gets it, for screenshots."""

from collections.abc import Iterator

from django.core.signing import TimestampSigner
from django.utils import timezone

from provisioning.models import Domain, Operation
from tenants.lifecycle import InstanceState
from tenants.mails import composing, news, outbox
from tenants.models import AddressProof, CustomerSession, Instance, Mail, PlanChange, Signup
from tenants.services import address_proof, customer_sessions, plan_changes
from tests import factories
from tests.journeys import states


def letters(language: str) -> Iterator[tuple[str, str, str]]:
    """The name, the HTML and the plain text of each e-mail, as the provider gets them."""
    instance = states.ready(language, "letters")
    operation = Operation.objects.get(instance=instance)
    partner = factories.make_partner(f"Alice Conseil {language}", reply_to="aide@alice.example")
    sold = states.ready(language, "sold", partner=partner)
    signup = Signup.objects.get(
        ticket=TimestampSigner(salt=composing.CONFIRMATION_SALT).unsign(states.confirmation_token(language))
    )
    for mail in (
        outbox.write_welcome(instance, operation),
        outbox.write_failure(instance, operation),
        news.write_expires_soon(instance, 7),
        outbox.write_confirmation(signup),
        news.write_email_changed(instance, operation, "ancienne@etoile.example"),
    ):
        yield mail.kind, *_written(mail)
    yield from _of_ends(language, operation, sold)
    yield from _of_a_domain(language)
    yield from _of_the_space(language, instance)
    for state, write in (("done", news.write_plan_changed), ("failed", news.write_plan_kept)):
        plan_changes.order(instance, "business", at_period_end=True)
        PlanChange.objects.unfinished().update(state=state, reason="plan_not_changed", ended_at=timezone.now())
        change = PlanChange.objects.filter(instance=instance).latest("pk")
        yield write.__name__.removeprefix("write_").replace("_", "-"), *_written(write(instance, change))
    yield "welcome-partner", *_written(outbox.write_welcome(sold, Operation.objects.get(instance=sold)))


def _of_ends(language: str, operation: Operation, sold: Instance) -> Iterator[tuple[str, str, str]]:
    ended = states.past(language, InstanceState.DECOMMISSIONED)
    Instance.objects.filter(pk=ended.pk).update(ended_at=timezone.now())
    ready_again, stopped = states.ready(language, "again"), states.past(language, InstanceState.SUSPENDED)
    for name, mail in {
        "suspended-expired": news.write_suspended(
            states.expired(language, "mailed"), f"expired-{language}", by="expiry"
        ),
        "suspended": news.write_suspended(stopped, f"stopped-{language}"),
        "resumed": news.write_resumed(ready_again, operation),
        "deletion-scheduled": news.write_deletion_scheduled(
            states.scheduled(states.ready(language, "owner")), by="customer"
        ),
        "deletion-scheduled-partner": news.write_deletion_scheduled(states.scheduled(sold)),
        "deletion-soon": news.write_deletion_soon(states.scheduled(states.ready(language, "soon"), 1)),
        "deletion-undone": news.write_deletion_undone(ready_again, timezone.now()),
        "deletion-begun": news.write_deletion_begun(states.ready(language, "now"), operation),
        "deleted": news.write_deleted(ended, operation, ""),
    }.items():
        yield name, *_written(mail)
    Instance.objects.filter(pk=sold.pk).update(decommission_after=None)
    sold.refresh_from_db()


def _of_a_domain(language: str) -> Iterator[tuple[str, str, str]]:
    instance, now = states.ready(language, "domain"), timezone.now()
    domain = Domain.objects.create(
        instance=instance, name=f"erp.lettre-{language}.example", state="on", switched_on_at=now, zone="lettre.example"
    )
    yield "domain-on", *_written(news.write_domain_on(instance, domain))
    domain.broken_at = now
    domain.mistakes = [{"code": "missing", "host": domain.name, "wanted": "1a2b3c4d.up.railway.app"}]
    domain.save()
    yield "domain-broken", *_written(news.write_domain_broken(instance, domain))


def _of_the_space(language: str, instance: Instance) -> Iterator[tuple[str, str, str]]:
    purposes = AddressProof.Purpose
    for purpose in purposes:
        about = None if purpose == purposes.SIGN_IN else instance
        proof = address_proof.ask(instance.admin_email, language=language, purpose=purpose, instance=about)
        yield f"code-{purpose}", *_written(Mail.objects.get(purpose=f"address-proof:{proof.handle}"))
    seller, words = (
        instance.tenant.partner,
        {"language": language, "browser": "Firefox, Windows", "network": "192.0.2.1"},
    )
    for _time in range(2):
        session, _key = customer_sessions.start(instance.admin_email, seller, known=False, **words)
    yield "new-sign-in", *_written(Mail.objects.get(purpose=f"new-sign-in:{session.public_id}"))
    CustomerSession.objects.all().delete()


def _written(mail: Mail) -> tuple[str, str]:
    letter = composing.letter(Mail.objects.get(pk=mail.pk))
    return letter.html, letter.text
