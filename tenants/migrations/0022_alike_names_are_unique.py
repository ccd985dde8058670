"""Apart from the filling: PostgreSQL alters no table with pending trigger events in the same transaction."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tenants", "0021_alike_names")]

    operations = [
        migrations.AlterField(
            "partner", "name_key", models.CharField(editable=False, max_length=200, null=True, unique=True)
        ),
        migrations.AddConstraint(
            "tenant",
            models.UniqueConstraint(
                fields=("partner", "email", "company_key"), name="one_tenant_a_spelling_and_address"
            ),
        ),
    ]
