import socket
import threading
import time
from datetime import UTC, datetime

import httpcore
import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provisioning.hooks import client
from provisioning.hooks.address import checked
from provisioning.hooks.client import post, signed_headers
from provisioning.hooks.errors import AddressRefused, HookUnreachable
from tests.provisioning.hooks.partner_site import PartnerSite


def send(url, *, allow_loopback=True):
    return post(url, body='{"a":"é"}', headers={"webhook-id": "evt_1"}, allow_loopback=allow_loopback)


def test_the_body_and_the_headers_arrive_as_they_are():
    with PartnerSite(status=200, body=b"thanks") as site:
        answer = send(site.url)
    [(path, headers, body)] = site.received
    assert (answer.status, answer.beginning, answer.taken) == (200, "thanks", True)
    assert (path, body) == ("/hook?from=eazynova", '{"a":"é"}'.encode())
    assert headers["webhook-id"] == "evt_1"
    assert headers["content-type"] == "application/json"
    assert headers["host"] == site.url.split("/")[2]


def test_a_redirect_is_not_followed():
    with PartnerSite() as elsewhere, PartnerSite(status=307, headers={"Location": elsewhere.url}) as site:
        answer = send(site.url)
    assert (answer.status, answer.taken, elsewhere.received) == (307, False, [])


def test_of_an_endless_answer_only_the_beginning_is_read():
    with PartnerSite(status=500, body=b"x" * 5_000_000) as site:
        assert send(site.url).beginning == "x" * 4096


def test_an_answer_that_drips_ends_with_the_time_of_the_whole_exchange(monkeypatch):
    monkeypatch.setattr(client, "EXCHANGE_SECONDS", 0.5)
    started = time.monotonic()
    with PartnerSite(status=200, body=b"x" * 1000, drip_seconds=0.1) as site, pytest.raises(HookUnreachable):
        send(site.url)
    assert time.monotonic() - started < 2


@pytest.mark.parametrize(
    ("value", "least", "most"),
    [("120", 120, 120), ("Wed, 21 Oct 2099 07:28:00 GMT", 1e8, 1e10), ("soon", None, None), ("-1", None, None)],
)
def test_retry_after_is_read_in_both_of_its_forms(value, least, most):
    with PartnerSite(status=503, headers={"Retry-After": value}) as site:
        named = send(site.url).retry_after
    assert named is None if least is None else least <= named <= most


def test_nobody_at_the_address_is_temporary():
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        with pytest.raises(HookUnreachable):
            send(f"http://127.0.0.1:{held.getsockname()[1]}/")


def test_an_answer_that_is_no_http_is_temporary():
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(5)
        port = server.getsockname()[1]

        def answer():
            connection, _address = server.accept()
            with connection:
                connection.sendall(b"SSH-2.0-nonsense\r\n\r\n")

        threading.Thread(target=answer, daemon=True).start()
        with pytest.raises(HookUnreachable):
            send(f"http://127.0.0.1:{port}/")


@pytest.mark.parametrize(
    "url",
    [
        "http://partner.example/hook",
        "https://partner.example:22/",
        "https://user:secret@partner.example/",
        "https://@partner.example/",
        "ftp://partner.example/",
        "file:///etc/passwd",
        "https://",
        "https:///path",
        "https://127.0.0.1/",
        "https://127.1.2.3/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://[64:ff9b::a00:1]/",
        "https://[2002:a00:1::]/",
        "https://10.0.0.1/",
        "https://172.16.0.1/",
        "https://192.168.1.1/",
        "https://169.254.169.254/latest/meta-data",
        "https://100.64.0.1/",
        "https://0.0.0.0/",
        "https://[fd00::1]/",
        "https://[fe80::1]/",
        "https://224.0.0.1/",
        "https://255.255.255.255/",
        "https://localhost/",
        "https://metadata/",
        "https://metadata.google.internal/",
        "https://printer.local/",
        "https://partner.example /",
        "https://partner.example\\@evil.example/",
        "https://partner.example\r\nX: y/",
        "https://pärtner.example/",
        "https://partner.example:99999/",
        "https://partner.example:0/",
        "https://0177.0.0.1/",
        "https://0x7f.0.0.1/",
        "https://127.1/",
        "https://2130706433/",
        "https://93.184.216.034/",
        "https://1.2.3.4.5/",
        "https://[fe80::1%25eth0]/",
        "https://[::1.2.3.4.5]/",
        "https://partner..example/",
        "https://-partner.example/",
        "https://" + "a" * 64 + ".example/",
        "https://" + "a.b." * 70 + "example/",
        "not an address",
        "",
    ],
)
def test_an_address_that_is_not_a_public_https_one_is_refused(url):
    with pytest.raises(AddressRefused):
        checked(url, allow_loopback=False)


@pytest.mark.parametrize(
    "address",
    [
        *(
            "192.0.0.192",
            "192.0.0.9",
            "192.88.99.1",
            "168.63.129.16",
            "100.100.100.200",
            "192.31.196.1",
            "192.52.193.1",
        ),
        *("198.18.0.1", "198.51.100.7", "203.0.113.7", "192.0.2.7", "240.0.0.1", "0.1.2.3"),
        *("[fec0::1]", "[3fff::1]", "[3fff:fff::1]", "[2001:db8::1]", "[2001::1]", "[2001:2::1]", "[2001:20::1]"),
        *("[2001:1::1]", "[2620:4f:8000::1]", "[100::1]", "[5f00::1]", "[fd00:ec2::254]", "[ff0e::1]", "[::]"),
        *("[64:ff9b::5db8:d822]", "[64:ff9b:1::1]", "[2002:5db8:d822::1]", "[2001:0:5db8:d822::1]", "[::5db8:d822]"),
        *("[::ffff:192.0.0.192]", "[::ffff:168.63.129.16]", "[::ffff:0:10.0.0.1]"),
    ],
)
def test_special_networks_are_refused_whatever_the_interpreter_thinks_of_them(address):
    with pytest.raises(AddressRefused):
        checked(f"https://{address}/", allow_loopback=False)


@given(st.one_of(st.text(max_size=60), st.text("0123456789abcdefx.:[]@/%-\\?#", max_size=40)))
@settings(max_examples=300, deadline=None)
def test_whatever_is_let_in_at_the_door_can_be_sent(text):
    """The door is the parser that sends: it refuses with a sentence, or gives parts that make a request."""
    url = f"https://{text}"
    try:
        target = checked(url, allow_loopback=False)
    except AddressRefused:
        return
    httpcore.URL(scheme=target.scheme, host=target.host, port=target.port, target=target.path)
    assert target.authority.isascii()
    assert httpx.URL(url).raw_host.decode().removesuffix(".") == target.host


def test_what_a_library_raises_on_the_way_is_an_attempt_that_failed(monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_arguments, **_options: [(2, 1, 6, "", ("not an address", 443))])
    with pytest.raises(HookUnreachable):
        send("https://partner.example/", allow_loopback=False)


def test_public_addresses_are_fine():
    for url in (
        "https://partner.example/hook",
        "https://partner.example:8443",
        "https://93.184.216.34/a?b=c",
        "https://[2606:2800:21f::1]/",
        "https://xn--prtner-bua.example/hook@v1",
    ):
        checked(url, allow_loopback=False)


@pytest.mark.parametrize("address", ["10.0.0.1", "127.0.0.1", "169.254.169.254", "::1", "fd00::1", "::ffff:10.0.0.1"])
def test_a_name_that_also_resolves_inside_is_refused_before_any_connection(monkeypatch, address):
    def resolve(host, port, **options):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (found, port)) for found in ("93.184.216.34", address)]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with pytest.raises(AddressRefused):
        send("https://rebinding.example/", allow_loopback=False)


def test_a_name_is_looked_up_once_and_the_address_that_was_checked_is_the_one_called(monkeypatch):
    lookups = []

    def resolve(host, port, *arguments, **options):
        lookups.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    with PartnerSite() as site:
        port = site.url.split(":")[2].split("/")[0]
        with monkeypatch.context() as patch:
            patch.setattr(socket, "getaddrinfo", resolve)
            send(f"http://localhost:{port}/")
    assert lookups[0] == "localhost"
    assert lookups.count("localhost") == 1


def test_every_valid_secret_signs():
    headers = signed_headers(["whsec_" + "QUFB" * 8, "whsec_" + "QkJC" * 8], "evt_1", datetime.now(UTC), "{}")
    assert [part[:3] for part in headers["webhook-signature"].split(" ")] == ["v1,", "v1,"]
