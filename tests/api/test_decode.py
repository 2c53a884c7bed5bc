import json
import math
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anthropic_exporter.api.decode import Decoder, Mismatch, NotJson
from anthropic_exporter.api.shapes import LegacyPage, OrganizationObject, ReportPage, Results, UsageLine, UsageResult
from api.harness import bucket, legacy_page, report_page, usage_line, usage_row

DECODER = Decoder(LegacyPage[Results[UsageResult]])
LINES = Decoder(ReportPage[UsageLine])
START, END = "2026-11-20T09:00:00Z", "2026-11-20T10:00:00Z"


def body(*rows, **more):
    return json.dumps(legacy_page([bucket(START, END, *rows)]) | more).encode()


def tokens(raw):
    """The number of output tokens of a page in which they are written as ``raw``."""
    written = body(usage_row(output_tokens="HERE")).replace(b'"HERE"', raw)
    return DECODER.decode(written).data[0].results[0].output_tokens


@pytest.mark.parametrize(
    ("raw", "value"),
    [(b"0", 0), (b"-0", 0), (b"7", 7), (b"7.0", 7), (b"7e2", 700), (b"0.7e1", 7), (b"1000000000000000", 10**15)],
)
def test_a_whole_number_is_taken_however_it_is_written(raw, value):
    found = tokens(raw)
    assert found == value
    assert type(found) is int


@pytest.mark.parametrize(
    "raw",
    [
        b"-1",
        b"-1.0",
        b"7.5",
        b"1e-3",
        b"1000000000000001",
        b"1e16",
        b"1e400",
        b"1e999999999",
        b"1E99999999999999999999",
        b"1" + b"0" * 30,
        b"1" + b"0" * 5000,
        b"true",
        b"null",
        b'"7"',
        b"[]",
        b"{}",
    ],
)
def test_any_other_number_is_refused(raw):
    with pytest.raises(Mismatch):
        tokens(raw)


@pytest.mark.parametrize("raw", [b"1e99999999999", b"1E99999999999999999999", b"-1e-99999999999999999999", b"0.5"])
def test_a_number_that_nobody_reads_may_be_any(raw):
    written = body(usage_row(output_tokens=7.0), new="HERE").replace(b'"HERE"', raw)
    assert DECODER.decode(written).data[0].results[0].output_tokens == 7


@pytest.mark.parametrize("raw", [b"NaN", b"Infinity", b"-Infinity", b"07", b"7.", b".7", b"0x7", b"+7", b""])
def test_what_is_no_number_is_no_json(raw):
    with pytest.raises(NotJson):
        tokens(raw)


@pytest.mark.parametrize("raw", [b"", b" ", b"<html>", b'{"data": [', b'{"data": []} x', b"\xef\xbb\xbf{}", b"\x00"])
def test_what_is_no_json_is_told_from_json_of_another_shape(raw):
    with pytest.raises((NotJson, Mismatch)) as caught:
        DECODER.decode(raw)
    assert caught.type is NotJson


@pytest.mark.parametrize("raw", [b"[]", b"null", b"{}", b'"x"', b"5", b'{"data": {}}', b'{"data": [5]}'])
def test_json_of_another_shape_is_a_mismatch(raw):
    with pytest.raises(Mismatch):
        DECODER.decode(raw)


def test_half_a_surrogate_never_becomes_a_label():
    with pytest.raises(NotJson):
        DECODER.decode(body(usage_row(model="HERE")).replace(b"HERE", b"\\ud800"))


def test_a_name_of_a_megabyte_is_refused():
    with pytest.raises(Mismatch):
        DECODER.decode(body(usage_row(model="m" * 2**20)))


@pytest.mark.parametrize("raw", [b"[" * 100_000, b'{"data": [], "x": ' + b"[" * 100_000, b'{"data":' * 5000])
def test_depth_does_not_break_the_reader(raw):
    with pytest.raises((NotJson, Mismatch)):
        DECODER.decode(raw)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(st.binary(max_size=200) | json_values.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_are_values_or_one_of_two_errors(raw):
    with suppress(NotJson, Mismatch):
        assert isinstance(DECODER.decode(raw), LegacyPage)


@given(st.data())
def test_a_page_with_one_value_replaced_is_right_or_refused(data):
    """Whatever stands where a number should: the number that comes out is the one that was written."""
    row = usage_row()
    field = data.draw(st.sampled_from([name for name, value in row.items() if isinstance(value, int)]))
    value = data.draw(json_values)
    try:
        page = DECODER.decode(body(row | {field: value}))
    except (NotJson, Mismatch):
        return
    assert isinstance(value, int | float)
    assert not isinstance(value, bool)
    assert value >= 0
    assert math.isfinite(value)
    assert getattr(page.data[0].results[0], field) == value


@given(st.data())
def test_a_page_cut_off_anywhere_is_refused(data):
    whole = body(usage_row(), usage_row())
    at = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(NotJson):
        DECODER.decode(whole[:at])


@pytest.mark.parametrize(
    "name",
    ["uncached_input_tokens", "cache_creation", "cache_read_input_tokens", "output_tokens"],
)
def test_a_field_that_the_numbers_need_is_named_when_it_is_missing(name):
    row = usage_row()
    del row[name]
    with pytest.raises(Mismatch) as caught:
        DECODER.decode(body(row))
    assert caught.value.missing == name


def test_a_page_as_documented_has_no_drift():
    assert DECODER.drift(body(usage_row(), usage_row(speed="fast"))) == set()
    assert LINES.drift(json.dumps(report_page([usage_line(START, END)])).encode()) == set()


@pytest.mark.parametrize(
    ("row", "found"),
    [
        ({"new": 1}, {("unknown_field", "new")}),
        ({"cache_creation": {"ephemeral_5m_input_tokens": 1, "ephemeral_1h_input_tokens": 2, "ephemeral_1d": 3}},
         {("unknown_field", "ephemeral_1d")}),
        ({"server_tool_use": {"web_search_requests": 1, "web_fetch_requests": 2}},
         {("unknown_field", "web_fetch_requests")}),
        ({"server_tool_use": None}, set()),
    ],
    ids=["row", "cache", "tools", "null"],
)  # fmt: skip
def test_a_field_that_is_new_is_found(row, found):
    assert DECODER.drift(body(usage_row(**row))) == found


@pytest.mark.parametrize("name", ["server_tool_use", "model", "account_id", "workspace_id"])
def test_a_documented_field_that_is_gone_is_found(name):
    row = usage_row()
    del row[name]
    DECODER.decode(body(row))
    assert DECODER.drift(body(row)) == {("missing_field", name)}


def test_drift_is_found_in_the_envelope_and_in_buckets():
    page = legacy_page([bucket(START, END) | {"partial": True}]) | {"warning": ""}
    del page["has_more"]
    assert DECODER.drift(json.dumps(page).encode()) == {
        ("unknown_field", "partial"),
        ("unknown_field", "warning"),
        ("missing_field", "has_more"),
    }


def test_drift_is_found_in_the_group_of_a_line():
    line = usage_line(START, END, shoe_size=44)
    del line["group"]["product"]
    assert LINES.drift(json.dumps(report_page([line])).encode()) == {
        ("unknown_field", "shoe_size"),
        ("missing_field", "product"),
    }


@given(st.integers(0, 199), st.integers(1, 200))
def test_one_odd_row_among_many_is_found(at, count):
    rows = [usage_row() for _ in range(count)]
    rows[at % count]["new"] = 1
    assert DECODER.drift(body(*rows)) == {("unknown_field", "new")}


def test_the_fullest_buckets_are_looked_into():
    empty = [bucket(START, END) for _ in range(50)]
    page = legacy_page([*empty, bucket(START, END, usage_row(new=1)), *empty])
    assert DECODER.drift(json.dumps(page).encode()) == {("unknown_field", "new")}


def test_what_is_documented_and_not_read_is_no_drift_and_no_object():
    raw = b'{"id": "x", "name": "y", "type": {"anything": 1}}'
    decoder = Decoder(OrganizationObject)
    assert decoder.drift(raw) == set()
    assert not hasattr(decoder.decode(raw), "type")


def test_looking_for_drift_breaks_nothing():
    raw = b'{"id": "x", "name": "y", "\xff": 1}'
    decoder = Decoder(OrganizationObject)
    assert decoder.decode(raw).id == "x"
    assert decoder.drift(raw) == set()
