"""What a change in the ledger means for the counters, and for the days that gauges are made of.

This is where tokens become money: each difference is priced at its own day, so that a price change does not rewrite
the past. Everything is linear, so differences can be posted one by one.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from anthropic_exporter.ledger.counters import Posting
from anthropic_exporter.ledger.intervals import Delta
from anthropic_exporter.money.caching import cache_effect
from anthropic_exporter.money.estimate import ESTIMATE_TYPES, Estimate, PriceDimensions, estimate
from anthropic_exporter.money.prices import PriceList
from anthropic_exporter.records import NONE, TOKEN_TYPES, Labels, Values
from anthropic_exporter.utc import DAY, HOUR, floor

_SEARCHES = len(TOKEN_TYPES)

WRITES = ("cache_creation_5m", "cache_creation_1h")
"""The token types that cost more than plain input."""

HOURS = "hours"
"""The book of estimates by the hour instead of the day, by workspace: the pattern of a forecast's running day."""


@dataclass(frozen=True, slots=True)
class Day:
    """A difference of one day, for the calendar windows: ``book`` names the sums it belongs to."""

    book: str
    day: int
    labels: Labels
    values: Values


@dataclass(frozen=True, slots=True)
class UsageFamilies:
    """The names of the counter families that one usage stream feeds; "" for one it does not."""

    tokens: str
    web_searches: str
    estimated: str
    by_token_type: bool  # whether the estimate is told per token type
    unpriced: str
    windows: bool  # whether the stream feeds the calendar windows
    by_key: bool = False  # whether it feeds the estimates that bills are split by
    cache_savings: str = ""
    cache_premium: str = ""


@dataclass(frozen=True, slots=True)
class UsagePoster:
    """Posts a stream of five token types and web searches.

    Args:
        dimensions: of the stream.
        labels: of the families, each one of ``dimensions`` or, where upstream is not asked for it, told as "none".
    """

    dimensions: tuple[str, ...]
    labels: tuple[str, ...]
    families: UsageFamilies

    def counters(self, delta: Delta, prices: PriceList) -> Iterator[Posting]:
        """Yield what the counted part of a difference adds to which series.

        A new combination posts all its token types, zeros too, so that none appears later out of nothing.
        """
        if not any(delta.counted):
            return
        labels = pick(self.dimensions, self.labels, delta.labels)
        tokens, searches = delta.counted[:_SEARCHES], delta.counted[_SEARCHES]
        for token_type, amount in zip(TOKEN_TYPES, tokens, strict=True):
            if amount or not delta.before:
                yield Posting(self.families.tokens, (*labels, token_type), amount)
        if searches and self.families.web_searches:
            yield Posting(self.families.web_searches, labels, searches)
        yield from self._money(delta, labels, prices)

    def days(self, delta: Delta, prices: PriceList) -> Iterator[Day]:
        """Yield what a difference changes of its day, by workspace and model or by key and model.

        What has no price at all is in no estimate, rather than in one of 0.
        """
        if self.families.by_key:
            yield from self._by_key(delta, prices)
        if not self.families.windows:
            return
        day = floor(delta.slot.starting_at, DAY)
        by = pick(self.dimensions, ("workspace_id", "model"), delta.labels)
        yield Day("usage", day, by, delta.known[:_SEARCHES])
        found = self._estimate(delta, delta.known, prices)
        if not _priced(found):
            return
        yield Day("estimate", day, by, _tokens_and_searches(found))
        # Where a day takes the place of its hours only corrections are left over, and no hour is known for those.
        if delta.slot.ending_at - delta.slot.starting_at <= HOUR:
            yield Day(HOURS, floor(delta.slot.starting_at, HOUR), by[:1], (found.total(),))

    def _by_key(self, delta: Delta, prices: PriceList) -> Iterator[Day]:
        by = pick(self.dimensions, ("api_key_id", "model"), delta.labels)
        found = self._estimate(delta, delta.known, prices)
        if _priced(found):
            yield Day("key_estimate", floor(delta.slot.starting_at, DAY), by, _tokens_and_searches(found))

    def _money(self, delta: Delta, labels: Labels, prices: PriceList) -> Iterator[Posting]:
        found = self._estimate(delta, delta.counted, prices)
        name = self.families.estimated
        if self.families.by_token_type:
            for token_type, usd in zip(ESTIMATE_TYPES, found.usd, strict=True):
                if usd is not None and (usd or (not delta.before and token_type in TOKEN_TYPES)):
                    yield Posting(name, (*labels, token_type), usd)
        elif _priced(found):
            yield Posting(name, labels, found.total())
        if self.families.unpriced and found.reason:
            model = pick(self.dimensions, ("model",), delta.labels)[0]
            for token_type, count in zip(TOKEN_TYPES, found.unpriced, strict=True):
                if count:
                    yield Posting(self.families.unpriced, (model, token_type, found.reason), count)
        if self.families.cache_savings:
            yield from self._caching(delta, prices)

    def _caching(self, delta: Delta, prices: PriceList) -> Iterator[Posting]:
        dimensions = PriceDimensions.of(self.dimensions, delta.labels)
        tokens = [int(value) for value in delta.counted[:_SEARCHES]]
        effect = cache_effect(prices, dimensions, floor(delta.slot.starting_at, DAY), tokens)
        if effect.read_savings is not None:
            yield Posting(self.families.cache_savings, (dimensions.model,), effect.read_savings)
        for token_type, usd in zip(WRITES, (effect.write_premium_5m, effect.write_premium_1h), strict=True):
            if usd is not None:
                yield Posting(self.families.cache_premium, (dimensions.model, token_type), usd)

    def _estimate(self, delta: Delta, values: Values, prices: PriceList) -> Estimate:
        return estimate(
            prices,
            PriceDimensions.of(self.dimensions, delta.labels),
            floor(delta.slot.starting_at, DAY),
            [int(value) for value in values[:_SEARCHES]],
            int(values[_SEARCHES]),
        )


def _priced(found: Estimate) -> bool:
    """Return whether any of it has a price."""
    return any(usd is not None for usd in found.usd[:_SEARCHES]) or bool(found.usd[_SEARCHES])


def _tokens_and_searches(found: Estimate) -> Values:
    searches = found.usd[_SEARCHES] or Decimal(0)
    return found.total() - searches, searches


@dataclass(frozen=True, slots=True)
class AmountPoster:
    """Posts a stream of one value (requests, billed cost, list cost) as it is.

    Args:
        book: the day sums that it feeds, or "".
        by: the labels of those sums.
    """

    dimensions: tuple[str, ...]
    labels: tuple[str, ...]
    family: str
    book: str = ""
    by: tuple[str, ...] = ()

    def counters(self, delta: Delta, prices: PriceList) -> Iterator[Posting]:  # noqa: ARG002 - as UsagePoster's
        """Yield what the counted part of a difference adds."""
        if delta.counted[0]:
            yield Posting(self.family, pick(self.dimensions, self.labels, delta.labels), delta.counted[0])

    def days(self, delta: Delta, prices: PriceList) -> Iterator[Day]:  # noqa: ARG002 - as UsagePoster's
        """Yield what a difference changes of its day."""
        if self.book and delta.known[0]:
            day = floor(delta.slot.starting_at, DAY)
            yield Day(self.book, day, pick(self.dimensions, self.by, delta.labels), (delta.known[0],))


class Poster(Protocol):
    """What a stream's differences mean. Linear: differences can be posted one by one or added up before."""

    def counters(self, delta: Delta, prices: PriceList) -> Iterator[Posting]:
        """Yield what the counted part of a difference adds to which series."""

    def days(self, delta: Delta, prices: PriceList) -> Iterator[Day]:
        """Yield what a difference changes of its day."""


def pick(dimensions: tuple[str, ...], wanted: tuple[str, ...], labels: Labels) -> Labels:
    """Return the values of the wanted labels; "none" for one that is not among the dimensions."""
    return tuple([labels[dimensions.index(name)] if name in dimensions else NONE for name in wanted])
