"""Staff look at a customer's page: what the customer sees, nothing that can be done, and a line in the audit trail."""

import pytest

from tenants.models import AuditEntry, CustomerSession
from tests.tenants.space.conftest import at, make_odoo


@pytest.mark.parametrize(("space", "word"), [("/espace/", "equipe/"), ("/en/space/", "staff/")])
def test_support_sees_what_the_customer_sees_and_it_is_written_down(sign_in, odoo, space, word):
    client = sign_in("Support")
    page = client.get(space + at(odoo, word))
    assert page.status_code == 200
    assert odoo.url in page.content.decode()
    entry = AuditEntry.objects.get(act="staff:customers_page")
    assert (entry.actor, entry.instance_id) == ("staff-Support", odoo.pk)
    assert not CustomerSession.objects.exists()
    act = client.post(f"/espace/{at(odoo, 'garder/')}")
    assert (act.status_code, act.headers["Location"]) == (303, "/espace/connexion/?next=/espace/"), (
        "its buttons do nothing"
    )


def test_it_shows_this_customers_seller_whoever_the_browser_is_signed_in_as(sign_in, inside, odoo, make_partner):
    other = make_odoo("garage", email="luc@garage.example", partner=make_partner("Atelier Web"))
    client = sign_in("Support")
    client.cookies.update(inside.client.cookies)
    page = client.get(f"/espace/{at(other, 'equipe/')}").content.decode()
    assert "Atelier Web" in page
    assert "luc@garage.example" in page
    assert client.get(f"/espace/{at(other)}").status_code == 404, "as a customer one sees one's own"


@pytest.mark.parametrize("who", ["nobody", "customer", "staff of no group", "staff without a second factor"])
def test_nobody_else_learns_that_the_instance_exists(client, sign_in, inside, odoo, settings, who):
    if who == "customer":
        client = inside.client
    elif who == "staff of no group":
        client = sign_in("")
    elif who == "staff without a second factor":
        settings.ADMIN_REQUIRE_2FA = True
        client = sign_in("Support")
    assert client.get(f"/espace/{at(odoo, 'equipe/')}").status_code == 404
    assert client.get("/espace/odoo/nowhere-abcdefghij/equipe/").status_code == 404
    assert not AuditEntry.objects.filter(act="staff:customers_page").exists()
