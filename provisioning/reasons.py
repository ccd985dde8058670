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
_KEPT = _("The backup could not be restored. Everything is as it was before.")
_SAME_PLAN = _("The plan was not changed. Everything is as it was before, in the former plan.")
_CHECK_FAILED = _("The final check did not succeed. Our team has been told.")

REASONS: dict[str, Reason] = {
    "unexpected": UNKNOWN,
    "cancelled": Reason(_("The work was cancelled."), _("Retry goes on from the step where it was cancelled.")),
    "deadline": Reason(
        _("It took longer than it may. Our team has been told."), _("See what the last step waited for, then retry.")
    ),
    "temporary": Reason(_SLOW, _("Retry goes on from this step.")),
    "permanent": Reason(_REFUSED, _("Read the message, mend the cause, then retry.")),
    "unknown_workspace": Reason(_REFUSED, _("Configure the Railway workspace that the operation names.")),
    "looking_for_lost_answer": Reason(_("We are checking what the hosting platform has already done.")),
    "waiting_for_turn": Reason(_("Waiting for its turn: instances are created one after the other.")),
    "waiting_for_railway_budget": Reason(_("Waiting for its turn: many requests are under way.")),
    "waiting_for_railway_outage": Reason(
        _("The hosting platform is unavailable at the moment. The work goes on by itself when it is back."),
        _("Railway as a whole does not answer: see status.railway.com; nothing needs to be done."),
    ),
    "waiting_for_volumes": Reason(_("The storage is being prepared.")),
    "waiting_for_domain": Reason(_("The web address is being prepared.")),
    "waiting_for_postgres": Reason(_("The database is starting.")),
    "waiting_for_odoo": Reason(_("Odoo is being installed. This is the longest step.")),
    "waiting_for_stop": Reason(_("The services are stopping.")),
    "waiting_for_deletion": Reason(_("The hosting platform is deleting the project.")),
    "making_backup": Reason(
        _("A backup is being made before anything is stopped."),
        _("If it must stop at once, go on without a backup: its page has a button for that."),
    ),
    "waiting_for_last_backup": Reason(
        _("Nothing is deleted before there is a last backup. Our team has been told."),
        _(
            "There is no good backup of its last state. If Odoo stands still: undo the decommissioning (or cancel this "
            "work), resume it so that its agent can make one, and decommission it again. If Odoo runs: see why its "
            "backups fail; it goes on by itself. Or decide, on its page, to go on without a backup."
        ),
    ),
    "settings_not_taken": Reason(_SLOW, _("Compare the settings of the services in Railway's dashboard, then retry.")),
    "deployment_failed": Reason(_NOT_STARTED, _("Read the deployment's log, mend the cause, then retry.")),
    "deployment_crashed": Reason(_NOT_STARTED, _("Read the deployment's log, mend the cause, then retry.")),
    "project_being_deleted": Reason(
        _NOT_STARTED,
        _(
            "Somebody has scheduled the project's deletion at Railway: cancel it in Railway's dashboard and retry, or "
            "decommission the instance."
        ),
    ),
    "unit_unfit": Reason(
        _("The prepared instance was not as it should be. Another one takes its place."),
        _("Look at the unit (Pools): its project was changed at Railway, or it does not run. Then decommission it."),
    ),
    "unit_taken": Reason(
        _REFUSED,
        _(
            "The project of this warm unit bears the marker of something else: after a database was restored it may be "
            "a customer's. Look at it in Railway's dashboard; delete nothing by hand before you know whose it is."
        ),
    ),
    "odoo_hand_over_refused": Reason(
        _("The prepared instance could not be handed over. Another one takes its place."),
        _("Read the log of the unit's Odoo (Pools), then decommission it."),
    ),
    "deployment_stuck": Reason(_NOT_STARTED, _("Look at Railway's status page and the build log, then retry.")),
    "backups_not_scheduled": Reason(
        _("The backups are not scheduled yet. Our team has been told."),
        _(
            "Railway does not take the backup schedules: see whether the workspace's plan includes backups, and set "
            "them in the volumes' settings of its dashboard if need be."
        ),
    ),
    "still_follows_pushes": Reason(
        _("A setting of the instance is not confirmed yet. Our team has been told."),
        _("A push to the repository would rebuild this instance: turn its automatic deployments off in the dashboard."),
    ),
    "railway": Reason(_REFUSED, _("Read the message, mend the cause, then retry.")),
    "railway_unreachable": Reason(
        _("The hosting platform cannot be reached. We keep trying."),
        _("Railway cannot be reached: check the network, RAILWAY_API_URL and status.railway.com, then retry."),
    ),
    "railway_lost_answer": Reason(_SLOW, _("Nothing is asked for twice: retry looks first for what was made.")),
    "railway_partial_answer": Reason(_SLOW, _("Nothing is asked for twice: retry looks first for what was made.")),
    "railway_server_problem": Reason(_SLOW, _("Give Railway's support the trace id of the message if it lasts.")),
    "railway_unknown_refusal": Reason(
        _REFUSED,
        _("Railway refused for a reason of its own: read its words in the message, mend the cause, then retry."),
    ),
    "railway_edge_blocked": Reason(_SLOW, _("Railway's edge blocks this machine: wait, and send fewer requests.")),
    "railway_rate_limited": Reason(
        _("Waiting for its turn: many requests are under way."),
        _("The request budget is used up: it refills by the hour."),
    ),
    "railway_project_throttled": Reason(_("Waiting for its turn: instances are created one after the other.")),
    "railway_volume_throttled": Reason(_("The storage is being prepared.")),
    "railway_not_yet_visible": Reason(_("The hosting platform is still preparing what it has created.")),
    "railway_busy": Reason(_("The hosting platform is still working on the last change.")),
    "railway_paused": Reason(
        _("The hosting platform has paused deployments. We go on by ourselves when it resumes."),
        _("See status.railway.com; nothing needs to be done."),
    ),
    "railway_already_exists": Reason(_REFUSED, _("Look for the name in Railway's dashboard, then retry.")),
    "railway_token_refused": Reason(
        _REFUSED, _("Railway refuses the token: make a new workspace token as an Admin and set RAILWAY_API_TOKEN.")
    ),
    "railway_not_authorized": Reason(
        _REFUSED, _("The token may not do this, or the thing is gone: compare the ledger with Railway's dashboard.")
    ),
    "railway_not_found": Reason(_REFUSED, _("The thing is gone at Railway: compare the ledger with its dashboard.")),
    "railway_plan_limit": Reason(_REFUSED, _("Railway's plan does not allow more: raise it, then retry.")),
    "railway_account_blocked": Reason(
        _REFUSED,
        _(
            "Railway does nothing for this workspace until its owner acts (plan, payment, account): open the "
            "workspace's billing page in Railway's dashboard, then retry."
        ),
    ),
    "railway_value_refused": Reason(
        _REFUSED,
        _(
            "Railway does not take a name or a value: its words are in the message. Correct the order or the plan's "
            "data; if both are right, tell the developers."
        ),
    ),
    "railway_bad_request": Reason(_REFUSED, _("Railway does not understand us: tell the developers.")),
    "odoo_not_reachable": Reason(_("Your Odoo is starting and does not answer yet."), _("Read the deployment's log.")),
    "odoo_not_ready": Reason(_("Your Odoo is starting and does not answer yet."), _("Read the deployment's log.")),
    "odoo_assets_broken": Reason(_("Your Odoo is preparing its pages."), _("Odoo cannot write to its volume.")),
    "odoo_unexpected_answer": Reason(_CHECK_FAILED, _("Open the address and see what answers there.")),
    "odoo_too_many_login_failures": Reason(_("Odoo asks for a minute of patience before the next login.")),
    "odoo_login_refused": Reason(_CHECK_FAILED, _("Odoo refuses the customer's login: read the deployment's log.")),
    "odoo_second_factor": Reason(
        _CHECK_FAILED, _("The customer's account asks for a second factor: give a new admin password, which resets it.")
    ),
    "odoo_not_administrator": Reason(_CHECK_FAILED, _("The customer's account is not an administrator.")),
    "odoo_wrong_company": Reason(_CHECK_FAILED, _("The company in Odoo is not the one that was ordered.")),
    "odoo_wrong_language": Reason(_CHECK_FAILED, _("The account's language in Odoo is not the one that was ordered.")),
    "odoo_wrong_password_accepted": Reason(
        _CHECK_FAILED, _("Odoo accepts a wrong password: suspend the instance and tell the developers.")
    ),
    "odoo_former_login_accepted": Reason(
        _CHECK_FAILED, _("Odoo accepts the login that was replaced: look for a second account with that address.")
    ),
    "odoo_default_login_open": Reason(
        _CHECK_FAILED, _("admin/admin opens Odoo: suspend the instance and tell the developers.")
    ),
    "odoo_manager_open": Reason(
        _CHECK_FAILED, _("The database manager is open: suspend the instance and tell the developers.")
    ),
    "hook_unreachable": Reason(
        _("The webhook will be sent again."), _("The partner's server does not answer: see the delivery's attempts.")
    ),
    "hook_address_refused": Reason(
        _("The webhook's address is not accepted."), _("Only public https addresses get webhooks.")
    ),
    "loading_backup": Reason(_("The backup is being loaded.")),
    "restore_failed": Reason(_KEPT, _("Read the message and Odoo's log, then order the restoration again.")),
    "restore_silent": Reason(
        _KEPT, _("Odoo's start did not call us: see its log, and whether PUBLIC_BASE_URL can be reached from Railway.")
    ),
    "restore_late": Reason(_KEPT, _("Loading took hours: see Odoo's log.")),
    "restore_no_backup": Reason(_KEPT, _("The backup is not there any more: choose another one.")),
    "restore_damaged": Reason(
        _KEPT, _("What the storage gave is not what was backed up: choose another backup, see the storage.")
    ),
    "restore_download_failed": Reason(_KEPT, _("The storage did not give the backup: see its status.")),
    "restore_no_room": Reason(
        _KEPT, _("A volume has too little room for a second copy beside the first: enlarge it at Railway.")
    ),
    "restore_load_failed": Reason(_KEPT, _("PostgreSQL does not take the dump: the message has its code (SQLSTATE).")),
    "restore_counts_differ": Reason(_KEPT, _("What was loaded is not what was backed up: choose another backup.")),
    "restore_other_version": Reason(
        _KEPT, _("The backup is of another major version of Odoo: it needs an instance of that version.")
    ),
    "restore_newer_version": Reason(
        _KEPT, _("The backup was made by a newer Odoo: bring the instance's image to that version first.")
    ),
    "restore_owner_refused": Reason(_KEPT, _("The owner's login cannot be set in it: see Odoo's log.")),
    "restore_owner_failed": Reason(_KEPT, _("Odoo does not start on what was restored: see its log.")),
    "plan_not_changed": Reason(_SAME_PLAN, _("The message says why: mend that, then order the change again.")),
    "no_backup_before": Reason(_SAME_PLAN, _("No backup could be made before it: see why, then order it again.")),
    "backup_failed": Reason(
        _("The backup did not succeed. Our team has been told."), _("Read the message; ask for another one.")
    ),
    "backup_agent_silent": Reason(
        _("The backup was interrupted and begins anew."), _("Odoo's container was restarted, or its network is slow.")
    ),
    "backup_damaged": Reason(
        _("The backup did not pass its check and is made anew."), _("What the storage has is not what was sent.")
    ),
    "backup_implausible": Reason(
        _("The backup did not pass its check and is made anew."),
        _("It is less than half of the one before: look into the database. Is it right, use “Back up, however small”."),
    ),
    "backups_not_configured": Reason(
        _("Backups are not set up. Our team has been told."), _("Set BACKUP_S3_*: see .env.example.")
    ),
    "site_backup_failed": Reason(
        _("The site's backup did not succeed. Our team has been told."),
        _("Read the message, mend the cause, then run manage.py backup_site."),
    ),
    "site_backup_damaged": Reason(
        _("The site's backup did not pass its check. Our team has been told."),
        _("What the storage has cannot be opened as it was sent: try another backup; check SITE_BACKUP_KEYS."),
    ),
    "site_backup_keys_missing": Reason(
        _("The site's backup is not set up. Our team has been told."),
        _("Set SITE_BACKUP_KEYS to a key of age, and keep a copy of it elsewhere: see docs/backups.md."),
    ),
    "site_backup_tool_missing": Reason(
        _("The site's backup is not set up. Our team has been told."),
        _("Install PostgreSQL's client programs of the server's version or a newer one."),
    ),
    "site_backup_running": Reason(
        _("The site is being backed up at this moment."),
        _("Wait until it has ended, or a quarter of an hour when its process is dead."),
    ),
    "site_backup_interrupted": Reason(
        _("The site's backup was interrupted and begins anew."),
        _("Its process was killed; the next try is in an hour."),
    ),
    "database_not_empty": Reason(
        _("The database is not empty."), _("Restore into an empty database, or set aside what is there.")
    ),
    "storage_unavailable": Reason(
        _("The backup storage does not answer at the moment. We keep trying."), _("See the storage provider's status.")
    ),
    "storage_full": Reason(
        _("The backup storage has no room at the moment. Our team has been told."),
        _("The bucket's quota is used up: raise it, or shorten what is kept."),
    ),
    "storage_upload_gone": Reason(_("The backup begins anew."), _("The upload was ended from outside.")),
    "storage_clock_skewed": Reason(
        _("The backup storage cannot be used at the moment. It goes on by itself."),
        _("Our clock and the storage's differ by more than a quarter of an hour: mend the clock (NTP)."),
    ),
    "storage_refused": Reason(
        _("The backup could not be stored. Our team has been told."),
        _("The storage refuses us: check BACKUP_S3_* and the rights of its key."),
    ),
    "storage_object_missing": Reason(
        _("This backup is not there any more. Our team has been told."),
        _("The storage has no such object: somebody deleted it, or a lifecycle rule of the bucket did."),
    ),
    "storage_object_locked": Reason(
        _("This backup is kept until its lock ends."),
        _("The storage refuses to delete it before then; it is tried again."),
    ),
    "cost_differs": Reason(
        _("The costs that we measured are not those that the hosting platform counts."),
        _("See the price list: a price may have changed. Look for unknown projects, and at Railway's invoice."),
    ),
    "cost_jump": Reason(
        _("An instance uses much more than on the same weekdays before."),
        _("Look at its costs, then at its log: a loop, an import or an attack. A new customer at work is no fault."),
    ),
    "cost_eats_price": Reason(
        _("An instance costs more than 60 % of its price."),
        _("Look at its costs and its limits; offer a larger plan, or raise the plan's price for new orders."),
    ),
    "cost_without_rate": Reason(
        _("The costs of a currency are not known."),
        _("Write down what a dollar is worth in it: Costs, exchange rates."),
    ),
    "mail_unavailable": Reason(_("The e-mail will be sent again."), _("See the mail provider's status page.")),
    "mail_refused": Reason(_("The e-mail was refused."), _("Check the address, the sender and ANYMAIL_*.")),
    "password_not_kept": Reason(
        _("The new password is not kept any more."), _("The work is too old to go on: give a new admin password.")
    ),
}


def reason(code: str) -> Reason:
    """The entry for ``code``; the general one for a code that has none, so a person always reads a sentence."""
    return REASONS.get(code, UNKNOWN)
