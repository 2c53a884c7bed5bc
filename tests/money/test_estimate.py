"""Estimates: the dollars that others got wrong, and the laws that the ledger relies on."""

from datetime import UTC, datetime
from decimal import Decimal, Inexact, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anthropic_exporter.money.estimate import ESTIMATE_TYPES, Estimate, PriceDimensions, amounts, estimate
from anthropic_exporter.money.exact import EXACT
from anthropic_exporter.money.prices import PriceList, Unpriced
from anthropic_exporter.records import TOKEN_TYPES

PRICES = PriceList.load()
DAY = int(datetime(2026, 11, 20, tzinfo=UTC).timestamp())
MILLION = 1_000_000


def cost(model: str, *, tier: str = "standard", searches: int = 0, **tokens: int) -> Estimate:
    counts = [tokens.get(token_type, 0) for token_type in TOKEN_TYPES]
    return estimate(PRICES, PriceDimensions(model, tier), DAY, counts, searches)


def test_hour_long_cache_writes_have_their_own_price():
    assert cost("claude-opus-4-8", cache_creation_1h=10 * MILLION).total() == Decimal("100.00")
    assert cost("claude-opus-4-8", cache_creation_5m=10 * MILLION).total() == Decimal("62.50")


def test_a_batch_costs_half():
    assert cost("claude-opus-4-8", tier="batch", output=10 * MILLION).total() == 125


def test_an_older_opus_does_not_cost_what_a_sonnet_does():
    assert cost("claude-opus-4-1-20250805", output=10 * MILLION).total() == 750


def test_a_model_without_a_price_costs_nothing_that_could_be_mistaken_for_a_sum():
    found = cost("claude-opus-6", output=10 * MILLION)
    assert found.usd[:5] == (None,) * 5
    assert found.unpriced == (0, 0, 0, 0, 10 * MILLION)
    assert found.reason == "unknown_model"


def test_web_searches_are_paid_for():
    found = cost("claude-opus-4-8", searches=10_000, output=MILLION)
    assert found.total() == 125
    assert found.usd[ESTIMATE_TYPES.index("web_search")] == 100


def test_web_searches_have_a_price_where_the_tokens_have_none():
    assert cost("claude-opus-6", searches=3, output=5).total() == Decimal("0.03")


def test_a_mixed_day_adds_up():
    parts = [
        cost("claude-opus-4-8", uncached_input=38_000, output=2 * MILLION, cache_creation_1h=1_700_000),
        cost("claude-opus-4-8", tier="batch", output=500_000),
        cost("claude-opus-4-1", output=400_000),
    ]
    assert [part.total() for part in parts] == [Decimal("67.19"), Decimal("6.25"), 30]
    assert sum(part.total() for part in parts) == Decimal("103.44")


def test_types_are_priced_one_by_one():
    found = estimate(PRICES, PriceDimensions("claude-opus-5", "batch", "us"), DAY, [1, 10, 100, 1000, 10_000], 7)
    assert found.usd == tuple(map(Decimal, ("0.00000275", "0.000034375", "0.00055", "0.000275", "0.1375", "0.07")))
    assert found.unpriced == (0, 0, 0, 0, 0)
    assert found.reason is None


def test_types_without_a_known_price_are_unpriced_alone():
    found = cost("claude-mythos-preview", uncached_input=4, cache_creation_5m=1, cache_read=7, output=8)
    assert found.usd == (Decimal("0.0001"), None, None, None, Decimal("0.001"), 0)
    assert found.unpriced == (0, 1, 0, 7, 0)
    assert found.reason == "unknown_model"


@pytest.mark.parametrize(("tier", "reason"), [("priority", "commitment"), ("flex", "unknown_tier"), ("batch", None)])
def test_the_reason_is_that_of_the_price(tier, reason):
    assert cost("claude-opus-5", tier=tier, output=1).reason == reason


def test_a_correction_downwards_is_negative():
    found = estimate(PRICES, PriceDimensions("claude-opus-5"), DAY, [0, 0, 0, 0, -MILLION], -100)
    assert found.total() == -26
    assert cost("claude-opus-6", output=-3).unpriced == (0, 0, 0, 0, -3)


def test_dimensions_are_picked_from_the_labels_of_a_row():
    names = ("workspace_id", "model", "service_tier", "inference_geo", "speed")
    found = PriceDimensions.of(names, ("default", "claude-opus-5", "batch", "us", "fast"))
    assert found == PriceDimensions("claude-opus-5", "batch", "us", "fast", "none")
    assert PriceDimensions.of(("api_key_id",), ("none",)) == PriceDimensions("none")


MODELS = st.sampled_from(
    ["claude-opus-5", "claude-haiku-5-5", "claude-3-haiku-20240307", "claude-mythos-preview", "claude-new"]
)
DIMENSIONS = st.builds(
    PriceDimensions,
    MODELS,
    st.sampled_from(["standard", "batch", "priority", "none"]),
    st.sampled_from(["global", "us", "none"]),
    st.sampled_from(["standard", "fast"]),
)
COUNTS = st.integers(-(10**15), 10**15)
TOKENS = st.tuples(*[COUNTS] * 5)


def added(one: Estimate, other: Estimate) -> Estimate:
    usd = tuple(None if a is None or b is None else EXACT.add(a, b) for a, b in zip(one.usd, other.usd, strict=True))
    unpriced = tuple(a + b for a, b in zip(one.unpriced, other.unpriced, strict=True))
    assert [a is None for a in one.usd] == [b is None for b in other.usd]
    return Estimate(usd, unpriced, one.reason)


@given(DIMENSIONS, TOKENS, COUNTS, TOKENS, COUNTS)
def test_the_estimate_of_a_sum_is_the_sum_of_the_estimates(dimensions, tokens, searches, more, more_searches):
    total = [a + b for a, b in zip(tokens, more, strict=True)]
    whole = estimate(PRICES, dimensions, DAY, total, searches + more_searches)
    parts = (
        estimate(PRICES, dimensions, DAY, tokens, searches),
        estimate(PRICES, dimensions, DAY, more, more_searches),
    )
    assert whole == added(*parts)
    assert whole.total() == EXACT.add(parts[0].total(), parts[1].total())


@given(DIMENSIONS, TOKENS, COUNTS)
def test_nothing_is_rounded(dimensions, tokens, searches):
    found = estimate(PRICES, dimensions, DAY, tokens, searches)
    prices = PRICES.price(*dimensions, DAY)
    expected = Fraction(searches, 100)
    for price, count in zip((None,) * 5 if isinstance(prices, Unpriced) else prices, tokens, strict=True):
        expected += 0 if price is None else Fraction(price) * count
    assert Fraction(found.total()) == expected


@given(DIMENSIONS, TOKENS, st.sampled_from([0, 1, -7, 10**15]))
def test_the_sums_alone_are_those_of_the_estimate_to_the_last_digit(dimensions, tokens, searches):
    asked = (PRICES, dimensions, DAY, tokens, searches)
    whole, found = estimate(*asked), amounts(*asked)
    priced = [usd for usd in whole.usd[:-1] if usd is not None]
    assert (found is None) == (not priced and not searches)
    assert found is None or found == (sum(map(Fraction, priced)), whole.usd[-1])


@given(DIMENSIONS, TOKENS)
def test_every_token_is_either_priced_or_counted_as_unpriced(dimensions, tokens):
    found = estimate(PRICES, dimensions, DAY, tokens)
    for usd, unpriced, count in zip(found.usd, found.unpriced, tokens, strict=False):
        assert unpriced == (count if usd is None else 0)
    assert (found.reason is None) == (None not in found.usd)


def test_the_precision_of_the_caller_does_not_matter():
    with localcontext() as context:
        context.prec = 3
        found = cost("claude-haiku-5-5", output=123_456_789_012_345)
        assert found.total() == Decimal("61728394.5061725")


def test_a_result_that_does_not_fit_is_refused():
    with pytest.raises(Inexact):
        cost("claude-opus-5", output=int("7" * 70))
    with pytest.raises(Inexact):
        amounts(PRICES, PriceDimensions("claude-opus-5"), DAY, [0, 0, 0, 0, int("7" * 70)])
