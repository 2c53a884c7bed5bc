from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anthropic_exporter.ledger.counters import Posting
from anthropic_exporter.ledger.intervals import Delta, together
from anthropic_exporter.money.postings import AmountPoster, UsageFamilies, UsagePoster
from anthropic_exporter.money.prices import PriceList
from anthropic_exporter.records import TOKEN_TYPES, Interval, arranger
from anthropic_exporter.utc import DAY, HOUR
from ledger.bounded import quick
from ledger.instants import at

PRICES = PriceList.load()
DIMENSIONS = ("workspace_id", "model", "service_tier", "inference_geo", "speed")
LABELS = ("default", "claude-opus-5", "standard", "global", "standard")
NOON = at("2026-07-15T12:00")
SLOT = Interval(NOON, NOON + HOUR)
PRICE = PRICES.price(*LABELS[1:], "none", at("2026-07-15"))
POSTER = UsagePoster(
    DIMENSIONS, ("workspace_id", "model"), UsageFamilies("tokens", "searches", "usd", True, "unpriced", True)
)
ONE_SERIES = UsagePoster(DIMENSIONS, ("api_key_id", "model"), UsageFamilies("tokens", "", "usd", False, "", False))


def delta(*values, labels=LABELS, before=False, counted=None):
    values = (*values, *([0] * (6 - len(values))))
    return Delta(SLOT, labels, values, values if counted is None else counted, before)


def posted(poster, *deltas):
    """Return the sums of all postings by family and labels."""
    sums = {}
    for posting in poster.counters(deltas, PRICES):
        key = (posting.family, *posting.labels)
        sums[key] = sums.get(key, 0) + posting.amount
    return sums


def test_labels_that_are_not_asked_for_are_none():
    assert arranger(("a", "b"), ("b", "c"))(("1", "2")) == ("2", "none")


def test_a_new_combination_makes_all_its_token_types_exist():
    found = posted(POSTER, delta(5))
    assert {key[3]: amount for key, amount in found.items() if key[0] == "tokens"} == dict(
        zip(TOKEN_TYPES, (5, 0, 0, 0, 0), strict=True)
    )
    assert {key[3] for key in found if key[0] == "usd"} == set(TOKEN_TYPES)
    assert found["usd", "default", "claude-opus-5", "uncached_input"] == 5 * PRICE.uncached_input


def test_a_known_combination_posts_what_changed():
    found = posted(POSTER, delta(0, 0, 0, 0, -3, before=True))
    assert found == {
        ("tokens", "default", "claude-opus-5", "output"): -3,
        ("usd", "default", "claude-opus-5", "output"): -3 * PRICE.output,
    }


def test_what_does_not_count_is_not_posted():
    assert list(POSTER.counters([delta(5, counted=(0,) * 6)], PRICES)) == []
    assert list(AmountPoster(("a",), ("a",), "usd").counters([Delta(SLOT, ("x",), (5,), (0,), False)], PRICES)) == []


def test_web_searches_have_a_price_of_their_own():
    found = posted(POSTER, delta(0, 0, 0, 0, 0, 100))
    assert found["searches", "default", "claude-opus-5"] == 100
    assert found["usd", "default", "claude-opus-5", "web_search"] == 1


@pytest.mark.parametrize(
    ("labels", "reason"),
    [
        (("default", "claude-of-tomorrow", "standard", "global", "standard"), "unknown_model"),
        (("default", "claude-opus-5", "priority", "global", "standard"), "commitment"),
    ],
)
def test_tokens_without_a_price_are_counted_and_in_no_estimate(labels, reason):
    found = posted(POSTER, delta(5, 0, 0, 0, 7, labels=labels))
    assert {key: amount for key, amount in found.items() if key[0] in ("usd", "unpriced")} == {
        ("unpriced", labels[1], "uncached_input", reason): 5,
        ("unpriced", labels[1], "output", reason): 7,
    }


def test_an_estimate_may_be_one_series():
    found = posted(ONE_SERIES, delta(5, 0, 0, 0, 7))
    assert found["usd", "none", "claude-opus-5"] == 5 * PRICE.uncached_input + 7 * PRICE.output
    unpriced = delta(5, labels=("default", "claude-of-tomorrow", "standard", "global", "standard"))
    assert {key[0] for key in posted(ONE_SERIES, unpriced)} == {"tokens"}


@quick
@given(st.lists(st.tuples(*[st.integers(-(10**9), 10**9)] * 6), max_size=6), st.randoms())
def test_an_estimate_is_exact_whatever_the_order(amounts, random):
    deltas = [delta(*values, before=True) for values in amounts]
    forth = posted(POSTER, *deltas)
    random.shuffle(deltas)
    assert {k: v for k, v in posted(POSTER, *deltas).items() if v} == {k: v for k, v in forth.items() if v}
    for place, token_type in enumerate(TOKEN_TYPES):
        tokens = sum(values[place] for values in amounts)
        assert forth.get(("tokens", "default", "claude-opus-5", token_type), 0) == tokens
        assert forth.get(("usd", "default", "claude-opus-5", token_type), 0) == tokens * PRICE[place]


EDGES = [edge for edge in PRICES.changes() if edge > at("2025-06-01")]
SLOTS = st.sampled_from(
    [Interval(edge + days * DAY, edge + days * DAY + DAY) for edge in EDGES for days in (-2, -1, 0, 1)]
)
MODELS = st.sampled_from(
    sorted({sample.labels[0] for sample in PRICES.rows(NOON // DAY * DAY)} | {"claude-of-tomorrow"})
)


@quick
@given(st.lists(st.tuples(SLOTS, MODELS, st.tuples(*[st.integers(-9, 9)] * 6), st.booleans()), max_size=12))
def test_differences_that_are_alike_post_the_same_together(rows):
    """Also over a change of prices, and also where they come to nothing."""
    deltas = [
        Delta(slot, ("default", model, *LABELS[2:]), values, values, before) for slot, model, values, before in rows
    ]
    one_by_one = posted(POSTER, *deltas)
    found = posted(POSTER, *together(deltas, lambda start: PRICES.span(start // DAY * DAY)))
    assert {key: amount for key, amount in found.items() if amount} == {k: v for k, v in one_by_one.items() if v}
    if not any(before for *_, before in rows):
        assert found.keys() == one_by_one.keys(), "a new combination makes the same series exist"


def test_each_day_has_its_own_price():
    """A difference is priced at the day of use, so a price change does not rewrite the past."""
    days = [at("2025-11-01"), at("2026-07-15")]
    labels = ("default", "claude-sonnet-5", "standard", "global", "standard")
    for day in days:
        slot = Interval(day + 5 * HOUR, day + 6 * HOUR)
        one = Delta(slot, labels, (1000, 0, 0, 0, 0, 0), (1000, 0, 0, 0, 0, 0), True)
        price = PRICES.price(*labels[1:], "none", day)
        found = [p.amount for p in POSTER.counters([one], PRICES) if p.family == "usd"]
        assert found == ([] if hasattr(price, "reason") else [1000 * price.uncached_input])


def test_days_tell_tokens_and_their_estimate_by_workspace_and_model():
    one = delta(5, 0, 0, 0, 7, 3, counted=(0,) * 6)
    found = {day.book: day for day in POSTER.days([one], PRICES)}
    assert found["usage"].values == (5, 0, 0, 0, 7)
    assert found["usage"].day == at("2026-07-15")
    assert found["usage"].labels == ("default", "claude-opus-5")
    assert found["estimate"].values == (5 * PRICE.uncached_input + 7 * PRICE.output, Decimal("0.03"))


def test_what_has_no_price_is_in_no_day_of_estimates_and_the_priced_part_is():
    poster = UsagePoster(DIMENSIONS, ("api_key_id",), replace(POSTER.families, by_key=True))
    unknown = ("default", "claude-of-tomorrow", "standard", "global", "standard")
    assert {day.book for day in poster.days([delta(5, labels=unknown)], PRICES)} == {"usage"}
    searching = {day.book: day.values for day in poster.days([delta(5, 0, 0, 0, 0, 3, labels=unknown)], PRICES)}
    assert searching["estimate"] == searching["key_estimate"] == (0, Decimal("0.03"))
    preview = ("default", "claude-mythos-preview", "standard", "global", "standard")
    (part,) = [day for day in poster.days([delta(5, 0, 0, 9, labels=preview)], PRICES) if day.book == "estimate"]
    assert part.values[0] == 5 * PRICES.price(*preview[1:], "none", part.day).uncached_input


def test_amounts_are_posted_as_they_are():
    poster = AmountPoster(("workspace_id", "cost_type"), ("cost_type",), "cost", book="cost", by=("workspace_id",))
    one = Delta(SLOT, ("default", "tokens"), (Decimal("1.23"),), (Decimal("1.00"),), True)
    assert list(poster.counters([one], PRICES)) == [Posting("cost", ("tokens",), Decimal("1.00"))]
    (day,) = poster.days([one], PRICES)
    assert (day.book, day.day, day.labels, day.values) == ("cost", at("2026-07-15"), ("default",), (Decimal("1.23"),))
    assert list(AmountPoster(("a",), ("a",), "cost").days([one], PRICES)) == []
