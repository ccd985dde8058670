from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tenants", "0017_probes")]
    operations = [
        migrations.AddField(
            "plan",
            "takes_orders",
            models.BooleanField(
                "takes new orders",
                default=True,
                help_text="Switched off, every order is refused, wherever it comes from.",
            ),
        ),
    ]
