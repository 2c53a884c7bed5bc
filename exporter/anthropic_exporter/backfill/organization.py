"""The history of one organization: its collectors' reports in order of time, and names for what they tell."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from anthropic_exporter.backfill.curve import Moves
from anthropic_exporter.backfill.history import History
from anthropic_exporter.backfill.known import Known
from anthropic_exporter.backfill.page import Series
from anthropic_exporter.backfill.reader import Feed, Read
from anthropic_exporter.collect import cost, usage
from anthropic_exporter.collect.plan import analytics_earliest, scoped_earliest
from anthropic_exporter.config import OrganizationSettings, Settings
from anthropic_exporter.errors import ConfigError, NotSupported
from anthropic_exporter.expose import catalogue
from anthropic_exporter.expose.family import Family
from anthropic_exporter.expose.folding import Folding
from anthropic_exporter.expose.holdings import holdings
from anthropic_exporter.ledger.counters import Counters
from anthropic_exporter.money.account import Account
from anthropic_exporter.money.linear import Linear
from anthropic_exporter.money.prices import PriceList
from anthropic_exporter.records import Interval
from anthropic_exporter.service import streams
from anthropic_exporter.service.organization import OrganizationAtWork
from anthropic_exporter.utc import DAY, HOUR, day_text, epoch, floor

INFOS = ("anthropic_organization_info", "anthropic_workspace_info", "anthropic_api_key_info")
"""What panels join names from."""

_EARLIEST: dict[str, Callable[[float], int]] = {
    usage.ANALYTICS: analytics_earliest,
    usage.SCOPED: scoped_earliest,
    cost.ANALYTICS: analytics_earliest,
}

_READ = ("usage", "api_key_usage", "cost")


def written(settings: Settings) -> tuple[Account, ...]:
    """Return the streams that history is written of; the settings without what only the running exporter shows."""
    return streams.accounts(without_others(settings))


def without_others(settings: Settings) -> Settings:
    """Return the settings with everything off that no history is written of."""
    return replace(
        settings,
        claude_code=replace(settings.claude_code, enabled=False),
        enterprise=replace(settings.enterprise, enabled=False),
        compliance=replace(settings.compliance, enabled=False),
        limits=replace(settings.limits, enabled=False),
    )


@dataclass(slots=True)
class OrganizationHistory:
    """One organization.

    Args:
        at_work: its collectors, over a store in memory.
        width: of the buckets that are read.
        notes: is told what will be missing.
    """

    organization: OrganizationSettings
    settings: Settings
    at_work: OrganizationAtWork
    history: History
    now: float
    width: str
    notes: Callable[[str], None]
    feeds: dict[str, Feed] = field(default_factory=dict)
    _folding: Folding = field(init=False)

    def __post_init__(self) -> None:
        self._folding = Folding(self.settings.series.max_per_family)

    @property
    def alias(self) -> str:
        """What the settings call it."""
        return self.organization.alias

    @property
    def id(self) -> str:
        """The organization's ID."""
        return self.at_work.id

    def open(self, first: int) -> None:
        """Find out which reports there are, by a small read of each.

        Raises:
            PollError: one could not be read.
            ConfigError: history begins later than it should.
        """
        for name in _READ:
            poller = next((poller for poller in self.at_work.pollers if poller.collector.name == name), None)
            if poller is None:
                continue
            collector = poller.collector
            read = _reads(collector, self.now)
            # A time that every endpoint has: which of them serves must not hang on how far back it goes.
            yesterday = floor(self.now, DAY) - DAY
            try:
                for _ in read(Interval(yesterday, yesterday + DAY), "1d"):
                    pass
            except NotSupported as error:
                self.notes(f"{self.alias}: {name} is not offered, and not written: {error}")
                continue
            self._serves(name, collector.source, first)
            self.feeds[name] = Feed(read, self.history.take, daily=name == "cost", read_to=first)
        if not self.feeds:
            raise NotSupported(f"{self.alias}: neither usage nor cost is offered to this credential")

    def begin(self, first: int) -> None:
        """Count what lies before the first sample, day by day.

        Raises:
            PollError: a read failed.
        """
        # Yesterday too: its gauges have their sample at noon of the first day.
        start = min(self.history.epoch(first), first - DAY)
        for feed in self.feeds.values():
            feed.read_to = start
        for day in range(start + DAY, first + 1, DAY):
            for feed in self.feeds.values():
                feed.pull(day, first, "1d")
            self.history.catch_up(day)

    def go_on(self, at: int) -> None:
        """Read on from a moment, up to which everything has been taken."""
        for feed in self.feeds.values():
            feed.read_to = floor(at + 1, DAY if feed.daily or self.width == "1d" else HOUR)

    def advance(self, at: int, limit: int) -> None:
        """Show what was known at a moment; reads go as far as ``limit``.

        Raises:
            PollError: a read failed.
        """
        for feed in self.feeds.values():
            feed.pull(at + 1, limit + 1, self.width)
        self.history.advance(at)

    def families(self, before: int | None) -> dict[str, Family]:
        """Return what may have samples in the running slice."""
        names = {*self.history.families(before), *INFOS}
        return {name: catalogue.family(name, self.settings.usage.group_by) for name in names}

    def series(self, family: str, before: int | None) -> list[Series]:
        """Return the series of a family, with the organization's label."""
        found = self._infos(family) if family in INFOS else self.history.series(family, before)
        return [Series((self.id, *labels), shown) for labels, shown in found]

    def _infos(self, family: str) -> list[Series]:
        carried = self._carried()
        found = dict(holdings(self.at_work.view.inventory, carried, {}, self.now))
        keys = [labels for labels, _ in found["anthropic_api_key_info"] if labels[0] in carried["api_key_id"]]
        workspaces = carried["workspace_id"] | {labels[2] for labels in keys}
        shown = {
            "anthropic_organization_info": [labels for labels, _ in found.get("anthropic_organization_info", ())],
            "anthropic_workspace_info": [
                labels for labels, _ in found["anthropic_workspace_info"] if labels[0] in workspaces
            ],
            "anthropic_api_key_info": keys,
        }
        always = Moves(0, 1, self.history.at, (), ())
        return [Series(labels, always) for labels in sorted(shown[family])]

    def _carried(self) -> dict[str, set[str]]:
        carried: dict[str, set[str]] = {"workspace_id": set(), "api_key_id": set()}
        for family, labels in self.history.curves:
            names = catalogue.family(family, self.settings.usage.group_by).labels[1:]
            for key, values in carried.items():
                if key in names:
                    values.add(labels[names.index(key)])
        return carried

    def _serves(self, name: str, source: str, first: int) -> None:
        """Refuse to begin where the endpoint has nothing of usage; of what it has less of, tell where it begins."""
        earliest = _EARLIEST[source](self.now) if source in _EARLIEST else first
        if first >= earliest:
            return
        if name == "usage":
            raise ConfigError(
                f"--from: {self.alias}: usage comes from {source}, which has nothing before {day_text(earliest)};"
                f" found {day_text(first)}"
            )
        self.notes(f"{self.alias}: {name} begins on {day_text(earliest)}: {source} has nothing before")


def organization_history(
    organization: OrganizationSettings,
    settings: Settings,
    prices: PriceList,
    at_work: OrganizationAtWork,
    found: Known,
    now: float,
    width: str,
    notes: Callable[[str], None],
) -> OrganizationHistory:
    """Put one together."""
    accounts = written(settings)
    placing = Counters(
        birth_hold=0.0,
        idle_ttl=settings.series.idle_ttl,
        max_per_family=settings.series.max_per_family,
        kept=streams.kept_labels(accounts),
    )
    found.place(placing, accounts)
    history = History(
        {account.stream.name: Linear(account, prices) for account in accounts},
        {account.stream.name: account.stream.settle_delay for account in accounts if account.stream.settled_only},
        placing,
        lambda at: epoch(settings.counters.since, at),
        settings.series.idle_ttl,
        found.ceilings(accounts),
    )
    return OrganizationHistory(organization, settings, at_work, history, now, width, notes)


def _reads(collector: object, now: float) -> Read:
    if isinstance(collector, usage.UsageCollector):
        return lambda window, width: collector.history(window, width, now)
    if isinstance(collector, cost.CostCollector):
        return lambda window, _: collector.history(window, now)
    raise TypeError(f"no history of {collector}")
