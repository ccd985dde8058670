"""What may be done with an instance: each is a POST that is taken at once and carried out after it."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from tenants.api.api_view import ApiView
from tenants.api.inputs import EmailInput
from tenants.api.outputs import StatusOutput
from tenants.api.schema import IDEMPOTENCY_KEY
from tenants.api.views.instances import watched_answer
from tenants.models import ApiKey, Instance
from tenants.services import access, ending, instances, welcome
from tenants.services.idempotency import Answer


class ActionView(ApiView):
    scopes = {"POST": ApiKey.Scope.WRITE}
    carry_out: ClassVar[Callable[[Instance], Any]]

    def act(self, instance_id: str) -> HttpResponse:
        instance = self.own_instance(instance_id)
        return self.once(lambda: self._do(instance))

    def _do(self, instance: Instance) -> Answer:
        type(self).carry_out(instance)
        return watched_answer(instance)


def _action(name: str, summary: str, action: Callable[[Instance], Any]) -> type[ActionView]:
    @extend_schema(
        operation_id=f"{name}_instance",
        summary=summary,
        request=None,
        parameters=[IDEMPOTENCY_KEY],
        responses={202: StatusOutput},
    )
    def post(self: ActionView, request: Request, instance_id: str) -> HttpResponse:
        return self.act(instance_id)

    return type(f"{name.title()}View", (ActionView,), {"carry_out": staticmethod(action), "post": post})


RetryView = _action("retry", "Go on with what has failed", instances.retry)
SuspendView = _action("suspend", "Stop the services, keep the data", instances.suspend)
ResumeView = _action("resume", "Start the services again", instances.resume)
UndoDecommissionView = _action(
    "undo_decommission_of",
    "Keep what is to be decommissioned",
    ending.undo_decommission,
)
ResetPasswordView = _action(
    "reset_password_of", "Give the administrator a new password, by e-mail", access.reset_password
)
ResendWelcomeView = _action("resend_welcome_of", "Send the welcome e-mail again", welcome.resend_welcome)


class ChangeEmailView(ActionView):
    @extend_schema(
        operation_id="change_email_of_instance",
        summary="Correct the administrator's e-mail address",
        description="Also the login. What is ready changes it in Odoo and proves it; what failed uses it in a retry.",
        request=EmailInput,
        parameters=[IDEMPOTENCY_KEY],
        responses={202: StatusOutput},
    )
    def post(self, request: Request, instance_id: str) -> HttpResponse:
        instance = self.own_instance(instance_id)
        email = self.read(EmailInput)["adminEmail"]

        def change() -> Answer:
            access.change_email(instance, email)
            return watched_answer(instance)

        return self.once(change)
