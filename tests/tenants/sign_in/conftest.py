import re
from base64 import b32decode

import pytest
import time_machine
from django.contrib.auth.models import User
from django.urls import reverse
from django_otp.oath import totp

from provisioning.sealing import unseal
from tenants.models import Authenticator

PASSWORD = "a-long-pass-phrase"
START = 1_800_000_000
PERIOD = 30


@pytest.fixture
def clock():
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


@pytest.fixture
def olga():
    return User.objects.create_superuser("olga", password=PASSWORD)


class Person:
    """Somebody at a browser, with a phone."""

    def __init__(self, client, clock):
        self.client, self.clock, self.now = client, clock, START

    def sign_in(self, password=PASSWORD, name="olga", **options):
        return self.client.post(reverse("admin:login"), {"username": name, "password": password}, **options)

    def later(self, seconds=PERIOD):
        self.now += seconds
        self.clock.move_to(self.now)

    def code(self):
        return f"{totp(bytes.fromhex(unseal(Authenticator.objects.get().sealed)['key'])):06d}"

    def enrol(self):
        """Returns the page with the recovery codes."""
        page = self.client.get(reverse("admin:second_factor_enrol"))
        key = page.context["typed"].replace(" ", "")
        return self.client.post(
            reverse("admin:second_factor_enrol"), {"offer": page.context["form"]["offer"].value(), "code": code_of(key)}
        )

    def prove(self, code, **more):
        return self.client.post(reverse("admin:second_factor"), {"code": code, **more})

    def is_in(self):
        return self.client.get(reverse("admin:index")).status_code == 200


def code_of(typed):
    return f"{totp(b32decode(typed)):06d}"


def recovery_codes_on(page):
    return re.findall(r"<li>([a-z2-9]{5}-[a-z2-9]{5})</li>", page.content.decode())


@pytest.fixture
def person(client, clock, olga):
    return Person(client, clock)
