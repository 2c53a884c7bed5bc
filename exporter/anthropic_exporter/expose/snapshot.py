"""Everything that one organization shows at one moment, as samples of catalogue families."""

import decimal
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from anthropic_exporter.expose.access import access
from anthropic_exporter.expose.engagement import engagement
from anthropic_exporter.expose.family import Family, FamilySamples, Sample
from anthropic_exporter.expose.folding import Folding
from anthropic_exporter.expose.holdings import holdings
from anthropic_exporter.expose.limits import limits
from anthropic_exporter.expose.spending import spending
from anthropic_exporter.expose.windowed import window_samples, windowed
from anthropic_exporter.ledger.inventory import Inventory
from anthropic_exporter.ledger.windows import WINDOWS, bounds
from anthropic_exporter.money.accounts import Accounts
from anthropic_exporter.money.coverage import coverage
from anthropic_exporter.money.entities import Entities
from anthropic_exporter.money.exact import EXACT
from anthropic_exporter.money.statement import Spending, Statement
from anthropic_exporter.records import TOKEN_TYPES, Values
from anthropic_exporter.utc import DAY, floor, month_start, previous_month_start

Samples = Iterator[tuple[str, Sequence[Sample]]]


@dataclass(frozen=True, slots=True)
class _Kept:
    """A family as it was made last, and what it was made of."""

    organization_id: str
    made_of: Sequence[Sample]
    made: FamilySamples


@dataclass(slots=True)
class OrganizationView:
    """What is known of one organization, and how it becomes samples.

    Args:
        family: the catalogue, with the labels of ``usage.group_by`` resolved.
        streams: which stream each counter family comes from; a family is shown once its stream was read whole.
        last_used: by API key, the end of the newest bucket with usage.
        last_models: the same by (workspace_id, model).
        money: makes the statements that spend is read from; None for an organization without spend.
        folding: keeps gauges within the limit of series.
        history: since when usage is known, given the time.
        epoch: from when the counters count that were shown last; 0 before that.
    """

    accounts: Accounts
    inventory: Inventory
    family: Callable[[str], Family]
    streams: Mapping[str, str]
    last_used: dict[str, int] = field(default_factory=dict)
    last_models: dict[tuple[str, str], int] = field(default_factory=dict)
    money: Spending | None = None
    folding: Folding = field(default_factory=lambda: Folding(10_000))
    history: Callable[[float], int] = previous_month_start
    epoch: int = 0
    _kept: dict[str, "_Kept"] = field(default_factory=dict)
    _sums: dict[tuple[str, str], tuple[tuple[int, ...], list[Sample]]] = field(default_factory=dict)

    def families(self, organization_id: str, now: float) -> list[FamilySamples]:
        """Return all families with their samples."""
        with self.accounts.guard:
            self.epoch = self.accounts.epoch
            found = [*self._counters(now), *self._windows(now), *self._spending(now), *self._freshness()]
        found.extend(limits(self.inventory, now))
        found.extend(engagement(self.inventory, now))
        carried = self._carried(found)
        found.extend(access(self.inventory, self.last_used, self._counted_from(now), now))
        found.extend(holdings(self.inventory, carried, self.last_used, now))
        return [self._family(organization_id, name, samples) for name, samples in found if samples]

    def prices(self, now: float) -> list[FamilySamples]:
        """Return the prices in force today and their bounds; they are the same for every organization."""
        prices, today = self.accounts.prices, floor(now, DAY)
        bounds: list[Sample] = [((model,), factor) for model, factor in prices.bounds(today)]
        found = (
            ("anthropic_model_price_usd_per_million_tokens", list(prices.rows(today))),
            ("anthropic_model_price_upper_bound_ratio", bounds),
        )
        return [FamilySamples(self.family(name), samples) for name, samples in found]

    def statement(self, now: float) -> Statement | None:
        """Return the account of spend at a moment; read it under the guard of the accounts."""
        if self.money is None:
            return None
        return self.money.statement(coverage(self.accounts, now), Entities.of(self.inventory), now)

    def _counted_from(self, now: float) -> int | None:
        """Return since when usage of keys is known, None while it is not read whole."""
        known = "api_key_usage" in self.streams.values() and self.accounts.complete("api_key_usage")
        return self.history(now) if known else None

    def _spending(self, now: float) -> Samples:
        statement = self.statement(now)
        if statement is not None:
            yield from spending(statement, self.last_models)

    def _family(self, organization_id: str, name: str, samples: Sequence[Sample]) -> FamilySamples:
        """Return the family with the organization in front; the very one of before where nothing has changed."""
        kept = self._kept.get(name)
        if kept and kept.organization_id == organization_id and (kept.made_of is samples or kept.made_of == samples):
            return kept.made
        family = self.family(name)
        whole = [((organization_id, *labels), value) for labels, value in samples]
        made = FamilySamples(family, self.folding.fold(family, whole))
        self._kept[name] = _Kept(organization_id, samples, made)
        return made

    def _counters(self, now: float) -> Samples:
        for name, stream in self.streams.items():
            if self.accounts.complete(stream):
                yield name, self.accounts.counters.shown(name, now)

    def _windows(self, now: float) -> Samples:
        for window in WINDOWS:
            if self._valid("usage", window, now):
                for book in ("usage", "estimate"):
                    yield windowed(book, window), self._window(book, window, now)
            if self._valid("cost", window, now):
                yield windowed("cost", window), self._window("cost", window, now)

    def _window(self, book: str, window: str, now: float) -> list[Sample]:
        """Return the samples of a window's sums; those of before while the sums are the same.

        What was used in another window has a zero: usage is known to be none. A bill is not.
        """
        days, (start, end) = self.accounts.days(book), bounds(window, now)
        kept = self._sums.get((book, window))
        with decimal.localcontext(EXACT):
            stamp = days.stamp(start, end)
            if kept is None or kept[0] != stamp:
                sums = days.total(start, end)
                if book != "cost":
                    zeros: Values = (0,) * (len(TOKEN_TYPES) if book == "usage" else 2)
                    sums = {**dict.fromkeys(days.labels(), zeros), **sums}
                kept = self._sums[book, window] = (stamp, window_samples(book, sums))
        return kept[1]

    def _valid(self, stream: str, window: str, now: float) -> bool:
        """Return whether the stream was read since the window began to be what it is."""
        since = floor(now, DAY) if window in ("today", "yesterday") else month_start(now)
        return self.accounts.complete(stream) and self.accounts.read_at(stream) >= since

    def _freshness(self) -> Samples:
        for stream in ("usage", "cost"):
            if not self.accounts.complete(stream):
                continue
            fresh = self.accounts.freshness(stream)
            if fresh.newest is not None:
                yield f"anthropic_{stream}_last_bucket_timestamp_seconds", [((), fresh.newest)]
            if fresh.settled_until is not None:
                yield f"anthropic_{stream}_settled_timestamp_seconds", [((), fresh.settled_until)]

    def _carried(self, found: list[tuple[str, Sequence[Sample]]]) -> dict[str, set[str]]:
        carried: dict[str, set[str]] = {"workspace_id": set(), "api_key_id": set()}
        for name, samples in found:
            labels = self.family(name).labels[1:]
            for key, values in carried.items():
                if key in labels:
                    place = labels.index(key)
                    values.update([sample[0][place] for sample in samples])
        return carried
