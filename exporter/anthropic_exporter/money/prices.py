"""What a token costs, by model, service tier, geography, speed, context window and day."""

import hashlib
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from itertools import pairwise, product
from operator import mul
from pathlib import Path
from typing import Literal, NamedTuple, Self

from anthropic_exporter.errors import ConfigError
from anthropic_exporter.money.exact import EXACT
from anthropic_exporter.money.names import Names, names_of
from anthropic_exporter.money.pricefile import (
    CONTEXT_WINDOWS,
    SPEEDS,
    Key,
    PriceFile,
    Row,
    read_bundled,
    read_file,
)
from anthropic_exporter.records import NONE, NOT_AVAILABLE, TOKEN_TYPES

Reason = Literal["unknown_model", "unknown_tier", "unknown_speed", "commitment"]

#: The words that cost the plain price. "none": the source does not offer the dimension, or was not asked.
_PLAIN = {"service_tier": ("standard", NONE), "inference_geo": ("global", NOT_AVAILABLE, NONE)}
_WINDOWS = (NONE, *CONTEXT_WINDOWS)
_PER_MILLION = 6  # decimal places between a price per token and one per million


_MEMO_SIZE = 10_000


class TokenPrices(NamedTuple):
    """USD per token, in the order of records.TOKEN_TYPES; None where that type has no known price."""

    uncached_input: Decimal | None
    cache_creation_5m: Decimal | None
    cache_creation_1h: Decimal | None
    cache_read: Decimal | None
    output: Decimal | None


class Rate(NamedTuple):
    """The same as whole numbers, so that what tokens of all types cost together is one product of each, and exact."""

    per_token: tuple[int, ...]  # in 10^-places USD; 0 where the price is not known
    places: int

    def usd(self, tokens: Iterable[int]) -> Decimal:
        """Return what the tokens cost that have a price; they are in the order of TOKEN_TYPES."""
        return EXACT.scaleb(Decimal(sum(map(mul, self.per_token, tokens))), -self.places)


class Unpriced(NamedTuple):
    """There is no price to take, and none is guessed."""

    reason: Reason


class PriceSample(NamedTuple):
    """One price as anthropic_model_price_usd_per_million_tokens shows it."""

    labels: tuple[str, str, str, str, str]  # model, service_tier, inference_geo, speed, token_type
    usd_per_million: Decimal


@dataclass(frozen=True, slots=True, eq=False)
class PriceList:
    """Dated prices. A list never changes, so a day costs tomorrow what it costs today.

    A model matches by its exact ID, by another name that the list has for it, or by either with a
    ``-YYYYMMDD`` at its end; see ``names``.

    The rows of ``prices.file`` go before the bundled ones on the days that they cover, for the same model,
    speed and context window; the bundled ones hold on all other days.

    Two estimates are lower bounds, because the report does not tell the dearer usage apart: Haiku 5.5
    (prompts over 100k tokens, see ``upper_bound_factor``) and, until 2026-04-30, long context where usage is
    not grouped by ``context_window``.
    """

    _rows: dict[Key, tuple[Row, ...]]  # of one key, the first that covers a day is taken
    _names: Names
    _listed: tuple[tuple[str, str], ...]  # (key, name) of every name that the list has for a model
    _takes_geo: dict[str, bool]
    _retired: dict[str, int]
    # price() is asked for every row of every bucket, but its questions are few: labels times days.
    _memo: dict[tuple[str, str, str, str, str, int], TokenPrices | Unpriced] = field(default_factory=dict, repr=False)
    _spans: dict[int, int] = field(default_factory=dict, repr=False)
    _rates: dict[tuple[str, str, str, str, str, int], Rate | None] = field(default_factory=dict, repr=False)

    @classmethod
    def load(cls, path: Path | str | None = None) -> Self:
        """Return the prices that come with the program, overridden and extended by a file; ``pricefile`` has its form.

        Raises:
            ConfigError: the file cannot be read, is not of that form, or contradicts itself.
        """
        return cls._of(_bundled(), *([read_file(Path(path))] if path else []))

    @classmethod
    def _of(cls, *layers: PriceFile) -> Self:
        names = names_of(layers)
        rows: dict[Key, tuple[Row, ...]] = {}
        listed: set[tuple[str, str]] = {(key, name) for name, key in names.keys.items()}
        takes_geo: dict[str, bool] = {}
        retired: dict[str, int] = {}
        for layer in layers:
            for key, own in _by_key(layer, names).items():
                rows[key] = own + rows.get(key, ())
            listed.update((names.key(row.key[0]), row.key[0]) for row in layer.prices)
            for model in layer.models:
                if model.inference_geo is not None:
                    takes_geo[names.key(model.name)] = model.inference_geo
                if model.retired is not None:
                    retired[names.key(model.name)] = model.retired
        return cls(rows, names, tuple(sorted(listed)), takes_geo, retired)

    def fingerprint(self) -> str:
        """Return a word that is another one whenever some usage could get another price.

        What only informs (sources, notes, retirement) is not in it, nor is how a number is written.
        """
        lines = [f"{name}={key}" for name, key in self._names.keys.items()]
        for key, rows in self._rows.items():
            for position, row in enumerate(rows):
                amounts = [amount if amount is None else str(amount.normalize(EXACT)) for amount in row.amounts]
                lines.append(f"{key} {position} {row.valid_from} {row.valid_to} {amounts}")
        return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()[:16]

    def price(
        self, model: str, service_tier: str, inference_geo: str, speed: str, context_window: str, day: int
    ) -> TokenPrices | Unpriced:
        """Return what one token of each type costs, or why that is not known.

        Args:
            context_window: "0-200k", "200k-1M", or "none" where usage is not split by it.
            day: midnight UTC of the day of use, in seconds since 1970.
        """
        asked = (model, service_tier, inference_geo, speed, context_window, day)
        found = self._memo.get(asked)
        if found is None:
            if len(self._memo) >= _MEMO_SIZE:
                self._memo.clear()  # the first reading of a year asks for every day once and never again
            found = self._memo[asked] = self._price(*asked)
        return found

    def rate(
        self, model: str, service_tier: str, inference_geo: str, speed: str, context_window: str, day: int
    ) -> Rate | None:
        """Return ``price`` as whole numbers, or None where no type has a price."""
        asked = (model, service_tier, inference_geo, speed, context_window, day)
        if asked not in self._rates:
            if len(self._rates) >= _MEMO_SIZE:
                self._rates.clear()
            self._rates[asked] = _rate(self.price(*asked))
        return self._rates[asked]

    def upper_bound_factor(self, model: str, day: int) -> Decimal:
        """Return the factor from an estimate of that day to the most that the usage can have cost."""
        row = self._row((self._names.key(model), "standard", NONE), day)
        return Decimal(1) if row is None else row.upper_bound_factor

    def bounds(self, day: int) -> Iterator[tuple[str, Decimal]]:
        """Yield each name of a model whose estimates are lower bounds, with ``upper_bound_factor``."""
        for key, name in self._listed:
            factor = self.upper_bound_factor(name, day)
            if factor != 1 and not (key in self._retired and self._retired[key] < day):
                yield name, factor

    def web_search_price(self, day: int) -> Decimal:
        """Return USD per web search. No tier, geography or speed changes it.

        Source: Anthropic pricing page, "$10 per 1,000 searches".
        """
        row = self._row((), day)
        if row is None or row.amounts[0] is None:
            raise AssertionError("the bundled list has a price per search for every day")
        return row.amounts[0]

    def changes(self) -> list[int]:
        """Return the midnights, in order, between which no usage changes its price."""
        found = {edge for rows in self._rows.values() for row in rows for edge in (row.valid_from, row.valid_to)}
        return sorted(edge for edge in found if edge is not None)

    def span(self, day: int) -> int:
        """Return a number that is the same for all days between two changes of prices."""
        if day not in self._spans:
            self._spans[day] = bisect_right(self.changes(), day)
        return self._spans[day]

    def rows(self, day: int) -> Iterator[PriceSample]:
        """Yield every price that usage of that day can have, under each name that the list has for a model.

        Prices by context window are not among them (the metric has no label for it), nor are retired models.
        """
        tiers = ("standard", *self._words("service_tier", day))
        geos = ("global", *self._words("inference_geo", day))
        for key, name in self._listed:
            if key in self._retired and self._retired[key] < day:
                continue
            own_geos = geos if self._takes_geo.get(key, True) else (NOT_AVAILABLE,)
            for tier, geo, speed in product(tiers, own_geos, SPEEDS):
                found = self.price(name, tier, geo, speed, NONE, day)
                if isinstance(found, Unpriced):
                    continue
                for token_type, usd in zip(TOKEN_TYPES, found, strict=True):
                    if usd is not None:
                        yield PriceSample((name, tier, geo, speed, token_type), usd.scaleb(_PER_MILLION, EXACT))

    def _price(
        self, model: str, service_tier: str, inference_geo: str, speed: str, context_window: str, day: int
    ) -> TokenPrices | Unpriced:
        tier = self._factor("service_tier", service_tier, day)
        if tier is None:
            # Priority tokens are paid for in advance: they stay unpriced also when the model becomes known.
            return Unpriced("commitment" if service_tier == "priority" else "unknown_tier")
        # A geography or a context window that is new has a price that nobody has told. To take the global one
        # would be a guess; it is unpriced like a tier without a public price, which is what it amounts to.
        geo = self._factor("inference_geo", inference_geo, day)
        if geo is None or context_window not in _WINDOWS:
            return Unpriced("unknown_tier")
        key = self._names.key(model)
        if not any(self._row((key, *rest), day) for rest in product(SPEEDS, _WINDOWS)):
            return Unpriced("unknown_model")
        speed = "standard" if speed == NONE else speed
        row = self._row((key, speed, context_window), day) or self._row((key, speed, NONE), day)
        # Fast mode does not exist for batches (pricing page), so there is no price for the two together.
        if row is None or (speed == "fast" and service_tier == "batch"):
            return Unpriced("unknown_speed")
        factor = EXACT.multiply(tier, geo)
        return TokenPrices(*(_per_token(amount, factor) for amount in row.amounts))

    def _factor(self, dimension: str, word: str, day: int) -> Decimal | None:
        row = self._row((dimension, word), day)
        if row is not None:
            return row.amounts[0]
        return Decimal(1) if word in _PLAIN[dimension] else None

    def _words(self, dimension: str, day: int) -> Iterator[str]:
        """Yield the words that have a factor on that day, beside the plain ones."""
        for key in self._rows:
            match key:
                case (found, word) if found == dimension and word not in _PLAIN[dimension] and self._row(key, day):
                    yield word

    def _row(self, key: Key, day: int) -> Row | None:
        return next((row for row in self._rows.get(key, ()) if row.covers(day)), None)


@cache
def _bundled() -> PriceFile:
    return read_bundled()


def _by_key(layer: PriceFile, names: Names) -> dict[Key, tuple[Row, ...]]:
    """Return the rows of one file by what they are the price of, oldest first.

    Raises:
        ConfigError: two rows of one key have a day in common.
    """
    rows: dict[Key, list[Row]] = {}
    for row in layer.prices:
        model, *rest = row.key
        rows.setdefault((names.key(model), *rest), []).append(row)
    for row in (*layer.factors, *layer.web_search):
        rows.setdefault(row.key, []).append(row)
    for same in rows.values():
        same.sort(key=lambda row: row.valid_from or 0)
        for earlier, later in pairwise(same):
            if earlier.overlaps(later):
                where = f"{layer.name}: {later.where}"
                raise ConfigError(f"{where}: expected days of its own, found an overlap with {earlier.where}")
    return {key: tuple(same) for key, same in rows.items()}


def _per_token(per_million: Decimal | None, factor: Decimal) -> Decimal | None:
    return None if per_million is None else EXACT.multiply(per_million, factor).scaleb(-_PER_MILLION, EXACT)


def _rate(found: TokenPrices | Unpriced) -> Rate | None:
    if isinstance(found, Unpriced):
        return None
    known = [price for price in found if price is not None]
    places = max((-int(price.as_tuple().exponent) for price in known), default=0)
    per_token = (0 if price is None else int(EXACT.scaleb(price, places)) for price in found)
    return Rate(tuple(per_token), places) if known else None
