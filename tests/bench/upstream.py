"""An Admin API that costs nothing: every answer is bytes that were made before the first question.

The simulator is faithful and slow; a benchmark of the exporter must not measure its upstream. So this one holds an
organization of so many groups, answers the legacy reports and the lists, and knows nothing else (404). ``PUT /step``
moves the running hour on: of all groups, or of every hundredth.
"""

import argparse
import contextlib
import itertools
import json
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

DAY, HOUR = 86_400, 3_600
MODELS = (
    "claude-opus-4-8",
    "claude-sonnet-5",
    "claude-haiku-4-5",
    "claude-sonnet-4-6",
    "claude-opus-4-5",
    "claude-sonnet-4-5",
    "claude-opus-4-7",
    "claude-opus-4-6",
    "claude-opus-5",
    "claude-opus-5-5",
    "claude-sonnet-5-5",
    "claude-haiku-5-5",
    "claude-fable-5",
    "claude-mythos-5",
    "claude-opus-4-1",
)
CREATED = "2025-01-01T00:00:00Z"


def stamp(seconds: float) -> str:
    """Return RFC 3339."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def seconds(text: str) -> int:
    """Read RFC 3339."""
    return int(time.mktime(time.strptime(text[:19], "%Y-%m-%dT%H:%M:%S")) - time.timezone)


class Organization:
    """So many groups, each a workspace and a model, each with some API keys; so many days of history.

    Args:
        together: groups of one workspace.
        keys: of each group.
    """

    def __init__(self, groups: int, days: int, now: float, together: int = 8, keys: int = 1) -> None:
        self.groups = groups
        self.together = together
        self.keys = keys
        self.first = int(now // DAY - days) * DAY
        self.hour = int(now // HOUR) * HOUR
        self.step = [0] * groups
        self.made: dict[tuple[object, ...], bytes] = {}

    def workspace(self, group: int) -> str:
        """Return the workspace of a group."""
        return f"wrkspc_{group // self.together:08d}"

    def model(self, group: int) -> str:
        """Return the model of a group."""
        return MODELS[(group // self.together + group % self.together) % len(MODELS)]

    def move(self, every: int) -> None:
        """Let every so-and-so-many-th group use more in the running hour."""
        for group in range(0, self.groups, every):
            self.step[group] += 1
        self.made = {key: body for key, body in self.made.items() if key[0] not in ("usage", "keys")}

    def bucket(self, start: int, width: int, *, keys: bool) -> bytes:
        """Return one bucket of the usage report."""
        kept = ("usage" if start == self.hour else "closed", start, width, keys)
        if kept not in self.made:
            head = f'{{"starting_at":"{stamp(start)}","ending_at":"{stamp(start + width)}","results":['
            rows = self._joined(start, width, keys=keys) if self.first <= start <= self.hour else b""
            if width == DAY:
                return head.encode() + rows + b"]}"
            self.made[kept] = head.encode() + rows + b"]}"
        return self.made[kept]

    def _joined(self, start: int, width: int, *, keys: bool) -> bytes:
        """Return the rows of a bucket; those of all days are the same."""
        if width != DAY:
            return b",".join(self._rows(start, width, keys=keys))
        kept = ("day", keys)
        if kept not in self.made:
            self.made[kept] = b",".join(self._rows(start, width, keys=keys))
        return self.made[kept]

    def _rows(self, start: int, width: int, *, keys: bool) -> Iterator[bytes]:
        scale = width // HOUR
        # A group is active on some hours of history and in the two newest ones, as real ones are.
        sparse = width == HOUR and start < self.hour - HOUR
        for number in range(self.groups * (self.keys if keys else 1)):
            group = number // self.keys if keys else number
            if sparse and (group + start // HOUR) % 6:
                continue
            more = self.step[group] if start == self.hour else 0
            who = (
                f'"api_key_id":"apikey_{number:08d}","workspace_id":null'
                if keys
                else f'"api_key_id":null,"workspace_id":"{self.workspace(group)}"'
            )
            yield (
                f'{{"uncached_input_tokens":{1_003 * scale + 11 * more},"cache_creation":{{'
                f'"ephemeral_1h_input_tokens":{204 * scale + 3 * more},'
                f'"ephemeral_5m_input_tokens":{305 * scale + 5 * more}}},'
                f'"cache_read_input_tokens":{40_007 * scale + 101 * more},"output_tokens":{808 * scale + 7 * more},'
                f'"server_tool_use":{{"web_search_requests":0}},"account_id":null,{who},"context_window":null,'
                f'"inference_geo":"global","model":"{self.model(group)}","service_account_id":null,'
                f'"service_tier":"standard","speed":"standard"}}'
            ).encode()

    def cost(self, start: int) -> bytes:
        """Return one day of the cost report."""
        kept = ("cost", start)
        if kept not in self.made:
            rows = ",".join(
                f'{{"amount":"{group % 97 + 1}.25","currency":"USD","cost_type":"tokens","description":"Usage",'
                f'"model":"{self.model(group)}","service_tier":"standard","context_window":"0-200k",'
                f'"inference_geo":"global","token_type":"output_tokens","workspace_id":"{self.workspace(group)}"}}'
                for group in range(self.groups)
                if self.first <= start < self.hour - DAY
            )
            head = f'{{"starting_at":"{stamp(start)}","ending_at":"{stamp(start + DAY)}","results":['
            self.made[kept] = f"{head}{rows}]}}".encode()
        return self.made[kept]

    def listed(self, kind: str) -> list[dict[str, object]]:
        """Return what a list holds."""
        if kind == "workspaces":
            return [
                {
                    "id": f"wrkspc_{n:08d}", "type": "workspace", "name": f"Workspace {n}", "created_at": CREATED,
                    "archived_at": None, "display_color": "#000000", "data_residency": None, "tags": {},
                    "compartment_id": "cmpt_1", "external_key_id": None, "user_profile_id": None,
                }
                for n in range(-(-self.groups // self.together))
            ]  # fmt: skip
        if kind == "api_keys":
            return [
                {
                    "id": f"apikey_{n:08d}", "type": "api_key", "name": f"key-{n}", "status": "active",
                    "created_at": CREATED, "expires_at": None, "created_by": {"id": "user_1", "type": "user"},
                    "partial_key_hint": "sk-ant-...", "principal": None, "workspace_id": self.workspace(n // self.keys),
                    "scope": {"type": "workspace", "workspace_id": self.workspace(n // self.keys)},
                }
                for n in range(self.groups * self.keys)
            ]  # fmt: skip
        return []


class Handler(BaseHTTPRequestHandler):
    """Answers."""

    protocol_version = "HTTP/1.1"
    organization: Organization

    def do_PUT(self) -> None:
        """Move the running hour on."""
        self.organization.move(int(urlsplit(self.path).query or 1))
        for keys in (False, True):
            self.organization.bucket(self.organization.hour, HOUR, keys=keys)
        self._send(b"{}")

    def do_GET(self) -> None:
        """Answer as the Admin API does."""
        url = urlsplit(self.path)
        name, query = url.path.removeprefix("/v1/organizations/"), parse_qs(url.query)
        if name == "me":
            self._send(b'{"id":"11111111-2222-4333-8444-555555555555","type":"organization","name":"Bench"}')
        elif name == "usage_report/messages":
            width = {"1m": 60, "1h": HOUR, "1d": DAY}[query["bucket_width"][0]]
            keys = "api_key_id" in query["group_by[]"]
            self._report(query, width, lambda start: self.organization.bucket(start, width, keys=keys))
        elif name == "cost_report":
            self._report(query, DAY, self.organization.cost)
        elif name in ("workspaces", "api_keys"):
            self._list(self.organization.listed(name), query)
        elif name in ("users", "invites") or name.endswith("/members"):
            self._list([], query)
        else:
            self._send(b'{"type":"error","error":{"type":"not_found_error","message":"Not found"}}', 404)

    def _report(self, query: dict[str, list[str]], width: int, bucket: object) -> None:
        start = seconds(query["page"][0] if "page" in query else query["starting_at"][0]) // width * width
        until = min(seconds(query["ending_at"][0]), self.organization.hour // width * width + width)
        stops = list(itertools.islice(range(start, until, width), int(query.get("limit", ["31"])[0])))
        after = stops[-1] + width if stops else until
        following = json.dumps(stamp(after) if after < until else None)
        page = f'],"has_more":{str(after < until).lower()},"next_page":{following}}}'
        self._send(b'{"data":[' + b",".join(bucket(each) for each in stops) + page.encode())  # type: ignore[operator]

    def _list(self, found: list[dict[str, object]], query: dict[str, list[str]]) -> None:
        after, limit = query.get("after_id", [""])[0], int(query.get("limit", ["20"])[0])
        begin = next((n + 1 for n, each in enumerate(found) if each["id"] == after), 0)
        page = found[begin : begin + limit]
        answer = {
            "data": page,
            "has_more": begin + limit < len(found),
            "first_id": page[0]["id"] if page else None,
            "last_id": page[-1]["id"] if page else None,
        }
        self._send(json.dumps(answer).encode())

    def _send(self, body: bytes, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        with contextlib.suppress(ConnectionError):  # whoever asked does not want as much
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def main() -> None:
    """Serve until ended; print the URL once listening."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--groups", type=int, default=20)
    parser.add_argument("--days", type=int, default=2)
    parser.add_argument("--together", type=int, default=8, help="groups of one workspace")
    parser.add_argument("--keys", type=int, default=1, help="keys of one group")
    options = parser.parse_args()
    Handler.organization = Organization(options.groups, options.days, time.time(), options.together, options.keys)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
