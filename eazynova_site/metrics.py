"""/metrics for Prometheus, read from the database when it is asked: it tells of all processes, whichever answers."""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, F, Min, Q, QuerySet, Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)

from provisioning.gate import budget, circuit, workspaces
from provisioning.models import Operation, Outage, Step
from provisioning.states import OperationState, StepState
from provisioning.vitals import heartbeat, tally
from tenants.costs import report as costs
from tenants.lifecycle import InstanceState
from tenants.models import Instance, Mail, Probe, WebhookDelivery

READY_WITHIN = (30, 60, 120, 180, 300, 420, 600, 900, 1800, 2700)


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """For who sends METRICS_TOKEN as a bearer token; for everybody else there is nothing here."""
    sent = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
    if not settings.METRICS_TOKEN or not constant_time_compare(sent, settings.METRICS_TOKEN):
        raise Http404
    tally.flush()
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Everything())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


class Everything:
    """Asked by prometheus_client, once a scrape."""

    def collect(self) -> Iterator[Metric]:
        yield _gauge("instances", "Instances by state.", ("state",), _grouped(Instance.objects.real(), "state"))
        operations = Operation.objects.real()
        yield _gauge(
            "operations", "Operations by kind and state.", ("kind", "state"), _grouped(operations, "kind", "state")
        )
        yield _current_steps()
        yield _time_to_ready()
        yield _queue_age()
        yield _counter("step_retries", "Steps put off after an error, by its code.", ("error",))
        yield _counter("railway_requests", "Requests to Railway.", ("document", "outcome"))
        yield _gauge(
            "mails", "E-mails by kind and state.", ("kind", "state"), _grouped(Mail.objects.real(), "kind", "state")
        )
        deliveries = _grouped(WebhookDelivery.objects.filter(event__partner__test_of=None), "state")
        yield _gauge("webhook_deliveries", "Deliveries to partners by state.", ("state",), deliveries)
        silent = Probe.objects.filter(silent_since__isnull=False, instance__state=InstanceState.READY).count()
        yield _gauge("silent_instances", "Live instances that stopped answering.", (), [((), silent)])
        yield _signs_of_life()
        yield from _workspaces()
        yield from _costs()


def _grouped(rows: "QuerySet[Any]", *names: str) -> Iterable[tuple[tuple[str, ...], float]]:
    for row in rows.order_by().values_list(*names).annotate(Count("pk")):
        yield tuple(map(str, row[:-1])), row[-1]


def _gauge(
    name: str, words: str, labels: tuple[str, ...], samples: Iterable[tuple[tuple[str, ...], float]]
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"eazynova_{name}", words, labels=labels)
    for values, number in samples:
        family.add_metric(values, number)
    return family


def _counter(name: str, words: str, labels: tuple[str, ...]) -> CounterMetricFamily:
    family = CounterMetricFamily(f"eazynova_{name}", words, labels=labels)
    for values, total in tally.read(name).items():
        family.add_metric(values, total)
    return family


def _current_steps() -> GaugeMetricFamily:
    at_work = Step.objects.filter(
        operation__in=Operation.objects.real().active(), state__in=(StepState.RUNNING, StepState.WAITING)
    )
    words = "Where the active operations are."
    return _gauge("active_steps", words, ("step", "state", "reason"), _grouped(at_work, "code", "state", "reason"))


def _time_to_ready() -> HistogramMetricFamily:
    took = F("ended_at") - F("created_at")
    done = Operation.objects.real().made_by().filter(state=OperationState.SUCCEEDED).annotate(took=took)
    within = {f"s{most}": Count("pk", filter=Q(took__lte=timedelta(seconds=most))) for most in READY_WITHIN}
    found = done.aggregate(all=Count("pk"), sum=Sum("took"), **within)
    buckets = [(str(float(most)), found[f"s{most}"]) for most in READY_WITHIN] + [("+Inf", found["all"])]
    words = "From the order to the proven login, retries and all."
    family = HistogramMetricFamily("eazynova_time_to_ready_seconds", words)
    family.add_metric([], buckets, (found["sum"] or timedelta()).total_seconds())
    return family


def _queue_age() -> GaugeMetricFamily:
    now = timezone.now()
    oldest = Operation.objects.real().due(now).order_by().aggregate(at=Min("run_after"))["at"]
    seconds = (now - oldest).total_seconds() if oldest else 0.0
    return _gauge("queue_age_seconds", "How long the oldest operation that is due has waited.", (), [((), seconds)])


def _signs_of_life() -> GaugeMetricFamily:
    known = [((name,), age.total_seconds()) for name, age in heartbeat.ages().items() if age is not None]
    return _gauge("heartbeat_age_seconds", "Since the last sign of life.", ("name",), known)


def _workspaces() -> Iterator[GaugeMetricFamily]:
    states = [budget.state(name) for name in workspaces.configured()]
    left = [((state.workspace,), state.remaining) for state in states]
    yield _gauge("railway_budget_remaining", "Requests that Railway's hourly budget still holds.", ("workspace",), left)
    out = {outage.workspace for outage in circuit.confirmed().filter(kind=Outage.Kind.API)}
    words = "1 while Railway as a whole refuses the workspace."
    outages = [((state.workspace,), float(state.workspace in out)) for state in states]
    yield _gauge("railway_outage", words, ("workspace",), outages)
    queues = _grouped(Operation.objects.active().exclude(queue=""), "queue")
    yield _gauge("queued_operations", "Operations that wait for their turn, by queue.", ("queue",), queues)


def _costs() -> Iterator[GaugeMetricFamily]:
    """Of the newest month that was read, and how far Railway's own sum is."""
    month = costs.last_month()
    told = costs.report(month, most=0) if month else None
    spent = [((each.name,), float(each.dollars)) for each in told.bearers] if told else []
    yield _gauge("cost_dollars", "What the present month has cost, by Railway's measurements.", ("bearer",), spent)
    checks = [((each.workspace,), float(each.percent)) for each in costs.last_checks() if each.percent is not None]
    words = "By how many percent what we measured is more than Railway's own sum."
    yield _gauge("cost_difference_percent", words, ("workspace",), checks)
