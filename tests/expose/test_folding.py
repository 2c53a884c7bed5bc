"""Gauges within the limit of series."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from anthropic_exporter.expose.catalogue import family
from anthropic_exporter.expose.folding import Folding

SPEND = family("anthropic_spend_today_usd")
TOKENS = family("anthropic_usage_today_tokens")


def samples(**values):
    return [(("org", name, "m"), Decimal(value)) for name, value in values.items()]


def test_what_fits_is_left_alone():
    folding = Folding(3)
    assert folding.fold(SPEND, samples(a=1, b=2, c=3)) == samples(a=1, b=2, c=3)
    assert folding.overflowed() == {}


def test_the_smallest_go_into_one_series_and_the_sum_stays():
    folding = Folding(2)
    assert folding.fold(SPEND, samples(a=1, b=5, c=3, d=2)) == [
        *samples(b=5, c=3),
        (("org", "__other__", "__other__"), 3),
    ]
    assert folding.overflowed() == {SPEND.name: 2}


def test_token_types_stay_apart():
    found = [(("org", name, "m", kind), 5 - n) for n, name in enumerate("abc") for kind in ("output", "cache_read")]
    folded = Folding(2).fold(TOKENS, found)
    assert folded[2:] == [
        (("org", "__other__", "__other__", "output"), 7),
        (("org", "__other__", "__other__", "cache_read"), 7),
    ]


def test_a_series_that_was_shown_stays_while_it_has_a_value():
    folding = Folding(2)
    folding.fold(SPEND, samples(a=1, b=5, c=3))
    assert {labels[1] for labels, _ in folding.fold(SPEND, samples(a=9, b=1, c=1))} == {"b", "c", "__other__"}
    assert {labels[1] for labels, _ in folding.fold(SPEND, samples(a=9, c=1, d=3))} == {"a", "c", "__other__"}


def test_what_cannot_be_added_up_is_left_alone():
    for name in ("anthropic_workspace_info", "anthropic_api_key_age_seconds", "anthropic_estimate_error_ratio"):
        found = [(("org", str(n), "m"), n) for n in range(9)]
        assert Folding(2).fold(family(name), found) is found


@given(st.dictionaries(st.text(max_size=2), st.decimals(-1000, 1000, places=9), max_size=30), st.integers(1, 9))
def test_nothing_is_lost(values, limit):
    folded = Folding(limit).fold(SPEND, samples(**values))
    assert sum(value for _, value in folded) == sum(values.values())
    assert len(folded) <= limit + 1
