"""What goes wrong on purpose: which request it hits, and what it then does to the answer."""

from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from .gate import rate_limited
from .noise import dice
from .query import Query
from .refusal import Refusal
from .switches import Fault, Switches

_STATUS = {
    "unauthorized": (401, "invalid x-api-key"),
    "forbidden": (403, "Missing required scopes. Got: [] Needed: ['api:admin']"),
    "not_found": (404, "Not found"),
    "internal_error": (500, "Internal server error"),
    "unavailable": (503, "Service unavailable"),
    "timeout": (504, "Request timed out"),
    "overloaded": (529, "Overloaded"),
}
_NOT_OFFERED = {
    "wrong_kind": ("organization_type_not_supported", "not available for this type of organization"),
    "not_enrolled": ("organization_not_enrolled_in_beta", "This organization is not enrolled in a-beta-of-2026"),
}
_LIMITED = {
    "rate_limited": ("retry-after",),
    "rate_limited_reset": ("anthropic-ratelimit-requests-reset",),
    "rate_limited_bare": (),
}
UNKNOWN_WORD = "from_the_future"
UNKNOWN_FIELD = "field_from_the_future"


@dataclass(slots=True)
class FaultPlan:
    """Chooses the requests to spoil: by path, by chance, and not more than a limit.

    The chance is a function of the seed and of how many requests were looked at before, so a run can be repeated.
    """

    asked: int = 0
    spoiled: int = 0

    def choose(self, path: str, switches: Switches) -> Fault | None:
        """Choose what happens to the next request of a path, or None for nothing."""
        if not switches.faults or (switches.fault_paths and not path.startswith(switches.fault_paths)):
            return None
        if switches.fault_limit and self.spoiled >= switches.fault_limit:
            return None
        sides = dice("fault", switches.fault_seed, self.asked)
        self.asked += 1
        if int.from_bytes(sides[:4]) >= switches.fault_rate * 2**32:
            return None
        self.spoiled += 1
        return switches.faults[sides[5] % len(switches.faults)]


def refuse(fault: Fault, switches: Switches, query: Query, now: float) -> None:
    """Raise the refusal that a fault stands for, if it is one."""
    if fault in _STATUS:
        raise Refusal(*_STATUS[fault])
    if fault in _NOT_OFFERED:
        code, message = _NOT_OFFERED[fault]
        raise Refusal(HTTPStatus.BAD_REQUEST, message, code=code)
    if fault in _LIMITED:
        raise rate_limited(now, switches.retry_after, _LIMITED[fault])
    if fault == "expired_cursor" and query.text("page") is not None:
        raise Refusal(HTTPStatus.GONE, "page: cursor has expired because the data was refreshed; start from page one")


def spoil(fault: Fault | None, answer: dict[str, Any], query: Query) -> dict[str, Any]:
    """Change a good answer in place as a fault demands, and return it."""
    if fault == "looping_cursor":
        _loop(answer, query)
    if fault == "unknown_fields":
        answer[UNKNOWN_FIELD] = {"nested": [1, 2]}
        for row in _rows(answer):
            row[UNKNOWN_FIELD] = "x"
    if fault == "unknown_values":
        _rename(answer)
    if fault == "missing_fields":
        for row in _rows(answer):
            _drop(row)
    return answer


def _loop(answer: dict[str, Any], query: Query) -> None:
    page, after = query.text("page"), query.text("after_id")
    if page is not None:
        answer["next_page"] = page
        if "has_more" in answer:
            answer["has_more"] = True
    elif after is not None:
        answer["last_id"] = after
        answer["has_more"] = True


def _rows(answer: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the rows of any report or list; a single object is its own row."""
    items = answer.get("data")
    if not isinstance(items, list):
        yield answer
        return
    for item in items:
        yield from item.get("results", [item])


def _rename(answer: dict[str, Any]) -> None:
    """Put an unknown word into the first enumeration of the first row that has one."""
    words = ("service_tier", "status", "role", "workspace_role", "organization_role", "customer_type", "cost_type")
    for row in _rows(answer):
        first_limit = next(iter(row.get("limits") or ()), None)
        for holder, names in (
            (row, words),
            (row.get("group"), (*words, "product", "type")),
            (row.get("scope"), ("type",)),
            (first_limit, ("type",)),
            (row, ("type",)),
        ):
            for name in names:
                if isinstance(holder, dict) and isinstance(holder.get(name), str):
                    holder[name] = UNKNOWN_WORD
                    return


def _drop(row: dict[str, Any]) -> None:
    """Take away what a reader cannot do without."""
    for holder in (row, row.get("usage"), row.get("cost")):
        for name in ("output_tokens", "amount", "limits", "id", "user_id", "core_metrics"):
            if isinstance(holder, dict) and name in holder:
                del holder[name]
                return
