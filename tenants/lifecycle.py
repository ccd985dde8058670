"""The life of an instance, as data: what may follow what."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class InstanceState(models.TextChoices):
    REQUESTED = "requested", _("requested")
    PROVISIONING = "provisioning", _("being created")
    READY = "ready", _("ready")
    SUSPENDED = "suspended", _("suspended")
    FAILED = "failed", _("failed")
    DECOMMISSIONING = "decommissioning", _("being decommissioned")
    DECOMMISSIONED = "decommissioned", _("decommissioned")
    # of units that were made before anybody ordered them, see `tenants.pool`
    WARM = "warm", _("warm, not ordered yet")
    TAKEN = "taken", _("handed out to a customer")


_S = InstanceState

TRANSITIONS: dict[InstanceState, frozenset[InstanceState]] = {
    _S.REQUESTED: frozenset({_S.PROVISIONING, _S.DECOMMISSIONING}),
    _S.PROVISIONING: frozenset({_S.READY, _S.FAILED, _S.WARM}),
    # a change of plan that has stopped between two plans, and goes on by a retry
    _S.READY: frozenset({_S.SUSPENDED, _S.DECOMMISSIONING, _S.FAILED}),
    _S.SUSPENDED: frozenset({_S.READY, _S.DECOMMISSIONING}),
    _S.FAILED: frozenset({_S.PROVISIONING, _S.DECOMMISSIONING}),
    _S.DECOMMISSIONING: frozenset({_S.DECOMMISSIONED}),
    _S.DECOMMISSIONED: frozenset(),
    _S.WARM: frozenset({_S.TAKEN, _S.DECOMMISSIONING}),
    _S.TAKEN: frozenset({_S.FAILED}),
}

PUBLIC_STATUS: dict[InstanceState, str] = {
    _S.REQUESTED: "creating",
    _S.PROVISIONING: "creating",
    _S.READY: "ready",
    _S.SUSPENDED: "suspended",
    _S.FAILED: "failed",
    _S.DECOMMISSIONING: "decommissioning",
    _S.DECOMMISSIONED: "decommissioned",
    # no outsider sees them
    _S.WARM: "creating",
    _S.TAKEN: "decommissioned",
}
