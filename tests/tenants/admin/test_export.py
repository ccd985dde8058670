"""Any list as a file for a spreadsheet, for whoever may see the list."""

import csv
import io

import pytest
from django.contrib import admin
from django.urls import reverse

from provisioning.models import Operation
from tenants.lifecycle import InstanceState
from tenants.mails import outbox
from tenants.models import AuditEntry, Instance, Tenant
from tenants.services import keys, webhooks
from tests import factories

pytestmark = pytest.mark.django_db
A_CELL = pytest.mark.any_store("how one cell is written is a matter of its text; every list is exported on both stores")
LIST = reverse("admin:tenants_instance_changelist")


def exported(client, rows, address=LIST, **query):
    form = {"action": "export_csv", "_selected_action": [row.pk for row in rows]}
    return client.post(address, form, query_params=query)


def table(answer, delimiter=";"):
    text = b"".join(answer.streaming_content).decode()
    assert text.startswith("\ufeff"), "a spreadsheet must know that it is UTF-8"
    return list(csv.DictReader(io.StringIO(text[1:]), delimiter=delimiter))


def test_the_file_holds_what_the_list_shows_in_the_readers_language(sign_in, make_instance):
    chosen = [make_instance("acme-one", state=InstanceState.READY, company="Café & fils"), make_instance("acme-two")]
    make_instance("not-chosen")
    rows = table(exported(sign_in("Operations"), chosen))
    assert {row["nom du client"] for row in rows} == {"acme-one", "acme-two"}
    one = next(row for row in rows if row["nom du client"] == "acme-one")
    assert (one["entreprise"], one["état"], one["marge"]) == ("Café & fils", "prête", "-8,00\u00a0USD")
    assert one["e-mail administrateur"] == "admin@acme-one.example"


def test_in_english_columns_are_separated_by_commas(sign_in, make_instance):
    client, instance = sign_in("Operations"), make_instance()
    client.post(reverse("set_language"), {"language": "en", "next": LIST})
    (row,) = table(exported(client, [instance]), delimiter=",")
    assert row["client name"] == "acme-corp"


def test_support_takes_no_money_away(sign_in, make_instance):
    (row,) = table(exported(sign_in("Support"), [make_instance()]))
    assert "marge" not in row


@A_CELL
@pytest.mark.parametrize(
    "company",
    [
        '=HYPERLINK("http://evil.example")',
        "+1+1",
        "-1+cmd|' /C calc'!A0",
        "-2+3",
        "- 1 SARL",
        "@SUM(1+1)",
        "＝1+1",
        "＋1+1",
        "－1+1",
        "＠SUM(1)",
        "|calc",
        "%calc",
        "-8,00 USD+1",
    ],
)
def test_a_name_that_a_spreadsheet_would_calculate_stays_a_name(sign_in, make_instance, company):
    (row,) = table(exported(sign_in("Support"), [make_instance(company=company)]))
    assert row["entreprise"] == f"'{company}"


@A_CELL
@pytest.mark.parametrize("before", ["\t", "\r", "\n", " ", "\u00a0", "\u200b", "\ufeff"])
def test_a_formula_behind_what_nobody_sees_is_none_either(sign_in, make_instance, before):
    """A name from before the rule of today."""
    instance = make_instance()
    Tenant.objects.update(company=f"{before}=1+1")
    (row,) = table(exported(sign_in("Support"), [instance]))
    assert row["entreprise"].replace("'", "") == f"{before}=1+1"
    assert row["entreprise"].startswith("'")


@A_CELL
@pytest.mark.parametrize("company", ["Acme{}=cmd", 'Acme{}"=cmd"', "Acme{} =cmd", "Acme{0}{0}＝cmd", "=a{}=cmd"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "\r", "\n"])
def test_no_spreadsheet_calculates_whatever_it_takes_for_the_separator(sign_in, make_instance, company, separator):
    instance = make_instance()
    Tenant.objects.update(company=company.format(separator))
    text = b"".join(exported(sign_in("Support"), [instance]).streaming_content).decode()
    assert "cmd" in text
    for taken in (",", ";", "\t"):
        cells = [cell.strip() for row in csv.reader(io.StringIO(text, newline=""), delimiter=taken) for cell in row]
        assert not [cell for cell in cells if cell.startswith(("=", "＝"))], taken


@A_CELL
@pytest.mark.parametrize(
    "company",
    [
        "R&D <Lyon> SARL",
        "a < b & c",
        "<b>Gras</b>",
        "L’Étoile; Fils",
        '"Le" Bar',
        "3-2-1",
        "Dupont, Fils & Cie; Lyon",
        "a, b-c",
    ],
)
def test_a_name_comes_out_as_it_was_written(sign_in, make_instance, company):
    (row,) = table(exported(sign_in("Support"), [make_instance(company=company)]))
    assert row["entreprise"] == company


def test_yes_and_no_are_written_out(sign_in):
    address = reverse("admin:tenants_partner_changelist")
    partner = factories.make_partner("Alice", is_active=False)
    (row,) = table(exported(sign_in("superuser"), [partner], address))
    assert (row["actif"], row["la maison elle-même"]) == ("Non", "Non")


def test_the_trail_tells_who_took_how_many_rows_away(sign_in, make_instance):
    exported(sign_in("Support"), [make_instance()])
    entry = AuditEntry.objects.get(act="instance:exported")
    assert (entry.actor, entry.after) == ("staff-Support", {"rows": 1})


def test_whoever_may_not_see_the_list_gets_no_file(sign_in, make_instance):
    assert exported(sign_in(), [make_instance()]).status_code == 403
    assert not AuditEntry.objects.filter(act="instance:exported").exists()


def test_every_list_can_be_exported_in_full(sign_in, order_instance):
    instance = order_instance()
    outbox.write_failure(instance, Operation.objects.get())
    keys.issue(instance.tenant.partner)
    webhooks.create_endpoint(instance.tenant.partner, url="https://www.partner.com/hook")
    client, tried = sign_in("superuser"), set()
    for model in admin.site._registry:
        row = model._base_manager.first()
        if row is None:
            continue
        address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        assert table(exported(client, [row], address)), address
        tried.add(model.__name__)
    filled = {
        "Instance",
        "Tenant",
        "Operation",
        "Mail",
        "Partner",
        "ApiKey",
        "WebhookEndpoint",
        "Plan",
        "AuditEntry",
        "User",
    }
    assert filled <= tried
    assert Instance.objects.count() == 1
