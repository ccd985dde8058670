import re

import pytest
from django.contrib.auth.models import Group, User
from django.urls import reverse

from provisioning.sealing import unseal
from tenants.models import WebhookDelivery, WebhookEndpoint
from tenants.services import webhooks

pytestmark = pytest.mark.django_db
LIST = "admin:tenants_webhookendpoint_changelist"


@pytest.fixture
def operations(client):
    user = User.objects.create_user("olga", is_staff=True)
    user.groups.add(Group.objects.get(name="Operations"))
    client.force_login(user)
    return client


@pytest.fixture
def endpoint(make_partner):
    return webhooks.create_endpoint(make_partner(), url="https://93.184.215.14/hook")[0]


def secret_on(page):
    return re.search("whsec_[A-Za-z0-9+/=]+", page.content.decode()).group()


def test_an_endpoint_is_added_with_its_secret_shown_once(operations, make_partner):
    form = {"partner": make_partner().pk, "url": "https://93.184.215.14/hook", "events": ["instance.ready"]}
    page = operations.post(reverse("admin:tenants_webhookendpoint_add"), form, follow=True)
    made = WebhookEndpoint.objects.get()
    assert made.events == ["instance.ready"]
    assert unseal(made.sealed)["current"] == secret_on(page)
    again = operations.get(reverse("admin:tenants_webhookendpoint_change", args=[made.pk]))
    assert "whsec_" not in again.content.decode()


def test_one_more_than_a_partner_may_have_is_refused_beside_its_field(operations, make_partner):
    partner = make_partner()
    for number in range(webhooks.MOST_ENDPOINTS):
        webhooks.create_endpoint(partner, url=f"https://93.184.215.14/{number}")
    form = {"partner": partner.pk, "url": "https://93.184.215.14/hook"}
    page = operations.post(reverse("admin:tenants_webhookendpoint_add"), form)
    assert page.context["adminform"].form.errors["partner"]
    assert WebhookEndpoint.objects.count() == webhooks.MOST_ENDPOINTS


def test_a_private_address_is_refused_beside_its_field(operations, make_partner):
    form = {"partner": make_partner().pk, "url": "https://10.0.0.1/hook"}
    page = operations.post(reverse("admin:tenants_webhookendpoint_add"), form)
    assert page.context["adminform"].form.errors["url"]
    assert not WebhookEndpoint.objects.exists()


def test_an_endpoint_is_disabled_and_enabled_again(operations, endpoint):
    address = reverse("admin:tenants_webhookendpoint_change", args=[endpoint.pk])
    operations.post(address, {"url": endpoint.url, "description": "off"})
    endpoint.refresh_from_db()
    assert (endpoint.state, endpoint.description) == (WebhookEndpoint.State.DISABLED, "off")
    operations.post(address, {"url": endpoint.url, "enabled": "on"})
    endpoint.refresh_from_db()
    assert endpoint.state == WebhookEndpoint.State.ACTIVE


def test_a_test_is_sent_and_the_secret_renewed(operations, endpoint):
    operations.post(reverse(LIST), {"action": "send_test", "_selected_action": endpoint.pk})
    assert WebhookDelivery.objects.filter(endpoint=endpoint).count() == 1
    page = operations.post(reverse(LIST), {"action": "rotate_secret", "_selected_action": endpoint.pk}, follow=True)
    endpoint.refresh_from_db()
    assert unseal(endpoint.sealed)["current"] == secret_on(page)


def test_what_failed_is_replayed(operations, endpoint):
    webhooks.send_test(endpoint)
    WebhookDelivery.objects.update(state=WebhookDelivery.State.FAILED)
    operations.post(reverse(LIST), {"action": "replay_failed", "_selected_action": endpoint.pk})
    assert WebhookDelivery.objects.get().state == WebhookDelivery.State.QUEUED
