"""The door by https: a certificate that browsers do not trust is told, and until when a good one lasts is read."""

import ssl
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509.oid import NameOID

from provisioning.domains import door

NAME = "erp.boulangerie.fr"
UNTIL = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
pytestmark = pytest.mark.any_store("no row is read")


class Odoo(BaseHTTPRequestHandler):
    answer = (200, b'{"status": "pass"}')

    def do_GET(self):
        status, body = self.answer
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words):
        pass


def certificate(folder, name):
    """A certificate of its own authority, with its key."""
    key = Ed25519PrivateKey.generate()
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(UNTIL)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, None)
    )
    file = folder / f"{name}.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM) + private)
    return file


@pytest.fixture
def serve(sandbox, settings, tmp_path, monkeypatch):
    """Where an Odoo with a certificate for this name answers; ``trusted``: its authority is one of ours."""
    settings.DNS_SANDBOX = sandbox.dns
    sandbox.set_zone("boulangerie.fr", {"erp": {"A": "127.0.0.1"}})
    servers = []

    def serve(name=NAME, *, trusted=True, answer=Odoo.answer):
        file = certificate(tmp_path, name)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        server = ThreadingHTTPServer(("127.0.0.1", 0), type("Answering", (Odoo,), {"answer": answer}))
        server.socket = context.wrap_socket(server.socket, server_side=True)
        Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        if trusted:
            monkeypatch.setattr(door, "_authorities", lambda: ssl.create_default_context(cafile=str(file)))
        return f"https://{NAME}:{server.server_port}"

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


def test_odoo_behind_a_good_certificate_answers_and_its_end_is_read(serve):
    assert door.knock(serve()) == door.Answer("", UNTIL)


def test_a_certificate_that_nobody_vouches_for_is_told(serve):
    assert door.knock(serve(trusted=False)).trouble == "door_certificate"


def test_a_certificate_of_another_name_is_told(serve):
    assert door.knock(serve("www.other.fr")).trouble == "door_certificate"


@pytest.mark.parametrize(
    ("answer", "trouble"),
    [((404, b"not found"), "door_no_route"), ((502, b"failed"), "odoo_away"), ((200, b"parked"), "odoo_away")],
)
def test_what_is_not_odoo_is_told(serve, answer, trouble):
    assert door.knock(serve(answer=answer)).trouble == trouble


def test_nobody_at_the_door_is_told(serve, sandbox):
    address = serve()
    sandbox.set_zone("boulangerie.fr", {"erp": {"A": "127.0.0.77"}})
    assert door.knock(address).trouble == "door_closed"


@pytest.mark.parametrize("inside", ["10.0.0.1", "169.254.169.254"])
def test_nobody_makes_us_knock_where_only_we_can_reach(serve, sandbox, inside):
    address = serve()
    sandbox.set_zone("boulangerie.fr", {"erp": {"A": inside}})
    assert door.knock(address).trouble == "door_closed"
