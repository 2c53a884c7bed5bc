"""HTTP to one organization's Admin API: only GET, only to the base URL, bounded in size and time."""

import os
import time
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from urllib.request import getproxies, proxy_bypass

import httpx

from anthropic_exporter import __version__
from anthropic_exporter.errors import ConfigError, PollError, TooLarge, Unavailable
from anthropic_exporter.secrets import OAUTH_PREFIX

from .deadline import Deadline, enforce
from .endpoint import Call, Endpoint
from .loopback import is_loopback
from .masking import shown

#: Also tells the workspace_id of a key, which 2026-10-21 dropped, and so which workspace is the default one;
#: and it is the version with which the legacy reports have been seen to answer.
API_VERSION = "2023-06-01"
PROJECT_URL = "https://pypi.org/project/anthropic-exporter/"
OAUTH_BETA = "oauth-2025-04-20"

#: Of the body after decompression. A usage page at its largest is some tens of MB.
MAX_BODY_BYTES = 64 * 1024 * 1024
#: The same of an answer that is an error: beyond this nothing is read, what came so far says enough.
MAX_ERROR_BYTES = 64 * 1024

CONNECT_SECONDS = 10.0
"""Where packets are dropped nothing answers, however long one waits."""

#: What Python's words for a failed handshake ask for; the first that fits.
_TLS_ADVICE = (
    ("CERTIFICATE_VERIFY_FAILED", "let SSL_CERT_FILE name a file with the authority of that certificate, or mend it"),
    ("WRONG_VERSION_NUMBER", "that port does not speak TLS: look at base_url and at the proxy in between"),
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What upstream said, read to its end."""

    status: int
    headers: httpx.Headers
    body: bytes

    @property
    def is_web_page(self) -> bool:
        """Whether a proxy, a portal or an edge speaks: the API writes JSON, whatever it has to say."""
        kind: str = self.headers.get("content-type", "")
        return kind.strip().lower().startswith("text/html")


class Transport:
    """Sends GET requests. Has no other method, so nothing can be written with a key that could write.

    Args:
        base_url: scheme and host, perhaps with a path in front of ``/v1``.
        timeout: seconds for one whole answer, from connecting to its last byte.
        transport: replaces the network in tests.

    Raises:
        ConfigError: the base URL would send the key in the clear or to nowhere, or a proxy variable is
        unusable.
    """

    def __init__(self, base_url: str, timeout: float, transport: httpx.BaseTransport | None = None) -> None:
        url = _checked(base_url)
        self._base = str(url).rstrip("/")
        self._host = _named(url)
        self._timeout = timeout
        self._deadline = Deadline()
        try:
            self._client = httpx.Client(
                follow_redirects=False,  # the key must not travel to wherever a redirect points
                timeout=httpx.Timeout(timeout, connect=min(timeout, CONNECT_SECONDS)),
                # Proxy and certificate variables count, but a proxy cannot reach our loopback.
                trust_env=not is_loopback(url.host),
                transport=transport,
                cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
                headers={
                    "accept": "application/json",
                    # One coding of known ratio: what comes out of one chunk is bounded as well.
                    "accept-encoding": "gzip",
                    "anthropic-version": API_VERSION,
                    "user-agent": f"anthropic-exporter/{__version__} ({PROJECT_URL})",
                },
            )
        except OSError as error:
            # Python's own text does not say which file.
            why = error.strerror or type(error).__name__
            raise ConfigError(
                f"SSL_CERT_FILE: expected a file of certificates, found {os.environ.get('SSL_CERT_FILE', '')!r}: {why}"
            ) from None
        except (ImportError, ValueError, httpx.InvalidURL):
            # The original text may hold the password of the proxy.
            raise ConfigError(
                "a proxy variable (HTTPS_PROXY, HTTP_PROXY, ALL_PROXY) holds a URL that cannot be used"
            ) from None
        enforce(self._client, self._deadline)

    def close(self) -> None:
        """Close all connections."""
        self._client.close()

    def get(self, call: Call, key: str) -> Answer:
        """Send one request and read the answer, whatever its status.

        Raises:
            Unavailable: no connection, broken off, or not over in time.
            TooLarge: the body is larger than any answer should be.
            SchemaError: it is in a coding that was not asked for.
        """
        endpoint = call.endpoint
        url = self._base + call.path()
        until = time.monotonic() + self._timeout
        self._deadline.at = until
        try:
            with self._client.stream(
                "GET", url, params=list(call.query), headers=_credentials(endpoint, key)
            ) as response:
                return Answer(response.status_code, response.headers, _body(endpoint, response, until))
        except PollError:
            raise
        except (httpx.HTTPError, httpx.InvalidURL, RuntimeError, OSError) as error:
            if isinstance(error, RuntimeError) and not self._client.is_closed:
                raise
            # Without its cause: the request with its headers hangs on a httpx exception.
            raise Unavailable(
                f"GET {endpoint.name}: {_told(error, key, self._host)}", endpoint=endpoint.name, advice=_advice(error)
            ) from None
        finally:
            self._deadline.at = None


def _checked(base_url: str) -> httpx.URL:
    try:
        url = httpx.URL(base_url)
    except (httpx.InvalidURL, TypeError, ValueError):
        raise ConfigError("base_url: not a URL") from None
    if url.scheme not in {"http", "https"} or not url.host:
        raise ConfigError("base_url: expected https://host, perhaps with a path")
    if url.userinfo or url.query or url.fragment:
        raise ConfigError("base_url: a user, a query or a fragment has no place in it")
    if url.scheme == "http" and not is_loopback(url.host):
        raise ConfigError("base_url: https is required; plain http is for loopback only, it shows the key to all")
    return url


def _named(url: httpx.URL) -> str:
    """Name who is called, and whether a proxy is to call: then it may be the proxy that does not answer."""
    host = url.netloc.decode("ascii")
    proxies = {} if is_loopback(url.host) or proxy_bypass(url.host) else getproxies()
    # The URL of a proxy may hold its password.
    return f"{host} through the proxy of the environment" if {url.scheme, "all"} & proxies.keys() else host


def _credentials(endpoint: Endpoint, key: str) -> dict[str, str]:
    """Admin keys go where every official example has them; an OAuth token is known by its prefix."""
    betas = endpoint.betas
    if key.startswith(OAUTH_PREFIX):
        betas = (*betas, OAUTH_BETA)
        headers = {"authorization": f"Bearer {key}"}
    else:
        headers = {"x-api-key": key}
    return headers | {"anthropic-beta": ",".join(betas)} if betas else headers


def _body(endpoint: Endpoint, response: httpx.Response, until: float) -> bytes:
    try:
        return _read(endpoint, response, until)
    except (PollError, httpx.HTTPError, httpx.StreamError, OSError):
        if response.is_success:
            raise
        # The status says enough; the words beside it are not worth losing it for.
        return b""


def _read(endpoint: Endpoint, response: httpx.Response, until: float) -> bytes:
    coding = response.headers.get("content-encoding", "identity").strip().lower()
    if coding not in {"", "identity", "gzip"}:
        raise endpoint.unreadable("the body has a content-encoding that was not asked for")
    body = bytearray()
    for chunk in response.iter_bytes():
        body += chunk
        if not response.is_success and len(body) >= MAX_ERROR_BYTES:
            return bytes(body[:MAX_ERROR_BYTES])
        if len(body) > MAX_BODY_BYTES:
            what = f"the body is larger than {MAX_BODY_BYTES // 1024**2} MiB"
            raise TooLarge(f"GET {endpoint.name}: {what}", endpoint=endpoint.name)
        if time.monotonic() > until:
            raise Unavailable(f"GET {endpoint.name}: the answer took too long", endpoint=endpoint.name)
    return bytes(body)


def _advice(error: Exception) -> str:
    return next((advice for words, advice in _TLS_ADVICE if words in str(error)), "")


def _told(error: Exception, key: str, host: str) -> str:
    if isinstance(error, RuntimeError):
        return "the client is closed"
    if isinstance(error, httpx.TimeoutException) and not isinstance(error, httpx.ConnectTimeout):
        return f"no whole answer in time ({type(error).__name__})"
    if isinstance(error, httpx.LocalProtocolError | httpx.InvalidURL):
        # Their texts quote headers and URLs.
        return f"the request cannot be written ({type(error).__name__})"
    text = shown(str(error), key, longest=160)
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
        return f"no connection to {host}: {text or type(error).__name__}"
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
