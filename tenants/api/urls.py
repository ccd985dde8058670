"""The addresses of the API, under /api/. None ends with a slash."""

from django.urls import path, register_converter
from django.urls.converters import StringConverter

from tenants.api.views import (
    actions,
    backups,
    documentation,
    domains,
    exports,
    facts,
    instances,
    plans,
    problems,
    test_mode,
    webhooks,
)


class PublicId(StringConverter):
    """What an id can look like at all: everything else is not found before the database is asked."""

    regex = "[a-z0-9_-]{1,64}"


register_converter(PublicId, "public_id")

DOMAIN = "instances/<public_id:instance_id>/domains/<public_id:domain_id>"
ENDPOINT = "webhook-endpoints/<public_id:endpoint_id>"

urlpatterns = [
    path("instances", instances.InstancesView.as_view()),
    path("instances/<public_id:instance_id>", instances.InstanceView.as_view(), name="api_instance"),
    path("instances/<public_id:instance_id>/retry", actions.RetryView.as_view()),
    path("instances/<public_id:instance_id>/suspend", actions.SuspendView.as_view()),
    path("instances/<public_id:instance_id>/resume", actions.ResumeView.as_view()),
    path("instances/<public_id:instance_id>/resend-welcome", actions.ResendWelcomeView.as_view()),
    path("instances/<public_id:instance_id>/reset-password", actions.ResetPasswordView.as_view()),
    path("instances/<public_id:instance_id>/change-email", actions.ChangeEmailView.as_view()),
    path("instances/<public_id:instance_id>/undo-decommission", actions.UndoDecommissionView.as_view()),
    path("instances/<public_id:instance_id>/backups", backups.BackupsView.as_view()),
    path("instances/<public_id:instance_id>/export", exports.ExportView.as_view()),
    path("instances/<public_id:instance_id>/restore", backups.RestoreView.as_view()),
    path("instances/<public_id:instance_id>/domains", domains.DomainsView.as_view()),
    path(DOMAIN, domains.DomainView.as_view()),
    path(f"{DOMAIN}/check", domains.DomainCheckView.as_view()),
    path("instances/<public_id:instance_id>/plan", plans.InstancePlanView.as_view()),
    path("plans", facts.PlansView.as_view()),
    path("me", facts.MeView.as_view()),
    path("test-data", test_mode.TestDataView.as_view()),
    path("problems", problems.ProblemsView.as_view(), name="api_problems"),
    path("problems/<public_id:code>", problems.ProblemView.as_view(), name="api_problem"),
    path("webhook-endpoints", webhooks.EndpointsView.as_view()),
    path(ENDPOINT, webhooks.EndpointView.as_view()),
    path(f"{ENDPOINT}/rotate-secret", webhooks.RotateSecretView.as_view()),
    path(f"{ENDPOINT}/test", webhooks.SendTestView.as_view()),
    path(f"{ENDPOINT}/replay", webhooks.ReplayView.as_view()),
    path(f"{ENDPOINT}/deliveries", webhooks.DeliveriesView.as_view()),
    path("schema", documentation.SchemaView.as_view(), name="api_schema"),
    path("docs", documentation.DocsView.as_view(), name="api_docs"),
]
