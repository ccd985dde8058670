"""The circuit of each Railway workspace, shared by all processes: open while its API as a whole refuses.

A refusal alone proves nothing. Some of them raise a suspicion, a probe decides (`recovery.tend`), and while the
circuit is open nothing but the probe is sent: operations wait, and their deadlines wait with them.
"""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from provisioning.models import Outage
from provisioning.railway.errors import RailwayTemporary
from provisioning.railway.exchange import Exchange

WAITING = "waiting_for_railway_outage"
PAUSED = "railway_paused"
# said on purpose, to all of us: that needs no repetition, only the probe
SAID = frozenset({PAUSED, "railway_edge_blocked"})
REFUSALS = SAID | {"railway_unreachable", "railway_lost_answer", "railway_server_problem"}
TOKEN_REFUSALS = frozenset({"railway_token_refused", "railway_not_authorized"})
SUSPICION = timedelta(minutes=10)
LONGEST_WAIT = 300.0
# how long this process believes what it last read
BELIEVED_SECONDS = 1.0
_read: dict[str, tuple[float, bool]] = {}


class CircuitOpen(RailwayTemporary):
    """Railway as a whole refuses: nothing was sent."""

    code = WAITING
    pause = LONGEST_WAIT


@dataclass(frozen=True)
class CircuitState:
    """``since``, ``cause`` (a code of the catalogue of reasons) and ``notice`` (Railway's words) of the present outage.

    ``token_refused_since`` is a condition of its own: it does not open the circuit.
    """

    workspace: str
    open: bool
    since: datetime | None = None
    cause: str = ""
    notice: str = ""
    next_probe_at: datetime | None = None
    token_refused_since: datetime | None = None


def state(workspace: str = "default") -> CircuitState:
    """As the database has it now: for dashboards, metrics and readiness."""
    present = {outage.kind: outage for outage in confirmed().filter(workspace=workspace)}
    api, token = present.get(Outage.Kind.API), present.get(Outage.Kind.TOKEN)
    refused_since = token.began_at if token else None
    if api is None:
        return CircuitState(workspace, open=False, token_refused_since=refused_since)
    return CircuitState(workspace, True, api.began_at, api.cause, api.notice, api.probe_at, refused_since)


def confirmed() -> "QuerySet[Outage]":
    """The outages of this moment that a probe has confirmed."""
    return Outage.objects.filter(ended_at=None, opened_at__isnull=False)


def is_open(workspace: str, *, fresh: bool = False) -> bool:
    """Believed for a second a process; ``fresh`` asks the database."""
    now = time.time()
    read_at, found = _read.get(workspace, (0.0, False))
    if fresh or not 0 <= now - read_at < BELIEVED_SECONDS:
        found = confirmed().filter(workspace=workspace, kind=Outage.Kind.API).exists()
        _read[workspace] = (now, found)
    return found


def forget() -> None:
    """Let this process read anew."""
    _read.clear()


def lost_time(workspace: str, since: datetime) -> timedelta:
    """How much of the time since then was outage."""
    now = timezone.now()
    rows = Outage.objects.filter(Q(ended_at=None) | Q(ended_at__gt=since), workspace=workspace, kind=Outage.Kind.API)
    spans = rows.exclude(opened_at=None).values_list("began_at", "ended_at")
    return sum(((end or now) - max(began, since) for began, end in spans), timedelta())


def gate(workspace: str, document: str) -> None:
    """Before each request. Raises CircuitOpen."""
    if is_open(workspace):
        raise CircuitOpen("Railway as a whole does not answer: nothing is sent before a probe succeeds.")


def hear(workspace: str, done: Exchange) -> None:
    """After each request: count what may be the sign of an outage, or of a token that is refused."""
    if done.outcome in REFUSALS:
        _suspect(workspace, Outage.Kind.API, done.outcome, threshold() if done.outcome in SAID else 1)
    elif done.outcome in TOKEN_REFUSALS:
        _suspect(workspace, Outage.Kind.TOKEN, done.outcome, 1)


def threshold() -> int:
    """How many refusals within ten minutes make a probe worth while."""
    most: int = settings.RAILWAY_OUTAGE_REFUSALS
    return most


def _suspect(workspace: str, kind: str, cause: str, weight: int) -> None:
    present = Outage.objects.filter(workspace=workspace, kind=kind, ended_at=None)
    present.filter(opened_at=None, began_at__lt=timezone.now() - SUSPICION).delete()
    heard = {"refusals": F("refusals") + weight, "cause": cause}
    if present.filter(opened_at=None).update(**heard) or present.exists():
        return
    try:
        with transaction.atomic():
            Outage.objects.create(workspace=workspace, kind=kind, refusals=weight, cause=cause)
    except IntegrityError:
        present.filter(opened_at=None).update(**heard)
