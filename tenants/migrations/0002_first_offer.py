"""The house, what it sells first, and where its Odoo comes from. Staff edit all of it from here on."""

from decimal import Decimal

from django.db import migrations

BLUEPRINTS = (
    {
        "code": "eazynova",
        "kind": "repository",
        "repository": "MASITH-developpement/EAZYNOVA",
        "branch": "main",
        # Odoo's own folder first: the repository has an add-on named like one of Odoo's
        "addons_path": "/opt/odoo/odoo/addons,/opt/odoo/addons,/opt/odoo/custom_addons",
        "modules": "base",
    },
    {"code": "odoo-19", "kind": "image", "image": "odoo:19", "modules": "base"},
)

PLANS = (
    {
        "code": "demo",
        "blueprint": "odoo-19",
        "name_fr": "Démonstration",
        "name_en": "Demonstration",
        "description_fr": "Quatorze jours pour essayer, sans engagement.",
        "description_en": "Fourteen days to try it, no strings attached.",
        "price_per_month": Decimal(0),
        "estimated_cost": Decimal(8),
        "odoo_memory_gb": 1,
        "odoo_vcpus": 1,
        "lifetime_days": 14,
        "modules": "crm,sale_management",
        "position": 10,
    },
    {
        "code": "starter",
        "blueprint": "eazynova",
        "name_fr": "Essentiel",
        "name_en": "Starter",
        "description_fr": "Pour une équipe qui commence : ventes et relation client.",
        "description_en": "For a team that starts: sales and customer relations.",
        "price_per_month": Decimal(49),
        "estimated_cost": Decimal(10),
        "modules": "crm,sale_management",
        "position": 20,
    },
    {
        "code": "business",
        "blueprint": "eazynova",
        "name_fr": "Entreprise",
        "name_en": "Business",
        "description_fr": "Pour toute l’entreprise : stock, projets et deux fois plus de puissance.",
        "description_en": "For the whole company: stock, projects and twice the power.",
        "price_per_month": Decimal(129),
        "estimated_cost": Decimal(24),
        "odoo_memory_gb": 4,
        "odoo_vcpus": 4,
        "postgres_memory_gb": 2,
        "postgres_vcpus": 2,
        "modules": "crm,sale_management,stock,project",
        "position": 30,
    },
)


def bring(apps, schema_editor):
    models = {name: apps.get_model("tenants", name) for name in ("Partner", "Blueprint", "Plan")}
    models["Partner"].objects.create(name="EAZYNOVA", is_house=True)
    blueprints = {values["code"]: models["Blueprint"].objects.create(**values) for values in BLUEPRINTS}
    for values in PLANS:
        models["Plan"].objects.create(**{**values, "blueprint": blueprints[values["blueprint"]], "currency": "USD"})


class Migration(migrations.Migration):
    dependencies = (("tenants", "0001_initial"),)

    operations = (migrations.RunPython(bring, migrations.RunPython.noop),)
