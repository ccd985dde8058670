"""What a person at a terminal sees: the commands as processes of their own, against a real sandbox."""

import json
import os
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from django.conf import settings
from django.core.management import CommandError, ManagementUtility, call_command
from django.db import connection
from django.utils import translation

from provisioning.engine import running
from provisioning.models import Operation, Resource
from tenants.models import Instance, Mail
from tenants.services import keys, partners
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def manage(sandbox):
    """Run manage.py on the test database, with the sandbox as Railway."""

    def run(*arguments, **environment):
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=settings.BASE_DIR,
            env=os.environ | _environment(sandbox) | environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return done

    return run


@pytest.fixture
def here(sandbox, settings, capsys):
    """manage.py in this process, for what would be no other in one of its own."""
    settings.DEBUG = True

    def run(*arguments):
        status = 0
        try:
            ManagementUtility().fetch_command(arguments[0]).run_from_argv(["manage.py", *arguments])
        except SystemExit as end:
            status = end.code
        return subprocess.CompletedProcess(arguments, status, *capsys.readouterr())

    return run


def _environment(sandbox):
    database = connection.settings_dict
    if connection.vendor == "sqlite":
        url = f"sqlite:///{database['NAME']}"
    else:
        host, port = database["HOST"], database["PORT"]
        url = f"postgres://{database['USER']}:{database['PASSWORD']}@{host}:{port}/{database['NAME']}"
    return {
        "DATABASE_URL": url,
        "RAILWAY_API_URL": sandbox.url,
        "RAILWAY_API_TOKEN": sandbox.token,
        "RAILWAY_WORKSPACE_ID": sandbox.workspace_id,
    }


def _log_in(url, database, login, password):
    params = {"db": database, "login": login, "password": password}
    answer = httpx.post(f"{url}/web/session/authenticate", json={"jsonrpc": "2.0", "method": "call", "params": params})
    return answer.json().get("result", {}).get("uid")


def test_a_name_and_an_address_become_an_instance_whose_login_works(manage, sandbox):
    done = manage("create_instance", "acme-corp", "Admin@Acme.com", "--company", "L’Étoile & Fils", "--plan", "demo")
    assert done.returncode == 0, done.stderr
    facts = dict(re.findall(r"^(.+?) +: (.+)$", done.stdout, re.MULTILINE))
    assert set(facts) >= {"URL", "Email", "Mot de passe", "Base de données", "Temps de déploiement"}
    assert "Création du projet isolé" in done.stdout
    assert _log_in(facts["URL"], facts["Base de données"], facts["Email"], facts["Mot de passe"]) == 2
    assert _log_in(facts["URL"], facts["Base de données"], facts["Email"], "wrong password") is None
    assert _log_in(facts["URL"], facts["Base de données"], "admin", "admin") is None
    assert Mail.objects.get().state == Mail.State.SENT
    assert facts["Mot de passe"] in Path(facts["E-mail de bienvenue"]).read_text(encoding="utf-8")
    [project] = sandbox.state()["projects"]
    assert project["name"] == "eazynova-acme-corp"


def test_the_repository_blueprint_is_built_and_deployed_once(manage, sandbox):
    done = manage("create_instance", "acme-corp", "admin@acme.com", "--plan", "starter", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["status"] == "ready"
    assert Resource.objects.filter(kind="deployment").count() == 2


@pytest.mark.any_store("the order is refused by what it says")
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("ab", "a@b.fr"), "3 à 50 caractères"),
        (("Acme Corp", "a@b.fr"), "3 à 50 caractères"),
        (("admin", "a@b.fr"), "réservé"),
        (("acme-corp", "not-an-address"), "nom@entreprise.fr"),
        (("acme-corp", "a@b.fr", "--plan", "gold"), "demo, starter, business"),
        (("acme-corp", "a@b.fr", "--partner", "Nobody"), "partenaire"),
        (("acme-corp", "a@b.fr", "--language", "de"), "«\u202ffr\u202f»"),
        (("acme-corp", "a@b.fr", "--company", "x" * 101), "Au plus 100 caractères"),
    ],
)
def test_bad_input_gets_one_clear_sentence_and_leaves_nothing(sandbox, arguments, sentence):
    with pytest.raises(CommandError, match=re.escape(sentence)) as refused:
        call_command("create_instance", *arguments)
    assert refused.value.returncode == 2
    assert not Instance.objects.exists()
    assert sandbox.state()["projects"] == []


def test_a_taken_name_is_refused_but_the_same_order_again_goes_on(manage, sandbox):
    sandbox.faults.add(
        operation="serviceInstanceDeployV2", kind="error", message="Plan limit", code="PLAN_LIMIT", times=1
    )
    failed = manage("create_instance", "acme-corp", "admin@acme.com", "--plan", "demo")
    assert failed.returncode == 1
    assert "operations retry OP-" in failed.stderr
    taken = manage("create_instance", "acme-corp", "somebody@else.com", "--plan", "demo")
    assert taken.returncode == 2
    assert "déjà pris" in taken.stderr
    sandbox.faults.clear()
    again = manage("create_instance", "acme-corp", "admin@acme.com", "--plan", "demo")
    assert again.returncode == 0, again.stderr
    assert len(sandbox.state()["projects"]) == 1
    assert Instance.objects.count() == Operation.objects.count() == 1


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({"RAILWAY_API_TOKEN": ""}, "RAILWAY_API_TOKEN n’est pas définie"),
        ({"RAILWAY_API_TOKEN": "wrong-token"}, "Railway refuse le jeton"),
        ({"RAILWAY_API_URL": "http://127.0.0.1:9/graphql/v2"}, "Railway est injoignable"),
    ],
)
def test_without_a_usable_railway_it_says_what_to_do_and_a_later_run_leaves_one_project(
    manage, here, sandbox, environment, sentence
):
    done = manage("create_instance", "acme-corp", "admin@acme.com", "--plan", "demo", **environment)
    assert done.returncode == 1
    assert sentence in done.stderr
    assert "wrong-token" not in done.stderr
    assert not Instance.objects.exists()
    assert here("create_instance", "acme-corp", "admin@acme.com", "--plan", "demo").returncode == 0
    assert len(sandbox.state()["projects"]) == 1


def test_operations_can_be_listed_shown_cancelled_and_retried(here, order_instance):
    operation = Operation.objects.get(instance=order_instance())
    assert operation.reference in here("operations", "list").stdout
    shown = json.loads(here("operations", "show", operation.reference, "--json").stdout)
    assert shown["steps"][0]["code"] == "create_project"
    assert "annulée" in here("operations", "cancel", operation.reference.lower()).stdout
    assert here("operations", "cancel", operation.reference).returncode == 1
    assert "en cours" in here("operations", "retry", operation.reference).stdout
    assert here("operations", "retry", operation.reference).returncode == 1
    assert here("operations", "show", "OP-NOTHERE").returncode == 2


@pytest.mark.any_store("its help reads no row")
@pytest.mark.parametrize(
    "command",
    (
        "after_restore api_keys backup_site backups create_api_key create_instance create_partner demo "
        "doctor expire_instances logs rehearse operations railway_webhook reseal restore_site sandbox worker"
    ).split(),
)
def test_every_command_explains_itself_in_french(command, capsys):
    with pytest.raises(SystemExit, match="0"):
        call_command(command, "--help")
    assert re.search("[éèêàùç’]", capsys.readouterr().out)


def test_a_partner_gets_a_key_that_is_shown_once(here):
    assert here("create_partner", "Alice Conseil").returncode == 0
    assert here("create_partner", "Alice Conseil").returncode == 2
    key = json.loads(here("create_api_key", "Alice Conseil", "--json").stdout)["key"]
    assert key.startswith("eaz_live_")
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM tenants_apikey")
        assert key not in str(cursor.fetchall())
    assert here("create_api_key", "Nobody").returncode == 2


def test_a_key_is_rotated_with_an_overlap_and_revoked_at_once(make_partner, capsys):
    key, old = partners.create_api_key(make_partner())
    call_command("api_keys", "rotate", key.public_id)
    new = capsys.readouterr().out.split()[-1]
    assert keys.recognise(old)
    assert keys.recognise(new)
    call_command("api_keys", "revoke", key.public_id)
    assert keys.recognise(old) is None
    assert keys.recognise(new)
    call_command("api_keys", "list")
    listed = capsys.readouterr().out
    assert key.public_id in listed
    assert new not in listed
    with pytest.raises(CommandError):
        call_command("api_keys", "revoke", "nothere0")


@pytest.fixture
def pauses(monkeypatch):
    """How long a command waited before it asked again."""
    waited = []
    monkeypatch.setattr("provisioning.gate.retrying.sleep", waited.append)
    return waited


def test_a_moments_refusal_before_the_order_is_sat_out(sandbox, pauses, capsys):
    sandbox.faults.add(kind="server_error", status=503, operation="WhoAmI", times=3)
    call_command("create_instance", "acme-corp", "boss@acme.example", "--plan", "demo", "--json")
    assert json.loads(capsys.readouterr().out)["status"] == "ready"
    assert pauses == [1, 2, 4]


def test_when_railway_stays_away_before_the_order_nothing_is_written_and_the_sentence_is_true(sandbox, pauses):
    sandbox.faults.add(kind="server_error", status=503)
    with translation.override("en"), pytest.raises(CommandError) as told:
        call_command("create_instance", "acme-corp", "boss@acme.example", "--plan", "demo")
    assert "Nothing was ordered or created" in str(told.value)
    assert "retry looks first" not in str(told.value)
    assert len(pauses) == 3
    assert not Instance.objects.exists()


def test_a_refused_token_is_told_at_once(sandbox, pauses):
    sandbox.faults.add(kind="token_refused")
    with pytest.raises(CommandError):
        call_command("create_instance", "acme-corp", "boss@acme.example")
    assert pauses == []


def test_the_deployment_time_counts_from_the_order_not_from_the_command_that_ended_it(sandbox, capsys):
    instance = factories.order_instance()
    an_hour_ago = instance.created_at - timedelta(hours=1)
    Instance.objects.update(created_at=an_hour_ago)
    running.cancel(Operation.objects.get())
    call_command("create_instance", "acme-corp", instance.admin_email, "--plan", "demo", "--json")
    assert 3600 < json.loads(capsys.readouterr().out)["seconds"] < 4000


def test_a_webhook_is_registered_once_although_railway_refuses_for_a_moment(sandbox, pauses):
    sandbox.faults.add(kind="lost_answer", operation="WebhookCreate", times=1)
    call_command("railway_webhook", "register")
    assert sandbox.state()["rules"] == 1
