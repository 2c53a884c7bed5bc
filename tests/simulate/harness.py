"""A server for the session whose world each test makes for itself, and shorter ways to ask it."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import httpx

from anthropic_exporter.simulate.instants import instant
from anthropic_exporter.simulate.line import Line
from anthropic_exporter.simulate.organization import Organization
from anthropic_exporter.simulate.scripted import DEFAULT_WORKSPACE, WORKSPACE
from anthropic_exporter.simulate.server import Simulator
from anthropic_exporter.simulate.switches import Switches
from anthropic_exporter.simulate.world import World

KEY = "sk-ant-admin01-canary-of-the-simulator-tests"
NOW = instant("2026-11-19T10:17:23Z")
PROMPT = Switches(visibility_delay=0)
ANALYTICS_BETA = "analytics-usage-cost-2026-08-24"
HEADERS = {
    "x-api-key": KEY,
    "anthropic-version": "2023-06-01",
    "anthropic-beta": f"{ANALYTICS_BETA},spend-limit-reads-2026-09-26",
}
MESSAGES = "usage_report/messages"
EVERYTHING = ("workspace_id", "api_key_id", "model", "service_tier", "inference_geo")


@dataclass
class Clock:
    """A clock that tests set."""

    now: float = NOW

    def __call__(self) -> float:
        return self.now


@dataclass
class Fake:
    """The running simulator, and a client with a good key."""

    simulator: Simulator
    clock: Clock
    client: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        self.client = httpx.Client(base_url=f"{self.simulator.base_url}/v1/organizations/", headers=HEADERS)

    def serve(self, organization: Organization, switches: Switches = PROMPT, now: float = NOW) -> None:
        """Put another world behind the running server."""
        self.clock.now = now
        fresh = World(organization, self.clock, switches)
        for name in World.__slots__:
            setattr(self.simulator.world, name, getattr(fresh, name))

    def get(self, path: str, **params: Any) -> httpx.Response:
        """Ask once. A parameter whose name ends in ``__`` is a list: ``group_by__`` is sent as ``group_by[]``."""
        return self.client.get(path, params=_params(params))

    def ask(self, path: str, **params: Any) -> dict[str, Any]:
        """Ask once, and expect a 200."""
        response = self.get(path, **params)
        assert response.status_code == 200, response.text
        return response.json()

    def walk(self, path: str, **params: Any) -> Iterator[dict[str, Any]]:
        """Ask for all pages of a report or of a token-paged list, and yield their items."""
        while True:
            answer = self.ask(path, **params)
            yield from answer["data"]
            if not answer["next_page"]:
                return
            params["page"] = answer["next_page"]

    def refusal(self, path: str, **params: Any) -> tuple[int, str]:
        """Ask once, and expect an error of the documented shape."""
        response = self.get(path, **params)
        body = response.json()
        assert body["type"] == "error"
        assert body["request_id"] == response.headers["request-id"]
        return response.status_code, body["error"]["message"]


def _params(params: dict[str, Any]) -> list[tuple[str, str]]:
    return [
        (name.removesuffix("__") + ("[]" if name.endswith("__") else ""), str(each))
        for name, value in params.items()
        for each in (value if isinstance(value, list | tuple) else [value])
    ]


def line(model: str | None = "claude-opus-5-5", workspace: str = WORKSPACE.id, **more: Any) -> Line:
    """Invent a line of usage."""
    return Line(workspace, more.pop("api_key_id", None), model, **more)


DEFAULT = DEFAULT_WORKSPACE.id


def tokens(row: dict[str, Any]) -> tuple[int, ...]:
    """Read the numbers of a usage row of either generation: five token types and web searches."""
    return (
        row["uncached_input_tokens"],
        row["cache_creation"]["ephemeral_5m_input_tokens"],
        row["cache_creation"]["ephemeral_1h_input_tokens"],
        row["cache_read_input_tokens"],
        row["output_tokens"],
        row["server_tool_use"]["web_search_requests"],
    )


def total(rows: Iterator[dict[str, Any]] | list[dict[str, Any]]) -> tuple[int, ...]:
    """Add up usage rows."""
    return tuple(map(sum, zip(*map(tokens, rows), strict=True))) or (0,) * 6


def cents(rows: list[dict[str, Any]], name: str = "amount") -> Decimal:
    """Add up the amounts of cost rows."""
    return sum((Decimal(row[name]) for row in rows), Decimal(0))


def account(sums: list[dict[str, Any]], *names: str, of: str) -> Counter[tuple[Any, ...]]:
    """Add up a list of the simulator's totals by some of their keys."""
    added: Counter[tuple[Any, ...]] = Counter()
    for row in sums:
        added[tuple(row[name] for name in names)] += row[of] if isinstance(row[of], int) else Decimal(row[of])
    return added
