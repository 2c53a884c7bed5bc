"""A thousand groups of usage, by workspace and by key: memory is bounded, and every receiver holds the truth.

BACKFILL_DAYS=390 makes it the thirteen months of docs/backfill.md, which take 25 GB of disk; BACKFILL_BUSY=1000 the
organization in which every group is used in every hour. Figures are printed (-s).
"""

import json
import os
import re
import resource
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
GROUPS, BUSY = 1000, int(os.environ.get("BACKFILL_BUSY", "100"))
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
            figures = backfilled(folder, url, DAYS, f"--output-dir={folder / 'files'}")
            yield folder, url, figures, sorted((folder / "files").glob("*.openmetrics"))
    finally:
        upstream.kill()
        upstream.wait()


def backfilled(folder, url, days, target):
    """Run the command over the last days, and return what it took."""
    begun = time.monotonic()
    before = cpu_seconds()
    command = [
        *COMMAND,
        "backfill",
        f"--config.file={folder / 'exporter.yml'}",
        "--state.path=:memory:",
        f"--from={day_text(UNTIL - days * DAY)}",
        f"--until={day_text(UNTIL)}",
        target,
        "--label=job=anthropic",
        "--label=instance=pinned",
    ]
    with (folder / "out").open("wb") as out:
        process = subprocess.Popen(
            command,
            stdout=out,
            env=environment(ANTHROPIC_ADMIN_KEY=KEY, ANTHROPIC_BASE_URL=url, XDG_STATE_HOME=str(folder / "home")),
            cwd=folder,
        )
        peaks = {}
        while process.poll() is None:
            note_peaks(process.pid, peaks)
            time.sleep(0.05)
    told = (folder / "out").read_text()
    assert process.returncode == 0, told
    samples = int(re.search(r"^([\d,]+) samples from", told, re.MULTILINE)[1].replace(",", ""))
    figures = {
        "days": days,
        "groups of each hour": len(Large(GROUPS, BUSY).active(0)),
        "samples": samples,
        "seconds": round(time.monotonic() - begun, 1),
        "CPU seconds": round(cpu_seconds() - before, 1),
        "MB at most, by process": peaks,
    }
    show(target.partition("=")[0], figures)
    return figures


def cpu_seconds():
    """Return what children that have ended have used, with theirs."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def note_peaks(pid, peaks):
    """Note the largest resident memory so far of a process and of those that it has started, in MB.

    What they share counts in each of them, so the sum is at least what they took together.
    """
    try:
        peak = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except FileNotFoundError:
        return
    if peak:
        peaks[pid] = round(int(peak[1]) / 1024)
    for child in children:
        note_peaks(child, peaks)


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
    _, _, figures, _ = history
    assert len(figures["MB at most, by process"]) > 1
    assert sum(figures["MB at most, by process"].values()) < 300


@pytest.mark.needs("promtool", "prometheus")
def test_promtool_makes_one_block_of_each_file(history, process, free_port, wait_until, tmp_path):
    """So its time grows with the history and not with its square."""
    _, _, figures, files = history
    seconds, cpu = [], []
    for file in files:
        begun, before = time.monotonic(), cpu_seconds()
        subprocess.run(
            ["promtool", "tsdb", "create-blocks-from", "openmetrics", "--max-block-duration=486h", file, tmp_path],
            check=True,
            capture_output=True,
        )
        seconds.append(round(time.monotonic() - begun, 1))
        cpu.append(round(cpu_seconds() - before, 1))
    blocks = [json.loads(meta.read_text()) for meta in sorted(tmp_path.glob("*/meta.json"))]
    held_by = sum(file.stat().st_size for file in tmp_path.glob("*/**/*"))
    told = {"seconds": seconds, "CPU seconds": cpu, "samples": [block["stats"]["numSamples"] for block in blocks]}
    show("promtool", {**told, "blocks": len(blocks), "MB": held_by // 10**6})
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


@pytest.fixture
def victoria(process, free_port, wait_until, tmp_path):
    """Return the URL of a VictoriaMetrics."""
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
    return url


def inserted(url, way):
    """Return how many samples VictoriaMetrics has taken."""
    httpx.get(f"{url}/internal/force_flush", timeout=60, trust_env=False)
    metrics = httpx.get(f"{url}/metrics", timeout=60, trust_env=False).text
    rows = re.search(rf'^vm_rows_inserted_total\{{type="{way}"\}} (\d+)', metrics, re.MULTILINE)
    return int(rows[1])


@pytest.mark.needs("victoria-metrics")
def test_victoriametrics_takes_the_files(history, victoria, wait_until):
    _, _, figures, files = history
    seconds = []
    for file in files:
        begun = time.monotonic()
        with file.open("rb") as body:
            url = f"{victoria}/api/v1/import/prometheus"
            httpx.post(url, content=body, timeout=600, trust_env=False).raise_for_status()
        seconds.append(round(time.monotonic() - begun, 1))
    show("VictoriaMetrics", {"seconds": seconds})
    assert inserted(victoria, "prometheus") == figures["samples"]
    wait_until(lambda: held(victoria) == tokens(), timeout=60)


@pytest.mark.needs("victoria-metrics")
def test_victoriametrics_takes_remote_write(history, victoria, wait_until):
    """Of sixty days at most: one process reads, spells and sends."""
    folder, url, _, _ = history
    figures = backfilled(folder, url, min(DAYS, 60), f"--remote-write={victoria}/api/v1/write")
    assert inserted(victoria, "promremotewrite") == figures["samples"]
    wait_until(lambda: held(victoria) == tokens(), timeout=60)


def answers(url):
    try:
        return httpx.get(url, trust_env=False).is_success
    except httpx.TransportError:
        return False
