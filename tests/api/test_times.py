import contextlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anthropic_exporter.api import times


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("2026-11-20T09:00:00Z", 1795165200),
        ("2026-11-20t09:00:00z", 1795165200),
        ("2026-11-20 09:00:00Z", 1795165200),
        ("2026-11-20T10:30:00+01:30", 1795165200),
        ("2026-11-20T01:00:00-08:00", 1795165200),
        ("2026-11-20T09:00:00.999999Z", 1795165200),
        ("2016-12-31T23:59:60Z", 1483228800),
    ],
)
def test_rfc3339_becomes_seconds(text, seconds):
    assert times.parse(text) == seconds


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "2026-11-20",
        "2026-11-20T09:00:00",
        "2026-11-20T09:00Z",
        "20261120T090000Z",
        "2026-W47-5T09:00:00Z",
        "2026-02-30T09:00:00Z",
        "2026-11-20T24:00:00Z",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
        "9999-12-31T23:59:60Z",
        "2026-11-20T09:00:00+24:00",
        "2026-11-20T09:00:00+01:60",
        "2026-11-20T09:00:00Z\n",
        "\u0662026-11-20T09:00:00Z",
    ],
)
def test_what_is_not_an_instant_is_refused(text):
    with pytest.raises(ValueError):  # noqa: PT011 - the callers take any ValueError for the same
        times.parse(text)


def test_a_bound_may_have_a_fraction_only_if_it_is_zero():
    assert times.parse_bound("2026-11-20T09:00:00.000Z") == 1795165200
    with pytest.raises(ValueError, match="fraction"):
        times.parse_bound("2026-11-20T09:00:00.5Z")


@given(st.integers(0, int(datetime(2999, 1, 1, tzinfo=UTC).timestamp())))
def test_what_is_rendered_is_parsed_back(seconds):
    assert times.parse(times.render(seconds)) == seconds


@given(st.text(max_size=40))
def test_any_text_is_seconds_or_a_value_error(text):
    with contextlib.suppress(ValueError):
        assert isinstance(times.render(times.parse(text)), str)
