"""One typed answer from one endpoint: paced, sent, retried, counted and decoded."""

import logging
import re
import threading
import time
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TypeVar

from anthropic_exporter.errors import AuthError, ConfigError, PollError, RateLimited, SchemaError, Unavailable

from .breaker import Breaker
from .decode import Decoder, Mismatch, NotJson
from .endpoint import Call, Endpoint
from .failures import SPEND_BLOCKS, described, failure, numbered, refusal
from .masking import shown
from .pacing import Pacer
from .ports import Credential, Observer
from .retry import Policy
from .shapes import Shape
from .transport import Answer, Transport

T = TypeVar("T", bound=Shape)

_LOG = logging.getLogger(__name__)
# What may stand in a header value. h11 refuses the rest as well, but quotes the value in its error.
_KEY = re.compile(r"[\x21-\x7e]+")
_OK = range(200, 300)
#: Answers from which nothing follows about the key: made before it was looked at, or by something else; so is any
#: that is a web page.
_SILENT_ON_KEY = frozenset({407, 408, *range(300, 400), *range(500, 1000)})


@dataclass(slots=True)
class Reader:
    """What every endpoint module reads through. Thread-safe.

    ``organization_header`` is the newest ``anthropic-organization-id``, the only name of the organization
    where /me is refused. ``clock_ahead`` is by how many seconds this machine's clock is ahead of upstream's, by the
    newest answer that tells the time.
    """

    transport: Transport
    credential: Credential = field(repr=False)
    pacer: Pacer
    observer: Observer
    stop: threading.Event
    policy: Policy = field(default_factory=Policy)
    breaker: Breaker = field(default_factory=Breaker)
    organization_header: str | None = None
    clock_ahead: float | None = None

    def read(self, call: Call, decoder: Decoder[T]) -> T:
        """Ask until there is an answer or no point in asking again.

        Raises:
            PollError: as `errors` describes; "stopping" when the program is.
        """
        endpoint = call.endpoint
        retries = 0
        refreshed = False
        while True:
            self.breaker.admit(endpoint)
            self.pacer.acquire(self.stop)
            key = self._key(endpoint)
            try:
                value, error, answer = self._attempt(call, key, decoder)
            except SchemaError:
                self.breaker.note(endpoint, None)  # not what was expected, but it is the API that answers
                raise
            given_up = self.breaker.note(endpoint, None if value is not None else error)
            if value is not None:
                return value
            if isinstance(error, AuthError) and not refreshed:
                refreshed = True
                if self._is_replaced(endpoint, key):
                    continue
            wait = self._wait(error, answer, key, retries)
            if wait is None or given_up:
                raise error
            retries += 1
            if self.stop.wait(wait):
                raise Unavailable("stopping", endpoint=endpoint.name)

    def drift(self, endpoint: Endpoint, kind: str, name: str) -> None:
        """Count one difference from the documentation."""
        self.observer.drift(endpoint.name, kind, shown(name, longest=80))

    def _attempt(self, call: Call, key: str, decoder: Decoder[T]) -> tuple[T | None, PollError, Answer | None]:
        """Send once; either the value or the error counts."""
        endpoint = call.endpoint
        try:
            answer = self._send(call, key)
        except PollError as error:
            return None, error, None
        self._look_at(answer, key)
        if answer.status not in _OK:
            return None, failure(endpoint.name, answer, key), answer
        try:
            value = decoder.decode(answer.body)
        except NotJson as error:
            what = f"HTTP {answer.status} with {described(answer, key)}"
            what += f" that is not JSON: {error}" if answer.body else ""
            return None, endpoint.unreadable(what + numbered(answer, key)), answer
        except Mismatch as error:
            if error.missing:
                self.drift(endpoint, "missing_field", error.missing)
            raise endpoint.unreadable(shown(str(error), key) + numbered(answer, key)) from None
        for kind, name in sorted(decoder.drift(answer.body)):
            self.drift(endpoint, kind, name)
        return value, PollError(""), answer

    def _send(self, call: Call, key: str) -> Answer:
        name = call.endpoint.name
        began = time.monotonic()
        code = "error"
        try:
            answer = self.transport.get(call, key)
            code = str(answer.status)
        finally:
            seconds = time.monotonic() - began
            self.observer.request(name, code, seconds)
            _LOG.debug("GET %s: %s in %.3f s", name, code, seconds)
        return answer

    def _look_at(self, answer: Answer, key: str) -> None:
        """Note what an answer of the API itself says of the key: whether it was taken, and whose it is."""
        if answer.status in _SILENT_ON_KEY or answer.is_web_page:
            return
        taken = answer.status != HTTPStatus.UNAUTHORIZED
        self.observer.credential(taken)
        ahead = self.policy.ahead(answer)
        self.clock_ahead = self.clock_ahead if ahead is None else ahead
        organization = shown(answer.headers.get("anthropic-organization-id", ""), key, 100)
        if taken and organization:
            self.organization_header = organization

    def _wait(self, error: PollError, answer: Answer | None, key: str, retries: int) -> float | None:
        if answer is not None:
            error.retry_after = self.policy.hint(answer) if answer.status not in _OK else None
        if isinstance(error, RateLimited) and answer is not None:
            if refusal(answer, key).code in SPEND_BLOCKS:
                return None
            if error.retry_after is not None:
                # The limit is the organization's: whoever asks next would only be refused as well.
                self.pacer.pause(error.retry_after)
        return self.policy.wait(error, answer, retries)

    def _key(self, endpoint: Endpoint) -> str:
        try:
            key = self.credential.value()
        except ConfigError as error:
            self.observer.credential(False)
            raise AuthError(f"no key to send: {shown(str(error))}", endpoint=endpoint.name) from None
        if not _KEY.fullmatch(key):
            self.observer.credential(False)
            raise AuthError(
                "the key is empty or has spaces, line breaks or letters that no key has",
                endpoint=endpoint.name,
                advice="look at where it was copied from",
            )
        return key

    def _is_replaced(self, endpoint: Endpoint, used: str) -> bool:
        try:
            # Another thread may have read the new key already; then this refresh finds nothing new.
            return self.credential.refresh() or self.credential.value() != used
        except ConfigError as error:
            raise AuthError(f"no key to send: {shown(str(error), used)}", endpoint=endpoint.name) from None
