"""A TLS context from the web configuration."""

import contextlib
import ipaddress
import os
import ssl
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

from anthropic_exporter.errors import ConfigError
from anthropic_exporter.secrets import mask
from anthropic_exporter.web.ciphers import CURVES, SUITES
from anthropic_exporter.web.webconfig import TlsConfig


class CheckedPeer(ssl.SSLObject):
    """A connection that ends its handshake only with a client whose certificate has one of the names."""

    def do_handshake(self) -> None:
        """Shake hands, then look at the certificate of the client.

        Raises:
            ssl.SSLError: there is none that is allowed.
        """
        super().do_handshake()
        context = self.context
        if isinstance(context, ServerContext) and context.allowed_names:
            certificate = self.getpeercert()
            # None where certificates are verified if given, and none was.
            if certificate is not None and context.allowed_names.isdisjoint(names_of(certificate)):
                raise ssl.SSLCertVerificationError("the certificate of the client has none of the allowed names")


class ServerContext(ssl.SSLContext):
    """A TLS context that knows the names that clients may have."""

    sslobject_class = CheckedPeer
    allowed_names: frozenset[str] = frozenset()


def names_of(certificate: Any) -> set[str]:  # noqa: ANN401 - typeshed gives getpeercert no better type
    """Return the alternative names of a certificate as ``getpeercert`` tells it: DNS, e-mail, URI and IP."""
    names = {str(value) for kind, value in certificate.get("subjectAltName", ()) if kind in {"DNS", "email", "URI"}}
    for kind, value in certificate.get("subjectAltName", ()):
        if kind == "IP Address":
            with contextlib.suppress(ValueError):
                names.add(str(ipaddress.ip_address(value.strip())))
    return names


def make(tls: TlsConfig, file: Path) -> ServerContext:
    """Return the context for new connections.

    Args:
        tls: what the web configuration says.
        file: of the web configuration, for messages.

    Raises:
        ConfigError: a certificate, a key or a CA cannot be used.
    """
    context = ServerContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version, context.maximum_version = tls.versions
    # Nothing is resumed: a certificate that is no longer good does not live on in a ticket.
    context.options |= ssl.OP_NO_TICKET | ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION
    context.num_tickets = 0
    if not tls.prefer_server_cipher_suites:
        context.options &= ~ssl.OP_CIPHER_SERVER_PREFERENCE
    _choose_ciphers(context, tls)
    _load_certificate(context, tls, file)
    _ask_of_clients(context, tls, file)
    context.set_alpn_protocols(["http/1.1"])
    return context


def _choose_ciphers(context: ServerContext, tls: TlsConfig) -> None:
    chosen = [SUITES[name] for name in tls.cipher_suites if name in SUITES]
    if chosen:
        context.set_ciphers(":".join(chosen))
    elif tls.cipher_suites:
        # Only suites of TLS 1.3 are wanted, so only TLS 1.3 is.
        context.minimum_version = ssl.TLSVersion.TLSv1_3
    for curve in tls.curve_preferences:
        context.set_ecdh_curve(CURVES[curve])


def _load_certificate(context: ServerContext, tls: TlsConfig, file: Path) -> None:
    def no_password() -> NoReturn:
        raise ConfigError(f"{_where(tls, 'key', file)}: expected a key without a password, found one with")

    with _as_file(tls.cert_file, tls.cert) as certificate, _as_file(tls.key_file, tls.key) as key:
        try:
            context.load_cert_chain(certificate, key, password=no_password)
        except ssl.SSLError as error:
            where = f"{_where(tls, 'cert', file)}, {_where(tls, 'key', file).removeprefix(f'{file}: ')}"
            raise ConfigError(f"{where}: expected a certificate and its key in PEM, found: {_reason(error)}") from None
        except OSError as error:
            raise ConfigError(
                mask(f"{file}: tls_server_config: cannot read certificate or key: {error.strerror}")
            ) from None


def _ask_of_clients(context: ServerContext, tls: TlsConfig, file: Path) -> None:
    context.verify_mode = tls.verify_mode
    context.allowed_names = frozenset(tls.client_allowed_sans)
    # As Go does: what is in the file is trusted, an intermediate authority or a single certificate too.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    if not (tls.client_ca or tls.client_ca_file):
        return
    try:
        context.load_verify_locations(cafile=tls.client_ca_file, cadata=tls.client_ca)
    except ssl.SSLError as error:
        where = _where(tls, "client_ca", file)
        raise ConfigError(f"{where}: expected certificates in PEM, found: {_reason(error)}") from None
    except OSError as error:
        raise ConfigError(mask(f"{_where(tls, 'client_ca', file)}: cannot read: {error.strerror}")) from None


def _where(tls: TlsConfig, name: str, file: Path) -> str:
    named = getattr(tls, f"{name}_file")
    return mask(f'{file}: tls_server_config.{name}_file "{named}"' if named else f"{file}: tls_server_config.{name}")


@contextlib.contextmanager
def _as_file(named: Path | None, text: str | None) -> Iterator[str]:
    """Give the name of a file with what stands in the configuration: OpenSSL reads keys from files only."""
    if named is not None:
        yield str(named)
    elif hasattr(os, "memfd_create"):
        # In memory: a key is never on a disk that it was not put on.
        with open(os.memfd_create("pem"), "w", encoding="utf-8") as memory:  # noqa: PTH123 - a descriptor, not a path
            memory.write(text or "")
            memory.flush()
            yield f"/proc/self/fd/{memory.fileno()}"
    else:
        with tempfile.NamedTemporaryFile("w", encoding="utf-8") as temporary:  # readable for this user only
            temporary.write(text or "")
            temporary.flush()
            yield temporary.name


def _reason(error: ssl.SSLError) -> str:
    """Return what OpenSSL says, in words: KEY_VALUES_MISMATCH is "key values mismatch"."""
    reason = error.reason or ""
    # An empty or foreign file has no reason, or one that helps nobody.
    known = {"": "neither", "NO_START_LINE": "no PEM", "NO_CERTIFICATE_OR_CRL_FOUND": "none"}
    return known.get(reason, reason.lower().replace("_", " "))
