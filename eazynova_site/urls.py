"""All addresses: the admin, the API, the pages, the webhooks that come in."""

from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, include, path
from django.views.i18n import set_language

from eazynova_site import health, metrics
from eazynova_site.serving.doors import counting_wrong_secrets
from provisioning.agents import views as agents
from provisioning.watching import railway_webhook
from tenants.mails import provider_hooks
from tenants.space import urls as space

urlpatterns = [
    path(f"{settings.ADMIN_PATH}language/", set_language, name="set_language"),
    path(settings.ADMIN_PATH, admin.site.urls),
    path("api/", include("tenants.api.urls")),
    path(
        "webhooks/railway/<str:secret>",
        counting_wrong_secrets(railway_webhook.receive, wrong=404),
        name="railway_webhook",
    ),
    path("agent/", counting_wrong_secrets(agents.call, wrong=401), name="agent"),
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("metrics", metrics.metrics),
    path("espace/", include(space.routes("fr"), namespace="space")),
    path("en/space/", include(space.routes("en"), namespace="space_en")),
    path("", include("tenants.web.urls")),
]

if settings.ANYMAIL.get("WEBHOOK_SECRET"):
    # without it Anymail would believe whoever reports a bounce
    doors = [
        URLPattern(each.pattern, counting_wrong_secrets(each.callback, wrong=400), name=each.name)
        for each in provider_hooks.urlpatterns
    ]
    urlpatterns.append(path("webhooks/mail/", include(doors)))
