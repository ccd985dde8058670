"""Partners and customers whose names people take for the same are told apart no more.

The columns stay empty for what the former version writes while both run, and for the later ones of those that are
alike already: they go on working, are found by their exact name, and nobody is merged. The rule is written out here,
so that a later change of it does not change what this migration did.
"""

import unicodedata

from django.db import migrations, models

INVISIBLE = {"Cf", "Cc"}


def key(name):
    seen = "".join(letter if unicodedata.category(letter) not in INVISIBLE else " " * letter.isspace() for letter in name)
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", seen).casefold())
    return " ".join(folded.split())[:200]


def fill(apps, schema_editor):
    partners = apps.get_model("tenants", "Partner").objects
    _fill(partners.order_by("pk"), "name", "name_key", lambda row: ())
    tenants = apps.get_model("tenants", "Tenant").objects
    _fill(tenants.order_by("pk"), "company", "company_key", lambda row: (row.partner_id, row.email))


def _fill(rows, source, target, scope):
    taken, changed = set(), []
    for row in rows.iterator(chunk_size=1000):
        name = key(getattr(row, source))
        place = (*scope(row), name)
        if place in taken:
            continue
        taken.add(place)
        setattr(row, target, name)
        changed.append(row)
    rows.model.objects.bulk_update(changed, [target], batch_size=500)


class Migration(migrations.Migration):
    dependencies = [("tenants", "0020_webhook_claims")]

    operations = [
        migrations.AddField("partner", "name_key", models.CharField(editable=False, max_length=200, null=True)),
        migrations.AddField("tenant", "company_key", models.CharField(editable=False, max_length=200, null=True)),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
