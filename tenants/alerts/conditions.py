"""What staff should know of at this moment, read from the rows: nothing here remembers or tells."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db.models import Exists, Max, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from provisioning.backups import bucket
from provisioning.domains import tending
from provisioning.gate import budget, circuit, workspaces
from provisioning.models import Backup, Operation, Outage, Resource, SiteBackup, UnreadableEvent
from provisioning.reconciliation.differences import Kind
from provisioning.site_backup import making
from provisioning.spec import TEST
from provisioning.states import OperationKind, OperationState, StepState
from provisioning.steps import afterwards
from provisioning.vitals import heartbeat
from tenants.costs import oddities
from tenants.lifecycle import InstanceState
from tenants.limits import counters
from tenants.limits.counters import Claim
from tenants.limits.policies import CODE_TOTAL, EVERYBODY, MAIL_PARTNER, MAIL_TOTAL, ORDER_PARTNER, SIGNUP_TOTAL
from tenants.models import Alert, Instance, Mail, Partner, Pool, Probe, Reconciliation, RestoreDrill, WebhookEndpoint
from tenants.pool import counting, seeds
from tenants.pool.keys import key_of

# what is due this long and not done shows that workers or beat are silent
PATIENCE = timedelta(minutes=5)
# two further tries of what should follow a creation
FOLLOWING = timedelta(minutes=12)
LACKING = {"volume_instance": "backups_not_scheduled", "service": "still_follows_pushes"}
WAITING = "waiting_for_last_backup"
MAIL_NEWS = timedelta(days=7)
EVENT_NEWS = timedelta(days=1)
LEAST_BUDGET = 0.1
MOST_REFERENCES = 20
OURS = ("gone", "failing")
# after a decommissioning Railway keeps the project for two days, and that is well
DELETION_PENDING = Kind.DELETION_PENDING


@dataclass(frozen=True)
class Condition:
    kind: str
    topic: str
    count: int
    references: tuple[str, ...]


def present() -> list[Condition]:
    """Every condition of this moment, each kind and topic once."""
    return [
        *_failed(),
        *_stuck(),
        *_mails(),
        *_endpoints(),
        *_outages(),
        *_budgets(),
        *_silent(),
        *_instances(),
        *_afterwards(),
        *_differences(),
        *_events(),
        *_backups(),
        *_site_backups(),
        *_drills(),
        *_domains(),
        *_untold(),
        *_pools(),
        *_seeds(),
        *_limits(),
        *_costs(),
    ]


def failed() -> "QuerySet[Operation]":
    """Failed, and nothing has been done about it: neither a retry nor another operation nor the end.

    Of warm units the pools tell, when the third in a row has failed.
    """
    later = Operation.objects.filter(instance=OuterRef("instance"), pk__gt=OuterRef("pk"))
    rows = Operation.objects.real().filter(~Exists(later), state=OperationState.FAILED)
    return rows.exclude(instance__state=InstanceState.DECOMMISSIONED).exclude(kind=OperationKind.PREPARE)


def stuck() -> "QuerySet[Operation]":
    """Past its deadline, or due and taken up by nobody; in an outage deadlines wait."""
    long_ago = timezone.now() - PATIENCE
    idle = Q(run_after__lt=long_ago) & (Q(lease_expires_at=None) | Q(lease_expires_at__lt=long_ago))
    outage = Exists(circuit.confirmed().filter(kind=Outage.Kind.API).exclude(workspace=TEST))
    return Operation.objects.real().active().filter(idle | Q(~outage, deadline_at__lt=long_ago))


def lost_mails() -> "QuerySet[Mail]":
    """Lost in the last week, or complained about, and no later one of its kind has arrived without a complaint."""
    later = Mail.objects.filter(instance=OuterRef("instance"), kind=OuterRef("kind"), pk__gt=OuterRef("pk"))
    taken = later.filter(state__in=Mail.ARRIVED).exclude(state=Mail.State.COMPLAINED)
    amiss = (*Mail.LOST, Mail.State.COMPLAINED)
    return Mail.objects.real().filter(~Exists(taken), state__in=amiss, created_at__gt=timezone.now() - MAIL_NEWS)


def silent() -> "QuerySet[Probe]":
    """Live instances that stopped answering, by what was found; see `tenants.services.probes`."""
    return Probe.objects.filter(silent_since__isnull=False, instance__state=InstanceState.READY)


def failed_drills() -> "QuerySet[RestoreDrill]":
    """Those that failed and were not followed by a proof."""
    last = RestoreDrill.objects.order_by().values("instance").annotate(last=Max("pk")).values("last")
    return RestoreDrill.objects.filter(pk__in=last, state=RestoreDrill.State.FAILED)


def late_backups() -> "QuerySet[Instance]":
    """Ready for long enough, and without a good backup for twice the interval."""
    if not bucket.configured():
        return Instance.objects.none()
    moment = timezone.now() - 2 * timedelta(hours=settings.BACKUP_INTERVAL_HOURS)
    return Instance.objects.real().without_backup_since(moment).filter(ready_at__lte=moment)


def waiting_for_last_backup() -> "QuerySet[Operation]":
    """Deletions that wait for a person: there is no copy of the last state, and none can be made now."""
    return Operation.objects.active().filter(steps__state=StepState.WAITING, steps__reason=WAITING)


def untold_ends() -> "QuerySet[Instance]":
    """Whose end has come, and of whose notice nothing is known but that it was lost: a person tells the customer."""
    now = timezone.now()
    stops = Q(decommission_after=None, expires_at__lte=now, state=InstanceState.READY)
    ends = Q(
        decommission_after__lte=now, state__in=(InstanceState.READY, InstanceState.SUSPENDED, InstanceState.FAILED)
    )
    notices = Mail.objects.standing().filter(
        instance=OuterRef("pk"),
        recipient=OuterRef("admin_email"),
        announces=Coalesce(OuterRef("decommission_after"), OuterRef("expires_at")),
    )
    lost = Exists(notices.filter(state__in=Mail.LOST)) & ~Exists(notices.exclude(state__in=Mail.LOST))
    return Instance.objects.real().kept().filter(lost, stops | ends, ready_at__isnull=False)


def _failed() -> Iterator[Condition]:
    return _grouped(Alert.Kind.FAILED, failed().order_by("-pk").values_list("reason", "reference"))


def _stuck() -> Iterator[Condition]:
    references = stuck().order_by("pk").values_list("reference", flat=True)
    return _grouped(Alert.Kind.STUCK, (("", reference) for reference in references))


def _mails() -> Iterator[Condition]:
    return _grouped(Alert.Kind.MAIL, lost_mails().order_by("-pk").values_list("state", "instance__client_name"))


def _endpoints() -> Iterator[Condition]:
    disabled = WebhookEndpoint.objects.filter(state=WebhookEndpoint.State.DISABLED, disabled_reason__in=OURS)
    rows = disabled.filter(partner__test_of=None)
    return _grouped(Alert.Kind.ENDPOINT, rows.order_by("-pk").values_list("disabled_reason", "public_id"))


def _outages() -> Iterator[Condition]:
    kinds = {Outage.Kind.API: Alert.Kind.OUTAGE, Outage.Kind.TOKEN: Alert.Kind.TOKEN}
    for outage in circuit.confirmed().exclude(workspace=TEST):
        yield Condition(kinds[Outage.Kind(outage.kind)], outage.workspace, 1, (outage.notice,) if outage.notice else ())


def _budgets() -> Iterator[Condition]:
    for workspace in workspaces.configured():
        state = budget.state(workspace)
        if state.limit and state.remaining < LEAST_BUDGET * state.limit:
            yield Condition(Alert.Kind.BUDGET, workspace, 1, (f"{state.remaining}/{state.limit}",))


def _silent() -> Iterator[Condition]:
    """Lived once, and has given no sign of life for long: who reads this is one of the others."""
    for name, age in heartbeat.ages().items():
        if age is not None and abs(age) > heartbeat.patience()[name] + PATIENCE:
            yield Condition(Alert.Kind.SILENT, name, 1, ())


def _instances() -> Iterator[Condition]:
    return _grouped(Alert.Kind.INSTANCE, silent().order_by("-pk").values_list("error", "instance__client_name"))


def unattended() -> "QuerySet[Resource]":
    """What was asked for more than once, and Railway has not confirmed: backups, or no deployment at each push."""
    asked = afterwards.missing().filter(checked_at__isnull=False).exclude(workspace=TEST)
    return asked.filter(instance__state=InstanceState.READY, instance__ready_at__lt=timezone.now() - FOLLOWING)


def _afterwards() -> Iterator[Condition]:
    rows = unattended().order_by("-pk").values_list("kind", "instance__client_name")
    return _grouped(Alert.Kind.AFTERWARDS, ((LACKING[kind], name) for kind, name in rows))


def _backups() -> Iterator[Condition]:
    """By why the last one failed, or by nothing when none was begun; and whose deletion waits for one."""
    newest = Backup.objects.filter(instance=OuterRef("pk")).order_by("-pk")
    rows = late_backups().annotate(why=Coalesce(Subquery(newest.values("reason")[:1]), Value("")))
    waiting = waiting_for_last_backup().order_by("-pk").values_list("instance__client_name", flat=True)
    late = list(rows.order_by("-pk").values_list("why", "client_name"))
    return _grouped(Alert.Kind.BACKUP, [*late, *((WAITING, name) for name in waiting)])


def _site_backups() -> Iterator[Condition]:
    """No good one for twice the interval, or never a good one although it was tried; by why the last one failed."""
    rows, interval = SiteBackup.objects.all(), timedelta(hours=settings.SITE_BACKUP_INTERVAL_HOURS)
    good = rows.filter(state=SiteBackup.State.GOOD).order_by("-begun_at").first()
    if not making.configured() or (good and good.begun_at > timezone.now() - 2 * interval):
        return
    failed = rows.filter(state=SiteBackup.State.FAILED, pk__gt=good.pk if good else 0).order_by("-pk").first()
    if good or failed:
        references = (good.name,) if good else ()
        yield Condition(Alert.Kind.SITE_BACKUP, failed.reason if failed else "", 1, references)


def _drills() -> Iterator[Condition]:
    rows = failed_drills().order_by("-pk").values_list("reason", "instance__client_name")
    return _grouped(Alert.Kind.DRILL, list(rows))


def _domains() -> Iterator[Condition]:
    return _grouped(Alert.Kind.DOMAIN, list(tending.hopeless().order_by("-pk").values_list("reason", "name")))


def _differences() -> Iterator[Condition]:
    """What the last comparison of the ledger with Railway found, or that it could not be made."""
    last = Reconciliation.objects.order_by("-pk").first()
    if last is None:
        return
    found = [str(each["kind"]) for each in last.differences if each["kind"] != DELETION_PENDING]
    found += [f"{workspace}: {error}" for workspace, error in last.errors.items()] + [last.refusal] * bool(last.refusal)
    if found:
        yield Condition(Alert.Kind.DIFFERENCE, "", len(found), tuple(dict.fromkeys(found))[:MOST_REFERENCES])


def _events() -> Iterator[Condition]:
    """News until a day after the last one came: nobody can do more than read them."""
    rows = UnreadableEvent.objects.filter(last_at__gt=timezone.now() - EVENT_NEWS)
    return _grouped(Alert.Kind.EVENT, rows.order_by("-last_at").values_list("source", "problem"))


def _untold() -> Iterator[Condition]:
    names = untold_ends().order_by("-pk").values_list("client_name", flat=True)
    return _grouped(Alert.Kind.UNTOLD, (("", name) for name in names))


def _pools() -> Iterator[Condition]:
    """What nobody can fill: three units in a row could not be made or handed out."""
    for each in counting.stopped():
        names = each.pool.units.exclude(broken_at=None).values_list("instance__client_name", flat=True)
        yield Condition(Alert.Kind.POOL, str(each.pool), each.failures, tuple(names[: counting.MOST_FAILURES]))


def _seeds() -> Iterator[Condition]:
    """What has failed too often whoever began with it; by the pool, whose new instances are installed meanwhile."""
    for pool in Pool.objects.select_related("plan__blueprint"):
        spoilt = seeds.spoilt(pool, key_of(pool.plan, pool.language, pool.country))
        if spoilt:
            yield Condition(Alert.Kind.SEED, str(pool), len(spoilt), tuple(seed.public_id for seed in spoilt))


def _limits() -> Iterator[Condition]:
    """What visitors, or a partner, have used at least half of: by one look at all counts."""
    watched = {Claim(policy, EVERYBODY): "" for policy in (SIGNUP_TOTAL, MAIL_TOTAL, CODE_TOTAL)}
    for pk, name in Partner.objects.real().filter(is_active=True).values_list("pk", "name"):
        watched |= {Claim(policy, str(pk)): name for policy in (ORDER_PARTNER, MAIL_PARTNER)}
    for (claim, name), used in zip(watched.items(), counters.read(*watched), strict=True):
        if 2 * used >= claim.policy.limit:
            figures = f"{used}/{claim.policy.limit}"
            topic = f"{claim.policy.name}:{name}"[:80] if name else claim.policy.name
            yield Condition(Alert.Kind.LIMIT, topic, used, (figures,))


def _costs() -> Iterator[Condition]:
    for check in oddities.differing():
        figures = f"{check.measured:.2f}/{check.told:.2f} USD"
        yield Condition(Alert.Kind.COST, f"cost_differs:{check.workspace}"[:80], 1, (figures,))
    found = oddities.jumps()
    names = oddities.instances_of(found)
    rows = [("cost_jump", names.get(each["instance"]) or str(each["project"])) for each in found]
    rows += [("cost_eats_price", name) for name in oddities.dear().values_list("instance__client_name", flat=True)]
    rows += [("cost_without_rate", currency) for currency in oddities.unconverted()]
    yield from _grouped(Alert.Kind.COST, rows)


def _grouped(kind: str, rows: Iterable[tuple[str, str | None]]) -> Iterator[Condition]:
    """One condition for each topic, with the newest references."""
    by_topic: dict[str, list[str]] = defaultdict(list)
    for topic, reference in rows:
        by_topic[topic].append(reference or "")
    for topic, references in by_topic.items():
        shown = tuple(dict.fromkeys(each for each in references if each))[:MOST_REFERENCES]
        yield Condition(kind, topic, len(references), shown)
