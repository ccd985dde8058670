"""Where a sign-in leads: to the page of ours that was wanted, else to the console."""

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "wanted", ["https://elsewhere.example/", "//elsewhere.example", "javascript:alert(1)", "", None]
)
def test_what_is_no_page_of_ours_leads_to_the_console(client, settings, wanted):
    settings.ADMIN_REQUIRE_2FA = False
    User.objects.create_superuser("boss", password="a long password of hers")
    given = {"username": "boss", "password": "a long password of hers"} | ({} if wanted is None else {"next": wanted})
    answer = client.post(reverse("admin:login"), given)
    assert (answer.status_code, answer["Location"]) == (302, reverse("admin:index"))
