"""Pages of lists that are not reports: by ID (style A) and by token (style B)."""

from collections.abc import Sequence
from typing import Any

from anthropic_exporter.simulate.call import Answer, Call
from anthropic_exporter.simulate.cursor import cursor, position
from anthropic_exporter.simulate.refusal import invalid

ID_PAGE = ("limit", "after_id", "before_id")
TOKEN_PAGE = ("limit", "page")


def by_id(call: Call, items: Sequence[dict[str, Any]], id_field: str = "id") -> Answer:
    """Answer the page after or before an ID."""
    size = call.page_size(20, 1000)
    after, before = call.query.text("after_id"), call.query.text("before_id")
    if after is not None and before is not None:
        raise invalid("Only one of after_id and before_id can be given")
    ids = [item[id_field] for item in items]
    if before is not None:
        end = _index(ids, before, "before_id")
        start = max(0, end - size)
        more = start > 0
    else:
        start = 0 if after is None else _index(ids, after, "after_id") + 1
        end = start + size
        more = end < len(items)
    page = items[start:end]
    return {
        "data": page,
        "has_more": more,
        "first_id": page[0][id_field] if page else None,
        "last_id": page[-1][id_field] if page else None,
    }


def by_token(call: Call, items: Sequence[dict[str, Any]], default: int = 20) -> Answer:
    """Answer the page that a token leads to. There is no ``has_more``."""
    size = call.page_size(default, 1000)
    start = position(call) or 0
    end = start + size
    return {"data": items[start:end], "next_page": cursor(call, end) if end < len(items) else None}


def _index(ids: list[str], wanted: str, name: str) -> int:
    if wanted not in ids:
        raise invalid(f"{name}: Invalid cursor")
    return ids.index(wanted)
