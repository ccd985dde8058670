"""An instance whose welcome is written, a mailbox of files, and a provider over HTTP."""

import pytest
import responses
from django.utils import timezone

from provisioning.models import Operation
from provisioning.states import OperationState
from tenants.lifecycle import InstanceState
from tenants.mails import outbox
from tenants.models import Instance

BREVO = "https://api.brevo.com/v3/smtp/email"


@pytest.fixture
def ready(order_instance):
    """An instance that has just been proven ready, with its welcome e-mail written."""

    def make(**values):
        instance = order_instance(**values)
        operation = Operation.objects.get(instance=instance)
        Operation.objects.filter(pk=operation.pk).update(state=OperationState.SUCCEEDED, ended_at=timezone.now())
        Instance.objects.filter(pk=instance.pk).update(
            state=InstanceState.READY, url="https://eazynova-acme-corp.up.railway.app", ready_at=timezone.now()
        )
        instance.refresh_from_db()
        return instance, outbox.write_welcome(instance, operation)

    return make


@pytest.fixture
def brevo(settings):
    settings.EMAIL_BACKEND = "anymail.backends.brevo.EmailBackend"
    settings.ANYMAIL = {"BREVO_API_KEY": "a-key-of-the-provider"}
    with responses.RequestsMock() as provider:
        yield provider


@pytest.fixture(autouse=True)
def _mailbox_of_files(settings, tmp_path):
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = str(tmp_path / "mail")
