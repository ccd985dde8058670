"""Whose turn it is: a few deliveries at once for each endpoint and partner: nobody waits for another's server."""

from datetime import timedelta

from django.conf import settings
from django.db.models import F, Max, OuterRef, Subquery, Window
from django.db.models.functions import RowNumber
from django.db.transaction import atomic
from django.utils import timezone

from tenants.models import Partner, WebhookDelivery, WebhookEndpoint
from tenants.models.webhook import WebhookDeliveryQuerySet

CLAIM = timedelta(seconds=60)


def take(delivery_id: int) -> WebhookDelivery | None:
    """Claim it, when it is due and its endpoint and partner have one under way less than they may have.

    The claim also schedules the next try, so a worker that is killed in between leads to a
    repetition with the same ``webhook-id``, by which the partner knows it.
    """
    due = WebhookDelivery.objects.due().filter(pk=delivery_id)
    partner_id = due.values_list("endpoint__partner_id", flat=True).first()
    if partner_id is None:
        return None
    with atomic():
        # the partner's other deliveries are counted one after the other
        Partner.objects.select_for_update(no_key=True).filter(pk=partner_id).first()
        delivery = due.select_related("event__partner", "endpoint").first()
        if delivery is None or _busy(delivery):
            return None
        now = timezone.now()
        mine = WebhookDelivery.objects.filter(pk=delivery_id, tries=delivery.tries, run_after=delivery.run_after)
        if not mine.update(tries=F("tries") + 1, run_after=now + CLAIM, claimed_until=now + CLAIM):
            return None
        WebhookEndpoint.objects.filter(pk=delivery.endpoint_id).update(last_tried_at=now)
    delivery.tries += 1
    return delivery


def due_in_turn() -> WebhookDeliveryQuerySet:
    """What is due, first of the partner that was served longest ago."""
    of_partner = WebhookEndpoint.objects.filter(partner=OuterRef("endpoint__partner")).order_by().values("partner")
    served = Subquery(of_partner.annotate(last=Max("last_tried_at")).values("last"))
    rows = WebhookDelivery.objects.due().annotate(served=served)
    return rows.order_by(F("served").asc(nulls_first=True), "run_after", "pk")


def unheard_in_turn() -> WebhookDeliveryQuerySet:
    """Of what is due and nobody has been told of, no more for each endpoint than may be under way."""
    place = Window(RowNumber(), partition_by=F("endpoint"), order_by=("run_after", "pk"))
    rows = WebhookDelivery.objects.unheard().annotate(place=place)
    return rows.filter(place__lte=settings.WEBHOOKS_AT_ONCE_PER_ENDPOINT)


def _busy(delivery: WebhookDelivery) -> bool:
    under_way = WebhookDelivery.objects.filter(
        claimed_until__gt=timezone.now(), endpoint__partner=delivery.endpoint.partner_id
    )
    if under_way.filter(endpoint=delivery.endpoint_id).count() >= settings.WEBHOOKS_AT_ONCE_PER_ENDPOINT:
        return True
    return under_way.count() >= settings.WEBHOOKS_AT_ONCE_PER_PARTNER
