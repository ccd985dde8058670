"""A visitor in front of the whole thing: the site, a worker, the sandbox, and a real browser."""

import os
import subprocess
import sys

import pytest
from django.conf import settings
from playwright.sync_api import sync_playwright

from tests import environment
from tests.journeys.test_command_line import _environment
from tests.processes import Workers


@pytest.fixture
def site(chromium, transactional_db, live_server, sandbox, settings):
    """Where the site answers; its pages are served by this process, its work is done by others."""
    settings.SIGNUP_MIN_SECONDS = 0
    settings.PUBLIC_BASE_URL = live_server.url
    return live_server.url


@pytest.fixture
def worker(site, sandbox, tmp_path):
    """Celery's worker and beat, or the embedded worker without Redis."""
    if environment.WITH_SERVICES:
        workers = Workers(tmp_path, RAILWAY_POLL_SECONDS="0.2", PUBLIC_BASE_URL=site)
        workers.start("-B")
        yield workers.mail
        workers.stop()
        return
    mail = tmp_path / "mail"
    values = os.environ | _environment(sandbox) | {"PUBLIC_BASE_URL": site, "EMAIL_FILE_PATH": str(mail)}
    process = subprocess.Popen([sys.executable, "manage.py", "worker"], cwd=settings.BASE_DIR, env=values)
    yield mail
    process.terminate()
    process.wait()


@pytest.fixture(scope="module")
def chromium(chromium_path):
    with sync_playwright() as playwright, pytest.MonkeyPatch.context() as patch:
        # the browser's driver keeps an event loop in this thread, which Django takes for asynchronous code
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        browser = playwright.chromium.launch(executable_path=chromium_path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def visitor(chromium):
    """A new page of a French visitor; ``visitor(java_script_enabled=False)`` and the like make others."""
    contexts = []

    def arrive(**options):
        context = chromium.new_context(**({"locale": "fr-FR"} | options))
        contexts.append(context)
        return context.new_page()

    yield arrive
    for context in contexts:
        context.close()
