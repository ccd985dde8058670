"""What has been agreed with a customer, as a row that stays: of every order, with its price and its terms."""

from datetime import datetime

from django.conf import settings
from django.utils import timezone

from tenants.models import Agreement, Instance
from tenants.services import legal


def write(
    instance: Instance,
    email: str,
    *,
    terms_version: str | None = None,
    network: str = "",
    agreed_at: datetime | None = None,
) -> Agreement:
    """Inside the transaction of the order, or of what comes of it; the terms are the present ones unless others were on
    the page.
    """
    return Agreement.objects.create(
        instance=instance,
        plan=instance.plan,
        price_per_month=instance.price_per_month,
        currency=instance.currency,
        tax=settings.PRICES_TAX,
        terms_version=legal.terms_version() if terms_version is None else terms_version,
        email=email,
        network=network,
        agreed_at=agreed_at or timezone.now(),
    )
