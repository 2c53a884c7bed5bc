"""The core at work in a test: a small upstream, the real collectors, ledger, accounts and store."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import partial
from threading import Event as Signal

from anthropic_exporter.collect.base import Directory
from anthropic_exporter.collect.cost import CostCollector
from anthropic_exporter.collect.plan import Cadence, analytics_earliest
from anthropic_exporter.collect.requests import RequestCounts
from anthropic_exporter.collect.usage import ANALYTICS, LEGACY, UsageCollector
from anthropic_exporter.config.settings import Settings
from anthropic_exporter.errors import PollError
from anthropic_exporter.ledger.counters import Counters
from anthropic_exporter.ledger.store import Store
from anthropic_exporter.ledger.windows import bounds
from anthropic_exporter.money.accounts import Accounts
from anthropic_exporter.money.prices import PriceList
from anthropic_exporter.records import TOKEN_TYPES
from anthropic_exporter.service import streams
from anthropic_exporter.service.memory import StoreMemory
from anthropic_exporter.utc import DAY, HOUR, MINUTE, epoch, floor
from collect.upstream import Event, Upstream, unasked

TOKENS = "anthropic_usage_tokens_total"
ESTIMATED = "anthropic_estimated_cost_usd_total"
UNPRICED = "anthropic_unpriced_tokens_total"
COST = "anthropic_cost_usd_total"
REQUESTS = "anthropic_usage_requests_total"
HOLD = 90
PRICES = PriceList.load()

Series = dict[tuple[str, ...], object]


@dataclass
class Bench:
    """One organization without its threads: ``poll`` runs one cycle of each collector."""

    upstream: Upstream
    settings: Settings = field(default_factory=Settings, repr=False)
    store: Store = field(default_factory=lambda: Store(":memory:"), repr=False)
    prices: PriceList = field(default=PRICES, repr=False)

    @property
    def epoch(self) -> Callable[[float], int]:
        """From when counters count, given the time."""
        return partial(epoch, self.settings.counters.since)

    def start(self, now: float, *, only: tuple[str, ...] = ("usage", "cost")) -> "Bench":
        """Begin a process over the state that there is."""
        self.accounts = self.load(now, only)
        self.only = only
        self._collect()
        return self

    def load(self, now: float, only: tuple[str, ...]) -> Accounts:
        """Return accounts as a process that begins takes them up."""
        settings = self.settings
        made = tuple(a for a in streams.accounts(settings) if a.stream.name.split(".", maxsplit=1)[0] in only)
        counters = Counters(
            settings.counters.birth_hold,
            settings.series.idle_ttl,
            settings.series.max_per_family,
            streams.kept_labels(made),
        )
        found = Accounts("main", self.store, made, counters, self.prices, self.epoch, lambda *_: None)
        found.load(now)
        return found

    def _collect(self) -> None:
        settings, memory, since = self.settings, StoreMemory(self.store, "main", Signal()), self.epoch
        directory = Directory(memory, Signal(), unasked)
        directory.found(None)
        shared = {
            "api": self.upstream,
            "cadence": Cadence(15 * MINUTE, 6 * HOUR),
            "epoch": since,
            "earliest": analytics_earliest,
            "memory": memory,
            "directory": directory,
        }
        asked = streams.usage_dimensions(settings.usage.group_by)
        usage = UsageCollector(
            name="usage",
            dimensions=asked,
            interval=60.0,
            sources=(LEGACY, ANALYTICS),
            request_counts=RequestCounts(stream="usage.requests", dimensions=asked, **shared),
            **shared,
        )
        cost = CostCollector(interval=600.0, sources=("/v1/organizations/analytics/cost",), **shared)
        self.collectors = [found for found in (usage, cost) if found.name in self.only]

    def poll(self, now: float) -> bool:
        """Run a cycle of each collector; return whether all succeeded."""
        self.upstream.now = now
        self.accounts.turn(now)
        succeeded = True
        for collector in self.collectors:
            try:
                for intake in collector.read(now):
                    self.accounts.turn(now)
                    self.accounts.post(intake, now)
                self.accounts.completed(collector.whole_streams(), now)
            except PollError:
                succeeded = False
        return succeeded

    def read_everything(self, now: float) -> None:
        """Read the whole ledger again until even large corrections are believed."""
        for second in range(40):
            for name in ("usage", "usage.requests", "cost"):
                with self.store.transaction():
                    self.store.set_meta("main", f"collector.{name}", "")
            self._collect()
            if self.poll(now + second):
                return
        raise AssertionError("upstream is never believed")

    def shown(self, now: float, *families: str) -> Series:
        """Return what counters show, by family and labels; nothing of a stream that was not read whole."""
        self.accounts.turn(now)
        self.accounts.reveal(now)
        found = {}
        for name, account in self.accounts._accounts.items():
            if self.accounts.complete(name):
                for family in account.families:
                    if not families or family in families:
                        found |= {
                            (family, *labels): value for labels, value in self.accounts.counters.shown(family, now)
                        }
        return found

    def shown_at_last(self, now: float) -> Series:
        """Return what counters show once everything that is new at ``now`` was on show for the hold."""
        self.shown(now)
        return self.shown(now + HOLD)

    def totals(self, family: str) -> Series:
        """Return what the ledger says of a family, without zeros."""
        return {labels: c.total for labels, c in self.accounts.counters.items(family) if c.total}

    def window(self, book: str, window: str, now: float) -> Series:
        """Return the sums of a calendar window, without zeros."""
        return {k: v for k, v in self.accounts.days(book).total(*bounds(window, now)).items() if any(v)}


def true_tokens(upstream: Upstream, start: float, end: float) -> dict[tuple[str, ...], tuple[int, ...]]:
    """Return what upstream knows of [start, end), by workspace and model."""
    sums: dict[tuple[str, ...], tuple[int, ...]] = {}
    for event in upstream.seen():
        if start <= event.at < end:
            key = (event.workspace_id, event.model)
            old = sums.get(key, (0,) * 5)
            sums[key] = tuple(a + b for a, b in zip(old, event.counts()[:5], strict=True))
    return {key: values for key, values in sums.items() if any(values)}


def labels_of(event: Event) -> tuple[str, ...]:
    """Return the default labels of usage."""
    return (event.workspace_id, event.model, event.service_tier, event.inference_geo, event.speed)


def true_counters(upstream: Upstream, since: float, prices: PriceList = PRICES) -> dict[str, Series]:
    """Return what the counters of usage would show if everything had been known at once."""
    tokens: Counter[tuple[str, ...]] = Counter()
    unpriced: Counter[tuple[str, ...]] = Counter()
    usd: dict[tuple[str, ...], Decimal] = {}
    for event in upstream.seen():
        if event.at < since:
            continue
        price = prices.price(
            event.model, event.service_tier, event.inference_geo, event.speed, "none", floor(event.at, DAY)
        )
        for place, (token_type, count) in enumerate(zip(TOKEN_TYPES, event.counts(), strict=False)):
            key = (*labels_of(event), token_type)
            tokens[key] += count
            if hasattr(price, "reason"):
                unpriced[event.model, token_type, price.reason] += count
            else:
                usd[key] = usd.get(key, Decimal(0)) + price[place] * count
    return {
        TOKENS: {key: value for key, value in tokens.items() if value},
        ESTIMATED: {key: value for key, value in usd.items() if value},
        UNPRICED: {key: value for key, value in unpriced.items() if value},
    }


def corrected(event: Event, at: float, **changes: object) -> list[Event]:
    """Return an event and what upstream says in its place from some moment on."""
    return [replace(event, seen_until=int(at)), replace(event, seen_from=int(at), **changes)]
