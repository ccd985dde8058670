"""The states of work: an operation is active until it ends; its steps tell how far it is."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class OperationState(models.TextChoices):
    ACTIVE = "active", _("active")
    SUCCEEDED = "succeeded", _("succeeded")
    FAILED = "failed", _("failed")
    CANCELLED = "cancelled", _("cancelled")


class StepState(models.TextChoices):
    PENDING = "pending", _("to do")
    RUNNING = "running", _("running")
    WAITING = "waiting", _("waiting")
    DONE = "done", _("done")
    FAILED = "failed", _("failed")


class ResourceState(models.TextChoices):
    INTENDED = "intended", _("intended")
    PRESENT = "present", _("present")
    GONE = "gone", _("gone")


class OperationKind(models.TextChoices):
    CREATE = "create", _("creation")
    SUSPEND = "suspend", _("suspension")
    RESUME = "resume", _("resumption")
    DECOMMISSION = "decommission", _("decommissioning")
    RESET_PASSWORD = "reset_password", _("new admin password")
    CHANGE_EMAIL = "change_email", _("new admin e-mail address")
    RENEW_ACCESS = "renew_access", _("new access by a restart")
    PREPARE = "prepare", _("preparation of a warm unit")
    HAND_OVER = "hand_over", _("hand-over of a warm unit")
    RESTORE = "restore", _("restoration of a backup")
    CHANGE_PLAN = "change_plan", _("change of plan")


# what a customer's instance comes true by
MAKING = (OperationKind.CREATE, OperationKind.HAND_OVER)
