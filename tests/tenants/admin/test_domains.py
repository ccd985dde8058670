"""Staff see how far a customer's domain is and what its customer reads; both acts are held to who may operate."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, User
from django.urls import reverse
from django.utils import timezone

from provisioning.models import Domain, OdooAddress
from tenants.alerts.conditions import present
from tenants.models import Alert, AuditEntry

pytestmark = pytest.mark.django_db
LIST = reverse("admin:provisioning_domain_changelist")


@pytest.fixture
def domain(make_instance):
    return Domain.objects.create(
        instance=make_instance(state="ready"), name="erp.etoile.fr", state="records", zone="etoile.fr",
        mistakes=[{"code": "proxied", "host": "erp.etoile.fr"}], checked_at=timezone.now(),
        run_after=timezone.now() + timedelta(hours=1),
    )  # fmt: skip


def staff(client, group):
    user = User.objects.create_user("olga", is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    client.force_login(user)
    return client


def act(client, name, domain):
    return client.post(LIST, {"action": name, "_selected_action": [domain.pk]}, follow=True)


def test_the_list_and_the_page_say_what_is_wrong_and_as_which_odoo_names_itself(client, domain):
    OdooAddress.objects.create(instance=domain.instance, url="https://erp.etoile.fr", refusal="unknown_kind")
    staff(client, "Support")
    assert "Cloudflare" in client.get(f"{LIST}?q=etoile").content.decode()
    page = client.get(reverse("admin:provisioning_domain_change", args=[domain.pk])).content.decode()
    assert "Cloudflare" in page
    assert "unknown_kind" in page


def test_who_may_operate_has_it_looked_at_or_removed_and_the_trail_says_who(client, domain):
    staff(client, "Operations")
    act(client, "look_now", domain)
    domain.refresh_from_db()
    assert domain.run_after <= timezone.now()
    act(client, "take_away", domain)
    domain.refresh_from_db()
    assert domain.state == "removing"
    assert AuditEntry.objects.get(act="domain_removed").actor == "olga"


def test_who_may_only_look_does_neither(client, domain):
    staff(client, "Support")
    for name in ("look_now", "take_away"):
        act(client, name, domain)
    domain.refresh_from_db()
    assert (domain.state, domain.run_after > timezone.now()) == ("records", True)


def test_what_no_customer_can_mend_is_an_alert(domain):
    def told():
        return [each.references for each in present() if each.kind == Alert.Kind.DOMAIN]

    assert told() == []
    Domain.objects.update(reason="railway_plan_limit", state="waiting")
    assert told() == [("erp.etoile.fr",)]
    Domain.objects.update(reason="", state="removing", removal_asked_at=timezone.now() - timedelta(days=2))
    assert told() == [("erp.etoile.fr",)]
