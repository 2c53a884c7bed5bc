"""An AdminApi over answers that a test writes, with time that passes only when the program waits."""

import threading
from collections.abc import Callable

import httpx

from anthropic_exporter.api.admin import AdminApi
from anthropic_exporter.api.breaker import Breaker
from anthropic_exporter.api.pacing import Pacer
from anthropic_exporter.api.reader import Reader
from anthropic_exporter.api.retry import Policy
from anthropic_exporter.api.transport import Transport

CANARY = "sk-ant-admin01-canary-never-to-be-seen"
BASE = "https://api.example.com"

Handler = Callable[[httpx.Request], httpx.Response]


class Key:
    """A credential: ``values`` one after another, the next at each refresh."""

    def __init__(self, *values: str) -> None:
        self._values = list(values or (CANARY,))
        self.refreshes = 0

    def value(self) -> str:
        return self._values[0]

    def refresh(self) -> bool:
        self.refreshes += 1
        if len(self._values) == 1:
            return False
        self._values.pop(0)
        return True


class Seen:
    """An observer that keeps what it is told."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str]] = []
        self.drifts: list[tuple[str, str, str]] = []
        self.valid: list[bool] = []

    def request(self, endpoint: str, code: str, seconds: float) -> None:
        assert seconds >= 0
        self.requests.append((endpoint, code))

    def drift(self, endpoint: str, kind: str, name: str) -> None:
        self.drifts.append((endpoint, kind, name))

    def credential(self, valid: bool) -> None:
        self.valid.append(valid)

    @property
    def codes(self) -> list[str]:
        return [code for _, code in self.requests]

    @property
    def kinds(self) -> list[tuple[str, str]]:
        return [(kind, name) for _, kind, name in self.drifts]


class Hourglass(threading.Event):
    """A stop event whose waits take no time: they move ``now`` instead."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1000.0
        self.waits: list[float] = []

    def clock(self) -> float:
        return self.now

    def wait(self, timeout: float | None = None) -> bool:
        assert timeout is not None, "nothing may wait without end"
        self.waits.append(timeout)
        self.now += timeout
        return self.is_set()


class Upstream:
    """Everything around one AdminApi."""

    def __init__(self, handler: Handler, *keys: str, base_url: str = BASE, rate: float = 0) -> None:
        self.sent: list[httpx.Request] = []
        self.key = Key(*keys)
        self.seen = Seen()
        self.stop = Hourglass()
        self.pacer = Pacer(rate, self.stop.clock)
        self.breaker = Breaker(self.stop.clock)

        def recorded(request: httpx.Request) -> httpx.Response:
            self.sent.append(request)
            return handler(request)

        self.transport = httpx.MockTransport(recorded)
        self.api = AdminApi(
            base_url=base_url,
            credential=self.key,
            pacer=self.pacer,
            timeout=5,
            observer=self.seen,
            stop=self.stop,
            transport=self.transport,
            breaker=self.breaker,
        )

    def reader(self, jitter: Callable[[], float] = lambda: 1.0) -> Reader:
        """Give what endpoint modules read through, with waits that are not random."""
        policy = Policy(jitter=jitter, wall=lambda: 0.0)
        return Reader(
            Transport(BASE, 5, self.transport), self.key, self.pacer, self.seen, self.stop, policy, self.breaker
        )


def answers(*replies: httpx.Response | Exception) -> Handler:
    """Give each reply once, in order; one request more is a failure of the test."""
    left = list(replies)

    def handler(request: httpx.Request) -> httpx.Response:
        assert left, f"one request too many: {request.url}"
        reply = left.pop(0)
        if isinstance(reply, Exception):
            raise reply
        return reply

    return handler


def error(
    status: int,
    kind: str = "invalid_request_error",
    message: str = "no",
    code: str | None = None,
    headers: dict[str, str] | None = None,
) -> httpx.Response:
    """Give an error as the API writes it."""
    inner: dict[str, object] = {"type": kind, "message": message}
    if code:
        inner["details"] = {"error_code": code}
    body = {"type": "error", "error": inner, "request_id": "req_test"}
    return httpx.Response(status, json=body, headers={"request-id": "req_test"} | (headers or {}))


def ok(body: object, headers: dict[str, str] | None = None) -> httpx.Response:
    return httpx.Response(200, json=body, headers=headers)


def me(**more: object) -> dict[str, object]:
    return {"id": "7c1f6a52-0000-4b0e-8c1f-2f3f5b8a9d10", "type": "organization", "name": "Harbour Tools"} | more


def usage_row(**more: object) -> dict[str, object]:
    """A row of usage_report/messages with all its documented keys."""
    return {
        "uncached_input_tokens": 10,
        "cache_creation": {"ephemeral_5m_input_tokens": 20, "ephemeral_1h_input_tokens": 30},
        "cache_read_input_tokens": 40,
        "output_tokens": 50,
        "server_tool_use": {"web_search_requests": 6},
        "account_id": None,
        "api_key_id": None,
        "context_window": None,
        "inference_geo": None,
        "model": None,
        "service_account_id": None,
        "service_tier": None,
        "workspace_id": None,
    } | more


def cost_row(**more: object) -> dict[str, object]:
    """A row of cost_report with all its documented keys."""
    return {
        "amount": "123.45",
        "currency": "USD",
        "cost_type": "tokens",
        "description": "Some model, output",
        "model": "claude-sonnet-5-5",
        "service_tier": "standard",
        "context_window": "0-200k",
        "inference_geo": "global",
        "token_type": "output_tokens",
        "workspace_id": None,
    } | more


_GROUP = [
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
]


def group(**more: object) -> dict[str, object]:
    return dict.fromkeys(_GROUP) | more


def usage_line(start: str, end: str, requests: int | None = 3, **dimensions: object) -> dict[str, object]:
    """A row of analytics/usage."""
    return {
        "starting_at": start,
        "ending_at": end,
        "group": group(**dimensions),
        "usage": {
            "uncached_input_tokens": 10,
            "cache_creation": {"ephemeral_5m_input_tokens": 20, "ephemeral_1h_input_tokens": 30},
            "cache_read_input_tokens": 40,
            "output_tokens": 50,
            "total_tokens": 150,
            "requests": requests,
            "server_tool_use": {"web_search_requests": 6},
        },
    }


def cost_line(
    start: str, end: str, amount: object = "100", list_amount: object = "125", **dimensions: object
) -> dict[str, object]:
    """A row of analytics/cost."""
    return {
        "starting_at": start,
        "ending_at": end,
        "group": group(**dimensions),
        "cost": {"amount": amount, "list_amount": list_amount, "currency": "USD", "requests": None},
    }


def bucket(start: str, end: str, *rows: dict[str, object]) -> dict[str, object]:
    return {"starting_at": start, "ending_at": end, "results": list(rows)}


def legacy_page(data: list[dict[str, object]], next_page: str | None = None) -> dict[str, object]:
    return {"data": data, "has_more": next_page is not None, "next_page": next_page}


def report_page(
    data: list[dict[str, object]],
    next_page: str | None = None,
    refreshed: str | None = "2026-11-20T08:00:00Z",
) -> dict[str, object]:
    return legacy_page(data, next_page) | {"data_refreshed_at": refreshed}


def id_page(data: list[dict[str, object]], more: bool = False) -> dict[str, object]:
    ids = [item.get("id") or item.get("user_id") for item in data] or [None]
    return {"data": data, "has_more": more, "first_id": ids[0], "last_id": ids[-1]}
