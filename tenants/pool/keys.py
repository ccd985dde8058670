"""The key of a unit: everything that cannot be changed once it is made. A unit of another key fits nobody."""

import hashlib
import json
from functools import cache

from provisioning.odoo import container
from provisioning.odoo.identity import LANGUAGES, odoo_language
from tenants.models import Plan


def key_of(plan: Plan, language: str, country: str) -> str:
    """Of what an order of this plan, language and country would be made now."""
    blueprint = plan.blueprint
    own = odoo_language(language)
    told = {
        "plan": plan.code,
        "image": blueprint.image,
        "repository": blueprint.repository,
        "branch": blueprint.branch,
        "postgres": blueprint.postgres_image,
        "add-ons": blueprint.addons_path,
        "modules": plan.module_names(),
        "country": country,
        "languages": [own, *(code for code in LANGUAGES.values() if code != own)],
        "limits": [plan.odoo_memory_gb, plan.odoo_vcpus, plan.postgres_memory_gb, plan.postgres_vcpus],
        "bootstrap": _bootstrap(),
    }
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:32]


@cache
def _bootstrap() -> str:
    """The program that every container carries, and how it is started."""
    return hashlib.sha256(container.bootstrap_archive() + container.start_command().encode()).hexdigest()
