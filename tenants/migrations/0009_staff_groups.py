from django.db import migrations

from tenants import groups

SEEN = {
    f"view_{model}"
    for model in (
        "auditentry",
        "instance",
        "mail",
        "operation",
        "partner",
        "plan",
        "reconciliation",
        "signup",
        "tenant",
        "webhookdelivery",
    )
}
SUPPORT = SEEN | {"retry_instance"}
OPERATIONS = SUPPORT | {
    *(f"{verb}_{model}" for verb in ("view", "add", "change") for model in ("apikey", "blueprint", "partner", "plan")),
    *(f"{verb}_webhookendpoint" for verb in ("view", "add", "change")),
    "delete_blueprint",
    "delete_plan",
    "operate_instance",
    "decommission_instance",
}


def bring(apps, schema_editor):
    groups.bring(apps, schema_editor, {"Support": SUPPORT, "Operations": OPERATIONS})


class Migration(migrations.Migration):
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("provisioning", "0001_initial"),
        ("tenants", "0008_reconciliations"),
    ]
    operations = [migrations.RunPython(bring, migrations.RunPython.noop)]
