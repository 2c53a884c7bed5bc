import contextlib
import decimal
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anthropic_exporter.api.amounts import usd


@pytest.mark.parametrize(
    ("cents", "dollars"),
    [
        ("123.45", "1.2345"),
        ("123.78912", "1.2378912"),
        ("0", "0"),
        ("120", "1.2"),
        ("-5", "-0.05"),
        ("+5", "0.05"),
        ("1.5E+3", "15"),
        ("1e-12", "1e-14"),
        ("0." + "1" * 90, "0.00" + "1" * 90),
        (7, "0.07"),
        (Decimal("1084.097700"), "10.84097700"),
    ],
)
def test_cents_become_exact_dollars(cents, dollars):
    assert usd(cents) == Decimal(dollars)


@pytest.mark.parametrize(
    "cents",
    [
        "",
        " 1",
        "1 ",
        "1,5",
        "1_000",
        "NaN",
        "sNaN",
        "Infinity",
        "-inf",
        "1e999999999",
        "1e-500",
        "1" * 101,
        "\u0661",
        "$5",
        ".5",
        None,
        True,
        1.5,
        [],
        {},
        Decimal("NaN"),
        Decimal("Infinity"),
        Decimal("1E+999999"),
        10**30,
    ],
)
def test_what_is_no_amount_is_refused(cents):
    with pytest.raises(ValueError, match="amount"):
        usd(cents)


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12, places=12))
def test_a_hundred_times_the_dollars_are_the_cents(cents):
    with decimal.localcontext(decimal.Context(prec=200)):
        assert usd(str(cents)) * 100 == cents


@given(st.text(max_size=30))
def test_any_text_is_an_amount_or_a_value_error(text):
    with contextlib.suppress(ValueError):
        assert usd(text).is_finite()
