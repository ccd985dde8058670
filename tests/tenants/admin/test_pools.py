"""The pools of the console: as many units as the services allow, and one pool for a plan and language."""

import pytest
from django.urls import reverse

from tenants.models import Plan, Pool
from tenants.services import pool as pools

pytestmark = pytest.mark.django_db
ADD = reverse("admin:tenants_pool_add")


def form(**values):
    return {"plan": Plan.objects.get(code="demo").pk, "language": "fr", "size": 0} | values


def added(client, **values):
    page = client.get(ADD)
    management = {}
    for formset in page.context["inline_admin_formsets"]:
        management |= {f"{formset.formset.prefix}-TOTAL_FORMS": 0, f"{formset.formset.prefix}-INITIAL_FORMS": 0}
    return client.post(ADD, form(**values) | management)


def test_a_second_one_for_the_same_plan_and_language_is_refused_in_words(sign_in):
    client = sign_in("superuser")
    assert added(client).status_code == 302
    assert added(client).context["adminform"].form.non_field_errors()
    assert Pool.objects.filter(plan__code="demo", language="fr").count() == 1
    assert added(client, language="en").status_code == 302


@pytest.mark.parametrize("size", [-1, pools.LARGEST + 1, 5000])
def test_it_holds_no_more_units_than_a_pool_may(sign_in, size):
    page = added(sign_in("superuser"), size=size)
    assert page.context["adminform"].form.errors["size"]
    assert not Pool.objects.exclude(size=0).exists()
