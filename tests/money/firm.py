"""An organization whose readings a test writes itself: usage, bills and names in, samples out. No simulator, no API."""

import re
from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal

from anthropic_exporter.config import Settings
from anthropic_exporter.config.matching import Match
from anthropic_exporter.expose import catalogue
from anthropic_exporter.expose.folding import Folding
from anthropic_exporter.expose.snapshot import OrganizationView
from anthropic_exporter.ledger.counters import Counters
from anthropic_exporter.ledger.inventory import Inventory
from anthropic_exporter.ledger.store import Store
from anthropic_exporter.money.accounts import Accounts
from anthropic_exporter.money.prices import PriceList
from anthropic_exporter.records import TOKEN_TYPES, ApiKey, Intake, Interval, Workspace
from anthropic_exporter.service import streams
from anthropic_exporter.utc import DAY, HOUR, epoch, floor

STREAMS = ("usage", "api_key_usage", "cost", "cost.list", "cost.api_key")


def at(text: str) -> int:
    """Return the seconds of a time such as 2026-11-20 or 2026-11-20T09:30."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def match(workspace_tag: dict[str, str] | None = None, **patterns: str) -> Match:
    """Return a match as the settings read it."""
    return Match(
        tuple((name, re.compile(pattern)) for name, pattern in patterns.items()),
        tuple((key, re.compile(pattern)) for key, pattern in (workspace_tag or {}).items()),
    )


def settings(**sections: object) -> Settings:
    """Return settings; a section that is a mapping changes the defaults of that section."""
    found = Settings()
    for name, values in sections.items():
        whole = replace(getattr(found, name), **values) if isinstance(values, dict) else values
        found = replace(found, **{name: whole})
    return found


def _cells(width: int) -> defaultdict:
    return defaultdict(lambda: defaultdict(lambda: (0,) * width))


@dataclass
class Firm:
    """What upstream would say, by stream and bucket; ``read`` takes it into the accounts."""

    settings: Settings = field(default_factory=settings)
    prices: PriceList = field(default_factory=PriceList.load)
    store: Store = field(default_factory=lambda: Store(":memory:"))
    upstream: dict = field(default_factory=lambda: {name: _cells(6 if "usage" in name else 1) for name in STREAMS})

    def __post_init__(self) -> None:
        found = streams.accounts(self.settings)
        series = self.settings.series.max_per_family
        self.accounts = Accounts(
            "firm",
            self.store,
            found,
            Counters(birth_hold=0.0, idle_ttl=1e9, max_per_family=series, kept=streams.kept_labels(found)),
            self.prices,
            lambda now: epoch("year", now),
            self._changed,
        )
        self.inventory = Inventory(self.store, "firm")
        self.view = OrganizationView(
            self.accounts,
            self.inventory,
            catalogue.family,
            {family: account.stream.name for account in found for family in account.families},
            money=streams.spending(self.settings, self.accounts, "firm"),
            folding=Folding(series),
        )

    def load(self, now: float) -> "Firm":
        """Begin, as a process does."""
        self.accounts.load(now)
        return self

    def names(self, workspaces: list[Workspace] = (), keys: list[ApiKey] = (), now: float = 0.0) -> None:
        """List workspaces and keys."""
        self.inventory.take("workspace", {workspace.id: workspace for workspace in workspaces}, now)
        self.inventory.take("api_key", {key.id: key for key in keys}, now)

    def use(
        self,
        when: float,
        workspace: str,
        model: str,
        tier: str = "standard",
        geo: str = "not_available",
        speed: str = "standard",
        *,
        key: str = "none",
        searches: int = 0,
        **tokens: int,
    ) -> None:
        """Use tokens at a moment."""
        values = (*(tokens.get(token_type, 0) for token_type in TOKEN_TYPES), searches)
        for stream, first in (("usage", workspace), ("api_key_usage", key)):
            cells = self.upstream[stream][floor(when, HOUR)]
            labels = (first, model, tier, geo, speed)
            cells[labels] = tuple(a + b for a, b in zip(cells[labels], values, strict=True))

    def bill(
        self,
        when: float,
        workspace: str,
        model: str,
        usd: Decimal | str,
        tier: str = "standard",
        cost_type: str = "tokens",
        token_type: str = "output",
        *,
        key: str | None = None,
    ) -> None:
        """Bill an amount for a day; with ``key`` on the bill by key too."""
        amount = Decimal(usd)
        line = (workspace, model, tier, cost_type, token_type)
        for stream, labels in (("cost", line), ("cost.api_key", (key, model))):
            if key is None and stream != "cost":
                continue
            cells = self.upstream[stream][floor(when, DAY)]
            cells[labels] = (cells[labels][0] + amount,)

    def read(self, now: float, *names: str, since: float | None = None, refreshed_at: float | None = None) -> None:
        """Read streams whole, as far as upstream has them: usage to this hour, bills to yesterday."""
        self.accounts.turn(now)
        for name in names or ("usage", "api_key_usage", "cost"):
            usage = "usage" in name
            first = floor(since if since is not None else now - 70 * DAY, DAY)
            step, end = (HOUR, floor(now, HOUR) + HOUR) if usage else (DAY, floor(now, DAY))
            old = floor(now, DAY) - 2 * DAY
            buckets = {}
            start = first
            while start < end:
                width = DAY if usage and start < old else step
                cells: dict = {}
                for begin in range(start, start + width, step):
                    for labels, values in self.upstream[name].get(begin, {}).items():
                        known = cells.get(labels, (0,) * len(values))
                        cells[labels] = tuple(a + b for a, b in zip(known, values, strict=True))
                buckets[Interval(start, start + width)] = {
                    labels: values for labels, values in cells.items() if any(values)
                }
                start += width
            self.accounts.post(Intake(name, Interval(first, end), buckets, refreshed_at), now)
            self.accounts.completed([name], now)

    def shown(self, now: float) -> dict[str, dict[tuple[str, ...], object]]:
        """Return every sample that would be shown, by family and labels without the organization's."""
        found: dict[str, dict[tuple[str, ...], object]] = {}
        for family in self.view.families("org", now):
            found[family.family.name] = {labels[1:]: value for labels, value in family.samples}
        return found

    def statement(self, now: float):
        """Return the statement of spend."""
        return self.view.statement(now)

    def _changed(self, stream, deltas, now) -> None:
        for delta in deltas:
            if stream == "usage" and any(value > 0 for value in delta.known):
                used, by = self.view.last_models, delta.labels[:2]
                used[by] = max(used.get(by, 0), min(delta.slot.ending_at, int(now)))


def total(samples: dict) -> Decimal:
    """Add up samples."""
    return sum((Decimal(value) for value in samples.values()), Decimal(0))


def summed(samples: dict, *places: int) -> dict:
    """Add up samples by some of their labels; a single place gives its bare value."""
    sums: dict = {}
    for labels, value in samples.items():
        key = labels[places[0]] if len(places) == 1 else tuple(labels[place] for place in places)
        sums[key] = sums.get(key, Decimal(0)) + Decimal(value)
    return sums


def workspace(name: str, **tags: str) -> Workspace:
    """Return a workspace whose ID is its name with a prefix."""
    return Workspace(f"wrkspc_{name}", name, archived=False, created_at=0, tags=tuple(tags.items()))


def api_key(name: str, home: str) -> ApiKey:
    """Return a key whose ID is its name with a prefix."""
    return ApiKey(f"apikey_{name}", name, home, "active", "user", "user_1", 0, None)
