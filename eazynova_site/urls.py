"""All addresses: the admin, the API, the pages, the webhooks that come in."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from django.views.i18n import set_language

from eazynova_site import health, metrics
from provisioning.agents import views as agents
from provisioning.watching import railway_webhook

urlpatterns = [
    path(f"{settings.ADMIN_PATH}language/", set_language, name="set_language"),
    path(settings.ADMIN_PATH, admin.site.urls),
    path("api/", include("tenants.api.urls")),
    path("webhooks/railway/<str:secret>", railway_webhook.receive, name="railway_webhook"),
    path("agent/", agents.call, name="agent"),
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("metrics", metrics.metrics),
    path("", include("tenants.web.urls")),
]

if settings.ANYMAIL.get("WEBHOOK_SECRET"):
    # without it Anymail would believe whoever reports a bounce
    urlpatterns.append(path("webhooks/mail/", include("tenants.mails.provider_hooks")))
