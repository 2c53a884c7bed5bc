"""The web configuration file: what is taken and what is refused."""

import json
import ssl

import pytest

from anthropic_exporter.errors import ConfigError
from anthropic_exporter.web.webconfig import RateLimit, read

HASH = "$2y$04$" + "a" * 22 + "b" * 31
TLS = "tls_server_config: {cert_file: c.pem, key_file: k.pem"

# ruff: noqa: E501 - a case is a line, so that what was written stands beside what is said about it
BAD = [
    (
        "tls_server: {}",
        "tls_server: expected tls_server_config, http_server_config, basic_auth_users or rate_limit, found an unknown key; did you mean tls_server_config?",
    ),
    ("[1]", "expected a mapping, found a list"),
    ("a: b: c", "line 1, column 5: mapping values are not allowed here"),
    (
        f"{TLS}, certs: x}}",
        "tls_server_config.certs: expected cert, key, client_ca, cert_file, key_file, client_auth_type, client_ca_file, client_allowed_sans, min_version, max_version, cipher_suites, prefer_server_cipher_suites or curve_preferences, found an unknown key; did you mean cert?",
    ),
    ("tls_server_config: {cert_file: c.pem}", "tls_server_config: expected key_file or key, found neither"),
    ("tls_server_config: {key_file: k.pem}", "tls_server_config: expected cert_file or cert, found neither"),
    (
        "tls_server_config: {cert_file: gone.pem, key_file: k.pem}",
        'tls_server_config.cert_file: expected a readable file, found "FOLDER/gone.pem": No such file or directory',
    ),
    (
        f"{TLS}, cert: '-----BEGIN CERTIFICATE-----'}}",
        "tls_server_config: expected one of cert and cert_file, found both",
    ),
    (
        f"{TLS}, client_auth_type: RequireAndVerifyClientCert}}",
        "tls_server_config: expected client_ca_file or client_ca, found neither",
    ),
    (
        f"{TLS}, client_ca_file: c.pem}}",
        "tls_server_config: expected client_auth_type RequireAndVerifyClientCert beside what is asked of clients, found none",
    ),
    (
        f"{TLS}, client_allowed_sans: [a]}}",
        "tls_server_config: expected client_auth_type RequireAndVerifyClientCert beside what is asked of clients, found none",
    ),
    (
        f"{TLS}, client_auth_type: RequireAnyClientCert}}",
        'tls_server_config.client_auth_type: expected NoClientCert, VerifyClientCertIfGiven or RequireAndVerifyClientCert, found "RequireAnyClientCert", which takes a certificate of anybody and is not offered',
    ),
    (
        f"{TLS}, client_auth_type: yes}}",
        'tls_server_config.client_auth_type: expected NoClientCert, VerifyClientCertIfGiven or RequireAndVerifyClientCert, found "yes"',
    ),
    (
        f"{TLS}, min_version: TLS11}}",
        'tls_server_config.min_version: expected TLS12 or TLS13, found "TLS11", which is not secure and not offered',
    ),
    (f"{TLS}, min_version: '1.2'}}", 'tls_server_config.min_version: expected TLS12 or TLS13, found "1.2"'),
    (
        f"{TLS}, min_version: TLS13, max_version: TLS12}}",
        "tls_server_config: expected min_version up to max_version, found TLS13 and TLS12",
    ),
    (
        f"{TLS}, max_version: TLS12, cipher_suites: [TLS_AES_128_GCM_SHA256]}}",
        "tls_server_config: expected a cipher suite of TLS 1.2, which is max_version, found only those of TLS 1.3",
    ),
    (
        f"{TLS}, cipher_suites: TLS_AES_128_GCM_SHA256}}",
        'tls_server_config.cipher_suites: expected a list of cipher suites, found "TLS_AES_128_GCM_SHA256"',
    ),
    (
        f"{TLS}, curve_preferences: [P256]}}",
        'tls_server_config.curve_preferences[0]: expected CurveP256, CurveP384, CurveP521 or X25519, found "P256"',
    ),
    (
        f"{TLS}, curve_preferences: [X25519, CurveP256]}}",
        "tls_server_config: expected one curve in curve_preferences, found 2",
    ),
    (
        f"{TLS}, prefer_server_cipher_suites: on}}",
        'tls_server_config.prefer_server_cipher_suites: expected true or false, found "on"',
    ),
    (
        "tls_server_config: {cert: 'secret words', key: 'secret words'}",
        "tls_server_config.cert: expected text in PEM, found something else\nFILE: tls_server_config.key: expected text in PEM, found something else",
    ),
    (
        "basic_auth_users: {alice: secret words}",
        "basic_auth_users.alice: expected a password hashed with bcrypt such as $2y$10$…, found something else",
    ),
    (
        f"basic_auth_users: {{alice: '{HASH[:-1]}'}}",
        "basic_auth_users.alice: expected a password hashed with bcrypt such as $2y$10$…, found something else",
    ),
    (
        f"basic_auth_users: {{'a:b': '{HASH}'}}",
        'basic_auth_users."a:b": expected a user name of printable characters without ":"',
    ),
    (
        "basic_auth_users: [secret words]",
        "basic_auth_users: expected a mapping of users to passwords hashed with bcrypt, found something else",
    ),
    (
        "http_server_config: {headers: {X-Powered-By: me}}",
        'http_server_config.headers."X-Powered-By": expected Content-Security-Policy, X-Frame-Options, X-Content-Type-Options, X-XSS-Protection or Strict-Transport-Security, found an unknown key',
    ),
    (
        "http_server_config: {headers: {X-Frame-Options: no}}",
        'http_server_config.headers.X-Frame-Options: expected deny or sameorigin, found "no"',
    ),
    (
        'http_server_config: {headers: {Content-Security-Policy: "a\\r\\nSet-Cookie: b"}}',
        'http_server_config.headers.Content-Security-Policy: expected a text of printable ASCII characters, found "a\\r\\nSet-Cookie: b"',
    ),
    ("http_server_config: {http2: maybe}", 'http_server_config.http2: expected true or false, found "maybe"'),
    ("rate_limit: {interval: 1s}", "rate_limit.burst: expected a whole number from 1 up beside an interval, found 0"),
    (
        "rate_limit: {interval: fast, burst: 1}",
        'rate_limit.interval: expected a duration such as 90s, 15m or 1h30m, found "fast"',
    ),
]


@pytest.fixture
def write(tmp_path):
    for name in ("c.pem", "k.pem"):
        (tmp_path / name).touch()

    def write(text):
        file = tmp_path / "web.yml"
        file.write_text(text)
        return file

    return write


@pytest.mark.parametrize(("text", "message"), BAD)
def test_what_is_wrong_is_said_with_its_place(write, text, message):
    file = write(text)
    with pytest.raises(ConfigError) as refused:
        read(file)
    expected = message.replace("FOLDER", str(file.parent)).replace("FILE", str(file))
    separator = ": "
    assert str(refused.value) == f"{file}{separator}{expected}"
    assert "secret words" not in str(refused.value)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"gone\.yml: expected a readable file, found: No such file"):
        read(tmp_path / "gone.yml")


def test_an_empty_file_asks_for_nothing(write):
    config = read(write(""))
    assert config.tls_server_config is None
    assert config.basic_auth_users == ()


def test_defaults_are_those_of_the_toolkit(write):
    tls = read(write(TLS + "}")).tls_server_config
    assert tls.versions == (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)
    assert tls.verify_mode == ssl.CERT_NONE
    assert tls.prefer_server_cipher_suites


def test_relative_names_are_relative_to_the_file(write, tmp_path):
    tls = read(write(TLS + "}")).tls_server_config
    assert tls.files == (tmp_path / "c.pem", tmp_path / "k.pem")


def test_a_file_with_everything_is_taken(write):
    whole = {
        "tls_server_config": {
            "cert_file": "c.pem",
            "key_file": "k.pem",
            "client_ca_file": "c.pem",
            "client_auth_type": "RequireAndVerifyClientCert",
            "client_allowed_sans": ["prometheus", "10.0.0.1"],
            "min_version": "TLS13",
            "max_version": "TLS13",
            "cipher_suites": ["TLS_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"],
            "prefer_server_cipher_suites": False,
            "curve_preferences": ["X25519"],
        },
        "http_server_config": {"http2": True, "headers": {"X-Frame-Options": "deny", "X-XSS-Protection": ""}},
        "basic_auth_users": {"alice": HASH, "": HASH},
        "rate_limit": {"interval": "1s", "burst": 5},
    }
    config = read(write(json.dumps(whole)))
    assert config.http_server_config.headers == (("X-Frame-Options", "deny"),)
    assert config.basic_auth_users == (("alice", HASH), ("", HASH))
    assert config.rate_limit == RateLimit(interval=1.0, burst=5)
    assert config.tls_server_config.client_allowed_sans == ("prometheus", "10.0.0.1")


def test_no_secret_is_in_a_repr(write):
    pem = "-----BEGIN PRIVATE KEY-----"
    inline = {"cert": "-----BEGIN CERTIFICATE-----", "key": pem}
    config = read(write(json.dumps({"tls_server_config": inline, "basic_auth_users": {"alice": HASH}})))
    assert pem not in repr(config)
    assert HASH not in repr(config)
