import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tenants", "0018_plan_takes_orders")]
    operations = [
        migrations.AddField(
            model, "rung_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)
        )
        for model in ("mail", "webhookdelivery")
    ]
