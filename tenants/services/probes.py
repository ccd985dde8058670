"""The rota: every live instance is looked at again and again, slowly, the way its customer would."""

import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import F, Q
from django.utils import timezone

from provisioning.odoo import proof
from provisioning.odoo.client import OdooClient
from provisioning.odoo.errors import LoginRefused, OdooError
from provisioning.sealing import SealBroken
from provisioning.states import OperationState
from tenants.lifecycle import InstanceState
from tenants.models import Instance, Mail, Probe

logger = logging.getLogger(__name__)
TIMEOUT_SECONDS = 10.0
AT_ONCE = 5


@dataclass(frozen=True)
class Look:
    """What is needed to look at one instance without the database. ``password`` is None when it is not to be tried;
    ``proven_by`` is the operation that proved it.
    """

    instance_id: int
    url: str
    database: str
    login: str
    password: str | None
    proven_by: int = 0


@dataclass(frozen=True)
class Finding:
    """``error`` is empty when it answered. A refused login is no silence: customers may change their passwords.
    ``refused`` is the operation that had proven it, or 0.
    """

    instance_id: int
    error: str = ""
    refused: int = 0


def look_around() -> int:
    """Look at the instances whose turn it is, the longest unseen first; returns how many were looked at."""
    looks = _due()
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="probe") as pool:
        findings = list(pool.map(_look, looks))
    for finding in findings:
        _record(finding)
    return len(findings)


def _due() -> list[Look]:
    """Ready, and nothing works on it: what is being changed may be away for a moment."""
    before = timezone.now() - timedelta(minutes=settings.PROBE_INTERVAL_MINUTES)
    rows = (
        Instance.objects.real()
        .filter(state=InstanceState.READY)
        .filter(Q(probe=None) | _long_unseen("probe__", before))
        .exclude(operations__state=OperationState.ACTIVE)
        .select_related("probe")
        .order_by(F("probe__looked_at").asc(nulls_first=True), "pk")
    )
    return [_of(instance) for instance in rows[: settings.PROBES_A_MINUTE] if _claim(instance, before)]


def _long_unseen(prefix: str, before: datetime) -> Q:
    return Q(**{f"{prefix}looked_at": None}) | Q(**{f"{prefix}looked_at__lt": before})


def _claim(instance: Instance, before: datetime) -> bool:
    """A look at many that do not answer lasts longer than a minute: the next one must not count them twice."""
    Probe.objects.get_or_create(instance=instance)
    mine = Probe.objects.filter(_long_unseen("", before), instance=instance)
    return bool(mine.update(looked_at=timezone.now()))


def _of(instance: Instance) -> Look:
    """What a mail is still to tell is not tried: a refusal would take it away before it is told."""
    proven = instance.proven_access()
    password = None
    if proven is not None and not _untold(instance):
        try:
            password = proven.secrets().get("admin_password")
        except SealBroken:
            logger.warning("The password of %s is sealed with a key that is gone", instance)
    proven_by = proven.pk if proven else 0
    return Look(instance.pk, instance.url, instance.database_name, instance.admin_email, password, proven_by)


def _untold(instance: Instance) -> bool:
    return instance.mails.filter(kind=Mail.Kind.WELCOME, state=Mail.State.QUEUED).exists()


def _look(look: Look) -> Finding:
    try:
        proof.check_alive(look.url, look.database, timeout=TIMEOUT_SECONDS)
        if look.password is not None:
            with OdooClient(look.url, look.database, TIMEOUT_SECONDS) as odoo:
                odoo.authenticate(look.login, look.password)
    except LoginRefused:
        return Finding(look.instance_id, refused=look.proven_by)
    except OdooError as error:
        return Finding(look.instance_id, error.code)
    except Exception:
        # whatever a customer's server answers, the others are looked at all the same
        logger.exception("The look at %s failed unexpectedly", look.url)
        return Finding(look.instance_id, "unexpected")
    return Finding(look.instance_id)


def _record(finding: Finding) -> None:
    """N of the last M: one lost packet is no outage, and one lucky answer is no recovery."""
    now = timezone.now()
    probe, _new = Probe.objects.get_or_create(instance_id=finding.instance_id)
    letter = "n" if finding.error else "y"
    probe.outcomes = (letter + probe.outcomes)[: settings.PROBE_WINDOW]
    probe.looked_at, probe.error = now, finding.error
    silent = probe.outcomes.count("n") >= settings.PROBE_FAILURES
    probe.silent_since = (probe.silent_since or now) if silent else None
    probe.save()
    if finding.refused:
        # one wrong password is enough: Odoo locks out who goes on trying
        Instance.objects.get(pk=finding.instance_id).forget_password(proven_by=finding.refused)
