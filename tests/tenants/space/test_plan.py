"""The plan in its customer's hands: what the others change and cost is read before one of them is ordered."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from provisioning.models import Operation
from provisioning.states import OperationKind
from tenants.models import AuditEntry, Instance, Plan, PlanChange
from tests.tenants.space.conftest import at, make_odoo

pytestmark = pytest.mark.django_db
PAGE = "formule/"


@pytest.fixture
def trial(odoo):
    Instance.objects.update(expires_at=timezone.now() + timedelta(days=10))
    odoo.refresh_from_db()
    return odoo


@pytest.fixture
def terms(settings, tmp_path):
    settings.LEGAL_FOLDER = str(tmp_path)
    (tmp_path / "terms.fr.txt").write_text("Version: 2026-11\n\nTexte", encoding="utf-8")


def text(response):
    return re.sub(r"[ \n]+", " ", response.content.decode())


def order(inside, instance, **form):
    """The form as its page gives it, with these choices."""
    shown = re.findall(r'name="(price-[a-z]+)" value="([^"]+)"', text(inside.get(at(instance, PAGE))))
    return inside.post(at(instance, PAGE), **dict(shown) | form)


def test_what_a_plan_changes_and_costs_and_how_it_is_invoiced_is_said_before(inside, trial, settings):
    settings.PRICES_TAX = "excluded"
    page = text(inside.get(at(trial, PAGE)))
    assert "Démonstration" in page
    assert "129,00\u00a0$\u00a0US\u00a0HT\u00a0/\u00a0mois" in page
    assert "Installés en plus\u00a0: stock, project." in page
    assert "l’essai prend fin" in page.lower()
    assert "Odoo est ensuite absent quelques minutes" in page
    assert "Rien n’est prélevé" in page
    settings.INVOICE_TERMS_FR = "Facture à 30 jours, par virement."
    assert "Facture à 30 jours, par virement." in text(inside.get(at(trial, PAGE)))


def test_an_order_begins_the_work_and_is_the_customers_own_act(inside, trial):
    page = text(order(inside, trial, plan="business", when="now"))
    assert "en cours de mise en place" in page
    operation = Operation.objects.active().get()
    assert operation.kind == OperationKind.CHANGE_PLAN
    change = PlanChange.objects.get()
    assert (change.actor, change.email, change.operation) == ("customer", "marie@etoile.example", operation)
    assert change.network
    assert AuditEntry.objects.get(act="plan_change_asked").actor == "customer"
    page = text(order(inside, trial, plan="business", when="now"))
    assert PlanChange.objects.count() == 1


def test_an_order_for_later_is_shown_and_taken_back_by_one_click(inside, trial):
    page = text(order(inside, trial, plan="starter", when="later"))
    assert "À partir du" in page
    assert "il a la formule <strong>Essentiel</strong>" in page
    assert not Operation.objects.active().exists()
    assert "Votre période d’essai" not in text(inside.get(at(trial)))
    page = text(inside.post(at(trial, PAGE), undo="1"))
    assert "la formule reste" in page
    assert PlanChange.objects.get().state == PlanChange.State.UNDONE


def test_without_a_consent_to_the_terms_of_today_nothing_is_ordered(inside, trial, terms):
    for given in ({}, {"terms": "2025-01"}):
        answer = order(inside, trial, plan="starter", when="later", **given)
        assert answer.status_code == 422
        assert 'role="alert"' in text(answer)
        assert 'value="later" checked' in text(answer), "what was chosen is kept"
    assert not PlanChange.objects.exists()
    order(inside, trial, plan="starter", when="later", terms="2026-11")
    assert PlanChange.objects.get().terms_version == "2026-11"


def test_nobody_agrees_to_a_price_that_was_not_on_the_page(inside, trial):
    shown = re.findall(r'name="(price-[a-z]+)" value="([^"]+)"', text(inside.get(at(trial, PAGE))))
    Plan.objects.filter(code="starter").update(price_per_month=499)
    for given in (dict(shown), {}):
        answer = inside.post(at(trial, PAGE), plan="starter", when="later", **given)
        assert answer.status_code == 422
        assert 'role="alert"' in text(answer)
        assert "499,00" in text(answer)
    assert not PlanChange.objects.exists()
    order(inside, trial, plan="starter", when="later")
    assert PlanChange.objects.get().price_per_month == 499


def test_a_trial_that_is_over_offers_no_later_day(inside, trial):
    assert 'value="later"' in text(inside.get(at(trial, PAGE)))
    Instance.objects.update(expires_at=timezone.now() - timedelta(hours=1))
    assert 'value="later"' not in text(inside.get(at(trial, PAGE)))
    assert order(inside, trial, plan="starter", when="later").status_code == 409
    assert not PlanChange.objects.exists()


@pytest.mark.parametrize("plan", ["", "demo", "nothing"])
def test_what_is_not_offered_is_not_ordered(inside, trial, plan):
    assert order(inside, trial, plan=plan, when="now").status_code == 422
    assert not PlanChange.objects.exists()


def test_what_failed_is_told_there_and_can_be_ordered_again(inside, trial):
    PlanChange.objects.create(
        instance=trial, former_plan=trial.plan, former_price=0, plan=trial.plan, price_per_month=1, estimated_cost=1,
        currency="EUR", email="x@example.com", state="failed", reason="plan_not_changed", ended_at=timezone.now(),
    )  # fmt: skip
    page = text(inside.get(at(trial, PAGE)))
    assert "La formule n’a pas été changée" in page
    assert 'name="plan"' in page


def test_the_page_is_in_english_too_and_the_instances_page_leads_to_it(person, trial):
    person.space, person.door = "/en/space/", "/en/space/sign-in/"
    person.sign_in()
    assert "Installed in addition: stock, project." in text(person.get(at(trial, "plan/")))
    assert f"/en/space/odoo/{trial.public_id}/plan/" in text(person.get(at(trial)))


def test_somebody_elses_plan_does_not_exist(inside, trial):
    other = make_odoo("other", email="paul@other.example", company="Autre")
    assert inside.get(at(other, PAGE)).status_code == 404
    assert inside.post(at(other, PAGE), plan="starter", when="now").status_code == 404
    assert not PlanChange.objects.exists()
