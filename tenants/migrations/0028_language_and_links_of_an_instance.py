
from django.db import migrations, models
from django.db.models import OuterRef, Subquery

TIME_ZONES = {"fr": "Europe/Paris", "en": "UTC"}


def take_over(apps, schema_editor):
    """From the customer's row, and from what the creation was given where that is known: another order may have
    changed the row since.
    """
    instances = apps.get_model("tenants", "Instance").objects
    customers = apps.get_model("tenants", "Tenant").objects.filter(pk=OuterRef("tenant"))
    instances.update(
        **{name: Subquery(customers.values(name)[:1]) for name in ("language", "country")},
    )
    for language, time_zone in TIME_ZONES.items():
        instances.filter(language=language).update(time_zone=time_zone)
    creations = apps.get_model("provisioning", "Operation").objects.filter(kind="create").order_by("pk")
    for number, spec in creations.values_list("instance_id", "spec").iterator():
        given = {name: spec[known] for name, known in KNOWN_AS.items() if known in spec}
        instances.filter(pk=number).exclude(**given).update(**given)


KNOWN_AS = {"language": "language", "country": "country", "time_zone": "timezone"}


class Migration(migrations.Migration):

    dependencies = [
        ('tenants', '0027_versions'),
        ('provisioning', '0008_request_ids'),
    ]

    operations = [
        migrations.AddField(
            model_name='instance',
            name='country',
            field=models.CharField(blank=True, db_default='FR', default='FR', max_length=2, verbose_name='country'),
        ),
        migrations.AddField(
            model_name='instance',
            name='language',
            field=models.CharField(choices=[('fr', 'French'), ('en', 'English')], db_default='fr', default='fr', max_length=2, verbose_name='language'),
        ),
        migrations.AddField(
            model_name='instance',
            name='link_revision',
            field=models.PositiveIntegerField(db_default=0, default=0, editable=False, verbose_name='revision of its links'),
        ),
        migrations.AddField(
            model_name='instance',
            name='time_zone',
            field=models.CharField(db_default='Europe/Paris', default='Europe/Paris', max_length=40, verbose_name='time zone'),
        ),
        migrations.AddField(
            model_name='signup',
            name='link_revision',
            field=models.PositiveIntegerField(db_default=0, default=0, editable=False),
        ),
        migrations.AlterField(
            model_name='mail',
            name='state',
            field=models.CharField(choices=[('queued', 'to be sent'), ('sent', 'sent'), ('delivered', 'delivered'), ('bounced', 'bounced'), ('complained', 'complained about'), ('failed', 'could not be sent'), ('superseded', 'not sent: the address was corrected')], default='queued', max_length=12, verbose_name='state'),
        ),
        # a former release may still write rows with it, so the column stays for now
        migrations.AlterField(
            model_name='probe',
            name='may_log_in',
            field=models.BooleanField(db_default=True, default=True, editable=False),
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.RemoveField(model_name='probe', name='may_log_in')],
        ),
        migrations.RunPython(take_over, migrations.RunPython.noop),
    ]
