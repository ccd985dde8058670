"""What Prometheus and Grafana are given asks for metrics that exist, and every alert leads to its chapter."""

import json
import re
from pathlib import Path

import pytest
import yaml
from django.conf import settings
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from eazynova_site.metrics import Everything
from provisioning.railway import errors
from provisioning.states import OperationState
from tenants.lifecycle import InstanceState
from tenants.models import Mail
from tests.project.test_books import anchors

ROOT = Path(settings.BASE_DIR)
RULES = yaml.safe_load((ROOT / "deploy/prometheus/alerts.yml").read_text())["groups"][0]["rules"]
PANELS = json.loads((ROOT / "deploy/grafana/eazynova.json").read_text())["panels"]
EXPRESSIONS = [rule["expr"] for rule in RULES] + [target["expr"] for panel in PANELS for target in panel["targets"]]
VALUES = {
    "eazynova_operations": set(OperationState.values),
    "eazynova_mails": set(Mail.State.values),
    "eazynova_instances": set(InstanceState.values),
    "eazynova_railway_requests_total": {each.code for each in vars(errors).values() if hasattr(each, "code")},
}


@pytest.fixture
def known(db):
    """Names of samples, and the names of each one's labels."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Everything())
    families = list(text_string_to_metric_families(generate_latest(registry).decode()))
    found = {}
    for metric in Everything().collect():
        suffixes = {"counter": ["_total"], "histogram": ["_bucket", "_sum", "_count"]}.get(metric.type, [""])
        for suffix in suffixes:
            labels = {"le"} if suffix == "_bucket" else set()
            found[metric.name + suffix] = labels | set(metric._labelnames)
    assert {family.name for family in families} == {metric.name for metric in Everything().collect()}
    return found


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_it_asks_for_metrics_and_labels_that_exist(expression, known):
    names = set(re.findall(r"\b(eazynova_\w+)", expression))
    assert names <= set(known)
    labels = {label for name in names for label in known[name]}
    for group in re.findall(r"by \(([^)]*)\)", expression):
        assert set(re.findall(r"\w+", group)) <= labels
    for name, matchers in re.findall(r"\b(eazynova_\w+)\{([^}]*)\}", expression):
        for label, values in re.findall(r'(\w+)=~?"([^"]*)"', matchers):
            assert label in known[name]
            assert set(values.split("|")) <= VALUES[name] or label not in ("state", "outcome")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_every_alert_says_what_it_is_and_leads_to_its_chapter(rule):
    assert rule["labels"]["severity"] in ("page", "ticket")
    assert rule["annotations"]["summary"]
    path, _, anchor = rule["annotations"]["runbook"].partition("#")
    assert anchor in anchors(ROOT / path)
    asked = set(re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"]))
    assert asked <= {"name", "kind", "workspace"}


def test_the_dashboard_shows_every_metric_that_there_is(known):
    shown = {
        name for panel in PANELS for target in panel["targets"] for name in re.findall(r"eazynova_\w+", target["expr"])
    }
    families = {re.sub(r"_(bucket|sum|count)$", "", name) for name in known}
    assert {re.sub(r"_bucket$", "", name) for name in shown} == families
