"""What an instance's Odoo service is told so that its agent can call us."""

from django.conf import settings
from django.urls import reverse

from provisioning.agents import tokens
from provisioning.odoo import container


def renewed(instance_id: int) -> dict[str, str]:
    """The address of our door and a new token: for every deployment that we make. Empty while nobody could call us."""
    if not settings.PUBLIC_BASE_URL:
        return {}
    return container.agent_variables(settings.PUBLIC_BASE_URL + reverse("agent"), tokens.renew(instance_id))
