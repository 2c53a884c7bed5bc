from hypothesis import given
from hypothesis import strategies as st

from anthropic_exporter.simulate.noise import cumulate, dice, identifier, spread


@given(st.integers(0, 10**12), st.lists(st.integers(0, 1000), min_size=1, max_size=60).filter(any))
def test_a_spread_loses_nothing_and_is_never_negative(amount, weights):
    parts = spread(amount, cumulate(weights))
    assert sum(parts) == amount
    assert all(part >= 0 for part in parts)
    assert all(not part for part, weight in zip(parts, weights, strict=True) if not weight)


def test_dice_fall_the_same_for_the_same_words():
    assert dice(1, "a") == dice(1, "a") != dice(2, "a")
    # Fixed for ever: a seed names a history, also in the next release.
    assert dice(1, "a")[:4].hex() == "da9d13c0"


def test_an_identifier_has_the_shape_of_the_api():
    assert identifier("wrkspc", 1, "search").startswith("wrkspc_01")
    assert len(identifier("wrkspc", 1, "search")) == len("wrkspc_01") + 22
