"""Errors go to Sentry over real HTTP, and no secret goes with them."""

import gzip
import os
import subprocess
import sys
from urllib.parse import urlsplit

import pytest
from django.conf import settings

from tests.journeys.test_command_line import _environment
from tests.provisioning.hooks.partner_site import PartnerSite

pytestmark = [pytest.mark.any_store("what is reported never met the database"), pytest.mark.django_db]
TOKEN = "railway-token-that-nobody-may-see"
PROGRAM = f"""
import django, logging
django.setup()
from provisioning import logcontext
password = "hunter2-in-a-variable"
with logcontext.bound(request="req_0123456789"):
    logging.getLogger("provisioning").error("asked with {TOKEN} at /instances/x/?token=abcdef0123456789")
try:
    raise ValueError("refused Bearer abc.def-0123456789")
except ValueError:
    logging.getLogger("tenants").exception("unexpected")
import sentry_sdk
sentry_sdk.flush(10)
"""


def sent(sandbox, **values):
    with PartnerSite(status=200, body=b"{}") as site:
        dsn = f"http://public@{urlsplit(site.url).netloc}/1"
        told = {"DJANGO_SETTINGS_MODULE": "eazynova_site.settings", "RAILWAY_API_TOKEN": TOKEN, "SENTRY_DSN": dsn}
        environment = os.environ | _environment(sandbox) | told | values
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM],
            cwd=settings.BASE_DIR,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return [_plain(headers, body) for _path, headers, body in site.received]


def _plain(headers, body):
    return (gzip.decompress(body) if headers.get("content-encoding") == "gzip" else body).decode()


def test_an_error_is_reported_without_what_a_log_may_not_hold(sandbox):
    told = "".join(sent(sandbox))
    assert "unexpected" in told
    assert "[hidden]" in told
    for secret in (TOKEN, "abcdef0123456789", "abc.def-0123456789", "hunter2"):
        assert secret not in told


def test_without_an_address_nothing_leaves(sandbox):
    assert sent(sandbox, SENTRY_DSN="") == []
