"""The production web server as the image starts it: collected files, https behind a proxy."""

import re

import pytest

from tests.site_process import HOST, running


@pytest.fixture
def site(tmp_path):
    """A client of the running server that speaks as the proxy in front of it."""
    with running(tmp_path, "migrate", "collectstatic") as server:
        with server.client() as client:
            yield client
        assert server.stop() == 0


def test_the_production_server_serves_pages_files_and_refusals_as_it_should(site):
    """One test, so that parallel test processes do not start a server each."""
    page = site.get("/admin/login/")
    assert page.status_code == 200
    assert page.headers["Strict-Transport-Security"].startswith("max-age=31536000")
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert "Secure" in page.headers["Set-Cookie"]
    assert page.headers["Set-Cookie"].startswith("__Host-csrftoken=")

    stylesheet = re.search(r'href="(/static/[^"]+\.[0-9a-f]{12}\.css)"', page.text)
    assert stylesheet, "the page names no collected file"
    assert "immutable" in site.get(stylesheet[1]).headers["Cache-Control"]

    plain = site.get("/admin/login/", headers={"X-Forwarded-Proto": "http"})
    assert (plain.status_code, plain.headers["Location"]) == (301, f"https://{HOST}/admin/login/")

    assert site.get("/admin/login/", headers={"Host": "elsewhere.example"}).status_code == 400
