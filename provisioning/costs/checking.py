"""What we measure is held against the sum that Railway tells of itself."""

from decimal import Decimal

from django.utils import timezone

from provisioning.costs.reading import dollars
from provisioning.gate import clients
from provisioning.models import UsageCheck


def check(workspace: str) -> UsageCheck | None:
    """Compare, and keep the comparison as a row; None for a token that may not read billing.

    The whole billing period so far is asked for anew, so what a lost day or a missed project would hide is seen.
    Raises RailwayError, NotNow or UnknownWorkspace.
    """
    told = clients.railway(workspace).workspace(clients.workspace_id(workspace)).billing
    if told is None:
        return None
    now = max(timezone.now(), told.period_start)
    measured = sum(dollars(workspace, told.period_start, now).values(), Decimal(0))
    return UsageCheck.objects.create(
        workspace=workspace, since=told.period_start, measured=measured, told=Decimal(str(told.current_usage))
    )
