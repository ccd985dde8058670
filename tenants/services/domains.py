"""Use cases on customers' own domains: added, looked at again, taken away; what follows when one is on or broken."""

from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction

from provisioning.agents import addressing
from provisioning.domains import asking
from provisioning.models import Domain, address_at
from tenants import domain_names
from tenants.errors import DomainTaken, TooManyDomains, UnknownDomain, WrongState
from tenants.mails import news as letters
from tenants.models import AuditEntry, Instance
from tenants.services import preconditions

_N, _S = Domain.News, Domain.State


def add(instance: Instance, text: str) -> Domain:
    """A domain of the customer's own; one of this name that is on its way here already is returned.

    Raises InvalidDomain, ReservedDomain, DomainTaken, TooManyDomains, WrongState or OperationInProgress.
    """
    name = domain_names.normal(text, house=house_names())
    with transaction.atomic():
        locked = Instance.objects.locked().get(pk=instance.pk)
        own = Domain.objects.filter(instance=locked).exclude(state=_S.REMOVED)
        if there := own.filter(name=name, state__in=Domain.LIVE).first():
            return there
        preconditions.require("add_domain", locked)
        if is_full(locked):
            raise TooManyDomains
        try:
            domain = asking.ask(locked.pk, name)
        except asking.Taken as error:
            raise DomainTaken from error
        AuditEntry.write("domain_added", locked.pk, after={"domain": name})
    return domain


def check(domain: Domain) -> None:
    """Have it looked at now. Raises WrongState when it is on its way out."""
    if domain.state not in Domain.LIVE:
        raise WrongState
    asking.look_now(domain)


def remove(domain: Domain) -> None:
    """The address becomes Railway's again at once, everywhere; the name goes at Railway last. Raises WrongState."""
    with transaction.atomic():
        if not asking.remove(domain):
            raise WrongState
        AuditEntry.write("domain_removed", domain.instance_id, after={"domain": domain.name})


def find(instance: Instance, public_id: str) -> Domain:
    """One of this instance's. Raises UnknownDomain."""
    domain = Domain.objects.filter(instance=instance, public_id=public_id).select_related("instance").first()
    if domain is None:
        raise UnknownDomain
    return domain


def living(instance: Instance) -> list[Domain]:
    """Those that are on their way or on, oldest first."""
    rows = Domain.objects.filter(instance=instance).exclude(state=_S.REMOVED).select_related("instance")
    return list(rows.order_by("pk"))


def is_full(instance: Instance) -> bool:
    """Whether it has as many as it may have; one that is on its way out counts."""
    own = Domain.objects.filter(instance=instance).exclude(state=_S.REMOVED)
    return own.count() >= settings.DOMAINS_PER_INSTANCE


def follow(domain: Domain, news: str) -> None:
    """What is said elsewhere when a domain is on, broken, mended or off; in the transaction of that change."""
    instance = Instance.objects.locked().get(pk=domain.instance_id)
    on = Domain.objects.filter(instance=instance, state=_S.ON).order_by("switched_on_at", "pk")
    answering = on.filter(broken_at=None).first()
    Instance.objects.filter(pk=instance.pk).update(own_domain=answering.name if answering else "")
    if news in (_N.ON, _N.OFF) and instance.url:
        first = on.first()
        addressing.want(instance.pk, address_at(instance.url, first.name) if first else instance.url)
    match news:
        case _N.ON:
            letters.write_domain_on(instance, domain)
            AuditEntry.write("domain_on", instance.pk, after={"domain": domain.name})
        case _N.BROKEN:
            letters.write_domain_broken(instance, domain)
            AuditEntry.write("domain_broken", instance.pk, after={"domain": domain.name})


def end_with(instance: Instance) -> None:
    """The instance is no more: its names may be anybody's."""
    asking.end_with(instance.pk)
    Instance.objects.filter(pk=instance.pk).update(own_domain="")


def house_names() -> list[str]:
    """Under which nobody else's name lies: where this site is, and from where it writes."""
    hosts = [urlsplit(settings.PUBLIC_BASE_URL).hostname or "", *settings.ALLOWED_HOSTS]
    sender = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].rstrip(">")
    return [host.lstrip(".").lower() for host in (*hosts, sender) if "." in host and not host.startswith("*")]
