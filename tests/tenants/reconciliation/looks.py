"""What these tests do again and again: leave something behind, let time pass, look, and look at Railway's requests."""

from datetime import timedelta
from io import StringIO

from django.core.management import call_command

from provisioning.models import Resource
from tenants.services import reconciliation
from tenants.services.reconciliation import Rules

RULES = Rules(older_than=timedelta(hours=24), most=5, percent=100)
READS = {"FindProjects", "Stacks", "ServiceDetails", "Usage", "StackState"}


def id_of(instance, kind, name):
    return Resource.objects.get(instance=instance, kind=kind, name=name).external_id


def place(instance):
    return {"project_id": id_of(instance, "project", "project"), "environment_id": environment(instance)}


def environment(instance):
    return id_of(instance, "environment", "production")


def project(railway, sandbox, instance, **changes):
    """Another project with the instance's marker, as a lost request leaves it behind."""
    values = {"name": f"eazynova-{instance.client_name}", "description": f"eazynova-instance={instance.public_id}"}
    return railway.create_project(workspace_id=sandbox.workspace_id, **(values | changes))


def later(clock, hours=25):
    clock.shift(hours * 3600)


def look(rules=RULES, **options):
    return reconciliation.reconcile(actor="zoe", rules=rules, **options)


def kinds(run):
    return sorted((each["kind"], each["thing"]) for each in run.differences)


def requests(sandbox):
    return dict(sandbox.state()["requests"])


def mutations_since(sandbox, before):
    return {name for name, count in requests(sandbox).items() if count > before.get(name, 0)} - READS


def assert_only_told(sandbox, expected, *, act=None):
    """It is seen; a dry run asks Railway for nothing but reading and writes nothing into the ledger."""
    before, ledger = requests(sandbox), list(Resource.objects.order_by("pk").values())
    run = look()
    assert kinds(run) == expected
    assert mutations_since(sandbox, before) == set()
    assert list(Resource.objects.order_by("pk").values()) == ledger
    assert {each["act"] for each in run.differences} <= {act}
    assert run.acts == []
    return run


def assert_put_right(count=1):
    """Applied once it is done, and a second time there is nothing left to do."""
    run = look(apply=True)
    assert [each["outcome"] for each in run.acts] == ["done"] * count
    again = look(apply=True)
    assert again.acts == []
    return again


def run_command(*arguments):
    told = StringIO()
    call_command("reconcile", *arguments, stdout=told)
    return told.getvalue()
