"""GET /v1/organizations/usage_report/claude_code: what people and machines did with Claude Code on one day."""

from collections import defaultdict
from typing import Any

from anthropic_exporter.simulate.call import Answer, Call
from anthropic_exporter.simulate.cursor import cursor, position
from anthropic_exporter.simulate.instants import DAY, floor, rfc3339
from anthropic_exporter.simulate.line import REQUESTS, Counts, Line, Seen, add
from anthropic_exporter.simulate.noise import dice
from anthropic_exporter.simulate.prices import rates
from anthropic_exporter.simulate.refusal import invalid, not_found

_TOOLS = ("edit_tool", "multi_edit_tool", "write_tool", "notebook_edit_tool")


def usage_report_claude_code(call: Call) -> Answer:
    """Answer one page of a day's records. A record is one actor at one terminal; an actor may have several."""
    if not call.switches.claude_code:
        raise not_found()
    call.expect("starting_at", "limit", "page")
    call.query.required("starting_at")
    day = call.query.date("starting_at")
    size = call.page_size(20, 1000)
    if day is None:
        raise invalid("starting_at: Field required")
    # The first page decides what the walk sees, so that no record is missed or doubled while data arrives.
    found = position(call)
    boundary, first = divmod(found, 1_000_000) if found is not None else (_boundary(call), 0)
    records = call.memo.get(
        ("claude_code", day, boundary, call.organization.revision, call.switches), lambda: _records(call, day, boundary)
    )
    last = first + size
    more = last < len(records)
    return {
        "data": records[first:last],
        "has_more": more,
        "next_page": cursor(call, boundary * 1_000_000 + last) if more else None,
    }


def _boundary(call: Call) -> int:
    return floor(call.now - call.switches.claude_code_delay, 60)


def _records(call: Call, day: int, boundary: int) -> list[dict[str, Any]]:
    emails = {user.id: user.email for user in call.inventory.users}
    keys = {key.id: key.name for key in call.inventory.api_keys}
    seen = Seen(boundary, boundary, 0, revised=False)
    lines: dict[tuple[str, str, str, str], dict[str, list[int]]] = defaultdict(dict)
    for line, counts in call.organization.usage(day, day + DAY, seen).items():
        if line.product != "claude_code" or line.model is None or not counts[REQUESTS]:
            continue
        actor = _actor(line, emails, keys)
        add(lines[(*actor, line.kind, line.terminal or "other")].setdefault(line.model, [0] * 8), counts)
    return [
        _record(call, day, key, {model: _counts(values) for model, values in models.items()})
        for key, models in sorted(lines.items())
    ]


def _actor(line: Line, emails: dict[str, str], keys: dict[str, str]) -> tuple[str, str]:
    if line.account_id is not None:
        return "user_actor", emails.get(line.account_id, line.account_id)
    return "api_actor", keys.get(line.api_key_id or "", line.api_key_id or "unknown")


def _record(call: Call, day: int, key: tuple[str, str, str, str], models: dict[str, Counts]) -> dict[str, Any]:
    kind, name, line_kind, terminal = key
    requests = sum(counts[REQUESTS] for counts in models.values())
    habits = dice(name, terminal, day)
    person = kind == "user_actor"
    subscription = line_kind == "subscription"
    edits = requests * (habits[0] % 20 + 10) // 100 if person else 0
    return {
        "date": rfc3339(day),
        "actor": {"type": kind, "email_address" if person else "api_key_name": name},
        "organization_id": call.organization.profile.id,
        "customer_type": "subscription" if subscription else "api",
        "subscription_type": "team" if subscription else None,
        "terminal_type": terminal,
        "is_remote": not person,
        "core_metrics": {
            "num_sessions": requests // (45 if person else 6) + 1,
            "lines_of_code": {"added": edits * (habits[1] % 12 + 6), "removed": edits * (habits[2] % 5 + 1)},
            "commits_by_claude_code": edits // 9,
            "pull_requests_by_claude_code": edits // 40,
        },
        "tool_actions": {
            tool: {"accepted": edits * share // 100, "rejected": edits * share // 1100}
            for tool, share in zip(_TOOLS, (72, 8, 17, 3), strict=True)
        }
        if person
        else {},
        "model_breakdown": [
            {
                "model": model,
                "tokens": {
                    "input": counts[0],
                    "output": counts[4],
                    "cache_read": counts[3],
                    "cache_creation": counts[1] + counts[2],
                },
                "estimated_cost": {"currency": "USD", "amount": _cents(model, counts, day)},
            }
            for model, counts in sorted(models.items())
        ],
    }


def _cents(model: str, counts: Counts, day: int) -> int:
    """Estimate as the real report does: whole cents at the standard price, whatever the speed or the region was."""
    found = rates(model, day, tier="standard", geo="global", speed="standard", long=False)
    return round(sum(rate * tokens for rate, tokens in zip(found, counts, strict=False))) if found else 0


def _counts(values: list[int]) -> Counts:
    a, b, c, d, e, f, g, h = values
    return (a, b, c, d, e, f, g, h)
