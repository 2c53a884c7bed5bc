"""The org-scoped dialect: what gateways make of this API, with the ID of an organization in each path."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from anthropic_exporter.simulate.call import Answer, Call, legacy_view
from anthropic_exporter.simulate.instants import rfc3339
from anthropic_exporter.simulate.inventory import Profile
from anthropic_exporter.simulate.line import SEARCHES, Line, add
from anthropic_exporter.simulate.refusal import not_found

from .buckets import WIDTHS, window

_Row = tuple[str, str | None, str | None]


def organizations(call: Call) -> Answer:
    """List the organizations that the key reads, all in one answer."""
    call.expect()
    listed = [{"id": each.id, "name": each.name, "created_at": rfc3339(each.created_at)} for each in _profiles(call)]
    return {"data": listed}


def workspaces(call: Call) -> Answer:
    """List the workspaces that are not archived. Nothing tells the default one from the others."""
    call.expect()
    own = _find(call) is None
    live = [each for each in call.inventory.workspaces if own and each.archived_at is None]
    return {"data": [{"id": each.id, "name": each.name} for each in live]}


def usage_report_messages(call: Call) -> Answer:
    """Answer all buckets at once; a page that is cut short does not say so."""
    call.expect("starting_at", "ending_at", "bucket_width", "workspace_ids[]", "models[]")
    child = _find(call)
    width = call.query.choice("bucket_width", ("1d", "1h")) or "1d"
    models, places = call.query.texts("models[]"), call.query.texts("workspace_ids[]")
    seen = legacy_view(call.switches, call.now)

    def keep(line: Line) -> bool:
        wanted = (not models or line.model in models) and (not places or line.workspace_id in places)
        return wanted and line.kind == "messages" and line.child == child

    def rows(start: int, end: int) -> list[dict[str, Any]]:
        total: dict[_Row, list[int]] = defaultdict(lambda: [0] * 8)
        for line, counts in call.organization.usage(start, end, seen).items():
            if keep(line):
                add(total[line.workspace_id, line.model, line.service_tier], counts)
        # Searches have no field here; a row that is nothing else would be empty.
        return [_row(key, counts) for key, counts in sorted(total.items(), key=repr) if any(counts[:SEARCHES])]

    span = window(call, WIDTHS[width])
    starts = list(span.starts(span.start))[: call.switches.page_cap or None]
    data = [
        {
            "starting_at": rfc3339(start),
            "ending_at": rfc3339(start + span.width),
            "results": rows(start, start + span.width),
        }
        for start in starts
    ]
    return {"data": data, "has_more": False}


def _profiles(call: Call) -> Iterator[Profile]:
    yield call.organization.profile
    yield from call.inventory.children


def _find(call: Call) -> str | None:
    """Return the ID of the child that the path names, None for the organization itself."""
    wanted = call.ids["organization_id"]
    if all(wanted != each.id for each in _profiles(call)):
        raise not_found("Organization not found")
    return None if wanted == call.organization.profile.id else wanted


def _row(key: _Row, counts: list[int]) -> dict[str, Any]:
    workspace, model, tier = key
    return {
        "model": model,
        "workspace_id": workspace,
        "service_tier": tier,
        "input_tokens": counts[0],
        "output_tokens": counts[4],
        "cache_creation_input_tokens": counts[1] + counts[2],
        "cache_read_input_tokens": counts[3],
    }
