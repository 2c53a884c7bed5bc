"""The web configuration file: TLS, users, headers, request rate. The format is that of Prometheus' exporter-toolkit.

Differences, each because Python's TLS has no such thing, and each told when it is met: certificates of clients are
verified or not asked for, there is one elliptic curve, nothing below TLS 1.2, and no HTTP/2.

Source: prometheus/exporter-toolkit, docs/web-configuration.md.
"""

import datetime as dt
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from anthropic_exporter.config import document, values
from anthropic_exporter.config.reader import Place, Refused, items, keys, section, setting, show, unknown_keys
from anthropic_exporter.errors import ConfigError
from anthropic_exporter.secrets import mask
from anthropic_exporter.web.ciphers import CURVES, SUITES, SUITES_OF_TLS13

#: What may be added to answers, and the values that a header can have where these are few. "" adds nothing.
HEADERS: Mapping[str, tuple[str, ...]] = {
    "Content-Security-Policy": (),
    "X-Frame-Options": ("deny", "sameorigin"),
    "X-Content-Type-Options": ("nosniff",),
    "X-XSS-Protection": (),
    "Strict-Transport-Security": (),
}
_BCRYPT = re.compile(r"\$2[aby]\$(?:0[4-9]|[12][0-9]|3[01])\$[./A-Za-z0-9]{53}")
_VERSIONS = {"TLS12": ssl.TLSVersion.TLSv1_2, "TLS13": ssl.TLSVersion.TLSv1_3}
_NO_CERTIFICATE, _IF_GIVEN, _REQUIRED = "NoClientCert", "VerifyClientCertIfGiven", "RequireAndVerifyClientCert"
#: Ask for a certificate and take anybody's. Python cannot, and it protects nothing.
_UNVERIFIED = ("RequestClientCert", "RequireClientCert", "RequireAnyClientCert")


def _client_auth(value: object, place: Place) -> str:
    if value in _UNVERIFIED:
        place.refuse_because(
            f"expected {_NO_CERTIFICATE}, {_IF_GIVEN} or {_REQUIRED}, found {show(value)}, which takes a certificate"
            " of anybody and is not offered"
        )
    return values.choice(_NO_CERTIFICATE, _IF_GIVEN, _REQUIRED)(value, place)


def _version(value: object, place: Place) -> str:
    if value in {"TLS10", "TLS11"}:
        place.refuse_because(f"expected TLS12 or TLS13, found {show(value)}, which is not secure and not offered")
    return values.choice(*_VERSIONS)(value, place)


def _pem(value: object, place: Place) -> str:
    """Read a certificate or key that stands in the file itself. It is never shown."""
    if not isinstance(value, str) or "-----BEGIN " not in value:
        place.refuse_because("expected text in PEM, found something else")
    return value


def _password_hash(value: object, place: Place) -> str:
    """Read a hash. It is never shown: it may be a password by mistake."""
    if not isinstance(value, str) or not _BCRYPT.fullmatch(value):
        place.refuse_because("expected a password hashed with bcrypt such as $2y$10$…, found something else")
    return value


def _users(value: object, place: Place) -> tuple[tuple[str, str], ...]:
    if value is None:
        return ()
    if not isinstance(value, Mapping):
        place.refuse_because("expected a mapping of users to passwords hashed with bcrypt, found something else")
    read, refused = [], False
    for name, hashed in value.items():
        user = "" if name is None else str(name)
        where = place.key(user if user.isidentifier() else show(user))
        try:
            if ":" in user or not (user.isprintable() or not user):
                where.refuse_because('expected a user name of printable characters without ":"')
            read.append((user, _password_hash(hashed, where)))
        except Refused:
            refused = True
    if refused:
        raise Refused
    return tuple(read)


def _headers(value: object, place: Place) -> tuple[tuple[str, str], ...]:
    if value is None:
        return ()
    if not isinstance(value, Mapping):
        place.refuse("a mapping of headers to texts", value)
    refused = unknown_keys(value, tuple(HEADERS), place)
    read = []
    for name, known in HEADERS.items():
        text = value.get(name, "")
        where = place.key(name)
        if text and known and text not in known:
            where.note(f"expected {' or '.join(known)}, found {show(text)}")
            refused = True
        elif not isinstance(text, str) or not text.isascii() or not (text.isprintable() or not text):
            where.note(f"expected a text of printable ASCII characters, found {show(text)}")
            refused = True
        elif text:
            read.append((name, text))
    if refused:
        raise Refused
    return tuple(read)


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsConfig:
    """The certificate of the server, and what is asked of clients."""

    cert: str | None = setting(_pem, default=None)
    key: str | None = field(default=None, repr=False, metadata={"reader": _pem})
    client_ca: str | None = setting(_pem, default=None)
    cert_file: Path | None = setting(values.readable_file, default=None)
    key_file: Path | None = setting(values.readable_file, default=None)
    client_auth_type: str = setting(_client_auth, default=_NO_CERTIFICATE)
    client_ca_file: Path | None = setting(values.readable_file, default=None)
    client_allowed_sans: tuple[str, ...] = setting(items(values.label_value, "a list of names"), default=())
    min_version: str = setting(_version, default="TLS12")
    max_version: str = setting(_version, default="TLS13")
    cipher_suites: tuple[str, ...] = setting(
        items(values.choice(*SUITES, *sorted(SUITES_OF_TLS13)), "a list of cipher suites"), default=()
    )
    prefer_server_cipher_suites: bool = setting(values.boolean, default=True)
    curve_preferences: tuple[str, ...] = setting(items(values.choice(*CURVES), "a list of curves"), default=())

    @property
    def files(self) -> tuple[Path, ...]:
        """Every file that this names."""
        return tuple(file for file in (self.cert_file, self.key_file, self.client_ca_file) if file)

    @property
    def verify_mode(self) -> ssl.VerifyMode:
        """What the certificate of a client has to be."""
        modes = {_NO_CERTIFICATE: ssl.CERT_NONE, _IF_GIVEN: ssl.CERT_OPTIONAL, _REQUIRED: ssl.CERT_REQUIRED}
        return modes[self.client_auth_type]

    @property
    def versions(self) -> tuple[ssl.TLSVersion, ssl.TLSVersion]:
        """The lowest and the highest version."""
        return _VERSIONS[self.min_version], _VERSIONS[self.max_version]


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpConfig:
    """Headers to add to every answer. ``http2`` is taken and changes nothing: HTTP/1.1 is what is spoken."""

    http2: bool = setting(values.boolean, default=False)
    headers: tuple[tuple[str, str], ...] = setting(_headers, default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimit:
    """How many requests there may be, over all clients: one per ``interval`` seconds, 0 for any number."""

    interval: float = setting(values.duration, default=0.0)
    burst: int = setting(values.whole_number(0), default=0)


def _tls(value: object, place: Place) -> TlsConfig | None:
    if value is None or value == {}:
        return None
    tls = section(TlsConfig)(value, place)
    problems = [
        *_one_of(tls, "cert", needed=True),
        *_one_of(tls, "key", needed=True),
        *_one_of(tls, "client_ca", needed=tls.client_auth_type != _NO_CERTIFICATE),
    ]
    if tls.client_auth_type == _NO_CERTIFICATE and (tls.client_ca or tls.client_ca_file or tls.client_allowed_sans):
        problems.append(f"expected client_auth_type {_REQUIRED} beside what is asked of clients, found none")
    if tls.versions[0] > tls.versions[1]:
        problems.append(f"expected min_version up to max_version, found {tls.min_version} and {tls.max_version}")
    if tls.cipher_suites and tls.max_version == "TLS12" and SUITES_OF_TLS13.issuperset(tls.cipher_suites):
        problems.append("expected a cipher suite of TLS 1.2, which is max_version, found only those of TLS 1.3")
    if len(tls.curve_preferences) > 1:
        problems.append(f"expected one curve in curve_preferences, found {len(tls.curve_preferences)}")
    for problem in problems:
        place.note(problem)
    if problems:
        raise Refused
    return tls


def _one_of(tls: TlsConfig, name: str, *, needed: bool) -> list[str]:
    """Return what is wrong with what stands in the file itself or in a file of its own."""
    found = [key for key in (name, f"{name}_file") if getattr(tls, key)]
    if len(found) > 1:
        return [f"expected one of {name} and {name}_file, found both"]
    return [f"expected {name}_file or {name}, found neither"] if needed and not found else []


def _rate_limit(value: object, place: Place) -> RateLimit:
    limit = section(RateLimit)(value, place)
    if limit.interval and not limit.burst:
        place.key("burst").refuse("a whole number from 1 up beside an interval", limit.burst)
    return limit


@dataclass(frozen=True, slots=True, kw_only=True)
class WebConfig:
    """The whole file."""

    tls_server_config: TlsConfig | None = setting(_tls, default=None)
    http_server_config: HttpConfig = setting(section(HttpConfig), default=HttpConfig())
    basic_auth_users: tuple[tuple[str, str], ...] = field(default=(), repr=False, metadata={"reader": _users})
    rate_limit: RateLimit = setting(_rate_limit, default=RateLimit())


def read(file: Path) -> WebConfig:
    """Read a web configuration file. What it names is relative to its folder.

    Raises:
        ConfigError: with one line for every problem that was found.
    """
    problems: list[str] = []
    # No setting of this file is a day.
    place = Place(str(file), "", problems, dt.date.min, file.parent)
    try:
        return WebConfig(**keys(WebConfig, document.parse(file.read_text(encoding="utf-8-sig"), str(file)), place))
    except OSError as error:
        raise ConfigError(mask(f"{file}: expected a readable file, found: {error.strerror}")) from None
    except UnicodeDecodeError:
        raise ConfigError(mask(f"{file}: expected text in UTF-8")) from None
    except Refused:
        raise ConfigError("\n".join(problems)) from None
