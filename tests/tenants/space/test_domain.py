"""A customer sets an own domain up in the space: each step, each mistake in words, and nobody else's."""

from datetime import timedelta

import pytest
from django.utils import timezone, translation

from provisioning.models import Domain, OdooAddress
from tenants.models import AuditEntry, Instance
from tenants.services import domains
from tenants.wording import domains as words
from tests import factories
from tests.tenants.space.conftest import at

pytestmark = pytest.mark.django_db
NAME = "erp.etoile.fr"
PAGE = "domaine/"
WANTED = {
    "target": "x1.up.railway.app", "zone": "etoile.fr", "proof": "railway-verify=a1b2",
    "proof_host": "_railway-verify.erp.etoile.fr",
}  # fmt: skip


def add(inside, odoo, name=NAME):
    return inside.post(at(odoo, PAGE), name=name)


@pytest.fixture
def domain(odoo):
    return Domain.objects.create(instance=odoo, name=NAME, state="records", checked_at=timezone.now(), **WANTED)


def text(page):
    return page.content.decode()


def test_a_name_is_typed_as_it_is_read_and_the_act_is_the_customers(inside, odoo):
    assert "Mon propre domaine" in text(inside.get(at(odoo)))
    page = add(inside, odoo, "https://ERP.Etoile.fr/web")
    assert page.redirect_chain[-1] == (f"/espace/{at(odoo, PAGE)}?done=added", 303)
    assert Domain.objects.get().name == NAME
    assert AuditEntry.objects.get(act="domain_added").actor == "customer"
    assert "Un domaine à vous a été ajouté." in text(inside.get(at(odoo)))


def test_a_wrong_name_stays_in_its_field_with_the_reason_beside_it(inside, odoo):
    page = add(inside, odoo, "*.etoile.fr")
    assert page.status_code == 422
    assert 'value="*.etoile.fr"' in text(page)
    assert 'aria-invalid="true"' in text(page)
    assert not Domain.objects.exists()


def test_both_records_can_be_read_and_copied(inside, odoo, domain):
    page = text(inside.get(at(odoo, PAGE)))
    for value in ("erp", "x1.up.railway.app", "_railway-verify.erp", "railway-verify=a1b2"):
        assert f">{value}</code>" in page
    assert page.count("data-copy=") == 4


def test_each_mistake_is_said_with_what_to_do(inside, odoo, domain):
    Domain.objects.update(
        mistakes=[
            {"code": "proxied", "host": NAME, "found": "104.21.7.9", "wanted": WANTED["target"]},
            {
                "code": "proof_doubled",
                "host": "_railway-verify.erp.etoile.fr.etoile.fr",
                "wanted": WANTED["proof_host"],
            },
        ]
    )
    page = text(inside.get(at(odoo, PAGE)))
    assert "nuage gris" in page
    assert "n’écrivez que" in page
    assert "_railway-verify.erp<" in page


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_mistake_has_words_whatever_is_known_of_it(odoo, domain, language):
    for code in words.WORDS:
        for mistake in ({"code": str(code)}, {"code": str(code), "host": NAME, "found": "50%", "wanted": "%s"}):
            domain.mistakes = [mistake]
            with translation.override(language):
                (trouble,) = words.troubles(domain)
            assert trouble.wrong
            assert "%(" not in trouble.wrong + trouble.mend


def test_what_somebody_wrote_into_a_zone_is_no_markup(inside, odoo, domain):
    evil = "<script>alert(1)</script>"
    Domain.objects.update(mistakes=[{"code": "proof_wrong", "host": NAME, "found": evil, "wanted": "x"}])
    assert evil not in text(inside.get(at(odoo, PAGE)))


def test_the_domain_itself_is_told_to_need_an_alias(inside, odoo, domain):
    Domain.objects.update(name="etoile.fr", apex=True, proof_host="_railway-verify.etoile.fr")
    page = text(inside.get(at(odoo, PAGE)))
    assert "<strong>ALIAS</strong>" in page
    assert ">@</code>" in page


def test_checking_again_has_a_limit_and_costs_no_act(inside, odoo, domain, settings):
    settings.DOMAIN_CHECK_RATE, settings.CUSTOMERS_ACT_RATE = "2/h", "1/d"
    later = timezone.now() + timedelta(hours=3)
    for status in (200, 200, 429):
        Domain.objects.update(run_after=later)
        page = inside.post(at(odoo, f"{PAGE}{domain.public_id}/verifier/"))
        assert page.status_code == status
    domain.refresh_from_db()
    assert domain.run_after == later, "what is refused changes nothing"


def test_one_is_removed_and_the_address_is_the_first_one_again_at_once(inside, odoo, domain):
    Domain.objects.update(state="on", switched_on_at=timezone.now())
    Instance.objects.filter(pk=odoo.pk).update(own_domain=NAME)
    assert f"https://{NAME}/web/login" in text(inside.get(at(odoo)))
    page = inside.post(at(odoo, f"{PAGE}{domain.public_id}/retirer/"))
    assert page.redirect_chain[-1][0].endswith("?done=removed")
    assert f"{odoo.url}/web/login" in text(inside.get(at(odoo)))
    assert OdooAddress.objects.get().url == odoo.url
    assert inside.post(at(odoo, f"{PAGE}{domain.public_id}/retirer/")).status_code == 409


def test_pages_and_buttons_of_another_customers_domain_do_not_exist(inside, odoo):
    other = factories.make_instance("other", state="ready")
    foreign = Domain.objects.create(instance=other, name="erp.other.fr")
    assert inside.get(at(other, PAGE)).status_code == 404
    for word in ("verifier", "retirer"):
        assert inside.post(at(other, f"{PAGE}{foreign.public_id}/{word}/")).status_code == 404
        assert inside.post(at(odoo, f"{PAGE}{foreign.public_id}/{word}/")).status_code == 404
    foreign.refresh_from_db()
    assert foreign.state == "waiting"
    assert "erp.other.fr" not in text(add(inside, odoo, "erp.other.fr")).replace('value="erp.other.fr"', "")


def test_a_look_at_an_address_does_nothing(inside, odoo, domain):
    for word in ("verifier", "retirer"):
        assert inside.get(at(odoo, f"{PAGE}{domain.public_id}/{word}/")).redirect_chain
    domain.refresh_from_db()
    assert domain.state == "records"


def test_a_decommissioned_instance_lets_its_names_go(odoo, domain):
    Instance.objects.filter(pk=odoo.pk).update(own_domain=NAME)
    domains.end_with(odoo)
    domain.refresh_from_db()
    odoo.refresh_from_db()
    assert (domain.state, odoo.own_domain) == ("removed", "")
