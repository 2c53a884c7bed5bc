"""The whole pipeline over simulated months: collectors that poll, die, lose their state, and are told wrong things."""

import random
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

from anthropic_exporter.collect.base import Directory
from anthropic_exporter.expose import catalogue
from anthropic_exporter.expose.snapshot import OrganizationView
from anthropic_exporter.ledger.inventory import Inventory
from anthropic_exporter.ledger.windows import WINDOWS, bounds
from anthropic_exporter.records import TOKEN_TYPES, Labels, Number
from anthropic_exporter.service.collectors import Wiring, collectors
from anthropic_exporter.service.memory import StoreMemory
from anthropic_exporter.service.poller import Poller
from anthropic_exporter.utc import DAY, HOUR, epoch, floor, year_start
from soak.dying import Died, discard, leave_behind, spare, strike
from soak.expected import COST, SEARCHES, TOKENS
from soak.figures import Broken, Figures
from soak.history import History, U, by
from soak.ledger_trial import REACH, STARTS, after_outage
from soak.machine import ALIAS, SETTINGS, SOUND, Machine, Parts, Series
from soak.reports import BILLED, Reports, usd
from soak.scraper import Scrapers

SOURCES = ("auto", "legacy", "analytics")
KEY_TOKENS = "anthropic_api_key_usage_tokens_total"
REQUESTS = "anthropic_usage_requests_total"


@dataclass(frozen=True)
class Upstream:
    """What outlives the process."""

    reports: Reports
    source: str


class Process(Machine):
    """A process of the exporter, without its threads and its network."""

    def __init__(self, path: str, parts: Parts, upstream: Upstream, clock: Any) -> None:
        super().__init__(path, parts)
        self._clock = clock
        self._stop = threading.Event()
        self.accounts.load(clock())
        memory = StoreMemory(self.store, ALIAS, self._stop)
        directory = Directory(memory, self._stop, lambda: ([], None))
        inventory = Inventory(self.store, ALIAS)
        year = partial(epoch, parts.since)
        api: Any = upstream.reports
        wiring = Wiring(SETTINGS, api, inventory, memory, directory, upstream.source, year)
        self.pollers = [self._poller(each) for each in collectors(wiring)]
        families = {family: a.stream.name for a in self.accounts_of for family in a.families}
        self.view = OrganizationView(
            self.accounts,
            inventory,
            lambda name: catalogue.family(name, SETTINGS.usage.group_by),
            families,
        )

    def shown(self, now: float) -> Iterator[tuple[Series, Number]]:
        self.accounts.reveal(now)
        for family, stream in self.view.streams.items():
            if self.accounts.complete(stream):
                for labels, value in self.counters.shown(family, now):
                    yield (family, labels), value

    def gauges(self, now: float) -> dict[str, dict[Labels, Number]]:
        """Return every calendar window that is shown, without its zeros."""
        names = {f"anthropic_usage_{window}_tokens" for window in WINDOWS}
        return {
            found.family.name: {labels[1:]: value for labels, value in found.samples if value}
            for found in self.view.families("org", now)
            if found.family.name in names
        }

    def _poller(self, collector: Any) -> Poller:
        return Poller(
            collector=collector,
            take=self._take,
            complete=lambda each, now: self.accounts.completed(each.whole_streams(), now),
            finished=lambda _: None,
            stop=self._stop,
            organization=ALIAS,
            clock=self._clock,
        )

    def _take(self, found: Any, now: float) -> None:
        self.accounts.turn(now)
        self.accounts.post(found, now)


class PipelineTrial:
    """One organization, and the exporter that follows it."""

    def __init__(self, seed: int, folder: Path, figures: Figures, parts: Parts = SOUND) -> None:
        self._random = random.Random(seed)
        self._figures = figures
        self._parts = parts
        self._time = self._random.choice(STARTS) + self._random.randrange(DAY)
        self._began = self._time
        self._skew = 0
        self._history = History(self._random, self._random.choice((900, 90_000)))
        reports = Reports(
            self._history,
            self._random,
            lambda: self._time,
            open_bucket=self._random.random() < 0.5,
            refresh=self._random.choice((HOUR, 4 * HOUR)),
            answering=self._answering,
        )
        self._upstream = Upstream(reports, self._random.choice(SOURCES))
        self._slowness = self._random.choice((0, 0, 3, 90))  # the most seconds that an answer takes
        self._calm = False  # neither failures nor slowness
        self._rate = self._random.choice((0.0, 0.05, 0.3))
        self._scrapers = Scrapers(figures)
        self._epoch = 0
        self._path = str(folder / f"pipeline-{seed}.db")
        self._process: Process

    @property
    def now(self) -> int:
        return self._time + self._skew

    def run(self, polls: int) -> None:
        """Let the exporter poll, now and then look whether all is right, and let the dust settle in the end."""
        self._start(self._path)
        try:
            for number in range(polls):
                self._happen()
                self._upstream.reports.failure_rate = self._rate
                self._calm = False
                self._poll(self._random.choices(self._process.pollers, (6, 2, 1))[0])
                if number % 60 == 59:
                    self._settle(7 * HOUR)
            self._finish()
        finally:
            discard(self._process.store)
        self._figures.faults += self._upstream.reports.failures
        self._figures.histories += 1
        self._figures.simulated_days += (self._time - self._began) // DAY

    # What happens

    def _happen(self) -> None:
        number = self._random.random
        self._publish(scraped=True)
        self._time += self._random.choices((60, 300, HOUR, 8 * HOUR, 3 * DAY, 20 * DAY), (60, 20, 12, 5, 2, 0.2))[0]
        while number() < 0.6:
            self._history.use(self._time - self._random.randrange(self._random.choice((60, 600, HOUR, REACH))))
        if number() < 0.3:
            self._history.correct(self._time - REACH, self._time)
        if number() < 0.03:
            self._set_clock(self._random.choice((0, 0, 0, -30, -HOUR, HOUR, -2 * DAY, DAY, 40 * DAY)))
            self._figures.faults += 1

    def _set_clock(self, wrong: int) -> None:
        """Set the exporter's clock, not in the minute in which a scraper is behind: a hold is measured by it."""
        self._publish(scraped=True)
        self._skew = wrong
        self._publish(scraped=True)

    def _answering(self) -> None:
        self._time += self._random.randint(0, 0 if self._calm else self._slowness)

    def _poll(self, poller: Poller) -> None:
        """Run a cycle, which may be the last of its process or fail."""
        chance = self._random.random()
        if chance < 0.06:
            self._interrupted(poller, disk=chance < 0.02)
        else:
            poller.cycle()
            if poller.health.error.startswith("internal error"):
                raise Broken(f"{poller.collector.name}: {poller.health.error}")
        if chance > 0.997:
            self._figures.faults += 1
            path = self._process.store.path
            discard(self._process.store)
            self._start(path)
        elif chance > 0.985:
            self._figures.faults += 1
            self._start(leave_behind(self._process.store), kept=True)
        self._check()

    def _interrupted(self, poller: Poller, *, disk: bool) -> None:
        self._figures.faults += 1
        mortal = strike(self._process.store, self._random.randint(1, 60), disk=disk)
        try:
            poller.cycle()
        except Died:
            self._start(leave_behind(self._process.store), kept=True)
        else:
            spare(self._process.store, mortal)

    def _start(self, path: str, *, kept: bool = False) -> None:
        if kept:
            self._time = after_outage(self._random, self._time, self._history)
            self._scrapers.miss(self._time)
        else:
            self._scrapers.forget()
        self._process = Process(path, self._parts, self._upstream, lambda: self.now)
        self._epoch = year_start(self.now)  # only a restart goes back to an earlier year

    # Properties

    def _check(self) -> None:
        self._figures.steps += 1
        self._publish()
        for family in self._process.counters.families():
            for labels, counter in self._process.counters.items(family):
                if counter.high < counter.total:
                    raise Broken(f"{family}{labels}: shows less than the total")

    def _publish(self, *, scraped: bool = False) -> None:
        self._process.accounts.turn(self.now)
        self._epoch = max(self._epoch, year_start(self.now))
        self._scrapers.take(dict(self._process.shown(self.now)), self._epoch, self._time, due=scraped)

    def _settle(self, seconds: int) -> None:
        """Let everything be read again that is due after some hours, and hold it against what is published."""
        self._set_clock(0)
        self._upstream.reports.failure_rate = 0.0
        self._calm = True
        running = floor(self._time, DAY)
        self._time = floor(self._time + seconds, 4 * HOUR) + 4 * HOUR + 61
        self._read_all()
        self._publish(scraped=True)
        # Nothing waits for an export any more; and a day that was settled early, by a clock that was wrong, is over.
        self._time = max(floor(self._time, 4 * HOUR) + 4 * HOUR, running + DAY + 8 * HOUR) + 61
        self._read_all()
        for family, truth in self._truth().items():
            counters = dict(self._process.counters.items(family))
            for labels in counters.keys() | truth.keys():
                total = counters[labels].total if labels in counters else 0
                if total != truth.get(labels, 0):
                    self._note(total, truth.get(labels, 0))
                    raise Broken(f"{family}{labels}: knows {total}, published is {truth.get(labels, 0)}")
        for name, truth in self._windows().items():
            told = self._process.gauges(self.now).get(name)
            if told != truth:
                raise Broken(f"{name}: shows {told}, published is {truth}")

    def _read_all(self) -> None:
        """Poll until every collector is content: the third reading in a row that says the same is believed."""
        for poller in self._process.pollers:
            for _ in range(40):
                poller.cycle()
                self._check()
                if poller.health.state == "ok":
                    break
                self._time += 1
            else:
                raise Broken(f"{poller.collector.name}: {poller.health.state}: {poller.health.error}")

    def _finish(self) -> None:
        """Let usage grow past every correction, after which every counter is the plain truth."""
        self._settle(8 * DAY)
        at = floor(self._time, DAY) - 10 * HOUR
        at = max(at, self._epoch + HOUR)
        self._history.exceed(at, self._overshoots())
        self._settle(2 * DAY)
        for _ in range(2):
            self._publish(scraped=True)
            self._time += int(SETTINGS.counters.birth_hold) + 1
        shown = dict(self._process.shown(self.now))
        for family, truth in self._truth().items():
            for labels, wanted in truth.items():
                value = shown.get((family, labels), 0)
                self._note(value, wanted)
                if value != wanted:
                    raise Broken(f"{family}{labels}: {value} where {wanted} was used")

    def _note(self, value: Number, wanted: Number) -> None:
        self._figures.lost += int(max(0, wanted - value))
        self._figures.doubled += int(max(0, value - wanted))

    def _overshoots(self) -> dict[Labels, tuple[int, ...]]:
        over = {
            (family, labels): counter.high - counter.total
            for family in self._process.counters.families()
            for labels, counter in self._process.counters.items(family)
        }
        wanted = {}
        for line in self._history.lines:
            key = (line[5], line[1], line[2])
            tokens = [
                max(int(over.get((TOKENS, (*line[:5], t)), 0)), int(over.get((KEY_TOKENS, (*key, t)), 0)))
                for t in TOKEN_TYPES
            ]
            owed = over.get((COST, (*line[:3], "tokens", "output")), Decimal(0))
            tokens[4] = max(tokens[4], int(owed * 1000))
            requests = over.get((REQUESTS, line[:5]), 0)
            wanted[line] = (*tokens, int(over.get((SEARCHES, line[:5]), 0)), int(requests))
        return wanted

    def _truth(self) -> dict[str, dict[Labels, Number]]:
        """Return what is published since the epoch, by family; only what every export has."""
        rows = self._history.total(self._epoch, floor(self._time, DAY) + DAY)
        found: dict[str, dict[Labels, Number]] = {TOKENS: {}, SEARCHES: {}, KEY_TOKENS: {}, COST: {}}
        for labels, row in by(U, rows).items():
            found[SEARCHES][labels] = row[5]
            found[TOKENS].update(((*labels, t), row[i]) for i, t in enumerate(TOKEN_TYPES))
        for labels, row in by(("api_key_id", "model", "service_tier"), rows).items():
            found[KEY_TOKENS].update(((*labels, t), row[i]) for i, t in enumerate(TOKEN_TYPES))
        if self._upstream.source != "legacy":
            found[REQUESTS] = {labels: row[6] for labels, row in by(U, rows).items()}
        settled = floor(self._time - SETTINGS.cost.settle_delay, DAY)
        for labels, row in by(BILLED, self._history.total(self._epoch, settled)).items():
            found[COST][(*labels, "tokens", "output")] = usd(row)
        return found

    def _windows(self) -> dict[str, dict[Labels, Number]]:
        found = {}
        for window in WINDOWS:
            rows = by(("workspace_id", "model"), self._history.total(*bounds(window, self.now)))
            sums = {(*labels, t): row[i] for labels, row in rows.items() for i, t in enumerate(TOKEN_TYPES) if row[i]}
            found[f"anthropic_usage_{window}_tokens"] = sums
        return {name: sums for name, sums in found.items() if sums}
