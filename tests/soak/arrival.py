"""How far ``increase()`` is from what was used, when usage is reported late.

Run it with ``PYTHONPATH=tests:exporter .venv/bin/python -m soak.arrival``; it prints the table of docs/numbers.md.

Traffic of some days with days and nights and bursts is reported with a lag (median 2.5 minutes, 9.5 % around 7 minutes,
0.5 % half an hour to two hours), polled every 60 s by the real collector into the real ledger, scraped every 60 s, and
asked with the extrapolation that Prometheus does.
"""

import heapq
import itertools
import logging
import math
import random
import statistics
import tempfile
from bisect import bisect_right
from collections.abc import Iterator
from pathlib import Path

from anthropic_exporter.utc import DAY, HOUR, MINUTE
from soak.expected import TOKENS
from soak.history import LINES, History
from soak.kills import fast_folder
from soak.machine import SOUND
from soak.pipeline_trial import Process, Upstream
from soak.reports import Reports

BEGIN = 1_803_859_200  # 2027-03-01
WINDOWS = {"5m": 300, "15m": 900, "1h": HOUR, "6h": 6 * HOUR, "1d": DAY, "7d": 7 * DAY}
SHIFT = 5 * MINUTE
LINE = LINES[0]


def measure(days: int, samples: int, seed: int = 1) -> Iterator[tuple[str, list[float], float]]:
    """Yield each window with its relative errors, and their median against the window shifted by five minutes."""
    used, scraped = simulate(days, random.Random(seed))
    instants = random.Random(seed + 1)
    for name, window in WINDOWS.items():
        if window + DAY > days * DAY / 2:
            continue
        errors, shifted = [], []
        for _ in range(samples):
            now = BEGIN + instants.uniform(window + DAY, days * DAY)
            told = increase(scraped, now - window, now)
            errors.append(abs(told / used.between(now - window, now) - 1))
            shifted.append(abs(told / used.between(now - window - SHIFT, now - SHIFT) - 1))
        yield name, sorted(errors), statistics.median(shifted)


class Used:
    """What was used when: tokens of each minute, evenly within it."""

    def __init__(self, minutes: list[int]) -> None:
        self._sums = [0, *itertools.accumulate(minutes)]

    def between(self, start: float, end: float) -> float:
        return self._until(end) - self._until(start)

    def _until(self, at: float) -> float:
        minute, rest = divmod((at - BEGIN) / MINUTE, 1)
        low = self._sums[int(minute)]
        return low + rest * (self._sums[min(int(minute) + 1, len(self._sums) - 1)] - low)


def simulate(days: int, chance: random.Random) -> tuple[Used, list[tuple[float, float]]]:
    """Return what was used, and the samples of a scrape every 60 s."""
    minutes = [_traffic(minute, chance) for minute in range(days * DAY // MINUTE)]
    arrivals = [arrival for number, tokens in enumerate(minutes) for arrival in _arrivals(number, tokens, chance)]
    heapq.heapify(arrivals)
    clock = [BEGIN]
    history = History(chance, 1)
    reports = Reports(history, chance, lambda: clock[0], open_bucket=True, refresh=HOUR)
    scraped = []
    with tempfile.TemporaryDirectory(dir=fast_folder()) as folder:
        process = Process(str(Path(folder) / "state.db"), SOUND, Upstream(reports, "legacy"), lambda: clock[0])
        poller = process.pollers[0]
        for minute in range(len(minutes)):
            clock[0] = BEGIN + minute * MINUTE + 23
            while arrivals and arrivals[0][0] <= clock[0]:
                _, number, tokens = heapq.heappop(arrivals)
                history._add(BEGIN + number * MINUTE, LINE, (tokens, 0, 0, 0, 0, 0, 1))
            poller.cycle()
            scrape = clock[0] + 31
            shown = sum(int(value) for (family, _), value in process.shown(scrape) if family == TOKENS)
            scraped.append((float(scrape), float(shown)))
        process.store.close()
    return Used(minutes), scraped


def _traffic(minute: int, chance: random.Random) -> int:
    """Return the tokens of a minute: more by day, bursts of some minutes, noise."""
    day = 1 + 0.8 * math.sin(2 * math.pi * (minute / 1440 - 0.3))
    burst = 6 if (minute // 7) % 41 == chance.randrange(41) else 1
    return int(50_000 * day * burst * chance.lognormvariate(0, 0.4)) + 1


def _arrivals(number: int, tokens: int, chance: random.Random) -> Iterator[tuple[float, int, int]]:
    """Split a minute into parts that are reported at different instants."""
    parts = 40
    for part in range(parts):
        amount = tokens * (part + 1) // parts - tokens * part // parts
        used = BEGIN + (number + chance.random()) * MINUTE
        yield used + _lag(chance), number, amount


def _lag(chance: random.Random) -> float:
    kind = chance.random()
    if kind < 0.005:
        return chance.uniform(HOUR / 2, 2 * HOUR)
    if kind < 0.1:
        return max(0.0, chance.gauss(7 * MINUTE, MINUTE))
    return 2.5 * MINUTE * chance.lognormvariate(0, 0.25)


def increase(samples: list[tuple[float, float]], start: float, end: float) -> float:
    """Return what Prometheus' increase() does: the difference in the window, extrapolated to its edges.

    Source: prometheus/prometheus, promql/functions.go, extrapolatedRate.
    """
    first = bisect_right(samples, (start, math.inf))
    found = samples[first : bisect_right(samples, (end, math.inf))]
    (begin, low), (last, high) = found[0], found[-1]
    between = (last - begin) / (len(found) - 1)
    to_start, to_end = begin - start, end - last
    if to_start >= between * 1.1:
        to_start = between / 2
    if high > low >= 0:
        to_start = min(to_start, (last - begin) * low / (high - low))
    if to_end >= between * 1.1:
        to_end = between / 2
    return (high - low) * (last - begin + to_start + to_end) / (last - begin)


def table(days: int = 16, samples: int = 2000) -> Iterator[str]:
    """Yield the lines of the table."""
    yield "| window | mean error | median | p95 | max | median against the window 5 minutes earlier |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for name, errors, shifted in measure(days, samples):
        numbers = (statistics.mean(errors), statistics.median(errors), errors[int(0.95 * len(errors))], errors[-1])
        yield f"| {name} | {' | '.join(_percent(number) for number in (*numbers, shifted))} |"


def _percent(ratio: float) -> str:
    return f"{100 * ratio:.2g} %" if ratio < 1 else f"{100 * ratio:.0f} %"


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    for line in table():
        print(line)
