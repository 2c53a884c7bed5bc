import pytest
from hypothesis import given
from hypothesis import strategies as st

from anthropic_exporter.durations import format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0.0),
        ("0s", 0.0),
        ("100ms", 0.1),
        ("90s", 90.0),
        ("15m", 900.0),
        ("1h30m", 5400.0),
        ("6h", 21_600.0),
        ("35d", 3_024_000.0),
        ("2w", 1_209_600.0),
        ("1y", 31_536_000.0),
        ("1d1ms", 86_400.001),
    ],
)
def test_a_duration_is_read_as_prometheus_reads_it(text, seconds):
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text", ["", " ", "1", "1.5h", "-1s", "1m1h", "1s1s", "1 s", "1S", "1h ", "\u0661s", "293y", "9" * 13 + "s"]
)
def test_anything_else_is_no_duration(text):
    with pytest.raises(ValueError, match=r"not a duration|longer than 292 years"):
        parse_duration(text)


@given(st.integers(min_value=0, max_value=292 * 365 * 86_400 * 1000))
def test_what_was_written_reads_back(milliseconds):
    assert parse_duration(format_duration(milliseconds / 1000)) == milliseconds / 1000


@pytest.mark.parametrize("text", ["0s", "100ms", "1m30s", "15m", "6h", "35d", "400d"])
def test_the_usual_spelling_is_written(text):
    assert format_duration(parse_duration(text)) == text
