"""What may be done with an instance: each is a POST that is taken at once and carried out after it."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.db import transaction
from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from tenants.api.api_view import ApiView
from tenants.api.inputs import EmailInput
from tenants.api.outputs import StatusOutput
from tenants.api.schema import IDEMPOTENCY_KEY
from tenants.api.views.instances import watched_answer
from tenants.limits import occasions
from tenants.limits.counters import Claim
from tenants.models import ApiKey, AuditEntry, Instance
from tenants.services import access, ending, instances, preconditions, welcome
from tenants.services.idempotency import Answer


def real_claims(instance: Instance, *claims: Claim) -> tuple[Claim, ...]:
    """What an act costs; all of it is e-mails, of which test mode sends none."""
    return () if instance.is_test else claims


class ActionView(ApiView):
    scopes = {"POST": (ApiKey.Scope.WRITE,)}
    carry_out: ClassVar[Callable[[Instance], Any]]
    # in the audit trail, unless the act itself is told there
    audited: ClassVar[str] = ""
    # what it costs, for instance e-mails to the customer
    # what cannot be done now is told before what is too much
    admit: ClassVar[Callable[[Instance], None]] = staticmethod(lambda instance: None)
    claims_of: ClassVar[Callable[[Instance], tuple[Claim, ...]]] = staticmethod(lambda instance: ())

    def act(self, instance_id: str) -> HttpResponse:
        instance = self.own_instance(instance_id)
        return self.once(
            lambda: self._do(instance),
            claims=real_claims(instance, *type(self).claims_of(instance)),
            admit=lambda: type(self).admit(instance),
        )

    def _do(self, instance: Instance) -> Answer:
        with transaction.atomic():
            type(self).carry_out(instance)
            if self.audited:
                AuditEntry.write(f"partner:{self.audited}", instance.pk, after={})
        return watched_answer(instance, self.key())


def _mails(instance: Instance) -> tuple[Claim, ...]:
    return occasions.partner_mail(instance.tenant.partner_id, instance.admin_email)


def _recipient(instance: Instance) -> tuple[Claim, ...]:
    """To end and to keep by turns would fill the customer's mailbox."""
    return (occasions.mail(instance.admin_email)[0],)


def _resends(instance: Instance) -> tuple[Claim, ...]:
    return occasions.resend(instance.tenant.partner_id, instance.public_id, instance.admin_email)


def _action(
    name: str,
    summary: str,
    action: Callable[[Instance], Any],
    claims_of: Callable[[Instance], tuple[Claim, ...]] = lambda instance: (),
    admit: Callable[[Instance], None] = lambda instance: None,
    *,
    audited: str = "",
) -> type[ActionView]:
    @extend_schema(
        operation_id=f"{name}_instance",
        summary=summary,
        request=None,
        parameters=[IDEMPOTENCY_KEY],
        responses={202: StatusOutput},
    )
    def post(self: ActionView, request: Request, instance_id: str) -> HttpResponse:
        return self.act(instance_id)

    members = {
        "carry_out": staticmethod(action),
        "claims_of": staticmethod(claims_of),
        "admit": staticmethod(admit),
        "audited": audited,
        "post": post,
    }
    return type(f"{name.title()}View", (ActionView,), members)


RetryView = _action("retry", "Go on with what has failed", instances.retry, audited="retry")
SuspendView = _action("suspend", "Stop the services, keep the data", instances.suspend, audited="suspend")
ResumeView = _action("resume", "Start the services again", instances.resume, audited="resume")
UndoDecommissionView = _action(
    "undo_decommission_of",
    "Keep what is to be decommissioned",
    ending.undo_decommission,
    _recipient,
    lambda instance: preconditions.require("undo_decommission", instance),
)
ResetPasswordView = _action(
    "reset_password_of",
    "Give the administrator a new password, by e-mail",
    access.reset_password,
    _mails,
    lambda instance: preconditions.require("reset_password", instance),
    audited="reset_password",
)
ResendWelcomeView = _action(
    "resend_welcome_of",
    "Send the welcome e-mail again",
    welcome.resend_welcome,
    _resends,
    lambda instance: preconditions.require("resend", instance),
    audited="resend",
)


class ChangeEmailView(ActionView):
    # the new address is sent the new password: that is to read it
    scopes = {"POST": (ApiKey.Scope.WRITE, ApiKey.Scope.SECRETS)}

    @extend_schema(
        operation_id="change_email_of_instance",
        summary="Correct the administrator's e-mail address",
        description=(
            "Also the login. What is ready changes it in Odoo with a new password, proves both and mails them to the "
            "new address; what failed uses it in a retry. Every status token given so far ends. "
            "Needs the scope `secrets` too."
        ),
        request=EmailInput,
        parameters=[IDEMPOTENCY_KEY],
        responses={202: StatusOutput},
    )
    def post(self, request: Request, instance_id: str) -> HttpResponse:
        instance = self.own_instance(instance_id)
        email = self.read(EmailInput)["adminEmail"]

        def change() -> Answer:
            access.change_email(instance, email)
            return watched_answer(instance, self.key())

        return self.once(
            change,
            claims=real_claims(
                instance, *occasions.changed_address(instance.tenant.partner_id, instance.admin_email, email)
            ),
            admit=lambda: preconditions.require("change_email", instance),
        )
