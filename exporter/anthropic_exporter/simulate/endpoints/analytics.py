"""What the two flat reports have in common: range, grouping, filters, pages, the export that they are served from."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from anthropic_exporter.simulate.call import Answer, Call, refreshed_at
from anthropic_exporter.simulate.cursor import cursor, position
from anthropic_exporter.simulate.instants import DAY, HOUR, date, floor, rfc3339
from anthropic_exporter.simulate.line import Line
from anthropic_exporter.simulate.refusal import Refusal, invalid

from .buckets import EMPTY_RANGE, MAX_GROUP_BY, WIDTHS
from .legacy_usage import CONTEXT_WINDOWS, INFERENCE_GEOS, SERVICE_TIERS, SPEEDS

BETA = "analytics-usage-cost-2026-08-24"
FIRST_DAY = date("2026-01-01")
LOOKBACK = 365 * DAY
LONGEST = 31 * DAY

DIMENSIONS = (
    "actor",
    "actor_type",
    "agent_id",
    "api_key_id",
    "claude_tag_category",
    "claude_tag_user_id",
    "context_window",
    "deployment_id",
    "environment_id",
    "inference_geo",
    "model",
    "organization_id",
    "product",
    "rbac_group_id",
    "service_tier",
    "session_id",
    "slack_channel_id",
    "speed",
    "user_profile_id",
    "workspace_id",
)
ACTOR_TYPES = ("api_actor", "federated_actor", "service_account_actor", "user_actor")
PRODUCTS = (
    "chat",
    "chat_cowork_unified",
    "claude_code",
    "claude_console",
    "claude_design",
    "claude_in_chrome",
    "claude_tag",
    "cowork",
    "managed_agents_api",
    "message_batches_api",
    "messages_api",
    "office_agent",
)
TAG_CATEGORIES = ("dm", "engaged", "monitoring", "proactive", "scheduled")

#: parameter -> (dimension, allowed words or None for any)
FILTERS: dict[str, tuple[str, tuple[str, ...] | None]] = {
    "models[]": ("model", None),
    "workspace_ids[]": ("workspace_id", None),
    "api_key_ids[]": ("api_key_id", None),
    "actor_types[]": ("actor_type", ACTOR_TYPES),
    "service_tiers[]": ("service_tier", SERVICE_TIERS),
    "context_windows[]": ("context_window", CONTEXT_WINDOWS),
    "inference_geos[]": ("inference_geo", INFERENCE_GEOS),
    "speeds[]": ("speed", SPEEDS),
    "products[]": ("product", PRODUCTS),
    "agent_ids[]": ("agent_id", None),
    "session_ids[]": ("session_id", None),
    "deployment_ids[]": ("deployment_id", None),
    "environment_ids[]": ("environment_id", None),
    "user_profile_ids[]": ("user_profile_id", None),
    "rbac_group_ids[]": ("rbac_group_id", None),
    "claude_tag_categories[]": ("claude_tag_category", TAG_CATEGORIES),
    "claude_tag_user_ids[]": ("claude_tag_user_id", None),
    "slack_channel_ids[]": ("slack_channel_id", None),
    "organization_ids[]": ("organization_id", None),
}
PARAMETERS = (
    "starting_at",
    "ending_at",
    "time_bucket_width",
    "group_by[]",
    "limit",
    "page",
    "order",
    "order_by",
    "actor_ids[]",
    "exclude_deleted_users",
    *FILTERS,
)

Value = str | tuple[str, str] | None
Key = tuple[Value, ...]
Entry = TypeVar("Entry")


@dataclass(frozen=True, slots=True)
class Span:
    """The range asked for; ``width`` is None where one row stands for all of it."""

    start: int
    end: int
    width: int | None

    def buckets(self, export: float, *, running: bool) -> Iterator[tuple[int, int]]:
        """Yield (start, end) of the buckets that an export knows; with ``running`` also the one it cuts."""
        if self.width is None:
            start, end = floor(self.start, HOUR), floor(self.end, HOUR)
            if start < end:
                yield start, end
            return
        for start in range(floor(self.start, self.width), self.end, self.width):
            if start < export and (running or start + self.width <= export):
                yield start, start + self.width


def require_beta(call: Call) -> None:
    """Refuse a call without the beta header."""
    if BETA not in call.betas:
        raise Refusal(call.switches.missing_beta_status, f"This endpoint requires the anthropic-beta header: {BETA}")


def read_span(call: Call) -> Span:
    """Read and check the range."""
    call.query.required("starting_at")
    start, end = call.query.instant("starting_at"), call.query.instant("ending_at")
    width = call.query.choice("time_bucket_width", tuple(WIDTHS))
    assert start is not None  # noqa: S101 - required() has seen it
    if start < FIRST_DAY:
        raise invalid("starting_at: must not be before 2026-01-01T00:00:00Z")
    if start < call.now - LOOKBACK:
        raise invalid("starting_at: must be within the last 365 days")
    if end is None:
        if width is not None:
            raise invalid("ending_at: Field required when time_bucket_width is set")
        end = min(int(call.now), start + LONGEST)
    if end <= start:
        raise invalid(EMPTY_RANGE)
    if end - start > LONGEST:
        raise invalid("Invalid date range: the range must not exceed 31 days")
    if width == "1m" and end - start > DAY:
        raise invalid("Invalid date range: the range must not exceed 24 hours with time_bucket_width 1m")
    return Span(start, end, None if width is None else WIDTHS[width])


def read_group_by(call: Call, more: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Read ``group_by[]``; the entries in ``more`` are allowed and not counted."""
    names = call.query.choices("group_by[]", (*DIMENSIONS, *more))
    if len([name for name in names if name not in more]) > MAX_GROUP_BY:
        raise invalid(f"Cannot specify more than {MAX_GROUP_BY} group_by[] dimensions.")
    if call.query.flag("exclude_deleted_users") and "actor" not in names:
        raise invalid("exclude_deleted_users: requires group_by[]=actor")
    return names


def read_filter(call: Call) -> Callable[[Line], bool]:
    """Read all filters; a line passes if each filter that was sent names its value."""
    wanted: list[tuple[str, frozenset[Value]]] = []
    for name, (dimension, words) in FILTERS.items():
        values = call.query.texts(name) if words is None else call.query.choices(name, words)
        if values:
            # An empty entry is usage without a key; a region that is unset is filtered by a word.
            wanted.append((dimension, frozenset(None if each in ("", "not_available") else each for each in values)))
    actors = frozenset(call.query.texts("actor_ids[]"))
    organization = call.organization.profile.id

    def keep(line: Line) -> bool:
        if actors and actor(line)[1] not in actors:
            return False
        return all(value(line, name, organization) in values for name, values in wanted)

    return keep


def actor(line: Line) -> tuple[str, str] | tuple[None, None]:
    """Attribute usage: to the user, else the service account, else the key, else to nobody."""
    if line.account_id is not None:
        return "user_actor", line.account_id
    if line.service_account_id is not None:
        return "service_account_actor", line.service_account_id
    if line.api_key_id is not None:
        return "api_actor", line.api_key_id
    return None, None


def value(line: Line, name: str, organization: str) -> Value:
    """Read one dimension of a line as these reports have it."""
    if name == "actor":
        kind, identity = actor(line)
        return None if kind is None or identity is None else (kind, identity)
    if name == "actor_type":
        return actor(line)[0]
    if name == "organization_id":
        return line.child or organization
    if name == "inference_geo":
        return None if line.inference_geo == "not_available" else line.inference_geo
    found: str | None = getattr(line, name, None)
    return found


def group(call: Call, grouped: tuple[str, ...], key: Key, more: tuple[str, ...] = ()) -> dict[str, Any]:
    """Render the dimensions of a row: all of them, null where they were not asked for."""
    rendered: dict[str, Any] = dict.fromkeys(sorted((*DIMENSIONS, *more)))
    rendered.update(zip(grouped, key, strict=True))
    if isinstance(rendered["actor"], tuple):
        rendered["actor"] = _actor(call, *rendered["actor"])
    return rendered


def _actor(call: Call, kind: str, identity: str) -> dict[str, Any]:
    if kind == "api_actor":
        return {"type": kind, "api_key_id": identity}
    if kind == "service_account_actor":
        return {"type": kind, "service_account_id": identity}
    people = {user.id: user for user in call.inventory.users}
    person = people.get(identity)
    return {
        "type": kind,
        "user_id": identity,
        "email_address": person.email if person else None,
        "name": person.name if person else None,
        "deleted": person is None,
    }


def serve(
    call: Call, span: Span, size: int, make: Callable[[], list[Entry]], render: Callable[[Entry], list[dict[str, Any]]]
) -> Answer:
    """Answer one page. ``make`` gives all entries in order, and is kept; an entry of several rows counts as one."""
    export = refreshed_at(call.switches, call.now)
    # What was changed by hand is another export too: the rows that come later would stand in other places.
    made = f"{export} {call.organization.revision}"
    start = position(call, made) or 0
    if floor(span.start, HOUR) >= export:
        return {"data": [], "has_more": False, "next_page": None, "data_refreshed_at": None}
    key = (
        call.query.fingerprint(call.path),
        export,
        span,
        call.organization.revision,
        call.switches,
    )
    entries = call.memo.get(key, make)
    end = start + size
    more = end < len(entries)
    return {
        "data": [row for entry in entries[start:end] for row in render(entry)],
        "has_more": more,
        "next_page": cursor(call, end, made) if more else None,
        "data_refreshed_at": rfc3339(export),
    }
