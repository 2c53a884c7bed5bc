"""A thousand groups of usage, by workspace and by key: memory is bounded, and every receiver holds the truth.

BACKFILL_DAYS=390 makes it the thirteen months of docs/backfill.md, which take 25 GB of disk. Figures are printed (-s).
"""

import json
import os
import re
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from anthropic_exporter.utc import DAY, day_text
from backfill.fast_upstream import Large
from e2e.parts import COMMAND, KEY, environment
from ledger.instants import at

pytestmark = pytest.mark.long

DAYS = int(os.environ.get("BACKFILL_DAYS", "45"))
GROUPS, BUSY = 1000, 100
UNTIL = at("2026-11-28")
TESTS = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def history(tmp_path_factory):
    """Return the folder of a large history, and what was told about it."""
    folder = tmp_path_factory.mktemp("large")
    upstream = subprocess.Popen(
        [sys.executable, "-m", "backfill.fast_upstream", str(GROUPS), str(BUSY)],
        env=environment(PYTHONPATH=str(TESTS)),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        with closing(upstream.stdout) as told:
            url = told.readline().strip()
            (folder / "exporter.yml").write_text("upstream: {requests_per_minute: 0}\n")
            yield folder, *written(folder, url)
    finally:
        upstream.kill()
        upstream.wait()


def written(folder, url):
    begun = time.monotonic()
    command = [
        *COMMAND,
        "backfill",
        f"--config.file={folder / 'exporter.yml'}",
        "--state.path=:memory:",
        f"--from={day_text(UNTIL - DAYS * DAY)}",
        f"--until={day_text(UNTIL)}",
        f"--output-dir={folder / 'files'}",
        "--label=job=anthropic",
        "--label=instance=pinned",
    ]
    with (folder / "out").open("wb") as out:
        process = subprocess.Popen(
            command, stdout=out, env=environment(ANTHROPIC_ADMIN_KEY=KEY, ANTHROPIC_BASE_URL=url), cwd=folder
        )
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    told = (folder / "out").read_text()
    assert process.returncode == 0, told
    samples = int(re.search(r"^([\d,]+) samples from", told, re.MULTILINE)[1].replace(",", ""))
    figures = {
        "days": DAYS,
        "samples": samples,
        "seconds": round(time.monotonic() - begun, 1),
        "CPU seconds": round(used.ru_utime + used.ru_stime, 1),
        "MB at most": round(used.ru_maxrss / 1024),
    }
    show("backfill", figures)
    return figures, sorted((folder / "files").glob("*.openmetrics"))


def show(what, figures):
    print(f"{what}: {json.dumps(figures)}")  # noqa: T201 - the point of it


def tokens():
    """Return everything that was used this year."""
    day = sum(sum(counts) for counts in Large(GROUPS, BUSY).rows(range(24)).values())
    return day * (UNTIL - at("2026-01-01")) // DAY


def held(url):
    answer = httpx.get(
        f"{url}/api/v1/query",
        params={"query": 'sum(anthropic_usage_tokens_total{job="anthropic"})', "time": UNTIL},
        timeout=120,
        trust_env=False,
    )
    found = answer.json()["data"]["result"]
    return int(float(found[0]["value"][1])) if found else 0


def test_memory_is_bounded(history):
    _, figures, _ = history
    assert figures["MB at most"] < 300


@pytest.mark.needs("promtool", "prometheus")
def test_promtool_makes_one_block_of_each_file(history, process, free_port, wait_until, tmp_path):
    """So its time grows with the history and not with its square."""
    _, figures, files = history
    begun = time.monotonic()
    for file in files:
        subprocess.run(
            ["promtool", "tsdb", "create-blocks-from", "openmetrics", "--max-block-duration=486h", file, tmp_path],
            check=True,
            capture_output=True,
        )
    blocks = [json.loads(meta.read_text()) for meta in tmp_path.glob("*/meta.json")]
    show("promtool", {"seconds": round(time.monotonic() - begun, 1), "blocks": len(blocks)})
    assert len(blocks) == len(files)
    assert sum(block["stats"]["numSamples"] for block in blocks) == figures["samples"]
    port = free_port()
    (tmp_path / "prometheus.yml").write_text("{}\n")
    process(
        [
            "prometheus",
            f"--config.file={tmp_path / 'prometheus.yml'}",
            f"--storage.tsdb.path={tmp_path}",
            "--storage.tsdb.retention.time=5y",
            f"--web.listen-address=127.0.0.1:{port}",
            "--log.level=warn",
        ]
    )
    wait_until(lambda: answers(f"http://127.0.0.1:{port}/-/ready"), timeout=120)
    assert held(f"http://127.0.0.1:{port}") == tokens()


@pytest.mark.needs("victoria-metrics")
def test_victoriametrics_takes_the_files(history, process, free_port, wait_until, tmp_path):
    _, figures, files = history
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    process(
        [
            "victoria-metrics",
            f"-storageDataPath={tmp_path}",
            f"-httpListenAddr=127.0.0.1:{port}",
            "-retentionPeriod=5y",
            "-loggerLevel=ERROR",
        ]
    )
    wait_until(lambda: answers(f"{url}/health"), timeout=60)
    begun = time.monotonic()
    for file in files:
        with file.open("rb") as body:
            httpx.post(f"{url}/api/v1/import/prometheus", content=body, timeout=600, trust_env=False).raise_for_status()
    show("VictoriaMetrics", {"seconds": round(time.monotonic() - begun, 1)})
    httpx.get(f"{url}/internal/force_flush", timeout=60, trust_env=False)
    metrics = httpx.get(f"{url}/metrics", timeout=60, trust_env=False).text
    rows = re.search(r'^vm_rows_inserted_total\{type="prometheus"\} (\d+)', metrics, re.MULTILINE)
    assert int(rows[1]) == figures["samples"]
    wait_until(lambda: held(url) == tokens(), timeout=60)


def answers(url):
    try:
        return httpx.get(url, trust_env=False).is_success
    except httpx.TransportError:
        return False
