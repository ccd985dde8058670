"""The web server under attack, as a real process: whatever clients do slowly or in masses, the others are served."""

import base64
import json
import os
import re
import signal
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from django.conf import settings as live
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.site_process import HOST, RAILWAY_SECRET, running, until

HEAD = f"Host: {HOST}\r\nX-Forwarded-Proto: https\r\n".encode()
HALF_A_HEADER = b"GET /healthz HTTP/1.1\r\nX-Slow: "
HALF_A_BODY = b"POST /signup HTTP/1.1\r\n" + HEAD + b"Content-Type: text/plain\r\nContent-Length: 60000\r\n\r\n"
HOOK = f"/webhooks/railway/{RAILWAY_SECRET}"


def opening_of(head, lines=b""):
    return head + b" HTTP/1.1\r\n" + HEAD + lines + b"\r\n"


def answer_of(connection):
    """Status and everything else, when the server has closed."""
    received = b""
    while part := connection.recv(65536):
        received += part
    return int(received.split(b" ", 2)[1]), received


def bytes_written(site):
    """By all processes of the server, to files and connections."""
    return sum(
        int(line.split()[1])
        for pid in {site.process.pid, *site.workers}
        for line in Path(f"/proc/{pid}/io").read_text().splitlines()
        if line.startswith("wchar")
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """One server for all tests that leave it as it was."""
    with running(tmp_path_factory.mktemp("site")) as site:
        yield site


@pytest.mark.parametrize("slowly", [b"", HALF_A_HEADER, HALF_A_BODY], ids=["idle", "headers", "bodies"])
def test_three_hundred_slow_connections_stop_nobody_else(site, slowly):
    with ExitStack() as stack:
        held = [stack.enter_context(site.connect(slowly)) for _ in range(300)]
        for _ in range(10):
            for connection in held:
                connection.send(b"a" if slowly else b"")
            assert site.answers(seconds=5)


def test_who_asks_again_before_the_answer_gets_one_answer_and_must_come_back(site):
    # unread answers would otherwise pile up until a thread waits for the client
    with site.connect(opening_of(b"GET /healthz") * 20) as connection:
        status, answer = answer_of(connection)
    assert (status, answer.count(b"HTTP/1.1 "), b"Connection: close" in answer) == (200, 1, True)


def test_who_keeps_the_server_waiting_longest_goes_when_it_is_full(tmp_path):
    with running(tmp_path, WEB_CONNECTIONS="80") as site, ExitStack() as stack:
        for _ in range(160):
            stack.enter_context(site.connect())
        assert site.answers(seconds=30)


def test_a_request_that_drips_is_not_waited_for_longer_than_its_time(tmp_path):
    with running(tmp_path, WEB_RECEIVE_SECONDS="1") as site:
        with site.connect(HALF_A_HEADER) as first, site.connect(HALF_A_BODY) as second:
            until(lambda: is_closed(first) and is_closed(second), "the server closes the dripping connections")
        assert site.answers()


def is_closed(connection):
    """Whether the server closed it, found out by one more byte."""
    connection.setblocking(False)
    try:
        connection.send(b"a")
        return connection.recv(1) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def test_what_is_too_large_is_refused_before_it_is_read(site):
    huge = b"POST %s HTTP/1.1\r\n" + HEAD + b"Content-Type: application/json\r\n"
    length, chunks = b"Content-Length: 300000000\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n130000\r\n"
    before = bytes_written(site)
    for path in (b"/signup", b"/api/instances", b"/admin/login/", HOOK.encode(), b"/nothing", b"/webhooks/mail/x"):
        for sent in (length, chunks + b"x" * 0x130000):
            with site.connect(huge % path + sent) as connection:
                status, answer = answer_of(connection)
            assert status == 413, (path, answer[:300])
    assert bytes_written(site) - before < 200_000
    with site.connect(opening_of(b"GET /healthz", b"X-Long: " + b"a" * 17_000 + b"\r\n")) as connection:
        assert answer_of(connection)[0] == 431


def test_a_line_that_cannot_be_read_is_told_so_and_is_no_error_of_ours(site):
    for sent in (opening_of(b"GET http://["), opening_of(b"POST /", b"Content-Length: " + b"9" * 5000 + b"\r\n")):
        with site.connect(sent) as connection:
            assert answer_of(connection)[0] == 400
    assert "uncaptured" not in site.log.read_text()


def peak_megabytes(pid):
    return int(re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())[1]) / 1024


def test_many_large_bodies_that_never_end_do_not_end_the_worker(tmp_path):
    head = opening_of(
        b"POST /webhooks/mail/brevo/tracking/",
        b"Authorization: Basic %s\r\nContent-Length: 1000000\r\n" % base64.b64encode(b"mail:secret-of-many-letters"),
    )
    secret = {"ANYMAIL_WEBHOOK_SECRET": "mail:secret-of-many-letters", "WEB_GROWTH_MEGABYTES": "0"}
    with running(tmp_path, **secret) as site, ExitStack() as stack:
        (worker,) = site.workers
        before = peak_megabytes(worker)
        for _ in range(240):
            held = stack.enter_context(site.connect(head))
            with suppress(OSError):
                held.sendall(b"x" * 990_000)
        assert all(site.answers(seconds=20) for _ in range(10))
        assert peak_megabytes(worker) - before < 150


def test_only_who_proves_to_be_the_mail_provider_may_bring_much(tmp_path):
    lines = b"Content-Type: application/json\r\nAuthorization: Basic bm9ib2R5\r\nContent-Length: 100000\r\n"
    opening = opening_of(b"POST /webhooks/mail/brevo/tracking/", lines)
    secret = {"ANYMAIL_WEBHOOK_SECRET": "mail:secret-of-many-letters"}
    with running(tmp_path, **secret) as site, site.connect(opening) as connection:
        assert answer_of(connection)[0] == 413


def test_a_client_that_is_still_sending_reads_why_it_was_refused(site):
    with site.client() as client:
        answer = client.post("/api/instances", content=b"x" * 3_000_000, headers={"Content-Type": "application/json"})
        assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
        assert answer.json()["requestId"] == answer.headers["X-Request-Id"]


def test_a_chunked_body_arrives_whole_and_old_http_is_told_to_send_a_length(site):
    with site.client() as client:
        # an empty body would be no notification
        assert client.post(HOOK, content=iter([b"{", b"}"])).status_code == 204
        old = b"POST /signup HTTP/1.0\r\n" + HEAD + b"Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n"
        with site.connect(old + b"2\r\n{}\r\n0\r\n\r\n") as connection:
            status, answer = answer_of(connection)
        assert status == 411
        assert answer.count(b"HTTP/1.") == 1, "the chunks were taken for another request"


def test_a_killed_worker_is_replaced_and_a_stopping_one_finishes_what_has_begun(tmp_path):
    with running(tmp_path) as site:
        (killed,) = site.workers
        os.kill(killed, signal.SIGKILL)
        until(lambda: site.workers and killed not in site.workers and site.answers(), "another worker")
        with site.connect(HALF_A_HEADER) as begun, site.connect(HALF_A_HEADER) as dripping, site.connect() as idle:
            assert site.answers()
            site.process.send_signal(signal.SIGTERM)
            begun.sendall(b"a\r\n" + HEAD + b"\r\n")
            assert answer_of(begun)[0] == 200
            assert (idle.recv(1), dripping.recv(1)) == (b"", b"")
        assert site.process.wait(60) == 0


@pytest.mark.parametrize("limit", [{"WEB_REQUESTS": "20"}, {"WEB_GROWTH_MEGABYTES": "1"}], ids=["requests", "memory"])
def test_a_worker_that_served_enough_or_grew_is_replaced_and_no_request_fails(tmp_path, limit):
    with running(tmp_path, **limit) as site:
        first = site.workers
        body = {"padding": ["x" * 10] * 4500}

        def replaced():
            with site.client() as client:
                assert client.post(HOOK, json=body).status_code == 204
            return site.workers and not site.workers & first

        until(replaced, "another worker")


@pytest.mark.django_db
def test_the_limits_are_said_in_the_visitors_language(client):
    headers = {"Content-Length": "70000", "Content-Type": "multipart/form-data; boundary=b"}
    for language, words in (("fr", "trop volumineux"), ("en", "This is too large")):
        answer = client.generic("POST", "/signup", headers=headers | {"Accept-Language": language})
        assert (answer.status_code, words in answer.text) == (413, True)
    answer = client.generic("POST", "/signup", headers=headers | {"Content-Type": "application/json"})
    assert (answer.status_code, json.loads(answer.content)["code"]) == (413, "body_too_large")


def test_a_visitor_is_told_what_is_too_large_while_the_database_is_away(tmp_path):
    with running(tmp_path, "collectstatic") as site, site.client() as client:
        answer = client.post("/signup", content=b"x" * 70_000, headers={"Content-Type": "text/plain"})
        assert (answer.status_code, "trop volumineux" in answer.text) == (413, True)


@pytest.mark.parametrize(("path", "code"), [("/api/instances", "length_required"), ("/signup", "length_required")])
def test_chunks_that_another_server_left_unread_are_not_taken_for_an_empty_body(client, path, code):
    answer = client.post(path, headers={"Transfer-Encoding": "chunked"}, content_type="application/json")
    assert (answer.status_code, answer["Content-Type"]) == (411, "application/problem+json")
    assert answer.json()["code"] == code


@pytest.mark.django_db
def test_a_file_that_nobody_asked_for_is_neither_kept_nor_written(client, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    form = {"company": "Acme", "file": SimpleUploadedFile("a.bin", b"x" * 50_000)}
    answer = client.post("/signup", form)
    assert answer.status_code == 422
    assert dict(answer.wsgi_request.FILES) == {}
    assert answer.wsgi_request.POST["company"] == "Acme"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.django_db
def test_access_lines_tell_routes_and_no_token(client, caplog):
    caplog.set_level("DEBUG", logger="eazynova_site.access")
    client.get("/language/fr/?next=/?token=very-secret")
    client.get("/nothing/very-secret")
    lines = [record.getMessage() for record in caplog.records if record.name == "eazynova_site.access"]
    assert [line.rsplit(" ", 2)[0] for line in lines] == ["GET language/<str:code>/ 302", "GET - 404"]


def test_no_setting_lets_a_file_be_written_where_none_is_asked_for():
    assert live.FILE_UPLOAD_HANDLERS == []
