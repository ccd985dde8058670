"""The product on one screen: which steps make each kind of operation come true, in order."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from provisioning.doorbell import Priority
from provisioning.models import Operation
from provisioning.outcomes import Done, Wait
from provisioning.states import OperationKind
from provisioning.steps import (
    afterwards,
    announce,
    changing_plan,
    deployments,
    hand_over,
    project,
    proof,
    removal,
    restoring,
    safeguard,
    services,
    stopping,
)
from provisioning.steps import credentials as account
from provisioning.steps.context import Context


@dataclass(frozen=True)
class StepDefinition:
    """``code`` is kept in rows for ever and never reused; ``usual_seconds`` weighs progress until there is history.

    ``is_lost`` says, when the operation is retried, whether what this step had done is there no more.
    """

    code: str
    label: str | Promise
    run: Callable[[Context], Done | Wait]
    usual_seconds: float
    is_lost: Callable[[Operation], bool] = lambda operation: False


@dataclass(frozen=True)
class Recipe:
    """``afterwards`` is called with the instance and its workspace once the operation has succeeded, and may fail: what
    it could not do is found by `watching.afterwards`. ``retired`` are steps of former releases that rows still name.
    ``priority`` is how soon a worker hears of it when nothing has waited yet.
    """

    steps: tuple[StepDefinition, ...]
    deadline: timedelta
    afterwards: Callable[[int, str], None] | None = None
    retired: tuple[StepDefinition, ...] = ()
    priority: Priority = Priority.ORDINARY


CREATE = Recipe(
    (
        StepDefinition("create_project", _("Create the isolated project"), project.create_project, 5),
        StepDefinition("create_services", _("Create the database and Odoo services"), services.create_services, 3),
        StepDefinition("create_volumes", _("Attach the storage"), services.create_volumes, 20),
        StepDefinition("create_domain", _("Open the web address"), services.create_domain, 5),
        StepDefinition("configure", _("Configure the services"), services.configure, 5),
        StepDefinition(
            "deploy_postgres", _("Start the database"), deployments.begin_postgres, 1, deployments.postgres_is_lost
        ),
        StepDefinition(
            "deploy_odoo", _("Install and start Odoo"), restoring.start_created, 180, deployments.odoo_is_lost
        ),
        StepDefinition("prove_login", _("Check that you can log in"), restoring.prove_created, 10),
        StepDefinition("announce", _("Send the welcome e-mail"), announce.announce, 1),
    ),
    deadline=timedelta(minutes=45),
    afterwards=afterwards.see_to,
    retired=(StepDefinition("schedule_backups", _("Schedule the backups"), lambda ctx: Done(), 1),),
)

# a warm unit: an ordinary instance of nobody's, and what will give it away
PREPARE = Recipe(
    (
        *CREATE.steps[:-1],
        StepDefinition("prepare_hand_over", _("Prepare its hand-over"), hand_over.prepare, 2),
    ),
    deadline=timedelta(minutes=45),
    afterwards=afterwards.see_to,
    priority=Priority.STOCK,
)

# its customer looks on: when it takes long, another unit or an ordinary creation takes over
HAND_OVER = Recipe(
    (
        StepDefinition("give_name", _("Give the prepared instance its name"), hand_over.give_name, 1),
        StepDefinition("give_odoo", _("Enter your company and your access"), hand_over.give_odoo, 1),
        StepDefinition("prove_login", _("Check that you can log in"), hand_over.prove_login, 1),
        StepDefinition("announce", _("Send the welcome e-mail"), hand_over.announce, 0.1),
    ),
    deadline=timedelta(minutes=2),
    afterwards=afterwards.see_to,
    priority=Priority.LAST_WAIT,
)

SUSPEND = Recipe(
    (
        StepDefinition("back_up", _("Make a backup, as long as Odoo runs"), safeguard.back_up, 60, safeguard.is_old),
        StepDefinition("stop_services", _("Stop Odoo, then the database"), stopping.stop_services, 30),
        StepDefinition("verify_stopped", _("Check that both are stopped"), stopping.verify_stopped, 30),
    ),
    deadline=timedelta(minutes=30),
)

RESUME = Recipe(
    (
        StepDefinition(
            "deploy_postgres", _("Start the database"), deployments.begin_postgres, 1, deployments.postgres_is_lost
        ),
        StepDefinition("deploy_odoo", _("Start Odoo"), deployments.deploy_odoo, 60, deployments.odoo_is_lost),
        StepDefinition("prove_service", _("Check that Odoo answers"), proof.prove_service, 10),
    ),
    deadline=timedelta(minutes=45),
)

DECOMMISSION = Recipe(
    (
        StepDefinition("last_backup", _("Make sure of a last backup"), safeguard.last_backup, 60, safeguard.is_old),
        StepDefinition("stop_services", _("Stop Odoo, then the database"), removal.stop_what_runs, 30),
        StepDefinition("delete_project", _("Delete the project"), removal.delete_project, 30),
        StepDefinition("prove_gone", _("Check that nothing is left"), removal.prove_gone, 30),
    ),
    # Railway itself keeps a project for 48 hours after its deletion was asked for, and may have to be asked again
    deadline=timedelta(days=5),
)

# of what is changed over Odoo's API with the password that is kept: the customer may have changed that
RESTART_IF_REFUSED = StepDefinition(
    "deploy_odoo",
    _("Restart Odoo if it refuses the access that we keep"),
    deployments.restart_if_refused,
    1,
    deployments.odoo_is_lost,
)

RESET_PASSWORD = Recipe(
    (
        StepDefinition("set_password", _("Set the new password in Odoo"), account.set_password, 5),
        RESTART_IF_REFUSED,
        StepDefinition("prove_login", _("Check that the new password works"), proof.prove_access, 5),
    ),
    deadline=timedelta(minutes=45),
)

CHANGE_EMAIL = Recipe(
    (
        StepDefinition("set_email", _("Set the new e-mail address and password in Odoo"), account.set_email, 5),
        RESTART_IF_REFUSED,
        StepDefinition("prove_login", _("Check that the new address works"), proof.prove_access, 5),
    ),
    deadline=timedelta(minutes=45),
)

# without the customer's current password nobody can log in to change it: Odoo's own start does
RENEW_ACCESS = Recipe(
    (
        StepDefinition(
            "deploy_odoo", _("Restart Odoo with the new access"), deployments.deploy_odoo, 60, deployments.odoo_is_lost
        ),
        StepDefinition("prove_login", _("Check that the new access works"), proof.prove_access, 5),
    ),
    deadline=timedelta(minutes=45),
)

# its steps never end between: what went wrong brings the former state back, and fails the operation only then
RESTORE = Recipe(
    (
        StepDefinition("back_up", _("Make a backup of the present state"), safeguard.back_up, 60, safeguard.is_old),
        StepDefinition(
            "deploy_postgres", _("Start the database"), deployments.deploy_postgres, 1, deployments.postgres_is_lost
        ),
        StepDefinition("deploy_odoo", _("Restart Odoo with the backup"), restoring.load, 60),
        StepDefinition("load_backup", _("Load the backup"), restoring.await_loaded, 60),
        StepDefinition("prove_login", _("Check that you can log in"), restoring.prove, 10),
        StepDefinition("bring_back", _("If anything failed, bring the former state back"), restoring.bring_back, 1),
        StepDefinition("prove_former", _("If so, check that Odoo answers"), restoring.prove_former, 1),
        StepDefinition("conclude", _("Keep the result"), restoring.conclude, 1),
    ),
    deadline=timedelta(hours=2),
)

# the same: what cannot be changed, or does not work then, gives way to what was there
CHANGE_PLAN = Recipe(
    (
        StepDefinition("look", _("Compare the plans with what runs"), changing_plan.look, 1),
        StepDefinition(
            "back_up", _("Make a backup of the present state"), changing_plan.back_up, 60, changing_plan.backup_is_old
        ),
        StepDefinition("apply_plan", _("Set the limits and modules of the new plan"), changing_plan.apply, 2),
        StepDefinition(
            "deploy_postgres",
            _("Restart the database, if its limits change"),
            changing_plan.deploy_postgres,
            1,
            deployments.postgres_is_lost,
        ),
        StepDefinition(
            "deploy_odoo",
            _("Restart Odoo, which installs what is missing"),
            changing_plan.deploy_odoo,
            60,
            deployments.odoo_is_lost,
        ),
        StepDefinition("prove_login", _("Check that you can log in"), changing_plan.prove, 5),
        StepDefinition(
            "bring_back",
            _("If anything failed, bring the former plan back"),
            changing_plan.bring_back,
            1,
            deployments.odoo_is_lost,
        ),
        StepDefinition("prove_former", _("If so, check that Odoo answers"), changing_plan.prove_former, 1),
        StepDefinition("conclude", _("Keep the result"), changing_plan.conclude, 1),
    ),
    deadline=timedelta(hours=3),
    afterwards=afterwards.see_to,
)

RECIPES: dict[str, Recipe] = {
    OperationKind.CREATE: CREATE,
    OperationKind.SUSPEND: SUSPEND,
    OperationKind.RESUME: RESUME,
    OperationKind.DECOMMISSION: DECOMMISSION,
    OperationKind.RESET_PASSWORD: RESET_PASSWORD,
    OperationKind.CHANGE_EMAIL: CHANGE_EMAIL,
    OperationKind.RENEW_ACCESS: RENEW_ACCESS,
    OperationKind.PREPARE: PREPARE,
    OperationKind.HAND_OVER: HAND_OVER,
    OperationKind.RESTORE: RESTORE,
    OperationKind.CHANGE_PLAN: CHANGE_PLAN,
}


def step_label(kind: str, code: str) -> str | Promise:
    """The step's name; its code for one that only a newer version knows, which had begun it before a rollback."""
    try:
        return step_definition(kind, code).label
    except LookupError:
        return code


def step_definition(kind: str, code: str) -> StepDefinition:
    """The step that a stored row names. Raises LookupError for a kind or code that there is not."""
    for definition in (*RECIPES[kind].steps, *RECIPES[kind].retired):
        if definition.code == code:
            return definition
    raise LookupError(f"The recipe {kind} has no step {code}.")
