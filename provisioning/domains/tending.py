"""A look at one domain and what follows from it: each in a lease, recorded in one transaction, repeated at any time."""

import logging
from collections.abc import Callable
from copy import copy
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from provisioning.agents import addressing
from provisioning.dns.asking import Asker
from provisioning.dns.examination import Examination, Wanted, examine
from provisioning.dns.mistakes import Code
from provisioning.domains import asking, door
from provisioning.domains.railway import AtRailway
from provisioning.errors import ProvisioningError, Temporary
from provisioning.models import Domain, Operation
from provisioning.railway.domains import CertificateStatus, CustomDomain
from provisioning.signals import domain_changed

logger = logging.getLogger(__name__)

LEASE = timedelta(minutes=3)
# of one that is not on yet: a share of its age, between these
SOONEST, LATEST = timedelta(minutes=1), timedelta(hours=12)
AGE_SHARE = 10
DAILY = timedelta(days=1)
# of one that is on and looks wrong: a second look decides
AGAIN = timedelta(hours=1)
ASLEEP = timedelta(hours=1)
BUSY = timedelta(minutes=5)
SOON = timedelta(seconds=10)
# so long an agent may take to let Odoo name itself otherwise before the name goes
ODOO_TIME = timedelta(minutes=15)
# the authority issues five certificates a week for a name
CERTIFICATE_PAUSE = timedelta(days=1)
# authorities renew a month before the end
ENDS_SOON = timedelta(days=14)
# who never sets the records keeps a name from whom it belongs to
PATIENCE = timedelta(days=30)
LOST_AT_RAILWAY, CERTIFICATE_ENDS = "lost_at_railway", "certificate_ends"
# not the visitors' trouble as long as they get in
HARMLESS = frozenset({Code.SERVERS_SILENT, Code.SPREADING})
REFUSED = (
    "railway_plan_limit",
    "railway_value_refused",
    "railway_account_blocked",
    "railway_bad_request",
    "unexpected",
)
_N, _S = Domain.News, Domain.State


def sweep(most: int = 50) -> list[int]:
    """The domains whose turn it is, the longest due first."""
    return list(_due(timezone.now()).order_by("run_after").values_list("pk", flat=True)[:most])


def hopeless() -> Any:
    """Those that no customer can help: Railway refuses them, or does not let them go."""
    refused = Q(state__in=Domain.LIVE, reason__in=REFUSED)
    stuck = Q(state=_S.REMOVING, removal_asked_at__lt=timezone.now() - DAILY)
    return Domain.objects.filter(refused | stuck)


def tend(domain_id: int) -> None:
    """Look at this domain, if nobody else does and it is its turn; whatever happens there harms no other one."""
    domain = _claim(domain_id)
    if domain is None:
        return
    try:
        # what fails while it is recorded leaves the row as it was claimed
        ACTS[_S(domain.state)](copy(domain))
    except LookupError:
        logger.exception("Domain %s has no place at Railway", domain.public_id)
        _put_off(domain, "unexpected", ASLEEP)
    except ProvisioningError as error:
        logger.info("Domain %s is looked at later: %s", domain.public_id, error.message)
        named = error.retry_after if isinstance(error, Temporary) else None
        _put_off(domain, error.code, max(timedelta(seconds=named or 0), _pause(domain)))
    except Exception:
        logger.exception("The look at domain %s failed unexpectedly", domain.public_id)
        _put_off(domain, "unexpected", _pause(domain))


def _due(now: datetime) -> Any:
    free = Q(lease_expires_at=None) | Q(lease_expires_at__lte=now)
    return Domain.objects.filter(free, run_after__lte=now).exclude(state=_S.REMOVED)


def _claim(domain_id: int) -> Domain | None:
    now = timezone.now()
    lease = now + LEASE
    if not _due(now).filter(pk=domain_id).update(lease_expires_at=lease):
        return None
    return Domain.objects.select_related("instance").get(pk=domain_id)


def _make(domain: Domain) -> None:
    """Let Railway know the name, and learn what it wants in the zone."""
    if _gives_up(domain) or not _is_undisturbed(domain):
        return
    found = AtRailway(domain).make()
    if found is None or not found.target or not found.proof:
        _record(domain, run_after=timezone.now() + SOON, reason="")
        return
    wanted: dict[str, Any] = {"target": found.target, "proof_host": found.proof_host, "proof": found.proof}
    _record(domain, **wanted, state=_S.RECORDS, certificate=str(found.certificate), reason="", run_after=timezone.now())


def _follow(domain: Domain) -> None:
    """Examine the zone and the certificate; with both right and an answer at the door it is switched on."""
    now = timezone.now()
    if _gives_up(domain) or not _is_undisturbed(domain):
        return
    railway = AtRailway(domain)
    found = railway.look()
    if found is None:
        _record(domain, state=_S.WAITING, run_after=now, checked_at=now)
        return
    seen = _examined(domain, found)
    mistakes = _mistakes(seen, found)
    wrong = bool(mistakes)
    if not wrong and found.certificate == CertificateStatus.ISSUE_FAILED and found.certificate_retryable:
        _retry_certificate(domain, railway, found)
    if not wrong and found.verified and found.certificate == CertificateStatus.VALID:
        answer = door.knock(domain.address)
        if not answer.trouble:
            _switch_on(domain, _told(domain, seen, found))
            return
        mistakes = [{"code": answer.trouble}]
    state = _S.RECORDS if wrong else _S.CERTIFICATE
    _record(domain, **_told(domain, seen, found), mistakes=mistakes, state=state, run_after=now + _pause(domain))


def _switch_on(domain: Domain, told: dict[str, Any]) -> None:
    now = timezone.now()
    settled: dict[str, Any] = {"mistakes": [], "wrong_since": None, "broken_at": None}
    _record(domain, _N.ON, **told, **settled, state=_S.ON, switched_on_at=now, run_after=now + DAILY)


def _watch(domain: Domain) -> None:
    """Of one that is on: whether visitors still get in, and will tomorrow. Only a second look is told."""
    now = timezone.now()
    if not _is_undisturbed(domain):
        return
    found = AtRailway(domain).look()
    if found is None and domain.broken_at:
        # its customer has been told: it is made anew, and wants other records
        _record(domain, _N.OFF, state=_S.WAITING, created_at=now, run_after=now, mistakes=[])
        return
    answer = door.knock(domain.address)
    if found is None:
        mistakes: list[dict[str, str]] = [{"code": LOST_AT_RAILWAY}]
        told: dict[str, Any] = {"checked_at": now}
    elif answer.trouble == door.ODOO_AWAY or (answer.trouble and door.knock(domain.instance.url).trouble):
        # Odoo itself is away: not the domain's trouble
        _record(domain, run_after=now + AGAIN, reason="")
        return
    else:
        seen = _examined(domain, found)
        mistakes, told = _mistakes(seen, found), _told(domain, seen, found)
        if answer.trouble:
            mistakes = mistakes or [{"code": answer.trouble}]
        else:
            mistakes = [each for each in mistakes if each["code"] not in HARMLESS]
        if answer.valid_until and answer.valid_until < now + ENDS_SOON:
            mistakes.append({"code": CERTIFICATE_ENDS, "found": answer.valid_until.date().isoformat()})
    _judge(domain, mistakes, told, now)


def _judge(domain: Domain, mistakes: list[dict[str, str]], told: dict[str, Any], now: datetime) -> None:
    if not mistakes:
        news = _N.MENDED if domain.broken_at else None
        _record(domain, news, **told, mistakes=[], wrong_since=None, broken_at=None, run_after=now + DAILY)
        return
    since = domain.wrong_since or now
    certain = domain.broken_at is None and domain.wrong_since is not None and now - since >= AGAIN
    broken_at = now if certain else domain.broken_at
    pause = DAILY if domain.broken_at and now - domain.broken_at > DAILY else AGAIN
    _record(
        domain,
        _N.BROKEN if certain else None,
        **told,
        mistakes=mistakes,
        wrong_since=since,
        broken_at=broken_at,
        run_after=now + pause,
    )


def _remove(domain: Domain) -> None:
    """Odoo names itself by its other address first; then the name goes at Railway, and what proves that ends it."""
    now = timezone.now()
    asked = domain.removal_asked_at or now
    if now < asked + ODOO_TIME and addressing.is_awaited(domain.instance_id):
        _record(domain, run_after=now + SOON)
        return
    wait = AtRailway(domain).delete()
    if wait:
        _record(domain, run_after=now + timedelta(seconds=wait))
    else:
        _record(domain, _N.REMOVED, state=_S.REMOVED, removed_at=now)


def _gives_up(domain: Domain) -> bool:
    """Whether it has been on its way for too long, and is on its way out now."""
    if domain.created_at > timezone.now() - PATIENCE:
        return False
    with transaction.atomic():
        asking.hold_instance(domain)
        if _record(domain, reason="never_set"):
            asking.remove(domain)
    return True


def _is_undisturbed(domain: Domain) -> bool:
    """Whether Odoo runs and nothing works on it: what is being changed, or rests, cannot be judged."""
    if Operation.objects.active().filter(instance=domain.instance_id).exists():
        _record(domain, run_after=timezone.now() + BUSY)
        return False
    if not AtRailway(domain).odoo_runs:
        _record(domain, run_after=timezone.now() + ASLEEP)
        return False
    return True


def _examined(domain: Domain, found: CustomDomain) -> Examination:
    wanted = Wanted(domain.name, found.target, found.proof_host, found.proof)
    return examine(Asker(settings.DNS_SANDBOX), wanted)


def _mistakes(seen: Examination, found: CustomDomain) -> list[dict[str, str]]:
    """Railway may have seen where an alias leads that the zone's provider follows, by addresses that we do not see."""
    kept = [each for each in seen.mistakes if not (found.routed and each.code == Code.APEX_ADDRESS)]
    return [mistake.as_dict() for mistake in kept]


def _told(domain: Domain, seen: Examination, found: CustomDomain) -> dict[str, Any]:
    return {
        "target": found.target or domain.target,
        "proof_host": found.proof_host,
        "proof": found.proof or domain.proof,
        "zone": seen.zone,
        "apex": seen.apex,
        "certificate": str(found.certificate),
        "certificate_error": found.certificate_error[:500],
        "checked_at": timezone.now(),
        "reason": "",
    }


def _retry_certificate(domain: Domain, railway: AtRailway, found: CustomDomain) -> None:
    now = timezone.now()
    before = Q(certificate_retried_at=None) | Q(certificate_retried_at__lt=now - CERTIFICATE_PAUSE)
    # written down before it is asked for: asked twice it would use up what the authority allows
    if Domain.objects.filter(before, pk=domain.pk).update(certificate_retried_at=now):
        railway.retry_certificate(found)


def _pause(domain: Domain) -> timedelta:
    """Until the next look at what is not as it shall be: a share of the time for which it has not been."""
    if domain.state == _S.ON:
        return AGAIN
    since = domain.removal_asked_at or domain.created_at
    return min(max((timezone.now() - since) / AGE_SHARE, SOONEST), LATEST)


def _put_off(domain: Domain, reason: str, pause: timedelta) -> None:
    _record(domain, reason=reason, run_after=timezone.now() + pause)


def _record(domain: Domain, news: Domain.News | None = None, **changes: Any) -> bool:
    """Write down what came of a look, in the lease in which it was made, and let go; False when it was taken away."""
    with transaction.atomic():
        if news is not None:
            asking.hold_instance(domain)
        mine = Domain.objects.filter(pk=domain.pk, state=domain.state, lease_expires_at=domain.lease_expires_at)
        if not mine.update(**changes, lease_expires_at=None):
            # somebody has asked for its removal meanwhile: that one's turn comes at once
            Domain.objects.filter(pk=domain.pk, lease_expires_at=domain.lease_expires_at).update(lease_expires_at=None)
            return False
        domain.refresh_from_db()
        if news is not None:
            domain_changed.send(Domain, domain=domain, news=news)
    return True


ACTS: dict[Domain.State, Callable[[Domain], None]] = {
    _S.WAITING: _make,
    _S.RECORDS: _follow,
    _S.CERTIFICATE: _follow,
    _S.ON: _watch,
    _S.REMOVING: _remove,
}
