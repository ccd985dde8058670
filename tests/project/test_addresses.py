from base64 import b64encode

import pytest
from django.conf import settings

REPORT = "/webhooks/mail/brevo/tracking/"
EVENT = {"event": "request", "email": "someone@acme.example", "id": 1, "message-id": "<1@brevo>", "ts_event": 1}


def report(client, credentials):
    header = f"Basic {b64encode(credentials.encode()).decode()}"
    return client.post(REPORT, EVENT, content_type="application/json", headers={"Authorization": header})


def test_only_the_mail_provider_may_report_what_became_of_an_email(client):
    assert report(client, "someone:else").status_code == 400


@pytest.mark.django_db
def test_the_mail_provider_is_believed(client):
    assert report(client, settings.ANYMAIL["WEBHOOK_SECRET"]).status_code == 200


@pytest.mark.django_db
def test_the_staff_console_answers_where_the_settings_say(client):
    assert client.get(f"/{settings.ADMIN_PATH}login/").status_code == 200
