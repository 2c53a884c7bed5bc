"""TLS as clients meet it, and certificates that change while the server runs."""

import contextlib
import json
import shutil
import socket
import ssl
import threading

import httpx
import pytest

from anthropic_exporter.errors import ConfigError
from anthropic_exporter.web import loop, tls
from anthropic_exporter.web.app import create_app
from anthropic_exporter.web.ciphers import CURVES, SUITES
from anthropic_exporter.web.door import Door
from anthropic_exporter.web.server import WebServer
from anthropic_exporter.web.webconfig import read
from web.certificates import authority
from web.pretend_site import PretendSite

pytestmark = pytest.mark.needs("openssl")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Make what is the same for all tests: two authorities, certificates of server and clients."""
    folder = tmp_path_factory.mktemp("certificates")
    ours, theirs = authority(folder, "ours"), authority(folder, "theirs")
    ours.issue("server")
    ours.issue("prometheus", "DNS:prometheus,IP:10.0.0.1,email:a@example.com,URI:spiffe://a/b")
    ours.issue("other", "DNS:other")
    theirs.issue("server")
    theirs.issue("prometheus", "DNS:prometheus")
    return ours, theirs


class House:
    """A folder with a web configuration and the certificates that it names."""

    def __init__(self, folder, made):
        self.folder = folder
        self.ours, self.theirs = made
        self.file = folder / "web.yml"
        self.put("server.pem", self.ours.folder / "server.pem")
        self.put("server.key", self.ours.folder / "server.key")
        self.put("ca.pem", self.ours.pair.certificate)

    def put(self, name, source):
        """Replace a file in one step."""
        new = self.folder / f"{name}.new"
        shutil.copyfile(source, new)
        new.replace(self.folder / name)

    def write(self, rest=None, **more):
        config = {"tls_server_config": {"cert_file": "server.pem", "key_file": "server.key", **more}, **(rest or {})}
        self.file.write_text(json.dumps(config))

    def client(self, certificate=None, authority=None, **settings):
        context = ssl.create_default_context(cafile=str((authority or self.ours).pair.certificate))
        for name, value in settings.items():
            setattr(context, name, value)
        if certificate:
            signer, name = certificate
            context.load_cert_chain(signer.folder / f"{name}.pem", signer.folder / f"{name}.key")
        return httpx.Client(verify=context, trust_env=False, timeout=10)

    @contextlib.contextmanager
    def running(self):
        door = Door(self.file)
        self.told = []
        door.report_to(self.told.append)
        with WebServer(["127.0.0.1:0"], door) as server:
            ready = threading.Event()
            thread = threading.Thread(target=server.run, args=(create_app(PretendSite()), lambda _: ready.set()))
            thread.start()
            try:
                assert ready.wait(10)
                yield server.urls[0]
            finally:
                server.stop()
                thread.join(10)
                assert not thread.is_alive()


@pytest.fixture
def house(tmp_path, made):
    return House(tmp_path, made)


def ask(client, url):
    """Return the status of one request on a connection of its own, or None where there is no connection."""
    try:
        return client.get(f"{url}/-/healthy", headers={"connection": "close"}).status_code
    except httpx.TransportError:
        return None


def test_a_server_with_tls_says_so_in_its_url_and_speaks_nothing_else(house):
    house.write()
    with house.running() as url, house.client() as client:
        assert url.startswith("https://127.0.0.1:")
        assert ask(client, url) == 200
        assert ask(client, url.replace("https", "http")) is None


@pytest.mark.parametrize(
    ("client_auth_type", "certificate", "status"),
    [
        ("RequireAndVerifyClientCert", ("ours", "prometheus"), 200),
        ("RequireAndVerifyClientCert", ("theirs", "prometheus"), None),
        ("RequireAndVerifyClientCert", None, None),
        ("VerifyClientCertIfGiven", ("ours", "prometheus"), 200),
        ("VerifyClientCertIfGiven", ("theirs", "prometheus"), None),
        ("VerifyClientCertIfGiven", None, 200),
    ],
)
def test_clients_show_the_certificate_that_is_asked_for(house, client_auth_type, certificate, status):
    house.write(client_auth_type=client_auth_type, client_ca_file="ca.pem")
    shown = certificate and (getattr(house, certificate[0]), certificate[1])
    with house.running() as url, house.client(shown) as client:
        assert ask(client, url) == status


@pytest.mark.parametrize("name", ["prometheus", "10.0.0.1", "a@example.com", "spiffe://a/b"])
def test_only_allowed_names_come_in(house, name):
    house.write(
        client_auth_type="RequireAndVerifyClientCert", client_ca_file="ca.pem", client_allowed_sans=["nobody", name]
    )
    with house.running() as url:
        for certificate, status in (("prometheus", 200), ("other", None)):
            with house.client((house.ours, certificate)) as client:
                assert ask(client, url) == status


def test_addresses_are_compared_as_addresses():
    shown = {"subjectAltName": (("DNS", "a"), ("IP Address", "2001:DB8:0:0:0:0:0:1"), ("DirName", "x"))}
    assert tls.names_of(shown) == {"a", "2001:db8::1"}


def test_a_single_certificate_may_stand_in_the_place_of_an_authority(house):
    house.put("ca.pem", house.ours.folder / "prometheus.pem")
    house.write(client_auth_type="RequireAndVerifyClientCert", client_ca_file="ca.pem")
    with house.running() as url:
        for certificate, status in (("prometheus", 200), ("other", None)):
            with house.client((house.ours, certificate)) as client:
                assert ask(client, url) == status


def test_versions_are_those_that_are_set(house):
    house.write(min_version="TLS13")
    with house.running() as url:
        with house.client(maximum_version=ssl.TLSVersion.TLSv1_2) as client:
            assert ask(client, url) is None
        with house.client() as client:
            assert ask(client, url) == 200


def shake(context, url, session=None):
    """Return a connection after its handshake."""
    connection = socket.create_connection(("127.0.0.1", httpx.URL(url).port), timeout=10)
    return context.wrap_socket(connection, server_hostname="localhost", session=session)


def trusting(house):
    return ssl.create_default_context(cafile=str(house.ours.pair.certificate))


def test_cipher_suites_are_those_that_are_set(house):
    house.write(max_version="TLS12", cipher_suites=["TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"])
    with house.running() as url, shake(trusting(house), url) as shaken:
        assert shaken.cipher()[0] == "ECDHE-ECDSA-AES256-GCM-SHA384"


def test_only_suites_of_tls13_mean_only_tls13(house):
    house.write(cipher_suites=["TLS_AES_128_GCM_SHA256"])
    with house.running() as url:
        with house.client(maximum_version=ssl.TLSVersion.TLSv1_2) as client:
            assert ask(client, url) is None
        with shake(trusting(house), url) as shaken:
            assert shaken.version() == "TLSv1.3"


@pytest.mark.parametrize("curve", CURVES)
def test_every_curve_works(house, curve):
    house.write(curve_preferences=[curve])
    with house.running() as url, house.client() as client:
        assert ask(client, url) == 200


def test_every_cipher_suite_is_known_to_openssl(house):
    for suite in SUITES:
        house.write(cipher_suites=[suite], max_version="TLS12")
        context = tls.make(read(house.file).tls_server_config, house.file)
        assert SUITES[suite] in {cipher["name"] for cipher in context.get_ciphers()}


def test_certificates_may_stand_in_the_file_itself(house):
    inline = {
        "cert": (house.folder / "server.pem").read_text(),
        "key": (house.folder / "server.key").read_text(),
        "client_ca": (house.folder / "ca.pem").read_text(),
        "client_auth_type": "RequireAndVerifyClientCert",
    }
    house.file.write_text(json.dumps({"tls_server_config": inline}))
    with house.running() as url, house.client((house.ours, "prometheus")) as client, house.client() as nobody:
        assert ask(client, url) == 200
        assert ask(nobody, url) is None


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("server.pem", b"", "expected a certificate and its key in PEM"),
        ("server.key", b"junk", "expected a certificate and its key in PEM"),
        ("server.key", None, "key values mismatch"),
        ("ca.pem", b"junk", r'client_ca_file ".*ca\.pem": expected certificates in PEM, found: none'),
    ],
)
def test_a_file_that_is_none_is_refused_at_the_start(house, name, content, message):
    house.write(client_auth_type="RequireAndVerifyClientCert", client_ca_file="ca.pem")
    new = content if content is not None else (house.theirs.folder / "server.key").read_bytes()
    (house.folder / name).write_bytes(new)
    with pytest.raises(ConfigError, match=message) as refused:
        Door(house.file)
    assert str(house.file) in str(refused.value)


def test_a_key_with_a_password_is_refused_and_nobody_is_asked_for_it(house, run_openssl):
    run_openssl("ec", "-in", house.folder / "server.key", "-aes256", "-passout", "pass:x", "-out", house.folder / "k")
    house.write(key_file="k")
    with pytest.raises(ConfigError, match="expected a key without a password, found one with"):
        Door(house.file)


@pytest.fixture
def run_openssl():
    from web.certificates import _openssl  # noqa: PLC0415

    return _openssl


def test_a_new_certificate_is_shown_to_the_next_connection(house):
    house.write()
    with house.running() as url, house.client() as before, house.client(authority=house.theirs) as after:
        assert (ask(before, url), ask(after, url)) == (200, None)
        house.put("server.pem", house.theirs.folder / "server.pem")
        # Between the two replacements they do not belong together: the old ones stay in use.
        assert (ask(before, url), ask(after, url)) == (200, None)
        assert house.told[-1] is False
        house.put("server.key", house.theirs.folder / "server.key")
        assert (ask(before, url), ask(after, url)) == (None, 200)
        assert house.told[-1] is True


def test_a_new_authority_lets_other_clients_in(house):
    house.write(client_auth_type="RequireAndVerifyClientCert", client_ca_file="ca.pem")
    with (
        house.running() as url,
        house.client((house.ours, "prometheus")) as before,
        house.client((house.theirs, "prometheus")) as after,
    ):
        assert (ask(before, url), ask(after, url)) == (200, None)
        house.put("ca.pem", house.theirs.pair.certificate)
        assert (ask(before, url), ask(after, url)) == (None, 200)


def test_no_session_outlives_the_certificates_it_was_made_with(house):
    house.write(max_version="TLS12")
    context = trusting(house)
    with house.running() as url:
        with shake(context, url) as first:
            earlier = first.session
        assert not earlier.has_ticket
        house.put("server.pem", house.ours.folder / "server.pem")
        with shake(context, url, earlier) as second:
            assert not second.session_reused


def test_tls_is_not_switched_off_while_running(house, caplog):
    house.write()
    with house.running() as url, house.client() as client:
        house.file.write_text("{}")
        assert ask(client, url) == 200
    assert "TLS is switched on and off by a restart only" in [getattr(each, "why", "") for each in caplog.records][-1]
    assert house.told[-1] is False


def test_a_handshake_that_is_not_finished_is_cut(house, monkeypatch):
    monkeypatch.setattr(loop, "HANDSHAKE_TIMEOUT", 0.05)
    house.write()
    with house.running() as url, socket.create_connection(("127.0.0.1", httpx.URL(url).port), timeout=10) as slow:
        slow.sendall(b"\x16\x03\x01")
        with contextlib.suppress(ConnectionResetError):
            assert slow.recv(1) == b""
