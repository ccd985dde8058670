"""manage.py pool, as a person at a terminal and a program read it."""

import json

import pytest
from django.core.management import CommandError, call_command

from tenants.models import AuditEntry, Pool, Unit

pytestmark = pytest.mark.django_db


def run(capsys, *arguments):
    call_command("pool", *arguments)
    return capsys.readouterr().out


def test_a_pool_is_made_sized_paused_resumed_and_drained(capsys):
    assert "Aucune réserve" in run(capsys, "status")
    assert "0 sur 2 prêtes (2 en préparation)" in run(capsys, "size", "demo", "2")
    assert Unit.objects.count() == 2
    assert "en pause" in run(capsys, "pause", "demo")
    assert Pool.objects.get().is_paused
    assert "en pause" not in run(capsys, "resume", "demo")
    assert "2" in run(capsys, "drain", "demo")
    assert AuditEntry.objects.filter(act="pool:changed", actor__startswith="shell:").count() == 3


def test_a_program_reads_json(capsys):
    run(capsys, "size", "demo", "1", "--language", "en")
    (told,) = json.loads(run(capsys, "status", "--json"))
    assert (told["plan"], told["language"], told["country"], told["size"]) == ("demo", "en", "", 1)
    assert told["units"] == {"preparing": 1, "warm": 0, "taken": 0, "draining": 0, "broken": 0}
    assert told["suggestion"]["size"] == 0
    assert (told["hitRate"], told["stopped"], told["monthlyCost"]) == (None, False, 3.1)


@pytest.mark.parametrize(
    "wrong", [["size", "gold", "1"], ["size", "demo", "-1"], ["size", "demo", "1", "--language", "de"]]
)
def test_what_makes_no_sense_is_refused(wrong):
    with pytest.raises(CommandError):
        call_command("pool", *wrong)
    assert not Unit.objects.exists()
