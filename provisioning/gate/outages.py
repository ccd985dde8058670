"""The probe: confirms what is suspected, ends what is over, and lets the waiting operations go on one after another."""

import logging
import random
from datetime import timedelta
from enum import Enum

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from provisioning.gate import circuit, clients
from provisioning.gate.workspaces import UnknownWorkspace
from provisioning.models import Operation, Outage
from provisioning.railway.client import RailwayClient
from provisioning.railway.errors import RailwayError, RailwayPermanent, TokenRefused
from provisioning.states import StepState

logger = logging.getLogger(__name__)

# longer than a probe can last, so that there is one at a time
CLAIM = timedelta(seconds=45)
# so long Railway's own words are believed against a probe that succeeds; then the next operations try
BELIEVED = timedelta(minutes=10)
SOON = timedelta(hours=1)
SPACING_SECONDS = 0.2


class Verdict(Enum):
    UP = "up"
    UNSTABLE = "unstable"
    DOWN = "down"
    TOKEN_REFUSED = "token_refused"


def tend() -> int:
    """Probe whatever is suspected or open and due, and say how many probes were sent; at any time, by anybody."""
    now = timezone.now()
    # later than any pause: the clock was put back
    longest = timedelta(seconds=2 * settings.RAILWAY_OUTAGE_LONGEST_PROBE_SECONDS) + CLAIM
    awaited = Q(probe_at__lte=now) | Q(probe_at__gt=now + longest)
    worth = Q(opened_at__isnull=False) | Q(kind=Outage.Kind.TOKEN) | Q(refusals__gte=circuit.threshold())
    due = Outage.objects.filter(worth, awaited, ended_at=None)
    return sum(_probe(outage) for outage in list(due))


def _probe(outage: Outage) -> bool:
    now = timezone.now()
    mine = Outage.objects.filter(pk=outage.pk, ended_at=None)
    if not mine.filter(probe_at=outage.probe_at).update(probe_at=now + CLAIM):
        return False
    try:
        client = clients.probing(outage.workspace)
    except UnknownWorkspace:
        mine.update(ended_at=now)
        return False
    with client:
        verdict, cause, notice = _ask(client)
    refused = Verdict.TOKEN_REFUSED if outage.kind == Outage.Kind.TOKEN else Verdict.DOWN
    if outage.opened_at is None:
        _judge_suspicion(outage, refused, verdict, cause, notice)
    elif verdict is refused or _still_believed(outage, verdict):
        mine.update(probe_at=now + _pause(outage.pauses + 1), pauses=F("pauses") + 1, notice=notice or outage.notice)
    elif outage.kind == Outage.Kind.TOKEN and verdict is Verdict.DOWN:
        mine.update(probe_at=now + _pause(outage.pauses))
    else:
        _close(outage)
    return True


def _ask(client: RailwayClient) -> tuple[Verdict, str, str]:
    """What Railway says of itself and whether it answers; with the code of the error and Railway's words."""
    notice, stable = "", True
    try:
        try:
            status = client.platform_status()
            notice, stable = status.notice, status.stable
        except RailwayPermanent:
            logger.info("Railway does not tell about its platform")
        client.workspaces()
    except TokenRefused as error:
        return Verdict.TOKEN_REFUSED, error.code, ""
    except RailwayError as error:
        return Verdict.DOWN if error.code in circuit.REFUSALS else Verdict.UP, error.code, notice
    return Verdict.UP if stable else Verdict.UNSTABLE, "", notice


def _judge_suspicion(outage: Outage, refused: Verdict, verdict: Verdict, cause: str, notice: str) -> None:
    said_itself = verdict is Verdict.UNSTABLE and outage.kind == Outage.Kind.API
    if verdict is not refused and not said_itself:
        Outage.objects.filter(pk=outage.pk, opened_at=None).delete()
        return
    now = timezone.now()
    last = Outage.objects.filter(workspace=outage.workspace, kind=outage.kind, ended_at__gt=now - SOON).first()
    pauses = last.pauses + 1 if last else 0
    Outage.objects.filter(pk=outage.pk, ended_at=None).update(
        opened_at=now, pauses=pauses, probe_at=now + _pause(pauses), cause=cause or outage.cause, notice=notice
    )
    circuit.forget()
    logger.error("Railway's workspace %s is out of order: %s %s", outage.workspace, cause or outage.cause, notice)


def _still_believed(outage: Outage, verdict: Verdict) -> bool:
    if verdict is not Verdict.UNSTABLE or outage.cause != circuit.PAUSED or outage.opened_at is None:
        return False
    return timezone.now() < outage.opened_at + BELIEVED


def _pause(number: int) -> timedelta:
    """Doubling from the first to the longest, with some chance, so that many installations do not probe together."""
    first, longest = settings.RAILWAY_OUTAGE_PROBE_SECONDS, settings.RAILWAY_OUTAGE_LONGEST_PROBE_SECONDS
    return timedelta(seconds=min(first * 2.0 ** min(number, 20), longest) * random.uniform(0.9, 1.1))  # noqa: S311


def _close(outage: Outage) -> None:
    """Deadlines get back what the outage took, and the waiting operations go on spread out: all or nothing."""
    now = timezone.now()
    with transaction.atomic():
        if not Outage.objects.filter(pk=outage.pk, ended_at=None).update(ended_at=now):
            return
        if outage.kind == Outage.Kind.API:
            active = Operation.objects.active().filter(spec__workspace=outage.workspace)
            active.update(deadline_at=F("deadline_at") + (now - outage.began_at))
            # who runs at this moment may be about to wait for the end that is now
            active.exclude(lease_token="").update(wakes=F("wakes") + 1)
            waiting = active.filter(steps__state=StepState.WAITING, steps__reason=circuit.WAITING)
            for position, pk in enumerate(waiting.order_by("pk").values_list("pk", flat=True)):
                turn = timedelta(seconds=SPACING_SECONDS * (position + random.random()))  # noqa: S311
                Operation.objects.filter(pk=pk, lease_token="").update(run_after=now + turn)
    circuit.forget()
    logger.warning("Railway's workspace %s answers again after %s", outage.workspace, now - outage.began_at)
