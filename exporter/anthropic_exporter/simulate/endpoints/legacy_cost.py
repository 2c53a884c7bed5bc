"""GET /v1/organizations/cost_report: what was billed, in daily buckets."""

from collections import defaultdict
from decimal import Decimal
from typing import Any, NamedTuple

from anthropic_exporter.simulate.call import Answer, Call, cost_view
from anthropic_exporter.simulate.instants import DAY, floor
from anthropic_exporter.simulate.organization import Charge
from anthropic_exporter.simulate.refusal import invalid

from .buckets import EMPTY_RANGE, LIMITS, Window, bounds, group_by, serve, window

GROUP_BY = ("description", "workspace_id")
_TOKENS = {
    "uncached_input_tokens": "Input Tokens",
    "cache_creation.ephemeral_5m_input_tokens": "Input Tokens, Cache Write 5m",
    "cache_creation.ephemeral_1h_input_tokens": "Input Tokens, Cache Write 1h",
    "cache_read_input_tokens": "Input Tokens, Cache Hit",
    "output_tokens": "Output Tokens",
}
_OTHER = {
    "web_search": "Web Search Usage",
    "code_execution": "Code Execution Usage",
    "session_usage": "Session Usage",
}


class Item(NamedTuple):
    """What the bill distinguishes."""

    workspace_id: str | None
    description: str | None
    cost_type: str | None = None
    model: str | None = None
    service_tier: str | None = None
    context_window: str | None = None
    inference_geo: str | None = None
    token_type: str | None = None


def cost_report(call: Call) -> Answer:
    """Answer one page of cost buckets."""
    call.expect("starting_at", "ending_at", "bucket_width", "limit", "page", "group_by[]")
    call.query.choice("bucket_width", ("1d",))
    size = call.page_size(*LIMITS["1d"])
    grouped = group_by(call, GROUP_BY)
    default = call.inventory.default_workspace_id
    seen = cost_view(call.switches, call.now)

    def rows(start: int, end: int) -> list[dict[str, Any]]:
        total: dict[Item, Decimal] = defaultdict(Decimal)
        for charge in call.organization.charges(start, end, seen):
            if charge.line.child is None:
                total[_item(charge, grouped, default)] += charge.amount
        ordered = sorted(total.items(), key=lambda pair: tuple(value or "" for value in pair[0]))
        return [_row(item, amount) for item, amount in ordered if amount]

    return serve(call, _window(call), size, rows)


def _window(call: Call) -> Window:
    """Find the days to serve. Today has no figure yet, and a range that is left empty by that is refused."""
    if not call.switches.cost_completed_days_only:
        return window(call, DAY)
    starting_at, ending_at = bounds(call)
    today = floor(call.now, DAY)
    end = min(today, today if ending_at is None else ending_at)
    if end <= starting_at:
        raise invalid(EMPTY_RANGE)
    return Window(floor(starting_at, DAY), floor(end, DAY), DAY)


def _item(charge: Charge, grouped: tuple[str, ...], default_workspace: str) -> Item:
    line = charge.line
    # The default workspace is a null of its own, and the same null when nobody asked.
    workspace = None if "workspace_id" not in grouped or line.workspace_id == default_workspace else line.workspace_id
    if "description" not in grouped:
        return Item(workspace, None)
    if charge.cost_type != "tokens":
        return Item(workspace, _OTHER[charge.cost_type], charge.cost_type)
    return Item(
        workspace,
        description(charge),
        "tokens",
        line.model,
        line.service_tier,
        line.context_window,
        line.inference_geo,
        charge.token_type,
    )


def description(charge: Charge) -> str:
    """Name a token charge as the bill does: ``Claude Opus 5.5 Usage - Input Tokens``."""
    line = charge.line
    notes = [
        note
        for note, wanted in (
            ("Batch", line.service_tier == "batch"),
            ("Fast Mode", line.speed == "fast"),
            ("US Inference", line.inference_geo == "us"),
            ("Long Context", line.context_window == "200k-1M"),
        )
        if wanted
    ]
    tokens = _TOKENS[charge.token_type or ""]
    return f"{_display(line.model or '')} Usage{''.join(f' ({note})' for note in notes)} - {tokens}"


def _display(model: str) -> str:
    """Turn ``claude-sonnet-4-5-20250929`` into ``Claude Sonnet 4.5``."""
    words = [word for word in model.split("-") if not (word.isdigit() and len(word) == len("20250929"))]
    version = ".".join(word for word in words if word.isdigit())
    return " ".join([*(word.capitalize() for word in words if not word.isdigit()), *([version] if version else [])])


def _row(item: Item, amount: Decimal) -> dict[str, Any]:
    return {
        "amount": plain(amount),
        "currency": "USD",
        "cost_type": item.cost_type,
        "description": item.description,
        "model": item.model,
        "service_tier": item.service_tier,
        "context_window": item.context_window,
        "inference_geo": item.inference_geo,
        "token_type": item.token_type,
        "workspace_id": item.workspace_id,
    }


def plain(amount: Decimal) -> str:
    """Write an amount with as many decimals as it needs and no exponent."""
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
