"""Costs in the console and for Prometheus: who may see them, what the page shows, what leaves as a file."""

import csv
import io
from datetime import date
from decimal import Decimal

import pytest
from django.urls import reverse

from provisioning.models import Bearer, ExchangeRate, UsageCheck, UsageDay, UsagePrice
from tenants.models import AuditEntry, CostLine, CostMonth

pytestmark = pytest.mark.django_db
COSTS = reverse("admin:tenants_costline_changelist")
OCTOBER, NOVEMBER = date(2026, 10, 1), date(2026, 11, 1)


@pytest.fixture
def lines(make_instance):
    instance = make_instance("acme-corp", state="ready")
    for month in (OCTOBER, NOVEMBER):
        CostMonth.objects.create(month=month)
    given = {"workspace": "default", "currency": "USD", "cost": Decimal("8.25"), "cost_usd": Decimal("8.25"), "days": 9}
    sold = {"instance": instance, "plan": instance.plan, "partner": instance.tenant.partner, "revenue": Decimal(5)}
    CostLine.objects.create(month=NOVEMBER, bearer=Bearer.CUSTOMER, project_id="p1", **given, **sold)
    CostLine.objects.create(month=NOVEMBER, bearer=Bearer.UNKNOWN, project_id="=cmd()", **given)
    CostLine.objects.create(month=OCTOBER, bearer=Bearer.LEAKED, project_id="october", **given)
    UsageDay.objects.create(
        workspace="default", day=date(2026, 11, 3), by_bearer={"customer": "6", "unknown": "2.25", "gone": "1"}
    )
    UsageCheck.objects.create(workspace="default", since="2026-11-01T00:00Z", measured=Decimal(90), told=Decimal(100))
    return instance


def test_only_who_works_with_money_sees_it(sign_in, lines):
    assert sign_in("Support").get(COSTS).status_code == 403
    assert sign_in("Operations").get(COSTS).status_code == 200


def test_the_page_shows_one_month_its_chart_and_the_same_as_a_table(sign_in, lines):
    page = sign_in("Operations").get(COSTS, headers={"accept-language": "en"}).content.decode()
    assert 'role="img"' in page
    assert '<rect class="customer"' in page
    assert "16.50" in page.replace("\u00a0", " "), "the month's sum"
    assert "october" not in page
    assert "Railway counts another sum" in page
    assert "-3.25" in page, "the margin, which is a loss"
    earlier = sign_in("superuser").get(COSTS, {"month": "2026-10"}).content.decode()
    assert "october" in earlier
    assert "acme-corp" not in earlier


@pytest.mark.parametrize("month", ["2026-13", "x", "99999-01"])
def test_a_month_that_cannot_be_read_shows_the_newest(sign_in, lines, month):
    assert "acme-corp" in sign_in("Operations").get(COSTS, {"month": month}).content.decode()


def test_without_any_costs_the_page_says_when_they_come(sign_in):
    page = sign_in("Operations").get(COSTS, headers={"accept-language": "en"}).content.decode()
    assert "once a day" in page


def test_the_file_is_guarded_against_formulas_and_stands_in_the_trail(sign_in, lines):
    form = {"action": "export_csv", "_selected_action": list(CostLine.objects.values_list("pk", flat=True))}
    answer = sign_in("Operations").post(COSTS, form)
    text = b"".join(answer.streaming_content).decode().lstrip("\ufeff")
    rows = list(csv.reader(io.StringIO(text), delimiter=";"))
    assert len(rows) == 3
    assert any("'=cmd()" in row for row in rows)
    assert AuditEntry.objects.get(act="costline:exported").after == {"rows": 2}


def test_prices_and_rates_are_edited_with_a_trace(sign_in):
    staff = sign_in("Operations")
    form = {"measurement": "MEMORY_USAGE_GB", "valid_from": "2026-12-01", "price": "11"}
    assert staff.post(reverse("admin:provisioning_usageprice_add"), form).status_code == 302
    assert UsagePrice.objects.filter(price=11).exists()
    assert AuditEntry.objects.filter(act="usageprice:added").exists()
    rate = {"currency": "EUR", "valid_from": "2026-12-01", "per_dollar": "0"}
    assert staff.post(reverse("admin:provisioning_exchangerate_add"), rate).status_code == 200
    assert not ExchangeRate.objects.exists(), "nothing can be divided by it"


def test_prometheus_reads_the_cost_and_the_difference(client, lines, settings):
    settings.METRICS_TOKEN = "secret"
    told = client.get("/metrics", headers={"authorization": "Bearer secret"}).content.decode()
    assert 'eazynova_cost_dollars{bearer="customer"} 8.25' in told
    assert 'eazynova_cost_difference_percent{workspace="default"} -10.0' in told
