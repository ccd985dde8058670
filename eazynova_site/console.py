"""What the staff console's theme is told: names, colours, the sidebar. Nothing comes from another host."""

from typing import Any
from urllib.parse import urlsplit

from django.apps import apps
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse, reverse_lazy
from django.utils.functional import Promise, lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

INSTANCES = "admin:tenants_instance_changelist"
RAILWAY_HOST = "backboard.railway.com"


def environment(request: HttpRequest) -> list[str]:
    """The badge: whether what is done here happens at Railway itself."""
    from django.conf import settings  # noqa: PLC0415  the settings import this file

    real = urlsplit(settings.RAILWAY_API_URL).hostname == RAILWAY_HOST
    return [gettext("production"), "danger"] if real else [gettext("sandbox"), "success"]


def _named(model: str) -> str:
    name = str(apps.get_model(model)._meta.verbose_name_plural)
    return name[:1].upper() + name[1:]


_name_of = lazy(_named, str)


def _page(model: str, icon: str, title: str | Promise | None = None) -> dict[str, Any]:
    """An entry of the sidebar, by the model's own name, for who may see it; the model is given as ``app.model``."""
    app, name = model.split(".")
    return {
        "title": _name_of(model) if title is None else title,
        "icon": icon,
        "link": reverse_lazy(f"admin:{app}_{name}_changelist"),
        "permission": lambda request: request.user.has_perm(f"{app}.view_{name}"),
    }


def _to_do_address() -> str:
    return f"{reverse(INSTANCES)}?to_do=any"


_lazy_to_do_address = lazy(_to_do_address, str)


def _to_do() -> dict[str, Any]:
    """The instances that need a person: their list with its filter on."""
    active = {"active": lambda request: _at_instances(request, to_do=True)}
    return _page("tenants.instance", "checklist", _("To do")) | {"link": _lazy_to_do_address()} | active


def _at_instances(request: HttpRequest, *, to_do: bool) -> bool:
    return request.path.startswith(reverse(INSTANCES)) and ("to_do" in request.GET) == to_do


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
    # the audit trail says more than Django's own history
    "SHOW_HISTORY": False,
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
                _to_do(),
                _page("tenants.instance", "deployed_code")
                | {"active": lambda request: _at_instances(request, to_do=False)},
                _page("provisioning.operation", "manufacturing"),
                _page("provisioning.domain", "language"),
            ),
            _group(
                _("Customers"),
                _page("tenants.tenant", "groups"),
                _page("tenants.signup", "person_add"),
            ),
            _group(
                _("Partners and keys"),
                _page("tenants.partner", "handshake"),
                _page("tenants.apikey", "key"),
                _page("tenants.webhookendpoint", "webhook"),
            ),
            _group(
                _("Offers"),
                _page("tenants.plan", "sell"),
                _page("tenants.blueprint", "architecture"),
                _page("tenants.pool", "local_fire_department"),
            ),
            _group(
                _("Costs"),
                _page("tenants.costline", "payments"),
                _page("provisioning.usageprice", "price_change"),
                _page("provisioning.exchangerate", "currency_exchange"),
            ),
            _group(
                _("Messages"),
                _page("tenants.mail", "mail"),
                _page("tenants.webhookdelivery", "send"),
            ),
            _group(
                _("Audit"),
                _page("tenants.auditentry", "history", _("Audit trail")),
                _page("tenants.reconciliation", "balance"),
                _page("provisioning.backup", "backup"),
                _page("provisioning.sitebackup", "database"),
            ),
            _group(
                _("System"),
                _page("tenants.alert", "notifications"),
                _page("provisioning.outage", "cloud_off"),
                _page("provisioning.unreadableevent", "help_center"),
                _page("tenants.heldback", "front_hand"),
                _page("auth.user", "person"),
                _page("auth.group", "shield_person"),
            ),
        ],
    },
}  # fmt: skip
