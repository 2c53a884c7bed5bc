"""History and the live series are one: what Prometheus holds of both together is what was used."""

import itertools
import random
import subprocess
import time
from collections import defaultdict

import pytest

from anthropic_exporter.simulate.line import Line
from anthropic_exporter.simulate.scripted import DEFAULT_WORKSPACE, WORKSPACE, Event, ScriptedOrganization
from anthropic_exporter.utc import DAY, HOUR, day_text, floor, year_start
from e2e.parts import COMMAND, environment

pytestmark = pytest.mark.needs("prometheus", "promtool")

PROMTOOL = ("promtool", "tsdb", "create-blocks-from", "openmetrics", "--max-block-duration=486h")
TOKENS = "anthropic_usage_tokens_total"
U = ("workspace_id", "model", "service_tier", "inference_geo", "speed")
TYPES = ("uncached_input", "cache_creation_5m", "cache_creation_1h", "cache_read", "output")
EXACT = 1e-6
MODELS = ("claude-opus-5-5", "claude-sonnet-5-5", "claude-haiku-4-5-20251001", "claude-lumen-preview")


class Firm:
    """An organization whose every event is kept; a line or two are first used in the middle, and one at the end."""

    def __init__(self, now, days):
        self._random = random.Random(7)
        self.now = now
        lines = [
            Line(workspace.id, f"apikey_01{model.title()}", model, service_tier=tier)
            for workspace, model, tier in itertools.product(
                (DEFAULT_WORKSPACE, WORKSPACE), MODELS, ("standard", "batch")
            )
        ]
        first = floor(now, DAY) - days * DAY
        self.events = [
            self.event(line, self._random.uniform(first + number * days * DAY / len(lines), now - 900))
            for number, line in enumerate(lines)
            for _ in range(40)
        ]
        self.quiet = lines[0]._replace(service_tier="flex")
        self.events += [self.event(self.quiet, now - 30 * HOUR), self.event(lines[0], year_start(now) - 60)]
        self.lines = lines
        self.organization = ScriptedOrganization(self.events)

    def event(self, line, at):
        counts = [self._random.randrange(1, 10**6) for _ in range(4)]
        return Event(int(at), line, uncached=counts[0], cache_5m=counts[1], cache_read=counts[2], output=counts[3])

    def happen(self, line, at):
        """Let something be used that the reports know from now on."""
        self.events.append(self.event(line, at))
        self.organization.record(self.events[-1])

    def tokens(self, since, until):
        """Return what was used in [since, until), by the labels of the series."""
        found = defaultdict(int)
        for event in self.events:
            if since <= event.at < until:
                line = event.line
                workspace = "default" if line.workspace_id == DEFAULT_WORKSPACE.id else line.workspace_id
                by = (workspace, line.model, line.service_tier, line.inference_geo, line.speed)
                for token_type, count in zip(TYPES, event.counts, strict=False):
                    found[*by, token_type] += count
        return {labels: count for labels, count in found.items() if count}


def increases(series, since, until):
    """Return the exact differences of samples: from the last one at or before each bound."""
    found = {}
    for labels, samples in series.items():
        inside = [value for at, value in samples if at <= until]
        before = [value for at, value in samples if at <= since]
        values = (before[-1:] or [0.0]) + inside[len(before) :]
        found[labels] = sum(new - old if new >= old else new for old, new in itertools.pairwise(values))
    return {labels: value for labels, value in found.items() if value}


def falls(series):
    return {at for samples in series.values() for (_, old), (at, new) in itertools.pairwise(samples) if new < old}


@pytest.mark.parametrize("days", [45, pytest.param(390, marks=pytest.mark.long)])
def test_history_and_the_live_series_together_are_what_was_used(
    simulate, exporter, prometheus, wait_until, tmp_path, days
):
    now = time.time()
    firm = Firm(now, days)
    simulator = simulate(firm.organization, generation="legacy")
    served = exporter(simulator)
    wait_until(served.is_ready, timeout=60)
    # Late for an hour that the history will tell, and not in what the exporter has shown first.
    late_at = int(now) - 26 * HOUR
    firm.happen(firm.quiet, late_at)
    first = floor(now, DAY) - days * DAY
    history = tmp_path / "history"
    told = subprocess.run(
        [
            *COMMAND,
            "backfill",
            f"--config.file={tmp_path / 'exporter.yml'}",
            f"--state.path={served.state}",
            f"--from={day_text(first)}",
            f"--output-dir={history}",
            "--label=job=anthropic",
            f"--label=instance=127.0.0.1:{served.port}",
        ],
        capture_output=True,
        text=True,
        env=environment(),
        check=False,
    )
    assert told.returncode == 0, told.stderr
    assert "promtool tsdb create-blocks-from openmetrics --max-block-duration=486h" in told.stdout
    for file in sorted(history.glob("*.openmetrics")):
        made = subprocess.run(
            [
                "promtool",
                "tsdb",
                "create-blocks-from",
                "openmetrics",
                "--max-block-duration=486h",
                file,
                tmp_path / "tsdb",
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        assert made.returncode == 0, made.stderr
    assert len(list((tmp_path / "tsdb").glob("*/meta.json"))) == len(list(history.glob("*.openmetrics")))

    scraping = prometheus(served, data=tmp_path / "tsdb", flags=["--storage.tsdb.retention.time=1000d"])
    firm.happen(firm.lines[3], now - 60)
    firm.happen(firm.lines[5]._replace(speed="fast"), now - 60)  # born before Prometheus' eyes
    wait_until(lambda: held(scraping, first) == firm.tokens(first, now), timeout=60)

    series = raw(scraping, TOKENS)
    # A day ends in history with its last sample, and today with what Prometheus has scraped.
    midnight = floor(now, DAY)
    late = firm.tokens(late_at, late_at + 1)
    for day in range(midnight - 3 * DAY, midnight + 1, DAY):
        expected = firm.tokens(day, day + DAY)
        arrived = increases(series, day, day + DAY)
        if floor(late_at, DAY) == day:
            expected = less(expected, late)
        if day == midnight:
            expected = more(expected, late)  # a counter moves when data arrives
        assert arrived == pytest.approx(expected, rel=EXACT), day_text(day)
    years = {year_start(now)} if first < year_start(now) else set()
    assert falls(series) == years
    money = raw(scraping, "anthropic_estimated_cost_usd_total", (*U, "token_type"))
    assert falls(money) == years
    if first <= year_start(now):
        gained = increases(money, year_start(now), now + DAY)
        shown = served.scrape()
        assert gained == pytest.approx(usd_shown(shown), rel=EXACT)
    names = scraping.query(f"last_over_time(anthropic_workspace_info[{days}d] offset 2d)")
    assert {"default", WORKSPACE.id} <= {row["metric"]["workspace_id"] for row in names}


def held(scraping, first):
    found = increases(raw(scraping, TOKENS), first, time.time() + DAY)
    return {labels: round(value) for labels, value in found.items()}


def raw(scraping, metric, names=(*U, "token_type")):
    """Return every sample that Prometheus holds, by labels."""
    found = defaultdict(list)
    for row in scraping.query(f'{metric}{{job="anthropic"}}[999d]'):
        labels = tuple(row["metric"][name] for name in names)
        found[labels] += [(float(at), float(value)) for at, value in row["values"]]
    return dict(found)


def usd_shown(scrape):
    found = {}
    for (name, pairs), value in scrape.items():
        if name == "anthropic_estimated_cost_usd_total" and value:
            told = dict(pairs)
            found[tuple(told[label] for label in (*U, "token_type"))] = value
    return found


def less(left, right):
    found = {labels: count - right.get(labels, 0) for labels, count in left.items()}
    return {labels: count for labels, count in found.items() if count}


def more(left, right):
    return {labels: left.get(labels, 0) + right.get(labels, 0) for labels in left.keys() | right.keys()}
