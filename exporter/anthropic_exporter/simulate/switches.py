"""Everything about the fake that can be chosen, at the start or while it runs."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from types import UnionType
from typing import Any, Literal, get_args, get_origin

Generation = Literal["both", "legacy", "analytics", "org-scoped"]
Fault = Literal[
    "rate_limited",  # 429 with retry-after
    "rate_limited_reset",  # 429 with anthropic-ratelimit-requests-reset only
    "rate_limited_bare",  # 429 that says nothing
    "unauthorized",  # 401
    "forbidden",  # 403
    "not_found",  # 404
    "wrong_kind",  # 400 organization_type_not_supported
    "not_enrolled",  # 400 organization_not_enrolled_in_beta
    "internal_error",  # 500
    "unavailable",  # 503
    "timeout",  # 504
    "overloaded",  # 529
    "html",  # 502 with a page of a proxy
    "html_ok",  # 200 with a page of a proxy
    "truncated",  # 200, JSON that stops in the middle
    "broken_off",  # 200, connection closed before all promised bytes
    "empty",  # 200 without a body
    "reset",  # the connection is reset before an answer
    "slow",  # the answer comes after slow_seconds
    "slow_loris",  # the answer comes byte by byte over slow_seconds
    "unknown_fields",  # keys that no document knows
    "unknown_values",  # a word in an enumeration that no document knows
    "missing_fields",  # a documented key is not there
    "expired_cursor",  # 410 for every request with a cursor
    "looping_cursor",  # a cursor leads back to its own page
]


class InvalidSwitch(ValueError):  # noqa: N818 - it names what is wrong, as the other refusals do
    """A switch that does not exist or a value it cannot take; the message says which."""


@dataclass(frozen=True, slots=True)
class Switches:
    """How faithful, how late and how broken the fake is. Durations are seconds."""

    # What exists
    generation: Generation = "both"  # org-scoped: only the dialect of that name
    generation_off_status: int = 404  # or 403: the answer of the generation that is off
    claude_code: bool = True
    rate_limits: bool = True
    spend_limits: bool = True  # False: 400 organization_not_enrolled_in_beta
    console: bool = True  # what only a Console organization has
    enterprise: bool = False  # what only a Claude Enterprise organization has; both: a demonstration of all there is
    enterprise_status: int = 403  # of what only Enterprise has, where that is off
    compliance: bool = False  # the key may read the compliance feed
    spend_unavailable: bool = False  # spend of members reads "0" for the moment

    # When data appears
    visibility_delay: float = 300.0  # of the legacy reports
    cost_delay: float = 0.0  # of cost_report, when longer than visibility_delay
    lateness: float = 0.0  # how late the latest straggler is; 0: none
    revisions: bool = False  # usage is corrected downwards afterwards
    refresh_step: float = 14_400.0  # of the analytics export
    refresh_lag: float = 0.0  # an export is served that long after it was made
    open_bucket: bool = True  # legacy: the bucket that is still running is served
    analytics_open_bucket: bool = True
    cost_completed_days_only: bool = True
    claude_code_delay: float = 3600.0

    # Manners
    page_cap: int = 0  # largest page, whatever limit asks for; 0: as documented
    speed_needs_beta: bool = False  # usage_report/messages takes speed only with its beta header
    missing_beta_status: int = 400  # or 404: analytics without its beta header
    reject_unknown_parameters: bool = True
    requests_per_minute: int = 0  # more than that in 60 s get a 429; 0: no limit
    accepted_keys: tuple[str, ...] | None = field(default=None, repr=False)  # None: every sk-ant-admin01-… key

    # What goes wrong
    faults: tuple[Fault, ...] = ()
    fault_rate: float = 1.0
    fault_paths: tuple[str, ...] = ()  # prefixes; none: every path of the API
    fault_limit: int = 0  # only the first so many requests that are hit; 0: no end
    fault_seed: int = 1
    retry_after: float = 1.0
    slow_seconds: float = 5.0

    def __post_init__(self) -> None:
        """Refuse numbers that mean nothing."""
        if not 0 <= self.fault_rate <= 1:
            raise InvalidSwitch(f"fault_rate: expected 0 to 1, found {self.fault_rate}")
        if self.refresh_step <= 0:
            raise InvalidSwitch(f"refresh_step: expected more than 0, found {self.refresh_step}")
        for each in fields(self):
            value = getattr(self, each.name)
            # Not "< 0": NaN, which JSON may hold here, is not that either.
            if isinstance(value, int | float) and each.name != "fault_seed" and not value >= 0:
                raise InvalidSwitch(f"{each.name}: expected 0 or more, found {value}")

    def changed(self, values: Mapping[str, Any]) -> "Switches":
        """Make the switches with some of them set to values as they come from JSON.

        Raises:
            InvalidSwitch: an unknown name, or a value of the wrong type.
        """
        types = {each.name: each.type for each in fields(self)}
        unknown = sorted(set(values) - set(types))
        if unknown:
            raise InvalidSwitch(f"{unknown[0]}: no such switch; there are {', '.join(types)}")
        return replace(self, **{name: _read(name, value, types[name]) for name, value in values.items()})

    def public(self) -> dict[str, Any]:
        """Show all values, of the keys only how many there are."""
        shown: dict[str, Any] = {
            each.name: getattr(self, each.name) for each in fields(self) if each.name != "accepted_keys"
        }
        return shown | {"accepted_keys": None if self.accepted_keys is None else len(self.accepted_keys)}


#: Data arrives as in life: a little late, and not always right at first.
LIVELY = Switches(lateness=2700.0, revisions=True)
#: The same of an organization that has everything at once, as none in life.
EVERYTHING = replace(LIVELY, enterprise=True, compliance=True)


def _read(name: str, value: Any, kind: Any) -> Any:  # noqa: ANN401 - both come from reflection
    """Check one JSON value against the type of its field, and make lists tuples."""
    found = "something else" if name == "accepted_keys" else repr(value)  # a key is never repeated
    if get_origin(kind) is Literal:
        if value not in get_args(kind):
            raise InvalidSwitch(f"{name}: expected one of {', '.join(get_args(kind))}; found {found}")
        return value
    if isinstance(kind, UnionType):
        return None if value is None else _read(name, value, get_args(kind)[0])
    if get_origin(kind) is tuple:
        if not isinstance(value, list | tuple):
            raise InvalidSwitch(f"{name}: expected a list, found {found}")
        return tuple(_read(name, each, get_args(kind)[0]) for each in value)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise InvalidSwitch(f"{name}: expected {kind.__name__}, found {found}")
    return value
