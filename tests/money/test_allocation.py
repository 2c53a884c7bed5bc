"""Parts that add up."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anthropic_exporter.money.allocation import allocate, units
from anthropic_exporter.money.exact import EXACT

amounts = st.decimals(-(10**9), 10**9, places=20, allow_nan=False)
weights = st.dictionaries(st.text(max_size=3), st.integers(0, 10**30), min_size=1, max_size=20)


@given(amounts, weights)
def test_the_parts_add_up_to_the_amount(amount, shares):
    if not sum(shares.values()):
        with pytest.raises(ValueError, match="without weights"):
            allocate(amount, shares)
        return
    whole = Decimal(0)
    for part in allocate(amount, shares).values():
        whole = EXACT.add(whole, part)
    assert whole == amount


@given(amounts, weights.filter(lambda shares: sum(shares.values())))
def test_no_part_is_off_by_more_than_a_unit(amount, shares):
    parts, whole = allocate(amount, shares), sum(shares.values())
    for key, weight in shares.items():
        fair = Decimal(weight) * amount / Decimal(whole)
        assert abs(parts.get(key, Decimal(0)) - fair) <= Decimal("1e-17") + abs(fair) * Decimal("1e-26")


def test_thirds_of_a_cent_lose_nothing():
    parts = allocate(Decimal("0.01"), {"a": 1, "b": 1, "c": 1})
    assert sum(parts.values()) == Decimal("0.01")
    assert max(parts.values()) - min(parts.values()) == Decimal("1e-18")


def test_a_weight_that_is_its_part_is_given_exactly():
    shares = {"a": units(Decimal("3.3333333333")), "b": units(Decimal("6.6666666667"))}
    assert allocate(Decimal(10), shares) == {"a": Decimal("3.3333333333"), "b": Decimal("6.6666666667")}


def test_a_correction_of_the_bill_is_split_too():
    assert allocate(Decimal(-4), {"a": 3, "b": 1}) == {"a": -3, "b": -1}
