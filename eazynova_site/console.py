"""What the staff console's theme is told: names, colours, the sidebar. Nothing comes from another host."""

from typing import Any
from urllib.parse import urlsplit

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

RAILWAY_HOST = "backboard.railway.com"


def environment(request: HttpRequest) -> list[str]:
    """The badge: whether what is done here happens at Railway itself."""
    from django.conf import settings  # noqa: PLC0415  the settings import this file

    real = urlsplit(settings.RAILWAY_API_URL).hostname == RAILWAY_HOST
    return [gettext("production"), "danger"] if real else [gettext("sandbox"), "success"]


def _page(title: str | Promise, icon: str, model: str) -> dict[str, Any]:
    """An entry of the sidebar for who may see the model, named as ``app.model``."""
    app, name = model.split(".")
    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(f"admin:{app}_{name}_changelist"),
        "permission": lambda request: request.user.has_perm(f"{app}.view_{name}"),
    }


def _group(title: str | Promise, *pages: dict[str, Any]) -> dict[str, Any]:
    return {"title": title, "separator": True, "items": list(pages)}


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "EAZYNOVA",
    "SITE_HEADER": "EAZYNOVA",
    "SITE_SUBHEADER": _("Staff console"),
    "STYLES": [lambda request: static("css/console.css")],
    "SITE_ICON": lambda request: static("img/favicon.svg"),
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("img/favicon.svg")}],
    "SHOW_LANGUAGES": True,
    "ENVIRONMENT": "eazynova_site.console.environment",
    "DASHBOARD_CALLBACK": "tenants.admin.dashboard.facts_of",
    "COLORS": {
        "primary": {
            "50": "#eef0ff", "100": "#e0e4ff", "200": "#c7ceff", "300": "#b4c0ff", "400": "#93a4ff", "500": "#5b70ee",
            "600": "#3f56e0", "700": "#2f43bf", "800": "#27389c", "900": "#22307b", "950": "#161f4f",
        },
    },
    "SIDEBAR": {
        "navigation": [
            _group(
                _("Instances"),
                {"title": _("Dashboard"), "icon": "dashboard", "link": reverse_lazy("admin:index")},
                _page(_("Instances"), "deployed_code", "tenants.instance"),
                _page(_("Operations"), "manufacturing", "provisioning.operation"),
            ),
            _group(
                _("Customers"),
                _page(_("Customers"), "groups", "tenants.tenant"),
                _page(_("Signups"), "person_add", "tenants.signup"),
            ),
            _group(
                _("Partners and keys"),
                _page(_("Partners"), "handshake", "tenants.partner"),
                _page(_("API keys"), "key", "tenants.apikey"),
                _page(_("Webhook endpoints"), "webhook", "tenants.webhookendpoint"),
            ),
            _group(
                _("Offers"),
                _page(_("Plans"), "sell", "tenants.plan"),
                _page(_("Blueprints"), "architecture", "tenants.blueprint"),
            ),
            _group(
                _("Messages"),
                _page(_("E-mails"), "mail", "tenants.mail"),
                _page(_("Webhook deliveries"), "send", "tenants.webhookdelivery"),
            ),
            _group(
                _("Audit"),
                _page(_("Audit trail"), "history", "tenants.auditentry"),
                _page(_("Reconciliations"), "balance", "tenants.reconciliation"),
            ),
            _group(
                _("System"),
                _page(_("Alerts"), "notifications", "tenants.alert"),
                _page(_("Outages"), "cloud_off", "provisioning.outage"),
                _page(_("Users"), "person", "auth.user"),
                _page(_("Groups"), "shield_person", "auth.group"),
            ),
        ],
    },
}  # fmt: skip
