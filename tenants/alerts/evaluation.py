"""How alerts are evaluated: opened when a condition appears, updated while it lasts, closed when it has stayed away."""

from datetime import timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from provisioning.mail.message_ids import new_message_id
from tenants.alerts import notes
from tenants.alerts.conditions import Condition, present
from tenants.models import Alert, AlertNote

# what comes back sooner is still the same alert
AWAY = timedelta(minutes=2)
WEBHOOK = "webhook"


def evaluate() -> int:
    """Compare the conditions of this moment with the open alerts, send what is due; returns how many are open."""
    found = present()
    for condition in found:
        _see(condition)
    for alert in Alert.objects.filter(closed_at=None, seen_at__lt=timezone.now() - AWAY):
        _close(alert)
    notes.send_due()
    return Alert.objects.filter(closed_at=None).count()


def _see(condition: Condition) -> None:
    now = timezone.now()
    same = Alert.objects.filter(kind=condition.kind, topic=condition.topic, closed_at=None)
    alert = same.first()
    if alert is None:
        _open(condition)
        return
    same.update(
        count=condition.count,
        most=max(alert.most, condition.count),
        references=list(condition.references),
        seen_at=now,
    )
    interval = timedelta(hours=settings.ALERT_REMINDER_HOURS)
    if interval and alert.reminded_at < now - interval:
        with transaction.atomic():
            if same.filter(reminded_at=alert.reminded_at).update(reminded_at=now):
                _write_notes(alert, AlertNote.News.STILL)


def _open(condition: Condition) -> None:
    try:
        with transaction.atomic():
            alert = Alert.objects.create(
                kind=condition.kind,
                topic=condition.topic,
                count=condition.count,
                most=condition.count,
                references=list(condition.references),
            )
            _write_notes(alert, AlertNote.News.OPENED)
    except IntegrityError:
        # another process saw it at the same moment
        return


def _close(alert: Alert) -> None:
    with transaction.atomic():
        if Alert.objects.filter(pk=alert.pk, closed_at=None).update(closed_at=timezone.now()):
            _write_notes(alert, AlertNote.News.OVER)


def _write_notes(alert: Alert, news: str) -> None:
    recipients = [*settings.STAFF_ALERT_EMAILS, *([WEBHOOK] if settings.ALERT_WEBHOOK_URL else [])]
    AlertNote.objects.bulk_create(
        AlertNote(alert=alert, news=news, recipient=each, message_id=new_message_id()) for each in recipients
    )
