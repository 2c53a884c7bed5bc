"""What ``check`` asks the Admin API: each endpoint that an enabled collector reads, once."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from anthropic_exporter.api.admin import AdminApi
from anthropic_exporter.config import Settings
from anthropic_exporter.errors import AuthError, EmptyRange, NotSupported, PollError, RateLimited, Unavailable
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
class Probe:
    """One request: the endpoint with IDs as ``{id}``, and a call that returns how many rows there are."""

    endpoint: str
    call: Callable[[], int]


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
        return Outcome(probe.endpoint, usable=True, status="ok", rows=probe.call(), advice="")
    except EmptyRange:
        return Outcome(probe.endpoint, usable=True, status="ok", rows=0, advice="")
    except PollError as error:
        status = "no answer" if error.status is None else str(error.status)
        advice = _advice(error, inference_key=inference_key)
        return Outcome(probe.endpoint, usable=False, status=status, rows=None, advice=f"{error}: {advice}")


def _advice(error: PollError, *, inference_key: bool) -> str:
    if inference_key and isinstance(error, AuthError | NotSupported):
        return INFERENCE_KEY_ADVICE
    return error.advice or next(advice for kind, advice in _ADVICE if isinstance(error, kind))


def probes(api: AdminApi, settings: Settings, source: str, now: float) -> Iterator[Probe]:
    """Yield what the enabled collectors of one organization would read.

    Args:
        api: of the organization.
        settings: which collectors are enabled, and by what usage is grouped.
        source: auto, legacy, analytics or org-scoped.
        now: seconds since 1970 UTC; the last two whole hours and three whole days are read.
    """
    yield Probe("/v1/organizations/me", lambda: int(bool(api.organization())))
    if settings.inventory.enabled:
        yield from _inventory(api)
    if settings.usage.enabled:
        yield from _usage(api, settings.usage.group_by, source, floor(now, HOUR))
    if settings.cost.enabled:
        yield from _cost(api, source, floor(now, DAY))


def _inventory(api: AdminApi) -> Iterator[Probe]:
    default: str | None = None

    def workspaces() -> int:
        nonlocal default
        found, default = api.workspaces()
        return len(found)

    yield Probe("/v1/organizations/workspaces", workspaces)
    yield Probe("/v1/organizations/users", lambda: len(api.members()))
    yield Probe("/v1/organizations/invites", lambda: len(api.invites()))
    yield Probe("/v1/organizations/api_keys", lambda: len(api.api_keys(default)[0]))


def _usage(api: AdminApi, group_by: tuple[str, ...], source: str, end: int) -> Iterator[Probe]:
    window = {"starting_at": end - 2 * HOUR, "ending_at": end}
    if source in {"auto", "legacy"}:
        yield Probe(
            "/v1/organizations/usage_report/messages",
            lambda: _rows(api.usage_report(**window, width="1h", dimensions=group_by, rows_per_bucket=0)),
        )
    if source != "legacy":
        dimensions = tuple(name for name in group_by if name not in _LEGACY_ONLY)
        yield Probe(
            "/v1/organizations/analytics/usage",
            lambda: _rows(api.analytics_usage(**window, width="1h", dimensions=dimensions, default_workspace=None)),
        )


def _cost(api: AdminApi, source: str, end: int) -> Iterator[Probe]:
    window = {"starting_at": end - 3 * DAY, "ending_at": end}
    if source in {"auto", "legacy"}:
        yield Probe("/v1/organizations/cost_report", lambda: _rows(api.cost_report(**window)))
    if source != "legacy":
        yield Probe(
            "/v1/organizations/analytics/cost",
            lambda: _rows(
                api.analytics_cost(
                    **window,
                    width="1d",
                    dimensions=("workspace_id", "model"),
                    fan_out=False,
                    default_workspace=None,
                )
            ),
        )


def _rows(reading: Reading[Any]) -> int:
    return sum(len(bucket.rows) for bucket in reading.buckets)
