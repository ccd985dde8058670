"""What others run: Railway, the mail provider, the storage, and our own site as the world reaches it."""

import ssl
import time
from collections.abc import Iterator
from datetime import timedelta
from email.utils import parsedate_to_datetime

import httpx
from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from eazynova_site import seen
from eazynova_site.doctor.findings import Finding, good, warning, wrong
from provisioning.backups import bucket
from provisioning.gate import clients, workspaces
from provisioning.models import Agent
from provisioning.spec import TEST
from tenants.lifecycle import InstanceState

MOST_SKEW_SECONDS = 60.0
LEAST_BUDGET_SHARE = 0.1
AGENT_PATIENCE = timedelta(minutes=30)
TIMEOUT_SECONDS = 10


def railway() -> Iterator[Finding]:
    """Each workspace: the token, the workspace itself, what its hour still holds."""
    for name, workspace in workspaces.configured().items():
        client = clients.probing(name)
        try:
            opened = {each.id for each in client.workspaces()}
            if workspace.identifier not in opened:
                said = _("The token of the workspace %(name)s does not open it.") % {"name": name}
                yield wrong("railway", said, _("Make a workspace token as an Admin of this workspace."))
                continue
            info = client.workspace(workspace.identifier)
        finally:
            client.close()
        left, most = info.remaining_points, settings.RAILWAY_REQUESTS_PER_HOUR
        if left is not None and most and left < most * LEAST_BUDGET_SHARE:
            said = _("%(left)d requests are left of this hour in %(name)s.") % {"left": left, "name": info.name}
            yield warning("railway", said, _("Somebody else may use the same token: see docs/operations.md."))
        words = {"name": info.name, "plan": info.plan, "count": info.project_count}
        yield good("railway", _("Railway takes the token of %(name)s (%(plan)s, %(count)d projects)") % words)
    if settings.SANDBOX:
        yield warning(
            "railway", _("This Railway is the sandbox."), _("For production, remove SANDBOX and RAILWAY_API_URL.")
        )


def test_mode() -> Iterator[Finding]:
    if not settings.TEST_MODE_URL:
        return
    with clients.probing(TEST) as client:
        client.workspaces()
    yield good("test mode", _("The sandbox of partners’ test keys answers"))


def mail() -> Iterator[Finding]:
    """A connection that is opened and closed; no letter is sent."""
    connection = get_connection()
    connection.open()
    connection.close()
    if settings.EMAIL_BACKEND.startswith("anymail."):
        yield good("mail", _("The mail provider is asked with the first letter: try it with --mail-to"))
    else:
        yield good("mail", _("The mail server takes us"))


def letter(address: str) -> Iterator[Finding]:
    """A real one, so that a provider's refusal is met now."""
    words = _("This letter proves that EAZYNOVA can send. It was asked for at %(moment)s.") % {"moment": timezone.now()}
    EmailMessage(_("EAZYNOVA: a test letter"), words, to=[address]).send()
    yield good("mail", _("A letter to %(address)s was handed over: see that it arrives") % {"address": address})


def storage() -> Iterator[Finding]:
    if not bucket.configured():
        return
    opened = bucket.storage()
    opened.check()
    if settings.BACKUP_LOCK_DAYS and not opened.locks():
        said = _("The bucket cannot lock objects: whoever has its keys can delete every backup.")
        yield warning("storage", said, _("Use a bucket with object lock, or set BACKUP_LOCK_DAYS=0 to accept it."))
    yield good("storage", _("The bucket opens"))


def site() -> Iterator[Finding]:
    """Our own site by its public address: its certificate, what proxies do to a request, the clock of its server."""
    base = settings.PUBLIC_BASE_URL
    with _client() as client:
        answer = client.get(f"{base}/healthz", params={"seen": seen.ticket()})
        mine = answer.headers.get("content-type", "").startswith("application/json") and answer.is_success
        if not mine or "forwarded" not in answer.json():
            said = _("%(base)s/healthz answered %(status)d, and not as this site does.")
            yield wrong(
                "site",
                said % {"base": base, "status": answer.status_code},
                _("Let PUBLIC_BASE_URL and the proxy lead to this site, with the same SECRET_KEY."),
            )
            return
        told = answer.json()
        yield from _hops(told["forwarded"], told["hops"])
        if told["scheme"] != "https" and base.startswith("https:"):
            said = _("A request by https arrives as http: links and cookies would be wrong.")
            yield wrong("site", said, _("Let the proxy set X-Forwarded-Proto, and set TRUSTED_PROXY_HOPS."))
        yield from _skew(answer)
        agent = client.post(f"{base}/agent/", headers={"Authorization": "Bearer nobody"}, json={})
        if agent.status_code != httpx.codes.UNAUTHORIZED:
            said = _("%(base)s/agent/ answered %(status)d to who has no token, not 401: agents could not call.")
            yield wrong(
                "agents",
                said % {"base": base, "status": agent.status_code},
                _("Let the proxy pass POST /agent/ through."),
            )
    yield good("site", _("%(base)s leads here") % {"base": base})


def _client() -> httpx.Client:
    """A rehearsal's certificate is its own authority's."""
    verify: ssl.SSLContext | bool = True
    if settings.SANDBOX:
        verify = ssl.create_default_context()
        verify.check_hostname, verify.verify_mode = False, ssl.CERT_NONE
    return httpx.Client(timeout=TIMEOUT_SECONDS, verify=verify)


def _hops(forwarded: int, hops: int) -> Iterator[Finding]:
    words = {"forwarded": forwarded, "hops": hops}
    if forwarded > hops:
        said = _(
            "%(forwarded)d proxies wrote X-Forwarded-For, TRUSTED_PROXY_HOPS is %(hops)d: visitors share an address."
        )
        yield wrong("site", said % words, _("Set TRUSTED_PROXY_HOPS=%(forwarded)d.") % words)
    elif forwarded < hops:
        said = _(
            "%(forwarded)d proxies wrote X-Forwarded-For, TRUSTED_PROXY_HOPS is %(hops)d: visitors can forge theirs."
        )
        yield wrong("site", said % words, _("Set TRUSTED_PROXY_HOPS=%(forwarded)d.") % words)


def _skew(answer: httpx.Response) -> Iterator[Finding]:
    if "date" not in answer.headers:
        return
    skew = parsedate_to_datetime(answer.headers["date"]).timestamp() - time.time()
    if abs(skew) > MOST_SKEW_SECONDS:
        said = _("The web server's clock differs from ours by %(seconds)d s.") % {"seconds": round(skew)}
        yield wrong("clock", said, _("Let the machines keep their time (chrony, systemd-timesyncd)."))


def agents() -> Iterator[Finding]:
    """Whether the agents beside the living Odoos have called, which proves the whole round trip."""
    since = timezone.now() - AGENT_PATIENCE
    living = Agent.objects.filter(instance__state=InstanceState.READY).exclude(instance__workspace=TEST)
    # what was made a moment ago has had no time to call
    living = living.exclude(reported_at=None, instance__ready_at__gte=since)
    silent = living.exclude(reported_at__gte=since)
    names = [str(agent.instance) for agent in silent.select_related("instance").order_by("pk")[:5]]
    count, all_of_them = silent.count(), living.count()
    if count and count == all_of_them:
        said = _("No agent has called for half an hour (%(names)s): backups cannot be made.") % {
            "names": ", ".join(names)
        }
        yield wrong(
            "agents", said, _("See that %(base)s/agent/ is reached from Railway.") % {"base": settings.PUBLIC_BASE_URL}
        )
    elif count:
        said = _("%(count)d of %(all)d agents have not called for half an hour: %(names)s")
        words = {"count": count, "all": all_of_them, "names": ", ".join(names)}
        yield warning("agents", said % words, _("See the logs of these instances: manage.py logs NAME"))
    elif all_of_them:
        said = ngettext("%(count)d agent calls", "%(count)d agents call", all_of_them)
        yield good("agents", said % {"count": all_of_them})
