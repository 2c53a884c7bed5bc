"""How to get into a Prometheus: the file that promtool takes as ``--http.config.file``, as far as it is needed here.

Source: prometheus/common, config/http_config.go.
"""

import datetime as dt
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from anthropic_exporter.config import document
from anthropic_exporter.config.reader import Place, Refused, keys, section, setting, show
from anthropic_exporter.config.values import readable_file, text
from anthropic_exporter.errors import ConfigError
from anthropic_exporter.secrets import mask

# Source: RFC 9110 section 5.6.2, token.
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class _BasicAuth:
    username: str = setting(text, default="")
    password_file: Path | None = setting(readable_file, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Authorization:
    type: str = setting(text, default="Bearer")
    credentials_file: Path | None = setting(readable_file, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tls:
    ca_file: Path | None = setting(readable_file, default=None)
    cert_file: Path | None = setting(readable_file, default=None)
    key_file: Path | None = setting(readable_file, default=None)


def _basic_auth(value: object, place: Place) -> _BasicAuth:
    basic = section(_BasicAuth)(value, place)
    if basic.password_file and not basic.username:
        place.refuse_because("expected username beside password_file, found none")
    return basic


def _tls(value: object, place: Place) -> _Tls:
    tls = section(_Tls)(value, place)
    if bool(tls.cert_file) != bool(tls.key_file):
        place.refuse_because("expected cert_file and key_file, found one of them")
    return tls


def _headers(value: object, place: Place) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, Mapping):
        place.refuse("a mapping of names to texts", value)
    return tuple(_header(str(name), content, place) for name, content in value.items())


def _header(name: str, value: object, place: Place) -> tuple[str, str]:
    if not _NAME.fullmatch(name):
        place.key(show(name)).refuse_because("expected the name of a header")
    content = text(value, place.key(name))
    if not (content.isascii() and content.isprintable()):
        place.key(name).refuse_because("expected printable ASCII characters")  # not shown: it may be a secret
    return name, content


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpConfig:
    """The file, with ``headers`` for a tenant. What it names is read when it is asked for."""

    basic_auth: _BasicAuth = setting(_basic_auth, default=_BasicAuth())
    authorization: _Authorization = setting(section(_Authorization), default=_Authorization())
    tls_config: _Tls = setting(_tls, default=_Tls())
    headers: tuple[tuple[str, str], ...] = setting(_headers, default=())

    @classmethod
    def read(cls, file: Path) -> Self:
        """Read the file.

        Raises:
            ConfigError: it cannot be used.
        """
        problems: list[str] = []
        place = Place(str(file), "", problems, dt.date.min, file.parent)  # none of its settings is a day
        try:
            config = cls(**keys(cls, document.parse(file.read_text(encoding="utf-8-sig"), str(file)), place))
            if config.basic_auth.username and config.authorization.credentials_file:
                place.refuse_because("expected one of basic_auth and authorization, found both")
        except (OSError, UnicodeDecodeError):
            raise ConfigError(f"{file}: expected a readable file in YAML") from None
        except Refused:
            raise ConfigError("\n".join(problems)) from None
        return config

    def auth(self) -> tuple[str, str] | None:
        """Return user and password, or None.

        Raises:
            ConfigError: the file of the password cannot be used.
        """
        basic = self.basic_auth
        if not basic.username:
            return None
        return basic.username, _secret(basic.password_file) if basic.password_file else ""

    def all_headers(self) -> dict[str, str]:
        """Return the headers of each request.

        Raises:
            ConfigError: the file of the credentials cannot be used.
        """
        if not self.authorization.credentials_file:
            return dict(self.headers)
        secret = _secret(self.authorization.credentials_file)
        if not (secret.isascii() and secret.isprintable()):
            raise ConfigError(mask(f"{self.authorization.credentials_file}: expected printable ASCII characters"))
        return {**dict(self.headers), "authorization": f"{self.authorization.type} {secret}"}

    def verification(self) -> ssl.SSLContext | bool:
        """Return how the server is verified and what is shown to it; True where nothing is said about that.

        Raises:
            ConfigError: a certificate or a key cannot be used.
        """
        tls = self.tls_config
        if not (tls.ca_file or tls.cert_file):
            return True
        try:
            context = ssl.create_default_context(cafile=str(tls.ca_file) if tls.ca_file else None)
        except (ssl.SSLError, OSError):
            raise ConfigError(
                mask(f"{tls.ca_file}: tls_config.ca_file: expected certificates in PEM, found others")
            ) from None
        if tls.cert_file and tls.key_file:
            try:
                # An empty password instead of a question on the terminal.
                context.load_cert_chain(tls.cert_file, tls.key_file, password=lambda: "")
            except (ssl.SSLError, OSError):
                expected = "expected a certificate and its key in PEM, without a password"
                raise ConfigError(mask(f"{tls.cert_file}, {tls.key_file}: tls_config: {expected}")) from None
        return context


def _secret(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise ConfigError(mask(f"{file}: expected text in UTF-8")) from None
