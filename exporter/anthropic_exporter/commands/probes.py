"""What ``check`` asks the Admin API: each endpoint that an enabled collector reads, once."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from anthropic_exporter.api.admin import AdminApi
from anthropic_exporter.config import Settings
from anthropic_exporter.errors import (
    AuthError,
    BadRequest,
    EmptyRange,
    NotSupported,
    PollError,
    RateLimited,
    Unavailable,
)
from anthropic_exporter.records import Reading
from anthropic_exporter.utc import DAY, HOUR, floor

ADMIN_KEY_ADVICE = "use an Admin key (sk-ant-admin01-…); an admin makes one at Console → Settings → Admin keys"
INFERENCE_KEY_ADVICE = f"this is an inference key (sk-ant-api03-…): {ADMIN_KEY_ADVICE}"
# For an error that brings no advice of its own; the first class that fits.
_ADVICE: tuple[tuple[type[PollError], str], ...] = (
    (AuthError, ADMIN_KEY_ADVICE),
    (NotSupported, "the key lacks a scope, or the organization is not enrolled in this beta"),
    (RateLimited, "try again later, or lower upstream.requests_per_minute"),
    (Unavailable, "look at network, proxy, base_url, and status.anthropic.com"),
    (PollError, "report this with the message of --log.level=debug"),
)
# The legacy report knows two dimensions that the analytics reports call differently.
_LEGACY_ONLY = {"account_id", "service_account_id"}


@dataclass(frozen=True, slots=True)
class Rows:
    """How many rows an endpoint answered with, and what is to be said about an answer that is good all the same."""

    count: int
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Probe:
    """One request.

    Args:
        endpoint: with IDs as ``{id}``.
        call: makes the request.
        loses: what the exporter does without where the credential or the organization does not have the endpoint.
    """

    endpoint: str
    call: Callable[[], Rows]
    loses: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What probes are made for.

    Args:
        api: of the organization.
        settings: which collectors are enabled, and by what usage is grouped.
        source: auto, legacy, analytics or org-scoped.
        now: seconds since 1970 UTC; the last two whole hours and three whole days are read.
    """

    api: AdminApi
    settings: Settings
    source: str
    now: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one probe."""

    endpoint: str
    usable: bool
    status: str
    rows: int | None
    advice: str

    @property
    def row(self) -> tuple[str, ...]:
        """The cells of the table."""
        return (self.endpoint, self.status, "-" if self.rows is None else str(self.rows), self.advice)


def attempt(probe: Probe, *, inference_key: bool) -> Outcome:
    """Make one request and judge the answer."""
    try:
        rows = probe.call()
    except EmptyRange:
        return Outcome(probe.endpoint, usable=True, status="ok", rows=0, advice="")
    except PollError as error:
        status = "no answer" if error.status is None else str(error.status)
        advice = f"{error}: {_advice(error, inference_key=inference_key)}"
        if isinstance(error, NotSupported):
            advice += f"; without it {probe.loses}"
        return Outcome(probe.endpoint, usable=False, status=status, rows=None, advice=advice)
    return Outcome(probe.endpoint, usable=True, status="ok", rows=rows.count, advice=rows.remark)


def _advice(error: PollError, *, inference_key: bool) -> str:
    if inference_key and isinstance(error, AuthError | NotSupported):
        return INFERENCE_KEY_ADVICE
    return error.advice or next(advice for kind, advice in _ADVICE if isinstance(error, kind))


def probes(asked: Asked) -> Iterator[Probe]:
    """Yield what the enabled collectors of one organization would read. Another kind of data is another group."""
    for group in (_organization, _inventory, _usage, _cost):
        yield from group(asked)


def _organization(asked: Asked) -> Iterator[Probe]:
    yield Probe(
        "/v1/organizations/me",
        lambda: Rows(int(bool(asked.api.organization()))),
        "organization_id is the ID of the response header, and there is no anthropic_organization_info",
    )


def _inventory(asked: Asked) -> Iterator[Probe]:
    if not asked.settings.inventory.enabled:
        return
    api = asked.api
    default: str | None = None

    def workspaces() -> Rows:
        nonlocal default
        found, default = api.workspaces()
        return Rows(len(found))

    yield Probe("/v1/organizations/workspaces", workspaces, "workspaces have no names and are not counted")
    yield Probe("/v1/organizations/users", lambda: Rows(len(api.members())), "members are not counted")
    yield Probe("/v1/organizations/invites", lambda: Rows(len(api.invites())), "invites are not counted")
    yield Probe(
        "/v1/organizations/api_keys",
        lambda: Rows(len(api.api_keys(default)[0])),
        "keys have no names, ages or expiry dates",
    )


def _usage(asked: Asked) -> Iterator[Probe]:
    if not asked.settings.usage.enabled:
        return
    end, group_by = floor(asked.now, HOUR), asked.settings.usage.group_by
    if asked.source in {"auto", "legacy"}:
        yield Probe(
            "/v1/organizations/usage_report/messages",
            lambda: _usage_report(asked.api, end, group_by),
            "tokens come from analytics/usage, hours later" if asked.source == "auto" else "there are no tokens",
        )
    if asked.source != "legacy":
        dimensions = tuple(name for name in group_by if name not in _LEGACY_ONLY)
        yield Probe(
            "/v1/organizations/analytics/usage",
            lambda: _rows(
                asked.api.analytics_usage(
                    # The report is hours behind: the last whole day has rows at any hour, also of the night.
                    starting_at=floor(asked.now, DAY) - DAY,
                    ending_at=floor(asked.now, DAY),
                    width="1d",
                    dimensions=dimensions,
                    default_workspace=None,
                )
            ),
            "requests are not counted" if asked.source == "auto" else "there are no tokens and no requests",
        )


def _usage_report(api: AdminApi, end: int, dimensions: tuple[str, ...]) -> Rows:
    """Read the report as the collector does: without ``speed`` where upstream refuses to group by it."""

    def read(by: tuple[str, ...]) -> Rows:
        return _rows(
            api.usage_report(starting_at=end - 2 * HOUR, ending_at=end, width="1h", dimensions=by, rows_per_bucket=0)
        )

    try:
        return read(dimensions)
    except EmptyRange:
        raise
    except BadRequest:
        if "speed" not in dimensions:
            raise
    found = read(tuple(name for name in dimensions if name != "speed"))
    return Rows(found.count, "upstream refuses to group by speed; fast mode is not told apart")


def _cost(asked: Asked) -> Iterator[Probe]:
    if not asked.settings.cost.enabled:
        return
    end = floor(asked.now, DAY)
    window = {"starting_at": end - 3 * DAY, "ending_at": end}
    if asked.source in {"auto", "legacy"}:
        yield Probe(
            "/v1/organizations/cost_report",
            lambda: _rows(asked.api.cost_report(**window)),
            "billed cost comes from analytics/cost alone" if asked.source == "auto" else "there is no billed cost",
        )
    if asked.source != "legacy":
        yield Probe(
            "/v1/organizations/analytics/cost",
            lambda: _rows(
                asked.api.analytics_cost(
                    **window,
                    width="1d",
                    dimensions=("workspace_id", "model"),
                    fan_out=False,
                    default_workspace=None,
                )
            ),
            "there is no list cost, no cost per key and no figure for today"
            if asked.source == "auto"
            else "there is no billed cost",
        )


def _rows(reading: Reading[Any]) -> Rows:
    return Rows(sum(len(bucket.rows) for bucket in reading.buckets))
