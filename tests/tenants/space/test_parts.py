"""What a partner has switched off its customers neither see nor reach; their data stay theirs."""

import pytest
from django.urls import reverse

from tenants.models import AuditEntry, Partner
from tests.tenants.space.conftest import at

PAGES = {
    "password": ("mot-de-passe/",),
    "address": ("adresse/", "adresse/codes/"),
    "domain": ("domaine/",),
    "plan": ("formule/",),
    "end": ("fin/",),
}


def close(odoo, *parts):
    Partner.objects.filter(pk=odoo.tenant.partner_id).update(closed_parts=list(parts))


@pytest.mark.parametrize("part", PAGES)
def test_what_is_switched_off_is_neither_offered_nor_reached(inside, odoo, part):
    links = [f"/espace/{at(odoo, PAGES[part][0])}" in inside.get(at(odoo)).content.decode()]
    close(odoo, part)
    links.append(f"/espace/{at(odoo, PAGES[part][0])}" in inside.get(at(odoo)).content.decode())
    assert links == [True, False]
    for page in PAGES[part]:
        assert inside.get(at(odoo, page)).status_code == 404
        assert inside.post(at(odoo, page)).status_code == 404
    for other in set(PAGES) - {part}:
        assert inside.get(at(odoo, PAGES[other][0])).status_code == 200


def test_nobody_is_kept_from_their_data(inside, odoo, storage):
    close(odoo, *Partner.Part.values)
    for page in ("", "sauvegardes/"):
        assert inside.get(at(odoo, page)).status_code == 200
    assert inside.get("mes-donnees/").status_code == 200
    assert inside.client.get("/espace/mes-donnees/data.json").status_code == 200


def test_staff_switch_parts_off_by_ticking_them(sign_in, odoo):
    client, partner = sign_in("superuser"), odoo.tenant.partner
    given = {"name": partner.name, "is_active": "on", "language": "fr", "allowed_origins": "", "quota": ""}
    page = reverse("admin:tenants_partner_change", args=[partner.pk])
    assert client.post(page, given | {"closed_parts": ["plan", "end"]}).status_code == 302
    partner.refresh_from_db()
    assert partner.closed_parts == ["plan", "end"]
    assert AuditEntry.objects.filter(act="partner:changed").exists()
    refused = client.post(page, given | {"closed_parts": ["data"]})
    assert refused.context["adminform"].form.errors["closed_parts"]
