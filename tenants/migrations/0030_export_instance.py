from django.db import migrations

from tenants import groups


def grant(apps, schema_editor):
    groups.grant(apps, schema_editor, {"Operations": ["export_instance"]})


class Migration(migrations.Migration):

    dependencies = [
        ('tenants', '0029_site_backups'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='instance',
            options={'ordering': ('-pk',), 'permissions': (('retry_instance', 'May retry and resend the welcome'), ('operate_instance', 'May cancel, suspend, resume and reset passwords'), ('decommission_instance', 'May decommission'), ('export_instance', 'May take a customer’s data away (exit kit)')), 'verbose_name': 'instance', 'verbose_name_plural': 'instances'},
        ),
        migrations.RunPython(grant, migrations.RunPython.noop),
    ]
