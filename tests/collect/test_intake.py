from decimal import Decimal

import pytest

from anthropic_exporter.collect.intake import (
    amount_values,
    bucketed,
    flat,
    list_values,
    request_values,
    usage_values,
)
from anthropic_exporter.records import Bucket, CostRow, Interval, Reading, UsageRow, arranger
from anthropic_exporter.utc import DAY, HOUR


def row(label, tokens=1, requests=None):
    return UsageRow((label,), (tokens, 0, 0, 0, 0), 0, requests)


def bucket(start, *rows, width=HOUR):
    return Bucket(start, start + width, list(rows))


def same(labels):
    return labels


def test_values_are_rows_of_numbers():
    usage = UsageRow(("a",), (1, 2, 3, 4, 5), 6, 7)
    assert usage_values(usage) == (1, 2, 3, 4, 5, 6)
    assert request_values(usage) == (7,)
    assert request_values(row("a")) == (0,)
    cost = CostRow(("a",), Decimal("1.5"), Decimal(2))
    assert amount_values(cost) == (Decimal("1.5"),)
    assert list_values(cost) == (2,)
    assert list_values(CostRow(("a",), Decimal(1), None)) == (0,)


@pytest.mark.parametrize(
    ("asked", "expected"), [(("b", "a"), ("1", "2")), (("a", "b"), ("2", "1")), (("a",), ("none", "1"))]
)
def test_labels_come_in_the_order_of_the_stream(asked, expected):
    assert arranger(asked, ("b", "a"))(("1", "2")[: len(asked)]) == expected


def test_rows_with_the_same_labels_are_added_up_and_empty_ones_left_out():
    reading = Reading([bucket(0, row("a", 1), row("a", 2), row("b", 0))], None)
    (cells,) = bucketed("usage", Interval(0, HOUR), reading, same, usage_values).buckets.values()
    assert cells == {("a",): (3, 0, 0, 0, 0, 0)}


def test_a_bucketed_window_ends_with_the_last_bucket_served():
    reading = Reading([bucket(0, row("a")), bucket(2 * HOUR)], None)
    intake = bucketed("usage", Interval(0, DAY), reading, same, usage_values)
    assert intake.window == Interval(0, 3 * HOUR)
    assert set(intake.buckets) == {Interval(0, HOUR), Interval(2 * HOUR, 3 * HOUR)}
    assert intake.refreshed_at is None


def test_nothing_served_is_an_empty_window():
    intake = bucketed("usage", Interval(HOUR, DAY), Reading([], None), same, usage_values)
    assert (intake.window, dict(intake.buckets)) == (Interval(HOUR, HOUR), {})


def test_a_flat_report_is_empty_up_to_where_it_knows_and_unknown_behind():
    reading = Reading([bucket(HOUR, row("a"))], 2 * HOUR + 60)
    intake = flat("usage", Interval(0, 6 * HOUR), HOUR, reading, same, usage_values)
    assert intake.window == Interval(0, 3 * HOUR)
    assert [bool(cells) for cells in intake.buckets.values()] == [False, True, False]
    assert intake.refreshed_at == 2 * HOUR + 60


def test_a_flat_report_knows_what_it_serves():
    reading = Reading([bucket(3 * HOUR, row("a"))], HOUR)
    intake = flat("usage", Interval(0, 6 * HOUR), HOUR, reading, same, usage_values)
    assert intake.window == Interval(0, 4 * HOUR)


def test_a_flat_report_that_does_not_tell_how_far_it_reaches_knows_its_window_if_it_knows_anything():
    window = Interval(0, 3 * HOUR)
    assert flat("usage", window, HOUR, Reading([], None), same, usage_values) is None
    assert flat("usage", window, HOUR, Reading([bucket(0, row("a"))], None), same, usage_values).window == window


def test_one_row_for_a_month_counts_also_where_upstream_cuts_its_end_off():
    month = Interval(0, 30 * DAY)
    reading = Reading([Bucket(0, 29 * DAY, [row("a", requests=5)])], 29 * DAY)
    intake = flat("usage.requests", month, 30 * DAY, reading, same, request_values)
    assert intake.buckets == {month: {("a",): (5,)}}
