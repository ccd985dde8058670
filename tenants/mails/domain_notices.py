"""What the mails about a customer's own domain say: that it is on, or what went wrong with it later and what to do."""

from collections.abc import Callable

from django.utils.translation import gettext as _

from provisioning.models import Domain
from tenants import domain_names
from tenants.mails.space_pages import space_page
from tenants.mails.told import Notice, Told
from tenants.models import Mail
from tenants.wording import domains


def is_over(mail: Mail) -> bool:
    """Whether what it tells is not so any more."""
    domain = Domain.objects.get(public_id=mail.facts["domain"])
    broken = mail.kind == Mail.Kind.DOMAIN_BROKEN
    return domain.state != Domain.State.ON or broken != (domain.broken_at is not None)


def _on(told: Told) -> Notice:
    domain = _domain(told)
    names = _names(told, domain)
    return Notice(
        _("Your Odoo answers at %(domain)s") % names,
        (
            _("From now on the Odoo of %(company)s is at %(address)s, with a certificate of its own.") % names,
            _("Its e-mails and documents name this address. The former one, %(url)s, goes on working.") % names,
            _("Let both records of your domain stand: without them it stops after some weeks. We look every day."),
        ),
        (_("Open my Odoo"), domain.address),
    )


def _broken(told: Told) -> Notice:
    domain = _domain(told)
    names = _names(told, domain)
    seen = domains.troubles(domain)
    return Notice(
        _("Your domain %(domain)s does not lead to your Odoo as it should") % names,
        (
            _("Something has changed at your domain. Your Odoo itself runs, and you reach it at %(url)s.") % names,
            *(f"{trouble.wrong} {trouble.mend}" for trouble in seen),
            _("Domains are changed where they are managed, at your provider. Afterwards press “Check again”."),
        ),
        (_("See my domain"), space_page(told.instance.language, "domain", told.instance.public_id)),
    )


def _domain(told: Told) -> Domain:
    return Domain.objects.select_related("instance").get(public_id=told.mail.facts["domain"])


def _names(told: Told, domain: Domain) -> dict[str, str]:
    return {
        "company": told.company,
        "domain": domain_names.shown(domain.name),
        "address": domain.address,
        "url": told.instance.url,
    }


NOTICES: dict[str, Callable[[Told], Notice]] = {Mail.Kind.DOMAIN_ON: _on, Mail.Kind.DOMAIN_BROKEN: _broken}
