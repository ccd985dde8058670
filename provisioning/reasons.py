"""The catalogue of reasons: for every code, what a customer reads and what staff should do next."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise


@dataclass(frozen=True)
class Reason:
    """``sentence`` blames nobody and names no internals; ``advice`` is for staff."""

    sentence: Text
    advice: Text = ""


UNKNOWN = Reason(
    _("Something unexpected happened. Our team has been told."),
    _("Read the message and the log of this operation, then retry."),
)

_SLOW = _("The hosting platform is slow to answer. We keep trying.")
_REFUSED = _("The hosting platform refused a request. Our team has been told.")
_NOT_STARTED = _("The instance could not be started. Our team has been told.")
_CHECK_FAILED = _("The final check did not succeed. Our team has been told.")

REASONS: dict[str, Reason] = {
    "unexpected": UNKNOWN,
    "cancelled": Reason(_("The work was cancelled."), _("Retry goes on from the step where it was cancelled.")),
    "deadline": Reason(
        _("It took longer than it may. Our team has been told."),
        _("See what the last step waited for, then retry."),
    ),
    "temporary": Reason(_SLOW, _("Retry goes on from this step.")),
    "permanent": Reason(_REFUSED, _("Read the message, mend the cause, then retry.")),
    "unknown_workspace": Reason(_REFUSED, _("Configure the Railway workspace that the operation names.")),
    "looking_for_lost_answer": Reason(_("We are checking what the hosting platform has already done.")),
    "waiting_for_turn": Reason(_("Waiting for its turn: instances are created one after the other.")),
    "waiting_for_budget": Reason(_("Waiting for its turn: many requests are under way.")),
    "waiting_for_volumes": Reason(_("The storage is being prepared.")),
    "waiting_for_domain": Reason(_("The web address is being prepared.")),
    "waiting_for_postgres": Reason(_("The database is starting.")),
    "waiting_for_odoo": Reason(_("Odoo is being installed. This is the longest step.")),
    "waiting_for_stop": Reason(_("The services are stopping.")),
    "waiting_for_deletion": Reason(_("The hosting platform is deleting the project.")),
    "settings_not_taken": Reason(_SLOW, _("Compare the settings of the services in Railway's dashboard, then retry.")),
    "deployment_failed": Reason(_NOT_STARTED, _("Read the deployment's log, mend the cause, then retry.")),
    "deployment_crashed": Reason(_NOT_STARTED, _("Read the deployment's log, mend the cause, then retry.")),
    "deployment_stuck": Reason(_NOT_STARTED, _("Look at Railway's status page and the build log, then retry.")),
    "password_not_kept": Reason(
        _("The current password is not kept any more."),
        _("The customer can use “Reset password” on Odoo's login page."),
    ),
}


def reason(code: str) -> Reason:
    """The entry for ``code``; the general one for a code that has none, so a person always reads a sentence."""
    return REASONS.get(code, UNKNOWN)
