"""Spend by key adds up to spend by workspace, whatever is known of the keys."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anthropic_exporter.money.keys import KeyFacts, by_key
from anthropic_exporter.money.spend import DayFacts, spend

D = Decimal
HOMES = {"key_a": "one", "key_b": "one", "key_c": "two", "key_gone": None}


def split(lines, estimates, keys, bill=None):
    """Return the spend by key of a day that is billed; amounts as texts."""
    facts = DayFacts(
        0,
        None,
        {by: (D(tokens), D(searches)) for by, (tokens, searches) in estimates.items()},
        {line: (D(usd),) for line, usd in lines.items()},
        settled=True,
    )
    day = spend(facts, 1e9)
    found = by_key(
        day,
        KeyFacts(
            {by: (D(tokens), D(searches)) for by, (tokens, searches) in keys.items()},
            None if bill is None else {by: (D(usd),) for by, usd in bill.items()},
            HOMES.get,
        ),
    )
    assert sum(found.values()) == sum(day.lines.values())
    return found


def test_a_workspace_is_split_by_what_its_keys_cost_at_list_price():
    assert split(
        {("one", "m", "tokens"): "90"},
        {("one", "m"): ("100", "0")},
        {("key_a", "m"): ("75", "0"), ("key_b", "m"): ("25", "0")},
    ) == {("one", "m", "key_a"): D("67.5"), ("one", "m", "key_b"): D("22.5")}


def test_what_no_key_claims_has_the_key_none():
    assert split(
        {("one", "m", "tokens"): "90", ("two", "m", "tokens"): "9"},
        {("one", "m"): ("100", "0"), ("two", "m"): ("10", "0")},
        {("key_a", "m"): ("75", "0"), ("none", "m"): ("35", "0")},
    ) == {("one", "m", "key_a"): D("67.5"), ("one", "m", "none"): D("22.5"), ("two", "m", "none"): D(9)}


def test_a_key_of_no_workspace_takes_from_what_the_others_leave():
    found = split(
        {("one", "m", "tokens"): "100", ("two", "m", "tokens"): "100"},
        {("one", "m"): ("100", "0"), ("two", "m"): ("100", "0")},
        {("key_a", "m"): ("60", "0"), ("key_c", "m"): ("40", "0"), ("key_gone", "m"): ("50", "0")},
    )
    assert found == {
        ("one", "m", "key_a"): 60,
        ("one", "m", "key_gone"): 20,
        ("one", "m", "none"): 20,
        ("two", "m", "key_c"): 40,
        ("two", "m", "key_gone"): 30,
        ("two", "m", "none"): 30,
    }


def test_keys_that_claim_more_than_there_is_are_cut_in_proportion():
    """The per-key reading can be newer than that of the workspaces."""
    assert split(
        {("one", "m", "tokens"): "90"},
        {("one", "m"): ("50", "0")},
        {("key_a", "m"): ("75", "0"), ("key_b", "m"): ("25", "0")},
    ) == {("one", "m", "key_a"): D("67.5"), ("one", "m", "key_b"): D("22.5")}


def test_a_model_without_weights_and_code_execution_are_nobodys():
    assert split(
        {("one", "new", "tokens"): "7", ("one", "none", "code_execution"): "3"},
        {("one", "new"): ("0", "0")},
        {("key_a", "new"): ("0", "0")},
    ) == {("one", "new", "none"): 7, ("one", "none", "none"): 3}


def test_searches_are_split_by_searches_and_not_by_tokens():
    assert split(
        {("one", "m", "tokens"): "10", ("one", "m", "web_search"): "4"},
        {("one", "m"): ("10", "4")},
        {("key_a", "m"): ("10", "1"), ("key_b", "m"): ("0", "3")},
    ) == {("one", "m", "key_a"): 10, ("one", "none", "key_a"): 1, ("one", "none", "key_b"): 3}


@pytest.mark.parametrize("known", [True, False], ids=["searches known", "searches not known"])
def test_a_bill_by_key_is_taken_as_it_is(known):
    """It tells one amount per key and model, searches included."""
    found = split(
        {("one", "m", "tokens"): "10", ("one", "m", "web_search"): "4", ("one", "none", "code_execution"): "2"},
        {("one", "m"): ("20", "4")},
        {("key_a", "m"): ("15", "1"), ("key_b", "m"): ("5", "3")} if known else {},
        {("key_a", "m"): "8.5", ("key_b", "m"): "5.5", ("key_b", "none"): "2"},
    )
    sums = {}
    for (workspace, _, key), usd in found.items():
        sums[workspace, key] = sums.get((workspace, key), 0) + usd
    if known:
        assert found["one", "m", "key_a"] == D("7.5")
        assert found["one", "m", "key_b"] == D("2.5")
    assert sums == {("one", "key_a"): D("8.5"), ("one", "key_b"): D("7.5")}


workspaces = st.sampled_from(["one", "two", "three"])
models = st.sampled_from(["m", "n"])
money = st.decimals(0, 1000, places=8)


@given(
    st.dictionaries(st.tuples(workspaces, models, st.sampled_from(["tokens", "web_search", "code_execution"])), money),
    st.dictionaries(st.tuples(workspaces, models), st.tuples(money, money)),
    st.dictionaries(st.tuples(st.sampled_from([*HOMES, "none"]), models), st.tuples(money, money)),
    st.none() | st.dictionaries(st.tuples(st.sampled_from([*HOMES, "none"]), st.sampled_from(["m", "none"])), money),
)
def test_it_always_adds_up_by_workspace_and_model(lines, estimates, keys, bill):
    found = split(lines, estimates, keys, bill)
    sums = {}
    for (workspace, model, _), usd in found.items():
        sums[workspace, model] = sums.get((workspace, model), 0) + usd
    expected = {}
    for (workspace, model, cost_type), usd in lines.items():
        by = (workspace, model if cost_type == "tokens" else "none")
        expected[by] = expected.get(by, 0) + usd
    assert {by: usd for by, usd in sums.items() if usd} == {by: usd for by, usd in expected.items() if usd}


def test_what_a_key_was_given_back_is_its_own():
    """A refund is no weight to split by: the others keep what they were billed."""
    bill = {("key_a", "m"): "-3", ("key_b", "m"): "8", ("key_gone", "m"): "-1"}
    assert split({("one", "m", "tokens"): "4"}, {}, {}, bill) == {
        ("one", "m", "key_a"): -3,
        ("one", "m", "key_b"): 7,  # nobody knows the workspace of the key that is gone, so it lowers the others
    }


def test_a_workspace_that_was_given_back_more_than_it_spent_adds_up():
    bill = {("key_a", "m"): "-30", ("none", "m"): "5"}
    assert split({("one", "m", "tokens"): "-25"}, {}, {}, bill) == {("one", "m", "key_a"): -30, ("one", "m", "none"): 5}
