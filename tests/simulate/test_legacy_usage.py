import pytest

from anthropic_exporter.simulate.endpoints.legacy_usage import FILTERS, GROUP_BY
from anthropic_exporter.simulate.instants import DAY, HOUR, MINUTE, floor, rfc3339
from anthropic_exporter.simulate.scripted import Event, ScriptedOrganization
from anthropic_exporter.simulate.switches import Switches
from simulate.harness import DEFAULT, EVERYTHING, HEADERS, MESSAGES, NOW, PROMPT, line, tokens, total
from simulate.shapes import USAGE_REPORT, mismatch

HOUR_NOW = floor(NOW, HOUR)
FROM = rfc3339(HOUR_NOW - 2 * HOUR)
OLD = line("claude-sonnet-4-5-20250929", DEFAULT)
BATCH = line(api_key_id="apikey_01A", service_tier="batch", inference_geo="us", account_id="user_01A")
FAST = line(api_key_id="apikey_01B", speed="fast", inference_geo="global", service_account_id="svac_01A")
LINES = (OLD, BATCH, FAST)


@pytest.fixture
def three(fake):
    fake.serve(ScriptedOrganization(Event(HOUR_NOW - HOUR, each, 100, 20, 30, 4, 5, 6, 7) for each in LINES))
    return fake


def hours(fake, **params):
    return fake.ask(MESSAGES, **({"starting_at": FROM, "bucket_width": "1h"} | params))["data"]


def rows(fake, **params):
    return [row for bucket in hours(fake, **params) for row in bucket["results"]]


@pytest.mark.parametrize(
    "dimensions", [(), EVERYTHING, ("speed", "context_window", "account_id", "service_account_id")]
)
def test_an_answer_has_the_documented_shape(fake, company, dimensions):
    fake.serve(company)
    answer = fake.ask(MESSAGES, starting_at="2026-11-17T00:00:00Z", group_by__=dimensions)
    assert answer["data"][0]["results"]
    assert mismatch(answer, USAGE_REPORT) == ""


def test_without_grouping_a_bucket_has_one_row_of_nulls(three):
    (row,) = rows(three)
    assert tokens(row) == (300, 60, 90, 12, 15, 18)
    assert {row[name] for name in GROUP_BY if name != "speed"} == {None}
    assert "speed" not in row


def test_grouped_dimensions_have_values_and_the_others_stay_null(three):
    grouped = {row["model"]: row for row in rows(three, group_by__=("model", "service_tier"))}
    assert grouped["claude-sonnet-4-5-20250929"]["service_tier"] == "standard"
    assert {row["inference_geo"] for row in grouped.values()} == {None}


def test_the_default_workspace_and_usage_without_a_key_are_null(three):
    found = {(row["workspace_id"], row["api_key_id"]) for row in rows(three, group_by__=("workspace_id", "api_key_id"))}
    assert found == {(None, None), (BATCH.workspace_id, "apikey_01A"), (BATCH.workspace_id, "apikey_01B")}


def test_a_region_is_never_null_when_asked_for(three):
    assert {row["inference_geo"] for row in rows(three, group_by__="inference_geo")} == {
        "not_available",
        "us",
        "global",
    }


def test_speed_is_there_only_when_asked_for(three):
    assert {row["speed"] for row in rows(three, group_by__="speed")} == {"standard", "fast"}


@pytest.mark.parametrize("name", FILTERS)
def test_a_filter_leaves_only_what_it_names(three, name):
    dimension = FILTERS[name][0]
    wanted = getattr(BATCH, dimension) or getattr(FAST, dimension)
    matching = [each for each in LINES if getattr(each, dimension) == wanted]
    assert tokens(rows(three, **{name.replace("[]", "__"): wanted})[0])[0] == 100 * len(matching)


def test_filters_of_one_name_are_alternatives_and_of_two_names_conditions(three):
    either = rows(three, api_key_ids__=["apikey_01A", "apikey_01B"])
    assert tokens(either[0])[0] == 200
    assert rows(three, api_key_ids__=["apikey_01A", "apikey_01B"], speeds__="fast")[0]["uncached_input_tokens"] == 100
    assert rows(three, api_key_ids__="apikey_01A", speeds__="fast") == []


def test_buckets_come_in_order_and_empty_ones_too(three):
    found = hours(three)
    assert [(bucket["starting_at"], bool(bucket["results"])) for bucket in found] == [
        (FROM, False),
        (rfc3339(HOUR_NOW - HOUR), True),
        (rfc3339(HOUR_NOW), False),
    ]


def test_a_start_between_buckets_is_snapped_down(three):
    assert hours(three, starting_at=rfc3339(HOUR_NOW - 2 * HOUR + 600))[0]["starting_at"] == FROM


def test_a_bucket_is_served_if_it_ends_by_the_end(three):
    assert len(hours(three, ending_at=rfc3339(HOUR_NOW))) == 2
    assert len(hours(three, ending_at=rfc3339(HOUR_NOW - 1))) == 1
    assert len(hours(three, ending_at=rfc3339(HOUR_NOW + 90 * DAY))) == 3


def test_the_running_bucket_is_served_unless_switched_off(three):
    assert hours(three)[-1]["starting_at"] == rfc3339(HOUR_NOW)
    three.simulator.switch(open_bucket=False)
    assert hours(three)[-1]["starting_at"] == rfc3339(HOUR_NOW - HOUR)


def test_usage_appears_when_the_delay_has_passed(fake):
    minute = floor(NOW, MINUTE) - 5 * MINUTE
    fake.serve(ScriptedOrganization([Event(minute, OLD, output=9)]), Switches(visibility_delay=300))
    asked = {"starting_at": rfc3339(minute), "bucket_width": "1m"}
    assert total([row for b in fake.ask(MESSAGES, **asked)["data"] for row in b["results"]])[4] == 0
    fake.clock.now = minute + MINUTE + 300
    assert total([row for b in fake.ask(MESSAGES, **asked)["data"] for row in b["results"]])[4] == 9


@pytest.mark.parametrize(("width", "default", "highest"), [("1m", 60, 1440), ("1h", 24, 168), ("1d", 7, 31)])
def test_a_page_has_the_documented_default_and_highest_number_of_buckets(three, width, default, highest):
    long_ago = "2023-01-01T00:00:00Z"
    assert len(hours(three, starting_at=long_ago, bucket_width=width)) == default
    assert len(hours(three, starting_at=long_ago, bucket_width=width, limit=highest)) == highest
    status, message = three.refusal(MESSAGES, starting_at=long_ago, bucket_width=width, limit=highest + 1)
    assert (status, message) == (400, f"limit: Input should be less than or equal to {highest}")


@pytest.mark.parametrize("size", [1, 2, 7, 24])
def test_pages_of_any_size_hold_the_same_buckets(fake, company, size):
    fake.serve(company, PROMPT)
    asked = {"starting_at": "2026-11-18T11:00:00Z", "bucket_width": "1h", "group_by__": EVERYTHING}
    assert list(fake.walk(MESSAGES, limit=size, **asked)) == fake.ask(MESSAGES, limit=168, **asked)["data"]


def test_the_page_cap_forces_pages(three):
    three.simulator.switch(page_cap=1)
    assert three.ask(MESSAGES, starting_at=FROM, bucket_width="1h", limit=24)["has_more"] is True
    assert len(list(three.walk(MESSAGES, starting_at=FROM, bucket_width="1h", limit=24))) == 3


def test_a_cursor_is_bound_to_its_query(three):
    page = three.ask(MESSAGES, starting_at=FROM, bucket_width="1h", limit=1)["next_page"]
    assert page.startswith("page_")
    for change in ({"limit": 2}, {"bucket_width": "1m"}, {"group_by__": "model"}):
        asked = {"starting_at": FROM, "bucket_width": "1h", "limit": 1, "page": page} | change
        assert three.refusal(MESSAGES, **asked) == (400, "page: cursor does not match current query parameters")
    assert three.refusal(MESSAGES, starting_at=FROM, page="page_nonsense") == (400, "page: Invalid cursor")


@pytest.mark.parametrize(
    ("params", "message"),
    [
        pytest.param({}, "starting_at: Field required", id="no start"),
        pytest.param({"starting_at": "yesterday"}, "starting_at: Input should be a valid", id="no timestamp"),
        pytest.param({"starting_at": "2026-11-19T00:00:00"}, "starting_at: Input should be a valid", id="no zone"),
        pytest.param(
            {"starting_at": FROM, "ending_at": FROM}, "ending date must be after starting date", id="empty range"
        ),
        pytest.param({"starting_at": FROM, "bucket_width": "5m"}, "bucket_width: Input should be", id="width"),
        pytest.param({"starting_at": FROM, "limit": 0}, "greater than or equal to 1", id="limit 0"),
        pytest.param({"starting_at": FROM, "limit": "many"}, "limit: Input should be a valid integer", id="no number"),
        pytest.param({"starting_at": FROM, "group_by__": "actor"}, r"group_by[]: Input should be", id="dimension"),
        pytest.param(
            {"starting_at": FROM, "group_by__": GROUP_BY[:6]},
            "Cannot specify more than 5 group_by[] dimensions.",
            id="six dimensions",
        ),
        pytest.param({"starting_at": FROM, "service_tiers__": "turbo"}, "service_tiers[]: Input", id="tier"),
        pytest.param({"starting_at": FROM, "context_windows__": "0-200k"}, "Unknown query parameter", id="plural"),
        pytest.param({"starting_at": [FROM, FROM]}, "starting_at: Input should be given once", id="twice"),
    ],
)
def test_a_wrong_query_is_refused(three, params, message):
    status, said = three.refusal(MESSAGES, **params)
    assert status == 400
    assert message in said


def test_unknown_parameters_pass_where_switched_so_and_beta_always(three):
    assert hours(three, beta="true")
    three.simulator.switch(reject_unknown_parameters=False)
    assert hours(three, foo="bar")


def test_percent_encoded_brackets_are_brackets(three):
    answer = three.client.get(f"{MESSAGES}?starting_at={FROM}&bucket_width=1h&group_by%5B%5D=model").json()
    assert {row["model"] for bucket in answer["data"] for row in bucket["results"]} == {each.model for each in LINES}


def test_speed_can_need_its_beta_header(three):
    three.simulator.switch(speed_needs_beta=True)
    assert three.refusal(MESSAGES, starting_at=FROM, group_by__="speed")[0] == 400
    assert three.refusal(MESSAGES, starting_at=FROM, speeds__="fast")[0] == 400
    asked = {"starting_at": FROM, "group_by[]": "speed"}
    headers = HEADERS | {"anthropic-beta": "fast-mode-2026-02-01"}
    assert three.client.get(MESSAGES, params=asked, headers=headers).status_code == 200


def test_only_inference_is_in_the_report(fake):
    others = (line(None, kind="code_execution"), line(kind="subscription"), line(None, kind="session_usage"))
    fake.serve(ScriptedOrganization(Event(HOUR_NOW, each, 1, requests=1, milli_hours=9) for each in (*others, OLD)))
    assert tokens(rows(fake)[0])[0] == 1
