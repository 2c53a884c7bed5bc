"""An Admin API of a large organization that answers as fast as a socket takes bytes.

Every day is like any other, so its hours are rendered once. Run it as ``python -m backfill.fast_upstream GROUPS BUSY``;
it prints its URL. BUSY of the groups are used in every hour, the others in two hours of the day.
"""

import json
import sys
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from anthropic_exporter.api.times import parse, render

DAY, HOUR = 86_400, 3600
WORKSPACES, MODELS = 20, ("claude-opus-5-5", "claude-sonnet-5-5", "claude-haiku-4-5-20251001", "claude-opus-5")
IDENTITY = {"id": "5b0c7a1e-2d43-4f6a-9e18-0c6f1d2b3a47", "type": "organization", "name": "Large"}
BORN = "2025-01-01T00:00:00Z"


def workspace(group):
    return f"wrkspc_01Large{group % WORKSPACES:04}Organization"


def key(group):
    return f"apikey_01LargeOrganization{group:06}"


def tokens(group, hour):
    """Return uncached input, 5m writes, 1h writes, cache reads and output of a group in an hour of the day."""
    return 900 + group % 97 + hour, group % 7 * 100, 0, 20_000 + 31 * hour + group, 300 + group % 13


class Large:
    """What each hour of a day looks like."""

    def __init__(self, groups, busy):
        self.groups, self.busy = groups, busy
        self.bucket = cache(self._bucket)
        self.costs = cache(self._costs)

    def active(self, hour):
        """Return the groups that were used in an hour of the day."""
        return [g for g in range(self.groups) if g < self.busy or hour in (g % 24, (g * 7 + 5) % 24)]

    def rows(self, hours):
        """Yield each group with the sums of its tokens."""
        sums = {}
        for hour in hours:
            for group in self.active(hour):
                old = sums.get(group, (0, 0, 0, 0, 0))
                sums[group] = tuple(a + b for a, b in zip(old, tokens(group, hour), strict=True))
        return sums

    def _bucket(self, hours, by_key):
        return b",".join(
            json.dumps(
                {
                    "uncached_input_tokens": uncached,
                    "cache_creation": {"ephemeral_1h_input_tokens": hour, "ephemeral_5m_input_tokens": five},
                    "cache_read_input_tokens": read,
                    "output_tokens": output,
                    "server_tool_use": {"web_search_requests": 0},
                    "account_id": None,
                    "api_key_id": key(group) if by_key else None,
                    "context_window": None,
                    "inference_geo": "global",
                    "model": MODELS[group // WORKSPACES % len(MODELS)],
                    "service_account_id": None,
                    # So that no two groups of a workspace and model are one row: the tier is open.
                    "service_tier": "standard" if by_key else f"tier-{group // WORKSPACES // len(MODELS)}",
                    "workspace_id": None if by_key else workspace(group),
                    "speed": "standard",
                }
            ).encode()
            for group, (uncached, five, hour, read, output) in self.rows(hours).items()
        )

    def _costs(self):
        return b",".join(
            json.dumps(
                {
                    "currency": "USD",
                    "amount": f"{place * 10 + number}.25",
                    "workspace_id": workspace(place),
                    "description": f"{model} Usage - Output Tokens",
                    "cost_type": "tokens",
                    "context_window": "0-200k",
                    "model": model,
                    "service_tier": "standard",
                    "token_type": "output_tokens",
                    "inference_geo": "global",
                }
            ).encode()
            for place in range(WORKSPACES)
            for number, model in enumerate(MODELS)
        )


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    large: Large

    def do_GET(self):
        url = urlsplit(self.path)
        query = parse_qs(url.query)
        path = url.path.removeprefix("/v1/organizations/")
        answer = getattr(self, "_" + path.replace("/", "_"), None)
        if answer is None:
            body, status = b'{"type":"error","error":{"type":"not_found_error","message":"no"}}', 404
        else:
            body, status = answer(query), 200
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("anthropic-organization-id", IDENTITY["id"])
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        del args

    def _me(self, query):
        del query
        return json.dumps(IDENTITY).encode()

    def _workspaces(self, query):
        del query
        listed = [
            {
                "id": workspace(place),
                "type": "workspace",
                "name": f"team-{place:02}",
                "created_at": BORN,
                "archived_at": None,
                "display_color": "#6C5BB9",
            }
            for place in range(WORKSPACES)
        ]
        return self._list(listed)

    def _api_keys(self, query):
        del query
        listed = [
            {
                "id": key(group),
                "type": "api_key",
                "name": f"key-{group:06}",
                "workspace_id": workspace(group),
                "created_at": BORN,
                "created_by": {"id": "user_01Large", "type": "user"},
                "partial_key_hint": None,
                "status": "active",
            }
            for group in range(self.large.groups)
        ]
        return self._list(listed)

    def _list(self, listed):
        return json.dumps({"data": listed, "has_more": False, "first_id": None, "last_id": None}).encode()

    def _usage_report_messages(self, query):
        width = {"1h": HOUR, "1d": DAY}[query["bucket_width"][0]]
        by_key = "api_key_id" in query["group_by[]"]
        return self._page(
            query,
            width,
            lambda at: self.large.bucket((at % DAY // HOUR,) if width == HOUR else tuple(range(24)), by_key),
        )

    def _cost_report(self, query):
        return self._page(query, DAY, lambda _: self.large.costs())

    def _page(self, query, width, results):
        start, end = (parse(query[name][0]) for name in ("starting_at", "ending_at"))
        start = parse(query["page"][0].removeprefix("page_")) if "page" in query else start
        until = min(int(end), int(start) + int(query["limit"][0]) * width)
        buckets = b",".join(
            b'{"starting_at":"%s","ending_at":"%s","results":[%s]}'
            % (render(at).encode(), render(at + width).encode(), results(at))
            for at in range(int(start), until, width)
        )
        more = until < end
        cursor = f'"page_{render(until)}"' if more else "null"
        return b'{"data":[%s],"has_more":%s,"next_page":%s}' % (
            buckets,
            b"true" if more else b"false",
            cursor.encode(),
        )


def main(groups, busy):
    Handler.large = Large(groups, busy)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)  # noqa: T201 - whoever started it reads that
    server.serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
