"""Accounts, groups and partners in the console: what is changed there stands in the trail, without what is secret."""

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.urls import reverse

from tenants.models import AuditEntry, Authenticator, Partner
from tenants.models.second_factor import code_clock
from tenants.services import partners, second_factor

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss(sign_in):
    return sign_in("superuser")


@pytest.fixture
def paul():
    return User.objects.create_user("paul", password="a-long-pass-phrase", is_staff=True)


def account(user, **changes):
    form = {"username": user.username, "is_active": "on", "is_staff": "on", "date_joined_0": "2026-01-01"}
    return form | {"date_joined_1": "10:00:00", "first_name": "", "last_name": "", "email": ""} | changes


def test_a_new_group_of_an_account_stands_in_the_trail(boss, paul):
    support = Group.objects.get(name="Support")
    boss.post(reverse("admin:auth_user_change", args=[paul.pk]), account(paul, groups=[support.pk]))
    entry = AuditEntry.objects.get(act="user:changed")
    assert (entry.actor, entry.subject) == ("staff-superuser", "paul")
    assert (entry.before["groups"], entry.after["groups"]) == ([], ["Support"])


def test_a_new_permission_of_a_group_stands_in_the_trail(boss):
    support = Group.objects.get(name="Support")
    before = set(support.permissions.values_list("pk", flat=True))
    added = Permission.objects.get(codename="decommission_instance")
    form = {"name": "Support", "permissions": [*before, added.pk]}
    boss.post(reverse("admin:auth_group_change", args=[support.pk]), form)
    entry = AuditEntry.objects.get(act="group:changed")
    assert set(entry.after["permissions"]) - set(entry.before["permissions"]) == {str(added)}


def test_passwords_stay_out_of_the_trail(boss, paul):
    form = {"username": "nina", "password1": "quite-a-long-phrase", "password2": "quite-a-long-phrase"}
    assert boss.post(reverse("admin:auth_user_add"), form | {"usable_password": "true"}).status_code == 302
    change = reverse("admin:auth_user_password_change", args=[paul.pk])
    boss.post(
        change, {"password1": "quite-a-long-phrase", "password2": "quite-a-long-phrase", "usable_password": "true"}
    )
    assert AuditEntry.objects.filter(act="user:added", subject="nina").exists()
    assert AuditEntry.objects.filter(act="user:password_changed", subject="paul").exists()
    assert "quite-a-long-phrase" not in str(list(AuditEntry.objects.values()))


def test_short_passwords_are_refused(boss):
    form = {"username": "nina", "password1": "short-one", "password2": "short-one", "usable_password": "true"}
    assert boss.post(reverse("admin:auth_user_add"), form).status_code == 200
    assert not User.objects.filter(username="nina").exists()


def test_a_superuser_removes_a_second_factor_and_unlocks(boss, paul):
    offer = second_factor.offer(paul)
    second_factor.enrol(paul, offer, f"{code_clock(offer.key).token():06d}")
    for act in ("remove_two_factor", "unlock"):
        boss.post(reverse("admin:auth_user_changelist"), {"action": act, "_selected_action": paul.pk})
    assert not Authenticator.objects.exists()
    acts = AuditEntry.objects.filter(actor="staff-superuser").order_by("pk").values_list("act", flat=True)
    assert list(acts) == ["second_factor:removed", "user:unlocked"]


def test_an_account_is_not_deleted_since_the_trail_names_it(boss, paul):
    assert boss.post(reverse("admin:auth_user_delete", args=[paul.pk]), {"post": "yes"}).status_code == 403
    assert User.objects.filter(pk=paul.pk).exists()


def partner_form(partner, **changes):
    form = {"name": partner.name, "is_active": "on", "language": "fr", "allowed_origins": ""}
    return {name: value for name, value in (form | changes).items() if value is not None}


def test_the_web_sites_of_a_partner_are_written_one_a_line(sign_in, make_partner):
    partner, client = make_partner(), sign_in("Operations")
    address = reverse("admin:tenants_partner_change", args=[partner.pk])
    client.post(address, partner_form(partner, allowed_origins="https://a.example\r\nhttps://b.example:8443"))
    partner.refresh_from_db()
    assert partner.allowed_origins == ["https://a.example", "https://b.example:8443"]
    assert AuditEntry.objects.get(act="partner:changed").after == {"allowed_origins": partner.allowed_origins}
    shown = client.get(address).content.decode()
    assert "https://a.example\nhttps://b.example:8443" in shown


@pytest.mark.parametrize(
    "origin", ["a.example", "https://a.example/shop", "javascript:alert(1)", "https://", "https://["]
)
def test_what_is_not_the_address_of_a_web_site_is_refused(sign_in, make_partner, origin):
    partner = make_partner()
    address = reverse("admin:tenants_partner_change", args=[partner.pk])
    page = sign_in("Operations").post(address, partner_form(partner, allowed_origins=origin))
    assert page.context["adminform"].form.errors["allowed_origins"]


def test_the_house_stays_active_since_visitors_order_through_it(sign_in):
    house = partners.house()
    address = reverse("admin:tenants_partner_change", args=[house.pk])
    page = sign_in("Operations").post(address, partner_form(house, is_active=None))
    assert page.context["adminform"].form.errors["is_active"]
    assert Partner.objects.get(pk=house.pk).is_active
