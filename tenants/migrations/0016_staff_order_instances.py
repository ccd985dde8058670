from django.db import migrations

from tenants import groups


def grant(apps, schema_editor):
    groups.grant(apps, schema_editor, {"Operations": ["add_instance"]})


class Migration(migrations.Migration):
    dependencies = [("tenants", "0015_silent_processes")]
    operations = [migrations.RunPython(grant, migrations.RunPython.noop)]
