"""ENCRYPTION_KEYS can be rotated to the end: after `manage.py reseal` the old key is not needed any more."""

import pytest
from cryptography.fernet import Fernet
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from provisioning.sealing import seal
from tenants.models import Authenticator, IdempotencyRecord
from tenants.services import webhooks
from tests.factories import make_partner, order_instance

pytestmark = pytest.mark.django_db
OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


def test_every_kind_of_secret_opens_with_the_new_key_alone_after_resealing(settings, capsys):
    settings.ENCRYPTION_KEYS = [OLD]
    operation = order_instance().active_operation()
    password = operation.secrets()["admin_password"]
    endpoint, signing_secret = webhooks.create_endpoint(make_partner(), url="https://93.184.215.14/hook")
    app = Authenticator.objects.create(user=User.objects.create(username="sam"), sealed=seal({"key": "00" * 20}))
    answer = IdempotencyRecord.objects.create(caller="c", route="r", key="k", claim="", answer=seal({"body": "{}"}))

    settings.ENCRYPTION_KEYS = [NEW, OLD]
    call_command("reseal")
    assert ": 4." in capsys.readouterr().out

    settings.ENCRYPTION_KEYS = [NEW]
    for row in (operation, endpoint, app, answer):
        row.refresh_from_db()
    assert operation.secrets()["admin_password"] == password
    assert endpoint.signing_secrets() == [signing_secret]
    assert not app.verify_token("000000")  # it was opened, and the code is wrong
    call_command("reseal")


def test_what_no_key_opens_is_named_and_left_alone_and_the_rest_is_done(settings, capsys):
    settings.ENCRYPTION_KEYS = [OLD]
    lost, kept = order_instance("lost-corp").active_operation(), order_instance("kept-corp").active_operation()
    settings.ENCRYPTION_KEYS = [NEW]
    kept.seal({"admin_password": "kept"})
    kept.save()

    with pytest.raises(CommandError) as told:
        call_command("reseal")

    assert f"provisioning.Operation {lost.pk}" in str(told.value)
    assert str(kept.pk) not in str(told.value).split("Operation", 1)[1].split()
    assert ": 1." in capsys.readouterr().out
    before = lost.sealed
    lost.refresh_from_db()
    assert lost.sealed == before
    settings.ENCRYPTION_KEYS = [OLD]
    assert lost.secrets()["admin_password"]
