"""The price list against a second, independent writing of what Anthropic publishes."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from anthropic_exporter.money.prices import PriceList, TokenPrices, Unpriced
from anthropic_exporter.records import TOKEN_TYPES

PRICES = PriceList.load()


def day(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


NOVEMBER = day("2026-11-20")


def per_million(
    model: str,
    on: int = NOVEMBER,
    *,
    tier: str = "standard",
    geo: str = "none",
    speed: str = "standard",
    window: str = "none",
) -> tuple[str | None, ...] | str:
    """The five prices in USD per million tokens as plain numbers, or the reason why there are none."""
    found = PRICES.price(model, tier, geo, speed, window, on)
    if isinstance(found, Unpriced):
        return found.reason
    return tuple(None if usd is None else plain(usd * 1_000_000) for usd in found)


def plain(amount: Decimal) -> str:
    return f"{amount.normalize():f}"


# Model, day; input, 5m write, 1h write, read, output; batch input, batch output.
BASE = """
claude-fable-5-2            2026-11-20   8    10    16   0.2  40     4    20
claude-mythos-5-2           2026-11-20   8    10    16   0.2  40     4    20
claude-fable-5-1            2026-11-20  10    12.5  20   0.25 50     5    25
claude-mythos-5-1           2026-11-20  10    12.5  20   0.25 50     5    25
claude-fable-5              2026-11-20  10    12.5  20   1    50     5    25
claude-mythos-5             2026-11-20  10    12.5  20   1    50     5    25
claude-opus-5-5             2026-11-20   4     5     8   0.2  20     2    10
claude-opus-5               2026-11-20   5     6.25 10   0.5  25     2.5  12.5
claude-opus-4-8             2026-11-20   5     6.25 10   0.5  25     2.5  12.5
claude-opus-4-7             2026-11-20   5     6.25 10   0.5  25     2.5  12.5
claude-opus-4-6             2026-11-20   5     6.25 10   0.5  25     2.5  12.5
claude-opus-4-5             2026-11-20   5     6.25 10   0.5  25     2.5  12.5
claude-opus-4-5-20251101    2026-11-20   5     6.25 10   0.5  25     2.5  12.5
claude-opus-4-1             2026-11-20  15    18.75 30   1.5  75     7.5  37.5
claude-opus-4-1-20250805    2026-11-20  15    18.75 30   1.5  75     7.5  37.5
claude-opus-4-0             2026-06-15  15    18.75 30   1.5  75     7.5  37.5
claude-opus-4-20250514      2026-06-15  15    18.75 30   1.5  75     7.5  37.5
claude-3-opus-20240229      2026-01-05  15    18.75 30   1.5  75     7.5  37.5
claude-sonnet-5-5           2026-11-20   2     2.5   4   0.1  10     1     5
claude-sonnet-5             2026-11-20   2     2.5   4   0.2  10     1     5
claude-sonnet-4-6           2026-11-20   3     3.75  6   0.3  15     1.5   7.5
claude-sonnet-4-5           2026-11-20   3     3.75  6   0.3  15     1.5   7.5
claude-sonnet-4-5-20250929  2026-11-20   3     3.75  6   0.3  15     1.5   7.5
claude-sonnet-4-0           2026-06-15   3     3.75  6   0.3  15     1.5   7.5
claude-sonnet-4-20250514    2026-06-15   3     3.75  6   0.3  15     1.5   7.5
claude-3-7-sonnet-20250219  2026-02-19   3     3.75  6   0.3  15     1.5   7.5
claude-3-7-sonnet-latest    2026-02-19   3     3.75  6   0.3  15     1.5   7.5
claude-3-5-sonnet-20240620  2026-01-01   3     3.75  6   0.3  15     1.5   7.5
claude-3-5-sonnet-20241022  2026-01-01   3     3.75  6   0.3  15     1.5   7.5
claude-3-5-sonnet-latest    2026-01-01   3     3.75  6   0.3  15     1.5   7.5
claude-haiku-5-5            2026-11-20   0.1   0.125 0.2 0.01  0.5   0.05  0.25
claude-haiku-4-5            2026-11-20   1     1.25  2   0.1   5     0.5   2.5
claude-haiku-4-5-20251001   2026-11-20   1     1.25  2   0.1   5     0.5   2.5
claude-3-5-haiku-20241022   2026-02-19   0.8   1     1.6 0.08  4     0.4   2
claude-3-5-haiku-latest     2026-02-19   0.8   1     1.6 0.08  4     0.4   2
claude-3-haiku-20240307     2026-11-20   0.25  0.3   0.5 0.03  1.25  0.125 0.625
"""


@pytest.mark.parametrize("line", BASE.strip().splitlines(), ids=lambda line: line.split()[0])
def test_every_published_price(line):
    model, on, *five = line.split()
    *standard, batch_input, batch_output = five
    assert per_million(model, day(on)) == tuple(standard)
    batch = per_million(model, day(on), tier="batch")
    assert (batch[0], batch[-1]) == (batch_input, batch_output)
    assert batch == tuple(plain(Decimal(price) / 2) for price in standard)


# Model, day; what it costs fast.
FAST = [
    ("claude-fable-5-2", "2026-11-20", ("16", "20", "32", "0.4", "80")),
    ("claude-mythos-5-2", "2026-11-20", ("16", "20", "32", "0.4", "80")),
    ("claude-opus-5-5", "2026-11-20", ("8", "10", "16", "0.4", "40")),
    ("claude-opus-5", "2026-11-20", ("10", "12.5", "20", "1", "50")),
    ("claude-opus-4-8", "2026-11-20", ("10", "12.5", "20", "1", "50")),
    ("claude-opus-4-8", "2026-11-30", ("10", "12.5", "20", "1", "50")),
    ("claude-opus-4-8", "2026-12-01", "unknown_speed"),
    ("claude-opus-4-7", "2026-05-01", "unknown_speed"),  # its price is not known
    ("claude-opus-4-7", "2026-11-20", "unknown_speed"),  # it has no fast mode any more
    ("claude-opus-4-6", "2026-04-01", ("30", "37.5", "60", "3", "150")),
    ("claude-opus-4-6", "2026-06-28", ("30", "37.5", "60", "3", "150")),
    ("claude-opus-4-6", "2026-06-29", ("5", "6.25", "10", "0.5", "25")),  # runs and is billed as standard
    ("claude-sonnet-5-5", "2026-11-20", "unknown_speed"),
    ("claude-haiku-5-5", "2026-11-20", "unknown_speed"),
]


@pytest.mark.parametrize(("model", "on", "expected"), FAST)
def test_fast_mode_has_its_own_price_where_there_is_one(model, on, expected):
    assert per_million(model, day(on), speed="fast") == expected


# Model, day, speed; what it costs in the window 200k-1M.
LONG_CONTEXT = [
    ("claude-opus-4-6", "2026-03-12", "standard", ("10", "12.5", "20", "1", "37.5")),
    ("claude-opus-4-6", "2026-03-13", "standard", ("5", "6.25", "10", "0.5", "25")),
    ("claude-opus-4-6", "2026-03-12", "fast", ("60", "75", "120", "6", "225")),
    ("claude-opus-4-6", "2026-03-13", "fast", ("30", "37.5", "60", "3", "150")),
    ("claude-sonnet-4-6", "2026-03-12", "standard", ("6", "7.5", "12", "0.6", "22.5")),
    ("claude-sonnet-4-6", "2026-03-13", "standard", ("3", "3.75", "6", "0.3", "15")),
    ("claude-sonnet-4-5-20250929", "2026-04-30", "standard", ("6", "7.5", "12", "0.6", "22.5")),
    ("claude-sonnet-4-5-20250929", "2026-05-01", "standard", ("3", "3.75", "6", "0.3", "15")),
    ("claude-sonnet-4-20250514", "2026-04-30", "standard", ("6", "7.5", "12", "0.6", "22.5")),
    ("claude-sonnet-4-0", "2026-05-01", "standard", ("3", "3.75", "6", "0.3", "15")),
    ("claude-opus-5-5", "2026-11-20", "standard", ("4", "5", "8", "0.2", "20")),
]


@pytest.mark.parametrize(("model", "on", "speed", "expected"), LONG_CONTEXT)
def test_long_context_costs_more_only_while_it_did(model, on, speed, expected):
    assert per_million(model, day(on), speed=speed, window="200k-1M") == expected


@pytest.mark.parametrize("window", ["0-200k", "none"])
def test_without_long_context_there_is_no_surcharge(window):
    assert per_million("claude-sonnet-4-6", day("2026-03-01"), window=window)[0] == "3"


@pytest.mark.parametrize(
    ("model", "column", "before", "first_day", "after"),
    [
        ("claude-sonnet-5-5", 3, "0.2", "2026-10-07", "0.1"),
        ("claude-sonnet-5", 0, "2", "2026-09-01", "2"),  # the announced rise to 3 was cancelled
        ("claude-sonnet-5", 4, "10", "2026-09-01", "10"),
    ],
)
def test_a_price_changes_at_midnight(model, column, before, first_day, after):
    midnight = day(first_day)
    assert per_million(model, midnight - 86_400)[column] == before
    assert per_million(model, midnight - 1)[column] == before
    assert per_million(model, midnight)[column] == after


@pytest.mark.parametrize("model", ["claude-fable-5-2", "claude-opus-5-5", "claude-opus-4-8", "claude-haiku-5-5"])
def test_usage_before_the_release_costs_the_first_price(model):
    """Previews exist, and no other price of the model is known."""
    assert per_million(model, day("2026-01-02")) == per_million(model, NOVEMBER)


def test_the_first_price_of_sonnet_5_5_is_the_one_of_its_launch():
    assert per_million("claude-sonnet-5-5", day("2026-01-02"))[3] == "0.2"


def test_a_retired_model_keeps_its_price():
    """Announced dates move, and usage after one would be real."""
    assert per_million("claude-sonnet-4-5", day("2027-02-01"))[0] == "3"


def test_unknown_cache_prices_are_none():
    assert per_million("claude-mythos-preview", day("2026-05-01")) == ("25", None, None, None, "125")
    assert per_million("claude-mythos-preview", day("2026-05-01"), tier="batch") == (
        "12.5",
        None,
        None,
        None,
        "62.5",
    )


def test_factors_stack_exactly():
    opus = per_million("claude-opus-5", geo="us")
    assert opus == ("5.5", "6.875", "11", "0.55", "27.5")
    assert per_million("claude-opus-5", geo="us", tier="batch") == ("2.75", "3.4375", "5.5", "0.275", "13.75")
    assert per_million("claude-opus-5", geo="us", speed="fast") == ("11", "13.75", "22", "1.1", "55")
    assert per_million("claude-haiku-5-5", geo="us", tier="batch") == (
        "0.055",
        "0.06875",
        "0.11",
        "0.0055",
        "0.275",
    )


@pytest.mark.parametrize("tier", ["standard", "none"])
@pytest.mark.parametrize("geo", ["global", "not_available", "none"])
@pytest.mark.parametrize("speed", ["standard", "none"])
def test_words_that_say_nothing_cost_the_plain_price(tier, geo, speed):
    assert per_million("claude-opus-5", tier=tier, geo=geo, speed=speed) == ("5", "6.25", "10", "0.5", "25")


@pytest.mark.parametrize(
    ("dimensions", "reason"),
    [
        ({"tier": "priority"}, "commitment"),
        ({"tier": "flex"}, "unknown_tier"),
        ({"tier": "flex_discount"}, "unknown_tier"),
        ({"tier": "priority_on_demand"}, "unknown_tier"),
        ({"tier": "Standard"}, "unknown_tier"),
        ({"tier": ""}, "unknown_tier"),
        ({"geo": "eu"}, "unknown_tier"),
        ({"window": "1M-2M"}, "unknown_tier"),
        ({"speed": "turbo"}, "unknown_speed"),
        ({"speed": ""}, "unknown_speed"),
        ({"speed": "fast", "tier": "batch"}, "unknown_speed"),
    ],
)
def test_what_has_no_public_price_is_not_guessed(dimensions, reason):
    assert per_million("claude-opus-5", **dimensions) == reason


def test_a_commitment_is_one_whatever_the_model():
    assert per_million("claude-new-9", tier="priority") == "commitment"


@pytest.mark.parametrize(
    "model",
    [
        "claude-opus-5-6",
        "claude-opus-5-5-foo",
        "claude-opus-5-5-2026092",
        "claude-opus-5-5-202609220",
        "claude-opus-5-5-٢٠٢٦٠٩٢٢",
        "claude-opus-5-5-20260922\n",
        "claude-opus-5-5-20260922-20260922",
        "claude-opus",
        "claude",
        "Claude-Opus-5",
        "claude-opus-5 ",
        "none",
        "",
    ],
)
def test_a_model_never_matches_by_prefix(model):
    assert per_million(model) == "unknown_model"


def test_a_date_at_the_end_of_an_id_does_not_matter():
    assert per_million("claude-opus-5-5-20260922") == per_million("claude-opus-5-5")


def test_a_newer_model_is_not_its_older_namesake():
    assert per_million("claude-opus-5-5") != per_million("claude-opus-5")


def test_token_prices_are_in_the_order_of_the_token_types():
    assert TokenPrices._fields == TOKEN_TYPES


def test_a_price_is_exact_per_token():
    found = PRICES.price("claude-haiku-5-5", "batch", "us", "none", "none", NOVEMBER)
    assert found.cache_read == Decimal("0.0000000055")


def test_the_same_question_has_the_same_answer_object():
    """Callers may ask for every row: it costs one look-up."""
    asked = ("claude-opus-5", "batch", "us", "none", "none", NOVEMBER)
    assert PRICES.price(*asked) is PRICES.price(*asked)


def test_a_web_search_costs_a_cent():
    assert PRICES.web_search_price(day("2026-01-01")) == PRICES.web_search_price(NOVEMBER) == Decimal("0.01")


def test_only_haiku_5_5_can_have_cost_more():
    assert PRICES.upper_bound_factor("claude-haiku-5-5", NOVEMBER) == 5
    assert PRICES.upper_bound_factor("claude-haiku-4-5", NOVEMBER) == 1
    assert PRICES.upper_bound_factor("claude-new-9", NOVEMBER) == 1


def shown(on: str) -> dict[tuple[str, ...], Decimal]:
    samples = list(PRICES.rows(day(on)))
    found = {sample.labels: sample.usd_per_million for sample in samples}
    assert len(found) == len(samples), "a series twice"
    return found


def test_rows_show_what_is_in_force_on_the_day():
    opus = {labels[1:]: usd for labels, usd in shown("2026-11-20").items() if labels[0] == "claude-opus-4-8"}
    tiers = [("standard", "standard"), ("batch", "standard"), ("standard", "fast")]
    assert opus.keys() == {
        (tier, geo, speed, token_type)
        for tier, speed in tiers
        for geo in ("global", "us")
        for token_type in TOKEN_TYPES
    }
    assert opus["standard", "us", "fast", "output"] == Decimal(55)
    assert opus["batch", "global", "standard", "cache_creation_1h"] == 5
    assert ("claude-opus-4-8", "standard", "global", "fast", "output") not in shown("2026-12-01")


def test_rows_have_no_geography_for_models_without_the_parameter():
    geos = {labels[2] for labels in shown("2026-11-20") if labels[0].startswith("claude-haiku-4-5")}
    assert geos == {"not_available"}


def test_rows_name_a_model_by_every_id_that_usage_may_have():
    models = {labels[0] for labels in shown("2026-11-20")}
    assert {"claude-haiku-4-5", "claude-haiku-4-5-20251001"} <= models


def test_rows_leave_out_what_is_retired():
    assert "claude-sonnet-4-0" in {labels[0] for labels in shown("2026-06-15")}
    models = {labels[0] for labels in shown("2026-06-16")}
    assert "claude-sonnet-4-0" not in models
    assert "claude-sonnet-4-20250514" not in models


def test_rows_leave_out_a_price_that_is_not_known():
    types = {labels[4] for labels in shown("2026-05-01") if labels[0] == "claude-mythos-preview"}
    assert types == {"uncached_input", "output"}
