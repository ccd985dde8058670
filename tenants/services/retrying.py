"""What a retry does anew: steps whose effect was taken back meanwhile."""

import secrets

from provisioning.backups import restores
from provisioning.models import Operation
from provisioning.states import MAKING, OperationKind, StepState


def taken_back(last: Operation) -> tuple[str, ...]:
    """The steps whose effect is gone: what was stopped meanwhile, or started with another owner, starts anew."""
    if last.kind not in (*MAKING, OperationKind.RESTORE) and "access_revision" in last.facts:
        _ask_for_another_start(last)
        return ("deploy_odoo",)
    if last.kind in (OperationKind.RESET_PASSWORD, OperationKind.CHANGE_EMAIL):
        # the customer may have changed it since
        return ("set_password", "set_email", "deploy_odoo")
    if last.kind not in MAKING:
        return ()
    if restores.reopen(last.facts.get("restore", "")):
        _ask_for_another_start(last)
    later = Operation.objects.filter(instance=last.instance_id, pk__gt=last.pk, kind=OperationKind.SUSPEND)
    done = last.steps.filter(state=StepState.DONE)
    if later.exists():
        return tuple(
            done.filter(code__in=("deploy_postgres", "deploy_odoo", "prove_login")).values_list("code", flat=True)
        )
    told = last.steps.filter(code="deploy_odoo").values_list("notes", flat=True).first() or {}
    if last.facts.get("access_revision", "") != told.get("access_revision", ""):
        return tuple(done.filter(code__in=("deploy_odoo", "prove_login")).values_list("code", flat=True))
    return ()


def _ask_for_another_start(last: Operation) -> None:
    """Another revision of the access, so that the next start does what this one has not done."""
    last.facts = {**last.facts, "access_revision": f"{last.reference}-{secrets.token_hex(4)}"}
    last.save(update_fields=["facts"])
