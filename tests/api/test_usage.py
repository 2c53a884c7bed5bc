from itertools import pairwise

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anthropic_exporter import errors
from anthropic_exporter.api import times
from anthropic_exporter.records import Bucket, Reading, UsageRow
from api.harness import Upstream, answers, bucket, legacy_page, ok, usage_row

ENDPOINT = "/v1/organizations/usage_report/messages"
# 2026-11-20T00:00:00Z
DAY = 1795132800
HOUR = 3600


def hour(number):
    return times.render(DAY + number * HOUR)


def hours(*numbers, **row):
    return [bucket(hour(number), hour(number + 1), usage_row(**row)) for number in numbers]


def read(handler, dimensions=("model",), *, start=DAY, end=DAY + 86400, width="1h", rows=0):
    upstream = Upstream(handler)
    reading = upstream.api.usage_report(
        starting_at=start, ending_at=end, width=width, dimensions=dimensions, rows_per_bucket=rows
    )
    return reading, upstream


def labels(dimensions, **row):
    reading, upstream = read(answers(ok(legacy_page(hours(0, **row)))), dimensions)
    return reading.buckets[0].rows[0].labels, upstream.seen.kinds


def test_a_report_becomes_records():
    page = legacy_page([*hours(9, model="claude-sonnet-5-5"), bucket(hour(10), hour(11))])
    reading, upstream = read(answers(ok(page)))
    assert reading == Reading(
        [
            Bucket(
                DAY + 9 * HOUR,
                DAY + 10 * HOUR,
                [UsageRow(("claude-sonnet-5-5",), (10, 20, 30, 40, 50), 6, None)],
            ),
            Bucket(DAY + 10 * HOUR, DAY + 11 * HOUR, []),
        ],
        None,
    )
    assert upstream.seen.requests == [(ENDPOINT, "200")]
    assert upstream.seen.drifts == []


def test_the_query_is_aligned_grouped_and_as_large_as_it_may_be():
    _, upstream = read(answers(ok(legacy_page([]))), ("workspace_id", "model"))
    assert upstream.sent[0].url.path == ENDPOINT
    assert upstream.sent[0].url.params.multi_items() == [
        ("starting_at", "2026-11-20T00:00:00Z"),
        ("ending_at", "2026-11-21T00:00:00Z"),
        ("bucket_width", "1h"),
        ("limit", "168"),
        ("group_by[]", "workspace_id"),
        ("group_by[]", "model"),
    ]
    assert "anthropic-beta" not in upstream.sent[0].headers


def test_speed_takes_its_beta():
    _, upstream = read(answers(ok(legacy_page([]))), ("speed",))
    assert upstream.sent[0].headers["anthropic-beta"] == "fast-mode-2026-02-01"


@pytest.mark.parametrize(
    ("width", "rows", "limit"),
    [
        ("1d", 0, 31),
        ("1h", 0, 168),
        ("1m", 0, 1440),
        ("1d", 10, 31),
        ("1h", 1000, 40),
        ("1m", 100, 400),
        ("1m", 40_000, 1),
        ("1m", 10**9, 1),
        ("1m", -1, 1440),
    ],
)
def test_a_page_is_bounded_by_the_rows_to_expect(width, rows, limit):
    _, upstream = read(answers(ok(legacy_page([]))), width=width, rows=rows)
    assert upstream.sent[0].url.params["limit"] == str(limit)


@pytest.mark.parametrize(
    ("dimension", "value", "label"),
    [
        ("workspace_id", None, "default"),
        ("workspace_id", "wrkspc_01", "wrkspc_01"),
        ("api_key_id", None, "none"),
        ("inference_geo", None, "not_available"),
        ("inference_geo", "us", "us"),
        ("speed", None, "none"),
        ("speed", "fast", "fast"),
        ("service_tier", None, "none"),
        ("account_id", None, "none"),
        ("model", "", "none"),
    ],
)
def test_a_null_becomes_its_word(dimension, value, label):
    assert labels((dimension,), **{dimension: value}) == ((label,), [])


def test_labels_are_in_the_order_asked_for():
    dimensions = ("speed", "workspace_id", "model", "inference_geo", "service_tier")
    found, drift = labels(dimensions, model="m", service_tier="batch")
    assert found == ("none", "default", "m", "not_available", "batch")
    assert drift == []


def test_without_dimensions_there_are_no_labels():
    assert labels(()) == ((), [])


def test_a_dimension_that_was_not_asked_for_makes_no_label():
    assert labels(("model",), model="m", workspace_id="wrkspc_01") == (("m",), [])


def test_a_value_that_is_new_is_passed_on_and_counted_once():
    rows = [usage_row(service_tier="turbo"), usage_row(service_tier="turbo", model="m")]
    page = legacy_page([bucket(hour(0), hour(1), *rows), bucket(hour(1), hour(2), *rows)])
    reading, upstream = read(answers(ok(page)), ("service_tier", "model"))
    assert reading.buckets[0].rows[0].labels == ("turbo", "none")
    assert upstream.seen.kinds == [("unknown_value", "service_tier=turbo")]


def test_a_model_that_is_new_is_no_drift():
    assert labels(("model",), model="claude-next")[1] == []


def test_a_field_that_is_new_is_counted_and_ignored():
    assert labels(("model",), model="m", audio_tokens=3) == (("m",), [("unknown_field", "audio_tokens")])


def test_without_web_searches_there_are_none():
    row = usage_row()
    del row["server_tool_use"]
    reading, upstream = read(answers(ok(legacy_page([bucket(hour(0), hour(1), row)]))))
    assert reading.buckets[0].rows[0].web_searches == 0
    assert upstream.seen.kinds == [("missing_field", "server_tool_use")]


def test_without_output_tokens_there_is_no_reading():
    row = usage_row()
    del row["output_tokens"]
    upstream = Upstream(answers(ok(legacy_page([bucket(hour(0), hour(1), row)]))))
    with pytest.raises(errors.SchemaError, match="output_tokens"):
        upstream.api.usage_report(starting_at=DAY, ending_at=DAY + 86400, width="1h", dimensions=(), rows_per_bucket=0)
    assert upstream.seen.kinds == [("missing_field", "output_tokens")]
    assert upstream.stop.waits == [], "to ask again would not help"


@pytest.mark.parametrize(
    ("pages", "message"),
    [
        pytest.param([hours(3, 3)], "came before", id="twice on a page"),
        pytest.param([hours(3), hours(3, 4)], "came before", id="twice over pages"),
        pytest.param([hours(3, 2)], "came before", id="descending"),
        pytest.param([hours(2, 3), hours(1)], "came before", id="descending over pages"),
        pytest.param([hours(-1)], "outside", id="too early"),
        pytest.param([hours(24)], "outside", id="too late"),
        pytest.param([[bucket("2026-11-20T00:30:00Z", "2026-11-20T01:30:00Z")]], "not aligned", id="unaligned"),
        pytest.param([[bucket("2026-11-20T00:00:00.5Z", "2026-11-20T01:00:00Z")]], "fraction", id="fraction"),
        pytest.param([[bucket("2026-11-20T00:00:00Z", "2026-11-20T02:00:00Z")]], "another width", id="too wide"),
        pytest.param([[bucket("2026-11-20T00:00:00Z", "2026-11-20T00:00:00Z")]], "another width", id="no width"),
        pytest.param([[bucket("2026-11-20T01:00:00Z", "2026-11-20T00:00:00Z")]], "another width", id="backwards"),
        pytest.param([[bucket("yesterday", "today")]], "RFC 3339", id="no time"),
        pytest.param([[bucket("2026-11-20T00:00:00", "2026-11-20T01:00:00")]], "RFC 3339", id="no zone"),
    ],
)
def test_a_bucket_out_of_place_is_refused(pages, message):
    replies = [ok(legacy_page(data, f"c{number}")) for number, data in enumerate(pages[:-1])]
    with pytest.raises(errors.SchemaError, match=message) as caught:
        read(answers(*replies, ok(legacy_page(pages[-1]))))
    assert caught.value.endpoint == ENDPOINT


def test_the_bucket_that_is_still_running_may_end_now():
    page = legacy_page([*hours(8), bucket(hour(9), "2026-11-20T09:17:31.25Z", usage_row())])
    reading, _ = read(answers(ok(page)))
    assert reading.buckets[-1].ending_at == DAY + 10 * HOUR


def test_an_unaligned_start_may_be_snapped_down():
    reading, _ = read(answers(ok(legacy_page(hours(9)))), start=DAY + 9 * HOUR + 60)
    assert reading.buckets[0].starting_at == DAY + 9 * HOUR


def test_other_zones_are_the_same_instants():
    page = legacy_page([bucket("2026-11-20T02:00:00+02:00", "2026-11-20T01:00:00Z", usage_row())])
    reading, _ = read(answers(ok(page)))
    assert reading.buckets[0].starting_at == DAY


@given(st.lists(st.integers(0, 23), unique=True).map(sorted), st.data())
def test_any_partition_into_pages_gives_the_same_reading(numbers, data):
    whole = hours(*numbers, model="m")
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=4)))
    edges = [0, *cuts, len(whole)]
    parts = [whole[start:end] for start, end in pairwise(edges)]

    def handler(request):
        at = int(request.url.params.get("page", "0"))
        return ok(legacy_page(parts[at], str(at + 1) if at + 1 < len(parts) else None))

    assert read(handler)[0] == read(answers(ok(legacy_page(whole))))[0]


@pytest.mark.parametrize(
    ("width", "dimensions", "message"),
    [
        ("1h", ("model", "speed", "service_tier", "api_key_id", "workspace_id", "account_id"), "at most 5"),
        ("1h", ("actor",), "not a dimension of this report: actor"),
        ("1w", (), "no such width"),
    ],
)
def test_what_no_query_can_ask_for_is_the_caller_s_mistake(width, dimensions, message):
    with pytest.raises(ValueError, match=message):
        read(answers(), dimensions, width=width)


@given(st.binary(max_size=80))
def test_any_answer_is_a_reading_or_a_poll_error(body):
    try:
        reading, _ = read(lambda _: httpx.Response(200, content=body))
    except errors.PollError:
        return
    assert reading.refreshed_at is None
