"""What a change in the ledger means for the counters, and for the days that gauges are made of.

This is where tokens become money: each difference is priced at its own day, so that a price change does not rewrite
the past. Everything is linear, so differences can be posted one by one.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol, cast

from anthropic_exporter.ledger.counters import Posting
from anthropic_exporter.ledger.intervals import Delta
from anthropic_exporter.money.caching import cache_effect
from anthropic_exporter.money.estimate import ESTIMATE_TYPES, PriceDimensions, amounts, estimate
from anthropic_exporter.money.exact import EXACT
from anthropic_exporter.money.prices import PriceList
from anthropic_exporter.records import TOKEN_TYPES, Labels, Values, arranger
from anthropic_exporter.utc import DAY, HOUR, floor

_SEARCHES = len(TOKEN_TYPES)
_BY_MODEL = ("workspace_id", "model")
_BY_KEY = ("api_key_id", "model")

WRITES = ("cache_creation_5m", "cache_creation_1h")
"""The token types that cost more than plain input."""

HOURS = "hours"
"""The book of estimates by the hour instead of the day, by workspace: the pattern of a forecast's running day."""


class Day(NamedTuple):
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
    by_token_type: bool  # whether the estimate is told per token type, and what is in none of it by model
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

    def counters(self, deltas: Iterable[Delta], prices: PriceList) -> Iterator[Posting]:
        """Yield what the counted part of differences adds to which series.

        A new combination posts all its token types, zeros too, so that none appears later out of nothing.
        """
        arranged = arranger(self.dimensions, self.labels)
        for delta in deltas:
            if not any(delta.counted):
                continue
            labels = arranged(delta.labels)
            tokens, searches = delta.counted[:_SEARCHES], delta.counted[_SEARCHES]
            for token_type, amount in zip(TOKEN_TYPES, tokens, strict=True):
                if amount or not delta.before:
                    yield Posting(self.families.tokens, (*labels, token_type), amount)
            if searches and self.families.web_searches:
                yield Posting(self.families.web_searches, labels, searches)
            yield from self._money(delta, labels, prices)

    def days(self, deltas: Iterable[Delta], prices: PriceList) -> Iterator[Day]:
        """Yield what differences change of their days, by workspace and model or by key and model.

        What has no price at all is in no estimate, rather than in one of 0.
        """
        by_model, by_key = arranger(self.dimensions, _BY_MODEL), arranger(self.dimensions, _BY_KEY)
        windows, keys = self.families.windows, self.families.by_key
        # Two months of days are a few labels over and over.
        told: dict[Labels, tuple[Labels, Labels, PriceDimensions]] = {}
        for (start, end), labels, known, _, _ in deltas:
            if labels not in told:
                told[labels] = (by_model(labels), by_key(labels), PriceDimensions.of(self.dimensions, labels))
            model, key, dimensions = told[labels]
            day, tokens = floor(start, DAY), known[:_SEARCHES]
            if windows:
                yield Day("usage", day, model, tokens)
            found = amounts(prices, dimensions, day, *_counts(known))
            if found is None:
                continue
            if keys:
                yield Day("key_estimate", day, key, found)
            if windows:
                yield Day("estimate", day, model, found)
            # Where a day takes the place of its hours only corrections are left over, and no hour is known for those.
            if windows and end - start <= HOUR:
                yield Day(HOURS, floor(start, HOUR), model[:1], (EXACT.add(*found),))

    def _money(self, delta: Delta, labels: Labels, prices: PriceList) -> Iterator[Posting]:
        if self.families.by_token_type:
            yield from self._by_token_type(delta, labels, prices)
        else:
            found = amounts(prices, *self._priced(delta, delta.counted))
            if found is not None:
                yield Posting(self.families.estimated, labels, EXACT.add(*found))
        if self.families.cache_savings:
            yield from self._caching(delta, prices)

    def _by_token_type(self, delta: Delta, labels: Labels, prices: PriceList) -> Iterator[Posting]:
        found = estimate(prices, *self._priced(delta, delta.counted))
        for token_type, usd in zip(ESTIMATE_TYPES, found.usd, strict=True):
            if usd is not None and (usd or (not delta.before and token_type in TOKEN_TYPES)):
                yield Posting(self.families.estimated, (*labels, token_type), usd)
        if self.families.unpriced and found.reason:
            model = arranger(self.dimensions, ("model",))(delta.labels)[0]
            for token_type, count in zip(TOKEN_TYPES, found.unpriced, strict=True):
                if count:
                    yield Posting(self.families.unpriced, (model, token_type, found.reason), count)

    def _caching(self, delta: Delta, prices: PriceList) -> Iterator[Posting]:
        dimensions, day, tokens, _ = self._priced(delta, delta.counted)
        effect = cache_effect(prices, dimensions, day, tokens)
        if effect.read_savings is not None:
            yield Posting(self.families.cache_savings, (dimensions.model,), effect.read_savings)
        for token_type, usd in zip(WRITES, (effect.write_premium_5m, effect.write_premium_1h), strict=True):
            if usd is not None:
                yield Posting(self.families.cache_premium, (dimensions.model, token_type), usd)

    def _priced(self, delta: Delta, values: Values) -> tuple[PriceDimensions, int, tuple[int, ...], int]:
        """Return what the price list wants to know: the dimensions, the day, tokens and web searches."""
        dimensions = PriceDimensions.of(self.dimensions, delta.labels)
        return dimensions, floor(delta.slot.starting_at, DAY), *_counts(values)


def _counts(values: Values) -> tuple[tuple[int, ...], int]:
    """Return tokens and web searches: the usage reports have no fractions."""
    counts = cast("tuple[int, ...]", values)
    return counts[:_SEARCHES], counts[_SEARCHES]


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

    def counters(self, deltas: Iterable[Delta], prices: PriceList) -> Iterator[Posting]:  # noqa: ARG002 - as UsagePoster's
        """Yield what the counted part of differences adds."""
        arranged = arranger(self.dimensions, self.labels)
        for delta in deltas:
            if delta.counted[0]:
                yield Posting(self.family, arranged(delta.labels), delta.counted[0])

    def days(self, deltas: Iterable[Delta], prices: PriceList) -> Iterator[Day]:  # noqa: ARG002 - as UsagePoster's
        """Yield what differences change of their days."""
        if not self.book:
            return
        arranged = arranger(self.dimensions, self.by)
        for delta in deltas:
            if delta.known[0]:
                yield Day(self.book, floor(delta.slot.starting_at, DAY), arranged(delta.labels), delta.known[:1])


class Poster(Protocol):
    """What a stream's differences mean. Linear: differences can be posted one by one or added up before."""

    def counters(self, deltas: Iterable[Delta], prices: PriceList) -> Iterator[Posting]:
        """Yield what the counted part of differences adds to which series."""

    def days(self, deltas: Iterable[Delta], prices: PriceList) -> Iterator[Day]:
        """Yield what differences change of their days."""
