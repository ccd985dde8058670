"""The trail and the timeline are told in the reader's language, without codes and without JSON."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils import translation

from provisioning.reconciliation.differences import Act
from tenants.admin import audit_words
from tenants.audit import acting
from tenants.lifecycle import InstanceState
from tenants.models import AuditEntry
from tenants.services import ending, instances

pytestmark = pytest.mark.django_db
TRAIL = reverse("admin:tenants_auditentry_changelist")
WRITTEN = re.compile(r'AuditEntry\.write\(\s*f?"([^"]+)"|\b_?note(?:_once)?\(\s*(?:request, )?f?"([^"]+)"')


def acts_in_the_code():
    for path in (Path(settings.BASE_DIR) / "tenants").rglob("*.py"):
        for found in WRITTEN.finditer(path.read_text(encoding="utf-8")):
            yield found[1] or found[2]


def entry(act, **values):
    return AuditEntry(act=act, after={}, **values)


def test_every_act_that_the_code_writes_has_words():
    acts = {act for act in acts_in_the_code() if "{" not in act}
    assert {"state", "change_expiry", "signin", "rotated", "password_changed"} <= acts
    unnamed = {act for act in acts if act not in audit_words.ACTS and act not in audit_words.DONE}
    assert unnamed == set()
    assert {str(act) for act in Act} <= set(audit_words.DONE)


def test_a_change_of_state_is_told_in_words(order_instance):
    instance = order_instance()
    instances.cancel(instance)
    row = AuditEntry.objects.filter(act="state").first()
    with translation.override("fr"):
        assert audit_words.act_of(row) == "changement d’état"
        assert audit_words.changes_of(row) == "état\u00a0: en création → en échec"


def test_what_was_edited_is_told_by_the_names_on_the_form_and_moments_by_the_readers_clock():
    before, after = {"price_per_month": "49"}, {"price_per_month": "59"}
    edited = AuditEntry(act="plan:changed", before=before, after=after)
    moved = AuditEntry(act="change_expiry", instance_id=1, before={"expires_at": None}, after={"expires_at": MOMENT})
    with translation.override("fr"):
        assert audit_words.act_of(edited) == "formule\u00a0: modification"
        assert audit_words.changes_of(edited) == "prix mensuel\u00a0: 49 → 59"
        assert audit_words.changes_of(moved) == "expire\u00a0: – → 24/12/2026 18:30"


MOMENT = "2026-12-24T17:30:00+00:00"


def test_the_systems_own_reasons_are_told_in_the_readers_language_and_staffs_words_as_they_were_written():
    with translation.override("fr"):
        assert audit_words.reason_of(entry("state", actor="expiry", reason="expired")) == "arrivée à expiration"
        assert audit_words.reason_of(entry("state", actor="olga", reason="expired")) == "expired"


def test_the_pages_show_neither_codes_nor_json(sign_in, make_instance):
    instance = make_instance(state=InstanceState.READY)
    with acting("olga", "left us"):
        ending.schedule_decommission(instance, grace_days=3)
    client = sign_in("Operations")
    for address in (TRAIL, reverse("admin:tenants_instance_change", args=[instance.pk])):
        page = client.get(address).content.decode()
        assert "suppression définitive programmée" in page
        assert "left us" in page
        assert "schedule_decommission" not in page
        assert "&quot;decommission_after&quot;" not in page


@pytest.mark.parametrize(("kind", "acts"), [("state", {"state"}), ("other", {"plan:changed"})])
def test_the_trail_is_filtered_by_kinds_of_acts(sign_in, make_instance, kind, acts):
    make_instance()
    AuditEntry.write("plan:changed", None, subject="starter", after={})
    page = sign_in("Operations").get(TRAIL, {"kind": kind})
    assert {row.act for row in page.context["cl"].result_list} == acts
