"""The benchmarks themselves, each a table with its ratio to a floor that was measured in the same run."""

import statistics
from collections.abc import Callable, Sequence
from datetime import timedelta

from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from eazynova_site.benchmarks import backups, creations, grown, lists, load, surroundings
from eazynova_site.benchmarks.creations import Figures
from provisioning.models import Backup, DailyUsage, Operation, Resource, Slot, Step
from provisioning.states import OperationState, StepState
from tenants.models import AuditEntry, Instance, Mail, Partner, Tenant, WebhookDelivery, WebhookEndpoint, WebhookEvent
from tenants.services import partners

PROCESSES = ("--concurrency", "2")
# as the Procfile starts it
POLL_SECONDS = 10.0
THREADS = ("--pool", "threads", "--concurrency", "8")


def _creations(count: int, runs: int) -> tuple[list[Figures], list[Figures]]:
    bare, engine = [], []
    for run in range(runs):
        forget()
        bare.append(creations.by_bare_loop(count, processes=2))
        engine.append(creations.by_engine(count, f"a{run}", *PROCESSES, deploy_seconds=0.0))
    return bare, engine


def creations_table(count: int, runs: int) -> list[str]:
    """(a)"""
    bare, engine = _creations(count, runs)
    rows = [
        [name, *(f"{_median(figures, pick) / count:.3f}" for pick in (_cpu, _wall)), f"{figures[0].requests:.1f}"]
        for name, figures in (("bare loop", bare), ("engine", engine))
    ]
    ratios = [_median(bare, pick) / _median(engine, pick) for pick in (_cpu, _wall)]
    return [
        f"## a. {count} creations, instant deployments, 2 worker processes, median of {runs}",
        "",
        *table(["", "CPU s an instance", "wall s an instance", "Railway requests an instance"], rows),
        "",
        f"Of the bare loop's speed: **{ratios[1]:.2f}** by the clock, {ratios[0]:.2f} by CPU (wanted: 0.5).",
        "",
    ]


def in_flight(count: int) -> list[str]:
    """(b)"""
    asked, called = (_in_flight(count, webhooks) for webhooks in (False, True))
    told = [
        ("wall seconds until all are ready", "wall", 0, "", ""),
        ("peak MB of the worker process", "megabytes", 0, "300", "300"),
        ("Railway requests an instance", "requests", 1, "14", "14"),
    ]
    rows = [
        [name, f"{getattr(asked, of):.{digits}f}", most, f"{getattr(called, of):.{digits}f}", also]
        for name, of, digits, most, also in told
    ]
    for share, most, also in ((0.5, "", ""), (0.95, f"{POLL_SECONDS + 3:.0f}", "3")):
        found = [f"{figures.percentile(share):.1f}" for figures in (asked, called)]
        rows.append([f"success to ready p{100 * share:.0f}, s", found[0], most, found[1], also])
    head = ["", f"asked every {POLL_SECONDS:.0f} s", "at most", "called by webhooks", "at most"]
    title = f"## b. {count} in flight, 60-second deployments, one worker process of 8 threads"
    return [title, "", *table(head, rows), ""]


def _in_flight(count: int, webhooks: bool) -> Figures:
    forget()
    return creations.by_engine(
        count,
        "b",
        *THREADS,
        deploy_seconds=60.0,
        webhooks=webhooks,
        app="eazynova_site.benchmarks.worker",
        RAILWAY_POLL_SECONDS=str(POLL_SECONDS),
    )


def requests(runs: int) -> list[str]:
    """(c)"""
    forget()
    _, key = partners.create_api_key(partners.house())
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    measured: dict[str, list[load.Load]] = {name: [] for name in ("POST floor", "POST", "GET floor", "GET", "GET, 304")}
    with load.production_server() as server:
        surroundings.until(lambda: surroundings.listens(surroundings.SITE_PORT), "the server listens", 60)
        load.put_under(server, load.rows("warm"), headers, 202)
        Slot.objects.create(key="floor")
        for run in range(runs):
            measured["POST floor"].append(load.put_under(server, load.rows(f"row{run}"), headers, 202))
            measured["POST"].append(load.put_under(server, load.orders(f"c{run}"), headers, 202))
            path = f"/api/instances/{Instance.objects.latest('pk').public_id}"
            measured["GET floor"].append(load.put_under(server, load.reads("/floor"), headers, 200))
            measured["GET"].append(load.put_under(server, load.reads(path), headers, 200))
            known = headers | {"If-None-Match": load.etag_of(path, headers)}
            measured["GET, 304"].append(load.put_under(server, load.reads(path), known, 304))
    rows = [
        [
            name,
            f"{_speed(loads):.0f}",
            *(f"{_time(loads, share):.0f}" for share in (0.5, 0.95, 0.99)),
            f"{_ms(loads):.2f}",
        ]
        for name, loads in measured.items()
    ]
    floors = {"GET, 304": ("GET floor", 0.6), "GET": ("GET floor", 0.4), "POST": ("POST floor", 0.2)}
    told = [
        f"{name} **{_ms(measured[floor]) / _ms(measured[name]):.2f}**, by the clock"
        f" {_speed(measured[name]) / _speed(measured[floor]):.2f} (wanted: {wanted})"
        for name, (floor, wanted) in floors.items()
    ]
    head = ["", "requests a second", "p50 ms", "p95 ms", "p99 ms", "CPU ms a request"]
    title = f"## c. {load.CONNECTIONS} connections, the production server, median of {runs}"
    return [title, "", *table(head, rows), "", f"Of the floor, by CPU: {'; '.join(told)}.", ""]


def growth(sizes: Sequence[int], count: int = 60) -> list[str]:
    """(d)"""
    rows, first = [], 0.0
    forget()
    for size in sizes:
        fill(size)
        figures = creations.by_engine(count, f"d{size}", *PROCESSES, deploy_seconds=0.0)
        first = first or figures.wall
        rows.append(
            [str(size), f"{figures.wall / count:.3f}", f"{figures.cpu / count:.3f}", f"{figures.wall / first:.2f}"]
        )
    head = ["existing instances", "wall s an instance", "CPU s an instance", "to the first"]
    return [f"## d. Growth, {count} creations each", "", *table(head, rows), "", "Wanted: flat within 20 %.", ""]


def pages(size: int) -> list[str]:
    """(e)"""
    forget()
    fill(size)
    made = list(Instance.objects.filter(client_name__startswith="old"))
    _tell(made)
    grown.meter(made)
    steps = Step.objects.count()
    rows = [[name, str(asked), f"{time:.0f}"] for name, (asked, time) in lists.measure().items()]
    more = f"{DailyUsage.objects.count()} rows of usage, {Backup.objects.count()} backups"
    title = f"## e. The console with {size} instances, {steps} steps, {more}"
    told = "Wanted: fewer than 15 statements and 300 ms."
    return [title, "", *table(["page", "statements", "ms"], rows), "", told, ""]


def fill(size: int) -> None:
    """Ready instances, each with a creation done and the ledger of one, until there are so many."""
    start, now = Instance.objects.count(), timezone.now()
    model = creations.order(1, f"fill{size}")[0]
    Operation.objects.active().update(state=OperationState.SUCCEEDED, ended_at=now)
    original = Instance.objects.get(pk=model)
    originals = list(Step.objects.filter(operation__instance=original))
    spec = Operation.objects.get(instance=original).spec
    Instance.objects.filter(pk=model).update(state="ready", url="https://x.example", ready_at=now)
    tenants = Tenant.objects.bulk_create(
        Tenant(partner=partners.house(), company=f"Fill {n}", email=f"f{n}@fill{size}.example")
        for n in range(start + 1, size)
    )
    made = Instance.objects.bulk_create(
        Instance(
            tenant=tenant, plan=original.plan, client_name=f"old{size}-{n}", public_id=f"old{size}-{n}",
            state="ready", url="https://x.example", ready_at=now, admin_email=tenant.email, database_name="old",
            price_per_month=0, estimated_cost=0, currency="USD", created_at=now - timedelta(days=n % 300),
        )
        for n, tenant in enumerate(tenants)
    )  # fmt: skip
    done = Operation.objects.bulk_create(
        Operation(kind="create", instance=each, state="succeeded", spec=spec, deadline_at=now, ended_at=now)
        for each in made
        for _time in range(2)
    )
    Step.objects.bulk_create(
        Step(operation=each, position=step.position, code=step.code, state=StepState.DONE)
        for each in done
        for step in originals
    )
    Resource.objects.bulk_create(
        Resource(instance=each, kind=kind, name=kind, external_id=f"{kind}{each.pk}", state="present", status="SUCCESS")
        for each in made
        for kind in ("project", "environment", "service", "volume", "deployment", "domain")
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _tell(made: Sequence[Instance]) -> None:
    """What is told of each: an e-mail, a webhook, and its changes of state in the trail."""
    partner = Partner.objects.create(name="Told of everything")
    endpoint = WebhookEndpoint.objects.create(partner=partner, url="https://x.example/hook")
    Mail.objects.bulk_create(
        Mail(instance=each, kind="welcome", purpose=f"fill:{each.pk}", message_id=f"<{each.pk}@x>", state="sent",
             recipient=each.admin_email) for each in made
    )  # fmt: skip
    events = WebhookEvent.objects.bulk_create(
        WebhookEvent(partner=partner, instance=each, type="instance.ready") for each in made
    )
    WebhookDelivery.objects.bulk_create(
        WebhookDelivery(event=each, endpoint=endpoint, state="delivered") for each in events
    )
    AuditEntry.objects.bulk_create(
        AuditEntry(instance=each, act="state", actor="OP-FILLED00", before={"state": before}, after={"state": after})
        for each in made
        for before, after in (("requested", "provisioning"), ("provisioning", "ready"))
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def forget() -> None:
    """An empty database again, with what the migrations bring."""
    connection.close()
    surroundings.make_database()
    call_command("migrate", verbosity=0)


def backups_table(sizes: Sequence[int]) -> list[str]:
    """(f)"""
    forget()
    instance = Instance.objects.get(pk=creations.order(1, "f")[0])
    with surroundings.sandbox(0.0), load.production_server(**surroundings.DOOR):
        surroundings.until(lambda: surroundings.listens(surroundings.SITE_PORT), "the server listens", 60)
        found = [(size, backups.packed(instance, size)) for size in sizes]
    rows = [
        [str(size), f"{made.size / 1e6:.0f}", *(f"{x:.1f}" for x in (made.wall, made.cpu, made.dump_cpu)),
         f"{made.megabytes:.0f}", f"{made.check:.1f}"]
        for size, made in found
    ]  # fmt: skip
    head = ["MB of files", "MB sent", "seconds", "CPU s of the agent", "CPU s of pg_dump", "MB of memory", "s to check"]
    title = f"## f. A backup: {backups.ROWS} rows and files of 1 MB, half of which packs"
    return [title, "", *table(head, rows), "", "Wanted: less than 64 MB of memory.", ""]


def idle_agents(count: int) -> list[str]:
    """(g)"""
    forget()
    fill(count + 1)
    found = backups.idle(count)
    row = [
        f"{backups.CALLS_A_SECOND}",
        f"{100 * found.share:.1f}",
        f"{found.statements:.2f}",
        f"{found.p95:.0f}",
        f"{found.most:.0f}",
    ]
    head = ["calls a second", "% of one core", "statements a call", "p95 ms", "calls a second at most"]
    title = f"## g. {count} agents with nothing to do, {backups.SECONDS} s, the production server"
    return [title, "", *table(head, [row]), ""]


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return ["| " + " | ".join(line) + " |" for line in (head, ["---"] * len(head), *rows)]


def _median(figures: Sequence[Figures], pick: Callable[[Figures], float]) -> float:
    return statistics.median(map(pick, figures))


def _cpu(figures: Figures) -> float:
    return figures.cpu


def _wall(figures: Figures) -> float:
    return figures.wall


def _speed(loads: Sequence[load.Load]) -> float:
    return statistics.median(each.a_second for each in loads)


def _time(loads: Sequence[load.Load], share: float) -> float:
    return statistics.median(each.milliseconds(share) for each in loads)


def _ms(loads: Sequence[load.Load]) -> float:
    return statistics.median(each.cpu for each in loads)
