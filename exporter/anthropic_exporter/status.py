"""What a person may want to know about the running process: the landing page and readiness read this."""

from dataclasses import dataclass
from typing import Literal

CollectorState = Literal["starting", "ok", "failing", "not supported", "disabled"]


@dataclass(frozen=True, slots=True)
class CollectorStatus:
    """One collector of one organization. Times are seconds since 1970 UTC."""

    name: str
    state: CollectorState
    interval_seconds: float
    last_success: float | None
    duration_seconds: float | None
    error: str  # of the last attempt, "" when it succeeded; never a key or a body
    advice: str  # what to do about it, or ""
    source: str  # the endpoint that serves it, or ""


@dataclass(frozen=True, slots=True)
class OrganizationStatus:
    """One organization of the configuration."""

    alias: str
    id: str  # the alias while it is not known
    name: str  # "" while it is not known
    up: bool | None  # None while that says nothing: no collector has failed, and not all have run
    credential_valid: bool | None  # None until upstream has answered
    newest_usage: float | None  # end of the newest bucket with usage
    newest_cost: float | None
    collectors: tuple[CollectorStatus, ...]
    shown_as: str = ""  # the alias before it that is the same organization, and is shown in its place


@dataclass(frozen=True, slots=True)
class Status:
    """The whole process."""

    ready: bool
    started_at: float
    organizations: tuple[OrganizationStatus, ...]
