"""From the estimate to the bill: the causes always add up, and each has the name that fits."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anthropic_exporter.money.bridge import CAUSES, Part, causes, common_ratio

D = Decimal
amounts = st.decimals(-1000, 1000, places=6)
parts = st.builds(
    Part,
    cost_type=st.sampled_from(["tokens", "web_search", "code_execution"]),
    estimated=st.none() | st.decimals(0, 1000, places=6),
    listed=st.none() | amounts,
    billed=amounts,
    upper_bound_factor=st.sampled_from([D(1), D(5)]),
)
ratios = st.none() | st.decimals("0.1", 1, places=4)


def part(estimated, listed, billed, cost_type="tokens", most="1"):
    return Part(cost_type, *(None if usd is None else D(usd) for usd in (estimated, listed)), D(billed), D(most))


def told(*given, paid=None, **more):
    return dict(causes(part(*given, **more), None if paid is None else D(paid)))


@given(parts, ratios)
def test_estimate_and_causes_are_the_bill(part, paid):
    found = list(causes(part, paid))
    assert (part.estimated or 0) + sum(usd for _, usd in found) == part.billed
    assert {cause for cause, _ in found} <= set(CAUSES)
    assert len({cause for cause, _ in found}) == len(found)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (("10", "10", "9"), {"discount": -1}),
        (("10", "10", "10"), {}),
        (("10", "6", "6"), {"not_billed": -4}),
        ((None, "8", "8"), {"unpriced": 8}),
        (("10", "12", "12"), {"other": 2}),
        (("10", "6", "5.4"), {"not_billed": -4, "discount": D("-0.6")}),
        (("10", "10", "11"), {"other": 1}),
        (("0", "-10", "-9"), {"not_billed": -10, "discount": 1}),
    ],
)
def test_a_cause_has_a_name_where_list_cost_is_told(given, expected):
    assert told(*given) == expected


def test_prompts_over_the_step_are_more_than_the_estimate_and_no_more_than_its_bound():
    assert told("10", "50", "50", most="5") == {"long_prompts": 40}
    assert told("10", "51", "51", most="5") == {"other": 41}


def test_what_no_usage_report_has_is_named_by_that():
    assert told(None, "3", "3", cost_type="code_execution") == {"not_in_usage": 3}
    assert told("5", "4", "4", cost_type="web_search") == {"not_billed": -1}  # failed searches are free


def test_without_list_cost_a_shortfall_is_a_discount_only_where_all_have_it():
    assert told("10", None, "9", paid="0.9") == {"discount": -1}
    assert told("10", None, "5.4", paid="0.9") == {"discount": D("-0.6"), "not_billed": -4}
    assert told("10", None, "9") == {"other": -1}
    assert told("5", None, "5", cost_type="web_search", paid="0.9") == {}


def test_the_common_ratio_is_what_three_quarters_have():
    same, odd = part("75", None, "67.5"), part("25", None, "20")
    assert common_ratio([same, odd]) == D("0.9")
    assert common_ratio([part("74", None, "66.6"), part("26", None, "20")]) is None
    assert common_ratio([part("10", None, "10")]) == 1
    assert common_ratio([part("10", None, "20")]) is None  # no discount makes things dearer
    assert common_ratio([part(None, None, "20"), part("9", None, "1", cost_type="web_search")]) is None
    assert common_ratio([]) is None
