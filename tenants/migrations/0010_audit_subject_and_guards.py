from django.db import migrations, models

POSTGRESQL = """
CREATE TRIGGER append_only_whole BEFORE TRUNCATE ON tenants_auditentry
FOR EACH STATEMENT EXECUTE FUNCTION tenants_audit_is_append_only();
"""
SQLITE = (
    """CREATE TRIGGER audit_not_changed BEFORE UPDATE ON tenants_auditentry
    BEGIN SELECT RAISE(ABORT, 'audit entries are never changed'); END""",
    """CREATE TRIGGER audit_not_deleted BEFORE DELETE ON tenants_auditentry
    BEGIN SELECT RAISE(ABORT, 'audit entries are never changed'); END""",
)


def guard(apps, schema_editor):
    statements = {"postgresql": (POSTGRESQL,), "sqlite": SQLITE}.get(schema_editor.connection.vendor, ())
    for statement in statements:
        schema_editor.execute(statement)


def unguard(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP TRIGGER append_only_whole ON tenants_auditentry")
    elif schema_editor.connection.vendor == "sqlite":
        for name in ("audit_not_changed", "audit_not_deleted"):
            schema_editor.execute(f"DROP TRIGGER {name}")


class Migration(migrations.Migration):
    dependencies = [("tenants", "0009_staff_groups")]
    operations = [
        migrations.AddField(
            "auditentry", "subject", models.CharField("of what", blank=True, default="", max_length=200), preserve_default=False
        ),
        migrations.AlterModelOptions(
            "auditentry",
            {
                "base_manager_name": "objects",
                "default_permissions": ("view",),
                "ordering": ("-pk",),
                "verbose_name": "audit entry",
                "verbose_name_plural": "audit entries",
            },
        ),
        migrations.RunPython(guard, unguard),
    ]
