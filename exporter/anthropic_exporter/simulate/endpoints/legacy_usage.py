"""GET /v1/organizations/usage_report/messages: tokens in fixed buckets."""

from collections import defaultdict
from collections.abc import Callable
from typing import Any

from anthropic_exporter.simulate.call import Answer, Call, legacy_view
from anthropic_exporter.simulate.line import SEARCHES, Line, add
from anthropic_exporter.simulate.refusal import invalid

from .buckets import LIMITS, WIDTHS, group_by, serve, window

GROUP_BY = (
    "account_id",
    "api_key_id",
    "context_window",
    "inference_geo",
    "model",
    "service_account_id",
    "service_tier",
    "speed",
    "workspace_id",
)
SERVICE_TIERS = ("standard", "batch", "priority", "priority_on_demand", "flex", "flex_discount")
CONTEXT_WINDOWS = ("0-200k", "200k-1M")
INFERENCE_GEOS = ("global", "us", "not_available")
SPEEDS = ("standard", "fast")
FAST_MODE_BETA = "fast-mode-2026-02-01"

#: parameter -> (dimension, allowed words or None for any). context_window is singular here, as documented.
FILTERS: dict[str, tuple[str, tuple[str, ...] | None]] = {
    "account_ids[]": ("account_id", None),
    "api_key_ids[]": ("api_key_id", None),
    "context_window[]": ("context_window", CONTEXT_WINDOWS),
    "inference_geos[]": ("inference_geo", INFERENCE_GEOS),
    "models[]": ("model", None),
    "service_account_ids[]": ("service_account_id", None),
    "service_tiers[]": ("service_tier", SERVICE_TIERS),
    "speeds[]": ("speed", SPEEDS),
    "workspace_ids[]": ("workspace_id", None),
}


def usage_report_messages(call: Call) -> Answer:
    """Answer one page of usage buckets."""
    call.expect("starting_at", "ending_at", "bucket_width", "limit", "page", "group_by[]", *FILTERS)
    width = call.query.choice("bucket_width", tuple(WIDTHS)) or "1d"
    size = call.page_size(*LIMITS[width])
    grouped = group_by(call, GROUP_BY)
    if call.switches.speed_needs_beta and FAST_MODE_BETA not in call.betas:
        _refuse_speed(call, grouped)
    keep = _filter(call)
    default = call.inventory.default_workspace_id
    seen = legacy_view(call.switches, call.now)

    def rows(start: int, end: int) -> list[dict[str, Any]]:
        total: dict[tuple[str | None, ...], list[int]] = defaultdict(lambda: [0] * 8)
        for line, counts in call.organization.usage(start, end, seen).items():
            if keep(line):
                add(total[tuple(getattr(line, name) for name in grouped)], counts)
        ordered = sorted(total.items(), key=lambda row: tuple(value or "" for value in row[0]))
        return [_row(dict(zip(grouped, key, strict=True)), counts, default) for key, counts in ordered]

    return serve(call, window(call, WIDTHS[width]), size, rows)


def _refuse_speed(call: Call, grouped: tuple[str, ...]) -> None:
    if "speed" in grouped or call.query.texts("speeds[]"):
        raise invalid(f"speed requires the {FAST_MODE_BETA} beta header")


def _filter(call: Call) -> Callable[[Line], bool]:
    """Read all filters; a line passes if each filter that was sent names its value."""
    wanted: list[tuple[str, frozenset[str]]] = []
    for name, (dimension, words) in FILTERS.items():
        values = call.query.texts(name) if words is None else call.query.choices(name, words)
        if values:
            wanted.append((dimension, frozenset(values)))

    def keep(line: Line) -> bool:
        # Only inference is in this report: code execution and subscriptions are not, nor are children.
        return (
            line.kind == "messages"
            and line.child is None
            and all(getattr(line, name) in values for name, values in wanted)
        )

    return keep


def _row(key: dict[str, str | None], counts: list[int], default_workspace: str) -> dict[str, Any]:
    workspace = key.get("workspace_id")
    row: dict[str, Any] = {
        "uncached_input_tokens": counts[0],
        "cache_creation": {"ephemeral_1h_input_tokens": counts[2], "ephemeral_5m_input_tokens": counts[1]},
        "cache_read_input_tokens": counts[3],
        "output_tokens": counts[4],
        "server_tool_use": {"web_search_requests": counts[SEARCHES]},
        "account_id": key.get("account_id"),
        "api_key_id": key.get("api_key_id"),
        "context_window": key.get("context_window"),
        "inference_geo": key.get("inference_geo"),
        "model": key.get("model"),
        "service_account_id": key.get("service_account_id"),
        "service_tier": key.get("service_tier"),
        "workspace_id": None if workspace == default_workspace else workspace,
    }
    if "speed" in key:  # not among the documented keys; there when it was asked for
        row["speed"] = key["speed"]
    return row
