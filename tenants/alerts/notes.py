"""The messages about alerts, in the site's language: to staff by e-mail and to a Slack-compatible webhook."""

import json
import logging
from datetime import timedelta

from django.conf import settings
from django.db.models import F
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.html import format_html
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from provisioning.errors import Permanent, ProvisioningError
from provisioning.hooks.client import post
from provisioning.mail.letter import Letter, send
from provisioning.reasons import Reason, reason
from tenants.limits.policies import POLICIES
from tenants.models import Alert, AlertNote, Mail

logger = logging.getLogger(__name__)

LONGEST_PAUSE = timedelta(hours=1)
MAX_ATTEMPTS = 30
PAGES = {
    Alert.Kind.FAILED: "tenants_instance_changelist",
    Alert.Kind.STUCK: "tenants_instance_changelist",
    Alert.Kind.MAIL: "tenants_mail_changelist",
    Alert.Kind.ENDPOINT: "tenants_webhookendpoint_changelist",
    Alert.Kind.INSTANCE: "tenants_instance_changelist",
    Alert.Kind.AFTERWARDS: "tenants_instance_changelist",
    Alert.Kind.UNTOLD: "tenants_instance_changelist",
    Alert.Kind.BACKUP: "tenants_instance_changelist",
    Alert.Kind.DIFFERENCE: "tenants_reconciliation_changelist",
    Alert.Kind.EVENT: "provisioning_unreadableevent_changelist",
    Alert.Kind.DRILL: "tenants_restoredrill_changelist",
    Alert.Kind.DOMAIN: "provisioning_domain_changelist",
    Alert.Kind.SITE_BACKUP: "provisioning_sitebackup_changelist",
    Alert.Kind.LIMIT: "tenants_heldback_changelist",
    Alert.Kind.POOL: "tenants_pool_changelist",
    Alert.Kind.SEED: "tenants_pool_changelist",
    Alert.Kind.COST: "tenants_costline_changelist",
}
# their topic is a code of the catalogue of reasons
EXPLAINED = (
    Alert.Kind.FAILED,
    Alert.Kind.INSTANCE,
    Alert.Kind.AFTERWARDS,
    Alert.Kind.BACKUP,
    Alert.Kind.DRILL,
    Alert.Kind.SITE_BACKUP,
    Alert.Kind.COST,
)


def send_due() -> int:
    """Send what is due and say how many went out; what fails is tried again with growing pauses, each by itself."""
    due = AlertNote.objects.filter(sent_at=None, run_after__lte=timezone.now(), attempts__lt=MAX_ATTEMPTS)
    return sum(_send(note) for note in list(due.select_related("alert").order_by("pk")[:100]))


def _send(note: AlertNote) -> bool:
    pause = min(timedelta(seconds=30 * 2 ** min(note.attempts, 10)), LONGEST_PAUSE)
    row = AlertNote.objects.filter(pk=note.pk, sent_at=None)
    if not row.filter(attempts=note.attempts).update(attempts=F("attempts") + 1, run_after=timezone.now() + pause):
        return False
    try:
        with translation.override(settings.LANGUAGE_CODE):
            _hand_over(note)
    except ProvisioningError as error:
        _put_off(note, error)
        return False
    except Exception as error:
        # one message that cannot be sent keeps none of the others
        logger.exception("The message about alert %s could not be sent", note.alert_id)
        row.update(error=type(error).__name__)
        return False
    row.update(sent_at=timezone.now(), error="")
    return True


def _put_off(note: AlertNote, error: ProvisioningError) -> None:
    final = isinstance(error, Permanent)
    logger.log(
        logging.ERROR if final else logging.WARNING,
        "The message about alert %s %s: %s",
        note.alert_id,
        "is given up" if final else "waits",
        error.message,
    )
    row = AlertNote.objects.filter(pk=note.pk, sent_at=None)
    row.update(error=error.message[:300], **({"attempts": MAX_ATTEMPTS} if final else {}))


def _hand_over(note: AlertNote) -> None:
    subject, text = subject_of(note), text_of(note)
    if "@" in note.recipient:
        html = format_html('<p style="white-space:pre-line">{}</p>', text)
        send(Letter(to=note.recipient, subject=subject, text=text, html=html, message_id=note.message_id))
        return
    body = json.dumps({"text": f"{subject}\n{text}"})
    answer = post(settings.ALERT_WEBHOOK_URL, body=body, headers={}, allow_loopback=settings.WEBHOOK_ALLOW_LOOPBACK)
    if not answer.taken:
        raise ProvisioningError(f"The alert webhook answered {answer.status}.")


def subject_of(note: AlertNote) -> str:
    what = headline(note.alert)
    if note.news == AlertNote.News.OVER:
        return _("EAZYNOVA: over: %(what)s") % {"what": what}
    if note.news == AlertNote.News.STILL:
        return _("EAZYNOVA: still: %(what)s") % {"what": what}
    return _("EAZYNOVA: %(what)s") % {"what": what}


def headline(alert: Alert) -> str:
    """What it is about, in one line."""
    topic = topic_of(alert)
    return f"{alert.get_kind_display()} ({topic})" if topic else alert.get_kind_display()


def topic_of(alert: Alert) -> str:
    """What groups it, with a word for a mail's state or a limit."""
    if alert.kind == Alert.Kind.LIMIT:
        policy, _colon, name = alert.topic.partition(":")
        label = str(POLICIES[policy].label) if policy in POLICIES else policy
        return f"{label} {name}".strip()
    return str(dict(Mail.State.choices).get(alert.topic, alert.topic)) if alert.kind == Alert.Kind.MAIL else alert.topic


def why_of(alert: Alert) -> Reason | None:
    """What the catalogue says, where the topic is one of its reasons."""
    # behind a colon stands whose it is
    return reason(alert.topic.partition(":")[0]) if alert.kind in EXPLAINED and alert.topic else None


def text_of(note: AlertNote) -> str:
    alert = note.alert
    since = f"{localtime(alert.opened_at):%Y-%m-%d %H:%M}"
    if note.news == AlertNote.News.OVER and alert.closed_at:
        minutes = max(1, round((alert.closed_at - alert.opened_at).total_seconds() / 60))
        lines = [_("Since %(since)s, for %(minutes)d minutes; at most %(count)d at once.")]
        values = {"since": since, "minutes": minutes, "count": alert.most}
    else:
        lines, values = [_("Since %(since)s; %(count)d at this moment.")], {"since": since, "count": alert.count}
    lines = [lines[0] % values]
    why = why_of(alert)
    if why is not None:
        lines += [str(why.sentence), str(why.advice)]
    lines += [", ".join(alert.references), settings.PUBLIC_BASE_URL + page_of(alert)]
    return "\n".join(line for line in lines if line)


def page_of(alert: Alert) -> str:
    """Staff's page with exactly what it is about."""
    page = PAGES.get(Alert.Kind(alert.kind), "tenants_alert_changelist")
    query = f"?to_do={alert.kind}" if page == "tenants_instance_changelist" else ""
    return reverse(f"admin:{page}") + query
