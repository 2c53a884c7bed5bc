"""The steps of an estimate add up to it, whatever the modifiers; and each has its own dollars."""

from decimal import Decimal
from itertools import product

from anthropic_exporter.money.estimate import PriceDimensions, estimate
from anthropic_exporter.money.prices import PriceList
from anthropic_exporter.money.steps import Steps, steps
from money.firm import at

PRICES = PriceList.load()
MILLIONS = [1_000_000, 2_000_000, 3_000_000, 4_000_000, 5_000_000]
NOVEMBER = at("2026-11-20")


def usd(*amounts):
    return Steps(*map(Decimal, amounts))


def of(model, tier="standard", geo="global", speed="standard", *, tokens=MILLIONS):
    return steps(PRICES, PriceDimensions(model, tier, geo, speed), NOVEMBER, tokens)


def test_the_steps_add_up_to_the_estimate_under_every_combination():
    models = {sample.labels[0] for day in ("2026-03-01", "2026-11-20") for sample in PRICES.rows(at(day))}
    words = product(
        sorted({*models, "claude-lumen-preview"}),
        ("standard", "batch", "priority", "flex"),
        ("none", "global", "us", "eu"),
        ("none", "standard", "fast"),
        ("none", "200k-1M"),
        (at("2026-03-01"), NOVEMBER),
    )
    priced = 0
    for *dimensions, day in words:
        found = steps(PRICES, PriceDimensions(*dimensions), day, MILLIONS)
        told = estimate(PRICES, PriceDimensions(*dimensions), day, MILLIONS)
        assert [None if step is None else sum(step) for step in found] == list(told.usd[:5]), dimensions
        priced += any(step is not None for step in found)
    assert priced > 500


def test_each_modifier_has_what_it_adds():
    """Opus 5 is 5 in, 6.25 and 10 to write, 0.50 to read, 25 out; fast is twice that."""
    plain, short, hour, read, out = of("claude-opus-5")
    assert (plain, short, read) == (usd(5, 0, 0, 0, 0), usd("12.5", 0, 0, 0, 0), usd(2, 0, 0, 0, 0))
    assert hour == usd("18.75", "11.25", 0, 0, 0)  # 3 M at 6.25, and 3.75 more each
    assert out == usd(125, 0, 0, 0, 0)
    assert of("claude-opus-5", "batch")[4] == usd(125, 0, 0, 0, "-62.5")
    assert of("claude-opus-5", geo="us")[4] == usd(125, 0, 0, "12.5", 0)
    assert of("claude-opus-5", geo="us", speed="fast")[4] == usd(125, 0, 125, 25, 0)
    assert of("claude-opus-5", "batch", "us")[2] == usd("18.75", "11.25", 0, 3, "-16.5")


def test_without_a_price_there_are_no_steps():
    assert of("claude-lumen-preview") == of("claude-opus-5", "priority") == (None,) * 5
    assert [
        step is None for step in steps(PRICES, PriceDimensions("claude-mythos-preview"), at("2026-05-01"), MILLIONS)
    ] == [
        False,
        True,
        True,
        True,
        False,
    ]
