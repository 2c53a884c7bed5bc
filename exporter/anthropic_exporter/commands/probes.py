"""One request of ``check``, and what is made of the answer."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from anthropic_exporter.collect.base import Listing
from anthropic_exporter.errors import (
    AuthError,
    BadRequest,
    EmptyRange,
    NotSupported,
    PollError,
    RateLimited,
    Unavailable,
)
from anthropic_exporter.records import Intake

ADMIN_KEY_ADVICE = "use an Admin key (sk-ant-admin01-…); an admin makes one at Console → Settings → Admin keys"
INFERENCE_KEY_ADVICE = f"this is an inference key (sk-ant-api03-…): {ADMIN_KEY_ADVICE}"
NOTHING = "nothing"
# For an error that brings no advice of its own; the first class that fits.
_ADVICE: tuple[tuple[type[PollError], str], ...] = (
    (NotSupported, "the key lacks a scope, or the organization is not enrolled in this beta"),
    (RateLimited, "try again later, or lower upstream.requests_per_minute"),
    (Unavailable, "look at network, proxy, base_url, and status.anthropic.com"),
    (BadRequest, "report this with the message of --log.level=debug"),
    (PollError, "report this with the message of --log.level=debug"),
)
_REQUEST = re.compile(r" \(req_\w+\)$")


@dataclass(frozen=True, slots=True)
class Rows:
    """How many rows an endpoint answered with.

    Args:
        remark: what is to be said about an answer that is good all the same.
        found: the same rows as the ledger and the inventory take them, for an estimate of the series.
    """

    count: int
    remark: str = ""
    found: tuple[Intake | Listing, ...] = ()


@dataclass(frozen=True, slots=True)
class Probe:
    """One request.

    Args:
        collector: that reads it.
        endpoint: with IDs as ``{id}``.
        call: makes the request.
        loses: what the exporter does without where the credential or the organization does not have the endpoint.
        console: only Console organizations have it, so that a key of Claude Enterprise cannot.
        official: it is not in the org-scoped dialect.
    """

    collector: str
    endpoint: str
    call: Callable[[], Rows]
    loses: str
    console: bool = False
    official: bool = True


@dataclass(frozen=True, slots=True)
class Credential:
    """What kind of key asks, and whom: both decide what an answer means."""

    inference: bool = False
    enterprise: bool = False
    org_scoped: bool = False
    elsewhere: bool = False  # nothing that was asked for is known there


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one probe.

    ``good`` also where the endpoint is not to be had and nobody could change that.
    """

    collector: str
    endpoint: str
    good: bool
    status: str
    rows: int | None
    advice: str
    found: tuple[Intake | Listing, ...] = ()

    @property
    def row(self) -> tuple[str, ...]:
        """The cells of the table."""
        return (self.collector, self.endpoint, self.status, "-" if self.rows is None else str(self.rows), self.advice)


def attempt(probe: Probe) -> Rows | PollError:
    """Make one request. A range that has nothing yet is an answer without rows."""
    try:
        return probe.call()
    except EmptyRange:
        return Rows(0)
    except PollError as error:
        return error


def judge(probe: Probe, answer: Rows | PollError, credential: Credential) -> Outcome:
    """Say what an answer means, and what to do about it."""
    if isinstance(answer, Rows):
        return Outcome(
            probe.collector,
            probe.endpoint,
            good=True,
            status="ok",
            rows=answer.count,
            advice=answer.remark,
            found=answer.found,
        )
    reason = _unavoidable(probe, answer, credential) if isinstance(answer, NotSupported) else ""
    advice = f"{NOTHING}: {reason}" if reason else f"{_advice(answer, credential)} ({_said(probe, answer)})"
    if isinstance(answer, NotSupported) and not reason and not credential.elsewhere:
        advice = f"{advice}; without it {probe.loses}"
    return _failed(probe, answer, advice, good=bool(reason))


def _failed(probe: Probe, error: PollError, advice: str, *, good: bool) -> Outcome:
    missing = "not asked" if isinstance(error, NotSupported) else "no answer"
    status = missing if error.status is None else str(error.status)
    return Outcome(probe.collector, probe.endpoint, good=good, status=status, rows=None, advice=advice)


def _unavoidable(probe: Probe, error: NotSupported, credential: Credential) -> str:
    """Say why no other key and no setting could make this endpoint answer; "" where one could."""
    if error.status is None:
        return _said(probe, error)
    if credential.inference or credential.elsewhere:
        return ""
    if "organization_type_not_supported" in str(error):
        return "organizations of this kind do not have it"
    if credential.enterprise and probe.console:
        return "only Console organizations have it"
    if credential.org_scoped and probe.official and error.status == HTTPStatus.NOT_FOUND:
        return "the org-scoped dialect does not have it"
    return ""


def _said(probe: Probe, error: PollError) -> str:
    """Return the message without what stands in the table anyway, and without advice on keys."""
    text = str(error).removeprefix(f"GET {probe.endpoint}: ").removeprefix(f"HTTP {error.status} ")
    if isinstance(error, NotSupported | AuthError):
        # What is refused on purpose is the same for each endpoint, but for the number of the request.
        text = _REQUEST.sub("", text)
    return text.split(". The key in use", 1)[0].split(". An Admin key", 1)[0]


def _advice(error: PollError, credential: Credential) -> str:
    if credential.inference and isinstance(error, AuthError | NotSupported):
        return INFERENCE_KEY_ADVICE
    if isinstance(error, AuthError):
        return f"the key is revoked, expired or cut short: {ADMIN_KEY_ADVICE}"
    if credential.elsewhere and isinstance(error, NotSupported):
        return "look at base_url: the Admin API is not there"
    return error.advice or next(advice for kind, advice in _ADVICE if isinstance(error, kind))
