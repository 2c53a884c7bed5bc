"""Remote write: what real receivers have taken is what the files say, sample for sample."""

import json
import re
import subprocess
import threading
import time
from collections import defaultdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from anthropic_exporter.simulate.server import Simulator
from anthropic_exporter.simulate.switches import Switches
from anthropic_exporter.utc import DAY, day_text, floor
from e2e.parts import COMMAND, KEY, environment, fast_settings
from e2e.test_backfill import Firm

DAYS = 24
_LINE = re.compile(r"(\w+)\{(.*)\} (\S+) (\d+)")
_PAIR = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


@pytest.fixture(scope="module")
def history(tmp_path_factory):
    """Return the settings, flags and samples of a history, and what runs the command again."""
    folder = tmp_path_factory.mktemp("remote-write")
    key_file = folder / "admin-key"
    key_file.write_text(f"{KEY}\n")
    now = time.time()
    with Simulator(
        Firm(now, DAYS).organization, Switches(visibility_delay=0.0, accepted_keys=(KEY,), generation="legacy")
    ) as simulator:
        settings = folder / "exporter.yml"
        settings.write_text(json.dumps(fast_settings(simulator.base_url, key_file)))
        today = floor(now, DAY)

        def run(*flags, **more):
            return subprocess.run(
                [
                    *COMMAND,
                    "backfill",
                    f"--config.file={settings}",
                    f"--state.path={folder / 'state' / 'none.db'}",
                    f"--from={day_text(today - DAYS * DAY)}",
                    f"--until={day_text(today - 2 * DAY)}",
                    "--label=job=anthropic",
                    "--label=instance=pinned",
                    *flags,
                ],
                capture_output=True,
                text=True,
                env=environment(XDG_STATE_HOME=str(folder / "home"), **more),
                check=False,
            )

        told = run(f"--output-dir={folder / 'files'}")
        assert told.returncode == 0, told.stderr
        files = sorted((folder / "files").glob("*.openmetrics"))
        yield run, samples(files), files


def samples(files):
    """Read the files, by name and labels; their escapes are those of JSON here."""
    found = defaultdict(list)
    for file in files:
        for line in file.read_text().splitlines():
            if not line.startswith("#"):
                name, pairs, value, at = _LINE.fullmatch(line).groups()
                labels = {"__name__": name, **dict(_PAIR.findall(pairs))}
                found[frozenset(labels.items())].append((int(at), float(value)))
    return dict(found)


def taken(url, client):
    """Return everything that a backend holds of the history."""
    answer = client.get(f"{url}/api/v1/query", params={"query": '{job="anthropic"}[60d]'})
    assert answer.status_code == 200, answer.text
    return {
        frozenset(row["metric"].items()): [(round(float(at)), float(value)) for at, value in row["values"]]
        for row in answer.json()["data"]["result"]
    }


@pytest.mark.needs("prometheus")
def test_prometheus_takes_exactly_what_the_files_say(history, process, client, free_port, wait_until, tmp_path):
    run, expected, _ = history
    port = free_port()
    config = tmp_path / "prometheus.yml"
    config.write_text("storage: {tsdb: {out_of_order_time_window: 90d}}\n")
    process(
        [
            "prometheus",
            f"--config.file={config}",
            f"--storage.tsdb.path={tmp_path / 'tsdb'}",
            "--storage.tsdb.retention.time=1000d",
            f"--web.listen-address=127.0.0.1:{port}",
            "--web.enable-remote-write-receiver",
            "--log.level=warn",
        ]
    )
    url = f"http://127.0.0.1:{port}"
    wait_until(lambda: ready(client, f"{url}/-/ready"), timeout=60)
    told = run(f"--remote-write={url}/api/v1/write")
    assert told.returncode == 0, told.stderr
    assert taken(url, client) == expected
    again = run(f"--remote-write={url}/api/v1/write")
    assert again.returncode == 0
    assert "nothing is left to do" in again.stdout


@pytest.mark.needs("victoria-metrics")
def test_victoriametrics_takes_exactly_what_the_files_say_either_way(
    history, process, client, free_port, wait_until, tmp_path
):
    run, expected, files = history
    for way in ("remote write", "import"):
        port = free_port()
        process(
            [
                "victoria-metrics",
                f"-storageDataPath={tmp_path / way.replace(' ', '-')}",
                f"-httpListenAddr=127.0.0.1:{port}",
                "-retentionPeriod=5y",
                "-search.maxPointsPerTimeseries=100000",
                "-loggerLevel=ERROR",
            ]
        )
        url = f"http://127.0.0.1:{port}"
        wait_until(lambda url=url: ready(client, f"{url}/health"), timeout=60)
        if way == "import":
            for file in files:
                assert client.post(f"{url}/api/v1/import/prometheus", content=file.read_bytes()).is_success
        else:
            told = run(f"--remote-write={url}/api/v1/write")
            assert told.returncode == 0, told.stderr
        client.get(f"{url}/internal/force_flush")
        found = wait_until(lambda url=url: exported(client, url) == expected, timeout=60)
        assert found


def exported(client, url):
    """Return everything that VictoriaMetrics holds, raw; a value that it rounds is not equal."""
    answer = client.get(f"{url}/api/v1/export", params={"match[]": '{job="anthropic"}'}, timeout=60)
    found = defaultdict(list)
    for line in answer.text.splitlines():
        row = json.loads(line)
        found[frozenset(row["metric"].items())] += [
            (at // 1000, float(value)) for at, value in zip(row["timestamps"], row["values"], strict=True)
        ]
    return {labels: sorted(values) for labels, values in found.items()}


def ready(client, url):
    try:
        return client.get(url).is_success
    except httpx.TransportError:
        return False


class Moody(BaseHTTPRequestHandler):
    """A receiver that answers what it is told to, then 204; it keeps what it has taken."""

    answers: list
    bodies: list
    seen: list

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status, headers = self.answers.pop(0) if self.answers else (204, {})
        self.seen.append((status, dict(self.headers)))
        if status == 204:
            self.bodies.append(body)
        self.send_response(status)
        for name, value in {"Content-Length": "0", **headers}.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *args):
        del args


@pytest.fixture
def moody():
    """Return a receiver and its URL."""
    handler = type("Handler", (Moody,), {"answers": [], "bodies": [], "seen": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield handler, f"http://127.0.0.1:{server.server_address[1]}/write"
    server.shutdown()
    server.server_close()
    thread.join()


def test_what_is_refused_for_now_is_sent_again_and_what_is_refused_for_good_ends_it(history, moody):
    run, _, _ = history
    handler, url = moody
    handler.answers[:] = [(503, {}), (429, {"Retry-After": "0"}), (204, {}), (204, {}), (400, {})]
    headers = "X-Scope-OrgID=acme, Authorization=Bearer canary-hush"
    told = run(f"--remote-write={url}", ANTHROPIC_EXPORTER_REMOTE_WRITE_HEADERS=headers)
    assert told.returncode == 1
    assert f"note: {url} takes no samples, trying again for 300 s: 503" in told.stderr
    assert f"{url} does not take the samples: 400" in told.stderr
    assert "run it again to go on" in told.stderr
    assert "canary-hush" not in told.stderr + told.stdout
    statuses = [status for status, _ in handler.seen]
    assert statuses == [503, 429, 204, 204, 400]
    headers = handler.seen[0][1]
    assert headers["X-Scope-OrgID"] == "acme"
    assert headers["Authorization"] == "Bearer canary-hush"
    assert (headers["Content-Encoding"], headers["Content-Type"]) == ("snappy", "application/x-protobuf")
    assert headers["X-Prometheus-Remote-Write-Version"] == "0.1.0"

    taken_before = list(handler.bodies)
    told = run(f"--remote-write={url}")
    assert told.returncode == 0, told.stderr
    assert len(set(handler.bodies)) == len(handler.bodies), "what was taken is not sent again"
    assert handler.bodies[: len(taken_before)] == taken_before
