"""A customer with an Odoo, a mailbox, and a browser that signs in as the customer does."""

import re

import pytest
from django.core import mail as mailbox
from django.test import Client
from django.utils import timezone

from provisioning.models import Operation
from provisioning.states import OperationKind, OperationState
from tenants.lifecycle import InstanceState
from tenants.mails import outbox
from tenants.models import Instance
from tests import factories

EMAIL = "marie@etoile.example"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; rv:131.0) Gecko/20100101 Firefox/131.0"
SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile Safari/604.1"


@pytest.fixture(autouse=True)
def _mails(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


def make_odoo(client_name="etoile", *, state=InstanceState.READY, **values):
    return factories.make_instance(client_name, state=state, **{"email": EMAIL, "company": "Café Étoile"} | values)


@pytest.fixture
def odoo(db):
    return make_odoo()


def letters(kind=""):
    """What arrives now."""
    before = len(mailbox.outbox)
    outbox.deliver_due()
    return mailbox.outbox[before:]


def code_in(letter):
    return re.search(r"\b(\d{3}) (\d{3})\b", letter.body).expand(r"\1\2")


def link_in(letter):
    return re.search(r"https?://[^/]+(/\S+/)\n", letter.body)[1]


class Person:
    """One browser; redirects are followed."""

    def __init__(self, agent=FIREFOX, space="/espace/"):
        self.client = Client(headers={"User-Agent": agent})
        self.space = space
        self.door = f"{space}{'connexion' if space == '/espace/' else 'sign-in'}/"

    def ask(self, email=EMAIL):
        return self.client.post(self.door, {"email": email}, follow=True)

    def enter(self, code):
        return self.client.post(f"{self.door}code/", {"code": code}, follow=True)

    def sign_in(self, email=EMAIL):
        self.ask(email)
        return self.enter(code_in(letters()[-1]))

    def get(self, path=""):
        return self.client.get(self.space + path, follow=True)

    def post(self, path, **form):
        return self.client.post(self.space + path, form, follow=True)


@pytest.fixture
def person(db):
    return Person()


@pytest.fixture
def inside(odoo, person):
    person.sign_in()
    return person


def at(instance, word=""):
    return f"odoo/{instance.public_id}/{word}"


def stopped(instance):
    """The work that stops it has succeeded."""
    Operation.objects.filter(instance=instance, kind=OperationKind.SUSPEND).update(
        state=OperationState.SUCCEEDED, ended_at=timezone.now()
    )
    Instance.objects.filter(pk=instance.pk).update(state=InstanceState.SUSPENDED)
    instance.refresh_from_db()
