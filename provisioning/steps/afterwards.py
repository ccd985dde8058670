"""What an instance should have although its customer does not wait for it: it follows by itself once it is ready.

The ledger keeps what Railway has confirmed, in the `status` of the volume's instance and of the service: what is not
confirmed yet is asked for again and again, and staff are told when it does not come true.
"""

from datetime import timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from provisioning.gate import clients
from provisioning.ledger.entries import Ledger
from provisioning.models import Operation, Resource
from provisioning.railway.client import RailwayClient
from provisioning.railway.results import BackupKind
from provisioning.states import MAKING, OperationKind, OperationState, ResourceState

BACKUPS: tuple[BackupKind, ...] = ("DAILY", "WEEKLY")
SCHEDULED = "DAILY,WEEKLY"
# Odoo's service still follows each push to its repository
FOLLOWS_PUSHES = "FOLLOWS_PUSHES"
PAUSE = timedelta(minutes=5)


def missing() -> "QuerySet[Resource]":
    """What Railway has not confirmed for instances whose creation has ended well."""
    made = Operation.objects.filter(
        instance=OuterRef("instance"), kind__in=(*MAKING, OperationKind.PREPARE), state=OperationState.SUCCEEDED
    )
    unconfirmed = Q(kind="volume_instance") & ~Q(status=SCHEDULED) | Q(kind="service", status=FOLLOWS_PUSHES)
    return Resource.objects.filter(Exists(made), unconfirmed, state=ResourceState.PRESENT)


def due() -> list[tuple[int, str]]:
    """The instances (with their workspaces) of which something is missing and was not asked for a moment ago."""
    before = timezone.now() - PAUSE
    rows = missing().filter(Q(checked_at=None) | Q(checked_at__lt=before)).order_by("pk")
    return list(dict.fromkeys(rows.values_list("instance_id", "workspace")))


def see_to(instance_id: int, workspace: str) -> None:
    """Ask for what is missing and write down what Railway confirms; harmless when repeated. Raises RailwayError."""
    rows = list(missing().filter(instance_id=instance_id))
    Resource.objects.filter(pk__in=[row.pk for row in rows]).update(checked_at=timezone.now())
    railway = clients.railway(workspace)
    volumes = [row for row in rows if row.kind == "volume_instance"]
    if volumes:
        _schedule_backups(railway, volumes)
    for row in rows:
        if row.kind == "service":
            stop_following_pushes(Ledger(instance_id, workspace), railway, row.name)


def stop_following_pushes(ledger: Ledger, railway: RailwayClient, service: str) -> None:
    """Otherwise one push to the repository would rebuild every customer. Raises RailwayError."""
    service_id = ledger.id_of("service", service)
    mine = Resource.objects.filter(instance_id=ledger.instance_id, kind="service", external_id=service_id)
    mine.update(status=FOLLOWS_PUSHES)
    railway.disable_auto_deploy(
        project_id=ledger.id_of("project", "project"),
        service_id=service_id,
        environment_id=ledger.id_of("environment", "production"),
    )
    mine.update(status="")


def _schedule_backups(railway: RailwayClient, rows: list[Resource]) -> None:
    """Daily and weekly, read back: Railway's "true" is not proof."""
    railway.schedule_backups([row.external_id for row in rows], BACKUPS)
    kinds = railway.backup_kinds([row.external_id for row in rows])
    confirmed = [row.pk for row in rows if kinds.get(row.external_id) == frozenset[str](BACKUPS)]
    Resource.objects.filter(pk__in=confirmed).update(status=SCHEDULED)
